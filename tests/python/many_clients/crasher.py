# For tests/tests/many_clients.rs: one client crashes a shared zone again and again, until it has been slowed down and its neighbours have
# been served meanwhile.
import time

import cloison
from cloison import receive, self, spawn

# So many ends in ten seconds cost a zone no wait.
FREE = 10
SOME = 100


def crashes(to):
    zone = cloison.capability("crimes")
    crashed, told = 0, None
    while not stopped():
        try:
            zone.segfault()
        except cloison.ZoneCrashed:
            crashed += 1
        except cloison.ZoneUnavailable as error:
            if told is None:
                told = str(error)
                to.send(("slowed down", crashed))
            time.sleep(0.01)
    to.send(("crashed", crashed, told))


def neighbour(to):
    zone = cloison.capability("crimes")
    right, crashed = 0, 0
    to.send(("begun", None))
    receive(str)
    while right < SOME:
        try:
            right += zone.add(2, 3) == 5
        except cloison.ZoneCrashed:
            crashed += 1
        except cloison.ZoneUnavailable as error:
            return to.send(("locked out", str(error), crashed))
        time.sleep(0.01)
    to.send(("neighbour", right, crashed))


def stopped():
    try:
        return receive(str, timeout=0) == "stop"
    except TimeoutError:
        return False


def main():
    crasher, *neighbours = (spawn(function, self(), capabilities=["crimes"]) for function in (crashes, neighbour, neighbour))
    for _ in neighbours:
        receive(lambda message: message == ("begun", None))
    _, crashed = receive(lambda message: message[0] == "slowed down")
    print("slowed down:", crashed >= FREE)
    for each in neighbours:
        each.send("be served")
    served = [receive(lambda message: message[0] in ("neighbour", "locked out")) for _ in neighbours]
    crasher.send("stop")
    _, crashed, told = receive(tuple)
    print(told[: told.index(" times")].rstrip("0123456789 "), "|", told[told.index("; with") + 2 : told.index(": [")])
    for kind, right, costs in served:
        # A crash costs each of them one call.
        print(kind, "is served:", right == SOME, "with few crashes:", costs <= crashed)


if __name__ == "__main__":
    main()
