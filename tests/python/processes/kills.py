# For tests/tests/processes.rs and tests/tests/live.rs: every one of these is killed while it does not listen.
import re
import sys
import time

import cloison
from cloison import Down, receive, spawn


def loops(ready):
    ready.send("ready")
    while True:
        pass


def sums(ready):
    ready.send("ready")
    sum(range(10**12))


def matches(ready):
    ready.send("ready")
    re.match("(a*)*b", "a" * 40)


def powers(ready):
    ready.send("ready")
    10 ** 10**8


def sorts(ready):
    numbers = [(i * 7919) % 1_000_003 for i in range(1_000_000)]
    ready.send("ready")
    while True:
        sorted(numbers)


def sorts_by_a_key(ready):
    ready.send("ready")
    sorted(range(1000), key=lambda _: sum(range(10**9)))


def catches_everything(ready):
    ready.send("ready")
    while True:
        try:
            while True:
                try:
                    receive(timeout=0.001)
                finally:
                    time.sleep(0.001)
        except BaseException:
            pass


def returns_never_from_a_zone(ready):
    ready.send("ready")
    cloison.capability("endless").forever()


def loop(_number):
    while True:
        pass


def is_stuck_in_a_callback(ready):
    ready.send("ready")
    cloison.capability("endless").calls_back(loop)


def is_called_back_for_ever(ready):
    ready.send("ready")
    cloison.capability("endless").calls_back_for_ever(abs)


def receives(ready):
    ready.send("ready")
    receive()


def sleeps(ready):
    ready.send("ready")
    time.sleep(1000)


def has_not_begun():
    time.sleep(1000)


STUCK = [
    loops,
    sums,
    matches,
    powers,
    sorts,
    sorts_by_a_key,
    catches_everything,
    returns_never_from_a_zone,
    is_stuck_in_a_callback,
    is_called_back_for_ever,
    receives,
    sleeps,
]


def start(function):
    process = spawn(function, cloison.self(), name=function.__name__, capabilities=["endless"], monitor=True)
    assert receive(str, timeout=300) == "ready"
    return process


def report(function):
    down = receive(Down, timeout=300)
    print(function.__name__, down.reason, flush=True)


def main():
    if sys.argv[1:] == ["from outside"]:
        # One at a time, so that each is reached while it is in what it is stuck in.
        for function in STUCK:
            start(function)
            print(function.__name__, flush=True)
            report(function)
        return
    for function in STUCK:
        process = start(function)
        process.kill()
        report(function)
    # One that has just been spawned.
    process = spawn(has_not_begun, monitor=True)
    process.kill()
    report(has_not_begun)
    # As a signal, which it could trap if it did.
    process = start(loops)
    process.exit("shutdown")
    report(loops)


if __name__ == "__main__":
    main()
