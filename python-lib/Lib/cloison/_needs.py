"""What is missing in a microprocess, and what would be needed: one table, used by every denial.

`MODULES` says it for modules that cannot be imported, `OS_FUNCTIONS` for functions of `os`.
"""

_CLOCK = "the machine's clock is not a microprocess's to set"
_FILES = (
    "a microprocess has no files but those that a capability gives: in cloison.toml, [capabilities.files] with "
    '`zone = "files"` and `roots`'
)
_FOREIGN = (
    "native code runs in a zone: declare the library in a NAME.zone.toml, grant it in cloison.toml "
    "and use cloison.capability()"
)
_NETWORK = "a microprocess has no network: it needs a capability of a zone that has"
_MEMORY = "sharing or mapping memory needs a zone"
_PROCESSES = "a microprocess starts no programs and sees no other process: that takes a zone or a process of another class"
_SIGNALS = "signals are the broker's: a microprocess gets KeyboardInterrupt and nothing else"
_TERMINAL = "a microprocess has its standard streams and no control over a terminal"
_USERS = "a microprocess does not see the machine's users and limits"

#: Module → what it would take. Whatever is here cannot be imported, unless the application has a module of that name.
MODULES = {
    "_ctypes": _FOREIGN,
    "_curses": _TERMINAL,
    "_dbm": _FILES,
    "_gdbm": _FILES,
    "_multiprocessing": _PROCESSES,
    "_posixshmem": _MEMORY,
    "_posixsubprocess": _PROCESSES,
    "_signal": _SIGNALS,
    "_socket": _NETWORK,
    "_sqlite3": _FOREIGN,
    "_ssl": _NETWORK,
    "_tkinter": _TERMINAL,
    "cffi": _FOREIGN,
    "ctypes": _FOREIGN,
    "curses": _TERMINAL,
    "dbm": _FILES,
    "ensurepip": _PROCESSES,
    "faulthandler": _SIGNALS,
    "fcntl": _FILES,
    "ftplib": _NETWORK,
    "grp": _USERS,
    "idlelib": _TERMINAL,
    "imaplib": _NETWORK,
    "mmap": _MEMORY,
    "multiprocessing": _PROCESSES,
    "nt": "this is not Windows",
    "poplib": _NETWORK,
    "posix": "a microprocess has no system calls: it needs a capability for what it wants done (os has what works without)",
    "pty": _TERMINAL,
    "pwd": _USERS,
    "readline": _TERMINAL,
    "resource": _USERS,
    "select": _NETWORK,
    "selectors": _NETWORK,
    "smtplib": _NETWORK,
    "socket": _NETWORK,
    "socketserver": _NETWORK,
    "sqlite3": _FOREIGN,
    "ssl": _NETWORK,
    "subprocess": _PROCESSES,
    "syslog": _FILES,
    "termios": _TERMINAL,
    "tkinter": _TERMINAL,
    "tty": _TERMINAL,
    "turtle": _TERMINAL,
    "turtledemo": _TERMINAL,
    "venv": _PROCESSES,
    "webbrowser": _PROCESSES,
    "winreg": "this is not Windows",
    "xmlrpc": _NETWORK,
}


def _table(groups):
    return {name: need for need, names in groups for name in names.split()}


#: Function of `os` → what it would take.
OS_FUNCTIONS = _table([
    (_FILES, """
        access chdir chmod chown chroot close closerange dup dup2 eventfd fchdir fchmod fchown
        fdatasync fpathconf fstat fstatvfs fsync ftruncate lchown link listdir lockf lseek
        lstat major makedev makedirs memfd_create minor mkdir mkfifo mknod open openpty pathconf pipe pipe2 posix_fadvise
        posix_fallocate pread preadv pwrite pwritev read readlink readv remove removedirs rename renames
        replace rmdir scandir set_inheritable splice stat statvfs symlink sync truncate ttyname
        unlink utime write writev device_encoding get_blocking set_blocking"""),
    (_PROCESSES, """
        execl execle execlp execlpe execv execve execvp execvpe fork forkpty getpgid getpgrp getpriority getsid kill
        killpg nice pidfd_open popen posix_spawn posix_spawnp sched_get_priority_max sched_get_priority_min
        sched_getaffinity sched_getparam sched_getscheduler sched_setaffinity sched_setparam sched_setscheduler
        sched_yield setpgid setpriority setsid spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe system
        tcgetpgrp tcsetpgrp times unshare setns wait wait3 wait4 waitid waitpid"""),
    (_USERS, """
        confstr ctermid getegid geteuid getgid getgrouplist getgroups getloadavg getlogin getresgid getresuid getuid
        initgroups setegid seteuid setgid setgroups setregid setresgid setresuid setreuid setuid sysconf"""),
])


def deny_function(name, subject=None, module="os"):
    """Raise `cloison.HostDenied` for a function of `os`, `signal` or `time`."""
    from cloison._errors import HostDenied

    raise HostDenied(f"{name}(): {_need(name, module)}", subject if isinstance(subject, (str, bytes)) else None)


def denied_function(name, module="os"):
    """Return a function of that name that is always denied."""

    def denied(*args, **kwargs):
        deny_function(name, args[0] if args else None, module)

    denied.__name__ = denied.__qualname__ = name
    denied.__module__ = module
    denied.__doc__ = f"Raise `cloison.HostDenied`: {_need(name, module)}."
    return denied


def _need(name, module):
    if module == "os":
        return OS_FUNCTIONS.get(name, _FILES)
    return _CLOCK if module == "time" else _SIGNALS


class Finder:
    """The last finder on `sys.meta_path`: says why a module is not there."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """Raise ModuleNotFoundError if the table knows why, else find nothing."""
        need = MODULES.get(name.partition(".")[0])
        if need is not None:
            raise ModuleNotFoundError(f"No module named {name!r}: {need}", name=name)
        return None
