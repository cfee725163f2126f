"""What is missing in a microprocess, and what would be needed: one table, used by every denial.

The needs are sentences. `ABSENT` says one for modules that cannot be imported, `POSIX_FUNCTIONS` for functions of `posix`; the other
modules that stand for native ones (`cloison._native`) name theirs. What will one day be granted is to be said here alone.
"""

import _cloison

CLOCK = "the machine's clock is not a microprocess's to set, and no line of cloison.toml grants it"
FILES = (
    "a microprocess has no files but the application's own and those that a capability gives: in cloison.toml, "
    '[capabilities.files] with `zone = "files"` and `roots`'
)
NO_FILES = (
    "files of a microprocess have no locks, owners and devices, and no pipes with names, and no line of cloison.toml grants it"
)
FOREIGN = (
    "native code runs in a zone: declare the library in a NAME.zone.toml, grant it in cloison.toml by `[capabilities.NAME]` with "
    '`zone = "NAME.zone.toml"`, and use cloison.capability()'
)
INTERPRETERS = "a microprocess is one interpreter: cloison.spawn starts more of them, up to `[limits] children` in cloison.toml"
MEMORY = (
    "a microprocess shares and maps no memory: it needs a zone for that, "
    'which `[capabilities.NAME]` with `zone = "NAME.zone.toml"` in cloison.toml grants'
)
INTERFACES = "a microprocess does not see the machine's network interfaces, and no line of cloison.toml grants it"
NETWORK = (
    "a microprocess has no network: a capability gives it some, in cloison.toml `[capabilities.net]` with "
    '`zone = "net"` and `connect = ["HOST:PORT"]` or `listen`'
)
PROCESSES = (
    "a microprocess starts no programs and sees no other process: cloison.spawn starts microprocesses, "
    "up to `[limits] children` in cloison.toml, and cloison.futures.Executor is an executor of them; a program of the machine "
    'takes [capabilities.process] with `zone = "process"` and `commands`'
)
SIGNALS = "signals are the broker's: a microprocess gets KeyboardInterrupt and nothing else, and no line of cloison.toml grants it"
TERMINAL = "a microprocess has its standard streams and no control over a terminal, and no line of cloison.toml grants it"
USERS = "a microprocess does not see the machine's users and limits, and no line of cloison.toml grants it"

_OTHER_SYSTEM = "this is not Windows"

SQLITE = (
    'SQLite is native code and runs in a zone: in cloison.toml, [capabilities.sqlite3] with `zone = "sqlite3"`, and `roots` for databases '
    "in files"
)
DATABASES = (
    "SQLite has the files below the `roots` of [capabilities.sqlite3] in cloison.toml, with the rights that they give there, and no others; "
    "who is root has it as uid 65534, which needs the rights as well"
)
EXTENSIONS = "native code runs in a zone, and SQLite's loads none when it has started: no line of cloison.toml grants it"

#: Module → what it would take. Whatever is here cannot be imported, unless the application has a module of that name.
ABSENT = {
    "_overlapped": _OTHER_SYSTEM,
    "_tkinter": TERMINAL,
    "_winapi": _OTHER_SYSTEM,
    "_wmi": _OTHER_SYSTEM,
    "cffi": FOREIGN,
    "ensurepip": PROCESSES,
    "idlelib": TERMINAL,
    "msvcrt": _OTHER_SYSTEM,
    "nt": _OTHER_SYSTEM,
    "tkinter": TERMINAL,
    "turtle": TERMINAL,
    "turtledemo": TERMINAL,
    "venv": PROCESSES,
    "winreg": _OTHER_SYSTEM,
    "winsound": _OTHER_SYSTEM,
}

#: What functions of `posix` would take that are refused. What works on files is `_files`.
POSIX_FUNCTIONS = [
    (NO_FILES, """
        chown chroot eventfd eventfd_read eventfd_write fchdir fchown fpathconf lchown lockf memfd_create
        mkfifo mknod pathconf posix_fadvise posix_fallocate splice sync timerfd_create timerfd_gettime
        timerfd_gettime_ns timerfd_settime timerfd_settime_ns device_encoding"""),
    (TERMINAL, "grantpt login_tty openpty posix_openpt ptsname ttyname unlockpt"),
    (PROCESSES, """
        execv execve fork forkpty getpgid getpgrp getpriority getsid killpg nice pidfd_open posix_spawn posix_spawnp
        sched_get_priority_max sched_get_priority_min sched_getparam sched_getscheduler sched_rr_get_interval
        sched_setaffinity sched_setparam sched_setscheduler setpgid setpgrp setpriority setsid system tcgetpgrp tcsetpgrp
        unshare setns wait wait3 wait4 waitid"""),
    (USERS, """
        getgrouplist getloadavg getlogin initgroups setegid seteuid setgid setgroups setregid setresgid
        setresuid setreuid setuid"""),
]


def deny(what, need, /, *args, **kwargs):
    """Raise `cloison.HostDenied` for something; what text stands first among its arguments is its file name."""
    from cloison._errors import HostDenied

    subject = args[0] if args else None
    if hasattr(subject, "__fspath__"):
        subject = subject.__fspath__()
    elif not isinstance(subject, (str, bytes)):
        subject = None
    raise HostDenied(f"{what}: {need}", subject)


def denied(name, module, need, qualify=True):
    """Return a builtin function that is always denied."""
    what = f"{module.removeprefix('_')}.{name}()" if qualify else f"{name}()"
    return _cloison.builtin(name, module, f"Raise `cloison.HostDenied`: {need}.", deny, (what, need))


class Finder:
    """The last finder on `sys.meta_path`: says why a module is not there."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """Raise ModuleNotFoundError if the table knows why, else find nothing."""
        need = ABSENT.get(name.partition(".")[0])
        if need is not None:
            raise ModuleNotFoundError(f"No module named {name!r}: {need}", name=name)
        return None
