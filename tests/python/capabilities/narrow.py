"""What was narrowed allows less, for good, whoever holds it, and what is counted is counted once for all."""

import cloison


def refused(call, *arguments):
    try:
        call(*arguments)
    except cloison.Error as error:
        return type(error).__name__
    raise AssertionError("it was not refused")


def wrong(call, **arguments):
    try:
        call(**arguments)
    except (TypeError, ValueError) as error:
        return str(error)
    raise AssertionError("it was taken")


zlib = cloison.capability("zlib")


def functions():
    one = zlib.narrow(functions=["crc32"])
    assert one.crc32(0, b"hello") == 907060870
    assert refused(one.adler32, 1, b"hello") == "CapabilityDenied"
    # Nothing brings it back.
    assert "allows no function `adler32`" in wrong(one.narrow, functions=["adler32", "crc32"])
    assert refused(one.narrow(functions=[]).crc32, 0, b"") == "CapabilityDenied"
    assert zlib.adler32(1, b"hello") == 103547413


def bounds():
    short = zlib.narrow(where={"crc32": "len <= 4"})
    assert short.crc32(0, b"1234") and refused(short.crc32, 0, b"12345") == "CapabilityDenied"
    shorter = short.narrow(where={"crc32": ["len <= 2", "crc == 0"]})
    assert shorter.crc32(0, b"12") and refused(shorter.crc32, 0, b"123") == refused(shorter.crc32, 1, b"1") == "CapabilityDenied"
    longer = short.narrow(where={"crc32": "len <= 100"})
    assert refused(longer.crc32, 0, b"12345") == "CapabilityDenied"
    print(wrong(zlib.narrow, where={"crc32": "length <= 4"}))


def counts():
    three = zlib.narrow(calls=3)
    one, other = three.narrow(calls=2), three.narrow(calls=2)
    assert one.crc32(0, b"") == one.crc32(0, b"") == other.crc32(0, b"") == 0
    assert refused(one.crc32, 0, b"") == refused(other.crc32, 0, b"") == refused(three.crc32, 0, b"") == "QuotaExceeded"
    # What a bound refuses is no call.
    bounded = zlib.narrow(calls=1, where={"crc32": "len <= 4"})
    assert refused(bounded.crc32, 0, b"12345") == "CapabilityDenied"
    assert bounded.crc32(0, b"1234") and refused(bounded.crc32, 0, b"") == "QuotaExceeded"
    few = zlib.narrow(bytes="1 KiB")
    assert few.crc32(0, b"x" * 1000) and refused(few.crc32, 0, b"x" * 1000) == "QuotaExceeded"
    with zlib.narrow(calls=5).batch() as batch:
        pending = [batch.crc32(0, b"") for _ in range(5)]
    assert [each.value for each in pending] == [0] * 5
    busy = zlib.narrow(cpu=0.02)
    told = None
    for _ in range(10_000):
        try:
            busy.crc32(0, b"x" * 1_000_000)
        except cloison.QuotaExceeded as error:
            told = str(error)
            break
    assert "processor time" in told, told


def said():
    narrowed = zlib.narrow(functions=["crc32"], calls=7, where={"crc32": "len <= 4"}, rate="100/s", bytes=64, delegate=False)
    info = narrowed.describe()
    assert (info.name, info.functions, info.calls, info.bytes) == ("zlib", ("crc32",), 7, 64)
    assert info.where == {"crc32": ("len <= 4",)} and info.rate == (100, 1.0)
    assert not info.delegate and info.callbacks and info.expires is None
    assert 50 < zlib.narrow(expires=60).describe().expires <= 60
    assert zlib.describe().delegate and zlib.describe().calls is None
    assert isinstance(narrowed, cloison.Capability) and isinstance(zlib, cloison.Capability)
    assert narrowed != zlib and narrowed == narrowed and len({narrowed, zlib, narrowed}) == 2
    assert repr(narrowed) == f"<capability 'zlib' #{info.number}>" and repr(zlib) == "<capability 'zlib'>"
    match info:
        case cloison.CapabilityInfo("zlib", ("crc32",)):
            pass
        case _:
            raise AssertionError(info)
    try:
        info.calls = 8
    except AttributeError:
        pass
    else:
        raise AssertionError("it was set")


def nonsense():
    print(wrong(zlib.narrow, functions=["crc23"]))
    print(wrong(zlib.narrow, functions="crc32"))
    print(wrong(zlib.narrow, calls=-1))
    print(wrong(zlib.narrow, rate="fast"))
    print(wrong(zlib.narrow, expires="soon"))
    print(wrong(zlib.narrow, where=["crc32"]))


def deep():
    last = zlib
    for _ in range(32):
        last = last.narrow()
    try:
        last.narrow()
    except cloison.CapabilityDenied as error:
        assert "narrowed 32 times" in str(error), error
    else:
        raise AssertionError("there is no end")
    assert last.crc32(0, b"hello") == 907060870


if __name__ == "__main__":
    for test in (functions, bounds, counts, said, nonsense, deep):
        test()
    print("narrowed")
