"""`asyncio` on this process's sockets, and on what executors' workers have to say.

Its event loop is CPython's own for selectors, with one that waits for both. A program without a network has tasks, queues, timeouts and
sleeping; what would take a socket is refused where the socket is made, or here.
"""

import sys
import time

from cloison import _native, _needs, _net, _threads

_WATCHING = "add_reader add_writer remove_reader remove_writer".split()
_NAMED = "create_unix_connection create_unix_server".split()
_PROGRAMS = "connect_read_pipe connect_write_pipe subprocess_exec subprocess_shell".split()
_NAMES_ARE_NOT = "sockets have no names in a file system, and no line of cloison.toml grants it"
#: How long sockets are waited for while executors' workers are not, and the other way round, in seconds.
_SLICE = 0.005


def _selector(selectors):
    class Selector(selectors.DefaultSelector):
        """What waits for sockets, for the next timer, and for messages that somebody has claimed."""

        def select(self, timeout=None):
            """Wait for the first of them."""
            claims = sys.modules.get("cloison._claims")
            awaited = claims is not None and claims.are_awaited()
            if not self.get_map():
                return _sleep(timeout) if not awaited else (claims.pump(timeout), ())[1]
            if not awaited:
                return super().select(timeout)
            end = None if timeout is None else time.monotonic() + timeout
            while True:
                ready = super().select(0)
                left = _SLICE if end is None else min(_SLICE, end - time.monotonic())
                if claims.pump(max(0, left if not ready else 0)) or ready or left <= 0:
                    return ready

    return Selector


def _sleep(timeout):
    if timeout is None:
        raise RuntimeError("this would wait for ever: no task can run, no timer is set, and there is no other event")
    if timeout > 0:
        time.sleep(timeout)
    return ()


def _event_loop(asyncio, own_selector):
    base_events, events, futures = asyncio.base_events, asyncio.events, asyncio.base_events.futures

    class EventLoop(asyncio.selector_events.BaseSelectorEventLoop):
        """An event loop of tasks, timers and sockets."""

        def __init__(self, selector=None):
            super().__init__(selector or own_selector())

        # No other thread can run while the loop waits, so that nobody has to wake it.
        def _make_self_pipe(self):
            pass

        def _close_self_pipe(self):
            pass

        def _write_to_self(self):
            pass

        def run_in_executor(self, executor, func, *args):
            """Have an executor call a function, in the loop's next round: who awaits it does, and can be cancelled, while it waits."""
            with _threads.beginning_by(self.call_soon):
                future = super().run_in_executor(executor, func, *args)
            if not future.done():
                return future
            # A result that is there at once is told in the next round, too, as elsewhere.
            later = self.create_future()
            futures._chain_future(future, later)
            return later

        # A thread that this loop's thread has started, and waits for something: `_thread` says how.

        def can_go_on(self):
            """Return whether one more round would do anything, or wait for anything."""
            claims = sys.modules.get("cloison._claims")
            work = self._ready or self._scheduled or self._selector.get_map() or (claims is not None and claims.are_awaited())
            return bool(work) and not self._stopping and not self._closed

        def go_on(self, seconds):
            """Do a round, of so many seconds at most, while a callback of this loop's waits, or whoever has opened it."""
            stands = self.is_running()
            hooks = sys.get_asyncgen_hooks()
            timer = None if seconds is None else self.call_later(seconds, int)
            if stands:
                sys.set_asyncgen_hooks(self._asyncgen_firstiter_hook, self._asyncgen_finalizer_hook)
                events._set_running_loop(self)
            else:
                self._run_forever_setup()
            try:
                self._run_once()
            finally:
                if stands:
                    events._set_running_loop(None)
                    sys.set_asyncgen_hooks(*hooks)
                else:
                    self._run_forever_cleanup()
                if timer is not None:
                    timer.cancel()

        def keep(self):
            """Return what `fill` takes when rounds within a callback are over."""
            return len(self._ready)

        def fill(self, count):
            """Have as many callbacks ready as before: the round that goes on takes so many from the queue, unasked."""
            while len(self._ready) < count:
                done = events.Handle(int, (), self)
                done.cancel()
                self._ready.append(done)

    def checking(name):
        method = getattr(asyncio.selector_events.BaseSelectorEventLoop, name)

        def checked(self, *args):
            _net.check(f"asyncio.EventLoop.{name}()")
            return method(self, *args)

        checked.__name__, checked.__qualname__, checked.__doc__ = name, f"EventLoop.{name}", method.__doc__
        return checked

    for name in _WATCHING:
        setattr(EventLoop, name, checking(name))
    for need, names in (_NAMES_ARE_NOT, _NAMED), (_needs.PROCESSES, _PROGRAMS):
        for name in names:
            setattr(EventLoop, name, _native.refusing_method("asyncio", "EventLoop", name, need))
    return EventLoop


def in_asyncio(asyncio):
    """Have `asyncio` use our event loop."""
    import asyncio.selector_events
    import selectors

    loop = _event_loop(asyncio, _selector(selectors))
    asyncio.unix_events._DefaultEventLoopPolicy._loop_factory = loop
    asyncio.EventLoop = asyncio.SelectorEventLoop = asyncio.unix_events.EventLoop = loop
