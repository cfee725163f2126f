# For tests/tests/processes.rs: what a child may use up, and that it gets no more than its parent has.
import time

import cloison
from cloison import Down, receive, spawn


def takes(to, mebibytes):
    held = bytearray(mebibytes << 20)
    to.send(len(held) >> 20)


def tries(to, mebibytes, memory):
    to.send(outcome(takes, mebibytes, memory=memory))


def burns(to):
    until = time.monotonic() + 100
    while time.monotonic() < until:
        pass
    to.send("it had all the time it wanted")


def outcome(function, *arguments, **options):
    spawn(function, cloison.self(), *arguments, monitor=True, **options)
    match receive(timeout=300):
        case Down(reason=reason):
            return reason.type or reason.kind
        case value:
            receive(Down, timeout=300)
            return value


def main():
    # The interpreter's part of it, 30 MiB or so, counts.
    print(outcome(takes, 60, memory="128 MiB"))
    print(outcome(takes, 120, memory="128 MiB"))
    print(outcome(takes, 60, memory=64 << 20))
    # A child of one that may use 128 MiB does not get more by asking for it.
    print(outcome(tries, 60, "250 MiB", memory="128 MiB"))
    print(outcome(tries, 120, "250 MiB", memory="128 MiB"))
    print(outcome(burns, cpu=0.5))
    waiting = [spawn(receive) for _ in range(4)]
    try:
        spawn(receive)
    except cloison.SpawnError as error:
        print(str(error).replace("\n", " | "))
    waiting.pop().stop()
    print(type(spawn(receive)).__name__, "when there is room again")


if __name__ == "__main__":
    main()
