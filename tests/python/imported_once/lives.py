# For tests/tests/imported_once.rs: a program that starts a process for each line that it reads, and says what becomes of it.
import sys
import time

import cloison
from cloison import receive, spawn

if __name__ == "__mp_main__" and "slow" in sys.argv:
    time.sleep(1.5)
if __name__ == "__mp_main__" and "endless" in sys.argv:
    while True:
        pass


def tells(to):
    to.send("told")


def main():
    me = cloison.self()
    for line in sys.stdin:
        process = spawn(tells, me, monitor=True)
        if line.strip() == "kill":
            # Most often it waits for the import by then, which nobody but the broker can see; if not, it is killed before.
            time.sleep(0.3)
            process.kill()
            print(receive(cloison.Down, timeout=300).reason, flush=True)
        elif line.strip() == "tell":
            print(receive(str, timeout=300), flush=True)
        else:
            print("started", flush=True)


if __name__ == "__main__":
    main()
