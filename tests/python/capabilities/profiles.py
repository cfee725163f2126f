"""Profiles: what a process gets that is started with one is what its spawner holds, narrowed, and no more than its limits."""

import cloison
from cloison import Child, Server, Supervisor, TaskGroup
from cloison.futures import Executor


def told(call, *arguments):
    """What comes of a call, or the name of what it raises."""
    try:
        return call(*arguments)
    except (cloison.Error, MemoryError) as error:
        return type(error).__name__


def uses():
    zlib = cloison.capability("zlib")
    return [
        told(zlib.crc32, 0, b"hello"),
        told(zlib.crc32, 0, b"hello!"),
        told(zlib.adler32, 1, b""),
        told(zlib.crc32, 0, b""),
        told(zlib.crc32, 0, b""),
    ]


#: Of a worker: its bound, its functions, and two calls.
WORKER = [907060870, "CapabilityDenied", "CapabilityDenied", 0, "QuotaExceeded"]
#: Of whoever holds it as the program does.
PLAIN = [907060870, 2592524640, 1, 0, 0]


def sends():
    cloison.parent().send(uses())


def describes():
    info = cloison.capability("zlib").describe()
    cloison.parent().send((info.functions, info.where, info.calls, info.delegate, info.callbacks))


def tries():
    """What a worker may not: give away what it has, start processes, use more memory."""
    zlib, said = cloison.capability("zlib"), []
    for attempt in (lambda: cloison.parent().send(zlib), lambda: cloison.spawn(print)):
        try:
            attempt()
        except cloison.Error as error:
            said.append(f"{type(error).__name__}: {error}")
    said.append(told(bytearray, 200 << 20))
    cloison.parent().send(said)


def starts(profile, function="sends"):
    """Start a process of that profile with what this one has, and pass on what it says."""
    try:
        cloison.spawn(globals()[function], profile=profile)
    except cloison.SpawnError as error:
        cloison.parent().send(f"SpawnError: {error}")
    else:
        cloison.parent().send(cloison.receive(timeout=300))


def holds():
    zlib = cloison.capability("zlib")
    first = zlib.crc32(0, b"hello")
    cloison.parent().send(cloison.self())
    cloison.receive(timeout=300)
    cloison.whereis("main").send((first, told(zlib.crc32, 0, b"hello")))


def outcome(function, *arguments, **options):
    cloison.spawn(function, *arguments, **options)
    return cloison.receive(timeout=300)


def fails(**options):
    try:
        cloison.spawn(sends, **options)
    except (cloison.SpawnError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError(f"it was started: {options}")


class Asks(Server):
    def handle_call(self, request, sender):
        return uses()


def main():
    zlib = cloison.capability("zlib")
    assert uses() == PLAIN
    # Each has calls of its own.
    for _ in range(2):
        assert outcome(sends, profile="worker") == WORKER
    assert outcome(sends, profile="plain") == PLAIN
    assert outcome(describes, profile="worker") == (("crc32",), {"crc32": ("len <= 5",)}, 2, False, True)
    for said in outcome(tries, profile="worker"):
        print(said)
    # Without a capability in it, a profile gives none; what is named besides is added.
    assert outcome(describes, profile="small", capabilities=[zlib.narrow(calls=7)])[2] == 7
    print(fails(profile="wroker"))
    print(fails(profile=5))
    # The name of what the profile gives adds nothing; another one of that name could not be told apart.
    assert outcome(sends, profile="worker", capabilities=["zlib"]) == WORKER
    print(fails(profile="worker", capabilities=[zlib.narrow()]))

    # Nobody gets by a profile what its spawner has not got.
    print(outcome(starts, "plain"))
    one = zlib.narrow(calls=1, functions=["crc32"])
    assert outcome(starts, "plain", capabilities=[one]) == [907060870, "QuotaExceeded", "CapabilityDenied", "QuotaExceeded", "QuotaExceeded"]
    other = zlib.narrow(functions=["adler32"])
    assert outcome(starts, "worker", capabilities=[other]) == ["CapabilityDenied"] * 5
    print(outcome(starts, "plain", capabilities=[zlib.narrow(delegate=False)]))

    # It falls with what it comes from.
    cloison.register("main")
    given = zlib.narrow()
    worker = outcome(starts, "worker", "holds", capabilities=[given])
    given.revoke()
    worker.send("go on")
    assert cloison.receive(timeout=300) == (907060870, "Revoked")

    # Whatever starts processes takes a profile.
    with TaskGroup() as group:
        task = group.spawn(uses, profile="worker")
    assert task.result == WORKER
    with Executor(1, profile="worker") as executor:
        assert executor.submit(uses).result() == WORKER
    server = Asks.start(profile="worker")
    assert cloison.call(server, "?", timeout=300) == WORKER
    tree = Supervisor([Child(Asks, profile="worker", register="asks")]).start(capabilities=["zlib"])
    assert cloison.call("asks", "?", timeout=300) == WORKER
    tree.stop()
    try:
        Supervisor([Child(Asks, profile="worker")]).start()
    except cloison.StartError as error:
        print(error)
    print("profiles")


if __name__ == "__main__":
    main()
