"""The application's modules, asked from the broker by name.

A microprocess sees no folder: the broker looks for ``package.module`` on the application's path and sends the source.
"""

import sys
from importlib import _bootstrap

import _cloison


class Loader:
    """One module's source, kept for tracebacks and `inspect`."""

    def __init__(self, name, path, source):
        self.name = name
        self.path = path
        self._source = source

    def create_module(self, spec):
        """Leave it to the import system."""
        return None

    def exec_module(self, module):
        """Run the source in the module's namespace."""
        _bootstrap._call_with_frames_removed(exec, self.get_code(), module.__dict__)
        if self.name == "anyio._backends._asyncio":
            from cloison import _threads

            _threads.in_anyio(module)
        elif self.name == "anyio.from_thread":
            from cloison import _threads

            _threads.in_anyio_portals(module)
        elif self.name == "asgiref.current_thread_executor":
            from cloison import _threads

            _threads.in_asgiref(module)

    def get_code(self, name=None):
        """Return the compiled source; `compile` reads its encoding declaration (PEP 263)."""
        return compile(self._source, self.path, "exec", dont_inherit=True)

    def get_data(self, path):
        """Return the bytes of the source file, or of another one that a capability gives."""
        if path != self.path:
            with open(path, "rb") as file:
                return file.read()
        return self._source

    def get_resource_reader(self, name):
        """Return what `importlib.resources` reads a package's files with."""
        from importlib.readers import FileReader

        return FileReader(self)

    def get_filename(self, name=None):
        """Return the path that tracebacks show."""
        return self.path

    def get_source(self, name=None):
        """Return the source as text."""
        return decode(self._source)

    def is_package(self, name=None):
        """Return whether this is a package."""
        return self.path.endswith("__init__.py")


class Finder:
    """The finder on `sys.meta_path` that asks the broker."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """Return the spec of an application's module, or None.

        Submodules are asked for only below packages that came from the broker, too.
        """
        if path is None:
            found, within = _cloison.find(name), ""
            if found is not None:
                _roots.add(_root(name, found[1]))
            elif sys.path != _path:
                found, within = _on_path(name)
        elif isinstance(path, _Path):
            found, within = _cloison.find(path.within + name), path.within
        else:
            return None
        if found is None:
            return None
        package, filename, source = found
        if package and not filename.endswith("__init__.py"):
            # A folder without `__init__.py` is a package only if no module of that name is anywhere.
            _portions[name] = _Path([filename], within)
            return None
        spec = _bootstrap.ModuleSpec(name, Loader(name, filename, source), origin=filename, is_package=package)
        spec.has_location = True
        if package:
            spec.submodule_search_locations = _Path([filename.rpartition("/")[0]], within)
        return spec

    @staticmethod
    def find_distributions(context=None):
        """Return what `importlib.metadata` finds in the application's folders."""
        from importlib.metadata import DistributionFinder, MetadataPathFinder

        path = vars(context or DistributionFinder.Context()).get("path", _cloison.folders())
        name = None if context is None else context.name
        return MetadataPathFinder.find_distributions(DistributionFinder.Context(name=name, path=path))

    @staticmethod
    def invalidate_caches():
        """Nothing is cached."""


class FolderImporter:
    """What `pkgutil` lists the modules of a folder by: an entry of `sys.path_hooks`. Modules are found by `Finder`."""

    def __init__(self, path):
        import os

        if not isinstance(path, str) or not os.path.isdir(path):
            raise ImportError("not a folder of this program's", path=path)
        self.path = path

    def iter_modules(self, prefix=""):
        """Yield the name of each module in the folder, and whether it is a package."""
        from pkgutil import _iter_file_finder_modules

        return _iter_file_finder_modules(self, prefix)

    def find_spec(self, name, target=None):
        """Find a module in the folder, for who asks `importlib.machinery.PathFinder`: what programs import is the finders' to find."""
        from importlib.machinery import SOURCE_SUFFIXES, FileFinder

        return FileFinder(self.path, (source_loader(), SOURCE_SUFFIXES)).find_spec(name, target)


_source_loader = None


def source_loader():
    """Return the class of loaders of a source in a folder. They compile it: what `__pycache__` says may be anybody's."""
    global _source_loader
    if _source_loader is None:
        from importlib.machinery import SourceFileLoader

        class SourceLoader(SourceFileLoader):
            """`SourceFileLoader` without files of bytecode."""

            def get_code(self, fullname):
                path = self.get_filename(fullname)
                return self.source_to_code(self.get_data(path), path)

        hide_from_tracebacks(SourceLoader.get_code)
        _source_loader = SourceLoader
    return _source_loader


def archive_importer(path):
    """Return what runs and lists what is in a zip archive: an entry of `sys.path_hooks`."""
    import zipimport

    return zipimport.zipimporter(path)


class Elsewhere:
    """The finder after the standard library's: for folders and archives that a program has put on `sys.path` or into a `__path__`.

    They are read as the program's files are, so that nothing is found that it could not open itself.
    """

    @staticmethod
    def find_spec(name, path=None, target=None):
        """Return the spec of a module in such a folder or archive, or None."""
        portion = _portions.pop(name, None)
        # An application's package begins with its own folder, which has been asked for.
        folders = sys.path if path is None else path[1:] if isinstance(path, _Path) else path
        places = [
            place for place in folders
            if isinstance(place, str) and place not in _path and not place.startswith(f"{sys._stdlib_dir}/")
        ]
        if not places and portion is None:
            return None
        import os

        parts = []
        for place in places:
            place = os.path.abspath(place)
            if not os.path.isdir(place):
                spec = _in_archive(name, place)
                if spec is not None and spec.loader is not None:
                    return spec
                if spec is not None:
                    parts += spec.submodule_search_locations
                continue
            inner = os.path.join(place, name.rpartition(".")[2])
            for filename, package in ((f"{inner}/__init__.py", True), (f"{inner}.py", False)):
                try:
                    with open(filename, "rb") as file:
                        source = file.read()
                except OSError:
                    continue
                spec = _bootstrap.ModuleSpec(name, Loader(name, filename, source), origin=filename, is_package=package)
                spec.has_location = True
                if package:
                    spec.submodule_search_locations = [inner]
                return spec
            if os.path.isdir(inner):
                parts.append(inner)
        if portion is not None:
            portion += parts
        elif not parts:
            return None
        spec = _bootstrap.ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = parts if portion is None else portion
        return spec

    @staticmethod
    def invalidate_caches():
        """Nothing is cached."""


def _in_archive(name, place):
    """Find a module in a zip archive, or in a folder in one."""
    import os

    archive = place
    while not os.path.isfile(archive):
        archive, below = os.path.split(archive)
        if not below or os.path.isdir(archive):
            return None
    import zipimport

    try:
        return zipimport.zipimporter(place).find_spec(name)
    except zipimport.ZipImportError:
        return None


class _Path(list):
    """The `__path__` of a package that came from the broker, which asks for its submodules `within` a folder of the application."""

    def __init__(self, folders, within):
        super().__init__(folders)
        self.within = within


#: Name → the folder of an application's that may be that package, while others are asked.
_portions = {}
#: The application's folders, as far as they are known by a file in them.
_roots = set()
#: `sys.path` as it is at first: nothing of the application's. Its folders come first in any case.
_path = []


def _root(name, filename):
    """Return the folder in which a module was found."""
    place = filename.removesuffix(".py").removesuffix("/__init__")
    return place.removesuffix(name.replace(".", "/")).rstrip("/")


def _on_path(name):
    """Find a module in folders on `sys.path` that lie below the application's; behind the standard library's folder it comes first."""
    import _imp
    import posixpath

    portion = None
    for folder in sys.path:
        if folder in _path:
            if _imp.find_frozen(name) is not None:
                break
            continue
        if not isinstance(folder, str):
            continue
        folder = posixpath.abspath(folder)
        for root in _roots:
            # The current folder may be another one since.
            root = posixpath.normpath(posixpath.join("/", root))
            within = posixpath.relpath(folder, root).split("/")
            if all(part.isidentifier() for part in within):
                within = ".".join(within) + "."
                found = _cloison.find(within + name)
                if found is None:
                    continue
                if not found[0] or found[1].endswith("__init__.py"):
                    return found, within
                portion = portion or (found, within)
    return portion or (None, "")


def decode(source):
    """Return a source file's text, by its encoding declaration (PEP 263). Text is text already."""
    if isinstance(source, str):
        return source
    import io
    import tokenize

    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    return io.IncrementalNewlineDecoder(None, True).decode(source.decode(encoding))


def hide_from_tracebacks(function):
    """Have a function's frames left out of tracebacks as importlib's own are, which are known by their file name."""
    function.__code__ = function.__code__.replace(co_filename="<frozen importlib._bootstrap_external>")


hide_from_tracebacks(Loader.exec_module)
hide_from_tracebacks(Loader.get_code)
hide_from_tracebacks(Finder.find_spec)
hide_from_tracebacks(_on_path)
hide_from_tracebacks(Elsewhere.find_spec)
hide_from_tracebacks(_in_archive)


#: What tracebacks show for ``-c`` and ``-``, as in CPython. Such a program has no ``__file__``.
_NO_FILES = "<string>", "<stdin>"


def main_module(path, source, name):
    """Make `__main__` for a source that is run as a script, under that name, and return its namespace."""
    module = type(sys)(name)
    if path in _NO_FILES:
        import linecache

        linecache.cache[path] = len(source), None, source.splitlines(True), path
    else:
        module.__file__ = path
        _roots.add(path.rpartition("/")[0])
    module.__loader__ = Loader(name, path, source)
    module.__builtins__ = sys.modules["builtins"]
    sys.modules["__main__"] = sys.modules[name] = module
    return module.__dict__


def own(names):
    """Return which of these names the application has modules of."""
    return _cloison.which(names)


def forget(names):
    """Forget modules of the standard library of which the application has its own.

    As in CPython, the application's folder comes before the standard library; what the standard library
    has imported for itself stays as it is.
    """
    for name in names:
        for other in [other for other in sys.modules if other == name or other.startswith(name + ".")]:
            del sys.modules[other]
