"""Open files, as `os` has them: descriptors, which are small numbers that are made here and mean nothing to the kernel.

0, 1 and 2 are the standard streams. Sockets (`cloison._net`), pipes of programs (`cloison._programs`) and `select.epoll` have numbers among these.
"""

import errno as _errno

import _cloison
import posix as _posix
from _operator import index as _index
from cloison._places import _LIMITS, _masked, _no_dir_fd, _route, _tell

_STREAMS = (0, 1, 2)


#: Number → what is open: a `_cloison.OpenFile`, or a `NoFileEntry`.
_open = {}
_cloison.set_open_files(_open, _posix.stat_result)


def _opened(fd):
    # A float that is equal to a number would be found.
    found = _open.get(_index(fd))
    if found is None:
        raise _bad_descriptor()
    return found


def _bad_descriptor():
    return OSError(_errno.EBADF, "Bad file descriptor")


def _is_stream(fd):
    """Return whether a number is that of a standard stream, which nothing else has."""
    fd = _index(fd)
    return fd in _STREAMS and fd not in _open


def _length(length):
    """Return how many bytes are asked for, of which one call carries so many."""
    length = _index(length)
    if length < 0:
        raise OSError(_errno.EINVAL, "Invalid argument")
    return min(length, _cloison.CHUNK_BYTES)


def open(path, flags, mode=0o777, *, dir_fd=None):
    """Open a file, and return its descriptor."""
    if dir_fd is not None:
        _no_dir_fd("open", dir_fd)
    if path in ("/dev/null", b"/dev/null"):
        from cloison import _programs

        return enter(_programs.null())
    mount, absolute = _route(path, "open", flags & 0o100)
    try:
        handle = mount.files.open(absolute, flags, _masked(mode))
    except OSError as error:
        rights = _wanted(mount, absolute, flags) if error.errno == _errno.EACCES else None
        _tell(error, mount, "open", path, rights=rights)
        raise
    return enter(_cloison.open_file(mount, handle, path))


class NoFile:
    """What `os` does with a number that leads to no file: what a kind of these has no method for is refused.

    It is also what there is to know of one as a file, which is its kind.

    Args:
        mode: that of `stat`.
    """

    inode = device = links = uid = gid = size = access_ns = modify_ns = change_ns = block_size = blocks = 0

    def __init__(self, mode):
        self.mode = mode

    def fstat(self, handle):
        """Return what there is to know of it."""
        return self

    def __getattr__(self, name):
        number = _errno.ESPIPE if name in ("lseek", "pread", "pwrite") else _errno.EINVAL

        def refuse(*args):
            raise OSError(number, _cloison.strerror(number))

        return refuse


class NoFileEntry:
    """A number that leads to no file, among those of files. A kind of these says by `files` what `os` does with it, a `NoFile`."""

    __slots__ = ("handle",)
    mount = name = None

    def __init__(self, handle):
        self.handle = handle


def enter(opened):
    """Return the lowest number that is free, from now on that of a file, or of what is none (`NoFileEntry`)."""
    number = 3
    while number in _open:
        number += 1
    _open[number] = opened
    return number


def _wanted(mount, absolute, flags):
    """Return the rights that opening with these flags takes."""
    wanted = [] if flags & 3 == 1 else ["read"]
    if flags & 3:
        try:
            mount.files.stat(absolute, 1)
        except OSError:
            wanted.append("create")
        else:
            wanted.append("append" if flags & 0o2000 and "append" in mount.rights else "write")
    return wanted


class _Double:
    """What several numbers lead to."""

    __slots__ = ("count", "opened")

    def __init__(self, opened):
        self.opened = opened
        self.count = 1

    files = property(lambda self: self.opened.files)
    handle = property(lambda self: self.opened.handle)
    mount = property(lambda self: self.opened.mount)
    name = property(lambda self: self.opened.name)


class _AsStream(NoFile):
    """What `os` does with another number of a standard stream."""

    @staticmethod
    def read(number, length):
        return read(number, length)

    @staticmethod
    def write(number, data):
        return write(number, data)

    @staticmethod
    def close(number):
        pass


class _Stream(NoFileEntry):
    """Another number of a standard stream."""

    __slots__ = ()
    files = _AsStream(0o010600)


def dup(fd, /):
    """Return another number that leads to what this one does."""
    return enter(_again(_index(fd)))


def dup2(fd, fd2, inheritable=True):
    """Have `fd2` lead to what `fd` does; standard streams stay what they are."""
    fd, fd2 = _index(fd), _index(fd2)
    if fd2 < 0:
        raise _bad_descriptor()
    if fd == fd2:
        if not _is_stream(fd):
            _opened(fd)
        return fd2
    if fd2 in _STREAMS:
        from cloison import _needs

        _needs.deny("dup2()", _needs.TERMINAL)
    again = _again(fd)
    if fd2 in _open:
        close(fd2)
    _open[fd2] = again
    return fd2


def _again(fd):
    """Return what another number is to lead to."""
    from cloison import _net, _programs

    if _is_stream(fd):
        return _Stream(fd)
    opened = _opened(fd)
    if type(opened) is _net._Entry:
        opened.handle.numbers += 1
        return _net._Entry(opened.handle)
    if _programs.is_pipe(fd):
        return _programs.again(opened)
    if type(opened) is not _Double:
        opened = _open[fd] = _Double(opened)
    opened.count += 1
    return opened


def close(fd):
    """Close a descriptor."""
    fd = _index(fd)
    found = _open.pop(fd, None)
    if found is None:
        if fd in _STREAMS:
            return
        raise _bad_descriptor()
    if type(found) is _Double:
        found.count -= 1
        if found.count:
            return
        found = found.opened
    found.files.close(found.handle)


def closerange(fd_low, fd_high):
    """Close descriptors, ignoring errors."""
    numbers = range(_index(fd_low), _index(fd_high))
    for fd in [fd for fd in _open if fd in numbers]:
        try:
            close(fd)
        except OSError:
            pass


def read(fd, length, /):
    """Read at most that many bytes."""
    fd, length = _index(fd), _length(length)
    found = _open.get(fd)
    if found is None:
        if fd == 0:
            buffer = bytearray(min(length, 1 << 20))
            return bytes(buffer[: _cloison.readinto(0, buffer)])
        raise _bad_descriptor()
    return found.files.read(found.handle, length)


def readinto(fd, buffer, /):
    """Read into a buffer, and return how many bytes."""
    view = memoryview(buffer).cast("B")
    data = read(fd, len(view))
    view[: len(data)] = data
    return len(data)


def pread(fd, length, offset, /):
    """Read at most that many bytes at an offset."""
    found, length = _opened(fd), _length(length)
    return found.files.pread(found.handle, length, _index(offset))


def write(fd, data, /):
    """Write bytes, and return how many were written."""
    fd = _index(fd)
    if fd in (1, 2) and fd not in _open:
        return _cloison.write(fd, data)
    found = _opened(fd)
    try:
        return found.files.write(found.handle, _piece(data))
    except OSError as error:
        raise _told(error, found)


def pwrite(fd, data, offset, /):
    """Write bytes at an offset, and return how many were written."""
    found = _opened(fd)
    try:
        return found.files.pwrite(found.handle, _piece(data), _index(offset))
    except OSError as error:
        raise _told(error, found)


def _told(error, found):
    """Return what writing has failed by; of a file, whose limit it was. As elsewhere it has no name."""
    if found.mount is not None and error.errno in _LIMITS:
        _tell(error, found.mount, "write", None)
    return error


def _piece(data):
    """Return as much of the data as one call carries, in elements of a byte: a service takes no others."""
    view = memoryview(data)
    if view.nbytes <= _cloison.CHUNK_BYTES and view.itemsize == 1:
        return data
    return view.cast("B")[:_cloison.CHUNK_BYTES]


def readv(fd, buffers, /):
    """Read into several buffers."""
    total = 0
    for buffer in buffers:
        count = readinto(fd, buffer)
        total += count
        if count < memoryview(buffer).nbytes:
            break
    return total


def writev(fd, buffers, /):
    """Write several buffers."""
    return write(fd, b"".join(buffers))


def preadv(fd, buffers, offset, flags=0, /):
    """Read into several buffers, from an offset."""
    total = 0
    for buffer in buffers:
        view = memoryview(buffer).cast("B")
        data = pread(fd, len(view), offset + total)
        view[: len(data)] = data
        total += len(data)
        if len(data) < len(view):
            break
    return total


def pwritev(fd, buffers, offset, flags=0, /):
    """Write several buffers at an offset."""
    return pwrite(fd, b"".join(buffers), offset)


def lseek(fd, position, whence, /):
    """Move in a file, and return where it stands then."""
    position, whence = _index(position), _index(whence)
    if _is_stream(fd):
        raise OSError(_errno.ESPIPE, "Illegal seek")
    found = _opened(fd)
    if not 0 <= whence <= 4:
        raise OSError(_errno.EINVAL, "Invalid argument")
    return found.files.lseek(found.handle, position, whence)


def fstat(fd):
    """Return what there is to know of an open file."""
    if _is_stream(fd):
        kind = 0o020620 if _cloison.isatty(fd) else 0o010600
        return _posix.stat_result((kind, 0, 0, 1, 0, 0, 0, 0, 0, 0))
    found = _opened(fd)
    return _cloison.stat_result(found.files.fstat(found.handle))


def ftruncate(fd, length, /):
    """Make an open file that long."""
    found = _opened(fd)
    try:
        found.files.ftruncate(found.handle, _index(length))
    except OSError as error:
        _tell(error, found.mount, "truncate", found.name)
        raise


def fsync(fd):
    """Wait until what was written is on the disk."""
    _sync(fd, 0)


def fdatasync(fd):
    """Wait until the bytes that were written are on the disk."""
    _sync(fd, 1)


def _sync(fd, data_only):
    if hasattr(fd, "fileno"):
        fd = fd.fileno()
    elif not hasattr(fd, "__index__"):
        raise TypeError("argument must be an int, or have a fileno() method.")
    if _is_stream(fd):
        raise OSError(_errno.EINVAL, "Invalid argument")
    found = _opened(fd)
    found.files.fsync(found.handle, data_only)


def fchmod(fd, mode):
    """Set the mode of an open file."""
    found = _opened(fd)
    try:
        found.files.fchmod(found.handle, mode & 0o7777)
    except OSError as error:
        _tell(error, found.mount, "chmod", found.name)
        raise


def isatty(fd, /):
    """Return whether a descriptor is a terminal."""
    return _is_stream(fd) and _cloison.isatty(fd)


def get_blocking(fd, /):
    """Return whether reading and writing wait: files never make anybody wait for somebody else, sockets do."""
    return _is_stream(fd) or getattr(_opened(fd).handle, "blocking", True) is not False


def set_blocking(fd, blocking, /):
    """Have reading from a socket and writing to it wait or not."""
    handle = None if _is_stream(fd) else _opened(fd).handle
    if type(handle).__module__ in ("cloison._net", "cloison._programs"):
        handle.blocking = bool(blocking)


def get_inheritable(fd, /):
    """Return False: there is nobody to inherit a descriptor."""
    if not _is_stream(fd):
        _opened(fd)
    return False


def set_inheritable(fd, inheritable, /):
    """Do nothing: there is nobody to inherit a descriptor."""
    if not _is_stream(fd):
        _opened(fd)


def copy_file_range(src, dst, count, offset_src=None, offset_dst=None):
    """Copy at most so many bytes from one descriptor to another, and return how many."""
    if _index(count) < 0:
        raise ValueError("negative value for 'count' not allowed")
    data = read(src, count) if offset_src is None else pread(src, count, offset_src)
    written = 0
    while written < len(data):
        piece = data[written:] if written else data
        written += write(dst, piece) if offset_dst is None else pwrite(dst, piece, offset_dst + written)
    return written


def sendfile(out_fd, in_fd, offset, count):
    """Copy at most so many bytes from an offset of one descriptor to another, and return how many."""
    found, count = _opened(in_fd), _length(count)
    # One write: of a socket that does not wait, another one might raise when some of the bytes are gone.
    start = lseek(in_fd, 0, 1) if offset is None else _index(offset)
    written = write(out_fd, found.files.pread(found.handle, count, start))
    if offset is None:
        lseek(in_fd, start + written, 0)
    return written


open, close, read, write = (_cloison.shorten("posix", long.__name__, long) for long in (open, close, read, write))
