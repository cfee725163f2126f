"""The application's own folder, and that of the standard library, as `cloison._files` has a capability of zone ``files``: the same functions,
to read.
"""

import errno
import sys

import _cloison

#: The folders that Python and the standard library seem to lie in: what `sysconfig` says, too.
PROGRAMS = f"{sys.prefix}/bin"
LIBRARY = f"{sys.prefix}/lib/rustpython{sys.version_info.major}.{sys.version_info.minor}t"


class Folder:
    """One of the application's folders, below `at`."""

    #: What it is, for people.
    _WHAT = "the application's own folder"

    def __init__(self, number, at):
        self._number = number
        self._at = at

    def _contents(self, below):
        return _cloison.folder_contents(self._number, below)

    def _status(self, below, follow):
        return _cloison.folder_status(self._number, below, follow)

    def _link(self, below):
        return _cloison.folder_link(self._number, below)

    def _names(self, below):
        return _cloison.folder_names(self._number, below)

    def _below(self, path):
        """Return a plain path relative to the folder; None for what only leads to it."""
        from cloison import _places

        plain = _places._plain(path)
        if plain == self._at:
            return b""
        beneath = b"/" if self._at == b"/" else self._at + b"/"
        return plain[len(beneath):] if plain.startswith(beneath) else None

    def open(self, path, flags, mode=0o666):
        """Open a file: all of it is read now."""
        below = self._below(path)
        if flags & 0o1000003:
            self._refuse()
        if flags & 0o300 == 0o300:
            raise OSError(errno.EEXIST, "File exists")
        if below is None:
            raise OSError(errno.EISDIR, "Is a directory")
        try:
            contents = self._contents(below)
        except OSError as error:
            if error.errno == errno.ENOENT and flags & 0o100:
                self._refuse()
            if error.errno == errno.EFBIG:
                error.add_note("cloison: of the application's own folder, files of at most 16 MiB are read; "
                               "[capabilities.files] with a root has no such limit")
            raise
        return _Opened(contents, self.stat(path, 1))

    def close(self, opened):
        """Let go of it."""

    def read(self, opened, count):
        """Read from where it stands."""
        data = opened.contents[opened.position : opened.position + count]
        opened.position += len(data)
        return data

    def pread(self, opened, count, offset):
        """Read from an offset."""
        if offset < 0:
            raise OSError(errno.EINVAL, "Invalid argument")
        return opened.contents[offset : offset + count]

    def lseek(self, opened, offset, whence=0):
        """Move."""
        length = len(opened.contents)
        if whence in (3, 4):
            if not 0 <= offset < length:
                raise OSError(errno.ENXIO, "No such device or address")
            position = offset if whence == 3 else length
        else:
            position = offset + (0, opened.position, length)[whence]
        if position < 0:
            raise OSError(errno.EINVAL, "Invalid argument")
        opened.position = position
        return position

    def fstat(self, opened):
        """Return what there is to know of it."""
        return opened.status

    def fsync(self, opened, data_only=0):
        """Do nothing: nothing was written."""

    def stat(self, path, follow=1):
        """Return what there is to know."""
        below = self._below(path)
        if below is None:
            return _Status(0o040555, 0, 0, 2, 0, 0)
        return _Status(*self._status(below, bool(follow)))

    def access(self, path, mode=0, follow=1):
        """Raise what opening would."""
        found = self.stat(path, follow)
        if mode & 2 or mode & 1 and not found.mode & 0o111:
            raise OSError(errno.EACCES, "Permission denied")

    def readlink(self, path):
        """Return what a link says."""
        below = self._below(path)
        if not below:
            raise OSError(errno.EINVAL, "Invalid argument")
        return self._link(below)

    def opendir(self, path):
        """Begin to list a folder."""
        return _Listing(self._names(self._below(path) or b""))

    def readdir(self, listing, count=0):
        """Return all of it, once."""
        entries, listing.entries = listing.entries, []
        return b"".join(b"%c%b\0" % (48 + kind, name) for kind, name in entries)

    def statvfs(self, path):
        """Return that there is no room."""
        self.stat(path)
        return _Space()

    def _refuse(self, *args):
        error = OSError(errno.EROFS, "Read-only file system")
        error.add_note(f"cloison: this is {self._WHAT}; in cloison.toml, [capabilities.files] with `roots` gives others")
        raise error

    def _refuse_of(self, path, *args):
        # What is not there cannot be removed, and who has only wanted that is content.
        self.stat(path, 0)
        self._refuse()

    ftruncate = fchmod = futimens = write = pwrite = mkdir = link = symlink = _refuse
    rmdir = unlink = rename = chmod = utimens = truncate = _refuse_of


class Library(Folder):
    """The sources of the standard library, which are in this very program: nothing is asked for to read them."""

    _WHAT = "the standard library's folder"
    _MODE = 0o100444
    _tree = None

    def __init__(self, at):
        super().__init__(-1, at)
        #: Path → the number of what is there; and the length of a file, as soon as somebody has asked.
        self._inodes = {}
        self._sizes = {}

    def _make_tree(self):
        return _tree_of_modules()

    def _found(self, below):
        """Return what is there: the name of a module, or, of a folder, its names with their kinds, sorted."""
        if self._tree is None:
            self._tree = self._make_tree()
            self._inodes = {path: number for number, path in enumerate(self._tree, 1)}
        found = self._tree.get(below)
        if found is None:
            parent = below.rpartition(b"/")[0]
            is_in_file = isinstance(self._tree.get(parent), str)
            raise OSError(*(errno.ENOTDIR, "Not a directory") if is_in_file else (errno.ENOENT, "No such file or directory"))
        return found

    def _contents(self, below):
        import zlib

        found = self._found(below)
        if not isinstance(found, str):
            raise OSError(errno.EISDIR, "Is a directory")
        return zlib.decompress(_cloison.library_source(found)) if found else b""

    def _status(self, below, follow):
        found = self._found(below)
        inode = self._inodes[below]
        if not isinstance(found, str):
            return 0o040555, inode, 0, 2, 0, 0
        size = self._sizes.get(below)
        if size is None:
            size = self._sizes[below] = len(self._contents(below))
        return self._MODE, inode, 0, 1, size, 0

    def _link(self, below):
        self._found(below)
        raise OSError(errno.EINVAL, "Invalid argument")

    def _names(self, below):
        found = self._found(below)
        if isinstance(found, str):
            raise OSError(errno.ENOTDIR, "Not a directory")
        return found


class Programs(Library):
    """Where `sys.executable` stands: an empty file, which `subprocess` starts a microprocess for."""

    _WHAT = "the folder of sys.executable"
    _MODE = 0o100555

    def _make_tree(self):
        return {b"": [(8, b"python3")], b"python3": ""}


def _tree_of_modules():
    """Return path → the name of the frozen module whose source is there, or, of a folder, what `folder_names` gives."""
    import _imp

    tree, folders = {}, {b"": []}
    for name in sorted(_imp._frozen_module_names()):
        if _cloison.library_source(name) is None:
            continue
        path = name.encode().replace(b".", b"/")
        if _imp.is_frozen_package(name):
            folders.setdefault(path, [])
            path += b"/__init__"
        tree[path + b".py"] = name
    for path in [*folders, *tree]:
        parent, _, last = path.rpartition(b"/")
        if last:
            folders.setdefault(parent, []).append((4 if path in folders else 8, last))
    return tree | folders


class _Opened:
    def __init__(self, contents, status):
        self.contents = contents
        self.position = 0
        self.status = status


class _Listing:
    def __init__(self, entries):
        self.entries = entries

    def close(self):
        """Let go of it."""


class _Status:
    uid = gid = 0
    block_size = 4096

    def __init__(self, mode, inode, device, links, size, modify_ns):
        self.mode, self.inode, self.device, self.links, self.size = mode, inode, device, links, size
        self.access_ns = self.modify_ns = self.change_ns = modify_ns
        self.blocks = -(-size // 512)


class _Space:
    block_size = fragment_size = 4096
    blocks = blocks_free = blocks_available = files = files_free = files_available = 0
    flags, name_max = 1, 255
