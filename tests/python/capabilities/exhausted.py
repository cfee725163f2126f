"""Who makes as many capabilities as it may has none left to make; others have theirs."""

import cloison


def hogs(zlib):
    held, refusals = [], 0
    while refusals < 3:
        try:
            held.append(zlib.narrow())
        except cloison.CapabilityDenied as error:
            assert "which is the most" in str(error), error
            refusals += 1
    # To pass them on makes no room: neither does it fill whoever it is given to.
    for one in held[:2000]:
        try:
            cloison.parent().send(("take", one))
        except cloison.CapabilityDenied as error:
            assert "as it may" in str(error), error
            refusals += 1
            break
    assert held[0].crc32(0, b"hello") == held[-1].crc32(0, b"hello") == 907060870
    cloison.parent().send(("made", len(held), refusals))
    cloison.receive(timeout=120)


def works(zlib):
    narrowed = zlib.narrow(calls=1)
    cloison.parent().send(("worked", narrowed.crc32(0, b"hello")))


def main():
    zlib = cloison.capability("zlib")
    hog = cloison.spawn(hogs, zlib.narrow(), monitor=True)
    taken = []
    while (message := cloison.receive(tuple, timeout=120))[0] == "take":
        taken.append(message[1])
    assert message == ("made", 10_000, 4), message
    # So many the same process may have given to one.
    assert len(taken) == 1000, len(taken)
    # Others make, give and use theirs, while all of these are there.
    mine = [zlib.narrow() for _ in range(100)]
    assert mine[-1].crc32(0, b"hello") == taken[-1].crc32(0, b"hello") == 907060870
    cloison.spawn(works, mine[0])
    assert cloison.receive(tuple, timeout=60) == ("worked", 907060870)
    hog.send("end")
    assert cloison.receive(cloison.Down, timeout=60).reason == "normal"
    print("full, and not for others")


if __name__ == "__main__":
    main()
