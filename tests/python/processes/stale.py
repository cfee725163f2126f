# For tests/tests/processes.rs, as app.py: what a module wants done after each fork is done in each process before its function, and one in
# which that fails runs no function. Blanks do nothing of the kind: they may never run.
import os

import cloison
from cloison import Down, receive, self, spawn

PROGRAM = 1
made_fresh = []


def makes_fresh():
    number = self().number
    made_fresh.append(number)
    if number in (3, 5):
        raise RuntimeError(f"process {number} is stale")


os.register_at_fork(after_in_child=makes_fresh)


def runs(to):
    to.send(made_fresh)


def main():
    print(made_fresh == [PROGRAM])
    for number in range(2, 8):
        child = spawn(runs, self(), monitor=True)
        first = receive(timeout=300)
        if isinstance(first, Down):
            print(child.number == number, "never ran:", first.reason)
        else:
            print(child.number == number, "ran:", first, "|", receive(Down, timeout=300).reason)
