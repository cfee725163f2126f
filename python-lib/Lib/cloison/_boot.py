"""What the template does once, before any module of the application: streams, finders, denials, preloading."""

import sys
import time

from cloison import _needs

#: What each process needs sooner or later, of a script too: what a traceback takes, above all.
FIRST = "traceback warnings random weakref".split()
#: What nearly every program imports. The template imports it while nobody wants anything of it, and later microprocesses share it. A
#: program template does without: what the script imports it shares anyway, and the less there is, the cheaper is each fork.
COMMON = FIRST + (
    "abc argparse base64 bisect collections contextlib copy csv dataclasses datetime decimal enum fractions functools "
    "hashlib heapq inspect io itertools json linecache logging math operator os pathlib queue re secrets "
    "statistics string struct textwrap threading time types typing uuid "
    "cloison._supervisor cloison._tasks cloison._executor"
).split()


def _finders():
    # importlib's file finders find nothing and are not installed. Programs use its loaders.
    import importlib

    importlib._bootstrap._bootstrap_external = importlib._bootstrap_external
    importlib._bootstrap_external._set_bootstrap_module(importlib._bootstrap)
    builtin, frozen = sys.meta_path
    sys.meta_path[:] = [builtin, frozen, _needs.Finder]


def start():
    """Make the interpreter ready for an application."""
    import builtins
    import gc

    from cloison import _importer, _library, _streams

    # Nothing of what is made here is garbage.
    gc.disable()
    # It is one of ours, in Python, and CPython's `os` wants it among these.
    sys.builtin_module_names = tuple(sorted((*sys.builtin_module_names, "posix")))
    _library.install()
    sys.path[:] = _importer._path[:] = [_library.FOLDER]
    # Each process looks there for what is to be done after a fork.
    import posix

    from cloison import _corrections, _fileio, _folder

    _fileio.install(builtins)
    import io

    io.RawIOBase.register(_fileio.FileIO)
    _streams.install()
    _corrections.apply()
    _finders()
    # An empty file stands for it. `subprocess` starts a microprocess by that name.
    sys.executable = sys._base_executable = f"{_folder.PROGRAMS}/python3"
    sys.dont_write_bytecode = True
    from cloison import _reports

    _reports.install()
    # A program that is started by its entry has no more of it, as with an installed command.
    main = sys.modules["__main__"] = type(sys)("__main__")
    main.__builtins__ = builtins
    gc.enable()


_common = ()
_own = ()
_before = frozenset()
_noting = True
_no_longer_note = None
_unseeded = []


def note_unseeded(random):
    """Note which generators of random numbers seed themselves while modules are imported: each microprocess does that anew."""
    from _weakref import ref

    global _no_longer_note
    if not _noting:
        return
    plain = random.Random.seed

    def seed(self, a=None, version=2):
        """Seed, and note by what."""
        _unseeded[:] = [noted for noted in _unseeded if noted() is not self]
        if a is None:
            _unseeded.append(ref(self))
        plain(self, a, version)

    def forget():
        random.Random.seed = plain

    vars(seed).update(vars(plain))
    random.Random.seed = seed
    _no_longer_note = forget


def before_import():
    """Let the application's modules be found, before the standard library's as in CPython."""
    global _common, _own, _before
    from cloison import _importer

    _before = frozenset(sys.modules)
    _importer.hide_from_tracebacks(_needs.Finder.find_spec)
    builtin, *others, needs = sys.meta_path
    sys.meta_path[:] = [builtin, _importer.Finder, *others, _importer.Elsewhere, needs]
    sys.path_hooks += _importer.archive_importer, _importer.FolderImporter
    _own = tuple(_importer.own(COMMON))
    _common = tuple(name for name in COMMON if name not in _own)
    _importer.forget(_own)


def has_first():
    """Return whether all of `FIRST` is imported, as far as it will be."""
    return not any(name in FIRST for name in _common)


def preload():
    """Import the next module of `COMMON`, and return whether there are more.

    It is the standard library's, whatever the application has: that is imported only when the application asks for it.
    """
    global _common
    if not _common:
        return False
    name, *_common = _common
    from cloison import _importer

    there = [own for own in _own if own in sys.modules]
    builtin, application, *others = finders = sys.meta_path[:]
    sys.meta_path[:] = [builtin, *others]
    try:
        __import__(name)
    finally:
        sys.meta_path[:] = finders
    _importer.forget(own for own in _own if own not in there)
    if not _common:
        before_fork()
    return bool(_common)


def preloaded():
    """Return the names of what has been imported since `before_import`, without what is inside of packages.

    What an application may have of its own is among them although it was there before.
    """
    return [name for name in sys.modules if "." not in name and (name not in _before or name in COMMON)]


_logging = None
_log_handlers = _quiet = []
_reseed = None


def before_fork(collect=True):
    """Leave the template clean: nothing buffered, no garbage, and what is there not to be looked at by the collector.

    Without ``collect`` there can be no garbage: nothing has run since `start`.
    """
    import gc

    global _reseed, _noting, _no_longer_note, _logging, _log_handlers, _quiet
    if "logging" in sys.modules:
        import atexit
        import logging as _logging

        # A process without handlers does nothing about them at its end.
        atexit.unregister(_logging.shutdown)
        _log_handlers = _logging._handlerList
        _quiet = [handler for handler in _log_handlers if handler() is _logging.lastResort]
    if "random" in sys.modules:
        import random

        # Without the detour over `random.seed`, which hashes what it is given.
        _reseed = super(random.Random, random._inst).seed
        random._inst.gauss_next = None
    _noting = False
    if _no_longer_note is not None:
        _no_longer_note()
        _no_longer_note = None
    flush()
    if collect:
        gc.collect()
    gc.freeze()


def library():
    """Return the modules of the standard library that are there, and those of ours."""
    from cloison import _importer

    def is_own(module):
        return isinstance(getattr(module, "__loader__", None), _importer.Loader)

    modules = {name: module for name, module in sys.modules.items() if type(module) is type(sys)}
    return [module for name, module in modules.items() if name not in ("__main__", "__mp_main__") and not is_own(module)]


class _Example:
    def __init__(self, *values):
        self.values = values
        self.count = len(values)


def rehearse(*values):
    """Do what many functions of programs do. It runs in the template: what the interpreter learns by it, all processes share."""
    example = _Example(*values)
    print(end="")
    try:
        example.missing
    except AttributeError:
        pass
    doubled = [value for value in range(example.count) if value]
    counted = {str(value): f"{value} of {example.count}" for value in doubled}
    for name, text in counted.items():
        counted[name] = (text, time.monotonic())


def warm_up(*values):
    """Do nothing, in a process that waits for something to do: its way to a function is then behind it."""


def before_program():
    """Note again what each process has to seed anew: the program's own module is about to be imported, for all of them."""
    global _noting
    _noting = True
    if "random" in sys.modules:
        note_unseeded(sys.modules["random"])


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
    reseed = _reseed
    if reseed is not None:
        reseed(seed)
    for noted in _unseeded:
        generator = noted()
        if generator is not None:
            generator.seed()


def take_environment(grants):
    """Put the variables that a capability gives, as `NAME=VALUE`, into `os.environ`."""
    import os

    os.environ.update(grant.split("=", 1) for grant in grants)


def use_terminal():
    """Flush output after each line, in a process that was forked before its streams were known."""
    sys.__stdout__.reconfigure(line_buffering=True)


def run_module(name, as_name="__main__"):
    """Run a module as ``python -m`` does, with its file as ``sys.argv[0]``; ``as_name`` is its ``__name__``."""
    import runpy

    module = sys.modules["__main__"] = sys.modules[as_name] = type(sys)(as_name)
    module.__builtins__ = sys.modules["builtins"]
    try:
        _, spec, code = runpy._get_module_details(name, runpy._Error)
    except runpy._Error as error:
        sys.exit(f"cloison: {error}")
    sys.argv[0] = spec.origin if spec.has_location else spec.loader.get_filename(spec.name)
    runpy._run_code(code, module.__dict__, None, as_name, spec)


_CALL = compile("globals().pop('call')(*globals().pop('arguments'))", "<cloison>", "eval")


def call(function, arguments):
    """Call what may look at its caller's frame, for its names: there are none."""
    import builtins

    names = {"__name__": "__main__", "__builtins__": builtins, "call": function, "arguments": arguments}
    return eval(_CALL, names)


def finish():
    """Flush what was printed, and return whether that worked. Log handlers are flushed and closed first, if there are any."""
    if _log_handlers != _quiet:
        try:
            _logging.shutdown()
        except Exception as error:
            _ignored(_logging.shutdown, error)
    try:
        if sys.stdout is not None and not sys.stdout.closed:
            sys.stdout.flush()
    except Exception as error:
        _ignored(sys.stdout, error)
        return False
    flush()
    return True


def _ignored(what, error):
    try:
        from cloison import _reports

        _reports.write(f"Exception ignored in: {what!r}\n{type(error).__name__}: {error}\n")
    except Exception:
        pass
