# For tests/tests/processes.rs, as app.py: what a fork copies is fresh in a child, or can't be used there. Modules are imported in
# the template, which all processes are forked from: what stands here has happened before each of them.
import asyncio
import atexit
import contextvars
import itertools
import logging
import os
import random
import secrets
import sys
import tempfile
import threading
import time
import uuid
import weakref

import cloison
from cloison import Down, receive, spawn


class Thing:
    pass


unseeded = random.Random()
seeded = random.Random(5)
seeded_later = random.Random()
seeded_later.seed(6)
system = random.SystemRandom()
for generator in (random, unseeded, seeded, seeded_later, system):
    generator.random()
    generator.gauss(0, 1)
secrets.token_bytes(8)
uuid.uuid1(), uuid.uuid4(), uuid.uuid6(), uuid.uuid7()
names = tempfile._get_candidate_names()
next(names)
thing = Thing()
reference = weakref.ref(thing)
by_identity = {thing: "by identity"}
weak_values = weakref.WeakValueDictionary(thing=thing)
weak_keys = weakref.WeakKeyDictionary({thing: "weakly"})
finalized = weakref.finalize(Thing(), print, "a finalizer of the template", flush=True)
talks = []
atexit.register(lambda: talks and print("atexit of the module", flush=True))
began = time.monotonic(), time.perf_counter(), time.time()
# Seconds of processor time. Who imports this has had more than that, and a process that has not takes a few hundredths of it.
LONG = 0.5
importer = os.getpid()
while min(time.process_time(), time.thread_time()) < LONG:
    pass
context = contextvars.ContextVar("context", default="of the module")
local = threading.local()
local.value = "of the template"
lock = threading.Lock()
print("a line of the template,", end=" ")
sys.stderr.write("half a line of the template, ")


def samples():
    now = time.monotonic(), time.perf_counter(), time.time()
    return {
        "random.random": random.random(),
        "random.gauss": random.gauss(0, 1),
        "random.getrandbits": random.getrandbits(64),
        "a generator of the module": unseeded.random(),
        "its normal distribution": unseeded.gauss(0, 1),
        "a new generator": random.Random().random(),
        "the system's generator": system.random(),
        "uuid.uuid1": str(uuid.uuid1()),
        "uuid.uuid4": str(uuid.uuid4()),
        "uuid.uuid6": str(uuid.uuid6()),
        "uuid.uuid7": str(uuid.uuid7()),
        "os.urandom": os.urandom(8),
        "secrets": secrets.token_hex(8),
        "names of temporary files": next(names),
        "process number": cloison.self().number,
        "os.getpid": os.getpid(),
        "a reference": cloison.make_reference(),
        "a seeded generator": seeded.random(),
        "one that was seeded later": seeded_later.random(),
        "identity": (by_identity[thing], reference() is thing, weak_values["thing"] is thing, weak_keys[thing]),
        "a finalizer that has run": finalized.alive,
        "clocks go on": all(one > other for one, other in zip(now, began)),
        "processor clocks begin anew": os.getpid() == importer or all(clock < LONG for clock in processor_clocks()),
        "context": context.get(),
        "thread": threading.current_thread() is threading.main_thread(),
        "a lock": lock.acquire(timeout=0.1),
        "mailbox": mailbox_is_empty(),
    }


def processor_clocks():
    clocks = time.CLOCK_PROCESS_CPUTIME_ID, time.CLOCK_THREAD_CPUTIME_ID
    whole = time.process_time_ns() / 1e9, time.thread_time_ns() / 1e9
    return time.process_time(), time.thread_time(), *whole, *map(time.clock_gettime, clocks), sum(os.times()[:2])


def mailbox_is_empty():
    try:
        return receive(timeout=0) is None
    except TimeoutError:
        return True


def sends_samples(to):
    to.send(samples())


def compared():
    me = cloison.self()
    # Some of them are blanks that were forked before anybody asked for them.
    for _ in range(12):
        spawn(sends_samples, me)
    others = [receive(dict, timeout=300) for _ in range(12)]
    rows = [samples(), *others]
    for name in rows[0]:
        values = {repr(row[name]) for row in rows}
        if len(values) == len(rows):
            print(f"{name}: of each its own")
        else:
            print(f"{name}: {', '.join(sorted(values))}")


def prints_and_ends():
    print("a child's line")
    sys.stdout.write("a child's half line, ")


def registers_and_ends():
    talks.append(True)
    atexit.register(print, "atexit of the child", flush=True)
    finalize = weakref.finalize(thing, print, "a finalizer of the child", flush=True)
    assert finalize.alive


def raises():
    atexit.register(print, "atexit after an exception", flush=True)
    sys.exit(3)


def run(function, *arguments, **options):
    sys.stdout.flush()
    spawn(function, *arguments, monitor=True, **options)
    return receive(Down, timeout=300).reason


library = None


def calls(to):
    """What its parent has open is not there: it asks for its own, and has none that it does not ask for."""
    try:
        to.send((library, cloison.capability("libm").sqrt(49.0)))
    except cloison.CapabilityDenied as error:
        # But its number.
        to.send((library, str(error).splitlines()[0].split(maxsplit=2)[2]))


def channels():
    """Open channels: one of this process is of no use in its children, and is none of theirs where they are counted."""
    global library
    library = cloison.capability("libm")
    print("this process has a channel:", library.sqrt(25.0))
    for options in ({}, {"capabilities": ["libm"], "channels": 0}, {"capabilities": ["libm"], "channels": 1}):
        print(options, run(calls, cloison.self(), **options), *receive(tuple, timeout=300), sep=" | ")
    print("and still has it:", library.sqrt(36.0))


def has_log_handlers(to):
    to.send([type(handler).__name__ for handler in logging.getLogger().handlers])


def runs_a_loop(to):
    try:
        asyncio.get_running_loop()
    except RuntimeError as error:
        to.send(str(error))
    to.send(asyncio.run(asyncio.sleep(0, "its own loop")))


def own():
    """What this process does after its start is not in those that it spawns."""
    me = cloison.self()
    atexit.register(print, "atexit of the program", flush=True)
    talks.append(True)
    print("half a line of the program, ", end="")
    local.value = "of the program"
    context.set("of the program")
    logging.basicConfig(handlers=[logging.NullHandler()])
    lock.acquire(blocking=False)
    random.seed(7)
    sys.setrecursionlimit(5000)
    os.environ["OF_THE_PROGRAM"] = "1"
    sys.modules["made_up"] = sys
    print("and the other half")
    for function in (prints_and_ends, registers_and_ends, raises):
        print(function.__name__, run(function))
    spawn(has_log_handlers, me)
    print("its log:", receive(timeout=300))
    spawn(sees, me)
    print(receive(timeout=300))

    async def spawns():
        spawn(runs_a_loop, me)
        return receive(timeout=300), receive(timeout=300)

    print(*asyncio.run(spawns()), sep=", then ")


def sees(to):
    to.send((
        context.get(),
        getattr(local, "value", None),
        sys.getrecursionlimit() == 5000,
        os.environ.get("OF_THE_PROGRAM"),
        "made_up" in sys.modules,
        random.random() == random.Random(7).random(),
        sys.argv,
    ))


def main():
    print("which is not printed twice")
    compared()
    own()
    channels()
    print("the end")
