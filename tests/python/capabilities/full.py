"""A message with a capability finds no room: its receiver holds nothing of it, and it is sent when there is room."""

import sys
import time

import cloison


def reads_late():
    while cloison.whereis("room") is None:
        time.sleep(0.01)
    while isinstance(message := cloison.receive(timeout=60), bytes):
        pass
    cloison.parent().send(message.crc32(0, b"hello"))


def main():
    own = cloison.capability("zlib").narrow(calls=5)
    reader = cloison.spawn(reads_late, link=True)
    try:
        while True:
            reader.send(b"x" * 10_000)
    except cloison.MailboxFull:
        pass
    for message in (own, (own, b"x" * 1_000_000)):
        try:
            reader.send(message)
        except cloison.MailboxFull as full:
            assert (full.process, full.lost) == (reader, 0)
            continue
        raise AssertionError("it was sent")
    print("ready", flush=True)
    sys.stdin.readline()
    cloison.register("room")
    while True:
        try:
            reader.send(own)
            break
        except cloison.MailboxFull:
            time.sleep(0.01)
    print(cloison.receive(int, timeout=60), flush=True)


if __name__ == "__main__":
    main()
