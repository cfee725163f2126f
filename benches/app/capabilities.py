"""Revocation, with an audit trail. Prints nanoseconds: of a capability that nothing comes of, and of one that 10,000 others come of."""

import time

import cloison

#: One process makes 10,000 at most, and these are one more.
DERIVED = 5_000


def makes(capability, count):
    held = [capability.narrow(calls=1) for _ in range(count)]
    cloison.parent().send(len(held))
    cloison.receive()


def revoked(capability):
    start = time.perf_counter_ns()
    capability.revoke()
    return time.perf_counter_ns() - start


def alone(zlib):
    capability = zlib.narrow(calls=1)
    return revoked(capability)


def of_many(zlib):
    capability = zlib.narrow(calls=1)
    makers = [cloison.spawn(makes, capability, DERIVED) for _ in range(2)]
    for _ in makers:
        cloison.receive()
    taken = revoked(capability)
    for maker in makers:
        maker.kill()
    return taken


def main():
    zlib = cloison.capability("zlib")
    print(min(alone(zlib) for _ in range(20)))
    print(min(of_many(zlib) for _ in range(5)))


if __name__ == "__main__":
    main()
