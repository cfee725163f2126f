# For tests/tests/storms.rs: exit signals for one that traps them and does not receive.
import sys
import time

import cloison
from cloison import receive, spawn


def sleeps(to):
    cloison.trap_exits()
    to.send("traps")
    time.sleep(60)


def main():
    process = spawn(sleeps, cloison.self())
    receive(str, timeout=300)
    for _ in range(30_000):
        process.exit(b"x" * 8000)
    # It is behind all of them, and answered.
    print(cloison.whereis("nobody"), flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
