"""Bytes that nobody wrote, and messages with bits flipped: each gives a value, which can be sent on, or a MessageError."""

import datetime
import random

from _bytes import decode, encode
from cloison import MessageError, message


@message
class Point:
    x: object
    y: object = 0


@message
class Odd(OSError):
    pass


VALUES = [
    [("ping", 1), {"a": [1.5, None, True], (1, frozenset({2})): b"x"}, {1, "b"}, 2**100, 1j, "\ud800", bytearray(b"y")],
    [datetime.datetime(2026, 1, 2, 3, tzinfo=datetime.timezone(datetime.timedelta(hours=1), "x")), datetime.timedelta(1)],
    [Point(1, [Point(2)]), Odd(2, "a", "b"), ValueError(1), ExceptionGroup("g", [KeyError(1)]), StopIteration(2)],
    [UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), SyntaxError("no", ("f", 1, 2, "t")), BlockingIOError(1, "a", 5)],
]

numbers = random.Random(9)
read = refused = 0
for round in range(30_000):
    if round % 3:
        bytes_ = bytearray(encode(VALUES[round % len(VALUES)]))
        for _ in range(numbers.randint(1, 3)):
            bytes_[numbers.randrange(len(bytes_))] ^= 1 << numbers.randrange(8)
    else:
        bytes_ = bytearray([1]) + bytearray(numbers.choices(range(27), k=numbers.randint(1, 40)))
    try:
        value = decode(bytes(bytes_))
    except MessageError:
        refused += 1
    else:
        read += 1
        try:
            decode(encode(value))
        except TypeError as error:
            # A capability is named for one receiver, and here there is none.
            assert "is a capability, which is given to one process" in str(error), error
print(read > 2_000, refused > 2_000, read + refused)

# A count that a message can't hold, and nesting that nothing could hold, cost nothing.
for bad in (b"\x01\x0b\xff\xff\xff\xff\x0f", b"\x01" + b"\x0b\x01" * 1_000_000, b"\x01\x08\xff\xff\xff\xff\x0f", b""):
    try:
        decode(bad)
    except MessageError as error:
        print(error)

# Much memory out of few bytes has its end at the budget. (Bytearrays: of so many containers the collector keeps tables, for
# which there is no memory either, and the process ends, as it does when a program makes them itself.)
try:
    decode(b"\x01\x0b\x80\xda\xc4\x09" + b"\x09\x00" * 20_000_000)
except MemoryError as error:
    print("MemoryError")
else:
    print("decoded")
