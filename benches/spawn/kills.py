"""What a kill takes: from `kill` to the `Down` at who monitors, of processes that are stuck in different ways. Prints for each, and then for
all of them together, in nanoseconds: p50 and p99."""

import re
import time

from cloison import Down, receive, self, spawn

ROUNDS = 50


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


def begins(to, kind):
    to.send("ready")
    globals()[kind]()


def main():
    everything = []
    for kind in ("waits", "loops", "sums", "matches", "powers"):
        times = []
        for _ in range(ROUNDS):
            process = spawn(begins, self(), kind, monitor=True)
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
