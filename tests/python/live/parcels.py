# For tests/tests/live.rs: sends itself long messages, to be looked at and interrupted meanwhile, until a line comes.
import sys

import cloison
from cloison import receive, spawn


def exchanges(to):
    me = cloison.self()
    count = 0
    while True:
        try:
            me.send(b"x" * 90_000)
            count += len(receive(bytes)) == 90_000
            match receive(timeout=0):
                case "how many?":
                    to.send(count)
        except TimeoutError:
            pass


if __name__ == "__main__":
    process = spawn(exchanges, cloison.self(), name="exchanges")
    counts = [0]
    for _ in range(2):
        process.send("how many?")
        counts.append(receive(timeout=300))
        print("more", counts[-1] > counts[-2], flush=True)
        sys.stdin.readline()
    process.kill()
