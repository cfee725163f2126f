"""Calls through the wall. Prints a figure in nanoseconds; what to measure is the first argument."""

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
        case "bulk":
            print(median_bulk(9, "zlib"))
        case "bulk-own":
            print(median_bulk(9, "own"))
        case "crash":
            print(median_crash(7))
        case "first":
            print(first_call())
