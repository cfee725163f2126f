"""Keeps notes at a server, by an API whose key this program never sees.

    API_KEY=sesame-open python3 examples/fetch/server.py &
    API_KEY=sesame-open cloison run examples/fetch "a note"
"""

import json
import sys
import urllib.error
import urllib.request

API = "http://127.0.0.1:8765/v1"


def call(method: str, path: str, data: object = None) -> object:
    """Make a request, and return what is in the answer."""
    request = urllib.request.Request(API + path, method=method)
    request.add_header("Accept", "application/json")
    if data is not None:
        request.data = json.dumps(data).encode()
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def main() -> int:
    """Add a note if there is one, print all of them, and try what is not allowed."""
    for text in sys.argv[1:]:
        call("POST", "/notes", {"text": text})
    for note in call("GET", "/notes"):
        print(f"- {note['text']}")
    # The server says what it has got; what was added on the way there is masked on the way back.
    print("it was sent:", call("GET", "/headers")["Authorization"])
    try:
        call("DELETE", "/notes")
    except urllib.error.HTTPError as error:
        if error.headers["Cloison-Denied"] is None:
            raise
        print(error.read().decode(), end="")
    return 0
