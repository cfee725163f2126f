"""What RustPython 0.6 leaves out and ordinary programs use. `corrections.rs` has what only Rust can put right."""

import sys


def _source(name):
    """Return the source of a module of the standard library as text, or None."""
    import zlib

    import _cloison
    from cloison import _importer

    packed = _cloison.library_source(name)
    return None if packed is None else _importer.decode(zlib.decompress(packed))


def _sources():
    # FrozenImporter.get_source gives None, so that tracebacks, inspect and pdb show nothing of the standard library.
    _, frozen = sys.meta_path

    def get_source(fullname):
        """Return the source of a frozen module, or None."""
        return _source(fullname)

    def get_filename(fullname):
        """Return the name that tracebacks show of a frozen module."""
        return fullname

    find = frozen.find_spec

    def find_spec(fullname, path=None, target=None):
        """Return the spec of a frozen module, or None. A package has a folder: `logging` looks for the first one."""
        spec = find(fullname, path, target)
        if spec is not None and spec.submodule_search_locations == []:
            spec.submodule_search_locations.append(fullname.replace(".", "/"))
        return spec

    frozen.get_source = staticmethod(get_source)
    frozen.get_filename = staticmethod(get_filename)
    frozen.find_spec = staticmethod(find_spec)


def _site_builtins():
    # Module site is not run, which would look for folders. It also makes these.
    import _sitebuiltins
    import builtins

    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.copyright = _sitebuiltins._Printer("copyright", sys.copyright)
    builtins.credits = _sitebuiltins._Printer("credits", "See https://rustpython.github.io and https://www.python.org")
    builtins.license = _sitebuiltins._Printer("license", "See https://www.python.org/psf/license/")
    builtins.help = _sitebuiltins._Helper()


def _clock():
    # RustPython makes the system call, which ends the process; and its sleep does not hear a Ctrl-C that comes just before.
    import time

    import _cloison

    from cloison import _needs

    time.sleep = _cloison.sleep

    for name in ("clock_settime", "clock_settime_ns"):
        setattr(time, name, _needs.denied_function(name, "time"))


def _input():
    # RustPython's drops what the flushes before its wait raise, a KeyboardInterrupt included.
    import builtins

    import _cloison

    builtins.input = _cloison.input


def apply():
    """Put it right, before the template imports anything of the application's."""
    _sources()
    _site_builtins()
    _clock()
    _input()


def mapping_proxy_str(proxy):
    """Return the mapping's text: only `repr` names the proxy. `corrections.rs` makes it the type's `__str__`."""
    return repr(proxy).removeprefix("mappingproxy(").removesuffix(")")


def with_frozen_files(inspect):
    """Have `inspect` find the source of frozen modules, which have no `__file__`, and of their classes."""
    getfile = inspect.getfile

    def getfile_of_frozen(object):
        """Return a frozen module's name as tracebacks show it, or what `inspect` would."""
        try:
            return getfile(object)
        except (OSError, TypeError):
            name = object.__name__ if inspect.ismodule(object) else getattr(object, "__module__", None)
            spec = getattr(sys.modules.get(name), "__spec__", None)
            if getattr(spec, "origin", None) != "frozen" or spec.loader.get_source(name) is None:
                raise
            return name

    inspect.getfile = getfile_of_frozen


def without_kernel(platform):
    """Have `platform.platform()` end where it knows no more: it would say "with" and no C library."""
    describe = platform.platform

    def describe_without_kernel(aliased=False, terse=False):
        """Return system and processor."""
        return describe(aliased, terse).removesuffix("-with")

    platform.platform = describe_without_kernel


def without_pager(pydoc):
    """Have `help()` print: a pager would be another program."""

    def pager(text, title="", mode="auto"):
        """Print the text."""
        pydoc.plain_pager(text, title)

    pydoc.pager = pager
    pydoc.get_pager = lambda: pydoc.plain_pager


def with_entities(tree):
    """Have ElementTree's parser raise at an entity that is in no `entity` dictionary, and tell a target of the document type.

    RustPython's leaves the entity out of the tree without a word, and has the target hear nothing.
    """
    import pyexpat

    class XMLParser(tree.XMLParser):
        """A parser that builds a tree, or calls the methods of `target`."""

        def __init__(self, *, target=None, encoding=None):
            super().__init__(target=target, encoding=encoding)
            own = pyexpat._newest
            parser = own()

            def insert(name):
                value = self.entity.get(name)
                if value is not None:
                    self._expat_data(value)
                    return
                # Not `parser`, whose handler this is: it would keep itself.
                line, column = own().ErrorLineNumber, own().ErrorColumnNumber
                error = pyexpat.error(f"undefined entity &{name};: line {line}, column {column}")
                error.code, error.lineno, error.offset = 11, line, column
                raise error

            def skipped(name, parameter):
                if not parameter:
                    insert(name)

            def external(name, base, system, public):
                insert(name)
                return 1

            parser.SkippedEntityHandler = skipped
            parser.ExternalEntityRefHandler = external
            doctype = getattr(target, "doctype", None)
            if doctype is not None:

                def start(name, system, public, subset):
                    doctype(name, public, system)

                parser.StartDoctypeDeclHandler = start

    XMLParser.__module__ = tree.__name__
    XMLParser.__qualname__ = "XMLParser"
    tree.XMLParser = XMLParser


def without_signals(pdb):
    """Have `pdb` leave Ctrl-C as it is: a handler cannot be set, and it interrupts the program anyway."""
    start = pdb.Pdb.__init__

    def __init__(self, *args, **kwargs):
        start(self, *args, **kwargs)
        self.nosigint = True

    pdb.Pdb.__init__ = __init__
