"""Waits for what never comes."""

import asyncio
import select
import socket
import ssl
import sys


def main():
    """Wait in one of the ways there are."""
    silent, kind = int(sys.argv[3]), sys.argv[-1]
    s = socket.create_connection(("127.0.0.1", silent))
    server = socket.create_server(("127.0.0.1", 0))
    poll, epoll = select.poll(), select.epoll()
    poll.register(s, select.POLLIN)
    epoll.register(s, select.EPOLLIN)
    context = ssl.create_default_context()

    async def read():
        reader, _ = await asyncio.open_connection(sock=s)
        await reader.read(1)

    ways = {
        "recv": lambda: s.recv(1),
        "select": lambda: select.select([s], [], []),
        "poll": poll.poll,
        "epoll": epoll.poll,
        "accept": server.accept,
        "asyncio": lambda: asyncio.run(read()),
        "tls": lambda: context.wrap_socket(s, server_hostname="localhost"),
    }
    print("waits", flush=True)
    ways[kind]()
