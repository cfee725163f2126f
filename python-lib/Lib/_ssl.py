"""What CPython's `ssl` is defined on: constants, exceptions, settings, and connections. TLS itself is the service's: `cloison._tls`."""

import _cloison
from cloison import _native, _needs, _net, _tls, _x509
from cloison._tls import (
    SSLCertVerificationError, SSLEOFError, SSLError, SSLSyscallError, SSLWantReadError, SSLWantWriteError, SSLZeroReturnError,
)

globals().update(
    ALERT_DESCRIPTION_ACCESS_DENIED=49, ALERT_DESCRIPTION_BAD_CERTIFICATE=42,
    ALERT_DESCRIPTION_BAD_CERTIFICATE_HASH_VALUE=114, ALERT_DESCRIPTION_BAD_CERTIFICATE_STATUS_RESPONSE=113,
    ALERT_DESCRIPTION_BAD_RECORD_MAC=20, ALERT_DESCRIPTION_CERTIFICATE_EXPIRED=45,
    ALERT_DESCRIPTION_CERTIFICATE_REVOKED=44, ALERT_DESCRIPTION_CERTIFICATE_UNKNOWN=46,
    ALERT_DESCRIPTION_CERTIFICATE_UNOBTAINABLE=111, ALERT_DESCRIPTION_CLOSE_NOTIFY=0,
    ALERT_DESCRIPTION_DECODE_ERROR=50, ALERT_DESCRIPTION_DECOMPRESSION_FAILURE=30,
    ALERT_DESCRIPTION_DECRYPT_ERROR=51, ALERT_DESCRIPTION_HANDSHAKE_FAILURE=40,
    ALERT_DESCRIPTION_ILLEGAL_PARAMETER=47, ALERT_DESCRIPTION_INSUFFICIENT_SECURITY=71,
    ALERT_DESCRIPTION_INTERNAL_ERROR=80, ALERT_DESCRIPTION_NO_RENEGOTIATION=100,
    ALERT_DESCRIPTION_PROTOCOL_VERSION=70, ALERT_DESCRIPTION_RECORD_OVERFLOW=22,
    ALERT_DESCRIPTION_UNEXPECTED_MESSAGE=10, ALERT_DESCRIPTION_UNKNOWN_CA=48,
    ALERT_DESCRIPTION_UNKNOWN_PSK_IDENTITY=115, ALERT_DESCRIPTION_UNRECOGNIZED_NAME=112,
    ALERT_DESCRIPTION_UNSUPPORTED_CERTIFICATE=43, ALERT_DESCRIPTION_UNSUPPORTED_EXTENSION=110,
    ALERT_DESCRIPTION_USER_CANCELLED=90, CERT_NONE=0, CERT_OPTIONAL=1, CERT_REQUIRED=2, ENCODING_DER=2,
    ENCODING_PEM=1, HOSTFLAG_ALWAYS_CHECK_SUBJECT=1, HOSTFLAG_MULTI_LABEL_WILDCARDS=8,
    HOSTFLAG_NEVER_CHECK_SUBJECT=32, HOSTFLAG_NO_PARTIAL_WILDCARDS=4, HOSTFLAG_NO_WILDCARDS=2,
    HOSTFLAG_SINGLE_LABEL_SUBDOMAINS=16, OPENSSL_VERSION_NUMBER=805306368, OP_ALL=2147483728,
    OP_CIPHER_SERVER_PREFERENCE=4194304, OP_ENABLE_KTLS=8, OP_ENABLE_MIDDLEBOX_COMPAT=1048576,
    OP_IGNORE_UNEXPECTED_EOF=128, OP_LEGACY_SERVER_CONNECT=4, OP_NO_COMPRESSION=131072,
    OP_NO_RENEGOTIATION=1073741824, OP_NO_SSLv2=0, OP_NO_SSLv3=33554432, OP_NO_TICKET=16384, OP_NO_TLSv1=67108864,
    OP_NO_TLSv1_1=268435456, OP_NO_TLSv1_2=134217728, OP_NO_TLSv1_3=536870912, OP_SINGLE_DH_USE=0,
    OP_SINGLE_ECDH_USE=0, PROTOCOL_SSLv23=2, PROTOCOL_TLS=2, PROTOCOL_TLS_CLIENT=16, PROTOCOL_TLS_SERVER=17,
    PROTOCOL_TLSv1=3, PROTOCOL_TLSv1_1=4, PROTOCOL_TLSv1_2=5, PROTO_MAXIMUM_SUPPORTED=-1,
    PROTO_MINIMUM_SUPPORTED=-2, PROTO_SSLv3=768, PROTO_TLSv1=769, PROTO_TLSv1_1=770, PROTO_TLSv1_2=771,
    PROTO_TLSv1_3=772, SSL_ERROR_EOF=8, SSL_ERROR_INVALID_ERROR_CODE=10, SSL_ERROR_SSL=1, SSL_ERROR_SYSCALL=5,
    SSL_ERROR_WANT_CONNECT=7, SSL_ERROR_WANT_READ=2, SSL_ERROR_WANT_WRITE=3, SSL_ERROR_WANT_X509_LOOKUP=4,
    SSL_ERROR_ZERO_RETURN=6, VERIFY_ALLOW_PROXY_CERTS=64, VERIFY_CRL_CHECK_CHAIN=12, VERIFY_CRL_CHECK_LEAF=4,
    VERIFY_DEFAULT=0, VERIFY_X509_PARTIAL_CHAIN=524288, VERIFY_X509_STRICT=32, VERIFY_X509_TRUSTED_FIRST=32768,
)

HAS_SNI = HAS_ECDH = HAS_ALPN = HAS_TLSv1_2 = HAS_TLSv1_3 = True
HAS_NPN = HAS_SSLv2 = HAS_SSLv3 = HAS_TLSv1 = HAS_TLSv1_1 = HAS_PSK = HAS_PSK_TLS13 = HAS_PHA = HAS_TLS_UNIQUE = False
#: Libraries want it to begin so and to be 1.1.1 or newer.
OPENSSL_VERSION = "OpenSSL 3.0.0 (Cloison: the constants; TLS is rustls)"
OPENSSL_VERSION_INFO = _OPENSSL_API_VERSION = (3, 0, 0, 0, 0)
_DEFAULT_CIPHERS = "@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM"


SSLSession = _native.refused("_ssl", "SSLSession", "connections of TLS are not continued by another one, and no line of cloison.toml grants it")
_SSLSocket = _tls.Connection


class Certificate:
    """A certificate that a connection has shown."""

    __module__ = "_ssl"

    def __init__(self):
        raise TypeError("cannot create '_ssl.Certificate' instances")

    @classmethod
    def _of(cls, der):
        self = object.__new__(cls)
        self._der = der
        return self

    def public_bytes(self, format=1):
        """Return it as text (ENCODING_PEM) or as bytes (ENCODING_DER)."""
        if format == ENCODING_PEM:
            return _x509.to_pem(self._der)
        if format == ENCODING_DER:
            return self._der
        raise ValueError("Unsupported format")

    def get_info(self):
        """Return what stands in it."""
        return _x509.Certificate(self._der).described()

    def __eq__(self, other):
        """Return whether it is the same certificate."""
        return self._der == other._der if isinstance(other, Certificate) else NotImplemented

    def __hash__(self):
        return hash(self._der)

    def __repr__(self):
        subject = ", ".join(f"{key}={value}" for part in _x509.Certificate(self._der).subject for key, value in part)
        return f"<_ssl.Certificate '{subject}'>"


_tls.certificate = Certificate._of


class MemoryBIO:
    """Bytes on their way between a program and TLS."""

    __module__ = "_ssl"

    def __init__(self):
        self._data = bytearray()
        self._ended = False

    def read(self, size=-1, /):
        """Return at most so many bytes, and take them away."""
        size = len(self._data) if size < 0 else size
        data = bytes(self._data[:size])
        del self._data[:size]
        return data

    def write(self, data, /):
        """Put bytes behind the others, and return how many."""
        if self._ended:
            raise SSLError("cannot write() after write_eof()")
        with memoryview(data) as view:
            if not view.contiguous:
                raise BufferError("memoryview: underlying buffer is not C-contiguous")
            self._data += view.cast("B")
            return view.nbytes

    def write_eof(self):
        """Say that nothing more comes."""
        self._ended = True

    @property
    def pending(self):
        """How many bytes there are."""
        return len(self._data)

    @property
    def eof(self):
        """Whether nothing is left and nothing more comes."""
        return self._ended and not self._data


class _SSLContext:
    """Settings of connections."""

    __module__ = "_ssl"

    def __new__(cls, protocol):
        known = (2, 3, 4, 5, 16, 17)
        if protocol not in known:
            raise ValueError("invalid or unsupported protocol version")
        self = object.__new__(cls)
        is_client = protocol == 16
        vars(self).update(
            _protocol=protocol, _check_hostname=is_client, _verify_mode=2 if is_client else 0, _verify_flags=0x8000, _options=0x82520050,
            _minimum_version=771, _maximum_version=-1, _host_flags=4, _num_tickets=2, post_handshake_auth=False,
            sni_callback=None, _msg_callback=None, _ciphers=_DEFAULT_CIPHERS, _keylog=None, security_level=2,
            _alpn=b"", _roots={}, _folders=[], _machine=False, _chain=None, _key=None, _handles={},
        )
        return self

    @property
    def protocol(self):
        """Which protocol it is for."""
        return self._protocol

    @property
    def check_hostname(self):
        """Whether the name in a certificate is checked."""
        return self._check_hostname

    @check_hostname.setter
    def check_hostname(self, check):
        self._check_hostname = bool(check)
        if check and self._verify_mode == 0:
            self._verify_mode = 2

    @property
    def verify_mode(self):
        """Whether a certificate is checked."""
        return self._verify_mode

    @verify_mode.setter
    def verify_mode(self, mode):
        if not isinstance(mode, int):
            raise TypeError(f"an integer is required (got type {type(mode).__name__})")
        if mode not in (0, 1, 2):
            raise ValueError("invalid value for verify_mode")
        if mode == 0 and self._check_hostname:
            raise ValueError("Cannot set verify_mode to CERT_NONE when check_hostname is enabled.")
        self._verify_mode = int(mode)

    verify_flags = property(lambda self: self._verify_flags, lambda self, flags: vars(self).update(_verify_flags=int(flags)))
    options = property(lambda self: self._options, lambda self, options: vars(self).update(_options=_flags(options)))
    minimum_version = property(
        lambda self: self._minimum_version, lambda self, version: vars(self).update(_minimum_version=_version(self, version, -1))
    )
    maximum_version = property(
        lambda self: self._maximum_version, lambda self, version: vars(self).update(_maximum_version=_version(self, version, -2))
    )

    @property
    def num_tickets(self):
        """How many tickets a server gives a client; none is taken back."""
        return self._num_tickets

    @num_tickets.setter
    def num_tickets(self, count):
        count = int(count)
        if count < 0:
            raise ValueError("value must be non-negative")
        if self._protocol != 17:
            raise ValueError("SSLContext is not a server context.")
        self._num_tickets = count

    def load_dh_params(self, path, /):
        """Read a file of parameters, which no connection uses: there is no cipher that would."""
        if b"-----BEGIN DH PARAMETERS-----" not in _contents(path):
            raise _tls.failure("NO_START_LINE", "no start line", library="PEM")

    def set_ciphers(self, cipherlist, /):
        """Choose among what is known. There is nothing weak among it, so that a choice matters for what is told alone."""
        if not any(map(_is_cipher, cipherlist.replace(",", ":").replace(" ", ":").split(":"))):
            raise SSLError("No cipher can be selected.")
        self._ciphers = cipherlist

    def set_ecdh_curve(self, name, /):
        """Take the name of a curve that is known."""
        name = name.decode() if isinstance(name, bytes) else name
        if not isinstance(name, str):
            raise TypeError("the name of a curve is a string")
        if name not in ("prime256v1", "secp384r1", "X25519", "x25519", "P-256", "P-384"):
            raise ValueError(f"unknown elliptic curve name {name!r}")
        self._curve = name

    def _set_alpn_protocols(self, protocols, /):
        self._alpn = bytes(protocols)

    def set_default_verify_paths(self):
        """Believe the certificates that the machine believes; the service has them."""
        import os

        file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
        self._machine = not (file or folder)
        if file:
            try:
                self._believe(_pem(_contents(file)))
            except OSError:
                pass
        if folder:
            self._folders.append(folder)

    def load_verify_locations(self, cafile=None, capath=None, cadata=None):
        """Believe certificates of a file, of a folder's files, or of text or bytes."""
        if cafile is None and capath is None and cadata is None:
            raise TypeError("cafile, capath and cadata cannot be all omitted")
        if cadata is not None:
            self._believe(_certificates(cadata))
        if cafile is not None:
            found = _pem(_contents(cafile))
            if not found:
                raise _tls.failure("NO_CERTIFICATE_OR_CRL_FOUND", "no certificate or crl found", library="X509")
            self._believe(found)
        if capath is not None:
            self._folders.append(_path(capath))

    def _believe(self, certificates):
        for der in certificates:
            if der not in self._roots:
                if not _x509.of_der(der):
                    raise _tls.failure("NOT_ENOUGH_DATA", "not enough data", library="ASN1")
                self._roots[der] = None

    def _trusted(self):
        """Return the certificates to believe, one behind the other, those in folders too."""
        import os

        for folder in self._folders:
            try:
                names = os.listdir(folder)
            except OSError:
                continue
            for name in sorted(names):
                try:
                    self._believe(_pem(_contents(os.path.join(folder, name))))
                except (OSError, ValueError):
                    pass
        return tuple(self._roots)

    def load_cert_chain(self, certfile, keyfile=None, password=None):
        """Take a certificate with those above it, and its key, to show to the other side."""
        if password is not None and not callable(password) and not isinstance(password, (str, bytes, bytearray)):
            raise TypeError("password should be a string or callable")
        text = _contents(certfile)
        chain = _pem(text)
        key = _x509.key_of(text if keyfile is None else _contents(keyfile))
        if not chain or key is None:
            raise SSLError(1, "[SSL] PEM lib (_ssl.c:1)")
        if b"ENCRYPTED" in key:
            _secret(password)
            raise SSLError(1, "[SSL] PEM lib: a key that is encrypted is not read here: store it without a password")
        _tls.check_key(chain, key)
        self._chain, self._key = chain, key

    def _wrap_socket(self, sock, server_side, server_hostname=None, *, owner=None, session=None):
        _check_name(server_hostname)
        return _tls.on_socket(self, sock, bool(server_side), server_hostname, owner)

    def _wrap_bio(self, incoming, outgoing, server_side, server_hostname=None, *, owner=None, session=None):
        _check_name(server_hostname)
        return _tls.on_memory(self, incoming, outgoing, bool(server_side), server_hostname, owner)

    def get_ciphers(self):
        """Return what connections may choose from."""
        return [
            {
                "id": number, "name": name, "protocol": protocol, "strength_bits": bits, "alg_bits": bits, "aead": True,
                "description": f"{name} {protocol}", "symmetric": symmetric, "digest": None, "kea": "kx-any", "auth": "auth-any",
            }
            for number, name, protocol, bits, symmetric in _tls.CIPHERS
        ]

    def get_ca_certs(self, binary_form=False):
        """Return the certificates of authorities that were loaded one by one."""
        found = [der for der in self._roots if _x509.Certificate(der).is_authority]
        return found if binary_form else [_x509.Certificate(der).described() for der in found]

    def cert_store_stats(self):
        """Return how many were loaded one by one."""
        return {"x509": len(self._roots), "crl": 0, "x509_ca": len(self.get_ca_certs(True))}

    def session_stats(self):
        """Return that there are none."""
        names = "number connect connect_good connect_renegotiate accept accept_good accept_renegotiate hits misses timeouts cache_full"
        return dict.fromkeys(names.split(), 0)

    @property
    def keylog_filename(self):
        """None: nothing is written."""
        return None

    @keylog_filename.setter
    def keylog_filename(self, name):
        if name is not None:
            _needs.deny("ssl.SSLContext.keylog_filename", _needs.FILES, name)


_NO_KEYS = "TLS is with certificates here, and no line of cloison.toml grants it"
for _name in "set_psk_client_callback set_psk_server_callback".split():
    setattr(_SSLContext, _name, _native.refusing_method("_ssl", "SSLContext", _name, _NO_KEYS))
del _name


def _flags(flags):
    if not hasattr(flags, "__index__"):
        raise TypeError(f"'{type(flags).__name__}' object cannot be interpreted as an integer")
    flags = int(flags)
    if flags < 0:
        raise ValueError("options must be non-negative")
    if flags >= 1 << 64:
        raise OverflowError("Python int too large to convert to C unsigned long")
    return flags


def _version(context, version, other_end):
    """Return what a version of TLS is set to; the lowest of all as the highest, or the other way round, is that version itself."""
    if context._protocol in (3, 4, 5):
        raise ValueError("The context's protocol doesn't support modification of highest and lowest version.")
    version = int(version)
    if version not in (-1, -2, 0x300, 0x301, 0x302, 0x303, 0x304):
        raise ValueError(f"Unsupported TLS/SSL version 0x{version:x}")
    return version if version != other_end else (0x304 if version == -1 else 0x303)


def _path(path):
    import os

    if not isinstance(path, (str, bytes)) and not hasattr(path, "__fspath__"):
        raise TypeError("cafile should be a valid filesystem path")
    return os.fspath(path)


def _contents(path):
    with open(_path(path), "rb") as file:
        return file.read()


def _pem(data):
    """Return the certificates of a text."""
    try:
        return _x509.of_pem(data)
    except ValueError:
        raise SSLError(1, "[X509] PEM lib (_ssl.c:1)") from None


def _certificates(data):
    """Return the certificates that a program gives as text, or as bytes."""
    if isinstance(data, str):
        try:
            found = _pem(data.encode("ascii"))
        except UnicodeEncodeError:
            raise TypeError("cadata should be an ASCII string or a bytes-like object") from None
        if not found:
            raise _tls.failure("NO_START_LINE", "no start line: cadata does not contain a certificate", library="PEM")
        return found
    try:
        data = bytes(memoryview(data))
    except TypeError:
        raise TypeError("cadata should be an ASCII string or a bytes-like object") from None
    found = _x509.of_der(data)
    if not found:
        raise _tls.failure("NOT_ENOUGH_DATA", "not enough data: cadata does not contain a certificate", library="ASN1")
    return found


def _secret(password):
    """Ask for a password, as CPython does, for what programs see of it."""
    if callable(password):
        password = password()
        if not isinstance(password, (str, bytes, bytearray)):
            raise TypeError("password callback must return a string")
    if isinstance(password, (str, bytes, bytearray)) and len(password) > 1024:
        raise ValueError("password cannot be longer than 1024 bytes")


_CIPHER_WORDS = set(
    "ALL DEFAULT COMPLEMENTOFALL HIGH MEDIUM PROFILE=SYSTEM FIPS ECDHE EECDH kEECDH kECDHE ECDH RSA aRSA kRSA DHE EDH ECDSA aECDSA AES AES128 "
    "AES256 AESGCM AESCCM CHACHA20 SHA256 SHA384 TLSv1.2 TLSv1.3 TLSv1.0 TLSv1 SSLv3 SUITEB128 SUITEB128ONLY SUITEB192".split()
)


def _is_cipher(word):
    """Return whether a word of a list of ciphers names some."""
    if word[:1] in ("!", "-"):
        return False
    word = word.removeprefix("+")
    return word.startswith(("ECDHE-", "DHE-", "TLS_", "AES128-", "AES256-")) or bool(word) and set(word.split("+")) <= _CIPHER_WORDS


def _check_name(name):
    """Refuse what is no host's name."""
    if name is None:
        return
    if not name or name.startswith("."):
        raise ValueError("server_hostname cannot be an empty string or start with a leading dot.")
    if "\0" in name:
        raise TypeError("embedded null character")


#: What CPython's `ssl` asks for while it is defined: number, short name, name, identifier.
_OBJECTS = (
    (129, "serverAuth", "TLS Web Server Authentication", "1.3.6.1.5.5.7.3.1"),
    (130, "clientAuth", "TLS Web Client Authentication", "1.3.6.1.5.5.7.3.2"),
)


def txt2obj(txt, name=False):
    """Return what is known of an object of ASN.1 by its identifier, or by its name."""
    for known in _OBJECTS:
        if txt == known[3] or name and txt in known[1:3]:
            return known
    raise ValueError(f"unknown object '{txt:.100}'")


def nid2obj(nid, /):
    """Return what is known of an object of ASN.1 by its number."""
    for known in _OBJECTS:
        if nid == known[0]:
            return known
    raise ValueError(f"unknown NID {nid}")


def RAND_bytes(n, /):
    """Return random bytes, those of `os.urandom`."""
    import posix

    return posix.urandom(n)


def RAND_status():
    """Return True."""
    return True


def RAND_add(string, entropy, /):
    """Do nothing: the kernel has enough."""


def get_default_verify_paths():
    """Return where certificates would be."""
    return "SSL_CERT_FILE", "/usr/lib/ssl/cert.pem", "SSL_CERT_DIR", "/usr/lib/ssl/certs"


def _test_decode_cert(path, /):
    """Return what stands in the first certificate of a file."""
    found = _pem(_contents(path))
    if not found:
        raise SSLError("Error decoding PEM-encoded file")
    return _x509.Certificate(found[0]).described()


_native.as_builtins(globals(), __name__)
