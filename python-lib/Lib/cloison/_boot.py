"""What the template does once, before any module of the application: streams, finders, denials, preloading."""

import sys

import _cloison
from cloison import _needs

#: What nearly every program imports. Each is imported once, in the template, and shared by all microprocesses.
COMMON = (
    "abc argparse base64 bisect collections contextlib copy csv dataclasses datetime decimal enum fractions functools "
    "hashlib heapq inspect io itertools json linecache logging math operator os pathlib queue random re secrets "
    "statistics string struct textwrap threading time traceback types typing uuid warnings weakref"
).split()


def _threads():
    import _thread

    _thread.start_new_thread = _needs.deny_thread
    _thread.start_joinable_thread = _needs.deny_thread


def _finders():
    # importlib's own file finders want a `posix` to exist while they are defined; they find nothing and are not installed.
    import os

    sys.modules["posix"] = os
    import importlib
    import importlib.util

    del sys.modules["posix"]
    sys.modules["importlib._bootstrap_external"].path_hooks = []

    from cloison import _importer

    builtin, frozen = sys.meta_path
    sys.meta_path[:] = [builtin, _importer.Finder, frozen, _needs.Finder]
    sys.path[:] = []


def _excepthook(kind, value, trace):
    import traceback

    traceback._print_exception_bltin(value.with_traceback(trace))


def start():
    """Make the interpreter ready for an application."""
    import builtins

    import _io

    from cloison import _streams

    _threads()
    _streams.install()
    _finders()
    builtins.open = _io.open = _io.open_code = _needs.open_file
    sys.excepthook = sys.__excepthook__ = _excepthook
    sys.executable = sys._base_executable = ""
    sys.dont_write_bytecode = True
    for name in COMMON:
        __import__(name)


def preload(modules):
    """Import an application's modules, and leave the template clean for forking."""
    import gc
    import importlib

    from cloison import _importer

    _importer.give_way(COMMON)
    for name in modules:
        importlib.import_module(name)
    flush()
    gc.collect()
    gc.freeze()


def flush():
    """Flush the standard streams, so that nothing buffered is inherited."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass


def after_fork(argv, seed):
    """Make a forked microprocess its own: streams, arguments, random state."""
    import os

    from cloison import _streams

    _streams.install()
    sys.argv = argv
    for handler in os._fork_handlers():
        handler()
    if "random" in sys.modules:
        sys.modules["random"].seed(int.from_bytes(seed))


def finish():
    """Flush what was printed, and return whether that worked."""
    try:
        if sys.stdout is not None and not sys.stdout.closed:
            sys.stdout.flush()
    except Exception as error:
        try:
            print(f"Exception ignored in: {sys.stdout!r}\n{type(error).__name__}: {error}", file=sys.stderr)
        except Exception:
            pass
        return False
    flush()
    return True
