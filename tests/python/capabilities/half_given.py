"""A process sends a capability of its own and one that it may not give on, in one message."""

import sys

import cloison


def sends(capability, kept):
    own = capability.narrow(calls=3)
    for together in ((own, kept), [own, {"kept": kept}]):
        try:
            cloison.parent().send(together)
        except cloison.CapabilityDenied:
            continue
        raise AssertionError("it was sent")
    cloison.parent().send("refused")
    cloison.receive()
    own.crc32(0, b"")


def main():
    zlib = cloison.capability("zlib")
    cloison.spawn(sends, zlib, zlib.narrow(delegate=False), link=True)
    assert cloison.receive(timeout=60) == "refused"
    print("ready", flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
