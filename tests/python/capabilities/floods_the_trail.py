"""A process that fills the audit trail, gives something away, and ends."""

import cloison


def busy(zlib, boss):
    for _ in range(1500):
        zlib.narrow(calls=1)
    boss.send(zlib.narrow(calls=2))


if __name__ == "__main__":
    zlib = cloison.capability("zlib")
    child = cloison.spawn(busy, zlib, cloison.self(), monitor=True)
    given = cloison.receive(cloison.Capability)
    assert given.crc32(0, b"hello") == 907060870
    assert cloison.receive(cloison.Down).process == child
    print("given")
