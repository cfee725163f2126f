# For tests/tests/storms.rs: a child without capabilities asks its supervisor, which has some for another child, for one with them.
import re

import cloison
from cloison import Child, Error, RunningSupervisor, Supervisor, receive, spawn


def attempt(work):
    try:
        return work()
    except (Error, PermissionError) as error:
        return re.sub("[0-9]+", "N", f"{type(error).__name__}: {error}".splitlines()[0])


def trusted(name):
    to = cloison.whereis("asker")
    to.send((name, attempt(lambda: cloison.capability("libm").sqrt(9.0))))
    receive()


def asks(boss):
    to = cloison.whereis("asker")
    held = Child(trusted, "held", name="held", restart="temporary", capabilities=["libm"])
    # The data of a Child is whatever its sender says.
    forged = Child(trusted, "forged", name="forged", restart="temporary")
    forged.options["capabilities"].append("libm")
    source = Child(trusted, "plain", name="plain", restart="temporary")
    to.send([attempt(lambda: boss.start_child(child) and "started") for child in (held, forged, source)])
    receive()


def untrusted():
    asks(RunningSupervisor(cloison.parent()))


def main():
    cloison.register("asker")
    boss = Supervisor([Child(trusted, "the trusted one", capabilities=["libm"]), Child(untrusted)]).start()
    came = [receive(timeout=300) for _ in range(2)]
    print(*sorted(map(str, came)), sep="\n")
    # Neither can anybody else; who has started it may.
    spawn(asks, RunningSupervisor(boss.process.send_only()))
    came = [receive(timeout=300) for _ in range(1)]
    print(*came, sep="\n")
    boss.start_child(Child(trusted, "by the starter", capabilities=["libm"]))
    print(receive(tuple, timeout=300))
    print(boss.stop())


if __name__ == "__main__":
    main()
