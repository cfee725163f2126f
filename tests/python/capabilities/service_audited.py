"""A service, one call of it that a bound lets through, and one that it refuses."""

import _cloison
import cloison


@cloison.service
class Clock:
    def tick(self, times: int) -> str:
        return "tick" * times


def serves():
    cloison.parent().send(cloison.offer(Clock()))
    cloison.serve()


def client(clock):
    assert clock.tick(1) == "tick"
    try:
        clock.tick(2)
    except cloison.CapabilityDenied:
        cloison.parent().send("denied")


def floods(victim):
    """Says of others what is not so, as often as it can."""
    for _ in range(3000):
        _cloison.admit(1 << 40, victim, "f", 0)
    cloison.parent().send("flooded")


def main():
    cloison.spawn(floods, cloison.self().number)
    assert cloison.receive(timeout=300) == "flooded"
    try:
        cloison.capability("secrets")
    except cloison.CapabilityDenied:
        pass
    cloison.spawn(serves)
    clock = cloison.receive(cloison.Capability, timeout=300)
    cloison.spawn(client, clock.narrow(where={"tick": "times <= 1"}))
    assert cloison.receive(timeout=300) == "denied"
    print("audited")


if __name__ == "__main__":
    main()
