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


def medians_of_policies(rounds: int, turns: int) -> str:
    """A hot call with and without what is checked in its path, each in turn: as it is granted, narrowed in every way but CPU time, the same
    four times over, and with CPU time."""
    granted = cloison.capability("zlib")
    where = {"crc32": ["crc >= 0", "len(buf) <= 1024"]}
    limits = {"calls": 10**12, "bytes": 10**15, "rate": "1000000000/s", "expires": 3600}
    narrowed = four_times = granted
    for step in range(4):
        four_times = four_times.narrow(functions=["crc32"], where=where, **limits)
        narrowed = narrowed if step else four_times
    kinds = [granted, narrowed, four_times, granted.narrow(functions=["crc32"], cpu=3600)]
    functions = [capability.crc32 for capability in kinds]
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(rounds):
        for crc32, taken in zip(functions, times):
            crc32(0, b"hello")
            start = time.perf_counter_ns()
            for _ in range(turns):
                crc32(0, b"hello")
            taken.append((time.perf_counter_ns() - start) / turns)
    return " ".join(str(sorted(taken)[rounds // 2]) for taken in times)


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
        case "policy":
            print(medians_of_policies(301, 200))
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
