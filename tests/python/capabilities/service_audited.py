"""A service, one call of it that a bound lets through, and one that it refuses."""

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


def main():
    cloison.spawn(serves)
    clock = cloison.receive(cloison.Capability, timeout=300)
    cloison.spawn(client, clock.narrow(where={"tick": "times <= 1"}))
    assert cloison.receive(timeout=300) == "denied"
    print("audited")


if __name__ == "__main__":
    main()
