# For tests/tests/process.rs: processes are killed while their service, or a program of theirs, is started or split from its launcher.
import subprocess
import sys
import time

import cloison
from cloison import Down, receive, spawn

KILLS = 120


def has_scratch():
    with open("/tmp/file", "w") as file:
        file.write("words")
    time.sleep(1000)


def has_a_program():
    subprocess.run(["tool", "-c", "import time; time.sleep(600)"])


def main():
    for number in range(KILLS):
        function, capability = ((has_scratch, "files"), (has_a_program, "tools"))[number % 2]
        process = spawn(function, capabilities=[capability], monitor=True)
        # Each a little later than the one before: from before the launcher is there until the service serves.
        time.sleep(number / KILLS * 0.03)
        process.kill()
        receive(Down, timeout=300)
    print("killed", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
