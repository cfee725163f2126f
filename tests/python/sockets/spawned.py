"""A socket that is open when a process is spawned."""

import os
import socket
import sys

import cloison


def child(to, number):
    """Look what there is, and open one of its own."""
    from cloison import _descriptors

    before = sorted(_descriptors._open)
    try:
        os.write(number, b"stolen")
    except OSError as error:
        said = type(error).__name__, error.errno
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as own:
        own.sendall(b"child")
        to.send((before, sorted(_descriptors._open), *said, own.recv(100)))


def main():
    """Go on with it afterwards."""
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as mine:
        cloison.spawn(child, cloison.self(), mine.fileno(), capabilities=["net"])
        print(*cloison.receive(timeout=300))
        mine.sendall(b"parent")
        print(mine.recv(100))
