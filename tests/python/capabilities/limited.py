"""Who has set a limit stands in the error: what was narrowed by a process, by a profile, and from outside; tried again at each line."""

import sys

import cloison


def attempts(zlib):
    for call in (
        lambda: zlib.crc32(0, b"hello"),
        lambda: zlib.crc32(0, b"hello, world"),
        lambda: zlib.adler32(0, b"hello"),
        lambda: zlib.compress2(b"hello", 1),
    ):
        try:
            call()
            yield "made"
        except cloison.Error as error:
            yield str(error)


def worker(zlib, boss):
    while cloison.receive(str):
        boss.send(list(attempts(zlib)))


def by_profile(boss):
    boss.send(list(attempts(cloison.capability("zlib"))))


if __name__ == "__main__":
    zlib = cloison.capability("zlib")
    less = zlib.narrow(functions=["crc32"], where={"crc32": "len <= 10"}, calls=3)
    child = cloison.spawn(worker, less, cloison.self())
    cloison.spawn(by_profile, cloison.self(), profile="small")
    print("\n".join(cloison.receive(list)))
    print("ready", flush=True)
    for _ in sys.stdin:
        child.send("again")
        for text in cloison.receive(list):
            print("worker:", text)
        for text in attempts(zlib):
            print("main:", text)
        print("ready", flush=True)
