"""What CPython's `signal` is defined on: the names, and the one handler that is in force.

Ctrl-C raises KeyboardInterrupt. Anything else is the broker's: to be told of signals, or to send them, a process would
have to be of another class.
"""

from cloison import _native, _needs

globals().update(
    ITIMER_PROF=2, ITIMER_REAL=0, ITIMER_VIRTUAL=1, NSIG=65, SIGABRT=6, SIGALRM=14, SIGBUS=7, SIGCHLD=17, SIGCLD=17,
    SIGCONT=18, SIGFPE=8, SIGHUP=1, SIGILL=4, SIGINT=2, SIGIO=29, SIGIOT=6, SIGKILL=9, SIGPIPE=13, SIGPOLL=29,
    SIGPROF=27, SIGPWR=30, SIGQUIT=3, SIGRTMAX=64, SIGRTMIN=34, SIGSEGV=11, SIGSTKFLT=16, SIGSTOP=19, SIGSYS=31,
    SIGTERM=15, SIGTRAP=5, SIGTSTP=20, SIGTTIN=21, SIGTTOU=22, SIGURG=23, SIGUSR1=10, SIGUSR2=12, SIGVTALRM=26,
    SIGWINCH=28, SIGXCPU=24, SIGXFSZ=25, SIG_BLOCK=0, SIG_DFL=0, SIG_IGN=1, SIG_SETMASK=2, SIG_UNBLOCK=1,
)

_TEXTS = """Hangup|Interrupt|Quit|Illegal instruction|Trace/breakpoint trap|Aborted|Bus error|Floating point exception|Killed|\
User defined signal 1|Segmentation fault|User defined signal 2|Broken pipe|Alarm clock|Terminated|Stack fault|Child exited|Continued|\
Stopped (signal)|Stopped|Stopped (tty input)|Stopped (tty output)|Urgent I/O condition|CPU time limit exceeded|\
File size limit exceeded|Virtual timer expired|Profiling timer expired|Window changed|I/O possible|Power failure|\
Bad system call""".split("|")


class ItimerError(OSError):
    """An interval timer that cannot be set."""

    __module__ = "signal"


struct_siginfo = _native.structure("signal", "struct_siginfo", "si_signo si_code si_errno si_pid si_uid si_status si_band")


def default_int_handler(signalnum, frame):
    """Raise KeyboardInterrupt."""
    raise KeyboardInterrupt


def _interrupt(signalnum, frame):
    """The handler that cannot be replaced, and so is not `default_int_handler`, which can."""
    raise KeyboardInterrupt


def _check(signalnum):
    if not 0 < signalnum < NSIG:  # noqa: F821 (it is in the table)
        raise ValueError("signal number out of range")


def getsignal(signalnum):
    """Return the handler that is in force."""
    _check(signalnum)
    return _interrupt if signalnum == 2 else 0


def valid_signals():
    """Return the numbers of all signals."""
    return set(range(1, 32)) | set(range(34, 65))


def strsignal(signalnum):
    """Return the text of a signal, or None."""
    _check(signalnum)
    return _TEXTS[signalnum - 1] if signalnum <= len(_TEXTS) else None


_wakeup = -1


def set_wakeup_fd(fd, /, *, warn_on_full_buffer=True):
    """Return the descriptor that was set before. None is ever woken, as no signal comes that a handler could be set for."""
    global _wakeup
    before, _wakeup = _wakeup, fd
    return before


_set = _needs.denied("signal", "_signal", _needs.SIGNALS, False)


def signal(signalnum, handler, /):
    """Return the handler that is in force. To set that one again is allowed: libraries find out so that they may set one."""
    before = getsignal(signalnum)
    return before if handler is before or before == 0 and handler == 0 else _set(signalnum, handler)


_native.as_builtins(globals(), __name__)
for _name in (
    "alarm getitimer pause pidfd_send_signal pthread_kill pthread_sigmask raise_signal setitimer "
    "siginterrupt sigpending sigtimedwait sigwait sigwaitinfo"
).split():
    globals()[_name] = _needs.denied(_name, "_signal", _needs.SIGNALS, False)
del _name
