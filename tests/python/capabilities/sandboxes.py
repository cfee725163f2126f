"""A library that has been taken over tries with a folder whatever it can, for clients that were granted less and more."""

import errno
import sys

import cloison

REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def tried(capability, function, folder):
    """What becomes of all attempts: the first is to read, the others change something, and 0 is success."""
    return [getattr(capability, function)(folder, how) for how in range(10)]


def reads_only(capability, folder):
    first, *others = tried(capability, "get", folder)
    assert first == 0 and all(error in REFUSED for error in others), (first, others)
    try:
        capability.put(folder, 0)
    except cloison.CapabilityDenied:
        return
    raise AssertionError("put was not denied")


def reader(capability, folder):
    reads_only(capability, folder)
    cloison.parent().send("read")


def narrowed(store, folder, lasting):
    some = store.narrow(functions=["get", "count"])
    reads_only(some, folder)
    reads_only(some.narrow(calls=100), folder)
    # Whoever holds it, and however it was narrowed.
    worker = cloison.spawn(reader, some, folder)
    assert cloison.receive(timeout=300) == "read", worker
    # Meanwhile what was not narrowed is what it was.
    assert store.put(folder, 1) == 0 and store.get(folder, 0) == 0
    reads_only(some, folder)
    if lasting:
        # Equal needs share an instance, others do not.
        before, others = some.count(), store.count()
        assert some.narrow(calls=5).count() == before + 1
        assert store.count() == others + 1
        # Who needs nothing of the folder has one without it.
        assert store.narrow(functions=["count"]).count() == 1


def reaches(capability, folder, port):
    """Whether a library that was taken over reaches the port, and makes a thread: by whatever function of it may be called."""
    function = getattr(capability, capability.describe().functions[0])
    told = [function(folder, how) for how in (0x10000 + port, 10)]
    assert all(error in (0, errno.EAGAIN, *REFUSED) for error in told), told
    return tuple(error == 0 for error in told)


def needs(store, folder, port):
    """Each set of functions, narrowed from all of them, has in its instance what these need."""
    for functions, expected in (
        (["get"], (False, False)),
        (["put"], (False, False)),
        (["fetch"], (True, False)),
        (["sort"], (False, True)),
        (["fetch", "get"], (True, False)),
        (["get", "sort"], (False, True)),
        (["fetch", "sort"], (True, True)),
    ):
        some = store.narrow(functions=functions)
        assert reaches(some, folder, port) == expected, functions
        # Meanwhile the one that it comes from has all of it, and gives nothing of that to this one.
        assert store.get(folder, 0x10000 + port) == store.get(folder, 10) == 0
        assert reaches(some, folder, port) == expected, functions
        # What is narrowed again has less again.
        assert reaches(some.narrow(functions=["get"] if "get" in functions else functions[:1]), folder, port) == (
            ("get" not in functions and functions[0] == "fetch"),
            ("get" not in functions and functions[0] == "sort"),
        )


def main():
    mode, folder, *rest = sys.argv[1:]
    store = cloison.capability("store")
    match mode:
        case "per-client" | "per-call":
            narrowed(store, folder, mode == "per-client")
        case "reads":
            reads_only(store, folder)
        case "writes":
            assert tried(store, "put", folder) == [0] * 10
        case "needs":
            needs(store, folder, int(rest[0]))
        case "needs of all":
            # One instance for all has what any capability of cloison.toml needs.
            assert reaches(store.narrow(functions=["get"]), folder, int(rest[0])) == (True, True)
        case "is taken over":
            assert tried(store, "get", folder) == [0] * 10
    print(mode)


if __name__ == "__main__":
    main()
