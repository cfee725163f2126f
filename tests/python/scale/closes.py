"""Processes that close all that they have but their streams, and would live on: each is ended, and others can still be started."""

import _raw
import cloison
from cloison import Down, receive, self, spawn

COUNT = 160
CLOSE, NANOSLEEP = 3, 35


def closes(to):
    to.send("ready")
    receive()
    for number in range(3, 30):
        _raw.syscall(CLOSE, number)
    hour = _raw.address((3600).to_bytes(8, "little") + bytes(8))
    while True:
        _raw.syscall(NANOSLEEP, hour, 0)


def good():
    pass


def main():
    processes = [spawn(closes, self(), monitor=True) for _ in range(COUNT)]
    for _ in processes:
        receive(str, timeout=300)
    for process in processes:
        process.send("go")
    print({str(receive(Down, timeout=300).reason) for _ in processes})
    spawn(good, monitor=True)
    print(receive(Down, timeout=300).reason)


if __name__ == "__main__":
    main()
