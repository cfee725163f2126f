"""Talks to an echo server by the bare capability, and says what came back."""

import struct
import sys

import cloison


def endpoint(host, port):
    return struct.pack("=HHII4s12x", 2, port, 0, 0, bytes(map(int, host.split("."))))


net = cloison.capability("net")
host, port = sys.argv[1], int(sys.argv[2])
found = net.resolve(b"localhost", port, 2)
assert found == endpoint("127.0.0.1", port), found
socket = net.socket(2)
net.connect(socket, found)
assert net.send(socket, b"hello") == 5
print(net.recv(socket, 100))
net.shutdown(socket, 1)
print(net.recv(socket, 100))
net.close(socket)
try:
    net.recv(socket, 100)
except cloison.StaleHandle:
    print("closed")
print(net.grants().decode(), end="")
