# For tests/tests/imported_once.rs: what the standard library keeps anyway is never counted; what a program has made ends when nobody has it.
import sys
import traceback
import weakref

import cloison
from cloison import receive, spawn

NEVER_COUNTED = 1 << 31


class Thing:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        said.append(f"{self.name} has ended")


said = []
thing = Thing("an object of the module")
in_list = [Thing("an object in a list of the module")]
watched = Thing("what is watched")
weak = weakref.ref(watched, lambda _: said.append("and its weak reference knows"))
traceback.added = Thing("an object in a module of the library")


def tells(to):
    global thing, in_list, watched
    del thing, in_list, watched, traceback.added
    Thing("an object of the process")
    counted = [sys.getrefcount(each) < NEVER_COUNTED for each in (traceback.print_exc, traceback.TracebackException, tells, Thing)]
    to.send((sorted(said), counted))


def main():
    for _ in range(20):
        spawn(tells, cloison.self())
        ends, counted = receive(tuple, timeout=300)
    print(*ends, sep="\n")
    print("counted:", *counted)


if __name__ == "__main__":
    main()
