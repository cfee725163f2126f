"""`open` and `io.FileIO`, on `os`."""

import errno as _errno

import _cloison
import _io
import posix
from cloison import _descriptors

_CHARACTERS = 0o020000


class _Mode:
    """What a mode of `FileIO` means."""

    __slots__ = ("appending", "flags", "name", "readable", "writable")

    def __init__(self, mode):
        letters = set(mode)
        if letters - set("xrwab+"):
            raise ValueError(f"invalid mode: {mode}")
        if sum(letter in "rwax" for letter in mode) != 1 or mode.count("+") > 1:
            raise ValueError("Must have exactly one of create/read/write/append mode and at most one plus")
        first, plus = next(letter for letter in mode if letter in "rwax"), "+" in letters
        self.appending = first == "a"
        self.readable = first == "r" or plus
        self.writable = first != "r" or plus
        flags = {"r": 0, "w": 0o1100, "x": 0o300, "a": 0o2100}[first]
        self.flags = flags | (2 if self.readable and self.writable else int(self.writable)) | 0o2000000
        self.name = f"{first if first != 'w' or not plus else 'r'}b{'+' if plus else ''}"


#: Mode → what it means, for those that programs have used.
_MODES = {}


class FileIO(_io._RawIOBase):
    """A file of bytes without a buffer: `FileIO(file, mode='r', closefd=True, opener=None)`.

    `file` is a path or a descriptor; `mode` one of ``r``, ``w``, ``x``, ``a``, perhaps with ``+`` and ``b``. `opener` is called
    with path and flags, and gives a descriptor.
    """

    __module__ = "_io"

    _fd = -1
    _mode = None
    _seekable = None
    _closefd = True
    _is_characters = False

    def __init__(self, file, mode="r", closefd=True, opener=None):
        if "_fd" in vars(self):
            self._begin_again()
        try:
            meant = _MODES[mode]
        except (KeyError, TypeError):
            if not isinstance(mode, str):
                raise TypeError(f"FileIO() argument 'mode' must be str, not {type(mode).__name__}") from None
            meant = _MODES[mode] = _Mode(mode)
        self._mode = meant
        is_path = not isinstance(file, (int, float))
        try:
            if is_path:
                self._open_path(file, meant.flags, closefd, opener)
            else:
                self._take(file, closefd)
            if meant.appending:
                self._go_to_end()
        except BaseException:
            # A descriptor that somebody else has opened stays theirs.
            if not is_path:
                self._fd = -1
            self._let_go()
            raise
        vars(self).pop("__closed", None)

    def _begin_again(self):
        """Let go of what was open, and be as at the beginning; closed, until something is open again."""
        self._let_go()
        for name in ("_closefd", "_is_characters", "_seekable"):
            vars(self).pop(name, None)
        # By this name `_IOBase` knows it.
        vars(self)["__closed"] = True

    def _open_path(self, file, flags, closefd, opener):
        if not closefd:
            raise ValueError("Cannot use closefd=False with file name")
        # What opens is a regular file: a folder has been refused.
        if opener is None:
            self._fd = _descriptors.open(file, flags, 0o666)
        else:
            self._take(self._open(file, flags, opener), True)
        self.name = file

    def _take(self, descriptor, closefd):
        """Use a descriptor that somebody else has opened."""
        if isinstance(descriptor, float):
            raise TypeError("integer argument expected, got float")
        if isinstance(descriptor, bool):
            import warnings

            warnings.warn("bool is used as a file descriptor", RuntimeWarning, stacklevel=3)
        if descriptor < 0:
            raise ValueError("negative file descriptor")
        status = _descriptors.fstat(descriptor)
        self._is_characters = status[0] & 0o170000 == _CHARACTERS
        self._closefd = closefd
        self._fd = self.name = int(descriptor)

    def _go_to_end(self):
        try:
            _descriptors.lseek(self._fd, 0, 2)
        except OSError as error:
            if error.errno != _errno.ESPIPE:
                raise

    @staticmethod
    def _open(file, flags, opener):
        descriptor = opener(file, flags)
        if not isinstance(descriptor, int):
            raise TypeError("expected integer from opener")
        if descriptor < 0:
            raise ValueError(f"opener returned {descriptor}")
        return descriptor

    def _let_go(self):
        descriptor, self._fd = self._fd, -1
        if self._closefd and descriptor >= 0:
            _descriptors.close(descriptor)

    def __del__(self):
        if self._fd >= 0 and self._closefd and not self.closed:
            import warnings

            warnings.warn(f"unclosed file {self!r}", ResourceWarning, stacklevel=2, source=self)
            self.close()

    def _dealloc_warn(self, source):
        if self._fd >= 0 and self._closefd and not self.closed:
            import warnings

            warnings.warn(f"unclosed file {source!r}", ResourceWarning, stacklevel=2, source=self)

    def __getstate__(self):
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")

    def __repr__(self):
        kind = f"{type(self).__module__}.{type(self).__qualname__}"
        if self.closed or self._fd < 0:
            return f"<{kind} [closed]>"
        about = f"name={self.name!r}" if hasattr(self, "name") else f"fd={self._fd}"
        return f"<{kind} {about} mode={self.mode!r} closefd={self._closefd!r}>"

    def _check(self):
        if self._fd < 0:
            raise ValueError("I/O operation on closed file")

    def _check_readable(self):
        self._check()
        if not self._mode.readable:
            raise _io.UnsupportedOperation("File not open for reading")

    def _check_writable(self):
        self._check()
        if not self._mode.writable:
            raise _io.UnsupportedOperation("File not open for writing")

    def read(self, size=-1, /):
        """Read at most `size` bytes in one call, or all there are."""
        if self._fd < 0 or not self._mode.readable:
            self._check_readable()
        if size is None:
            return self.readall()
        if not hasattr(size, "__index__"):
            raise TypeError(f"argument should be integer or None, not '{type(size).__name__}'")
        size = size.__index__()
        if size < 0:
            return self.readall()
        return _descriptors.read(self._fd, size)

    def readall(self):
        """Read all that is left."""
        if self._fd < 0 or not self._mode.readable:
            self._check_readable()
        # Most files are short.
        first = _descriptors.read(self._fd, _cloison.FIRST_BYTES)
        if not first:
            return first
        pieces, room = [first], 16 * _cloison.FIRST_BYTES
        while piece := _descriptors.read(self._fd, room):
            pieces.append(piece)
            room = min(room * 4, _cloison.CHUNK_BYTES)
        return first if len(pieces) == 1 else b"".join(pieces)

    def readinto(self, buffer, /):
        """Read into a buffer, and return how many bytes."""
        if self._fd < 0 or not self._mode.readable:
            self._check_readable()
        return _descriptors.readinto(self._fd, buffer)

    def write(self, data, /):
        """Write bytes in one call, and return how many were written."""
        if self._fd < 0 or not self._mode.writable:
            self._check_writable()
        return _descriptors.write(self._fd, data)

    def seek(self, pos, whence=0, /):
        """Move to `pos`, from the beginning, from here (1) or from the end (2)."""
        self._check()
        return _descriptors.lseek(self._fd, pos, whence)

    def tell(self):
        """Return where the file stands."""
        self._check()
        return _descriptors.lseek(self._fd, 0, 1)

    def truncate(self, size=None, /):
        """Make the file that long, or as long as where it stands."""
        self._check_writable()
        if size is None:
            size = self.tell()
        _descriptors.ftruncate(self._fd, size)
        return size

    def close(self):
        """Close the file; a second time is no error."""
        if self.closed:
            return
        try:
            # A class that is derived from this one may flush.
            super().close()
        finally:
            self._let_go()

    def seekable(self):
        """Return whether it can move."""
        self._check()
        if self._seekable is None:
            try:
                self.tell()
            except OSError:
                self._seekable = False
            else:
                self._seekable = True
        return self._seekable

    def readable(self):
        """Return whether it was opened to be read."""
        self._check()
        return self._mode.readable

    def writable(self):
        """Return whether it was opened to be written."""
        self._check()
        return self._mode.writable

    def fileno(self):
        """Return the descriptor."""
        self._check()
        return self._fd

    def isatty(self):
        """Return whether it is a terminal."""
        self._check()
        return _descriptors.isatty(self._fd)

    _blksize = property(lambda self: _descriptors.fstat(self.fileno()).st_blksize)
    closefd = property(lambda self: self._closefd, doc="Whether `close` closes the descriptor.")

    @property
    def mode(self):
        """The mode, as text."""
        return self._mode.name


FileIO.__module__ = "_io"
_MODES["r"] = _Mode("r")
_cloison.shorten_methods(FileIO, _MODES["r"])


class _OpenMode:
    """What a mode of `open` means."""

    __slots__ = ("buffer", "raw", "text", "wrapper")

    def __init__(self, mode):
        letters = set(mode)
        if letters - set("axrwb+t") or len(mode) > len(letters):
            raise ValueError(f"invalid mode: {mode!r}")
        if "t" in letters and "b" in letters:
            raise ValueError("can't have text and binary mode at once")
        if len(letters & set("rwax")) != 1:
            raise ValueError("must have exactly one of create/read/write/append mode")
        self.text = "b" not in letters
        self.raw = "".join(letter for letter in mode if letter not in "bt")
        if "+" in letters:
            self.wrapper = _io.BufferedRandom
        else:
            self.wrapper = _io.BufferedReader if "r" in letters else _io.BufferedWriter
        self.buffer = _cloison.BUFFER_BYTES if self.wrapper is _io.BufferedReader else _io.DEFAULT_BUFFER_SIZE


_OPEN_MODES = {}


def open(file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None):
    """Open a file and return a stream, as Python's `open` does."""
    try:
        meant = _OPEN_MODES[mode]
    except (KeyError, TypeError):
        _is("mode", mode, str)
        meant = _OPEN_MODES[mode] = _OpenMode(mode)
    if buffering != -1 or encoding is not None or errors is not None or newline is not None:
        _check_arguments(meant, buffering, encoding, errors, newline)
    if not isinstance(file, (str, int)):
        file = posix.fspath(file)
    result = raw = FileIO(file, meant.raw, closefd, opener)
    try:
        line_buffering = buffering == 1 or buffering < 0 and raw._is_characters and raw.isatty()
        if buffering == 0:
            if meant.text:
                raise ValueError("can't have unbuffered text I/O")
            return raw
        result = meant.wrapper(raw, meant.buffer if buffering < 2 else buffering)
        if not meant.text:
            return result
        encoding = "utf-8" if encoding is None or encoding == "locale" else encoding
        result = _io.TextIOWrapper(result, encoding, errors, newline, line_buffering)
        result.mode = mode
        return result
    except BaseException:
        result.close()
        raise


def _is(name, value, kind):
    if not isinstance(value, kind):
        raise TypeError(f"open() argument {name!r} must be {kind.__name__}, not {type(value).__name__}")


def _check_arguments(meant, buffering, encoding, errors, newline):
    _is("buffering", buffering, int)
    for name, value in (("encoding", encoding), ("errors", errors), ("newline", newline)):
        if value is None:
            continue
        _is(name, value, str)
        if not meant.text:
            raise ValueError(f"binary mode doesn't take {'an' if name[0] == 'e' else 'a'} {name} argument")
    if buffering == 1 and not meant.text:
        import warnings

        text = "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used"
        warnings.warn(text, RuntimeWarning, 3)


def open_code(path):
    """Open a file with code, to read its bytes."""
    return open(path, "rb")


def install(builtins):
    """Put `open` and `FileIO` where programs look for them, before `io` is defined."""
    builtins.open = _io.open = _cloison.shorten("_io", "open", open)
    _io.open_code = _cloison.builtin("open_code", "_io", f"open_code(path)\n--\n\n{open_code.__doc__}", open_code)
    _io.FileIO = FileIO
