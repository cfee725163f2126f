"""What waits for descriptors. There are none to wait for, so that it can only sleep, or refuse."""

from cloison import _native, _needs

error = OSError

globals().update(
    EPOLLERR=8, EPOLLET=2147483648, EPOLLEXCLUSIVE=268435456, EPOLLHUP=16, EPOLLIN=1, EPOLLMSG=1024,
    EPOLLONESHOT=1073741824, EPOLLOUT=4, EPOLLPRI=2, EPOLLRDBAND=128, EPOLLRDHUP=8192, EPOLLRDNORM=64,
    EPOLLWRBAND=512, EPOLLWRNORM=256, EPOLL_CLOEXEC=524288, PIPE_BUF=4096, POLLERR=8, POLLHUP=16, POLLIN=1,
    POLLMSG=1024, POLLNVAL=32, POLLOUT=4, POLLPRI=2, POLLRDBAND=128, POLLRDHUP=8192, POLLRDNORM=64, POLLWRBAND=512,
    POLLWRNORM=256,
)


def _sleep(seconds):
    import time

    if seconds is None or seconds < 0:
        raise RuntimeError("this would wait for ever: there is no descriptor to wait for, and no limit of time")
    time.sleep(seconds)


def select(rlist, wlist, xlist, timeout=None):
    """Sleep, if there is nothing to wait for."""
    if any(list(descriptors) for descriptors in (rlist, wlist, xlist)):
        _needs.deny("select.select()", _needs.NETWORK)
    _sleep(timeout)
    return [], [], []


class _Poll:
    """A list of descriptors, none of which can be waited for."""

    def __init__(self):
        self._events = {}

    def register(self, fd, eventmask=7):
        """Note a descriptor."""
        self._events[_number(fd)] = eventmask

    def modify(self, fd, eventmask):
        """Note what it is waited for."""
        if _number(fd) not in self._events:
            raise FileNotFoundError(2, "No such file or directory")
        self._events[_number(fd)] = eventmask

    def unregister(self, fd):
        """Forget it."""
        del self._events[_number(fd)]

    def poll(self, timeout=None):
        """Sleep so many milliseconds, if there is nothing to wait for."""
        if self._events:
            _needs.deny("select.poll()", _needs.NETWORK)
        _sleep(None if timeout is None else timeout / 1000)
        return []


_Poll.__name__ = _Poll.__qualname__ = "poll"


def _number(fd):
    number = fd if isinstance(fd, int) else fd.fileno()
    if not isinstance(number, int):
        raise TypeError("argument must be an int, or have a fileno() method.")
    if number < 0:
        raise ValueError(f"file descriptor cannot be a negative integer ({number})")
    return number


def poll():
    """Return a list of descriptors to wait for, which is empty."""
    return _Poll()


epoll = _native.refused("select", "epoll", _needs.NETWORK)
epoll.fromfd = classmethod(lambda cls, fd: cls(fd))
_native.as_builtins(globals(), __name__)
