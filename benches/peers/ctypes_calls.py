"""The same calls as app/calls.py, with ctypes in this process. Prints median nanoseconds per call."""

import ctypes
import sys
import time

zlib = ctypes.CDLL("libz.so.1")
crc32 = zlib.crc32
crc32.restype = ctypes.c_ulong
crc32.argtypes = [ctypes.c_ulong, ctypes.c_char_p, ctypes.c_uint]


def median_call(rounds: int, turns: int) -> float:
    """Median over rounds of the mean over turns, in nanoseconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        for _ in range(turns):
            crc32(0, b"hello", 5)
        times.append((time.perf_counter_ns() - start) / turns)
    return sorted(times)[rounds // 2]


def median_bulk(rounds: int) -> float:
    data = bytes(64 << 20)
    times = []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        crc32(0, data, len(data))
        times.append(time.perf_counter_ns() - start)
    return sorted(times)[rounds // 2]


print(median_bulk(9) if sys.argv[1] == "bulk" else median_call(301, 200))
