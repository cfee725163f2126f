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


def median_callback(rounds: int, count: int) -> float:
    """The calls that qsort makes, for each of them."""
    libc = ctypes.CDLL("libc.so.6")
    pointer = ctypes.POINTER(ctypes.c_int)
    made = 0

    def compare(one, other) -> int:
        nonlocal made
        made += 1
        return one[0] - other[0]

    callback = ctypes.CFUNCTYPE(ctypes.c_int, pointer, pointer)(compare)
    times = []
    for _ in range(rounds):
        values = (ctypes.c_int * count)(*range(count))
        made = 0
        start = time.perf_counter_ns()
        libc.qsort(values, count, 4, callback)
        times.append((time.perf_counter_ns() - start) / made)
    return sorted(times)[rounds // 2]


match sys.argv[1]:
    case "bulk":
        print(median_bulk(9))
    case "callback":
        print(median_callback(51, 500))
    case _:
        print(median_call(301, 200))
