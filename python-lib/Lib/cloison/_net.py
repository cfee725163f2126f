"""Sockets, on the capabilities of zones ``net`` and ``http`` that this process holds.

A socket belongs to one of them from the moment that it is clear where it leads: the capability that has given the name's address,
or that names the address. Whether it may go there the service decides; here it is found out whom to ask, and what to say.

An ``http`` capability is a server to the program: its hosts have invented addresses, and a connection to one of them leads into the
service, which speaks with the real server.
"""

import errno as _errno
import time

import _cloison
from cloison import _descriptors, _needs

AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
STREAM, DATAGRAM = 1, 2
#: The most bytes that one call carries.
CHUNK = 4 << 20
#: The errors of a call that has waited as long as it may.
LATE = (_errno.EAGAIN, _errno.EINPROGRESS, _errno.ETIMEDOUT)
#: What a program sends first, without knowing it, when its own TLS in memory was told to let the service do it (`_tls`).
SECURE = b"\x16cloison: TLS is the service's\n"
#: Where the invented addresses begin: nobody has one of these.
_INVENTED = 240 << 24


class Place:
    """What one capability gives: where a program may connect to, and where it may listen."""

    def __init__(self, zone, capability, grants, location):
        self.zone = zone
        self.capability = capability
        self.location = location
        given = [grant.split() for grant in grants]
        self.listen = [_Pattern(text) for word, text, *_ in given if word == "listen"]
        self.connect = [_Pattern(text) for word, text, *_ in given if word == "connect"]

    def __getattr__(self, name):
        # Asked once: the broker is told of a capability when it is first used.
        if name != "net":
            raise AttributeError(name)
        net = self.net = _Service(_cloison.capability(self.capability))
        return net

    def gives(self, host, port=None):
        """Return whether a host, or an address, is among those to connect to."""
        return any(pattern.matches(host, port) for pattern in self.connect)


class _Service:
    """The functions of a capability. What is gone because its zone has ended is a connection that is gone, as programs expect it."""

    def __init__(self, capability):
        self._capability = capability

    def __getattr__(self, name):
        from cloison._errors import StaleHandle

        function = getattr(self._capability, name)

        def call(*args, **keywords):
            try:
                return function(*args, **keywords)
            except StaleHandle as error:
                raise ConnectionAbortedError(_errno.ECONNABORTED, str(error)) from None

        setattr(self, name, call)
        return call


class _Pattern:
    """A host, an address or a network, and a port."""

    def __init__(self, text):
        host, _, port = text.rpartition(":")
        self.text = text
        self.host = host.replace("[", "").replace("]", "").lower()
        self.port = None if port == "*" else int(port)
        self.network = self._network()

    def _network(self):
        # Names are what most of them are.
        if ":" not in self.host and not self.host[-1:].isdigit():
            return None
        import ipaddress

        try:
            return ipaddress.ip_network(self.host)
        except ValueError:
            return None

    def matches(self, host, port):
        """Return whether it names that host and port; None is any port."""
        if port is not None and self.port is not None and port != self.port:
            return False
        if self.network is not None:
            import ipaddress

            try:
                return ipaddress.ip_address(host) in self.network
            except ValueError:
                return False
        return host == self.host or self.host == "*" or self.host[:2] == "*." and host.endswith(self.host[1:])


_places = None
#: Address → the place that it was resolved by.
_resolved = {}
#: Address → the name that it was resolved for; of an invented address, the host and its place.
names = {}
_invented = {}


def places():
    """Return what this process's capabilities give, those of ``http`` first: what both give goes by rules and with secrets."""
    global _places
    found = _places
    if found is None:
        given = _cloison.services()
        if given is None:
            _cloison.give_up_services()
        found = [Place(*offer) for offer in given or () if offer[0] in ("net", "http")]
        found.sort(key=lambda place: place.zone == "net")
        # In a template this is not all: what it forks may hold capabilities.
        if given is not None:
            _places = found
    return found


def need(host=None, port=None, key="connect"):
    """Return what a program without a network would need, for that place if there is one."""
    if host is None:
        return _needs.NETWORK
    written = _written(host, port)
    grants = f'`{key} = ["{written}"]`'
    if key == "connect":
        grants += f' to connect there, or `listen = ["{written}"]` to serve there'
    return f'a microprocess has no network: in cloison.toml, `[capabilities.net]` with `zone = "net"` and {grants}'


def check(what, *address):
    """Refuse if no capability gives any network."""
    if not places():
        _lack(*address)
        _needs.deny(what, need(*address))


def _lack(host=None, port=None, key="connect"):
    """Where the application is recorded: say which place nobody gives."""
    _cloison.lacks("listen" if key == "listen" else "net", "" if host is None else _written(host, port), False)


def _written(host, port):
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{'*' if port is None else port}"


def denial(what, host, port, key="connect"):
    """Return the error for a place that no capability gives, with the line that would give it: who passes it on may drop notes."""
    from cloison._errors import HostDenied

    _lack(host, port, key)
    written = _written(host, port)
    net = next((place for place in places() if place.zone == "net"), None)
    if net is not None:
        line = f'"{written}" would have to be in `{key}` of [capabilities.{net.capability}] at {net.location}'
    else:
        http = places()[0]
        rule = f"a rule for it would have to be in `allow` of [capabilities.{http.capability}] at {http.location}"
        line = f'{rule}, or "{written}" in `{key}` of a capability with `zone = "net"`'
    return HostDenied(f"{what}: {written} is not granted: {line}")


def refusal(what, error, place=None, key="connect"):
    """Return the error for what a service has refused: it says itself what would grant it."""
    from cloison._errors import HostDenied

    if place is not None:
        _lack(*place, key)
    return HostDenied(f"{what}: {error.strerror}")


# ---- Whose an address is --------------------------------------------------------------------------------------------


def place_of_host(host, port, serve=False):
    """Return the place that gives a host's name, or None; to serve there, one of ``net``."""
    host = host.lower().rstrip(".")
    for wanted in (port, None) if port else (None,):
        for place in places():
            if place.gives(host, wanted) and not (serve and place.zone == "http"):
                return place
    return None


def invent(place, host):
    """Return the address that stands for a host of an ``http`` capability."""
    key = place.capability, host.lower().rstrip(".")
    packed = _invented.get(key)
    if packed is None:
        packed = _invented[key] = (_INVENTED + 1 + len(_invented)).to_bytes(4, "big")
        names[packed] = host
        _resolved[packed] = place
    return packed


def resolve(place, host, port, family):
    """Return the addresses of a host that a place gives, as family, bytes and scope."""
    if place.zone == "http":
        return [(AF_INET, invent(place, host), 0)] if family in (0, AF_INET) else []
    records = place.net.resolve(host.encode(), port, family)
    found = []
    for start in range(0, len(records), 28):
        kind, packed, _, scope = unpack(records[start : start + 28])
        found.append((kind, packed, scope))
        names[packed] = host
        _resolved[packed] = place
    return found


def pack(family, packed, port, scope=0):
    """Return an address as the service takes it."""
    return b"%b%b%b%b%b" % (
        family.to_bytes(2, "little"), port.to_bytes(2, "little"), scope.to_bytes(4, "little"), bytes(4), packed.ljust(16, b"\0")
    )


def unpack(address):
    """Return family, bytes, port and scope of an address that the service gives."""
    family = int.from_bytes(address[:2], "little")
    packed = address[12 : 16 if family == AF_INET else 28]
    return family, packed, int.from_bytes(address[2:4], "little"), int.from_bytes(address[4:8], "little")


def place_of(packed, text, port):
    """Return the place that an address belongs to, or None."""
    resolved = _resolved.get(packed)
    if resolved is not None and (resolved.zone != "net" or resolved.gives(names[packed].lower().rstrip("."), port)):
        return resolved
    for place in places():
        if place.gives(text, port):
            return place
    # It may be allowed by what the service knows; it says if not.
    return resolved or next((place for place in places() if place.zone == "net"), None)


# ---- Sockets --------------------------------------------------------------------------------------------------------


def nanoseconds(seconds):
    """Return what the service takes as a time to wait: for ever is negative."""
    return -1 if seconds is None else 0 if seconds <= 0 else max(1, int(seconds * 1e9))


class Deadline:
    """How long several calls may take together."""

    __slots__ = ("end", "first")

    def __init__(self, seconds):
        self.first = nanoseconds(seconds)
        self.end = None if self.first <= 0 else time.monotonic_ns() + self.first

    def left(self):
        """Return the nanoseconds that are left; what is over is an error."""
        if self.end is None:
            return self.first
        left = self.end - time.monotonic_ns()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


class Socket:
    """An open socket: what one or several numbers lead to. Its handle is made when it is clear whose it is."""

    __slots__ = ("blocking", "family", "handle", "host", "kind", "net", "numbers", "options", "peer", "place", "proto", "secure",
                 "watched")

    def __init__(self, family, kind, proto, place=None, handle=None):
        self.family = family
        self.kind = kind
        self.proto = proto
        self.place = place
        self.net = None if place is None else place.net
        self.handle = handle
        self.options = []
        self.numbers = 0
        self.blocking = True
        #: Of a connection into an `http` service: the host, and whether it was asked for TLS.
        self.host = self.peer = None
        self.secure = False
        #: In which sets of sockets to wait for it stands.
        self.watched = ()

    def open(self):
        """Return the service and the handle; a socket that belongs to nobody yet goes to the first capability."""
        if self.handle is None:
            self.belong(next((place for place in places() if place.zone == "net"), None) or places()[0])
        return self.net, self.handle

    def belong(self, place):
        """Have it made by a capability."""
        if self.handle is not None:
            return
        self.place = place
        self.net = place.net
        if place.zone == "net":
            self.handle = self.net.socket(self.family, self.kind)
            options, self.options = self.options, []
            for option in options:
                self.net.setsockopt(self.handle, *option)

    def enter_http(self, place, host, text, port):
        """Connect to a host that an `http` service stands for; `text` is the address that was invented for it."""
        if self.handle is not None:
            raise OSError(_errno.EISCONN, "Transport endpoint is already connected")
        self.belong(place)
        try:
            self.handle = self.net.connect(host.encode(), port)
        except OSError as error:
            if error.errno == _errno.EACCES:
                raise refusal("socket.connect()", error) from None
            raise
        self.host = host
        self.peer = text, port

    def set_option(self, level, option, value):
        """Set an option, or keep it until there is a handle."""
        if self.host is not None:
            return
        if self.handle is None:
            self.options.append((level, option, value))
        else:
            self.net.setsockopt(self.handle, level, option, value)

    def option(self, level, option):
        """Return an option, a number."""
        known = {3: self.kind, 39: self.family, 38: self.proto or (6 if self.family != AF_UNIX else 0)}
        if level == 1 and option in known:
            return known[option]
        for kept in reversed(self.options):
            if kept[:2] == (level, option):
                return kept[2]
        if self.host is not None:
            return 0
        net, handle = self.open()
        return net.getsockopt(handle, level, option)

    def make_secure(self, name):
        """Have an `http` service make TLS with the real server; what passes between program and service stays plain."""
        if not self.secure:
            self.net.secure(self.handle, (name or self.host).encode())
            self.secure = True

    def close(self):
        """One number leads to it no more."""
        self.numbers -= 1
        if self.numbers <= 0 and self.handle is not None:
            for watching in self.watched:
                watching.forget(self)
            handle, self.handle = self.handle, None
            try:
                self.net.close(handle)
            except ConnectionAbortedError:
                # It is gone with its zone.
                pass


def late(timeout, error):
    """Return what to raise for an error of a call that may have waited too long."""
    if timeout and error.errno in LATE:
        return TimeoutError("timed out")
    return error


def is_secure(socket, data):
    """Return whether data begins with what says that the service is to make TLS, and have it do so."""
    if bytes(memoryview(data)[: len(SECURE)]) != SECURE:
        return False
    socket.make_secure(None)
    return True


# ---- Numbers --------------------------------------------------------------------------------------------------------


class _AsFile(_descriptors.NoFile):
    """What `os` does with the number of a socket."""

    @staticmethod
    def read(socket, length):
        net, handle = socket.open()
        return net.recv(handle, min(length, CHUNK), 0, -1 if socket.blocking else 0)

    @staticmethod
    def write(socket, data):
        net, handle = socket.open()
        view = memoryview(data)
        if view.nbytes > CHUNK:
            data = view.cast("B")[:CHUNK]
        return net.send(handle, data, 0, -1 if socket.blocking else 0)

    @staticmethod
    def close(socket):
        socket.close()


class _Entry(_descriptors.NoFileEntry):
    """A number that leads to a socket."""

    __slots__ = ()
    files = _AsFile(0o140777)


def enter(socket):
    """Return a new number that leads to a socket."""
    number = _descriptors.enter(_Entry(socket))
    socket.numbers += 1
    return number


def at(number):
    """Return the socket that a number leads to."""
    entry = _descriptors._open.get(number)
    if type(entry) is _Entry:
        return entry.handle
    if entry is None and number not in _descriptors._STREAMS:
        raise OSError(_errno.EBADF, "Bad file descriptor")
    raise OSError(_errno.ENOTSOCK, "Socket operation on non-socket")
