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
net.send(socket, b"again")
print(net.recv(socket, 100), flush=True)
