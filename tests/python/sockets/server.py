"""What programs of tests connect to. Prints the ports, and serves until its input ends.

    server.py CERTIFICATE

Ports: one that says in capitals what it hears; the same by TLS; one that never says anything; one that hangs up by force; HTTP; HTTPS.
"""

import http.server
import os
import socket
import ssl
import struct
import sys
import threading

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
context.set_alpn_protocols(["http/1.1"])


def echo(connection):
    """Say it in capitals."""
    while data := connection.recv(65536):
        connection.sendall(data.upper())


def echo_by_tls(connection):
    """The same by TLS."""
    with context.wrap_socket(connection, server_side=True) as secure:
        echo(secure)
        secure.unwrap()


def say_nothing(connection):
    """Wait for its end."""
    while connection.recv(65536):
        pass


def hang_up(connection):
    """End it so that the other side hears of it as of an accident."""
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def serve(kind):
    """Serve one kind of connection, and return the port."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)

    def one(connection):
        with connection:
            try:
                kind(connection)
            except OSError:
                pass

    def all():
        while True:
            threading.Thread(target=one, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=all, daemon=True).start()
    return listening.getsockname()[1]


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        """Say method, path and body."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/there")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        text = b"%s %s %s" % (self.command.encode(), self.path.encode(), body)
        if self.path == "/large":
            text = b"0123456789abcdef" * (1 << 16)
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *args):
        """Say nothing."""


def serve_http(secure):
    """Serve HTTP, and return the port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if secure:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


ports = [serve(kind) for kind in (echo, echo_by_tls, say_nothing, hang_up)] + [serve_http(False), serve_http(True)]
print(*ports, flush=True)
sys.stdin.read()
os._exit(0)
