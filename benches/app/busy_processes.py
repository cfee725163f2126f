"""A hundred processes that compute, and two that talk. Prints, in nanoseconds, p50 and p99 of a message and its answer, one every few
milliseconds; then the smallest and the largest share of the processors that one of the hundred had, in parts of the mean."""

import time

from cloison import receive, self, spawn

BUSY, PINGS, PAUSE, SECONDS = 100, 600, 0.005, 20


def computes(to):
    begun = receive()
    used = time.process_time()
    while time.monotonic() < begun + SECONDS:
        pass
    to.send(time.process_time() - used)


def answers():
    while True:
        receive().send("pong")


def main():
    me = self()
    partner = spawn(answers)
    busy = [spawn(computes, me) for _ in range(BUSY)]
    time.sleep(0.5)
    begun = time.monotonic()
    for process in busy:
        process.send(begun)
    time.sleep(1)
    times = []
    for _ in range(PINGS):
        time.sleep(PAUSE)
        start = time.perf_counter_ns()
        partner.send(me)
        receive(str)
        times.append(time.perf_counter_ns() - start)
    shares = sorted(receive(float, timeout=100) for _ in busy)
    mean = sum(shares) / BUSY
    times.sort()
    print(times[PINGS // 2], times[PINGS * 99 // 100], shares[0] / mean, shares[-1] / mean)


if __name__ == "__main__":
    main()
