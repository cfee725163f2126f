# For tests/tests/storms.rs: thousands of monitors of one that ends with the longest reason that there is.
import sys

import cloison
from cloison import Down, receive, spawn


def ends():
    receive()
    cloison.exit(b"x" * 8000)


def main():
    process = spawn(ends)
    for _ in range(19_000):
        process.monitor()
    process.send("end")
    first = receive(Down, timeout=300)
    print(cloison.whereis("nobody"), len(first.reason.value), flush=True)
    sys.stdin.readline()
    # Those for which there was no room are told in brief, and none is left out.
    print(sum(receive(Down, timeout=300).process == process for _ in range(19_000 - 1)))


if __name__ == "__main__":
    main()
