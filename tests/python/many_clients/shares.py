# For tests/tests/many_clients.rs: so many clients of one zone, the number is the argument. Each goes on calling until all of them
# have got through some: whoever is not served beside the others keeps all of them at it for ever.
import sys

import cloison
from cloison import receive, self, spawn

SOME = 1000


def client(to):
    crc32 = cloison.capability("zlib").crc32
    assert crc32(0, b"hello") == 0x3610A686
    to.send("ready")
    receive()
    calls = 0
    while calls < SOME or not stopped():
        for _ in range(10):
            crc32(0, b"hello")
        calls += 10
        if calls == SOME:
            to.send("through")
    to.send(calls)


def stopped():
    try:
        return receive(timeout=0) == "stop"
    except TimeoutError:
        return False


def main():
    count = int(sys.argv[1])
    clients = [spawn(client, self(), capabilities=["zlib"]) for _ in range(count)]
    for _ in clients:
        receive(str)
    for each in clients:
        each.send("go")
    for _ in clients:
        receive(str)
    for each in clients:
        each.send("stop")
    calls = sorted(receive(int) for _ in clients)
    print("calls:", calls[0], "to", calls[-1], "and", calls[count // 2], "in the middle", file=sys.stderr)
    print(len(calls), "clients, each has called:", calls[0] >= SOME)


if __name__ == "__main__":
    main()
