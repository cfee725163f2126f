"""What of module `signal` a microprocess has: the names, and the one handler that is in force.

Ctrl-C raises KeyboardInterrupt. Anything else is the broker's: to be told of signals, or to send them, a process would
have to be of another class.
"""

import enum

from cloison import _needs

NSIG = 65


class Signals(enum.IntEnum):
    """The signals of Linux."""

    SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL = range(1, 10)
    SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGCHLD, SIGCONT = range(10, 19)
    SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF = range(19, 28)
    SIGWINCH, SIGIO, SIGPWR, SIGSYS = range(28, 32)


class Handlers(enum.IntEnum):
    """What a signal does when nobody handles it."""

    SIG_DFL = 0
    SIG_IGN = 1


globals().update(Signals.__members__)
globals().update(Handlers.__members__)


def default_int_handler(signum, frame):
    """Raise KeyboardInterrupt."""
    raise KeyboardInterrupt


def getsignal(signalnum):
    """Return the handler that is in force."""
    return _interrupt if signalnum == Signals.SIGINT else Handlers.SIG_DFL


def _interrupt(signum, frame):
    """The handler that cannot be replaced, and so is not `default_int_handler`, which can."""
    raise KeyboardInterrupt


def valid_signals():
    """Return all signals."""
    return set(Signals)


def strsignal(signalnum):
    """Return a signal's name, or None."""
    return Signals(signalnum).name if signalnum in set(Signals) else None


_wake = _needs.denied_function("set_wakeup_fd", "signal")


def set_wakeup_fd(fd, *, warn_on_full_buffer=True):
    """Return -1, as no descriptor is woken. Only to take one away is allowed, which is what libraries do after a fork."""
    return -1 if fd == -1 else _wake(fd)


for _name in (
    "alarm getitimer pause pidfd_send_signal pthread_kill pthread_sigmask raise_signal setitimer "
    "siginterrupt signal sigpending sigtimedwait sigwait sigwaitinfo"
).split():
    globals()[_name] = _needs.denied_function(_name, "signal")
del _name
