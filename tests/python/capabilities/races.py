"""What eight processes do at once: calls while their capability is taken back, and more calls than there are."""

import cloison

PROCESSES = 8
ROUNDS = 25


def calls(boss):
    """Call until it is refused, each time anew, and say whether it went on being refused."""
    while (capability := cloison.receive(timeout=60)) is not None:
        assert capability.crc32(0, b"hello") == 907060870
        made = 1
        boss.send("begins")
        try:
            while True:
                assert capability.crc32(0, b"hello") == 907060870
                made += 1
        except cloison.Revoked:
            pass
        # It has been told that the other one's `revoke` is over.
        cloison.receive(str, timeout=60)
        late = 0
        for _ in range(20):
            try:
                capability.crc32(0, b"hello")
                late += 1
            except cloison.Revoked:
                continue
        boss.send((made, late))


def counts(boss):
    while (capability := cloison.receive(timeout=60)) is not None:
        made = 0
        try:
            while True:
                capability.crc32(0, b"hello")
                made += 1
        except cloison.QuotaExceeded:
            boss.send(made)


def each_call_after_it_is_refused(zlib):
    workers = [cloison.spawn(calls, cloison.self()) for _ in range(PROCESSES)]
    for turn in range(ROUNDS):
        top = zlib.narrow()
        # Some hold it, some what was narrowed from it, each by a channel of its own.
        for number, worker in enumerate(workers):
            worker.send(top if number % 2 else top.narrow(functions=["crc32"]))
        for _ in workers:
            assert cloison.receive(timeout=60) == "begins"
        top.revoke()
        for worker in workers:
            worker.send("revoked")
        told = [cloison.receive(tuple, timeout=60) for _ in workers]
        assert all(late == 0 for _, late in told), (turn, told)
    for worker in workers:
        worker.send(None)
    assert zlib.crc32(0, b"hello") == 907060870


def all_together_get_no_more(zlib):
    workers = [cloison.spawn(counts, cloison.self()) for _ in range(PROCESSES)]
    for _ in range(ROUNDS):
        top = zlib.narrow(calls=500)
        for number, worker in enumerate(workers):
            worker.send(top if number % 2 else top.narrow(calls=400))
        assert sum(cloison.receive(int, timeout=60) for _ in workers) == 500
    for worker in workers:
        worker.send(None)


if __name__ == "__main__":
    zlib = cloison.capability("zlib")
    each_call_after_it_is_refused(zlib)
    all_together_get_no_more(zlib)
    print("raced")
