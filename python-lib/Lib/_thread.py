"""Locks and identities for a process that has one thread, and only ever one.

Locks are real: whoever waits for one that is held would wait for ever, and gets a RuntimeError instead.
Starting a thread is an error as well.
"""

TIMEOUT_MAX = 4294967.0
error = RuntimeError
_MAIN = 1
_DEADLOCK = "this would wait for ever: it is held, and a microprocess has no other thread to release it"


def start_new_thread(function, args=(), kwargs=None):
    """Raise RuntimeError: there is one thread."""
    raise RuntimeError("can't start new thread: a microprocess has one thread")


start_new = start_new_thread


def start_joinable_thread(function, handle=None, daemon=True):
    """Raise RuntimeError: there is one thread."""
    start_new_thread(function)


def daemon_threads_allowed():
    """Return False."""
    return False


def get_ident():
    """Return the number of the only thread."""
    return _MAIN


get_native_id = _get_main_thread_ident = get_ident


def _is_main_interpreter():
    return True


def _shutdown():
    pass


def _count():
    return 0


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


def _wait(timeout):
    """Wait for what cannot happen, for `timeout` seconds."""
    if timeout < 0:
        raise RuntimeError(_DEADLOCK)
    import time

    time.sleep(timeout)
    return False


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
        if not self._held:
            self._held = True
            return True
        return _wait(timeout) if blocking else False

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

    __slots__ = ("_depth", "__weakref__")

    def __init__(self):
        self._depth = 0

    def acquire(self, blocking=True, timeout=-1):
        """Take it: the only thread always may."""
        _check(blocking, timeout)
        self._depth += 1
        return True

    def release(self):
        """Give it back once."""
        if not self._depth:
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
        return self._depth != 0

    def _recursion_count(self):
        return self._depth

    def _release_save(self):
        depth, self._depth = self._depth, 0
        return depth, _MAIN

    def _acquire_restore(self, state):
        self._depth = state[0]

    def _at_fork_reinit(self):
        self._depth = 0

    def __repr__(self):
        return f"<{'locked' if self._depth else 'unlocked'} _thread.RLock object count={self._depth} at {id(self):#x}>"


class _ThreadHandle:
    """The main thread's handle, or one of a thread that never starts."""

    def __init__(self, ident=0):
        self.ident = ident
        self._done = False

    def is_done(self):
        return self._done

    def join(self, timeout=None):
        if not self._done:
            _wait(-1 if timeout is None else timeout)

    def _set_done(self):
        self._done = True


def _make_thread_handle(ident):
    return _ThreadHandle(ident)


class _local:
    """Attributes of the thread, which is to say: attributes."""

    def __new__(cls, *args, **kwargs):
        if (args or kwargs) and cls.__init__ is object.__init__:
            raise TypeError("Initialization arguments are not supported")
        return super().__new__(cls)
