"""Capabilities in messages: who is given one holds it, nobody else does, and who may not give it on cannot."""

import cloison


def tries(name, *arguments):
    """Say what becomes of a call of what was sent, until nothing is sent any more."""
    while (received := cloison.receive(timeout=300)) is not None:
        match received:
            case cloison.Call(request=("use", capability, data)):
                try:
                    answer = capability.crc32(0, data)
                except cloison.Error as error:
                    answer = type(error).__name__
                cloison.reply(received, answer)
            case cloison.Call(request=("give", capability, to)):
                try:
                    to.send(capability)
                    answer = "sent"
                except cloison.Error as error:
                    answer = f"{type(error).__name__}: {error}"
                cloison.reply(received, answer)
            case cloison.Call(request=("narrow and give", capability, to)):
                try:
                    to.send(capability.narrow(calls=1))
                    answer = "sent"
                except cloison.Error as error:
                    answer = type(error).__name__
                cloison.reply(received, answer)
            case cloison.Call(request=("revoke", capability)):
                try:
                    capability.revoke()
                    answer = "revoked"
                except cloison.Error as error:
                    answer = type(error).__name__
                cloison.reply(received, answer)
            case cloison.Call(request="names"):
                try:
                    answer = cloison.capability("zlib").crc32(0, b"hello")
                except cloison.Error as error:
                    answer = type(error).__name__
                cloison.reply(received, answer)
            case "end":
                return


def named(data):
    """Use what spawn has given under the name of the capability."""
    cloison.parent().send(cloison.capability("zlib").crc32(0, data))
    try:
        cloison.capability("zlib").adler32(1, data)
    except cloison.CapabilityDenied:
        cloison.parent().send("denied")


def argument(capability, padding, data):
    cloison.parent().send((capability.crc32(0, data), len(padding)))


def main():
    zlib = cloison.capability("zlib")
    one, two = cloison.spawn(tries, "one"), cloison.spawn(tries, "two")
    ask = lambda process, *request: cloison.call(process, request, timeout=300)

    # Nobody holds what it was not given.
    assert cloison.call(one, "names", timeout=300) == "CapabilityDenied"
    narrowed = zlib.narrow(functions=["crc32"], where={"crc32": "len <= 5"})
    assert ask(one, "use", narrowed, b"hello") == 907060870
    assert ask(one, "use", narrowed, b"hello!") == "CapabilityDenied"
    # It has no name there.
    assert cloison.call(one, "names", timeout=300) == "CapabilityDenied"
    # Whoever holds it gives it on, unless that was given up.
    assert ask(one, "give", narrowed, cloison.self()) == "sent"
    back = cloison.receive(timeout=300)
    assert back == narrowed and back.crc32(0, b"hello") == 907060870
    personal = zlib.narrow(delegate=False)
    assert ask(one, "use", personal, b"hello") == 907060870
    print(ask(one, "give", personal, two.send_only()))
    assert ask(one, "narrow and give", personal, two.send_only()) == "CapabilityDenied"
    # Who was given it cannot take it back from others; who has narrowed it can.
    assert ask(one, "revoke", narrowed) == "CapabilityDenied"
    assert narrowed.crc32(0, b"") == 0
    narrowed.revoke()
    assert ask(two, "use", zlib.narrow(), b"hello") == 907060870
    for process in (one, two):
        try:
            ask(process, "use", narrowed, b"hello")
        except cloison.Revoked as error:
            assert "has been revoked" in str(error), error
        else:
            raise AssertionError("what is revoked was given away")
    # What cloison.toml grants is nobody's to revoke.
    try:
        zlib.revoke()
    except cloison.CapabilityDenied as error:
        assert "cloison revoke" in str(error), error
    else:
        raise AssertionError("the program has revoked what it was granted")
    # Not where nobody in particular hears it.
    for wrong in (lambda: one.exit(zlib), lambda: {zlib: 1} and one.send({zlib: 1})):
        try:
            wrong()
        except TypeError as error:
            print(error)
    cloison.spawn(named, b"hello", capabilities=[zlib.narrow(functions=["crc32"])])
    assert [cloison.receive(timeout=300), cloison.receive(timeout=300)] == [907060870, "denied"]
    for padding in (b"", b"x" * 100_000):
        cloison.spawn(argument, zlib.narrow(), padding, b"hello")
        assert cloison.receive(timeout=300) == (907060870, len(padding))
    try:
        cloison.spawn(named, b"", capabilities=["zlib", zlib.narrow()])
    except cloison.SpawnError as error:
        assert "two of the capabilities" in str(error), error
    else:
        raise AssertionError("two of one name")
    one.send("end")
    two.send("end")
    print("passed")


if __name__ == "__main__":
    main()
