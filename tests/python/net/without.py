"""Tries to reach a port of this machine, in the ways that a program has."""

import asyncio
import socket
import sys
import urllib.request

import cloison

port = int(sys.argv[1])


async def connects():
    await asyncio.open_connection("127.0.0.1", port)


for way in (
    lambda: cloison.capability("net"),
    lambda: socket.create_connection(("127.0.0.1", port)),
    lambda: socket.socket().connect(("127.0.0.1", port)),
    lambda: socket.getaddrinfo("localhost", port),
    lambda: socket.socketpair(),
    lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/"),
    lambda: asyncio.run(connects()),
):
    try:
        way()
        print("it works")
    except (cloison.CapabilityDenied, cloison.HostDenied) as error:
        print(type(error).__name__)
    except OSError as error:
        # What urllib wraps.
        print(type(getattr(error, "reason", error)).__name__)
