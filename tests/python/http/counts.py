"""Opens connections until there may be no more, closes one, and opens another one."""

import sys

import cloison

api = cloison.capability("api")
port = int(sys.argv[1])
connections = []
try:
    while len(connections) < 100:
        connections.append(api.connect(b"127.0.0.1", port))
except OSError as error:
    print(len(connections), error.errno)
count = len(connections)
api.close(connections.pop())
# The other end is closed a moment later.
while len(connections) < count:
    try:
        connections.append(api.connect(b"127.0.0.1", port))
    except OSError:
        pass
print(len(connections))
