"""The network: one script for both sides, on the ports of this machine that are given. Prints nanoseconds of one operation each, in the order
of `network.rs`."""

import http.client
import socket
import sys
import time
import urllib.request

ECHO, WEB, OVER_HTTP = map(int, sys.argv[1:])


def best(operation, count, rounds=5):
    """Return the shortest mean time of `count` operations."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        for _ in range(count):
            operation()
        times.append((time.perf_counter_ns() - start) / count)
    return min(times)


def echo(size):
    data = b"x" * size
    with socket.create_connection(("127.0.0.1", ECHO)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def there_and_back():
            connection.sendall(data)
            left = size
            while left:
                left -= len(connection.recv(left))

        return best(there_and_back, 200 if size < 1000 else 5)


def kept(port):
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def get():
        connection.request("GET", "/")
        assert len(connection.getresponse().read()) == 1024

    return best(get, 100)


def get(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        assert len(answer.read()) == 1024


print(echo(100))
print(echo(1 << 20))
print(kept(WEB))
print(best(lambda: get(WEB), 30))
print(kept(OVER_HTTP))
print(best(lambda: get(OVER_HTTP), 30))
