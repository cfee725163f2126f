"""What tells of a crash. The broker does, so that there is nothing to switch on here; a traceback can be printed at any time."""

import sys

from cloison import _native, _needs

_enabled = False


def enable(file=None, all_threads=True, c_stack=True):
    """Do nothing more than to say so in `is_enabled`: the broker tells how a process has ended."""
    global _enabled
    _enabled = True


def disable():
    """Return whether `enable` was called before."""
    global _enabled
    was, _enabled = _enabled, False
    return was


def is_enabled():
    """Return whether `enable` was called."""
    return _enabled


def dump_traceback(file=None, all_threads=True):
    """Print where the program is, the innermost call first."""
    print("Stack (most recent call first):", file=file or sys.stderr)
    frame = sys._getframe(1)
    while frame is not None:
        print(f'  File "{frame.f_code.co_filename}", line {frame.f_lineno} in {frame.f_code.co_name}', file=file or sys.stderr)
        frame = frame.f_back


def cancel_dump_traceback_later():
    """Do nothing."""


def unregister(signum, /):
    """Return False: nothing was registered."""
    return False


_native.as_builtins(globals(), __name__)
globals().update(_native.functions(__name__, _needs.SIGNALS, "dump_traceback_later register"))
