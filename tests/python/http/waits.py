"""Makes a request whose secret it does not know, keeps a text of its own, and waits to be looked at."""

import sys

import cloison

api = cloison.capability("api")
port = int(sys.argv[1])
kept = "".join(["what-", "this-", "program-", "knows"])
with api.connect(b"127.0.0.1", port) as connection:
    request = f"GET /v1/me HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Kept: {kept}\r\n\r\n"
    api.sendall(connection, request.encode())
    api.shutdown(connection, 1)
    answer = b""
    while piece := api.recv(connection, 65536):
        answer += piece
print(answer.decode().replace("\r\n", "|"), flush=True)
sys.stdin.readline()
print(kept[:4], cloison.__name__, end="")
