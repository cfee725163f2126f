# For tests/tests/processes.rs: how long a child may run, how many children and channels it may have.
import re
import time

import cloison
from cloison import Down, receive, self, spawn


def said(error):
    return re.sub(r"process \d+", "process N", str(error).replace("\n", " | "))


def loops():
    while True:
        pass


def sleeps():
    time.sleep(100)


def calls_for_ever():
    cloison.capability("endless").forever()


def spawns_and_tells(to, deadline):
    child = spawn(sleeps, deadline=deadline)
    child.monitor()
    to.send(receive(Down).reason.kind)


def ended(function, *arguments, **options):
    begun = time.monotonic()
    spawn(function, *arguments, monitor=True, **options)
    reason = receive(Down, timeout=300).reason
    return f"{reason}, too soon: {time.monotonic() - begun < options['deadline']}"


def refusal(to, count, **options):
    """Spawn so many, and say why no more."""
    waiting = [spawn(receive, **options) for _ in range(count)]
    try:
        spawn(receive)
    except cloison.SpawnError as error:
        to.send(said(error))
    waiting and waiting.pop().stop()
    if count:
        to.send(type(spawn(receive)).__name__)


def asks_for_more(to):
    spawn(refusal, to, 2, children=5)
    receive()


def opens(to, names):
    for name in names:
        try:
            cloison.capability(name).sqrt(4.0)
        except cloison.CapabilityDenied as error:
            to.send(said(error))
    to.send("done")


def main():
    for function in (loops, sleeps, calls_for_ever):
        print(ended(function, deadline=0.3, capabilities=["endless"]))
    # Nobody's child outlives it for its deadline, whatever it asks for.
    spawn(spawns_and_tells, self(), 100, deadline=0.5, monitor=True)
    print(receive(Down, timeout=300).reason)
    spawn(spawns_and_tells, self(), 0.2)
    print(receive(str, timeout=300))
    spawn(sleeps, deadline=1e300).kill()

    spawn(refusal, self(), 0, children=0)
    print(receive(str, timeout=300))
    spawn(refusal, self(), 2, children=2)
    print(receive(str, timeout=300))
    print(receive(str, timeout=300))
    # No more than its parent may.
    spawn(asks_for_more, self(), children=2)
    print(receive(str, timeout=300))
    print(receive(str, timeout=300))

    spawn(opens, self(), ["one", "two", "one", "three"], capabilities=["one", "two", "three"], channels=2)
    while (told := receive(str, timeout=300)) != "done":
        print(told)
    spawn(opens, self(), ["one", "two", "three"], capabilities=["one", "two", "three"])
    print(receive(str, timeout=300))


if __name__ == "__main__":
    main()
