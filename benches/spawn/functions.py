"""Processes that run a function of this script: prints `name value unit` lines. With argument `starts` only what comes first, with `idle`
what comes last, too.

What is measured is what the spawner sees: from asking for a process to the first instruction of its function, by the same clock;
a process and its end, one after the other and several at a time; what an idle one owns.
"""

import sys
import time

from cloison import Down, receive, self, spawn

STARTS, EXITS, IDLE = 1000, 2000, 50


def says_when(to, asked):
    to.send(time.monotonic_ns() - asked)


def ends():
    pass


def waits():
    receive()


def quantile(values, at):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * at))]


def starts(pause):
    """Nanoseconds from asking to the first instruction; with a pause, the pool is full again each time."""
    times = []
    for _ in range(STARTS):
        spawn(says_when, self(), time.monotonic_ns())
        times.append(receive(int, timeout=20))
        if pause:
            time.sleep(pause)
    return times


def exits(at_once):
    """Processes a second that are started and have ended, so many under way."""
    began = time.monotonic()
    for _ in range(at_once):
        spawn(ends, monitor=True)
    for started in range(at_once, EXITS + at_once):
        receive(Down, timeout=20)
        if started < EXITS:
            spawn(ends, monitor=True)
    return EXITS / (time.monotonic() - began)


def line(name, value, unit):
    print(f"{name} {value:.0f} {unit}", flush=True)


def main():
    for _ in range(64):
        spawn(ends, monitor=True)
        receive(Down, timeout=20)
    for name, pause in (("in-a-row-", 0), ("", 0.005)):
        times = starts(pause)
        line(f"spawn-to-{name}first-instruction-p50", quantile(times, 0.5) / 1000, "µs")
        line(f"spawn-to-{name}first-instruction-p99", quantile(times, 0.99) / 1000, "µs")
    if "starts" in sys.argv:
        return
    for at_once in (1, 8):
        line(f"spawn-and-exit-{at_once}", exits(at_once), "1/s")
    if "idle" in sys.argv:
        for _ in range(IDLE):
            spawn(waits)
        time.sleep(1)
        print("idle", flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main()
