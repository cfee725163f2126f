"""What CPython's `tracemalloc` is defined on. RustPython does not say where memory is allocated, so that nothing can be traced."""

from cloison import _native


def start(nframe=1, /):
    """Raise NotImplementedError."""
    raise NotImplementedError("tracemalloc.start(): where memory is allocated is not noted here")


def stop():
    """Do nothing."""


def is_tracing():
    """Return False."""
    return False


def clear_traces():
    """Do nothing."""


def reset_peak():
    """Do nothing."""


def get_traceback_limit():
    """Return 1."""
    return 1


def get_traced_memory():
    """Return that nothing is traced."""
    return 0, 0


def get_tracemalloc_memory():
    """Return 0."""
    return 0


def _get_traces():
    return []


def _get_object_traceback(obj, /):
    return None


_native.as_builtins(globals(), __name__)
