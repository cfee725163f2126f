"""Files: one script for both sides, on a folder that is given. Prints nanoseconds of one operation each, in the order of `files.rs`."""

import os
import shutil
import sys
import time

BASE = os.path.join(sys.argv[1], "measured")


def best(operation, count, rounds=5):
    """Return the shortest mean time of `count` operations."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        for _ in range(count):
            operation()
        times.append((time.perf_counter_ns() - start) / count)
    return min(times)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


os.mkdir(BASE)
small, large, many = (os.path.join(BASE, name) for name in ("small", "large", "many"))
write(small, b"x" * 4096)
data = os.urandom(1 << 20) * 64
os.mkdir(many)
for number in range(10_000):
    os.close(os.open(os.path.join(many, f"file-{number}"), os.O_CREAT | os.O_WRONLY))
print(best(lambda: read(small), 200))
print(best(lambda: os.stat(small), 200))
print(best(lambda: write(large, data), 1, 3))
print(best(lambda: read(large), 1, 3))
print(best(lambda: os.listdir(many), 1))
shutil.rmtree(BASE)
