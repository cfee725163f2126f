"""What interpreters would send each other objects by. There is one interpreter, so that no queue can be made."""

from cloison import _native, _needs


class QueueError(RuntimeError):
    """A queue that cannot be used."""

    __module__ = "concurrent.interpreters"


class QueueNotFoundError(QueueError):
    """A queue that does not exist."""

    __module__ = "concurrent.interpreters"


def _register_heap_types(queuetype, emptyerror, fullerror):
    """Do nothing."""


def list_all():
    """Return nothing."""
    return []


_native.as_builtins(globals(), __name__)
globals().update(_native.functions(__name__, _needs.INTERPRETERS, """
    bind create destroy get get_count get_maxsize get_queue_defaults is_full put release
"""))
