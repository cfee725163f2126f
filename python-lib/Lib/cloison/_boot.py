"""What the template does once, before any module of the application: streams, finders, denials, preloading."""

import sys

from cloison import _needs

#: What nearly every program imports. Each is imported once, in the template, and shared by all microprocesses.
COMMON = (
    "abc argparse base64 bisect collections contextlib copy csv dataclasses datetime decimal enum fractions functools "
    "hashlib heapq inspect io itertools json linecache logging math operator os pathlib queue random re secrets "
    "statistics string struct textwrap threading time traceback types typing uuid warnings weakref"
).split()


def _finders():
    # importlib's file finders (which find nothing and are not installed) and shutil want a `posix` to exist while they are
    # defined. What they call in it is denied.
    import os

    sys.modules["posix"] = os
    import importlib
    import importlib.util
    import shutil

    del sys.modules["posix"]
    importlib._bootstrap._bootstrap_external = importlib._bootstrap_external
    importlib._bootstrap_external._set_bootstrap_module(importlib._bootstrap)
    from cloison import _coroutines

    builtin, frozen = sys.meta_path
    sys.meta_path[:] = [builtin, _coroutines.Finder, frozen, _needs.Finder]
    sys.path[:] = []


def _excepthook(kind, value, trace):
    import traceback

    traceback._print_exception_bltin(value.with_traceback(trace))


def start():
    """Make the interpreter ready for an application."""
    import builtins
    import io
    import os

    import _io

    from cloison import _corrections, _streams

    _streams.install()
    _corrections.apply()
    _finders()
    builtins.open = io.open = io.open_code = _io.open = _io.open_code = _needs.open_file
    sys.excepthook = sys.__excepthook__ = _excepthook
    sys.executable = sys._base_executable = ""
    sys.dont_write_bytecode = True
    for name in COMMON:
        __import__(name)
    _corrections.with_frozen_files(sys.modules["inspect"])
    _complete()
    _note_unseeded()
    # What threading, logging and random do after a fork is either not needed with one thread or done in after_fork.
    os._fork_handlers().clear()


def _complete():
    """Put into the package what needs `dataclasses`, which cannot be imported before there is an `os`."""
    import cloison
    from cloison import _processes

    for name in _processes.__all__:
        setattr(cloison, name, getattr(_processes, name))


def _note_unseeded():
    """Note which generators of random numbers seed themselves while modules are imported: each microprocess does that anew."""
    import random
    import weakref

    plain = random.Random.seed

    def seed(self, a=None, version=2):
        """Seed, and note by what."""
        _unseeded[:] = [noted for noted in _unseeded if noted() is not self]
        if a is None:
            _unseeded.append(weakref.ref(self))
        plain(self, a, version)

    def forget():
        random.Random.seed = plain

    global _no_longer_note
    random.Random.seed = seed
    _no_longer_note = forget


def before_import():
    """Let the application's modules be found, before the standard library's as in CPython."""
    from cloison import _importer

    _importer.hide_from_tracebacks(_needs.Finder.find_spec)
    builtin, *others = sys.meta_path
    sys.meta_path[:] = [builtin, _importer.Finder, *others]
    _importer.give_way(COMMON)


_fork_handlers = ()
_reseed = None
_unseeded = []
_no_longer_note = None


def before_fork():
    """Leave the template clean: nothing buffered, no garbage, and what is there not to be looked at by the collector."""
    import gc
    import os

    global _fork_handlers, _reseed
    _fork_handlers = os._fork_handlers()
    if "random" in sys.modules:
        import random

        # Without the detour over `random.seed`, which hashes what it is given.
        _reseed = super(random.Random, random._inst).seed
        random._inst.gauss_next = None
    _no_longer_note()
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


def after_fork(seed, terminal):
    """Make a forked microprocess its own: random state, output to a terminal flushed after each line.

    This runs before every microprocess's first instruction, so it does as little as possible: what it touches is copied.
    """
    if terminal:
        sys.__stdout__.reconfigure(line_buffering=True)
    for handler in _fork_handlers:
        handler()
    reseed = _reseed
    if reseed is not None:
        reseed(seed)
    for noted in _unseeded:
        generator = noted()
        if generator is not None:
            generator.seed()


def run_module(name, as_name="__main__"):
    """Run a module as ``python -m`` does, with its file as ``sys.argv[0]``; ``as_name`` is its ``__name__``."""
    import runpy

    module = sys.modules["__main__"] = sys.modules[as_name] = type(sys)(as_name)
    module.__builtins__ = sys.modules["builtins"]
    try:
        _, spec, code = runpy._get_module_details(name, runpy._Error)
    except runpy._Error as error:
        sys.exit(f"cloison: {error}")
    # A frozen module has no file: where it would stand in the standard library's folder.
    sys.argv[0] = spec.origin if spec.has_location else f"{spec.name.replace('.', '/')}.py"
    runpy._run_code(code, module.__dict__, None, as_name, spec)


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
