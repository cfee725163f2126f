# For tests/tests/many_clients.rs: so many clients of one zone, the number is the argument. What each has got through of the time
# in which all of them call.
import sys
import time

import cloison
from cloison import receive, self, spawn

SECONDS = 2.0


def client(to):
    crc32 = cloison.capability("zlib").crc32
    assert crc32(0, b"hello") == 0x3610A686
    to.send("ready")
    receive()
    until, calls = time.monotonic() + SECONDS, 0
    while time.monotonic() < until:
        for _ in range(10):
            crc32(0, b"hello")
        calls += 10
    to.send(calls)


def main():
    count = int(sys.argv[1])
    clients = [spawn(client, self(), capabilities=["zlib"]) for _ in range(count)]
    for _ in clients:
        receive(str, timeout=100)
    for each in clients:
        each.send("go")
    calls = sorted(receive(int, timeout=100) for _ in clients)
    middle = calls[count // 2]
    print("calls:", calls[0], "to", calls[-1], "and", middle, "in the middle", file=sys.stderr)
    print(len(calls), "clients, each has called:", calls[0] > 0)
    # A client that runs on another core than the zone, at the same time, gets through ten times as many; and one that gets no
    # processor for a while, beside the other tests, through fewer. The zone serves all of them in turn: nobody gets next to nothing.
    print("fair:", calls[0] > middle / 10)


if __name__ == "__main__":
    main()
