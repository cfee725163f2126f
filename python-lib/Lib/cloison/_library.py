"""The standard library as a program finds it: files that it seems to come from, sources, and modules that are corrected when they are
imported.
"""

import sys
from importlib import _bootstrap

import _imp

from cloison import _coroutines, _corrections, _importer, _threads
from cloison._folder import LIBRARY as FOLDER

#: Whose file names are what tells importlib's own frames.
_BOOTSTRAP = "importlib._bootstrap", "importlib._bootstrap_external", "_frozen_importlib", "_frozen_importlib_external"


def _note_unseeded(random):
    from cloison import _boot

    _boot.note_unseeded(random)


#: Module → what corrects it.
_CORRECTED = {
    "asyncio": _coroutines.in_asyncio,
    "concurrent.futures.thread": _threads.in_pools,
    "copy": _corrections.with_copies_of_patterns,
    "copyreg": _corrections.with_methods_of_classes,
    "dbm": _corrections.with_its_own_format,
    "enum": _corrections.with_members_from_bytes,
    "linecache": _corrections.with_modules_sources,
    "logging.handlers": _threads.in_listeners,
    "multiprocessing.resource_tracker": _corrections.without_processes,
    "pdb": _corrections.without_signals,
    "platform": _corrections.without_kernel,
    "pydoc": _corrections.without_pager,
    "queue": _threads.in_queue,
    "random": _note_unseeded,
    "re": _corrections.with_copies_of_patterns,
    "tempfile": _corrections.with_a_folder,
    "threading": _threads.in_threading,
    "xml.etree.ElementTree": _corrections.with_entities,
    "zoneinfo": _corrections.with_zones,
}


def _source(name):
    """Return the source of a module of the standard library as text, or None."""
    import zlib

    import _cloison

    packed = _cloison.library_source(name)
    return None if packed is None else _importer.decode(zlib.decompress(packed))


def install():
    """Give frozen modules files and sources, those that are there already too, and have modules corrected."""
    sys._stdlib_dir = FOLDER
    frozen = next(finder for finder in sys.meta_path if finder.__name__ == "FrozenImporter")

    def get_source(fullname):
        """Return the source of a frozen module, or None."""
        return _source(fullname)

    def get_filename(fullname):
        """Return the file that a frozen module seems to come from."""
        spec = frozen.find_spec(fullname)
        if spec is None:
            raise ImportError(f"{fullname} is not a frozen module", name=fullname)
        return spec.loader_state.filename

    def get_code(fullname):
        """Return the code of a frozen module, which says what file it seems to come from."""
        code = _imp.get_frozen_object(fullname)
        _imp._fix_co_filename(code, get_filename(fullname))
        return code

    def exec_module(module):
        """Define a frozen module, and correct it."""
        code = _imp.get_frozen_object(module.__spec__.name)
        _imp._fix_co_filename(code, module.__spec__.loader_state.filename)
        _bootstrap._call_with_frames_removed(exec, code, module.__dict__)
        correct = _CORRECTED.get(module.__name__)
        if correct is not None:
            correct(module)

    _importer.hide_from_tracebacks(exec_module)
    frozen.get_source, frozen.get_filename = staticmethod(get_source), staticmethod(get_filename)
    frozen.get_code, frozen.exec_module = staticmethod(get_code), staticmethod(exec_module)
    for module in list(sys.modules.values()):
        spec = getattr(module, "__spec__", None)
        if getattr(spec, "origin", None) == "frozen" and spec.name not in _BOOTSTRAP:
            _place(module, frozen)


def _place(module, frozen):
    """Give a module that was there before its file."""
    spec = frozen.find_spec(module.__spec__.name)
    module.__file__ = spec.loader_state.filename
    module.__spec__.loader_state = spec.loader_state
    if spec.submodule_search_locations:
        module.__path__[:] = module.__spec__.submodule_search_locations[:] = spec.submodule_search_locations
    for value in list(vars(module).values()):
        if type(value) is type:
            for method in list(vars(value).values()):
                _rename(method, module)
        else:
            _rename(value, module)


_FUNCTION = type(_source)


def _rename(function, module):
    """Have a function of a module say what file it seems to come from. What is hidden from tracebacks stays so."""
    if type(function) is _FUNCTION and function.__module__ == module.__name__:
        code = function.__code__
        if not code.co_filename.startswith("<frozen "):
            _imp._fix_co_filename(code, module.__file__)
