"""Waiting for sockets, on the pollers of the capabilities that they belong to.

Without any socket waiting is sleeping. With sockets of one capability, its service waits; it takes no processor meanwhile. With those of
several, each is asked in turn, every few milliseconds.
"""

import time

from cloison import _descriptors, _needs, _net, _programs

IN, PRI, OUT, ERR, HUP, NVAL = 1, 2, 4, 8, 16, 32
_ADD, _DELETE, _MODIFY = 1, 2, 3
#: EPOLLET and EPOLLONESHOT: what is ready is told once.
_ONCE = 1 << 31 | 1 << 30
_EVENT = 12
#: How long one capability is waited for while others are not, in nanoseconds.
_SLICE = 5_000_000
#: The most events that are told at once.
_MOST = 1024


class Set:
    """Sockets by number, each with the events that it is waited for."""

    def __init__(self):
        #: Number → (socket, events).
        self.waited = {}
        #: Capability → its poller, and how many sockets stand in it.
        self._pollers = {}

    def put(self, number, events):
        """Wait for events of a socket."""
        socket = _net.at(number)
        before = self.waited.get(number)
        if before is not None:
            if before[0] is socket:
                if before[1] != events:
                    self._control(socket, _MODIFY, events, number)
                    self.waited[number] = socket, events
                return
            self.drop(number)
        socket.open()
        self._control(socket, _ADD, events, number)
        self.waited[number] = socket, events
        socket.watched = (*socket.watched, self)

    def again(self, number, events):
        """Wait for these events from now on, even if they are the same."""
        socket, _ = self.waited[number]
        self._control(socket, _MODIFY, events, number)
        self.waited[number] = socket, events

    def drop(self, number):
        """Wait for it no more."""
        socket, _ = self.waited.pop(number)
        socket.watched = tuple(one for one in socket.watched if one is not self)
        poller = self._pollers[socket.place.capability]
        poller.count -= 1
        poller.kept = [one for one in poller.kept if one[0] != number]
        if socket.handle is not None:
            try:
                self._control(socket, _DELETE, 0, number)
            except ConnectionAbortedError:
                # One of them is gone with its zone.
                pass

    def forget(self, socket):
        """Drop a socket that is about to be closed."""
        for number in [number for number, (waited, _) in self.waited.items() if waited is socket]:
            self.drop(number)

    def _control(self, socket, operation, events, number):
        poller = self._pollers.get(socket.place.capability)
        if poller is None:
            poller = self._pollers[socket.place.capability] = _Poller(socket.net)
        socket.net.poller_control(poller.handle, operation, socket.handle, events, number)
        if operation == _ADD:
            poller.count += 1

    def wait(self, seconds, most=_MOST):
        """Return the numbers and events of what is ready; None is for ever."""
        return self.wait_ns(_net.nanoseconds(seconds), most)

    def wait_ns(self, left, most=_MOST):
        """Return the numbers and events of what is ready; a negative time is for ever."""
        try:
            return self._wait(left, most)
        except ConnectionAbortedError:
            # A zone has ended, with a poller and its sockets: those are ready, to say that they are gone.
            return self._renew() or self.wait_ns(left, most)

    def _renew(self):
        waited, self.waited, self._pollers = self.waited, {}, {}
        gone = []
        for number, (socket, events) in waited.items():
            try:
                self._control(socket, _ADD, events, number)
                self.waited[number] = socket, events
            except ConnectionAbortedError:
                gone.append((number, ERR | HUP))
                # It stays among the others, in a poller that does not know it.
                self.waited[number] = socket, events
                self._pollers[socket.place.capability].count += 1
        return gone

    def _wait(self, left, most):
        pollers = [poller for poller in self._pollers.values() if poller.count]
        if not pollers:
            sleep(left)
            return []
        if len(pollers) == 1:
            return pollers[0].wait(left, most, self.waited)
        end = time.monotonic_ns() + left
        while True:
            ready = []
            for poller in pollers:
                ready += poller.wait(0, most - len(ready), self.waited) if len(ready) < most else []
            remains = _SLICE if left < 0 else min(_SLICE, end - time.monotonic_ns())
            if ready or remains <= 0:
                return ready
            ready = pollers[0].wait(remains, most, self.waited)
            if ready:
                return ready

    def close(self):
        """Let the pollers go."""
        for socket, _ in self.waited.values():
            socket.watched = tuple(one for one in socket.watched if one is not self)
        self.waited.clear()
        pollers, self._pollers = self._pollers, {}
        for poller in pollers.values():
            try:
                poller.net.close_poller(poller.handle)
            except ConnectionAbortedError:
                pass


class _Poller:
    """One capability's poller, and how many sockets stand in it."""

    __slots__ = ("count", "handle", "kept", "net")

    def __init__(self, net):
        self.kept = []
        self.net = net
        self.handle = net.poller()
        self.count = 0

    def wait(self, left, most, waited):
        """Return pairs of numbers and events."""
        if self.kept:
            ready, self.kept = self.kept[:most], self.kept[most:]
            return ready
        while True:
            try:
                records = self.net.poller_wait(self.handle, left)
                break
            except InterruptedError:
                # After half a day.
                continue
        ready = [
            (int.from_bytes(records[start : start + 8], "little"), int.from_bytes(records[start + 8 : start + 12], "little"))
            for start in range(0, len(records), _EVENT)
        ]
        # What is told once and was not asked for yet is kept.
        if len(ready) > most:
            self.kept = [one for one in ready[most:] if one[0] in waited and waited[one[0]][1] & _ONCE]
        return ready[:most]


def sleep(left):
    """Sleep, when there is nothing to wait for."""
    if left < 0:
        raise RuntimeError("this would wait for ever: there is no socket to wait for, and no limit of time")
    if left:
        time.sleep(left / 1e9)


#: What `select` and `poll` wait with: it keeps what it was last asked for, which is often what it is asked for next.
_shared = None


def once(wanted, left):
    """Wait for what is wanted, numbers with their events, and return what is ready of it.

    A file is always ready; what is no open number has the event `NVAL`.
    """
    global _shared
    sockets, pipes, ready = {}, {}, []
    for number, events in wanted.items():
        kind = kind_of(number)
        if kind == "socket":
            sockets[number] = events
        elif kind == "pipe":
            pipes[number] = events
        elif kind is None:
            ready.append((number, NVAL))
        elif kind == "input":
            _needs.deny("select", "standard input is read, and cannot be waited for, and no line of cloison.toml grants it")
        elif events & (IN | OUT):
            ready.append((number, events & (IN | OUT)))
    if pipes:
        if not sockets:
            return ready + _programs.ready(pipes, 0 if ready else left)
        return _both(sockets, pipes, ready, left)
    if not sockets:
        if not ready:
            sleep(left)
        return ready
    if _shared is None:
        _shared = Set()
    for number in [number for number in _shared.waited if number not in sockets]:
        _shared.drop(number)
    for number, events in sockets.items():
        try:
            _shared.put(number, events)
        except ConnectionAbortedError:
            ready.append((number, ERR | HUP))
    return ready + _shared.wait_ns(0 if ready else left)


def _both(sockets, pipes, ready, left):
    """Wait for sockets and for pipes of programs: they are looked at in turn, every few milliseconds."""
    end = time.monotonic_ns() + left
    while True:
        ready += _programs.ready(pipes, 0)
        remains = _SLICE if left < 0 else min(_SLICE, end - time.monotonic_ns())
        ready += once(sockets, 0 if ready or remains <= 0 else remains)
        if ready or remains <= 0:
            return ready


def kind_of(number):
    """Return what a number leads to: a socket, a pipe, a file, the input, or None."""
    entry = _descriptors._open.get(number)
    if entry is not None:
        return "socket" if type(entry) is _net._Entry else "pipe" if _programs.is_pipe(number) else "file"
    return "input" if number == 0 else "file" if number in _descriptors._STREAMS else None
