"""multiprocessing's fork: nanoseconds from start() to the child's first instruction, one line each."""

import multiprocessing
import time

multiprocessing.set_start_method("fork")
# What a template has imported, so that both sides fork a comparable process.
import dataclasses, datetime, json, re, typing  # noqa: E401,E402,F401


def child(pipe) -> None:
    pipe.send(time.monotonic_ns())


if __name__ == "__main__":
    ours, theirs = multiprocessing.Pipe()
    for _ in range(300):
        start = time.monotonic_ns()
        process = multiprocessing.Process(target=child, args=(theirs,))
        process.start()
        print(ours.recv() - start)
        process.join()
