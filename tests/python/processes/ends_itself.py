# For tests/tests/processes.rs: whoever ends itself does nothing afterwards, and has the reason that it gave.
from collections import Counter

from cloison import Down, Exit, receive, self, spawn, trap_exits


def kills(to):
    self(control=True).kill()
    to.send("went on")


def exits(to):
    self(control=True).exit("boom")
    to.send("went on")


def means_it(to):
    self(control=True).exit("normal")
    to.send("went on")


def catches(to):
    try:
        self(control=True).exit("boom")
    finally:
        to.send("went on")


def traps(to):
    trap_exits()
    self(control=True).exit("boom")
    to.send(str(receive(Exit).reason))


def traps_no_more(to):
    trap_exits()
    trap_exits(False)
    self(control=True).exit("boom")
    to.send("went on")


def main():
    for function in (kills, exits, means_it, catches, traps, traps_no_more):
        reasons = Counter()
        for _ in range(20):
            spawn(function, self(), monitor=True)
            said = receive((Down, str), timeout=300)
            while type(said) is str:
                reasons[said] += 1
                said = receive((Down, str), timeout=300)
            reasons[str(said.reason)] += 1
        print(function.__name__, dict(reasons))


if __name__ == "__main__":
    main()
