"""With the modules of a hostile microprocess: names of capabilities that nobody was given are of no use, wherever they come from."""

import cloison
from _bytes import decode, encode_for_one

HEAD = b"\x01\x19"


def made(number, token):
    """A Capability of that number and that token, whoever holds it, if anybody does."""
    return decode(HEAD + number.to_bytes(8, "little") + token)


def name_of(capability):
    """Its number and its token, as they stand in messages."""
    raw = encode_for_one(capability)
    assert raw[:2] == HEAD and len(raw) == 26, raw
    return int.from_bytes(raw[2:10], "little"), raw[10:]


def nothing(capability):
    pass


def uses():
    """Everything that somebody does with a capability."""
    return (
        lambda capability: capability.crc32(0, b"hello"),
        lambda capability: capability.narrow(),
        lambda capability: capability.describe(),
        lambda capability: capability.revoke(),
        lambda capability: capability.lend(cloison.self()),
        lambda capability: cloison.self().send(capability),
        lambda capability: cloison.spawn(nothing, capability),
        lambda capability: cloison.spawn(nothing, None, capabilities=[capability]),
    )


def refused(number, token):
    """How often that name is refused; it has to be each time."""
    for use in uses():
        try:
            use(made(number, token))
        except (cloison.CapabilityDenied, cloison.SpawnError):
            continue
        raise AssertionError((number, use))
    return len(uses())


def thief(boss):
    """It is told names, and holds nothing."""
    while (names := cloison.receive(timeout=60)) is not None:
        boss.send(sum(refused(number, token) for number, token in names))


def borrower(boss):
    """It holds one capability, and tells a name that another one can write down."""
    capability = cloison.receive(timeout=60)
    boss.send((capability.crc32(0, b"hello"), name_of(capability)))
    accomplice = cloison.receive(timeout=60)
    # The capability itself cannot be sent on; its name, as bytes, can be, and is of no use there.
    try:
        accomplice.send(capability)
    except cloison.CapabilityDenied:
        accomplice.send(("name", name_of(capability)))
    cloison.receive(timeout=60)
    # Not by another name of the same, either.
    try:
        accomplice.send(made(*name_of(capability)))
    except cloison.CapabilityDenied:
        boss.send("not so either")
    cloison.receive(timeout=60)
    try:
        made(*name_of(capability)).crc32(0, b"hello")
    except cloison.Revoked:
        boss.send("revoked")


def accomplice(boss):
    tag, (number, token) = cloison.receive(timeout=60)
    boss.send((tag, refused(number, token)))


def main():
    me = cloison.self()
    zlib = cloison.capability("zlib")
    each = len(uses())
    # The control: by its name, whoever holds it uses it.
    narrowed = zlib.narrow(functions=["crc32"])
    assert made(*name_of(narrowed)).crc32(0, b"hello") == 907060870

    other = cloison.spawn(thief, me)
    # Names that are somebody else's: of what cloison.toml grants, and of what was narrowed from it.
    other.send([name_of(zlib), name_of(narrowed)])
    assert cloison.receive(int, timeout=60) == 2 * each
    # Numbers, which anybody can guess, with tokens, which nobody can.
    tokens = (bytes(16), b"\xff" * 16, name_of(zlib)[1])
    numbers = [number for number in range(8) if number != name_of(zlib)[0]] + [1 << 32, (1 << 64) - 1]
    other.send([(number, token) for number in numbers for token in tokens])
    assert cloison.receive(int, timeout=60) == len(numbers) * len(tokens) * each
    # The program itself holds both, and finds them by nothing but their own tokens.
    for number, _ in (name_of(zlib), name_of(narrowed)):
        assert refused(number, bytes(16)) == each
    assert narrowed.crc32(0, b"hello") == 907060870

    # Who was given one for itself tells its name to somebody else.
    holder, mate = cloison.spawn(borrower, me), cloison.spawn(accomplice, me)
    personal = zlib.narrow(delegate=False)
    holder.send(personal)
    told, name = cloison.receive(tuple, timeout=60)
    assert told == 907060870 and name == name_of(personal)
    holder.send(mate.send_only())
    assert cloison.receive(tuple, timeout=60) == ("name", each)
    holder.send("go on")
    assert cloison.receive(str, timeout=60) == "not so either"
    # Said once more after it was taken back.
    personal.revoke()
    holder.send("go on")
    assert cloison.receive(str, timeout=60) == "revoked"
    other.send([name])
    assert cloison.receive(int, timeout=60) == each
    other.send(None)
    print("nothing was had")


if __name__ == "__main__":
    main()
