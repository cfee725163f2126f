"""What CPython's `os` is defined on: the names and constants of Linux, and what can be answered without asking the operating system.

Nothing here reaches it: files are `cloison._files`, on the capabilities that give some. Functions that nothing gives (processes, users)
raise `cloison.HostDenied`, a `PermissionError` that says what would be needed. What is asked while modules are imported has an answer:
nobody's user.
"""

import _cloison
from cloison import _native, _needs

error = OSError
#: CPython's own `os` makes `os.environ` and `os.environb` of it.
environ = {}
#: What functions take besides paths: `cloison._files` says it.
_have_functions = []

globals().update(
    CLD_CONTINUED=6, CLD_DUMPED=3, CLD_EXITED=1, CLD_KILLED=2, CLD_STOPPED=5, CLD_TRAPPED=4, CLONE_FILES=1024,
    CLONE_FS=512, CLONE_NEWCGROUP=33554432, CLONE_NEWIPC=134217728, CLONE_NEWNET=1073741824, CLONE_NEWNS=131072,
    CLONE_NEWPID=536870912, CLONE_NEWTIME=128, CLONE_NEWUSER=268435456, CLONE_NEWUTS=67108864, CLONE_SIGHAND=2048,
    CLONE_SYSVSEM=262144, CLONE_THREAD=65536, CLONE_VM=256, EFD_CLOEXEC=524288, EFD_NONBLOCK=2048, EFD_SEMAPHORE=1,
    EX_CANTCREAT=73, EX_CONFIG=78, EX_DATAERR=65, EX_IOERR=74, EX_NOHOST=68, EX_NOINPUT=66, EX_NOPERM=77,
    EX_NOUSER=67, EX_OK=0, EX_OSERR=71, EX_OSFILE=72, EX_PROTOCOL=76, EX_SOFTWARE=70, EX_TEMPFAIL=75,
    EX_UNAVAILABLE=69, EX_USAGE=64, F_LOCK=1, F_OK=0, F_TEST=3, F_TLOCK=2, F_ULOCK=0, GRND_NONBLOCK=1,
    GRND_RANDOM=2, MFD_ALLOW_SEALING=2, MFD_CLOEXEC=1, MFD_HUGETLB=4, MFD_HUGE_16GB=2281701376,
    MFD_HUGE_16MB=1610612736, MFD_HUGE_1GB=2013265920, MFD_HUGE_1MB=1342177280, MFD_HUGE_256MB=1879048192,
    MFD_HUGE_2GB=2080374784, MFD_HUGE_2MB=1409286144, MFD_HUGE_32MB=1677721600, MFD_HUGE_512KB=1275068416,
    MFD_HUGE_512MB=1946157056, MFD_HUGE_64KB=1073741824, MFD_HUGE_8MB=1543503872, MFD_HUGE_MASK=63,
    MFD_HUGE_SHIFT=26, NGROUPS_MAX=65536, O_ACCMODE=3, O_APPEND=1024, O_ASYNC=8192, O_CLOEXEC=524288, O_CREAT=64,
    O_DIRECT=16384, O_DIRECTORY=65536, O_DSYNC=4096, O_EXCL=128, O_FSYNC=1052672, O_LARGEFILE=0, O_NDELAY=2048,
    O_NOATIME=262144, O_NOCTTY=256, O_NOFOLLOW=131072, O_NONBLOCK=2048, O_PATH=2097152, O_RDONLY=0, O_RDWR=2,
    O_RSYNC=1052672, O_SYNC=1052672, O_TMPFILE=4259840, O_TRUNC=512, O_WRONLY=1, POSIX_FADV_DONTNEED=4,
    POSIX_FADV_NOREUSE=5, POSIX_FADV_NORMAL=0, POSIX_FADV_RANDOM=1, POSIX_FADV_SEQUENTIAL=2, POSIX_FADV_WILLNEED=3,
    POSIX_SPAWN_CLOSE=1, POSIX_SPAWN_CLOSEFROM=3, POSIX_SPAWN_DUP2=2, POSIX_SPAWN_OPEN=0, PRIO_PGRP=1,
    PRIO_PROCESS=0, PRIO_USER=2, P_ALL=0, P_PGID=2, P_PID=1, P_PIDFD=3, RTLD_DEEPBIND=8, RTLD_GLOBAL=256,
    RTLD_LAZY=1, RTLD_LOCAL=0, RTLD_NODELETE=4096, RTLD_NOLOAD=4, RTLD_NOW=2, RWF_APPEND=16, RWF_DSYNC=2,
    RWF_HIPRI=1, RWF_NOWAIT=8, RWF_SYNC=4, R_OK=4, SCHED_BATCH=3, SCHED_FIFO=1, SCHED_IDLE=5, SCHED_OTHER=0,
    SCHED_RESET_ON_FORK=1073741824, SCHED_RR=2, SEEK_DATA=3, SEEK_HOLE=4, SPLICE_F_MORE=4, SPLICE_F_MOVE=1,
    SPLICE_F_NONBLOCK=2, ST_APPEND=256, ST_MANDLOCK=64, ST_NOATIME=1024, ST_NODEV=4, ST_NODIRATIME=2048,
    ST_NOEXEC=8, ST_NOSUID=2, ST_RDONLY=1, ST_RELATIME=4096, ST_SYNCHRONOUS=16, ST_WRITE=128, TFD_CLOEXEC=524288,
    TFD_NONBLOCK=2048, TFD_TIMER_ABSTIME=1, TFD_TIMER_CANCEL_ON_SET=2, TMP_MAX=238328, WCONTINUED=8, WEXITED=4,
    WNOHANG=1, WNOWAIT=16777216, WSTOPPED=2, WUNTRACED=2, W_OK=2, XATTR_CREATE=1, XATTR_REPLACE=2,
    XATTR_SIZE_MAX=65536, X_OK=1,
)

confstr_names = {"CS_PATH": 0}
pathconf_names = {}
#: What is the same everywhere, or known anyway. The rest is "no limit known".
_SYSTEM = {"SC_CLK_TCK": (2, 100), "SC_IOV_MAX": (60, 1024), "SC_PAGESIZE": (30, 4096), "SC_PAGE_SIZE": (30, 4096)}
sysconf_names = {name: number for name, (number, _) in _SYSTEM.items()}
sysconf_names.update(SC_ARG_MAX=0, SC_NPROCESSORS_CONF=83, SC_NPROCESSORS_ONLN=84, SC_OPEN_MAX=4, SC_SEM_NSEMS_MAX=32)

_NOBODY = 65534


class stat_result(_native.structure(
    "os", "stat_result", "st_mode st_ino st_dev st_nlink st_uid st_gid st_size - - -",
    "st_atime st_mtime st_ctime st_atime_ns st_mtime_ns st_ctime_ns st_blksize st_blocks st_rdev",
)):
    """The type of what `stat` would give."""

    __module__ = "os"


def _time(index, name):
    def time(self):
        given = self._hidden.get(name)
        return self[index] if given is None else given

    return property(time)


stat_result.st_atime, stat_result.st_mtime, stat_result.st_ctime = map(_time, (7, 8, 9), ("st_atime", "st_mtime", "st_ctime"))
del _time
statvfs_result = _native.structure(
    "os", "statvfs_result", "f_bsize f_frsize f_blocks f_bfree f_bavail f_files f_ffree f_favail f_flag f_namemax", "f_fsid"
)
terminal_size = _native.structure("os", "terminal_size", "columns lines")
times_result = _native.structure("posix", "times_result", "user system children_user children_system elapsed")
uname_result = _native.structure("posix", "uname_result", "sysname nodename release version machine")
waitid_result = _native.structure("posix", "waitid_result", "si_pid si_uid si_signo si_status si_code")


class sched_param(_native.structure("posix", "sched_param", "sched_priority")):
    """A scheduling parameter."""

    __module__ = "posix"

    def __new__(cls, sched_priority):
        return super().__new__(cls, (sched_priority,))

    def __reduce__(self):
        return type(self), tuple(self)


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


def _create_environ():
    """Return the variables that the process was given: none."""
    return {}


def putenv(name, value):
    """Look at a variable: no other program is there to see it. `os.environ` keeps it."""
    for text in (name, value):
        if "\0" in text if isinstance(text, str) else b"\0" in text:
            raise ValueError("embedded null byte")
    unsetenv(name)


def unsetenv(name):
    """Look at a name, for the same reason."""
    if not name or ("=" in name if isinstance(name, str) else b"=" in name):
        raise ValueError("illegal environment variable name")


def confstr(name):
    """Return where standard programs are, ``CS_PATH``, and nothing of the rest."""
    if name in ("CS_PATH", 0):
        return "/bin:/usr/bin"
    if isinstance(name, str):
        raise ValueError("unrecognized configuration name")
    return None


def sysconf(name):
    """Return what is the same everywhere, the number of processors, and -1 for "no limit known"."""
    if isinstance(name, str):
        if name not in sysconf_names:
            raise ValueError("unrecognized configuration name")
        name = sysconf_names[name]
    if name in (83, 84):
        return cpu_count()
    return next((value for number, value in _SYSTEM.values() if number == name), -1)


def uname():
    """Return the system and the processor. The kernel's release is nobody's business, and empty."""
    return uname_result(("Linux", "cloison", "", "", _cloison.machine()))


def getuid():
    """Return nobody's number."""
    return _NOBODY


def getgid():
    """Return nobody's group."""
    return _NOBODY


def geteuid():
    """Return nobody's number."""
    return _NOBODY


def getegid():
    """Return nobody's group."""
    return _NOBODY


def getresuid():
    """Return nobody's number, three times."""
    return _NOBODY, _NOBODY, _NOBODY


def getresgid():
    """Return nobody's group, three times."""
    return _NOBODY, _NOBODY, _NOBODY


def getgroups():
    """Return nothing."""
    return []


def ctermid():
    """Return the name of the terminal, which cannot be opened."""
    return "/dev/tty"


def getpid():
    """Return this process's number inside its own namespace."""
    return _cloison.getpid()


def getppid():
    """Return 0: the parent lives outside."""
    return 0


def times():
    """Return the processor time of this process, and the time that goes on."""
    import time

    return times_result((time.process_time(), 0.0, 0.0, 0.0, time.monotonic()))


def cpu_count():
    """Return how many processors there are: that many microprocesses can run at the same time."""
    return _cloison.processors()


def sched_getaffinity(pid):
    """Return the numbers of that many processors."""
    return set(range(_cloison.processors()))


def sched_yield():
    """Do nothing: this process has one thread."""


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


def _exit(status):
    """End at once, without cleaning up."""
    _cloison.exit(status & 0xFF)


def abort():
    """End at once, as if by signal 6."""
    _cloison.exit(134)


_after_fork = []
#: What these do after a fork is not needed with one thread, or done by `cloison._boot.after_fork`.
_NEEDS_NONE = "asyncio.events concurrent.futures.thread logging multiprocessing.resource_tracker random threading".split()


def register_at_fork(*, before=None, after_in_parent=None, after_in_child=None):
    """Have `after_in_child` called when a microprocess starts from this template, before its function. If it raises, that is not called."""
    import sys

    if after_in_child is not None and sys._getframe(1).f_globals.get("__name__") not in _NEEDS_NONE:
        _after_fork.append(after_in_child)


def _fork_handlers():
    return _after_fork


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


def WIFSTOPPED(status):
    """Return whether a process has been stopped."""
    return status & 0xFF == 0x7F


def WSTOPSIG(status):
    """Return the signal that stopped it."""
    return (status >> 8) & 0xFF


def WIFCONTINUED(status):
    """Return whether a process goes on after a stop."""
    return status == 0xFFFF


def WCOREDUMP(status):
    """Return whether a core was dumped."""
    return bool(status & 0x80)


def waitstatus_to_exitcode(status):
    """Return the exit status, or minus the signal."""
    if WIFEXITED(status):
        return WEXITSTATUS(status)
    if WIFSIGNALED(status):
        return -WTERMSIG(status)
    if WIFSTOPPED(status):
        raise ValueError(f"process stopped by delivery of signal {WSTOPSIG(status)}")
    raise ValueError(f"invalid wait status: {status}")


def major(device):
    """Return the major number of a device."""
    return device >> 8 & 0xFFF | device >> 32 & ~0xFFF


def minor(device):
    """Return the minor number of a device."""
    return device & 0xFF | device >> 12 & ~0xFF


def makedev(major, minor):
    """Return the number of a device."""
    return (major & 0xFFF) << 8 | (major & ~0xFFF) << 32 | minor & 0xFF | (minor & ~0xFF) << 12


_native.as_builtins(globals(), __name__)
for _need, _names in _needs.POSIX_FUNCTIONS:
    globals().update((_name, _needs.denied(_name, "posix", _need, False)) for _name in _names.split())
del _need, _names

from cloison import _files  # noqa: E402 (it is defined on what stands above, and takes the place of some of it)

_files.install(globals())

from cloison import _programs  # noqa: E402 (the same)

_programs.install(globals())
