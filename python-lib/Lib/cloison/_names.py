"""Names of hosts, services and protocols, and addresses as text: what `_socket` knows of them.

A name is looked up by the capability that grants it. One that none grants is refused, not "unknown": nobody is asked about it.
"""

import errno as _errno

from cloison import _net

INET, INET6 = _net.AF_INET, _net.AF_INET6
_STREAM, _DATAGRAM, _RAW = (1, 6), (2, 17), (3, 0)
NUMERICHOST, PASSIVE, CANONNAME, NUMERICSERV = 4, 1, 2, 1024
_NI_NUMERICHOST, _NI_NUMERICSERV, _NI_NAMEREQD, _NI_DGRAM = 1, 2, 8, 16
#: The errors of names: their numbers and texts.
FAMILY, NONAME, SERVICE, SOCKTYPE, BADFLAGS, AGAIN, NODATA, FAIL = -6, -2, -8, -7, -1, -3, -5, -4
_TEXTS = {
    FAMILY: "ai_family not supported",
    NONAME: "Name or service not known",
    SERVICE: "Servname not supported for ai_socktype",
    SOCKTYPE: "ai_socktype not supported",
    BADFLAGS: "Bad value for ai_flags",
    AGAIN: "Temporary failure in name resolution",
    NODATA: "No address associated with hostname",
    FAIL: "Non-recoverable failure in name resolution",
}
#: AI_PASSIVE, CANONNAME, NUMERICHOST, V4MAPPED, ALL, ADDRCONFIG, IDN and its two, NUMERICSERV.
_FLAGS = 0x07FF
_LOOPBACK, _LOOPBACK6 = b"\x7f\0\0\1", bytes(15) + b"\1"
#: Services with their port, those of TCP and UDP alike unless they stand below.
_SERVICES = {
    "echo": 7, "discard": 9, "daytime": 13, "qotd": 17, "chargen": 19, "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25,
    "time": 37, "domain": 53, "tftp": 69, "gopher": 70, "finger": 79, "http": 80, "kerberos": 88, "pop3": 110, "sunrpc": 111,
    "auth": 113, "nntp": 119, "ntp": 123, "imap2": 143, "snmp": 161, "irc": 194, "ldap": 389, "https": 443, "submissions": 465,
    "syslog": 514, "submission": 587, "ldaps": 636, "domain-s": 853, "rsync": 873, "ftps-data": 989, "ftps": 990, "imaps": 993,
    "pop3s": 995, "ms-sql-s": 1433, "mysql": 3306, "postgresql": 5432, "amqps": 5671, "amqp": 5672, "x11": 6000, "redis": 6379,
    "http-alt": 8080,
}
_ONLY = {
    "tcp": "ftp-data ftp ssh telnet smtp gopher finger http pop3 auth nntp imap2 submissions submission ftps imaps pop3s".split(),
    "udp": "tftp syslog".split(),
}
_ALIASES = {"www": "http", "mail": "smtp", "imap": "imap2", "pop-3": "pop3", "postgres": "postgresql"}
_PROTOCOLS = {"ip": 0, "icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "ipv6": 41, "gre": 47, "esp": 50, "ah": 51, "ipv6-icmp": 58, "sctp": 132}


class herror(OSError):
    """An address that could not be looked up."""

    __module__ = "socket"


class gaierror(OSError):
    """A name that could not be resolved."""

    __module__ = "socket"


def unresolved(number):
    """Return the error of a name."""
    return gaierror(number, _TEXTS.get(number, f"Unknown error {number}"))


# ---- Addresses as text ----------------------------------------------------------------------------------------------


def _number(text):
    base = 16 if text[:2] in ("0x", "0X") else 8 if text[:1] == "0" and text != "0" else 10
    if not text.isascii() or not text.isalnum():
        raise ValueError(text)
    return int(text, base)


def four_bytes(text):
    """Return four bytes of the text of an address, of which parts may be left out, as C does; None if it is no such text."""
    try:
        *first, last = [_number(part) for part in text.split(".")]
        if len(first) > 3 or any(part > 255 for part in first):
            return None
        return bytes(first) + last.to_bytes(4 - len(first), "big")
    except (OverflowError, ValueError):
        return None


def exact(text):
    """Return the bytes of an address, which is written out; None if it is no such text."""
    if ":" not in text:
        parts = text.split(".")
        if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
            return None
        if any(int(part) > 255 or part[0] == "0" and part != "0" for part in parts):
            return None
        return bytes(map(int, parts))
    import ipaddress

    try:
        if "%" in text or "/" in text:
            return None
        return ipaddress.IPv6Address(text).packed
    except ValueError:
        return None


def text(packed):
    """Return the text of an address."""
    if len(packed) == 4:
        return ".".join(map(str, packed))
    import ipaddress

    return str(ipaddress.IPv6Address(packed))


def _numeric(host):
    """Return family, bytes and scope if a host is an address, else None."""
    if ":" in host:
        host, _, zone = host.partition("%")
        packed = exact(host)
        if packed is None or zone and not zone.isdecimal():
            return None
        return INET6, packed, int(zone or 0)
    packed = four_bytes(host) if host[:1].isdigit() else None
    return None if packed is None else (INET, packed, 0)


# ---- Looking names up -----------------------------------------------------------------------------------------------


def _host(host):
    """Return a host's name as text, in letters that names may have."""
    if host is None:
        return None
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("ascii")
    elif not isinstance(host, str):
        raise TypeError("getaddrinfo() argument 1 must be string or None")
    # It refuses empty labels and long ones as well.
    if not host.isascii() or ".." in host or len(host) > 63:
        host = host.encode("idna").decode()
    if "\0" in host:
        raise ValueError("embedded null character")
    return host


def _addresses(host, port, family, flags, what):
    """Return family, bytes and scope of each address of a host."""
    if host is None or host == "":
        wild = flags & PASSIVE
        both = [(INET, bytes(4) if wild else _LOOPBACK, 0), (INET6, bytes(16) if wild else _LOOPBACK6, 0)]
        return [one for one in (both if wild else both[::-1]) if family in (0, one[0])]
    numeric = _numeric(host)
    if numeric is not None:
        if family not in (0, numeric[0]):
            raise unresolved(-9 if family else NONAME)
        return [numeric]
    if flags & NUMERICHOST:
        raise unresolved(NONAME)
    place = _net.place_of_host(host, port, bool(flags & PASSIVE))
    plain = host.lower().rstrip(".")
    if place is None and (plain in ("localhost", "cloison") or plain.endswith(".localhost")):
        return [one for one in ((INET6, _LOOPBACK6, 0), (INET, _LOOPBACK, 0)) if family in (0, one[0])]
    if place is None:
        raise _net.denial(what, host, port)
    try:
        found = _net.resolve(place, host, port or 0, family)
    except OSError as error:
        if error.errno == 13:
            raise _net.refusal(what, error, (host, port)) from None
        told = {_errno.ENOENT: NONAME, _errno.ENODATA: NODATA, _errno.EAGAIN: AGAIN}.get(error.errno)
        if told is None:
            raise
        raise unresolved(told) from None
    if not found:
        raise unresolved(NONAME)
    return found


_TEXTS[-9] = "Address family for hostname not supported"


def _port(port, kinds):
    """Return a port's number for each kind of socket; the name of a service is not known to all."""
    if port is None:
        return dict.fromkeys(kinds, 0)
    if isinstance(port, (bytes, bytearray)):
        port = bytes(port).decode()
    if isinstance(port, str):
        port.encode()
        if port == "":
            return dict.fromkeys(kinds, 0)
        if not (port.isascii() and port.isdigit()):
            ports = {}
            for kind in kinds:
                if kind is not _RAW:
                    number = _service(port, "tcp" if kind is _STREAM else "udp")
                    if number is not None:
                        ports[kind] = number
            if not ports:
                raise unresolved(SERVICE)
            return ports
        port = int(port)
    elif not isinstance(port, int):
        if not hasattr(port, "__index__"):
            raise OSError("Int or String expected")
        port = port.__index__()
    if not -(1 << 63) <= port < 1 << 64:
        raise OverflowError("Python int too large to convert to C long")
    return dict.fromkeys(kinds, port & 0xFFFF)


def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
    """Return the addresses of a host and a port, with what sockets they are for."""
    host = _host(host)
    _net.check("socket.getaddrinfo()", *(() if host is None else (host, port if isinstance(port, int) else None)))
    family, kind, flags = int(family), int(type), int(flags)
    if flags & ~_FLAGS:
        raise unresolved(BADFLAGS)
    if host is None and port is None:
        raise unresolved(NONAME)
    if family not in (0, INET, INET6):
        raise unresolved(FAMILY)
    kinds = [one for one in (_STREAM, _DATAGRAM, _RAW) if kind in (0, one[0]) and (proto in (0, one[1]) or one is _RAW and kind == 3)]
    if not kinds or kind == 0 and proto not in (0, 6, 17):
        if kind not in (0, 1, 2, 3) or proto not in (0, 6, 17):
            raise unresolved(SOCKTYPE)
        kinds = [(kind, proto)]
    ports = _port(port, kinds)
    result, canonical = [], host if flags & CANONNAME and host else ""
    for found, packed, scope in _addresses(host, next(iter(ports.values())) or None, family, flags, "socket.getaddrinfo()"):
        for one, number in ports.items():
            written = text(packed)
            address = (written, number) if found == INET else (written, number, 0, scope)
            result.append((found, one[0], one[1] or (proto if one is _RAW else 0), canonical, address))
            canonical = ""
    return result


def address(host, port, family, passive):
    """Return bytes and scope of the host of an address that a program gives."""
    if not isinstance(host, (str, bytes, bytearray)):
        raise TypeError(f"str, bytes or bytearray expected, not {type(host).__name__}")
    host = _host(host)
    if host == "":
        return bytes(4 if family == INET else 16), 0
    if host == "<broadcast>" and family == INET:
        return b"\xff\xff\xff\xff", 0
    what = "socket.bind()" if passive else "socket.connect()"
    _, packed, scope = _addresses(host, None if passive else port, family, 0, what)[0]
    return packed, scope


def gethostbyname(hostname, /):
    """Return the first address of a host, as text."""
    return gethostbyname_ex(hostname)[2][0]


def gethostbyname_ex(hostname, /):
    """Return a host's name, no others, and its addresses as text."""
    host = _host(hostname)
    _net.check("socket.gethostbyname()", host)
    if host == "":
        return "", [], ["0.0.0.0"]
    if host == "<broadcast>":
        return host, [], ["255.255.255.255"]
    return host, [], [text(packed) for _, packed, _ in _addresses(host, None, INET, 0, "socket.gethostbyname()")]


def _known(packed):
    """Return the name of an address that has been looked up, or None: nobody is asked."""
    if packed in (_LOOPBACK, _LOOPBACK6):
        return "localhost"
    return _net.names.get(packed)


def gethostbyaddr(ip_address, /):
    """Return the name of an address if a name has been looked up that has it, no others, and the address as text."""
    host = _host(ip_address)
    _net.check("socket.gethostbyaddr()", host)
    _, packed, _ = _addresses(host, None, 0, 0, "socket.gethostbyaddr()")[0]
    name = _known(packed)
    if name is None:
        raise herror(1, "Unknown host")
    return name, [], [text(packed)]


def getnameinfo(sockaddr, flags, /):
    """Return host and service of an address, as names if they are known."""
    if not isinstance(sockaddr, tuple):
        raise TypeError("getnameinfo() argument 1 must be a tuple")
    if len(sockaddr) < 2:
        raise TypeError(f"getnameinfo() argument 1 must have 2 to 4 items, not {len(sockaddr)}")
    host, port = sockaddr[:2]
    if not isinstance(host, str):
        raise TypeError(f"getnameinfo() argument 1 item 1 must be str, not {type(host).__name__}")
    if len(sockaddr) > 2 and not 0 <= sockaddr[2] <= 0xFFFFF:
        raise OverflowError("getnameinfo(): flowinfo must be 0-1048575.")
    _net.check("socket.getnameinfo()", host)
    numeric = _numeric(host)
    if numeric is None:
        numeric = _addresses(host, None, 0, 0, "socket.getnameinfo()")[0]
    name = None if flags & _NI_NUMERICHOST else _known(numeric[1])
    if name is None and flags & _NI_NAMEREQD:
        raise unresolved(NONAME)
    service = None if flags & _NI_NUMERICSERV else _service_at(port, "udp" if flags & _NI_DGRAM else "tcp")
    return name or text(numeric[1]), service or str(port)


# ---- Services and protocols -----------------------------------------------------------------------------------------


def _service(name, protocol):
    name = _ALIASES.get(name, name)
    if any(name in names and only != protocol for only, names in _ONLY.items()):
        return None
    return _SERVICES.get(name)


def _service_at(port, protocol):
    return next((name for name, number in _SERVICES.items() if number == port and _service(name, protocol)), None)


def getservbyname(servicename, protocolname=None, /):
    """Return the port of a service."""
    if protocolname not in (None, "tcp", "udp"):
        raise OSError("service/proto not found")
    found = [_service(servicename, protocol) for protocol in ((protocolname,) if protocolname else ("tcp", "udp"))]
    port = next((port for port in found if port is not None), None)
    if port is None:
        raise OSError("service/proto not found")
    return port


def getservbyport(port, protocolname=None, /):
    """Return the service of a port."""
    if not 0 <= port <= 0xFFFF:
        raise OverflowError("getservbyport: port must be 0-65535.")
    found = [_service_at(port, protocol) for protocol in ((protocolname,) if protocolname else ("tcp", "udp"))]
    name = next((name for name in found if name is not None), None)
    if name is None:
        raise OSError("port/proto not found")
    return name


def getprotobyname(protocolname, /):
    """Return the number of a protocol."""
    number = _PROTOCOLS.get(protocolname)
    if number is None:
        raise OSError("protocol not found")
    return number
