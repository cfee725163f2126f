"""Two children that wait for connections which nobody speaks on: one is killed, the other has a deadline."""

import struct
import sys

import cloison


def wait(port):
    net = cloison.capability("net")
    socket = net.socket(2)
    net.connect(socket, struct.pack("=HHII4s12x", 2, port, 0, 0, bytes([127, 0, 0, 1])))
    cloison.parent().send("connected")
    net.recv(socket, 1)


def without():
    try:
        cloison.capability("net")
    except cloison.CapabilityDenied as error:
        return str(error).splitlines()[0]


if __name__ == "__main__":
    port = int(sys.argv[1])
    child = cloison.spawn(wait, port, capabilities=["net"])
    assert cloison.receive() == "connected"
    monitor = cloison.monitor(child)
    child.kill()
    print(cloison.receive().reason)
    child = cloison.spawn(wait, port, capabilities=["net"], deadline=0.5)
    monitor = cloison.monitor(child)
    assert cloison.receive() == "connected"
    print(cloison.receive().reason)
