"""What RustPython 0.6 leaves out and ordinary programs use. `corrections.rs` has what only Rust can put right."""

import sys


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
        setattr(time, name, _needs.denied(name, "time", _needs.CLOCK, False))


def _input():
    # RustPython's drops what the flushes before its wait raise, a KeyboardInterrupt included.
    import builtins

    import _cloison

    builtins.input = _cloison.input


#: Functions of `_thread` that are builtin elsewhere. They are Python here because the module is there before any other.
_OF_THREADS = (
    "start_new_thread start_new start_joinable_thread daemon_threads_allowed get_ident get_native_id _get_main_thread_ident "
    "_is_main_interpreter _shutdown _count stack_size exit exit_thread interrupt_main allocate_lock allocate _set_sentinel "
    "_make_thread_handle"
).split()


def _builtin_functions():
    # A Python function becomes a method where it stands in a class, and a builtin one does not.
    import _thread

    import _cloison

    _thread._functions = tuple(getattr(_thread, name) for name in _OF_THREADS)
    for name, function in zip(_OF_THREADS, _thread._functions):
        setattr(_thread, name, _cloison.builtin(function.__name__, "_thread", function.__doc__ or "", function))


def apply():
    """Put it right, before the template imports anything of the application's."""
    _builtin_functions()
    _site_builtins()
    _clock()
    _input()


def mapping_proxy_str(proxy):
    """Return the mapping's text: only `repr` names the proxy. `corrections.rs` makes it the type's `__str__`."""
    return repr(proxy).removeprefix("mappingproxy(").removesuffix(")")


class _Getter(staticmethod):
    """The function of a property whose class has a `__get__` of its own: a plain one RustPython calls where that is to be asked."""


_property_init, _property_fget = property.__init__, property.fget


def property_init(self, fget=None, fset=None, fdel=None, doc=None):
    """Initialize the property. `corrections.rs` makes it `__init__` of `property`, which only classes derived from it ask for."""
    if type(self).__get__ is not property.__get__ and type(fget) is type(property_init):
        fget = _Getter(fget)
    _property_init(self, fget, fset, fdel, doc)


property_init.__name__, property_init.__qualname__ = "__init__", "property.__init__"


@property
def property_fget(self):
    """The function that gets the attribute. `corrections.rs` makes it `fget` of `property`."""
    fget = _property_fget.__get__(self)
    return fget.__func__ if type(fget) is _Getter else fget


def with_modules_sources(linecache):
    """Have `linecache` find the lines of a file that a module comes from when it is not told of the module: warnings do not."""
    update = linecache.updatecache

    def updatecache(filename, module_globals=None):
        """Update the lines of a file, and return them."""
        lines = update(filename, module_globals)
        if lines or module_globals is not None:
            return lines
        for module in list(sys.modules.values()):
            if type(module) is type(sys) and vars(module).get("__file__") == filename:
                return update(filename, vars(module))
        return lines

    linecache.updatecache = updatecache


def with_its_own_format(dbm):
    """Have `dbm` take the format that is written in Python, as where CPython lacks the C libraries of the others."""
    dbm._names = ["dbm.dumb"]


def with_a_folder(tempfile):
    """Have `tempfile.gettempdir` answer when nothing can be written anywhere. To make a file there is refused."""
    find = tempfile._get_default_tempdir

    def find_or_name(*args, **kwargs):
        try:
            return find(*args, **kwargs)
        except FileNotFoundError:
            return "/tmp"

    tempfile._get_default_tempdir = find_or_name


def with_zones(zoneinfo):
    """Have `zoneinfo` find its data in this program, where no folder and no package has it."""
    import _cloison

    common, paths = zoneinfo._common, zoneinfo._tzpath
    load, available = common.load_tzdata, paths.available_timezones

    def load_tzdata(key):
        """Return an open file of a time zone's data."""
        data = _cloison.time_zone(key)
        if data is None:
            return load(key)
        import io

        return io.BytesIO(data)

    def available_timezones():
        """Return the names of all time zones."""
        return available().union(name for name in _cloison.time_zones() if name != "Factory")

    common.load_tzdata = load_tzdata
    zoneinfo.available_timezones = paths.available_timezones = available_timezones


def with_copies_of_patterns(module):
    """Have `copy` give a compiled pattern, or a match, itself, once `re` is there, too: RustPython's have no `__copy__`."""
    copy, re = map(sys.modules.get, ("copy", "re"))
    if hasattr(copy, "_atomic_types") and hasattr(re, "Match"):
        for kind in (re.Pattern, re.Match):
            copy._copy_atomic_types.add(kind)
            copy._atomic_types.add(kind)


def with_members_from_bytes(enum):
    """Have `from_bytes` of an enumeration of numbers give a member: RustPython's makes the object without asking the class."""

    def from_bytes(cls, bytes, byteorder="big", *, signed=False):
        """Return the member with the number that the bytes stand for."""
        return cls(int.from_bytes(bytes, byteorder, signed=signed))

    enum.IntEnum.from_bytes = enum.IntFlag.from_bytes = classmethod(from_bytes)


def with_methods_of_classes(copyreg):
    """Have `object.__init__` and its like pickled by their names: RustPython's do not reduce."""
    copyreg.pickle(type(object.__init__), lambda method: (getattr, (method.__objclass__, method.__name__)))


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


def without_processes(tracker):
    """Have `multiprocessing` say at once what would start processes, before it has made pipes and looked for signals."""
    from cloison import _native, _needs

    refuse = _native.refusing_method("multiprocessing", "Process", "start", _needs.PROCESSES)
    tracker.ResourceTracker.ensure_running = tracker.ResourceTracker._ensure_running_and_write = refuse
    # The module has it as a function, too.
    tracker.ensure_running = tracker._resource_tracker.ensure_running
