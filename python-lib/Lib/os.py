"""What of module `os` a microprocess has: names, constants, paths as text, and files on the capabilities that give some.

Nothing here reaches the operating system: files are `cloison._files`. Functions for which there is no capability (processes,
users, the environment of the machine) exist, so that the standard library can be imported and ``hasattr`` tells what platform
this is, and raise `cloison.HostDenied`, a `PermissionError`, that says what would be needed.
"""

import abc
import sys

import _cloison
from cloison import _needs

name = "posix"
linesep = "\n"
error = OSError
environ = {}
environb = {}
supports_bytes_environ = True
supports_dir_fd = set()
supports_effective_ids = set()
supports_fd = set()
supports_follow_symlinks = set()

F_OK, X_OK, W_OK, R_OK = 0, 1, 2, 4
O_RDONLY, O_WRONLY, O_RDWR, O_ACCMODE = 0, 1, 2, 3
O_CREAT, O_EXCL, O_NOCTTY, O_TRUNC, O_APPEND = 0o100, 0o200, 0o400, 0o1000, 0o2000
O_NONBLOCK, O_DIRECTORY, O_NOFOLLOW, O_CLOEXEC = 0o4000, 0o200000, 0o400000, 0o2000000
SEEK_SET, SEEK_CUR, SEEK_END = 0, 1, 2
EX_OK, EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_UNAVAILABLE, EX_SOFTWARE = 0, 64, 65, 66, 69, 70
WNOHANG = 1
P_WAIT, P_NOWAIT = 0, 1


class PathLike(abc.ABC):
    """An object that stands for a path."""

    __slots__ = ()

    @abc.abstractmethod
    def __fspath__(self):
        """Return the path as `str` or `bytes`."""
        raise NotImplementedError

    @classmethod
    def __subclasshook__(cls, subclass):
        if cls is PathLike:
            return hasattr(subclass, "__fspath__")
        return NotImplemented

    __class_getitem__ = classmethod(type(list[int]))


class terminal_size(tuple):
    """Columns and lines of a terminal."""

    def __new__(cls, size):
        return super().__new__(cls, size)

    columns = property(lambda self: self[0])
    lines = property(lambda self: self[1])


def fspath(path):
    """Return `path` itself if it is `str` or `bytes`, else what its `__fspath__` gives."""
    if isinstance(path, (str, bytes)):
        return path
    kind = type(path)
    method = getattr(kind, "__fspath__", None)
    if method is None:
        raise TypeError(f"expected str, bytes or os.PathLike object, not {kind.__name__}")
    text = method(path)
    if not isinstance(text, (str, bytes)):
        raise TypeError(
            f"expected {kind.__name__}.__fspath__() to return str or bytes, not {type(text).__name__}"
        )
    return text


def fsencode(filename):
    """Return a file name as bytes."""
    filename = fspath(filename)
    return filename.encode("utf-8", "surrogateescape") if isinstance(filename, str) else filename


def fsdecode(filename):
    """Return a file name as text."""
    filename = fspath(filename)
    return filename.decode("utf-8", "surrogateescape") if isinstance(filename, bytes) else filename


def getenv(key, default=None):
    """Return `default`: a microprocess has an empty environment, and may fill `os.environ` for itself."""
    return environ.get(key, default)


def getenvb(key, default=None):
    """Return what `getenv` would, as bytes."""
    return environb.get(key, default)


def putenv(key, value):
    """Set a variable of this microprocess alone."""
    environ[fsdecode(key)] = fsdecode(value)


def unsetenv(key):
    """Drop a variable of this microprocess alone."""
    environ.pop(fsdecode(key), None)


def get_exec_path(env=None):
    """Return an empty list: there is nothing to execute."""
    return []


class uname_result(tuple):
    """The type of what `uname` gives."""

    sysname = property(lambda self: self[0])
    nodename = property(lambda self: self[1])
    release = property(lambda self: self[2])
    version = property(lambda self: self[3])
    machine = property(lambda self: self[4])

    def __repr__(self):
        names = ("sysname", "nodename", "release", "version", "machine")
        return f"posix.uname_result({', '.join(f'{name}={value!r}' for name, value in zip(names, self))})"


def uname():
    """Return the system and the processor. The kernel's release is nobody's business, and empty."""
    return uname_result(("Linux", "cloison", "", "", _cloison.machine()))


def getpid():
    """Return this process's number inside its own namespace."""
    return _cloison.getpid()


def getppid():
    """Return 0: the parent lives outside."""
    return 0


def cpu_count():
    """Return how many processors there are: that many microprocesses can run at the same time."""
    return _cloison.processors()


process_cpu_count = cpu_count


def urandom(size):
    """Return `size` random bytes from the kernel."""
    return _cloison.urandom(size)


def getrandom(size, flags=0):
    """Return `size` random bytes from the kernel."""
    return _cloison.urandom(size)


def strerror(code):
    """Return the text of an error number."""
    return _cloison.strerror(code)


def get_terminal_size(fd=1):
    """Return columns and lines of the terminal that a standard stream is."""
    return terminal_size(_cloison.terminal_size(fd))


def get_inheritable(fd):
    """Return False."""
    return False


def _exit(status):
    """End at once, without cleaning up."""
    _cloison.exit(status & 0xFF)


def abort():
    """End at once, as if by signal 6."""
    _cloison.exit(134)


_after_fork = []


def register_at_fork(*, before=None, after_in_parent=None, after_in_child=None):
    """Have `after_in_child` called when a microprocess starts from this template."""
    if after_in_child is not None:
        _after_fork.append(after_in_child)


def _fork_handlers():
    return _after_fork


for _name in _needs.OS_FUNCTIONS:
    if _name not in globals():
        globals()[_name] = _needs.denied_function(_name)
del _name


def WIFEXITED(status):
    """Return whether a process exited by itself."""
    return status & 0x7F == 0


def WEXITSTATUS(status):
    """Return its exit status."""
    return (status >> 8) & 0xFF


def WIFSIGNALED(status):
    """Return whether a signal ended a process."""
    return status & 0x7F not in (0, 0x7F)


def WTERMSIG(status):
    """Return that signal."""
    return status & 0x7F


def waitstatus_to_exitcode(status):
    """Return the exit status, or minus the signal."""
    return WEXITSTATUS(status) if WIFEXITED(status) else -WTERMSIG(status)


from cloison import _files  # noqa: E402 (it takes the place of what is defined above)

_files.install(sys.modules[__name__])
sys.modules["os"] = sys.modules[__name__]
import posixpath as path  # noqa: E402 (it imports this module)

sys.modules["os.path"] = path
from os.path import (  # noqa: E402
    altsep,
    curdir,
    defpath,
    devnull,
    extsep,
    pardir,
    pathsep,
    sep,
)

__all__ = [name for name in globals() if not name.startswith("_") and name not in ("abc", "sys")] + ["_exit"]
