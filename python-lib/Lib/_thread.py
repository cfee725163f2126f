"""Threads for a process that has one stack: a started thread runs at once, up to its end, and then its starter goes on.

So at any time one thread runs; those that started it stand still beneath it, and the others have ended. Who waits for something
that is not there has the event loops of threads beneath go on, one round after the other, as a callback within their callback. With
none of them it waits for nobody: with a timeout it sleeps that long, and without one it would wait for ever and gets a RuntimeError
instead. Locks are real: a thread can't take what its starter holds.

A thread has a number, local data, a context of `contextvars`, a tracer and a running event loop of its own. What it has not got is
a stack of its own.
"""

TIMEOUT_MAX = 4294967.0
error = RuntimeError
_MAIN = 1
_NOBODY = "this would wait for ever: the threads that were started have ended or wait for work, and no other can end this wait"
_BENEATH = (
    "this thread would wait for ever: it runs to its end before the thread that started it goes on, and no other can end this wait"
)

#: How long one event loop beneath is waited for while others are not, in seconds.
_SLICE = 0.005
#: So many waits may stand on top of each other: a round of an event loop that fails for want of stack would lose what it was to call.
_DEEPEST = 30

# This module is there before the importing of modules is. What a function needs it imports.

#: The number of the thread that runs.
_ident = _MAIN
#: The number of the thread that was begun last: numbers are not used again.
_latest = _MAIN
#: How many threads have begun and not ended, without the main one.
_others = 0
#: Weak references to the local data that threads have, by number.
_touched = {}
#: The event loops of threads beneath that stand still in a callback, each with the number of its thread, the nearest one last.
_standing = []


def _begin():
    """Return the number of a new thread."""
    global _latest, _others
    _latest += 1
    _others += 1
    return _latest


def _end(ident):
    """Forget a thread's local data. It runs, or never will again."""
    global _others
    _others -= 1
    for reference in _touched.pop(ident, ()):
        data = reference()
        if data is not None:
            object.__getattribute__(data, "_local__impl").forget(data, ident)


def _run_as(ident, function, /, *args, **kwargs):
    """Call a function as that thread, and be the present one again."""
    global _ident
    import sys

    present = _ident
    trace, profile = sys.gettrace(), sys.getprofile()
    asyncio = sys.modules.get("_asyncio")
    loop = None if asyncio is None else asyncio._get_running_loop()
    if loop is not None:
        hooks = sys.get_asyncgen_hooks()
        task = asyncio._swap_current_task(loop, None)
        asyncio._set_running_loop(None)
        sys.set_asyncgen_hooks(None, None)
        _standing.append((present, loop))
    try:
        _ident = ident
        if trace is not None:
            sys.settrace(None)
        if profile is not None:
            sys.setprofile(None)
        return function(*args, **kwargs)
    finally:
        _ident = present
        if loop is not None:
            _standing.pop()
            sys.set_asyncgen_hooks(*hooks)
            asyncio._set_running_loop(loop)
            asyncio._swap_current_task(loop, task)
        if sys.getprofile() is not profile:
            sys.setprofile(profile)
        if sys.gettrace() is not trace:
            sys.settrace(trace)


def _passes_on(error):
    """Return whether an exception is not the thread's alone: Ctrl-C, and the end of the process."""
    from cloison._errors import ProcessExit

    return isinstance(error, (KeyboardInterrupt, ProcessExit))


def _whole_thread(ident, function, args, kwargs):
    import _contextvars

    try:
        _contextvars.Context().run(function, *args, **kwargs)
    except SystemExit:
        pass
    except BaseException as error:
        if _passes_on(error):
            raise
        import sys

        unraisable = type(sys.implementation)(
            exc_type=type(error),
            exc_value=error,
            exc_traceback=error.__traceback__,
            err_msg="Exception ignored in thread started by",
            object=function,
        )
        sys.unraisablehook(unraisable)
    finally:
        _end(ident)


def start_new_thread(function, args=(), kwargs={}, /):
    """Call a function as a new thread, and return the thread's number when it has ended."""
    if not callable(function):
        raise TypeError("first arg must be callable")
    if not isinstance(args, tuple):
        raise TypeError("2nd arg must be a tuple")
    if not isinstance(kwargs, dict):
        raise TypeError("optional 3rd arg must be a dictionary")
    ident = _begin()
    _run_as(ident, _whole_thread, ident, function, args, kwargs)
    return ident


start_new = start_new_thread


def start_joinable_thread(function, handle=None, daemon=True):
    """Call a function as a new thread, and return the handle of the thread, which has ended."""
    if not callable(function):
        raise TypeError("thread function must be callable")
    if handle is None:
        handle = _ThreadHandle()
    elif handle.ident:
        raise RuntimeError("thread already started")
    handle.ident = ident = _begin()
    try:
        _run_as(ident, _whole_thread, ident, function, (), {})
    finally:
        handle._set_done()
    return handle


def daemon_threads_allowed():
    """Return True: daemon threads end like others, before their starter goes on."""
    return True


def get_ident():
    """Return the number of the thread that runs."""
    return _ident


get_native_id = get_ident


def _get_main_thread_ident():
    return _MAIN


def _is_main_interpreter():
    return True


def _shutdown():
    pass


def _count():
    return _others


def stack_size(size=0):
    """Return 0: the default."""
    return 0


def exit():
    """Raise SystemExit."""
    raise SystemExit


exit_thread = exit


def interrupt_main(signum=2):
    """Raise KeyboardInterrupt."""
    raise KeyboardInterrupt


def _wait(is_over, timeout):
    """Return whether it is over after `timeout` seconds, while event loops beneath go on; a negative timeout is none."""
    import time

    end = None if timeout < 0 else time.monotonic() + timeout
    loops = [(loop, loop.keep()) for _, loop in _standing if hasattr(loop, "go_on")]
    try:
        while not is_over():
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return False
            if _go_on(left):
                continue
            if left is None:
                raise RuntimeError(_NOBODY if _ident == _MAIN else _BENEATH)
            time.sleep(left)
    finally:
        for loop, kept in loops:
            loop.fill(kept)
    return True


def _go_on(seconds):
    """Have an event loop beneath go on for one round, of so many seconds at most, and return whether there is one that can."""
    if len(_standing) > _DEEPEST:
        return False
    # Nobody waits for what its own loop would do: it is in the callback that waits.
    loops = {loop: ident for ident, loop in reversed(_standing) if ident != _ident and hasattr(loop, "go_on") and loop.can_go_on()}
    if not loops:
        return False
    if len(loops) > 1:
        # None is waited for so long that another one would stand still.
        seconds = _SLICE if seconds is None else min(seconds, _SLICE)
    loop = next((loop for loop in loops if loop._ready), next(iter(loops)))
    _run_as(loops[loop], loop.go_on, seconds)
    return True


def _check(blocking, timeout):
    if not blocking and timeout != -1:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if timeout < 0 and timeout != -1:
        raise ValueError("timeout value must be a non-negative number")
    if timeout > TIMEOUT_MAX:
        raise OverflowError("timeout value is too large")


class lock:
    """A lock: held or not."""

    __slots__ = ("_held", "__weakref__")

    def __init__(self):
        self._held = False

    def acquire(self, blocking=True, timeout=-1):
        """Take it and return True; if it is held, return False, at once or after `timeout` seconds."""
        _check(blocking, timeout)
        if self._held and not (blocking and _wait(lambda: not self._held, timeout)):
            return False
        self._held = True
        return True

    def release(self):
        """Give it back."""
        if not self._held:
            raise RuntimeError("release unlocked lock")
        self._held = False

    def locked(self):
        """Return whether it is held."""
        return self._held

    def __enter__(self):
        return self.acquire()

    def __exit__(self, kind, value, trace):
        self.release()

    def _at_fork_reinit(self):
        self._held = False

    acquire_lock, release_lock, locked_lock = acquire, release, locked

    def __repr__(self):
        return f"<{'locked' if self._held else 'unlocked'} _thread.lock object at {id(self):#x}>"


LockType = lock


def allocate_lock():
    """Return a lock."""
    return lock()


allocate = _set_sentinel = allocate_lock


class RLock:
    """A lock that its holder may take again."""

    __slots__ = ("_depth", "_owner", "__weakref__")

    def __init__(self):
        self._depth = self._owner = 0

    def acquire(self, blocking=True, timeout=-1):
        """Take it and return True; if another thread holds it, return False, at once or after `timeout` seconds."""
        _check(blocking, timeout)
        if self._depth and self._owner != _ident and not (blocking and _wait(lambda: not self._depth, timeout)):
            return False
        self._owner = _ident
        self._depth += 1
        return True

    def release(self):
        """Give it back once."""
        if not self._is_owned():
            raise RuntimeError("cannot release un-acquired lock")
        self._depth -= 1

    def locked(self):
        """Return whether it is held."""
        return self._depth != 0

    def __enter__(self):
        return self.acquire()

    def __exit__(self, kind, value, trace):
        self.release()

    def _is_owned(self):
        return self._depth != 0 and self._owner == _ident

    def _recursion_count(self):
        return self._depth if self._owner == _ident else 0

    def _release_save(self):
        if not self._is_owned():
            raise RuntimeError("cannot release un-acquired lock")
        state = self._depth, self._owner
        self._depth = 0
        return state

    def _acquire_restore(self, state):
        self.acquire()
        self._depth, self._owner = state

    def _at_fork_reinit(self):
        self._depth = 0

    def __repr__(self):
        held, owner = ("locked", self._owner) if self._depth else ("unlocked", 0)
        return f"<{held} _thread.RLock object owner={owner} count={self._depth} at {id(self):#x}>"


class _ThreadHandle:
    """What a thread is joined by."""

    def __init__(self, ident=0):
        self.ident = ident
        self._done = False

    def is_done(self):
        return self._done

    def join(self, timeout=None):
        if not self._done:
            _wait(self.is_done, -1 if timeout is None else timeout)

    def _set_done(self):
        self._done = True


def _make_thread_handle(ident):
    return _ThreadHandle(ident)


class _Attributes:
    """What a `_local` has, for each thread."""

    __slots__ = ("owner", "threads", "arguments")

    def __init__(self, arguments):
        self.owner = 0
        self.threads = {}
        self.arguments = arguments

    def enter(self, data):
        """Give `data` the attributes of the thread that runs, and return whether it has none yet."""
        ident = _ident
        attributes = self.threads.get(ident)
        is_new = attributes is None
        if is_new:
            attributes = self.threads[ident] = {}
            if ident != _MAIN:
                from _weakref import ref

                _touched.setdefault(ident, []).append(ref(data))
        object.__setattr__(data, "__dict__", attributes)
        self.owner = ident
        return is_new

    def change(self, data):
        """The same, when it is another thread than the last time: to one that has none yet `__init__` gives some."""
        if not self.enter(data):
            return
        kind = type(data)
        if kind.__init__ is not object.__init__:
            args, kwargs = self.arguments
            try:
                kind.__init__(data, *args, **kwargs)
            except BaseException:
                self.forget(data, _ident)
                raise

    def forget(self, data, ident):
        """Let go of what a thread had."""
        if self.owner == ident:
            self.owner = 0
            object.__setattr__(data, "__dict__", {})
        self.threads.pop(ident, None)


class _local:
    """Attributes that each thread has for itself."""

    __slots__ = ("_local__impl", "__dict__", "__weakref__")

    def __new__(cls, /, *args, **kwargs):
        if (args or kwargs) and cls.__init__ is object.__init__:
            raise TypeError("Initialization arguments are not supported")
        self = object.__new__(cls)
        attributes = _Attributes((args, kwargs))
        object.__setattr__(self, "_local__impl", attributes)
        attributes.enter(self)
        return self

    def __getattribute__(self, name):
        attributes = object.__getattribute__(self, "_local__impl")
        if attributes.owner != _ident:
            attributes.change(self)
        return object.__getattribute__(self, name)

    def __setattr__(self, name, value):
        if name == "__dict__":
            raise AttributeError(f"{type(self).__name__!r} object attribute '__dict__' is read-only")
        attributes = object.__getattribute__(self, "_local__impl")
        if attributes.owner != _ident:
            attributes.change(self)
        object.__setattr__(self, name, value)

    def __delattr__(self, name):
        if name == "__dict__":
            raise AttributeError(f"{type(self).__name__!r} object attribute '__dict__' is read-only")
        attributes = object.__getattribute__(self, "_local__impl")
        if attributes.owner != _ident:
            attributes.change(self)
        object.__delattr__(self, name)
