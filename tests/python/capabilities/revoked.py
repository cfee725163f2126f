"""What is taken back is gone in the middle of a call, with all that has come of it; leases end by themselves."""

import sys

import cloison


def call_for_long(capability, slow):
    """A call that does not end by itself while the test waits."""
    cloison.parent().send("begins")
    try:
        slow(capability)
        cloison.parent().send("it has ended by itself")
    except cloison.Revoked as error:
        cloison.parent().send(f"Revoked: {error}")
    except cloison.Error as error:
        cloison.parent().send(f"{type(error).__name__}: {error}")
    try:
        slow(capability)
    except cloison.Revoked:
        cloison.parent().send("still revoked")


def sleeps(capability):
    capability.usleep(500_000_000)


def tell():
    return cloison.receive(timeout=300)


def in_flight(libc):
    narrowed = libc.narrow(functions=["usleep"])
    below = narrowed.narrow(calls=10)
    for each in (narrowed, below):
        cloison.spawn(run, each, monitor=True)
    assert [tell(), tell()] == ["begins"] * 2
    # Whoever runs the test sees when the zones have begun with both calls.
    print("begun", flush=True)
    sys.stdin.readline()
    narrowed.revoke()
    # One may have ended before the other has said the second word.
    told = sorted(cloison.receive(str, timeout=300) for _ in range(4))
    assert told[0] == told[1] and told[0].startswith("Revoked: libc.usleep()"), told
    assert told[2:] == ["still revoked"] * 2, told
    assert sorted(tell().reason.kind for _ in range(2)) == ["normal"] * 2
    # What it was narrowed from works, also for others.
    assert libc.usleep(1) == 0


def run(capability):
    call_for_long(capability, sleeps)


def borrower():
    match cloison.receive(timeout=300):
        case cloison.Capability() as lease:
            cloison.parent().send(lease.usleep(1))
    match cloison.receive(timeout=300):
        case "again":
            try:
                lease.usleep(1)
            except cloison.Revoked:
                cloison.parent().send("revoked")
    match cloison.receive(timeout=300):
        case cloison.Capability() as other, to:
            try:
                to.send(other)
            except cloison.CapabilityDenied:
                cloison.parent().send("cannot be given on")


def lender(process):
    """Lend something, and end in the middle of it."""
    lease = cloison.capability("libc").lend(process)
    process.send(lease.capability)
    cloison.receive(timeout=300)
    cloison.exit("done with it")


def leases(libc):
    process = cloison.spawn(borrower, monitor=True)
    with libc.lend(process, calls=5) as lease:
        process.send(lease)
        assert tell() == 0
    try:
        lease.usleep(1)
    except cloison.Revoked:
        pass
    process.send("again")
    assert tell() == "revoked"
    for wrong in ({"delegate": True}, {"delegate": False}, {"call": 1}):
        try:
            libc.lend(process, **wrong)
            raise AssertionError(wrong)
        except TypeError as error:
            assert next(iter(wrong)) in str(error), error
    with libc.lend(process) as lease:
        process.send((lease, cloison.self()))
        assert tell() == "cannot be given on"
    assert tell().reason == "normal"
    # A lease ends with who has lent.
    other = cloison.spawn(borrower, monitor=True)
    mine = cloison.spawn(lender, other.send_only(), capabilities=["libc"], monitor=True)
    # The borrower tells its parent.
    assert tell() == 0
    mine.send("end")
    assert tell().process == mine
    other.send("again")
    assert tell() == "revoked"
    other.send("no capability")
    assert tell().reason == "normal"


def expiry(libc):
    brief = libc.narrow(expires=0.2)
    # The first has usually begun by then.
    for useconds in (500_000_000, 1):
        try:
            brief.usleep(useconds)
        except cloison.Revoked as error:
            assert "has expired" in str(error), error
        else:
            raise AssertionError("it has not expired")
    # The zone that is this process's own goes with the call that did not end, and another one takes its place.
    while True:
        try:
            assert libc.usleep(1) == 0
            break
        except cloison.ZoneCrashed as error:
            assert "whose capability had been taken back" in str(error), error


def many(libc):
    """Ten thousand that come of one, and one word ends them."""
    top = libc.narrow()
    middle = [top.narrow() for _ in range(10)]
    below = [each.narrow(calls=5) for each in middle for _ in range(999 if "--all" in sys.argv else 99)]
    try:
        while True:
            below.append(top.narrow())
            if "--all" not in sys.argv and len(below) > 2000:
                break
    except cloison.CapabilityDenied as error:
        assert "which is the most" in str(error), error
    assert below[-1].usleep(1) == 0
    top.revoke()
    for each in (below[0], below[-1], middle[3]):
        try:
            each.usleep(1)
        except cloison.Revoked:
            continue
        raise AssertionError("one is left")
    del below, middle, top, each
    # What nothing names any more counts no more.
    for _ in range(20):
        libc.narrow()


if __name__ == "__main__":
    libc = cloison.capability("libc")
    for test in (in_flight, leases, expiry, many):
        test(libc)
    print("revoked")
