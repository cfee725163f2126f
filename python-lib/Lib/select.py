"""Waiting for sockets as the kernel has it: `cloison._waiting` waits."""

from cloison import _native, _needs, _net, _waiting

error = OSError

globals().update(
    EPOLLERR=8, EPOLLET=2147483648, EPOLLEXCLUSIVE=268435456, EPOLLHUP=16, EPOLLIN=1, EPOLLMSG=1024,
    EPOLLONESHOT=1073741824, EPOLLOUT=4, EPOLLPRI=2, EPOLLRDBAND=128, EPOLLRDHUP=8192, EPOLLRDNORM=64,
    EPOLLWRBAND=512, EPOLLWRNORM=256, EPOLL_CLOEXEC=524288, PIPE_BUF=4096, POLLERR=8, POLLHUP=16, POLLIN=1,
    POLLMSG=1024, POLLNVAL=32, POLLOUT=4, POLLPRI=2, POLLRDBAND=128, POLLRDHUP=8192, POLLRDNORM=64, POLLWRBAND=512,
    POLLWRNORM=256,
)

_MOST_SECONDS = 9_000_000_000


def _time(timeout, unit):
    """Return nanoseconds of a time that a program gives, in parts of a second; None and what is negative are for ever."""
    if timeout is None:
        return -1
    if isinstance(timeout, (str, bytes)) or not hasattr(timeout, "__float__") and not hasattr(timeout, "__index__"):
        raise TypeError("timeout must be an integer or None" if unit != 1 else "timeout must be a float or None")
    seconds = float(timeout) / unit
    if seconds > _MOST_SECONDS:
        raise OverflowError("timestamp too large to convert to C PyTime_t")
    return -1 if seconds < 0 else int(seconds * 1e9)


def _number(fd):
    number = fd if isinstance(fd, int) else getattr(fd, "fileno", None)
    if number is None:
        raise TypeError("argument must be an int, or have a fileno() method.")
    number = number if isinstance(number, int) else number()
    if not isinstance(number, int):
        raise TypeError("fileno() returned a non-integer")
    if number < 0:
        raise ValueError(f"file descriptor cannot be a negative integer ({number})")
    return number


def _check(what, wanted):
    """Refuse what nobody can wait for here."""
    if wanted and not _net.places() and any(_waiting.kind_of(number) not in ("file", "pipe") for number in wanted):
        _needs.deny(what, _needs.NETWORK)


def select(rlist, wlist, xlist, timeout=None, /):
    """Wait until one of the descriptors can be read, written, or has an exceptional condition."""
    left = _time(timeout, 1)
    if timeout is not None and left < 0:
        raise ValueError("timeout must be non-negative")
    wanted, lists = {}, []
    for descriptors, events in ((rlist, 1), (wlist, 4), (xlist, 2)):
        try:
            given = [(_number(one), one) for one in descriptors]
        except TypeError as error:
            if hasattr(type(descriptors), "__iter__"):
                raise
            raise TypeError("arguments 1-3 must be sequences") from error
        lists.append((given, events))
        for number, _ in given:
            if number >= 1024:
                raise ValueError("filedescriptor out of range in select()")
            wanted[number] = wanted.get(number, 0) | events
    _check("select.select()", wanted)
    ready = dict(_waiting.once(wanted, left))
    if any(events & 32 for events in ready.values()):
        raise OSError(9, "Bad file descriptor")
    # What has hung up can be read, what has failed can be read and written, as the kernel has it.
    means = {1: 1 | 16 | 8, 4: 4 | 8, 2: 2}
    return tuple([one for number, one in given if ready.get(number, 0) & means[events]] for given, events in lists)


class poll:
    """Descriptors that are waited for: what `poll()` returns."""

    __module__ = "select"

    def __new__(cls):
        raise TypeError("cannot create 'select.poll' instances")

    @classmethod
    def _new(cls):
        self = object.__new__(cls)
        self._events, self._polls = {}, False
        return self

    def register(self, fd, eventmask=7, /):
        """Wait for events of a descriptor."""
        self._events[_number(fd)] = _mask(eventmask)

    def modify(self, fd, eventmask, /):
        """Wait for other events of it."""
        number = _number(fd)
        if number not in self._events:
            raise FileNotFoundError(2, "No such file or directory")
        self._events[number] = _mask(eventmask)

    def unregister(self, fd, /):
        """Wait for it no more."""
        del self._events[_number(fd)]

    def poll(self, timeout=None, /):
        """Wait so many milliseconds at most, and return the descriptors that are ready with their events."""
        left = _time(timeout, 1000)
        _check("select.poll()", self._events)
        if self._polls:
            raise RuntimeError("concurrent poll() invocation")
        self._polls = True
        try:
            ready = dict(_waiting.once(self._events, left))
        finally:
            self._polls = False
        return [(number, ready[number]) for number in self._events if number in ready]


def _mask(events):
    if not isinstance(events, int):
        raise TypeError(f"'{type(events).__name__}' object cannot be interpreted as an integer")
    if events < 0:
        raise ValueError("value must be positive")
    if events > 0xFFFF:
        raise OverflowError("Python int too large for C unsigned short")
    return int(events)


_Poll = poll


def poll():
    """Return an object that descriptors can be registered with, to wait for them."""
    return _Poll._new()


class epoll:
    """select.epoll(sizehint=-1, flags=0)

    Descriptors that are waited for; they stay registered from one wait to the next.
    """

    __module__ = "select"

    def __init__(self, sizehint=-1, flags=0):
        if sizehint != -1 and sizehint <= 0:
            raise ValueError("negative sizehint")
        if flags & ~EPOLL_CLOEXEC:
            raise OSError(22, "Invalid argument")
        self._set = _waiting.Set()
        self._fd = None

    @classmethod
    def fromfd(cls, fd, /):
        """Return the object that has this number."""
        entry = _net._descriptors._open.get(fd)
        if type(entry) is not _Number:
            raise OSError(9, "Bad file descriptor")
        return entry.handle

    def _opened(self):
        if self._set is None:
            raise ValueError("I/O operation on closed epoll object")
        return self._set

    def close(self):
        """Forget all of them."""
        found, self._set = self._set, None
        if found is not None:
            found.close()
        if self._fd is not None:
            _net._descriptors._open.pop(self._fd, None)

    @property
    def closed(self):
        """Whether it is closed."""
        return self._set is None

    def fileno(self):
        """Return a number that nothing else has."""
        self._opened()
        if self._fd is None:
            self._fd = _net._descriptors.enter(_Number(self))
        return self._fd

    def __enter__(self):
        self._opened()
        return self

    def __exit__(self, *exc):
        self.close()

    def __del__(self):
        found, self._set = getattr(self, "_set", None), None
        if found is not None:
            found.close()

    def _checked(self, fd):
        waited, number = self._opened(), _number(fd)
        kind = _waiting.kind_of(number)
        if kind is None:
            raise OSError(9, "Bad file descriptor")
        if not _net.places() or kind == "input":
            _needs.deny("select.epoll.register()", _needs.NETWORK)
        if kind != "socket":
            raise PermissionError(1, "Operation not permitted")
        return waited, number

    def register(self, fd, eventmask=7):
        """Wait for events of a socket."""
        waited, number = self._checked(fd)
        before = waited.waited.get(number)
        if before is not None and before[0] is _net.at(number):
            raise FileExistsError(17, "File exists")
        waited.put(number, eventmask & 0xFFFFFFFF)

    def modify(self, fd, eventmask):
        """Wait for other events of it."""
        waited, number = self._checked(fd)
        before = waited.waited.get(number)
        if before is None or before[0] is not _net.at(number):
            raise FileNotFoundError(2, "No such file or directory")
        # Put again although it is the same: what is told once is to be told again.
        waited.again(number, eventmask & 0xFFFFFFFF)

    def unregister(self, fd):
        """Wait for it no more."""
        waited, number = self._opened(), _number(fd)
        if number in waited.waited:
            waited.drop(number)
        elif _waiting.kind_of(number) is not None:
            raise FileNotFoundError(2, "No such file or directory")
        else:
            raise OSError(9, "Bad file descriptor")

    def poll(self, timeout=None, maxevents=-1):
        """Wait so many seconds at most, and return the numbers that are ready with their events."""
        waited = self._opened()
        left = _time(timeout, 1)
        if maxevents == -1:
            maxevents = 1024
        elif maxevents <= 0:
            raise ValueError(f"maxevents must be greater than 0, got {maxevents}")
        return waited.wait_ns(left, maxevents)


class _AsFile(_net._descriptors.NoFile):
    """What `os` does with the number of an `epoll`."""

    @staticmethod
    def close(handle):
        handle._fd = None
        handle.close()


class _Number(_net._descriptors.NoFileEntry):
    """A number that leads to an `epoll`."""

    __slots__ = ()
    files = _AsFile(0o600)


_native.as_builtins(globals(), __name__)
