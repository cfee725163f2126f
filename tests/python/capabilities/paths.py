"""Two ways to one zone are two rights: what is missing in one of them does not come from the other."""

import cloison


def refused(call, *arguments):
    try:
        call(*arguments)
    except cloison.Error as error:
        return type(error).__name__
    return None


def tries(boss):
    """It holds `sums` by its name, and is given another one that was narrowed from `checks`."""
    sums, other = cloison.capability("sums"), cloison.receive(timeout=60)
    found = [
        sums.crc32(0, b"hello"),
        other.adler32(1, b"hello"),
        refused(sums.adler32, 1, b"hello"),
        refused(other.crc32, 0, b"hello"),
        refused(other.adler32, 1, b"hello!"),
        refused(cloison.capability, "checks"),
        refused(sums.narrow().adler32, 1, b"hello"),
        refused(other.narrow().crc32, 0, b"hello"),
    ]
    # Neither of them by the functions of the other, and neither from the other.
    for one, function in ((sums, "adler32"), (other, "crc32")):
        try:
            one.narrow(functions=[function])
        except ValueError as error:
            found.append("allows no function" in str(error))
    # What both of them count, they count together.
    made = 0
    while refused(sums.crc32, 0, b"") is None:
        made += 1
    found.append((made, refused(sums.narrow(calls=5).crc32, 0, b""), refused(other.adler32, 1, b"")))
    boss.send(found)


def main():
    sums, checks = cloison.capability("sums"), cloison.capability("checks")
    few = sums.narrow(calls=10)
    one, two = few.narrow(functions=["crc32"]), few.narrow(calls=3)
    for _ in range(3):
        assert one.crc32(0, b"") == two.crc32(0, b"") == 0
    assert refused(two.crc32, 0, b"") == "QuotaExceeded"
    short = checks.narrow(where={"adler32": "len <= 5"})
    # Four of the ten are left, however they are asked for.
    process = cloison.spawn(tries, cloison.self(), capabilities=[one.narrow(calls=100)])
    process.send(short)
    found = cloison.receive(list, timeout=60)
    denied = "CapabilityDenied"
    assert found[:8] == [907060870, 103547413, denied, denied, denied, denied, denied, denied], found
    assert found[8:] == [True, True, (3, "QuotaExceeded", None)], found
    assert refused(few.crc32, 0, b"") == "QuotaExceeded" and sums.crc32(0, b"") == 0
    print("two ways")


if __name__ == "__main__":
    main()
