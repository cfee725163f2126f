"""The server of the example: notes, for whoever has the key. It runs on CPython, outside of Cloison.

    API_KEY=sesame-open python3 examples/fetch/server.py [PORT]
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = os.environ["API_KEY"]
notes: list[dict] = []


class Handler(BaseHTTPRequestHandler):
    """Answers with JSON."""

    protocol_version = "HTTP/1.1"

    def answer(self, status: int, data: object) -> None:
        """Send it."""
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do(self) -> None:
        """Do what is asked for."""
        data = self.rfile.read(int(self.headers["Content-Length"] or 0))
        match self.command, self.path:
            case _ if self.headers["Authorization"] != f"Bearer {KEY}":
                self.answer(401, "this is not the key")
            case "GET", "/v1/notes":
                self.answer(200, notes)
            case "POST", "/v1/notes":
                notes.append(json.loads(data))
                self.answer(201, notes[-1])
            case "DELETE", "/v1/notes":
                notes.clear()
                self.answer(200, notes)
            case "GET", "/v1/headers":
                self.answer(200, dict(self.headers))
            case _:
                self.answer(404, "there is nothing")

    do_GET = do_POST = do_DELETE = do

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if sys.argv[1:] else 8765), Handler) as server:
        print(server.server_port, flush=True)
        server.serve_forever()
