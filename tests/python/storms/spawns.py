# For tests/tests/storms.rs: many processes that do nothing but start others.
import sys
import time

import cloison
from cloison import Down, SpawnError, receive, spawn


def ends():
    pass


def spawns(seconds):
    receive()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            spawn(ends)
        except SpawnError:
            pass


def main():
    spawning = [spawn(spawns, 4.0, monitor=True) for _ in range(int(sys.argv[1]))]
    for process in spawning:
        process.send("begin")
    refused = started = 0
    while spawning:
        try:
            spawn(ends)
            started += 1
        except SpawnError as error:
            # Those that there may be are there, and no other reason keeps the program from having another.
            refused += 1
            assert "microprocesses already" in str(error), error
        try:
            down = receive(Down, timeout=0.05)
            assert down.reason == "normal", down.reason
            spawning.remove(down.process)
        except TimeoutError:
            pass
    print(started > 0)
    for _ in range(3):
        spawn(ends, monitor=True)
        print(receive(Down, timeout=300).reason)


if __name__ == "__main__":
    main()
