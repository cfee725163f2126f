"""Files by name, as `os` has them, on the capabilities of zone ``files`` that this process holds.

`cloison._places` says whose a path is, `cloison._descriptors` has open files.
"""

import errno as _errno

import _cloison
import posix as _posix
from cloison import _descriptors, _places
from cloison._descriptors import _opened, fchmod, fstat, ftruncate
from cloison._places import _absolute, _change, _decode, _encode, _masked, _no_dir_fd, _plain, _route, _tell, shown

#: How many bytes of names a listing asks for at once.
_NAMES = 64 << 10
_NOW = 0x7FFFFFFFFFFFFFFF


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

    def __reduce__(self):
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")

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
    return _cloison.stat_result(found)


stat = _cloison.shorten("posix", "stat", stat)


def lstat(path, *, dir_fd=None):
    """Return what there is to know of a file; of a symbolic link, of itself."""
    return stat(path, dir_fd=dir_fd, follow_symlinks=False)


def access(path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True):
    """Return whether that would work."""
    _no_dir_fd("access", dir_fd)
    try:
        mount, absolute = _route(path, "access")
        mount.files.access(absolute, mode & 7, 1 if follow_symlinks else 0)
    except OSError:
        return False
    return True


def _on_the_way(plain):
    """Return the names in a folder that lead to mounts."""
    beneath = plain if plain == b"/" else plain + b"/"
    return {other.at[len(beneath):].partition(b"/")[0] for other in shown() if other.at.startswith(beneath) and other.at != b"/"}


def _parts(path, name):
    """Yield what is in a folder, in parts: of each entry a letter for its kind, its name, and a zero."""
    mount, absolute = _route(path, name)
    plain = _plain(absolute)
    way = _on_the_way(plain)
    if way:
        yield b"".join(b"%d%b\0" % (_FOLDER, one) for one in sorted(way))
    if plain != mount.at and not plain.startswith(mount.beneath):
        return
    files = mount.files
    try:
        listing = files.opendir(absolute)
    except OSError as error:
        _tell(error, mount, name, path)
        raise
    try:
        while part := files.readdir(listing, _NAMES):
            if way:
                part = b"".join(entry + b"\0" for entry in part[:-1].split(b"\0") if entry[1:] not in way)
            yield part
    finally:
        listing.close()


def _entries(path, name):
    """Yield kinds and names, as bytes."""
    for part in _parts(path, name):
        for entry in part.split(b"\0")[:-1]:
            yield entry[0] - 48, entry[1:]


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
    names = []
    for part in _parts(path, "listdir"):
        names += _cloison.entry_names(part, as_bytes)
    return names


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
        mount.files.mkdir(absolute, _masked(mode) & 0o777)
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


def chdir(path):
    """Make a folder the current one."""
    if isinstance(path, int):
        path = _opened(path).name
    if stat(path).st_mode & 0o170000 != 0o040000:
        raise NotADirectoryError(_errno.ENOTDIR, "Not a directory", path)
    _change(_decode(_plain(_absolute(path, "chdir"))))


#: What `posix` has of these three modules, and with it CPython's own `os`.
_FUNCTIONS = """
    access chdir chmod close closerange copy_file_range dup dup2 fchmod fdatasync fstat fstatvfs fsync ftruncate get_blocking
    get_inheritable getcwd getcwdb getxattr isatty link listdir listxattr lseek lstat mkdir open pread preadv pwrite pwritev read
    readinto readlink readv remove removexattr
    rename replace rmdir scandir sendfile set_blocking set_inheritable setxattr stat statvfs symlink truncate umask unlink utime
    write writev
""".split()
#: What they take besides paths, as `os` wants to know it.
_TAKE = "HAVE_FCHMOD HAVE_FSTATVFS HAVE_FTRUNCATE HAVE_FUTIMENS HAVE_LSTAT HAVE_LUTIMES".split()


def install(posix):
    """Give the namespace of `posix` what works on files, as builtin functions."""
    own = {**vars(_places), **vars(_descriptors), **globals()}
    for name in _FUNCTIONS:
        function = own[name]
        if isinstance(function, type(_cloison.builtin)):
            posix[name] = function
        else:
            posix[name] = _cloison.builtin(function.__name__, "posix", function.__doc__ or "", function)
    DirEntry.__module__ = "posix"
    posix["DirEntry"] = DirEntry
    posix["_have_functions"] += _TAKE
