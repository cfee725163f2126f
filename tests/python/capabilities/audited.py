"""One of each thing that an audit trail tells."""

import cloison


def works():
    capability = cloison.receive(timeout=300)
    capability.crc32(0, b"")
    try:
        cloison.capability("zlib")
    except cloison.CapabilityDenied:
        cloison.parent().send("denied")


def main():
    zlib = cloison.capability("zlib")
    narrowed = zlib.narrow(functions=["crc32"], calls=5)
    worker = cloison.spawn(works, name='w\n{"event": "forged"}\x1b[2J\u202egnp.exe', monitor=True)
    worker.send(narrowed)
    assert cloison.receive(timeout=300) == "denied"
    assert cloison.receive(timeout=300).reason == "normal"
    narrowed.crc32(0, b""), narrowed.crc32(0, b"")
    narrowed.revoke()
    print("audited")


if __name__ == "__main__":
    main()
