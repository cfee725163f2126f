# For tests/tests/storms.rs: more processes than the broker has descriptors for.
import sys

import cloison
from cloison import Down, SpawnError, receive, spawn


def main():
    print("ready", flush=True)
    sys.stdin.readline()
    there = []
    while True:
        try:
            there.append(spawn(receive, monitor=True))
        except SpawnError as error:
            print(str(error).replace("\n", " | "))
            break
    print(len(there) > 5, flush=True)
    sys.stdin.readline()
    # Nobody has been harmed by it, and there is room again when somebody has ended, also when blanks have taken it meanwhile.
    for process in there[:3]:
        process.kill()
        print(receive(Down, timeout=300).reason, end=" ")
    print(flush=True)
    sys.stdin.readline()
    print(spawn(int, monitor=True).number > 1, receive(Down, timeout=300).reason)
    for process in there[3:]:
        process.send("end")
    print({receive(Down, timeout=300).reason.kind for _ in there[3:]})


if __name__ == "__main__":
    main()
