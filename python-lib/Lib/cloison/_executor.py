"""An executor of `concurrent.futures` whose tasks run in microprocesses."""

import itertools
import os
import time
from collections import deque
from concurrent.futures import BrokenExecutor
from concurrent.futures import Executor as _Executor
from concurrent.futures import Future as _Future
from concurrent.futures._base import PENDING

import _cloison
from cloison import _claims
from cloison._errors import MessageError, SpawnError
from cloison._processes import check_profile, checked_limits, find, make_reference, name_of, parent, stop

__all__ = ["BrokenWorker", "Executor", "Future"]


class BrokenWorker(BrokenExecutor):
    """The process that ran a function has ended. Other functions are not concerned.

    Attributes:
        process: The process.
        reason: Why it has ended: a `Reason`.
    """

    def __init__(self, message, process=None, reason=None):
        super().__init__(message)
        self.process = process
        self.reason = reason


class _Event:
    """What `concurrent.futures.wait` waits for, in a process with one thread: it handles messages meanwhile."""

    def __init__(self):
        self._is_set = False

    def is_set(self):
        return self._is_set

    def set(self):
        self._is_set = True

    def clear(self):
        self._is_set = False

    def wait(self, timeout=None):
        _pump_until(lambda: self._is_set, timeout)
        return self._is_set


class _Waiters(list):
    """A future's waiters, which get an event that handles messages."""

    def append(self, waiter):
        if not isinstance(waiter.event, _Event):
            waiter.event = _Event()
        super().append(waiter)


class Future(_Future):
    """The result of a function that an `Executor` runs. Whoever waits for it handles the executor's messages meanwhile."""

    def __init__(self):
        super().__init__()
        self._waiters = _Waiters()

    def result(self, timeout=None):
        """Return what the function has returned, or raise what it has raised. This waits for it."""
        _pump_until(super().done, timeout)
        return super().result(0)

    def exception(self, timeout=None):
        """Return what the function has raised, or None. This waits for it."""
        _pump_until(super().done, timeout)
        return super().exception(0)

    def done(self):
        """Return whether the function has ended, or was cancelled."""
        if not super().done():
            _claims.pump(0)
        return super().done()

    def cancel(self):
        """Cancel the call if it has not begun; return whether it is cancelled."""
        waited = self._state == PENDING
        cancelled = super().cancel()
        if cancelled and waited:
            self.set_running_or_notify_cancel()
        return cancelled


def _pump_until(is_over, timeout):
    end = None if timeout is None else time.monotonic() + timeout
    while not is_over():
        if not _claims.pump(None if end is None else max(0, end - time.monotonic())):
            return


class _Worker:
    def __init__(self, executor, options):
        self.executor = executor
        self.ticket = make_reference()
        self.future = None
        self.ready = False
        self.calls = 0
        self.modules = set()
        self.process, self.monitor = _claims.start_guarded(__name__, "run_worker", (self.ticket,), main=True, **options)
        _claims.claim(self.ticket, self.hear, self.process)
        _claims.claim(self.monitor, self.hear)

    def give(self, future, module, qualname, args, keywords):
        """Have the worker call a function; None for the future means the initializer."""
        if module not in self.modules:
            _claims.send_patiently(self.process, _claims.Prepare(module))
            self.modules.add(module)
        _claims.send_patiently(self.process, _claims.Work(module, qualname, args, keywords))
        self.future = future
        self.calls += future is not None

    def hear(self, message):
        """Hear from the worker, or of its end."""
        executor, future, was_ready = self.executor, self.future, self.ready
        self.future = None
        if type(message) is _claims.Done:
            error = _claims.error_of(message)
            if error is None or was_ready:
                executor._free(self)
        elif isinstance(message, MessageError):
            # A result, or something that the function has sent: it may go on.
            error = message
            self.process.kill()
        else:
            _claims.disclaim(self.process, self.ticket, self.monitor)
            text = f"process {self.process.number} has ended while it ran a function: {message.reason}"
            error = BrokenWorker(text, self.process.send_only(), message.reason)
            executor._lost(self)
        if error is not None and not was_ready:
            executor._break(error)
        elif future is not None and error is not None:
            future.set_exception(error)
        elif future is not None:
            future.set_result(message.value)
        executor._go_on()

    def end(self):
        """End the worker. It does nothing any more, or nobody wants to know."""
        _claims.disclaim(self.process, self.ticket, self.monitor)
        _cloison.demonitor(self.monitor)
        stop(self.process, timeout=0)
        _claims.forget(self.ticket)


class Executor(_Executor):
    """Run functions in processes, which are used again.

    It is an executor of `concurrent.futures`, with its futures, `wait` and `as_completed`. What differs:

    - Functions stand at the top of a module. Arguments and results are copied, and have to be what can be sent in a message.
    - This process has one thread. A worker gets its next function when this process submits one or waits: for a result, in
      `receive`, in `wait`. While it computes, workers that have finished rest; large chunks help.
    - A worker that ends (killed, out of memory, crashed) costs the function that it ran, whose future gets `BrokenWorker`. Another
      worker takes its place.

    Workers end when the executor is shut down, or this process ends.

    Args:
        max_workers: How many processes there are at most; None is as many as there are processors.
        initializer: A function that each worker calls first. If one fails, the executor is broken, as in
            `concurrent.futures.ProcessPoolExecutor`.
        initargs: Its arguments.
        max_tasks_per_child: How many functions a worker runs until another takes its place; None is no limit.
        capabilities: What workers are given, as for `spawn`; so are `profile` and the `limits`: ``memory``, ``cpu``, ``deadline``,
            ``children``, ``channels``, ``priority`` and ``nice``.

    Example:
        >>> with Executor(4) as executor:
        ...     print(list(executor.map(count_words, texts)))
    """

    def __init__(
        self,
        max_workers=None,
        *,
        initializer=None,
        initargs=(),
        max_tasks_per_child=None,
        capabilities=None,
        profile=None,
        **limits,
    ):
        if max_workers is None:
            max_workers = os.process_cpu_count() or 1
        if max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        if max_tasks_per_child is not None and max_tasks_per_child < 1:
            raise ValueError("max_tasks_per_child must be >= 1")
        self._max_workers = max_workers
        self._max_tasks_per_child = max_tasks_per_child
        self._initializer = None if initializer is None else (*name_of(initializer), tuple(initargs), {})
        check_profile(profile)
        checked_limits(**limits)
        self._options = {"capabilities": capabilities, "profile": profile, **limits}
        self._waiting = deque()
        self._workers = set()
        self._idle = []
        self._broken = None
        self._shut_down = False

    def submit(self, function, /, *args, **kwargs):
        """Have ``function(*args, **kwargs)`` called in a worker, and return its `Future`.

        Raises:
            TypeError: The function has no name that another process could find.
            BrokenExecutor: An initializer has failed.
            RuntimeError: The executor is shut down.
        """
        if self._broken is not None:
            raise BrokenExecutor(self._broken)
        if self._shut_down:
            raise RuntimeError("cannot schedule new futures after shutdown")
        module, qualname = name_of(function)
        future = Future()
        self._waiting.append((future, module, qualname, args, kwargs))
        while _claims.pump(0):
            pass
        self._go_on()
        return future

    def map(self, function, *iterables, timeout=None, chunksize=1, buffersize=None):
        """Return an iterator over the results of ``function`` for the items of the iterables, in order.

        Args:
            function: The function.
            iterables: Where its arguments come from.
            timeout: How many seconds from now all results may take.
            chunksize: How many calls a worker is given at once.
            buffersize: How many chunks may be under way; None submits all now.

        Raises:
            TimeoutError: A result is not there in time.
            Exception: What the function has raised.
        """
        if chunksize < 1:
            raise ValueError("chunksize must be >= 1.")
        if chunksize == 1:
            return super().map(function, *iterables, timeout=timeout, buffersize=buffersize)
        module, qualname = name_of(function)
        chunks = itertools.batched(zip(*iterables), chunksize)
        calls = ((module, qualname, chunk) for chunk in chunks)
        results = super().map(_run_chunk, calls, timeout=timeout, buffersize=buffersize)
        return _each(results)

    def shutdown(self, wait=True, *, cancel_futures=False):
        """Take no more functions, and end the workers when those that were submitted have ended.

        Args:
            wait: Return when the workers have ended.
            cancel_futures: Cancel what has not begun.
        """
        self._shut_down = True
        if cancel_futures:
            for future, *_ in self._waiting:
                future.cancel()
            self._waiting.clear()
        self._go_on()
        if wait:
            _pump_until(lambda: not self._workers, None)

    def _go_on(self):
        """Give idle workers what waits, start workers for the rest, and end them when there is nothing to come."""
        self._start_workers()
        while self._waiting and self._idle:
            future, *work = self._waiting.popleft()
            if future.cancelled():
                continue
            future.set_running_or_notify_cancel()
            worker = self._idle.pop()
            try:
                worker.give(future, *work)
            except Exception as error:  # what can't be sent
                worker.future = None
                self._idle.append(worker)
                future.set_exception(error)
        if self._shut_down and not self._waiting:
            self._end(self._idle)

    def _start_workers(self):
        wanted = len(self._waiting) - len(self._idle) - sum(not worker.ready for worker in self._workers)
        for _ in range(min(wanted, self._max_workers - len(self._workers))):
            try:
                worker = _Worker(self, self._options)
            except SpawnError as error:
                if not self._workers:  # nobody will do the work
                    self._fail(error)
                return
            self._workers.add(worker)
            if self._initializer is None:
                self._free(worker)
            else:
                worker.give(None, *self._initializer)

    def _free(self, worker):
        worker.ready = True
        if worker.calls == self._max_tasks_per_child:
            self._end([worker])
        else:
            self._idle.append(worker)

    def _lost(self, worker):
        self._workers.discard(worker)
        if worker in self._idle:
            self._idle.remove(worker)

    def _break(self, error):
        self._broken = f"an initializer has failed: {error}"
        running = [worker.future for worker in self._workers if worker.future is not None]
        self._end(self._workers)
        for future in running:
            future.set_exception(BrokenExecutor(self._broken))
        self._fail(BrokenExecutor(self._broken))

    def _fail(self, error):
        while self._waiting:
            future, *_ = self._waiting.popleft()
            if not future.cancelled():
                future.set_exception(error)

    def _end(self, workers):
        for worker in list(workers):
            self._lost(worker)
            worker.end()


def _run_chunk(call):
    module, qualname, chunk = call
    function = find(module, qualname)
    return [function(*args) for args in chunk]


def _each(chunks):
    for chunk in chunks:
        yield from chunk


def run_worker(ticket):
    """Be a worker: do what the parent says, until it ends."""
    owner = parent()
    while _claims.work(ticket, owner):
        pass
