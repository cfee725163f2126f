# For tests/tests/many_clients.rs: more clients than one instance of a zone serves. Each makes a few calls while all others are there.
import cloison
from cloison import receive, self, spawn

CLIENTS, CALLS = 1000, 20


def client(to):
    crc32 = cloison.capability("zlib").crc32
    first = crc32(0, b"hello")
    to.send("ready")
    receive()
    to.send([first] + [crc32(0, b"hello") for _ in range(CALLS)] == [0x3610A686] * (CALLS + 1))
    receive()


def main():
    clients = [spawn(client, self(), capabilities=["zlib"]) for _ in range(CLIENTS)]
    for _ in clients:
        receive(str, timeout=300)
    for each in clients:
        each.send("go")
    print("right:", sum(receive(bool, timeout=300) for _ in clients), flush=True)
    input()
    for each in clients[: CLIENTS - 10]:
        each.monitor()
        each.kill()
    for _ in clients[: CLIENTS - 10]:
        receive(cloison.Down, timeout=300)
    print("ended", flush=True)
    input()


if __name__ == "__main__":
    main()
