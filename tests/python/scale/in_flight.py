"""A process that leaves copies of its descriptors in a socket that nobody reads: its end is seen, also where there are many."""

import sys

import _raw
from cloison import Down, receive, self, spawn

MANY = 140
SENDMSG, EXIT_GROUP = 46, 231


def idle():
    receive()


def words(*numbers):
    return b"".join(number.to_bytes(8, "little") for number in numbers)


def leaves(to):
    sent = 0
    data = _raw.address(words(_raw.address(b"x"), 1))
    for number in range(3, 12):
        rights = (20).to_bytes(8, "little") + (1).to_bytes(4, "little") + (1).to_bytes(4, "little") + number.to_bytes(4, "little") + bytes(4)
        message = _raw.address(words(0, 0, data, 1, _raw.address(rights), 24, 0))
        sent += _raw.syscall(SENDMSG, 1, message, 0x4040) == 1
    to.send(sent > 0)
    _raw.syscall(EXIT_GROUP, 0)


def main():
    for _ in range(MANY):
        spawn(idle)
    spawn(leaves, self(), monitor=True)
    sent = receive(bool, timeout=300)
    reason = receive(Down, timeout=300).reason
    # What is printed goes the way of the socket.
    print(sent, reason, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
