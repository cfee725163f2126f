"""`asyncio` without sockets: tasks, queues, timeouts and sleeping work, waiting for descriptors does not exist.

The modules of `asyncio` want `socket`, `subprocess` and the like to exist while they are defined. They are given empty ones
for that time, and their event loop is one whose only way of waiting is to sleep until the next timer.
"""

import contextlib
import sys
import time

from cloison import _needs

_ABSENT = ("fcntl", "selectors", "socket", "subprocess")


class _Absent(type(sys)):
    """A module that has every name, each denied when it is used."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        need = _needs.MODULES[self.__name__]

        class Denied:
            def __new__(cls, *args, **kwargs):
                from cloison._errors import HostDenied

                raise HostDenied(f"{self.__name__}.{name}: {need}")

        Denied.__name__ = Denied.__qualname__ = name
        setattr(self, name, Denied)
        return Denied


@contextlib.contextmanager
def _absent_modules():
    names = [name for name in _ABSENT if name not in sys.modules]
    sys.modules.update((name, _Absent(name)) for name in names)
    try:
        yield
    finally:
        for name in names:
            sys.modules.pop(name, None)


class _Timer:
    """What stands where other event loops have a selector."""

    @staticmethod
    def select(timeout):
        """Wait for the next timer."""
        if timeout is None:
            raise RuntimeError("this would wait for ever: no task can run, no timer is set, and there is no other event")
        if timeout > 0:
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

    return EventLoop


class _Loader:
    def __init__(self, loader):
        self._loader = loader

    def create_module(self, spec):
        """Do as the frozen modules' loader does."""
        return self._loader.create_module(spec)

    def exec_module(self, module):
        """Define the module; `asyncio` is told to use our event loop."""
        with _absent_modules():
            self._loader.exec_module(module)
        if module.__name__ != "asyncio":
            return
        loop = _event_loop(module.base_events)
        module.unix_events._DefaultEventLoopPolicy._loop_factory = loop
        module.EventLoop = module.SelectorEventLoop = module.unix_events.EventLoop = loop


class Finder:
    """A finder that stands before that of frozen modules, for two names: `pdb` is there for `doctest`."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """Find `asyncio` and `pdb`."""
        if name not in ("asyncio", "pdb"):
            return None
        from importlib.machinery import FrozenImporter

        spec = FrozenImporter.find_spec(name, path, target)
        spec.loader = _Loader(spec.loader)
        return spec
