"""Messages with capabilities that are lost on the way: given is what they name, and nobody ever hears of it."""

import sys

import _cloison
import cloison


def hears_nothing():
    cloison.receive(str)


def main():
    zlib = cloison.capability("zlib")
    receiver = cloison.spawn(hears_nothing, monitor=True)
    lost = 0
    try:
        while True:
            _cloison.give(zlib.narrow(), receiver)
            lost += 1
    except cloison.CapabilityDenied:
        pass
    print(lost, flush=True)
    sys.stdin.readline()
    receiver.send("that is all")
    cloison.receive(cloison.Down, timeout=60)
    # With the next question to the broker goes what nothing here names any more.
    zlib.crc32(0, b"")
    zlib.describe()
    print("ended", flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
