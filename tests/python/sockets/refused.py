"""Asks for what is not granted."""

import socket
import urllib.request


def listening():
    socket.create_server(("127.0.0.1", 0)).close()


ATTEMPTS = (
    lambda: socket.create_connection(("example.com", 443)),
    lambda: socket.create_connection(("8.8.8.8", 53)),
    lambda: socket.create_connection(("127.0.0.1", 10)),
    lambda: socket.socket().bind(("", 0)),
    lambda: socket.create_server(("127.0.0.1", 8000)),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    lambda: socket.socket(socket.AF_UNIX).connect("/run/socket"),
    lambda: urllib.request.urlopen("http://example.com/"),
    lambda: socket.gethostbyname("example.com") and socket.getaddrinfo("example.com", 443),
    lambda: socket.create_connection(("localhost", 9)),
    listening,
)


def main():
    for attempt in ATTEMPTS:
        try:
            attempt()
            print("ok")
        except ConnectionRefusedError as error:
            print("ok", type(error).__name__)
        except OSError as error:
            print(type(error).__name__, error)
