"""Files, as `os` has them, on the capabilities of zone ``files`` that this process holds.

A path is looked up among the places of all these capabilities, and the longest one that it begins with says whose it is. What
happens below that place is the service's to do, and the kernel's to allow: nothing is decided here.

Descriptors are small numbers that are made here and mean nothing to the kernel; 0, 1 and 2 are the standard streams.
"""

import errno as _errno

import _cloison
import posix as _posix
from cloison import _needs
from cloison._folder import Folder

#: The most bytes that one call carries.
CHUNK = 4 << 20
#: How many bytes of names a listing asks for at once.
_NAMES = 64 << 10
_NOW = 0x7FFFFFFFFFFFFFFF
_STREAMS = (0, 1, 2)


class _Mount:
    """One place, and the capability that gives it."""

    def __init__(self, at, capability, rights, location):
        self.at = at.encode()
        self.beneath = b"/" if at == "/" else self.at + b"/"
        self.capability = capability
        self.rights = rights
        self.location = location

    def __getattr__(self, name):
        # Asked once: the broker is told of a capability when it is first used.
        if name != "files":
            raise AttributeError(name)
        files = _capabilities.get(self.capability)
        if files is None:
            files = _capabilities[self.capability] = _cloison.capability(self.capability)
        self.files = files
        return files


class _Open:
    """An open file: its mount, its handle in the zone, and the name that it was opened by."""

    __slots__ = ("files", "handle", "mount", "name")

    def __init__(self, mount, handle, name):
        self.files = mount.files
        self.handle = handle
        self.mount = mount
        self.name = name


_capabilities = {}
_mounts = None
_open = {}
_cwd = "/"
_umask = 0o022


def mounts():
    """Return the places of this process, the longest first."""
    global _mounts
    found = _mounts
    if found is None:
        given = _cloison.mounts()
        found = [_Mount(*mount) for mount in given or ()]
        taken = {mount.at for mount in found}
        for number, at in enumerate(_cloison.folders()):
            mount = _Mount(at, None, ("read", "list"), "the application's own folder")
            if mount.at not in taken:
                taken.add(mount.at)
                mount.files = Folder(number, mount.at)
                found.append(mount)
        found.sort(key=lambda mount: len(mount.at), reverse=True)
        # In a template this is not all: what it forks may hold capabilities.
        if given is not None:
            _mounts = found
    return found


# ---- Paths ----------------------------------------------------------------------------------------------------------


def _encode(path):
    """Return a path as bytes, as `os.fsencode` does."""
    path = _posix.fspath(path)
    return path.encode("utf-8", "surrogateescape") if isinstance(path, str) else path


def _decode(path):
    """Return a path as text, as `os.fsdecode` does."""
    path = _posix.fspath(path)
    return path.decode("utf-8", "surrogateescape") if isinstance(path, bytes) else path


def _absolute(path, name):
    """Return a path as bytes, from the root on."""
    if type(path) is not str:
        if isinstance(path, int):
            raise TypeError(f"{name}: path should be string, bytes or os.PathLike, not int")
        path = _posix.fspath(path)
    encoded = path.encode("utf-8", "surrogateescape") if isinstance(path, str) else path
    if b"\0" in encoded:
        raise ValueError("embedded null byte")
    if not encoded:
        raise FileNotFoundError(_errno.ENOENT, "No such file or directory", path)
    if encoded[:1] != b"/":
        encoded = _encode(_cwd) + b"/" + encoded
    return encoded


def _plain(path):
    """Return an absolute path without empty parts, ``.`` and ``..``."""
    if b"/." not in path and b"//" not in path and path[-1:] != b"/":
        return path
    parts = []
    for part in path.split(b"/"):
        if part == b"..":
            del parts[-1:]
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/" + b"/".join(parts)


def _route(path, name, making=False):
    """Return the mount that a path leads to, and the path as bytes."""
    absolute = _absolute(path, name)
    places = mounts()
    if not places:
        _needs.deny(f"{name}()", _needs.FILES, path)
    # `_plain`, where there is nothing to do.
    plain = absolute if b"/." not in absolute and b"//" not in absolute and absolute[-1:] != b"/" else _plain(absolute)
    for mount in places:
        if plain.startswith(mount.beneath) or plain == mount.at:
            return mount, absolute
    beneath = plain if plain == b"/" else plain + b"/"
    for mount in places:
        if mount.at.startswith(beneath):
            return mount, absolute
    raise _outside(path, name, making)


def _outside(path, name, making):
    """Return the error for a path that no capability has: it is not there; to make something there is denied."""
    places = mounts()
    text = ", ".join(f"{_decode(mount.at)} ({mount.location})" for mount in places)
    need = f"{_decode(path)!r} is below none of the roots of this process: {text}"
    if _cloison.parent() is not None:
        need += "; one that is spawned has the capabilities that `capabilities=` of spawn or of Executor gives it"
    elif making:
        need += "; `cloison add files FOLDER --create` grants one, and relative names begin at the current folder"
    if making:
        from cloison._errors import HostDenied

        return HostDenied(f"{name}(): {need}", path)
    error = FileNotFoundError(_errno.ENOENT, "No such file or directory", path)
    error.add_note(f"cloison: {need}")
    return error


#: What a function needs a right for, so that a denial can say which one is missing.
_RIGHTS = {
    "chmod": ("write",),
    "link": ("create",),
    "listdir": ("list",),
    "mkdir": ("create",),
    "rename": ("create", "delete"),
    "rmdir": ("delete",),
    "scandir": ("list",),
    "symlink": ("create",),
    "truncate": ("write",),
    "unlink": ("delete",),
    "utime": ("write",),
}


def _tell(error, mount, name, path, other=None, rights=None):
    """Give an error of the service the names that the program has for them, and say which right is missing."""
    error.filename = path
    if other is not None:
        error.filename2 = other
    if error.errno == _errno.EACCES:
        missing = [right for right in rights or _RIGHTS.get(name, ()) if right not in mount.rights]
        if missing:
            place = _decode(mount.at)
            missing = " and ".join(f'"{right}"' for right in missing)
            error.add_note(f"cloison: the root at {place} does not give {missing}: {mount.location}")


def _no_dir_fd(name, *descriptors):
    if any(descriptor is not None for descriptor in descriptors):
        raise NotImplementedError(f"{name}: dir_fd unavailable on this platform")


# ---- Results --------------------------------------------------------------------------------------------------------


def _stat_result(found):
    """Return what `stat` gives of what the service says."""
    access, modify, change = found.access_ns, found.modify_ns, found.change_ns
    numbers = (
        found.mode, found.inode, found.device, found.links, found.uid, found.gid, found.size,
        access // 1_000_000_000, modify // 1_000_000_000, change // 1_000_000_000,
    )
    more = {
        "st_atime": _seconds(access), "st_mtime": _seconds(modify), "st_ctime": _seconds(change),
        "st_atime_ns": access, "st_mtime_ns": modify, "st_ctime_ns": change,
        "st_blksize": found.block_size, "st_blocks": found.blocks, "st_rdev": 0,
    }
    return _posix.stat_result(numbers, more)


def _seconds(nanoseconds):
    # As CPython does it, to the last bit.
    return nanoseconds // 1_000_000_000 + 1e-9 * (nanoseconds % 1_000_000_000)


class DirEntry:
    """A name in a folder, and what kind of thing it is."""

    __slots__ = ("name", "path", "_kind", "_stat", "_lstat")

    def __init__(self):
        raise TypeError("cannot create 'posix.DirEntry' instances")

    @classmethod
    def _of(cls, name, path, kind):
        self = object.__new__(cls)
        self.name = name
        self.path = path
        self._kind = kind
        self._stat = self._lstat = None
        return self

    def __fspath__(self):
        """Return the entry's path."""
        return self.path

    def __repr__(self):
        return f"<DirEntry {self.name!r}>"

    def __class_getitem__(cls, item):
        """Return a generic alias."""
        import types

        return types.GenericAlias(cls, item)

    def is_symlink(self):
        """Return whether it is a symbolic link."""
        return self._is(_LINK, False)

    def is_dir(self, *, follow_symlinks=True):
        """Return whether it is a folder, or a link to one."""
        return self._is(_FOLDER, follow_symlinks)

    def is_file(self, *, follow_symlinks=True):
        """Return whether it is a regular file, or a link to one."""
        return self._is(_REGULAR, follow_symlinks)

    def is_junction(self):
        """Return False: there are none here."""
        return False

    def _is(self, kind, follow):
        if self._kind not in (_UNKNOWN, _LINK) or self._kind == _LINK and not follow:
            return self._kind == kind
        try:
            found = self.stat(follow_symlinks=follow)
        except FileNotFoundError:
            return False
        return found.st_mode & 0o170000 == kind << 12

    def stat(self, *, follow_symlinks=True):
        """Return what `os.stat` gives, asked once."""
        if follow_symlinks and self._kind in (_UNKNOWN, _LINK):
            if self._stat is None:
                self._stat = stat(self.path)
            return self._stat
        if self._lstat is None:
            self._lstat = lstat(self.path)
        return self._lstat

    def inode(self):
        """Return the inode's number."""
        return self.stat(follow_symlinks=False).st_ino


_UNKNOWN, _FOLDER, _REGULAR, _LINK = 0, 4, 8, 10


# ---- Open files -----------------------------------------------------------------------------------------------------


def _opened(fd):
    found = _open.get(fd)
    if found is None:
        raise _bad_descriptor(fd)
    return found


def _bad_descriptor(fd):
    if not hasattr(fd, "__index__"):
        return TypeError(f"an integer is required (got type {type(fd).__name__})")
    return OSError(_errno.EBADF, "Bad file descriptor")


def open(path, flags, mode=0o777, *, dir_fd=None):
    """Open a file, and return its descriptor."""
    if dir_fd is not None:
        _no_dir_fd("open", dir_fd)
    mount, absolute = _route(path, "open", flags & 0o100)
    try:
        handle = mount.files.open(absolute, flags, mode & ~_umask & 0o7777)
    except OSError as error:
        rights = _wanted(mount, absolute, flags) if error.errno == _errno.EACCES else None
        _tell(error, mount, "open", path, rights=rights)
        raise
    return enter(_Open(mount, handle, path))


def enter(opened):
    """Return the lowest number that is free, from now on that of a file, or of a socket (`cloison._net`)."""
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


def close(fd):
    """Close a descriptor."""
    found = _open.pop(fd, None) if isinstance(fd, int) else None
    if found is None:
        if fd in _STREAMS:
            return
        raise _bad_descriptor(fd)
    found.files.close(found.handle)


def closerange(fd_low, fd_high):
    """Close descriptors, ignoring errors."""
    for fd in [fd for fd in _open if fd_low <= fd < fd_high]:
        try:
            close(fd)
        except OSError:
            pass


def read(fd, length, /):
    """Read at most that many bytes."""
    if length < 0:
        raise OSError(_errno.EINVAL, "Invalid argument")
    found = _open.get(fd)
    if found is None:
        if fd == 0:
            buffer = bytearray(min(length, 1 << 20))
            return bytes(buffer[: _cloison.readinto(0, buffer)])
        raise _bad_descriptor(fd)
    return found.files.read(found.handle, length if length < CHUNK else CHUNK)


def readinto(fd, buffer, /):
    """Read into a buffer, and return how many bytes."""
    view = memoryview(buffer).cast("B")
    data = read(fd, len(view))
    view[: len(data)] = data
    return len(data)


def pread(fd, length, offset, /):
    """Read at most that many bytes at an offset."""
    if length < 0:
        raise OSError(_errno.EINVAL, "Invalid argument")
    found = _opened(fd)
    return found.files.pread(found.handle, min(length, CHUNK), offset)


def write(fd, data, /):
    """Write bytes, and return how many were written."""
    if fd in (1, 2) and fd not in _open:
        return _cloison.write(fd, data)
    found = _opened(fd)
    return found.files.write(found.handle, _piece(data))


def pwrite(fd, data, offset, /):
    """Write bytes at an offset, and return how many were written."""
    found = _opened(fd)
    return found.files.pwrite(found.handle, _piece(data), offset)


def _piece(data):
    """Return as much of the data as one call carries."""
    view = memoryview(data)
    if view.nbytes <= CHUNK:
        return data
    return view.cast("B")[:CHUNK]


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


def lseek(fd, position, whence, /):
    """Move in a file, and return where it stands then."""
    if fd in _STREAMS and fd not in _open:
        raise OSError(_errno.ESPIPE, "Illegal seek")
    found = _opened(fd)
    if not 0 <= whence <= 4:
        raise OSError(_errno.EINVAL, "Invalid argument")
    return found.files.lseek(found.handle, position, whence)


def fstat(fd):
    """Return what there is to know of an open file."""
    if fd in _STREAMS and fd not in _open:
        kind = 0o020620 if _cloison.isatty(fd) else 0o010600
        return _posix.stat_result((kind, 0, 0, 1, 0, 0, 0, 0, 0, 0))
    found = _opened(fd)
    return _stat_result(found.files.fstat(found.handle))


def ftruncate(fd, length, /):
    """Make an open file that long."""
    found = _opened(fd)
    try:
        found.files.ftruncate(found.handle, length)
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
    if fd in _STREAMS and fd not in _open:
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
    return fd in _STREAMS and fd not in _open and _cloison.isatty(fd)


def get_blocking(fd, /):
    """Return whether reading and writing wait: files never make anybody wait for somebody else, sockets do."""
    return fd in _STREAMS or getattr(_opened(fd).handle, "blocking", True) is not False


def set_blocking(fd, blocking, /):
    """Have reading from a socket and writing to it wait or not."""
    handle = None if fd in _STREAMS else _opened(fd).handle
    if type(handle).__module__ == "cloison._net":
        handle.blocking = bool(blocking)


def set_inheritable(fd, inheritable, /):
    """Do nothing: there is nobody to inherit a descriptor."""
    if fd not in _STREAMS:
        _opened(fd)


# ---- By name --------------------------------------------------------------------------------------------------------


def stat(path, *, dir_fd=None, follow_symlinks=True):
    """Return what there is to know of a file, or of a descriptor."""
    if dir_fd is not None:
        _no_dir_fd("stat", dir_fd)
    if isinstance(path, int):
        if isinstance(path, bool):
            import warnings

            warnings.warn("bool is used as a file descriptor", RuntimeWarning, 2)
        return fstat(path)
    mount, absolute = _route(path, "stat")
    try:
        found = mount.files.stat(absolute, 1 if follow_symlinks else 0)
    except OSError as error:
        _tell(error, mount, "stat", path)
        raise
    return _stat_result(found)


def lstat(path, *, dir_fd=None):
    """Return what there is to know of a file; of a symbolic link, of itself."""
    return stat(path, dir_fd=dir_fd, follow_symlinks=False)


def access(path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True):
    """Return whether that would work."""
    _no_dir_fd("access", dir_fd)
    if not mounts():
        _posix.fspath(path)
        return False
    try:
        mount, absolute = _route(path, "access")
        mount.files.access(absolute, mode & 7, 1 if follow_symlinks else 0)
    except OSError:
        return False
    return True


def _on_the_way(plain):
    """Return the names in a folder that lead to mounts."""
    beneath = plain if plain == b"/" else plain + b"/"
    return {other.at[len(beneath):].partition(b"/")[0] for other in mounts() if other.at.startswith(beneath) and other.at != b"/"}


def _entries(path, name):
    """Yield kinds and names, as bytes."""
    mount, absolute = _route(path, name)
    plain = _plain(absolute)
    way = _on_the_way(plain)
    for one in sorted(way):
        yield _FOLDER, one
    if plain != mount.at and not plain.startswith(mount.beneath):
        return
    files = mount.files
    try:
        listing = files.opendir(absolute)
    except OSError as error:
        _tell(error, mount, name, path)
        raise
    try:
        while batch := files.readdir(listing, _NAMES):
            for entry in batch[:-1].split(b"\0"):
                if not way or entry[1:] not in way:
                    yield entry[0] - 48, entry[1:]
    finally:
        listing.close()


class _Scan:
    """The entries of a folder, one after the other."""

    def __init__(self, path):
        self._bytes = isinstance(path, bytes)
        separator = b"/" if self._bytes else "/"
        self._prefix = path if path[-1:] == separator else path + separator
        self._entries = _entries(path, "scandir")
        # So that what is not there is told now.
        self._first = next(self._entries, None)

    def __iter__(self):
        return self

    def __next__(self):
        found, self._first = self._first, None
        if found is None:
            if self._entries is None:
                raise StopIteration
            try:
                found = next(self._entries)
            except StopIteration:
                self._entries = None
                raise
        kind, name = found
        if not self._bytes:
            name = name.decode("utf-8", "surrogateescape")
        return DirEntry._of(name, self._prefix + name, kind)

    def close(self):
        """Let go of the folder."""
        entries, self._entries, self._first = self._entries, None, None
        if entries is not None:
            entries.close()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()


def scandir(path=None):
    """Return an iterator over the entries of a folder."""
    return _Scan("." if path is None else _posix.fspath(path))


def listdir(path=None):
    """Return the names in a folder."""
    path = "." if path is None else path
    as_bytes = not isinstance(path, int) and isinstance(_posix.fspath(path), bytes)
    names = [name for _, name in _entries(path, "listdir")]
    return names if as_bytes else [name.decode("utf-8", "surrogateescape") for name in names]


def readlink(path, *, dir_fd=None):
    """Return what a symbolic link says."""
    _no_dir_fd("readlink", dir_fd)
    mount, absolute = _route(path, "readlink")
    try:
        target = mount.files.readlink(absolute)
    except OSError as error:
        _tell(error, mount, "readlink", path)
        raise
    return target if isinstance(_posix.fspath(path), bytes) else target.decode("utf-8", "surrogateescape")


def mkdir(path, mode=0o777, *, dir_fd=None):
    """Make a folder."""
    _no_dir_fd("mkdir", dir_fd)
    mount, absolute = _route(path, "mkdir", True)
    try:
        mount.files.mkdir(absolute, mode & ~_umask & 0o777)
    except OSError as error:
        _tell(error, mount, "mkdir", path)
        raise


def rmdir(path, *, dir_fd=None):
    """Remove an empty folder."""
    _no_dir_fd("rmdir", dir_fd)
    mount, absolute = _route(path, "rmdir")
    try:
        mount.files.rmdir(absolute)
    except OSError as error:
        _tell(error, mount, "rmdir", path)
        raise


def unlink(path, *, dir_fd=None):
    """Remove a file's name."""
    _no_dir_fd("unlink", dir_fd)
    mount, absolute = _route(path, "unlink")
    try:
        mount.files.unlink(absolute)
    except OSError as error:
        _tell(error, mount, "unlink", path)
        raise


def remove(path, *, dir_fd=None):
    """Remove a file's name."""
    unlink(path, dir_fd=dir_fd)


def _two(name, source, target):
    """Return mount and paths of what has to be below one root."""
    mount, old = _route(source, name)
    other, new = _route(target, name, True)
    if mount.files is not other.files:
        raise OSError(_errno.EXDEV, "Invalid cross-device link", source, None, target)
    return mount, old, new


def rename(src, dst, *, src_dir_fd=None, dst_dir_fd=None):
    """Give a file or folder another name; what had that name is replaced."""
    _no_dir_fd("rename", src_dir_fd, dst_dir_fd)
    mount, old, new = _two("rename", src, dst)
    try:
        mount.files.rename(old, new)
    except OSError as error:
        _tell(error, mount, "rename", src, dst)
        raise


def replace(src, dst, *, src_dir_fd=None, dst_dir_fd=None):
    """Give a file or folder another name; what had that name is replaced."""
    rename(src, dst, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)


def listxattr(path=None, *, follow_symlinks=True):
    """Return nothing: extended attributes are not a file's content, and no capability gives them."""
    return []


def getxattr(path, attribute, *, follow_symlinks=True):
    """Raise `OSError`: there is no such attribute."""
    raise OSError(_errno.ENODATA, "No data available", path)


def setxattr(path, attribute, value, flags=0, *, follow_symlinks=True):
    """Raise `OSError`: files have no extended attributes here."""
    raise OSError(_errno.ENOTSUP, "Operation not supported", path)


def removexattr(path, attribute, *, follow_symlinks=True):
    """Raise `OSError`: there is no such attribute."""
    raise OSError(_errno.ENODATA, "No data available", path)


def link(src, dst, *, src_dir_fd=None, dst_dir_fd=None, follow_symlinks=True):
    """Give a file one more name."""
    _no_dir_fd("link", src_dir_fd, dst_dir_fd)
    mount, old, new = _two("link", src, dst)
    try:
        mount.files.link(old, new)
    except OSError as error:
        _tell(error, mount, "link", src, dst)
        raise


def symlink(src, dst, target_is_directory=False, *, dir_fd=None):
    """Make a symbolic link at `dst`, which says `src`. An absolute path below the same root is written as a relative one."""
    _no_dir_fd("symlink", dir_fd)
    mount, absolute = _route(dst, "symlink", True)
    target = _encode(src)
    if target[:1] == b"/":
        import posixpath

        plain = _plain(target)
        if plain == mount.at or plain.startswith(mount.beneath):
            target = posixpath.relpath(plain, posixpath.dirname(_plain(absolute)))
    try:
        mount.files.symlink(target, absolute)
    except OSError as error:
        _tell(error, mount, "symlink", src, dst)
        if error.errno == _errno.EPERM:
            error.add_note("cloison: a link is relative, and stays below its root")
        raise


def chmod(path, mode, *, dir_fd=None, follow_symlinks=True):
    """Set the mode of a file."""
    _no_dir_fd("chmod", dir_fd)
    if isinstance(path, int):
        return fchmod(path, mode)
    if not follow_symlinks:
        raise NotImplementedError("chmod: follow_symlinks unavailable on this platform")
    mount, absolute = _route(path, "chmod")
    try:
        mount.files.chmod(absolute, mode & 0o7777)
    except OSError as error:
        _tell(error, mount, "chmod", path)
        raise


def utime(path, times=None, *, ns=None, dir_fd=None, follow_symlinks=True):
    """Set when a file was last read and changed."""
    _no_dir_fd("utime", dir_fd)
    if times is not None and ns is not None:
        raise ValueError("utime: you may specify either 'times' or 'ns' but not both")
    if ns is not None:
        if not isinstance(ns, tuple) or len(ns) != 2:
            raise TypeError("utime: 'ns' must be a tuple of two ints")
        moments = [int(moment) for moment in ns]
    elif times is not None:
        if not isinstance(times, tuple) or len(times) != 2:
            raise TypeError("utime: 'times' must be either a tuple of two ints or None")
        moments = [_nanoseconds(moment) for moment in times]
    else:
        moments = [_NOW, _NOW]
    if isinstance(path, int):
        found = _opened(path)
        return found.files.futimens(found.handle, *moments)
    mount, absolute = _route(path, "utime")
    try:
        mount.files.utimens(absolute, *moments, 1 if follow_symlinks else 0)
    except OSError as error:
        _tell(error, mount, "utime", path)
        raise


def _nanoseconds(moment):
    if isinstance(moment, int):
        return moment * 1_000_000_000
    seconds = int(moment // 1)
    return seconds * 1_000_000_000 + int((moment - seconds) * 1e9)


def truncate(path, length):
    """Make a file that long."""
    if isinstance(path, int):
        return ftruncate(path, length)
    mount, absolute = _route(path, "truncate")
    try:
        mount.files.truncate(absolute, length)
    except OSError as error:
        _tell(error, mount, "truncate", path)
        raise


def statvfs(path):
    """Return how much room there is where a file is."""
    if isinstance(path, int):
        path = _opened(path).name
    mount, absolute = _route(path, "statvfs")
    try:
        found = mount.files.statvfs(absolute)
    except OSError as error:
        _tell(error, mount, "statvfs", path)
        raise
    return _posix.statvfs_result((
        found.block_size, found.fragment_size, found.blocks, found.blocks_free, found.blocks_available, found.files,
        found.files_free, found.files_available, found.flags, found.name_max,
    ))


fstatvfs = statvfs


# ---- The current folder, and what is made of the above ---------------------------------------------------------------


def getcwd():
    """Return the current folder, which is this process's own."""
    return _cwd


def getcwdb():
    """Return the current folder as bytes."""
    return _encode(_cwd)


def chdir(path):
    """Make a folder the current one."""
    global _cwd
    if isinstance(path, int):
        path = _opened(path).name
    if stat(path).st_mode & 0o170000 != 0o040000:
        raise NotADirectoryError(_errno.ENOTDIR, "Not a directory", path)
    _cwd = _decode(_plain(_absolute(path, "chdir")))


def umask(mask, /):
    """Set which bits of a mode are left out when something is made, and return those of before."""
    global _umask
    before, _umask = _umask, mask & 0o777
    return before


def copy_file_range(src, dst, count, offset_src=None, offset_dst=None):
    """Copy at most so many bytes from one descriptor to another, and return how many."""
    if count < 0:
        raise ValueError("negative value for 'count' not allowed")
    data = read(src, count) if offset_src is None else pread(src, count, offset_src)
    written = 0
    while written < len(data):
        piece = data[written:] if written else data
        written += write(dst, piece) if offset_dst is None else pwrite(dst, piece, offset_dst + written)
    return written


def sendfile(out_fd, in_fd, offset, count):
    """Copy at most so many bytes from an offset of one descriptor to another, and return how many."""
    found = _opened(in_fd)
    if count < 0:
        raise OSError(_errno.EINVAL, "Invalid argument")
    # One write: of a socket that does not wait, another one might raise when some of the bytes are gone.
    start = lseek(in_fd, 0, 1) if offset is None else offset
    written = write(out_fd, found.files.pread(found.handle, min(count, CHUNK), start))
    if offset is None:
        lseek(in_fd, start + written, 0)
    return written


#: What `posix` has of here, and with it CPython's own `os`.
_FUNCTIONS = """
    access chdir chmod close closerange copy_file_range fchmod fdatasync fstat fstatvfs fsync ftruncate get_blocking getcwd getcwdb
    getxattr isatty link listdir listxattr lseek lstat mkdir open pread pwrite read readinto readlink readv remove removexattr
    rename replace rmdir scandir sendfile set_blocking set_inheritable setxattr stat statvfs symlink truncate umask unlink utime
    write writev
""".split()
#: What they take besides paths, as `os` wants to know it.
_TAKE = "HAVE_FCHMOD HAVE_FSTATVFS HAVE_FTRUNCATE HAVE_FUTIMENS HAVE_LSTAT HAVE_LUTIMES".split()


def install(posix):
    """Give the namespace of `posix` what works on files, as builtin functions."""
    own = globals()
    for name in _FUNCTIONS:
        function = own[name]
        posix[name] = _cloison.builtin(function.__name__, "posix", function.__doc__ or "", function)
    DirEntry.__module__ = "posix"
    posix["DirEntry"] = DirEntry
    posix["_have_functions"] += _TAKE
