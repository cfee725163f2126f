"""Waits for an echo server that says nothing; after Ctrl-C, talks to it over the same connection."""

import struct
import sys

import cloison

net = cloison.capability("net")


socket = net.socket(2)
net.connect(socket, struct.pack("=HHII4s12x", 2, int(sys.argv[1]), 0, 0, bytes([127, 0, 0, 1])))
try:
    print("started", flush=True)
    net.recv(socket, 1)
except KeyboardInterrupt:
    print("interrupted", flush=True)


def finished(call, *args):
    """What comes of a call that goes on when the service had something else to hear of, as `socket` does."""
    while True:
        try:
            return call(*args)
        except InterruptedError:
            pass


finished(net.send, socket, b"again")
print(finished(net.recv, socket, 100), flush=True)
