# For tests/tests/imported_once.rs: a program that starts processes as it is told, and says what becomes of them.
import sys
import time

import cloison
from cloison import receive, spawn

if __name__ == "__mp_main__" and "slow" in sys.argv:
    time.sleep(1.5)
if __name__ == "__mp_main__" and "endless" in sys.argv:
    print("importing", flush=True)
    while True:
        pass


def tells(to):
    to.send("told")


def main():
    me = cloison.self()
    for line in sys.stdin:
        if line.strip() == "kill":
            process.kill()
            print(receive(cloison.Down, timeout=300).reason, flush=True)
            continue
        process = spawn(tells, me, monitor=True)
        if line.strip() == "tell":
            print(receive(str, timeout=300), flush=True)
        else:
            print("started", flush=True)


if __name__ == "__main__":
    main()
