"""Idle multiprocessing children: prints their process ids, then waits for its input to end."""

import dataclasses, datetime, json, re, typing  # noqa: E401,F401
import multiprocessing
import sys
import time

multiprocessing.set_start_method("fork")

if __name__ == "__main__":
    children = [multiprocessing.Process(target=time.sleep, args=(600,)) for _ in range(20)]
    for child in children:
        child.start()
    time.sleep(0.3)
    print(*[child.pid for child in children], flush=True)
    sys.stdin.read()
    for child in children:
        child.kill()
        child.join()
