import sys

import cloison


def child(data):
    zlib = cloison.capability("zlib")
    print(zlib.crc32(0, data), flush=True)


def main():
    zlib = cloison.capability("zlib")
    data = b"a" * int(sys.argv[1])
    for level in [int(text) for text in sys.argv[2:]]:
        print(len(zlib.compress2(data, level=level)), flush=True)
    cloison.spawn(child, data, capabilities=["zlib"], monitor=True)
    cloison.receive(cloison.Down)


if __name__ == "__main__":
    main()
