# For tests/tests/live.rs: a call that has a process of its own and never returns, and a program that has a child, and one whose parent
# has ended.
import subprocess

import cloison
from cloison import receive, self, spawn

TOOL = """
import os, time
for orphan in (False, True):
    child = os.fork()
    if child == 0:
        if orphan and os.fork() != 0:
            os._exit(0)
        break
    if orphan:
        os.waitpid(child, 0)
print("here", flush=True)
time.sleep(3600)
"""


def calls(ready):
    ready.send("ready")
    cloison.capability("endless").forever()


def main():
    spawn(calls, self(), capabilities=["endless"])
    receive(str)
    tool = subprocess.Popen(["tool", "-c", TOOL], stdout=subprocess.PIPE)
    for _ in range(3):
        tool.stdout.readline()
    print("ready", flush=True)
    tool.wait()


if __name__ == "__main__":
    main()
