"""Requests by the standard library, which knows nothing of capabilities."""

import http.client
import sys
import urllib.error
import urllib.request

port = int(sys.argv[1])
here = f"https://localhost:{port}"
with urllib.request.urlopen(f"{here}/v1/me") as answer:
    print(answer.status, answer.read().decode().split("\r\n")[0])
connection = http.client.HTTPSConnection("localhost", port)
for body in (b"one", b"two"):
    connection.request("POST", "/v1/items", iter([body]), {"Transfer-Encoding": "chunked"}, encode_chunked=True)
    answer = connection.getresponse()
    print(answer.status, body in answer.read())
for path in ("/v2", "/v1/redirect"):
    try:
        urllib.request.urlopen(here + path)
    except urllib.error.HTTPError as error:
        print(error.code, error.headers["Cloison-Denied"])
    except urllib.error.URLError as error:
        print(type(error.reason).__name__, "10.0.0.1" in str(error.reason))
