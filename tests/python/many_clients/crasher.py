# For tests/tests/many_clients.rs: one client crashes a shared zone again and again; its neighbours go on.
import time

import cloison
from cloison import receive, self, spawn

SECONDS = 6.0


def crashes(to):
    zone = cloison.capability("crimes")
    crashed, told = 0, None
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        try:
            zone.segfault()
        except cloison.ZoneCrashed:
            crashed += 1
        except cloison.ZoneUnavailable as error:
            told = told or str(error)
            time.sleep(0.01)
    to.send(("crashed", crashed, told))


def neighbour(to):
    zone = cloison.capability("crimes")
    right, crashed = 0, 0
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        try:
            right += zone.add(2, 3) == 5
        except cloison.ZoneCrashed:
            crashed += 1
        except cloison.ZoneUnavailable as error:
            to.send(("locked out", str(error)))
        time.sleep(0.01)
    to.send(("neighbour", right, crashed))


def main():
    for function in (crashes, neighbour, neighbour):
        spawn(function, self(), capabilities=["crimes"])
    for _ in range(3):
        match receive(tuple, timeout=60):
            case ("crashed", crashed, told):
                print("slowed down:", 10 <= crashed < 25, "|", told[: told.index(" times")].rstrip("0123456789 "), "|", told[told.index("; with") + 2 : told.index(": [")])
            case ("neighbour", right, crashed):
                print("served:", right > 100, "with few crashes:", crashed < 25)
            case other:
                print(other)


if __name__ == "__main__":
    main()
