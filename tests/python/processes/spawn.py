# For tests/tests/processes.rs: what can be run in another process, what can't, and what each refusal says.
import json
import re

import cloison
from cloison import receive, spawn

shared = ["of the module"]


def tells(to, *values):
    to.send((__name__, *values))


class Worker:
    def __init__(self, to):
        to.send("an object was made")

    @classmethod
    def of_the_class(cls, to):
        to.send(f"{cls.__name__}.of_the_class")

    @staticmethod
    def static(to):
        to.send("static")

    def bound(self, to):
        to.send("never")

    class Inner:
        @staticmethod
        def deep(to):
            to.send("deep")


def replaced(to):
    to.send("never")


original = replaced


def replaced(to):
    to.send("the second one")


def changes_what_it_has(to):
    shared.append("of the child")
    json.added = "of the child"
    to.send((shared, json.added))


def spawns_on(to, depth):
    if depth == 0:
        to.send(("deep enough", cloison.self().number))
    else:
        spawn(spawns_on, to, depth - 1)


def knows_its_parent(to):
    to.send((cloison.self(), cloison.parent()))


def refused(*arguments, **options):
    try:
        print("spawned", spawn(*arguments, **options))
    except Exception as error:
        print(re.sub(" at 0x[0-9a-f]+", "", f"{type(error).__name__}: {error}"))


def main():
    me = cloison.self()
    print("I am", me, "and nobody's child:", cloison.parent())
    child = spawn(tells, me, 1, "two", [3.0, None], {"four": (5, {6})})
    print("a child:", type(child).__name__, child.number, child == me)
    print(receive(timeout=300))
    for function in (Worker, Worker.of_the_class, Worker.static, Worker.Inner.deep, replaced):
        spawn(function, me)
        print(receive(timeout=300))
    # A function of a module of the standard library, and a builtin one.
    for function in (json.dumps, print):
        spawn(function, "a builtin prints", monitor=True)
        print(receive(cloison.Down, timeout=300).reason)
    child = spawn(knows_its_parent, me)
    print("they know each other:", receive(timeout=300) == (child, me))
    spawn(spawns_on, me, 3)
    print(receive(timeout=300)[0])

    print("-- what a child changes is its own")
    for _ in range(2):
        spawn(changes_what_it_has, me)
        print(receive(timeout=300))
    print(shared, hasattr(json, "added"))
    arguments = [1, [2]]
    spawn(tells, me, arguments, arguments)
    arguments.append("later")
    _, one, other = receive(timeout=300)
    print(one, other, one is arguments)

    print("-- functions without a name")

    def local():
        pass

    refused(lambda: None)
    refused(local)
    refused(Worker.__new__(Worker).bound, me)
    refused(original, me)
    refused([].append, 1)
    refused("tells", me)
    refused(None)

    print("-- arguments that can't be sent")
    for argument in (lambda: None, local, object(), open, iter([]), Worker, json, b"x" * (9 << 20)):
        refused(tells, me, argument)

    print("-- options")
    refused(tells, me, capabilities="zlib")
    refused(tells, me, capabilities=["zlib"])
    refused(tells, me, capabilities=[3])
    refused(tells, me, memory="lots")
    refused(tells, me, memory=0)
    refused(tells, me, memory="-1 MiB")
    refused(tells, me, cpu=0)
    refused(tells, me, cpu=float("nan"))
    refused(tells, me, nice=-1)
    refused(tells, me, nice=20)
    refused(tells, me, nice=5, priority="low")
    refused(tells, me, priority="urgent")
    refused(tells, me, deadline=0)
    refused(tells, me, children=-1)
    refused(tells, me, channels=1.5)
    refused(tells, me, name="n" * 256)
    try:
        receive(timeout=0.1)
    except TimeoutError:
        print("and nobody was started")


if __name__ == "__main__":
    main()
