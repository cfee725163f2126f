"""So many processes alive at once: how long they take, what they cost, and that each of them answers. The number is the argument."""

import sys
import time

import cloison
from cloison import Down, receive, self, spawn


def waits():
    asker = receive()
    asker.send("here")
    receive()


def main():
    count = int(sys.argv[1])
    begun = time.monotonic()
    processes = []
    try:
        for _ in range(count):
            processes.append(spawn(waits))
    except cloison.SpawnError as error:
        sys.exit(f"{len(processes)} processes, then: {error}")
    spawned = time.monotonic()
    for process in processes:
        process.send(self())
    for _ in processes:
        receive(str, timeout=600)
    answered = time.monotonic()
    print("alive", count, flush=True)
    sys.stdin.readline()
    ending = time.monotonic()
    for process in processes:
        process.monitor()
        process.kill()
    for _ in processes:
        receive(Down, timeout=600)
    ended = time.monotonic()
    each = 1e6 / count
    print(f"spawn {(spawned - begun) * each:.0f} µs, answer {(answered - spawned) * each:.0f} µs, end {(ended - ending) * each:.0f} µs each", flush=True)


if __name__ == "__main__":
    main()
