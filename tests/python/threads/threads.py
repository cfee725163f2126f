"""What threads give in a process with one stack, and what they don't."""

import _thread
import asyncio
import concurrent.futures
import contextvars
import gc
import io
import logging
import logging.handlers
import plistlib
import queue
import sys
import threading
import time
import xml.dom.minidom
import xml.etree.ElementTree
from concurrent.futures import ThreadPoolExecutor

import cloison


def raised(function, *args, **kwargs):
    try:
        result = function(*args, **kwargs)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return f"no error, {result!r}"


def timed(function, *args, **kwargs):
    start = time.monotonic()
    result = function(*args, **kwargs)
    assert time.monotonic() - start > 0.015, "it waits"
    return result


def in_thread(function, *args, **kwargs):
    """What a function returns or raises in a thread."""
    results = []
    thread = threading.Thread(target=lambda: results.append(raised(function, *args, **kwargs)))
    thread.start()
    thread.join()
    return results[0]


print("# a thread runs at once, to its end")
order = []
thread = threading.Thread(target=order.append, args=("thread",), name="first")
print(thread.is_alive(), thread.ident, thread.name, thread.daemon)
thread.start()
order.append("starter")
print(order, thread.is_alive(), thread.ident != threading.get_ident(), thread.join(), thread.join(1))
print(raised(thread.start))
print(raised(threading.Thread().join))


class Own(threading.Thread):
    def run(self):
        print(
            threading.current_thread() is self,
            self.is_alive(),
            self.daemon,
            threading.get_ident() == self.ident,
            threading.active_count(),
            threading.main_thread() in threading.enumerate(),
        )


own = Own(daemon=True)
own.start()
print(threading.current_thread() is threading.main_thread(), threading.active_count(), _thread._count(), "stopped" in repr(own))
nested = threading.Thread(target=lambda: print(in_thread(threading.active_count)))
nested.start()

print("# exceptions")
told = []
threading.excepthook = lambda args: told.append((args.exc_type.__name__, str(args.exc_value), args.thread.name))
failing = threading.Thread(target=lambda: 1 // 0, name="failing")
failing.start()
threading.Thread(target=sys.exit, name="exiting", args=(3,)).start()
print(told, failing.is_alive())
threading.excepthook = threading.__excepthook__
standard, sys.stderr = sys.stderr, io.StringIO()
threading.Thread(target=lambda: 1 // 0, name="printed").start()
text, sys.stderr = sys.stderr.getvalue(), standard
print(text.splitlines()[0], text.splitlines()[-1])


def interrupted():
    raise KeyboardInterrupt


print(raised(threading.Thread(target=interrupted).start), threading.active_count())
print(raised(threading.Thread(target=cloison.exit, args=("over",)).start), raised(_thread.start_new_thread, cloison.exit, ()))

print("# _thread")
seen = []
number = _thread.start_new_thread(lambda *args, **kwargs: seen.append((_thread.get_ident(), args, kwargs)), (1,), {"a": 2})
print(seen == [(number, (1,), {"a": 2})])
unraisable = []
hook, sys.unraisablehook = sys.unraisablehook, lambda args: unraisable.append((args.exc_type.__name__, args.err_msg))
_thread.start_new_thread(lambda: 1 // 0, ())
_thread.start_new_thread(_thread.exit, ())
sys.unraisablehook = hook
print(unraisable, raised(_thread.start_new_thread, 1, ()))
_thread.start_new_thread(lambda: print(type(threading.current_thread()).__name__), ())
print(threading.active_count(), _thread._count())

print("# what a thread has for itself")
data = threading.local()
data.x = "main"


def own_data():
    print(hasattr(data, "x"), data.__dict__)
    data.x = "thread"
    print(in_thread(lambda: hasattr(data, "x")), data.x)


threading.Thread(target=own_data).start()
print(data.x, data.__dict__)


class Filled(threading.local):
    default = "class"

    def __init__(self, number):
        self.numbers = [number]


filled = Filled(7)
filled.numbers.append(8)
print(in_thread(lambda: (filled.numbers, filled.default)), filled.numbers)
print(raised(threading.local, 1), raised(setattr, data, "__dict__", {}))


class Ends:
    def __del__(self):
        print("local data end with their thread")


def ending():
    data.ends = Ends()


threading.Thread(target=ending).start()
print("its starter goes on")
variable = contextvars.ContextVar("variable", default="default")
variable.set("main")
print(in_thread(variable.get), variable.get())
context = contextvars.copy_context()
seen = []
threading.Thread(target=lambda: seen.append(variable.get()), context=context).start()
print(seen)

print("# locks")
lock = threading.Lock()
with lock:
    print(in_thread(lock.acquire))
    print(in_thread(timed, lock.acquire, timeout=0.02), in_thread(lock.acquire, False))
    print(raised(lock.acquire))
print(in_thread(lock.acquire), lock.locked(), lock.release())
rlock = threading.RLock()
with rlock:
    with rlock:
        print(in_thread(rlock.acquire, False), in_thread(timed, rlock.acquire, timeout=0.02), in_thread(rlock.release))
        print(in_thread(rlock.acquire))
print(in_thread(rlock.acquire), rlock.acquire(False), "a thread has ended and not released it")

print("# waits that nobody can end")
event = threading.Event()
print(timed(event.wait, 0.02), raised(event.wait))
threading.Thread(target=event.set).start()
print(event.wait(), event.wait(1), in_thread(event.wait))
condition = threading.Condition()
with condition:
    print(timed(condition.wait, 0.02), timed(condition.wait_for, lambda: False, 0.02), condition.wait_for(lambda: True))
    print(raised(condition.wait))
    condition.notify_all()
semaphore = threading.Semaphore(1)
print(semaphore.acquire(), timed(semaphore.acquire, timeout=0.02), raised(semaphore.acquire))
threading.Thread(target=semaphore.release).start()
print(semaphore.acquire())
print(threading.Barrier(1).wait(), raised(threading.Barrier(2).wait), "|", raised(timed, threading.Barrier(2).wait, 0.02))
main = threading.main_thread()
print(in_thread(main.join))
print(in_thread(timed, main.join, 0.02), raised(main.join))

print("# queues")
for kind in queue.Queue, queue.LifoQueue, queue.PriorityQueue, queue.SimpleQueue:
    items = kind()
    threading.Thread(target=lambda: [items.put(number) for number in range(3)]).start()
    print(kind.__name__, [items.get() for _ in range(3)], raised(timed, items.get, timeout=0.02), raised(items.get_nowait))
    print(raised(items.get))
items = queue.Queue(1)
items.put(1)
print(raised(items.put, 2, timeout=0.02), raised(items.join))
consumed = []


def consume():
    while (item := items.get()) is not None:
        consumed.append(item)
        items.task_done()


items = queue.Queue()
for item in "a", "b", None:
    items.put(item)
threading.Thread(target=consume).start()
print(consumed)

print("# timers")
timer = threading.Timer(0.02, print)
print(raised(timer.start))
timer.cancel()
print(timer.start(), timer.is_alive())
threading.Timer(0, print, ["now"]).start()

print("# pools")
with ThreadPoolExecutor(2, "pool") as pool:
    future = pool.submit(lambda: threading.current_thread().name)
    print(future.done(), future.result(), raised(pool.submit(lambda: 1 // 0).result))
    print(list(pool.map(pow, range(5), [2] * 5)), threading.active_count())
    futures = [pool.submit(abs, -number) for number in range(3)]
    print([future.result() for future in concurrent.futures.as_completed(futures)] and "as_completed")
    print(len(concurrent.futures.wait(futures).done), futures[0].cancel())

    def submits():
        inner = pool.submit(lambda: threading.current_thread().name)
        too_many = pool.submit(lambda: pool.submit(int).result())
        return threading.current_thread().name, inner.result(), raised(too_many.result)

    print(pool.submit(submits).result())
print(raised(pool.submit, int), threading.active_count())


def prepare():
    data.connection = ["kept"]


def use():
    data.connection.append(threading.get_ident() != 1)
    return data.connection


with ThreadPoolExecutor(1, initializer=prepare) as pool:
    pool.submit(use)
    print(pool.submit(use).result(), hasattr(data, "connection"))
    late = []
    print(pool.submit(lambda: late.append(pool.submit(lambda: "after it"))).result(), late[0].result())
    print(raised(pool.submit(lambda: pool.submit(int).result()).result))
logging.disable(logging.CRITICAL)
pool = ThreadPoolExecutor(1, initializer=lambda: 1 // 0)
print(raised(pool.submit(int).result))
print(raised(pool.submit, int))
logging.disable(logging.NOTSET)
pool = ThreadPoolExecutor(1)
print(raised(pool.submit, interrupted), pool.submit(int).result())
pool.shutdown()
pool = ThreadPoolExecutor(1)
print(pool.submit(int).result(), threading.active_count())
del pool
gc.collect()
print(threading.active_count(), _thread._count())

print("# asyncio")


def blocking(value):
    time.sleep(0.01)
    return value, variable.get(), threading.current_thread() is main


async def beside(steps):
    for number in range(3):
        steps.append(number)
        await asyncio.sleep(0)


async def in_loop():
    return await asyncio.sleep(0, "another loop")


async def program():
    variable.set("task")
    loop = asyncio.get_running_loop()
    print(await asyncio.to_thread(blocking, 1), (await loop.run_in_executor(None, blocking, 2))[0])
    steps = []
    task = asyncio.create_task(beside(steps))
    for letter in "abc":
        steps.append(await asyncio.to_thread(str, letter))
    await task
    print(sorted(map(str, steps)), steps != ["a", "b", "c", 0, 1, 2])
    print(await asyncio.gather(*(asyncio.to_thread(pow, number, 2) for number in range(4))))
    try:
        await asyncio.to_thread(lambda: 1 // 0)
    except ZeroDivisionError as error:
        print(error)
    print(await asyncio.to_thread(lambda: raised(asyncio.get_running_loop)))
    print(await asyncio.to_thread(lambda: asyncio.run(in_loop())))
    print(await asyncio.to_thread(lambda: asyncio.run(asyncio.to_thread(str, "a thread of a thread's loop"))))
    print(asyncio.get_running_loop() is loop, asyncio.current_task().get_name())
    from_thread = asyncio.Event()
    await asyncio.to_thread(loop.call_soon_threadsafe, from_thread.set)
    await from_thread.wait()

    def waits_for_its_loop():
        return asyncio.run_coroutine_threadsafe(asyncio.sleep(0.01, "of its loop"), loop).result()

    print(await asyncio.to_thread(waits_for_its_loop), "|", await asyncio.to_thread(in_thread, waits_for_its_loop))
    print(raised(waits_for_its_loop))
    begun, ended = asyncio.Event(), threading.Event()

    def waits():
        loop.call_soon_threadsafe(begun.set)
        return ended.wait(5)

    waiting = asyncio.create_task(asyncio.to_thread(waits))
    await begun.wait()
    ended.set()
    print(await waiting)
    ended.clear()
    waiting = asyncio.create_task(asyncio.to_thread(waits))
    await asyncio.sleep(0.01)
    print(waiting.cancel(), waiting.done(), await asyncio.gather(waiting, return_exceptions=True))
    try:
        async with asyncio.timeout(0.01):
            await asyncio.to_thread(waits)
    except TimeoutError:
        print("a timeout is noticed while a thread waits", ended.set())
    await asyncio.sleep(0)
    first, second = threading.Event(), threading.Event()
    above = asyncio.to_thread(lambda: (first.set(), raised(second.wait)))
    print(await asyncio.gather(asyncio.to_thread(lambda: (first.wait(), second.set())), above))
    try:
        async with asyncio.timeout(0.01):
            print(await asyncio.to_thread(lambda: time.sleep(0.03)))
            await asyncio.sleep(1)
    except TimeoutError:
        print("a timeout is noticed afterwards")
    with ThreadPoolExecutor(1, "given") as pool:
        print(await loop.run_in_executor(pool, lambda: threading.current_thread().name))


asyncio.run(program())
print(asyncio.run(asyncio.to_thread(int), debug=True))


async def many_wait(number):
    """Each of them waits on top of those before."""
    event, begun = threading.Event(), []
    with ThreadPoolExecutor(number) as pool:
        function = lambda: (begun.append(0), event.wait(5))
        futures = [asyncio.get_running_loop().run_in_executor(pool, function) for _ in range(number)]
        while len(begun) < number:
            await asyncio.sleep(0)
        event.set()
        print(len(await asyncio.gather(*futures)), threading.active_count() > number)


asyncio.run(many_wait(20))
print(threading.active_count(), _thread._count())

print("# logging")
records = queue.SimpleQueue()
stream = io.StringIO()
target = logging.StreamHandler(stream)
target.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
listener = logging.handlers.QueueListener(records, target)
logger = logging.getLogger("queued")
logger.propagate = False
logger.addHandler(logging.handlers.QueueHandler(records))
logger.error("before")
listener.start()
print(stream.getvalue().splitlines(), raised(listener.start))
logger.error("at %s", "once")
print(stream.getvalue().splitlines())
listener.stop()
logger.error("after")
print(stream.getvalue().splitlines(), records.qsize(), listener.stop(), threading.active_count())

print("# tracing")
traced = []
threading.settrace(lambda frame, event, arg: traced.append(frame.f_code.co_name))
threading.Thread(target=blocking, args=(1,)).start()
threading.settrace(None)
print("blocking" in traced, sys.gettrace())

print("# parsers")
print(xml.etree.ElementTree.fromstring("<a><b>text</b></a>").find("b").text)
print(xml.dom.minidom.parseString("<a b='c'/>").documentElement.getAttribute("b"))
print(plistlib.loads(plistlib.dumps({"a": [1, 2.5, "x", b"y", True]})))
print(in_thread(lambda: plistlib.loads(plistlib.dumps({"in": "a thread"}))))

print("# many")
count = []
for _ in range(500):
    threading.Thread(target=count.append, args=(0,)).start()
print(len(count), threading.active_count(), _thread._count(), not _thread._touched)
