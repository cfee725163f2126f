"""The application's own folder, as `cloison._files` has a capability of zone ``files``: the same functions, to read."""

import errno

import _cloison


class Folder:
    """One of the application's folders, below `at`."""

    def __init__(self, number, at):
        self._number = number
        self._at = at

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
            _refuse()
        if flags & 0o300 == 0o300:
            raise OSError(errno.EEXIST, "File exists")
        if below is None:
            raise OSError(errno.EISDIR, "Is a directory")
        try:
            contents = _cloison.folder_contents(self._number, below)
        except OSError as error:
            if error.errno == errno.ENOENT and flags & 0o100:
                _refuse()
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
        return _Status(*_cloison.folder_status(self._number, below, bool(follow)))

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
        return _cloison.folder_link(self._number, below)

    def opendir(self, path):
        """Begin to list a folder."""
        return _Listing(_cloison.folder_names(self._number, self._below(path) or b""))

    def readdir(self, listing, count=0):
        """Return all of it, once."""
        entries, listing.entries = listing.entries, []
        return b"".join(b"%c%b\0" % (48 + kind, name) for kind, name in entries)

    def statvfs(self, path):
        """Return that there is no room."""
        self.stat(path)
        return _Space()

    def _refuse_all(self, *args):
        _refuse()

    ftruncate = fchmod = futimens = write = pwrite = _refuse_all
    mkdir = rmdir = unlink = rename = link = symlink = chmod = utimens = truncate = _refuse_all


def _refuse():
    error = OSError(errno.EROFS, "Read-only file system")
    error.add_note("cloison: this is the application's own folder; in cloison.toml, [capabilities.files] with `roots` gives others")
    raise error


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
