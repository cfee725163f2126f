"""What zones, services and the runtime refuse, each once, by a process that ends at once."""

import cloison


@cloison.service
class Clock:
    def tick(self):
        return "tick"


def serves():
    cloison.parent().send(cloison.offer(Clock()))
    cloison.serve()


def refused(call, *args):
    try:
        call(*args)
    except (cloison.CapabilityDenied, cloison.QuotaExceeded) as error:
        return str(error)
    raise AssertionError("it was not refused")


def worker(zlib, narrow, slow, clock):
    assert narrow.crc32(0, b"hell") and slow.crc32(0, b"") == 0 and clock.tick() == "tick"
    said = [
        refused(zlib.crc32, 0, b"hello!"),
        refused(narrow.crc32, 0, b"hello"),
        refused(narrow.adler32, 1, b""),
        refused(slow.crc32, 0, b""),
        refused(clock.tick),
    ]
    assert narrow.crc32(0, b"") == 0
    cloison.parent().send([*said, refused(narrow.crc32, 0, b"")])


if __name__ == "__main__":
    server = cloison.spawn(serves)
    clock = cloison.receive(cloison.Capability).narrow(calls=1)
    zlib = cloison.capability("zlib")
    narrow = zlib.narrow(functions=["crc32"], where={"crc32": 'len <= 4 || buf starts_with "\u202e"'}, calls=2)
    cloison.spawn(worker, zlib, narrow, cloison.capability("slow"), clock, monitor=True)
    print(*cloison.receive(list), sep="\n")
    cloison.receive(cloison.Down)
