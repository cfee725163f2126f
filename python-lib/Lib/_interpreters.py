"""What CPython's `concurrent.interpreters` is defined on. There is one interpreter, and no more can be made."""

from cloison import _native, _needs

WHENCE_UNKNOWN, WHENCE_RUNTIME, WHENCE_LEGACY_CAPI, WHENCE_CAPI, WHENCE_XI, WHENCE_STDLIB = range(6)


class InterpreterError(Exception):
    """Something that an interpreter cannot do."""

    __module__ = "concurrent.interpreters"


class InterpreterNotFoundError(InterpreterError):
    """An interpreter that does not exist."""

    __module__ = "concurrent.interpreters"


class NotShareableError(TypeError, ValueError):
    """An object that cannot be shared."""

    __module__ = "concurrent.interpreters"


def get_current():
    """Return the only one."""
    return 0, WHENCE_RUNTIME


def get_main():
    """Return the only one."""
    return 0, WHENCE_RUNTIME


def list_all(*, require_ready=False):
    """Return the only one."""
    return [get_main()]


def whence(id):
    """Return who made it."""
    _check(id)
    return WHENCE_RUNTIME


def is_running(id, *, restrict=False):
    """Return True: it is the one that asks."""
    _check(id)
    return True


def incref(id, *, implieslink=False, restrict=False):
    """Do nothing."""


def decref(id, *, restrict=False):
    """Do nothing."""


def is_shareable(obj):
    """Return whether an object could be shared."""
    return type(obj) in (type(None), bool, bytes, float, int, str) or type(obj) is tuple and all(map(is_shareable, obj))


def _check(id):
    if id != 0:
        raise InterpreterNotFoundError(f"unrecognized interpreter ID {id}")


_native.as_builtins(globals(), __name__)
globals().update(_native.functions(__name__, _needs.INTERPRETERS, """
    call capture_exception create destroy exec get_config new_config run_func run_string set___main___attrs
"""))
