"""Calls through the wall. Prints a figure in nanoseconds; what to measure is the first argument."""

import array
import sys
import time

import cloison


def median_call(rounds: int, turns: int) -> float:
    """Median over rounds of the mean over turns, in nanoseconds."""
    crc32 = cloison.capability("zlib").crc32
    assert crc32(0, b"hello") == 0x3610A686
    times = []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        for _ in range(turns):
            crc32(0, b"hello")
        times.append((time.perf_counter_ns() - start) / turns)
    return sorted(times)[rounds // 2]


def spread_of_calls(seconds: float) -> str:
    """Median and mean of single calls, in nanoseconds: on busy cores they are not the same."""
    crc32 = cloison.capability("zlib").crc32
    times = []
    end = time.perf_counter_ns() + int(seconds * 1e9)
    while (start := time.perf_counter_ns()) < end:
        crc32(0, b"hello")
        times.append(time.perf_counter_ns() - start)
    times.sort()
    return f"{times[len(times) // 2]} {sum(times) / len(times)}"


def median_batch(rounds: int, count: int) -> float:
    """A list of calls in one crossing, for each call."""
    crc32 = cloison.capability("zlib").crc32
    items = [b"hello"] * count
    times = []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        crc32.map(items, crc=0)
        times.append((time.perf_counter_ns() - start) / count)
    return sorted(times)[rounds // 2]


def median_callback(rounds: int, count: int) -> float:
    """C calls a Python function: the calls that qsort makes, for each of them."""
    sort = cloison.capability("sort").qsort
    made = 0

    def compare(one: int, other: int) -> int:
        nonlocal made
        made += 1
        return one - other

    times = []
    for _ in range(rounds):
        values = array.array("i", range(count))
        made = 0
        start = time.perf_counter_ns()
        sort(values, compare)
        times.append((time.perf_counter_ns() - start) / made)
    return sorted(times)[rounds // 2]


def median_per_call(rounds: int) -> float:
    """A process for each call."""
    crc32 = cloison.capability("fresh").crc32
    crc32(0, b"hello")
    times = []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        crc32(0, b"hello")
        times.append(time.perf_counter_ns() - start)
    return sorted(times)[rounds // 2]


def median_bulk(rounds: int, capability: str) -> float:
    crc32 = cloison.capability(capability).crc32
    data = bytes(64 << 20)
    times = []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        crc32(0, data)
        times.append(time.perf_counter_ns() - start)
    return sorted(times)[rounds // 2]


def median_crash(rounds: int) -> float:
    crash = cloison.capability("crash")
    times = []
    for _ in range(rounds):
        crash.nothing()
        start = time.perf_counter_ns()
        try:
            crash.fault()
        except cloison.ZoneCrashed:
            times.append(time.perf_counter_ns() - start)
    return sorted(times)[rounds // 2]


def first_call() -> float:
    """From nothing to the first result: start of the zone, its sandbox, dlopen, the channel, the call."""
    start = time.perf_counter_ns()
    cloison.capability("zlib").crc32(0, b"hello")
    return time.perf_counter_ns() - start


def main() -> None:
    match sys.argv[1]:
        case "call":
            print(median_call(301, 200))
        case "spread":
            print(spread_of_calls(3.0))
        case "batch":
            print(median_batch(51, 10_000))
        case "callback":
            print(median_callback(51, 500))
        case "per-call":
            print(median_per_call(101))
        case "bulk":
            print(median_bulk(9, "zlib"))
        case "bulk-own":
            print(median_bulk(9, "own"))
        case "crash":
            print(median_crash(7))
        case "first":
            print(first_call())
