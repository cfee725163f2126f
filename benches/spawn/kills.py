"""What a kill takes: from `kill` to the `Down` at who monitors, of processes that are stuck in different ways. Prints for each, and then for
all of them together, in nanoseconds: p50 and p99."""

import re
import time

import cloison
from cloison import Down, receive, self, spawn

ROUNDS = 50
# Those that need it hold capability `endless`, each with a zone of its own, which has to be there before they are stuck in it.
IN_ZONES = ("returns_never_from_a_zone", "is_stuck_in_a_callback")
KINDS = ("waits", "loops", "sums", "matches", "powers", "sorts", "catches_everything", *IN_ZONES)


def waits():
    receive()


def loops():
    while True:
        pass


def sums():
    sum(range(10**12))


def matches():
    re.match("(a*)*b", "a" * 40)


def powers():
    10 ** 10**8


def sorts(numbers):
    while True:
        sorted(numbers)


def catches_everything():
    while True:
        try:
            while True:
                try:
                    receive(timeout=0.001)
                finally:
                    time.sleep(0.001)
        except BaseException:
            pass


def returns_never_from_a_zone():
    cloison.capability("endless").forever()


def loop(_number):
    while True:
        pass


def is_stuck_in_a_callback():
    cloison.capability("endless").calls_back(loop)


def begins(to, kind):
    arguments = []
    if kind == "sorts":
        arguments = [[number * 7919 % 1_000_003 for number in range(500_000)]]
    if kind in IN_ZONES:
        cloison.capability("endless").calls_back(abs)
    to.send("ready")
    globals()[kind](*arguments)


def main():
    everything = []
    for kind in KINDS:
        held = ["endless"] if kind in IN_ZONES else []
        times = []
        for _ in range(ROUNDS):
            process = spawn(begins, self(), kind, capabilities=held, monitor=True)
            receive(str)
            time.sleep(0.005)
            start = time.perf_counter_ns()
            process.kill()
            receive(Down)
            times.append(time.perf_counter_ns() - start)
        everything += times
        times.sort()
        print(times[ROUNDS // 2], times[-1])
    everything.sort()
    print(everything[len(everything) // 2], everything[len(everything) * 99 // 100])


if __name__ == "__main__":
    main()
