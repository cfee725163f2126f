"""Writes requests as they are asked for into connections of an `http` capability, and says what comes back."""

import json
import sys

import cloison

api = cloison.capability("api")


def ask(host, port, request, secure=False):
    with api.connect(host.encode(), port) as connection:
        if secure:
            api.secure(connection, host.encode())
        try:
            api.sendall(connection, request.encode("latin-1"))
            api.shutdown(connection, 1)
        except ConnectionError:
            pass
        answer = b""
        while piece := api.recv(connection, 65536):
            answer += piece
    return answer.decode("latin-1")


if __name__ == "__main__":
    for line in sys.stdin:
        try:
            answer = ask(**json.loads(line))
        except OSError as error:
            answer = f"{type(error).__name__} {error.errno}: {error}"
        print(json.dumps(answer), flush=True)
