"""`sys.stdin`, `sys.stdout` and `sys.stderr`: UTF-8 text over buffers over the three descriptors."""

import _io
import sys

import _cloison


class Stream(_io._RawIOBase):
    """One standard stream, unbuffered. There are no others."""

    def __init__(self, fd, name, mode):
        self._fd = fd
        self.name = name
        self.mode = mode
        if fd != 0:
            # No bytecode of ours around the system call: an interrupt behind it would have the buffer write the same again.
            self.write = type(self.fileno)(_cloison.write, fd)

    def readable(self):
        """Return whether this is the input."""
        return self._fd == 0

    def writable(self):
        """Return whether this is an output."""
        return self._fd != 0

    def seekable(self):
        """Return False: a stream only goes on."""
        return False

    def fileno(self):
        """Return 0, 1 or 2."""
        return self._fd

    def isatty(self):
        """Return whether it is a terminal."""
        return _cloison.isatty(self._fd)

    def readinto(self, buffer):
        """Read at most as many bytes as fit; 0 at the end."""
        if self._fd != 0:
            raise _io.UnsupportedOperation("not readable")
        return _cloison.readinto(self._fd, buffer)

    def write(self, data):
        """Write some of the bytes, and return how many; of the input, refuse."""
        raise _io.UnsupportedOperation("not writable")


def _output(fd, name, errors):
    raw = Stream(fd, name, "wb")
    stream = _io.TextIOWrapper(
        _io.BufferedWriter(raw, 65536 if fd == 1 else 8192),
        "utf-8",
        errors,
        "\n",
        fd == 2 or raw.isatty(),
    )
    stream.mode = "w"
    return stream


def install():
    """Put fresh streams in place, with empty buffers and buffering as the descriptors are now."""
    stdin = _io.TextIOWrapper(_io.BufferedReader(Stream(0, "<stdin>", "rb"), 65536), "utf-8", "surrogateescape")
    stdin.mode = "r"
    sys.stdin = sys.__stdin__ = stdin
    sys.stdout = sys.__stdout__ = _output(1, "<stdout>", "surrogateescape")
    sys.stderr = sys.__stderr__ = _output(2, "<stderr>", "backslashreplace")
