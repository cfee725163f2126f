"""Two processes hold a narrowed capability; a line of input has them use it, and one line says what has become of that."""

import sys

import cloison


def uses(capability):
    assert capability.crc32(0, b"hello") == 907060870
    for call in (lambda: capability.crc32(0, b"hello!"), lambda: capability.adler32(0, b"")):
        try:
            call()
        except cloison.CapabilityDenied:
            pass
    cloison.parent().send("used")
    cloison.receive()


def told(capability, *data):
    """The names of what is raised, or what comes of it, as far as it differs from what came before."""
    said = []
    for each in data:
        try:
            answer = str(int(capability.crc32(0, each) != 0))
        except cloison.Error as error:
            answer = type(error).__name__
        if answer not in said:
            said.append(answer)
    return " ".join(said)


def main():
    zlib = cloison.capability("zlib")
    narrowed = zlib.narrow(functions=["crc32"], where={"crc32": "len <= 5"}, calls=10)
    worker = cloison.spawn(uses, narrowed)
    cloison.receive()
    narrowed.crc32(0, b"1"), narrowed.crc32(0, b"2")
    print("ready", flush=True)
    sys.stdin.readline()
    print(told(narrowed, b"12345", b"1", b"1", b"1"), flush=True)
    sys.stdin.readline()
    print(told(narrowed, b"1"), flush=True)
    sys.stdin.readline()
    print(told(zlib, b"1"), flush=True)
    sys.stdin.readline()
    worker.send("end")


if __name__ == "__main__":
    main()
