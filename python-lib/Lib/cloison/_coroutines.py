"""`asyncio` without sockets: tasks, queues, timeouts and sleeping work, waiting for descriptors does not exist.

Other modules of the standard library import `socket` for a part of what they do: they can be imported too, and only that part is
denied. The table is `_WANTING`.

The modules of `asyncio` want `socket`, `subprocess` and the like to exist while they are defined. They are given empty ones
for that time, and their event loop is one whose only way of waiting is to sleep until the next timer.
"""

import sys

from cloison import _corrections, _needs, _threads

_ABSENT = ("fcntl", "select", "selectors", "socket", "socketserver", "subprocess")

#: Modules that want them to exist while they are defined, or are corrected.
_WANTING = frozenset(
    "asyncio http.client http.cookiejar http.server logging.config logging.handlers mailbox pdb platform pydoc shutil "
    "urllib.request urllib.robotparser wsgiref.simple_server xml.etree.ElementTree xml.sax.expatreader xml.sax.saxutils".split()
)


class _Denied(type):
    """The type of what is denied: it has every constant, as an enumeration has."""

    def __getattr__(cls, name):
        if not name.isupper():
            raise AttributeError(name)
        return cls


class _Absent(type(sys)):
    """A module that has every name, each denied when it is used."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        need = _needs.MODULES[self.__name__]

        class Denied(metaclass=_Denied):
            def __new__(cls, *args, **kwargs):
                from cloison._errors import HostDenied

                raise HostDenied(f"{self.__name__}.{name}: {need}")

        Denied.__name__ = Denied.__qualname__ = name
        setattr(self, name, Denied)
        return Denied


#: Modules that want nothing, and are corrected.
_CORRECTED = frozenset(["concurrent.futures.thread", "inspect", "queue", "random", "threading"])


class _Given:
    """Have modules exist for a while."""

    def __init__(self, modules):
        self._modules = {name: module for name, module in modules.items() if name not in sys.modules}

    def __enter__(self):
        sys.modules.update(self._modules)

    def __exit__(self, *_):
        for name in self._modules:
            sys.modules.pop(name, None)


def _given(name):
    if name in _CORRECTED:
        return _Given({})
    if name == "shutil":
        return _Given({"posix": sys.modules["os"]})
    return _Given({name: _Absent(name) for name in _ABSENT})


class _Timer:
    """What stands where other event loops have a selector."""

    @staticmethod
    def select(timeout):
        """Wait for the next timer, or for what an executor's workers have to say."""
        claims = sys.modules.get("cloison._claims")
        if claims is not None and claims.are_awaited():
            claims.pump(timeout)
            return ()
        if timeout is None:
            raise RuntimeError("this would wait for ever: no task can run, no timer is set, and there is no other event")
        if timeout > 0:
            import time

            time.sleep(timeout)
        return ()


def _event_loop(base_events):
    class EventLoop(base_events.BaseEventLoop):
        """An event loop of tasks and timers."""

        def __init__(self):
            super().__init__()
            self._selector = _Timer()

        def _process_events(self, event_list):
            pass

        def _write_to_self(self):
            pass

        def run_in_executor(self, executor, func, *args):
            """Have an executor call a function. A result that is there at once is told in the loop's next round, as elsewhere."""
            future = super().run_in_executor(executor, func, *args)
            if not future.done():
                return future
            later = self.create_future()
            base_events.futures._chain_future(future, later)
            return later

    return EventLoop


class _Loader:
    def __init__(self, loader):
        self._loader = loader

    def create_module(self, spec):
        """Do as the frozen modules' loader does."""
        return self._loader.create_module(spec)

    def get_source(self, fullname):
        """Return the module's source."""
        return self._loader.get_source(fullname)

    def get_filename(self, fullname):
        """Return the name that tracebacks show."""
        return self._loader.get_filename(fullname)

    def exec_module(self, module):
        """Define the module, and correct it; `asyncio` is told to use our event loop."""
        with _given(module.__name__):
            self._loader.exec_module(module)
        if module.__name__ == "inspect":
            _corrections.with_frozen_files(module)
        if module.__name__ == "random":
            from cloison import _boot

            _boot.note_unseeded(module)
        if module.__name__ == "threading":
            _threads.in_threading(module)
        if module.__name__ == "queue":
            _threads.in_queue(module)
        if module.__name__ == "concurrent.futures.thread":
            _threads.in_pools(module)
        if module.__name__ == "logging.handlers":
            _threads.in_listeners(module)
        if module.__name__ == "pdb":
            _corrections.without_signals(module)
        if module.__name__ == "platform":
            _corrections.without_kernel(module)
        if module.__name__ == "xml.etree.ElementTree":
            _corrections.with_entities(module)
        if module.__name__ == "pydoc":
            _corrections.without_pager(module)
        if module.__name__ != "asyncio":
            return
        loop = _event_loop(module.base_events)
        module.unix_events._DefaultEventLoopPolicy._loop_factory = loop
        module.EventLoop = module.SelectorEventLoop = module.unix_events.EventLoop = loop


def given_to_anyio():
    """Return what has modules exist while a module of the application's `anyio` is defined: it wants what `asyncio` wants."""
    # Which does without `ssl` when there is none, and anyio does not.
    __import__("asyncio")
    return _Given({name: _Absent(name) for name in (*_ABSENT, "ssl")})


class Finder:
    """A finder that stands before that of frozen modules, for the modules of the table."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """Find one of the table."""
        if name not in _WANTING and name not in _CORRECTED:
            return None
        from importlib.machinery import FrozenImporter

        spec = FrozenImporter.find_spec(name, path, target)
        spec.loader = _Loader(spec.loader)
        return spec
