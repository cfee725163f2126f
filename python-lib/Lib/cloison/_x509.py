"""What stands in a certificate, as CPython's `ssl` tells it. Whether it is to be believed the service has decided."""

#: Identifier → name of a part of a distinguished name.
_PARTS = {
    "2.5.4.3": "commonName", "2.5.4.4": "surname", "2.5.4.5": "serialNumber", "2.5.4.6": "countryName", "2.5.4.7": "localityName",
    "2.5.4.8": "stateOrProvinceName", "2.5.4.9": "streetAddress", "2.5.4.10": "organizationName", "2.5.4.11": "organizationalUnitName",
    "2.5.4.12": "title", "2.5.4.13": "description", "2.5.4.15": "businessCategory", "2.5.4.17": "postalCode", "2.5.4.42": "givenName",
    "2.5.4.97": "organizationIdentifier", "1.2.840.113549.1.9.1": "emailAddress", "0.9.2342.19200300.100.1.1": "userId",
    "0.9.2342.19200300.100.1.25": "domainComponent", "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionLocalityName",
    "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionStateOrProvinceName", "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionCountryName",
}
_ALTERNATIVE, _BASIC, _DISTRIBUTION, _AUTHORITY = "2.5.29.17", "2.5.29.19", "2.5.29.31", "1.3.6.1.5.5.7.1.1"
_OCSP, _ISSUERS = "1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2"
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class _Element:
    """One element of DER: its tag, and where its contents stand."""

    __slots__ = ("data", "end", "start", "tag", "whole")

    def __init__(self, data, at, limit):
        if at + 2 > limit:
            raise ValueError("not a certificate: it ends too early")
        self.tag, length, start = data[at], data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            if not 1 <= size <= 4 or start + size > limit:
                raise ValueError("not a certificate: a length of no sense")
            length = int.from_bytes(data[start : start + size], "big")
            start += size
        if start + length > limit:
            raise ValueError("not a certificate: it ends too early")
        self.data, self.whole, self.start, self.end = data, at, start, start + length

    def __iter__(self):
        """Yield the elements inside."""
        at = self.start
        while at < self.end:
            inside = _Element(self.data, at, self.end)
            yield inside
            at = inside.end

    @property
    def bytes(self):
        """The contents."""
        return self.data[self.start : self.end]

    @property
    def text(self):
        """The contents as text, by the kind of text that it says it is."""
        encoding = {12: "utf-8", 30: "utf-16-be", 28: "utf-32-be"}.get(self.tag, "latin-1")
        return self.bytes.decode(encoding, "replace")

    @property
    def identifier(self):
        """The contents as an object identifier."""
        numbers, number = [], 0
        for byte in self.bytes:
            number = number << 7 | byte & 0x7F
            if not byte & 0x80:
                numbers.append(number)
                number = 0
        if not numbers:
            return ""
        first = min(numbers[0] // 40, 2)
        return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


class Certificate:
    """The parts of a certificate."""

    def __init__(self, der):
        self.der = bytes(der)
        signed = next(iter(_Element(self.der, 0, len(self.der))))
        parts = list(signed)
        self.version = 1
        if parts[0].tag == 0xA0:
            self.version = next(iter(parts.pop(0))).bytes[-1] + 1
        serial, _, issuer, validity, subject, _, *more = parts
        self.serial = int.from_bytes(serial.bytes, "big")
        self.issuer, self.subject = _name(issuer), _name(subject)
        self.subject_der = self.der[subject.whole : subject.end]
        self.issuer_der = self.der[issuer.whole : issuer.end]
        self.not_before, self.not_after = map(_moment, validity)
        self.extensions = {}
        for element in more:
            if element.tag == 0xA3:
                for extension in next(iter(element)):
                    identifier, *_, value = extension
                    self.extensions[identifier.identifier] = value.bytes

    def _extension(self, identifier):
        value = self.extensions.get(identifier)
        return None if value is None else _Element(value, 0, len(value))

    @property
    def is_authority(self):
        """Whether it is one of an authority."""
        basic = self._extension(_BASIC)
        first = None if basic is None else next(iter(basic), None)
        return first is not None and first.tag == 1 and first.bytes != b"\0" or self.version < 3

    def described(self):
        """Return the dictionary of `getpeercert`."""
        serial = f"{self.serial:X}"
        told = {
            "subject": self.subject, "issuer": self.issuer, "version": self.version,
            "serialNumber": serial if len(serial) % 2 == 0 else f"0{serial}", "notBefore": self.not_before, "notAfter": self.not_after,
        }
        alternative = self._extension(_ALTERNATIVE)
        if alternative is not None:
            told["subjectAltName"] = tuple(_general(element) for element in alternative)
        authority = self._extension(_AUTHORITY)
        if authority is not None:
            pairs = [tuple(element) for element in authority]
            for key, wanted in (("OCSP", _OCSP), ("caIssuers", _ISSUERS)):
                found = tuple(place.text for method, place in pairs if method.identifier == wanted and place.tag == 0x86)
                if found:
                    told[key] = found
        points = self._extension(_DISTRIBUTION)
        if points is not None:
            found = tuple(
                name.text for point in points for part in point if part.tag == 0xA0 for full in part if full.tag == 0xA0
                for name in full if name.tag == 0x86
            )
            if found:
                told["crlDistributionPoints"] = found
        return told


def _name(element):
    """Return a distinguished name as tuples."""
    return tuple(
        tuple((_PARTS.get(kind.identifier, kind.identifier), value.text) for kind, value in relative) for relative in element
    )


def _moment(element):
    """Return a time as C's library writes it."""
    digits = element.bytes.decode("ascii").rstrip("Z")
    if element.tag == 23:
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    year, month, day, hour, minute, second = digits[:4], *(int(digits[at : at + 2] or 0) for at in range(4, 14, 2))
    return f"{_MONTHS[month - 1]} {day:2} {hour:02}:{minute:02}:{second:02} {year} GMT"


def _general(element):
    """Return one of the names that an extension gives."""
    tag = element.tag & 0x1F
    if tag == 1:
        return "email", element.text
    if tag == 2:
        return "DNS", element.text
    if tag == 4:
        return "DirName", _name(next(iter(element)))
    if tag == 6:
        return "URI", element.text
    if tag == 7:
        packed = element.bytes
        if len(packed) == 4:
            return "IP Address", ".".join(map(str, packed))
        if len(packed) == 16:
            pairs = [packed[at] << 8 | packed[at + 1] for at in range(0, 16, 2)]
            return "IP Address", ":".join(f"{pair:X}" for pair in pairs)
        return "IP Address", "<invalid>"
    if tag == 8:
        return "Registered ID", element.identifier
    return "othername", "<unsupported>"


# ---- PEM ------------------------------------------------------------------------------------------------------------


def of_pem(data):
    """Return the DER of each certificate of a text, and the text of what is none for the beginning of a line."""
    import binascii

    found, lines, inside = [], [], False
    for line in data.splitlines():
        line = line.strip()
        if line in (b"-----BEGIN CERTIFICATE-----", b"-----BEGIN TRUSTED CERTIFICATE-----", b"-----BEGIN X509 CERTIFICATE-----"):
            lines, inside = [], True
        elif line.startswith(b"-----END") and inside:
            inside = False
            found.append(binascii.a2b_base64(b"".join(lines)))
        elif inside:
            lines.append(line)
    return found


def of_der(data):
    """Return the certificates that stand one behind the other; none if there is something else."""
    found, at = [], 0
    while at < len(data):
        try:
            element = _Element(data, at, len(data))
        except ValueError:
            return []
        if element.tag != 0x30:
            return []
        found.append(data[at : element.end])
        at = element.end
    return found


def key_of(data):
    """Return the text of the first private key of a text, or None."""
    start = data.find(b"-----BEGIN")
    while start >= 0:
        end = data.find(b"-----END", start)
        if end < 0:
            return None
        last = data.find(b"-----", end + 8)
        if b"PRIVATE KEY-----" in data[start : start + 50]:
            return data[start : last + 5] + b"\n"
        start = data.find(b"-----BEGIN", end)
    return None


def to_pem(der):
    """Return a certificate as text."""
    import binascii

    text = binascii.b2a_base64(der, newline=False).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])
