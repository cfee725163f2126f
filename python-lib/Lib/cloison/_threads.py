"""What of the standard library counts on threads that wait beside others, for threads that run to their end: `_thread` says how.

A pool's worker, anyio's, and the thread of a logging listener wait for work in an endless loop. Here they are threads that are
entered when there is work, and left when it is done: they keep their number, local data and context in between.
"""

import _thread
import sys

#: What calls a function that begins work in a thread, or None: it is called at once.
_begin_by = None


class beginning_by:
    """Within it, what is submitted is begun by a function that takes a function and arguments, as an event loop's `call_soon` does."""

    def __init__(self, call):
        self._call = call

    def __enter__(self):
        global _begin_by
        self._before, _begin_by = _begin_by, self._call

    def __exit__(self, kind, value, trace):
        global _begin_by
        _begin_by = self._before


def _begin(function, *args):
    """Call it now, or as `beginning_by` says."""
    if _begin_by is None:
        function(*args)
    else:
        _begin_by(function, *args)


def _worker_class(threading):
    class Worker(threading.Thread):
        """A thread that is entered when there is work."""

        def start(self):
            """Begin, without running anything."""
            from _contextvars import Context

            self._context = Context()
            self._ident = self._native_id = self._os_thread_handle.ident = _thread._begin()
            self._started.set()
            with threading._active_limbo_lock:
                threading._active[self._ident] = self

        def work(self, function, *args):
            """Call a function as this thread."""
            return _thread._run_as(self._ident, self._context.run, function, *args)

        def end(self):
            """End, if it has not ended."""
            if self._os_thread_handle.is_done():
                return
            try:
                _thread._run_as(self._ident, _thread._end, self._ident)
            finally:
                self._os_thread_handle._set_done()
                with threading._active_limbo_lock:
                    threading._active.pop(self._ident, None)

    return Worker


def in_threading(threading):
    """Have `threading` pass on what is not a thread's alone, and refuse a timer that would keep its starter waiting."""
    make_invoke_excepthook = threading._make_invoke_excepthook

    def make():
        invoke_excepthook = make_invoke_excepthook()

        def invoke(thread):
            error = sys.exception()
            if _thread._passes_on(error):
                raise error
            invoke_excepthook(thread)

        return invoke

    def start(self):
        """Call the function, if that is to be now."""
        if self.interval > 0 and not self.finished.is_set():
            raise RuntimeError(
                "can't start a timer: a microprocess has one stack, so nothing could be done while it waits; "
                "asyncio's loop.call_later does that"
            )
        threading.Thread.start(self)

    threading._make_invoke_excepthook = make
    threading.Timer.start = start


def in_queue(queue):
    """Have `SimpleQueue` raise when its wait would be for ever: RustPython's waits."""
    simple = queue._PySimpleQueue
    simple.__name__ = simple.__qualname__ = "SimpleQueue"
    queue.SimpleQueue = simple


def in_pools(pools):
    """Have a `ThreadPoolExecutor` run what is submitted at once, in workers that are left when there is nothing more to do."""
    import queue
    import threading
    import weakref

    from concurrent.futures import _base

    Worker = _worker_class(threading)
    Executor = pools.ThreadPoolExecutor
    make = Executor.__init__

    def run(self, ctx):
        """Run it, and give its future the result."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = ctx.run(self.task)
        except BaseException as error:
            self.future.set_exception(error)
            # The traceback has this frame, the future has the traceback.
            self = None
            if _thread._passes_on(error):
                raise
        else:
            self.future.set_result(result)

    def end(workers):
        for worker in list(workers):
            try:
                worker.work(worker.ctx.finalize)
            except Exception:
                _base.LOGGER.critical("Exception in worker", exc_info=True)
            finally:
                worker.end()

    def __init__(self, *args, **kwargs):
        make(self, *args, **kwargs)
        self._idle_workers = []
        # A worker that runs keeps the executor.
        weakref.finalize(self, end, self._idle_workers).atexit = False

    def free_worker(self):
        """Return a worker that does nothing, or None: all are beneath this call, and the topmost takes what is queued."""
        if self._idle_workers:
            return self._idle_workers.pop()
        if len(self._threads) >= self._max_workers:
            return None
        worker = Worker(name=f"{self._thread_name_prefix or self}_{len(self._threads)}")
        worker.ctx = self._create_worker_context()
        worker.start()
        self._threads.add(worker)
        try:
            worker.work(worker.ctx.initialize)
        except BaseException as error:
            worker.end()
            if _thread._passes_on(error):
                self._threads.discard(worker)
                raise
            _base.LOGGER.critical("Exception in initializer:", exc_info=True)
            self._initializer_failed()
            return None
        return worker

    def next_item(self):
        try:
            return self._work_queue.get_nowait()
        except queue.Empty:
            return None

    def work(self):
        worker = free_worker(self)
        if worker is None:
            return
        try:
            while (item := next_item(self)) is not None:
                worker.work(item.run, worker.ctx)
                del item
        finally:
            if self._shutdown:
                end([worker])
            else:
                self._idle_workers.append(worker)

    def submit(self, fn, /, *args, **kwargs):
        with self._shutdown_lock, pools._global_shutdown_lock:
            if self._broken:
                raise self.BROKEN(self._broken)
            if self._shutdown:
                raise RuntimeError("cannot schedule new futures after shutdown")
            if pools._shutdown:
                raise RuntimeError("cannot schedule new futures after interpreter shutdown")
            future = _base.Future()
            self._work_queue.put(pools._WorkItem(future, self._resolve_work_item_task(fn, args, kwargs)))
        _begin(work, self)
        return future

    def shutdown(self, wait=True, *, cancel_futures=False):
        with self._shutdown_lock:
            self._shutdown = True
            if cancel_futures:
                while (item := next_item(self)) is not None:
                    item.future.cancel()
        if wait and not self._work_queue.empty():
            work(self)
        while self._idle_workers:
            end([self._idle_workers.pop()])
        if wait:
            for worker in self._threads:
                worker.join()

    submit.__doc__, shutdown.__doc__ = Executor.submit.__doc__, Executor.shutdown.__doc__
    pools._WorkItem.run = run
    Executor.__init__, Executor.submit, Executor.shutdown = __init__, submit, shutdown


def in_listeners(handlers):
    """Have a `QueueListener` handle what a `QueueHandler` puts into its queue at once, as its thread."""
    import logging
    import threading

    Worker = _worker_class(threading)
    running = []

    def handle_queued(listener):
        worker = listener._thread
        # While it handles one record another may come, which is next then.
        if worker.is_busy:
            return
        worker.is_busy = True
        try:
            worker.work(listener._monitor)
        finally:
            worker.is_busy = False

    def dequeue(self, block):
        """Return the next record, or raise `queue.Empty`: nothing would come while this waits."""
        return self.queue.get(False)

    def start(self):
        """Handle what is in the queue, and from now on what a `QueueHandler` puts there."""
        if self._thread is not None:
            raise RuntimeError("Listener already started")
        self._thread = Worker(daemon=True)
        self._thread.is_busy = False
        self._thread.start()
        running.append(self)
        handle_queued(self)

    def stop(self):
        """Handle what is still in the queue, and end."""
        if self._thread is None:
            return
        self.enqueue_sentinel()
        handle_queued(self)
        running.remove(self)
        self._thread.end()
        self._thread = None

    def handle(self, record):
        """Put a record into the queue, and have its listeners handle it when this handler's lock is free again."""
        handled = logging.Handler.handle(self, record)
        try:
            for listener in running[:]:
                if listener.queue is self.queue:
                    handle_queued(listener)
        except Exception:
            self.handleError(record)
        return handled

    listener = handlers.QueueListener
    listener.dequeue, listener.start, listener.stop = dequeue, start, stop
    handlers.QueueHandler.handle = handle


def in_anyio(backend):
    """Have a worker of anyio's run what is put into its queue at once."""
    import threading
    from collections import deque

    class Queue:
        """The queue of one worker, whose `run` is called for each item and ends when there is none."""

        def __init__(self, worker):
            self._worker = worker
            self._items = deque()

        def put_nowait(self, item):
            """Run it; None ends the worker."""
            if item is None:
                self._worker.end()
                return
            self._items.append(item)
            self._worker.work(self._worker.run)

        def get(self):
            """Return the item, and None after it."""
            return self._items.popleft() if self._items else None

        def task_done(self):
            """Do nothing."""

    class WorkerThread(_worker_class(threading), backend.WorkerThread):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.queue = Queue(self)

    WorkerThread.__module__, WorkerThread.__qualname__ = backend.__name__, "WorkerThread"
    backend.WorkerThread = WorkerThread


def in_asgiref(current_thread_executor):
    """Have what is submitted run as the thread that would take it from the queue: that one is beneath, and waits or is about to."""
    Executor = current_thread_executor.CurrentThreadExecutor
    queue = Executor.submit

    def work(executor):
        while executor._work_items:
            _thread._run_as(executor._work_thread.ident, executor._work_items.popleft().run)

    def submit(self, fn, /, *args, **kwargs):
        future = queue(self, fn, *args, **kwargs)
        # It is the nearest one that has not ended.
        executor = self
        while executor._broken:
            executor = executor._old_executor
        _begin(work, executor)
        return future

    Executor.submit = submit


def in_anyio_portals(from_thread):
    """Have the event loop of a blocking portal go on while its starter waits for what it does, and only then."""
    import asyncio
    import threading
    from asyncio.base_events import _run_until_complete_cb
    from concurrent.futures import Future
    from contextlib import contextmanager

    class Waited(Future):
        """What a portal's task will return. Whoever waits for it runs the portal's loop."""

        def __init__(self, go_on):
            super().__init__()
            self._go_on = go_on

        def result(self, timeout=None):
            """Run the loop until there is a result, and return it."""
            self._go_on(self, timeout)
            return super().result(None if timeout is None else 0)

        def exception(self, timeout=None):
            """Run the loop until there is a result, and return what was raised."""
            self._go_on(self, timeout)
            return super().exception(None if timeout is None else 0)

    def open_to(portal, go_on, loop):
        """Have the portal's functions make tasks of a loop that stands still."""

        def spawn(function, args, kwargs, name, future):
            accepted = Waited(go_on)

            def start():
                # What runs in no task has to say whose loop it is.
                if "sniffio" in sys.modules:
                    sys.modules["sniffio"].current_async_library_cvar.set("asyncio")
                try:
                    portal._task_group.start_soon(portal._call_func, function, args, kwargs, future, name=name)
                except BaseException as error:
                    accepted.set_exception(error)
                else:
                    accepted.set_result(None)

            loop.call_soon_threadsafe(start)
            if not loop.is_running():
                accepted.result()

        def start_task_soon(func, *args, name=None):
            portal._check_running()
            future = Waited(go_on)
            spawn(func, args, {}, name, future)
            return future

        def start_task(func, *args, name=None):
            def ended(future):
                if status.done():
                    return
                if future.cancelled():
                    status.cancel()
                else:
                    status.set_exception(
                        Future.exception(future) or RuntimeError("Task exited without calling task_status.started()")
                    )

            portal._check_running()
            status, future = Waited(go_on), Waited(go_on)
            future.add_done_callback(ended)
            spawn(func, args, {"task_status": from_thread._BlockingPortalTaskStatus(status)}, name, future)
            return future, status.result()

        portal._spawn_task_from_thread, portal.start_task_soon, portal.start_task = spawn, start_task_soon, start_task

    @contextmanager
    def start_blocking_portal(backend="asyncio", backend_options=None, *, name=None):
        """Make an event loop with a blocking portal, which runs while what it does is waited for."""
        if backend != "asyncio":
            raise RuntimeError(f"a microprocess has one stack, and a blocking portal on it takes asyncio, not {backend}")
        options = backend_options or {}
        worker = _worker_class(threading)(name=name, daemon=True)
        worker.start()
        runner = asyncio.Runner(debug=options.get("debug"), loop_factory=options.get("loop_factory"))
        loop = worker.work(runner.get_loop)

        def go_on(future, timeout=None):
            """Wait for a future, as for anything else: the loop goes on meanwhile."""
            _thread._wait(lambda: future.done() or main.done(), -1 if timeout is None else timeout)

        async def run_portal():
            async with from_thread.BlockingPortal() as portal:
                if name is None:
                    worker.name = f"{backend}-portal-{id(portal):x}"
                open_to(portal, go_on, loop)
                opened.set_result(portal)
                await portal.sleep_until_stopped()

        opened = Waited(go_on)
        main = worker.work(loop.create_task, run_portal())
        # It is also what anyio knows the root of all tasks by.
        main.add_done_callback(_run_until_complete_cb)
        cancel_remaining = False
        _thread._standing.insert(0, (worker.ident, loop))
        try:
            portal = opened.result()
            try:
                yield portal
            except BaseException:
                cancel_remaining = True
                raise
            finally:
                if not main.done():
                    try:
                        portal.call(portal.stop, cancel_remaining)
                    except RuntimeError:
                        pass
                    go_on(main)
        finally:
            _thread._standing.remove((worker.ident, loop))
            # Whatever was to stop the loop does so now, and not while it is closed.
            loop.call_soon(loop.stop)
            worker.work(loop.run_forever)
            worker.work(runner.close)
            worker.end()

    from_thread.start_blocking_portal = start_blocking_portal
