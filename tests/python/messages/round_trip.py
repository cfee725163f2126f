"""Everything that can be sent comes out as it went in, of the same type; the lists at the end say what was tried."""

import datetime
import math
import sys
from dataclasses import dataclass, field

import cloison
from _bytes import decode, encode
from cloison import message


def equal(one, other):
    """Whether two values are equal, of the same types all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other) or one != one and other != other
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(map(equal, one.values(), other.values()))
    if isinstance(one, datetime.datetime | datetime.time):
        return one == other and one.fold == other.fold and repr(one.tzinfo) == repr(other.tzinfo)
    if isinstance(one, datetime.timezone):
        return repr(one) == repr(other)
    if isinstance(one, BaseException):
        return equal(one.args, other.args) and equal(one.__dict__, other.__dict__) and str(one) == str(other)
    return one == other


@message
class Plain:
    x: int
    y: object = None
    z: list = field(default_factory=list)


@message(frozen=True, slots=True)
class Frozen:
    x: int
    y: object = ()


@message
@dataclass(order=True)
class Already:
    name: str


@message
class Child(Plain):
    more: str = ""


@message
class Outer:
    @message
    class Inner:
        x: int


@message
class Empty:
    pass


@message
class Wrong(ValueError):
    def __init__(self, place, *rest):
        super().__init__(f"wrong at {place}", *rest)
        self.place = place


@message
class WrongFile(FileNotFoundError):
    pass


MOMENTS = [
    datetime.date(1, 1, 1),
    datetime.date(2024, 2, 29),
    datetime.date.max,
    datetime.time(),
    datetime.time(23, 59, 59, 999999, fold=1),
    datetime.time(1, tzinfo=datetime.UTC),
    datetime.datetime(2026, 11, 29, 7, 0, 0, 5),
    datetime.datetime(2026, 11, 29, 7, fold=1, tzinfo=datetime.UTC),
    datetime.datetime(2026, 11, 29, tzinfo=datetime.timezone(datetime.timedelta(hours=-3, minutes=-30))),
    datetime.datetime(2026, 11, 29, tzinfo=datetime.timezone(datetime.timedelta(hours=1), "CÉT")),
    datetime.timedelta(),
    datetime.timedelta.min,
    datetime.timedelta.max,
    datetime.timedelta(days=-1, microseconds=1),
    datetime.UTC,
    datetime.timezone(datetime.timedelta(seconds=1, microseconds=-2)),
    datetime.timezone(datetime.timedelta(0), "nothing"),
]

PROCESS = decode(b"\x01\x16" + (12).to_bytes(8, "little") + bytes(range(16)))
REFERENCE = decode(b"\x01\x17" + bytes(range(16)))

KEYS = [
    None,
    True,
    False,
    *(number for bit in (0, 1, 7, 8, 31, 62, 63, 64, 65, 127, 1000) for number in (2**bit, -(2**bit), 2**bit - 1)),
    0.0,
    -0.0,
    1.5,
    math.inf,
    -math.inf,
    5e-324,
    complex(1, -0.0),
    "",
    "ping",
    "ä€😀\0",
    "\ud800",
    "\ud83d\ude00",
    "a\udcffb",
    b"",
    bytes(range(256)),
    (),
    ("ping", 1),
    (((),),),
    frozenset(),
    frozenset({1, "a", (2, frozenset({3}))}),
    *MOMENTS,
    PROCESS,
    REFERENCE,
]

OTHERS = [
    math.nan,
    bytearray(b"abc"),
    [],
    [1, [2, [3]]],
    {},
    {"a": {"b": [{}]}, 1: 2, None: 3, ("x", 1): 4},
    set(),
    {1, "a", (2, 3), frozenset({4})},
    {key: [key] for key in KEYS},
    set(KEYS),
    Plain(1),
    Plain(2, Plain(3, {"a": Frozen(4)}), [Frozen(5, (Already("x"),))]),
    Child(1, 2, [3], "four"),
    Outer.Inner(5),
    Empty(),
    ["x" * 100_000, b"y" * 300_000, list(range(10_000))],
]

EXCEPTIONS = [
    ValueError(),
    ValueError("a", 1, [2], Plain(3)),
    KeyError("missing"),
    StopIteration(5),
    SystemExit(3),
    KeyboardInterrupt(),
    OSError(2, "No such file"),
    FileNotFoundError(2, "No such file", "name"),
    FileExistsError(17, "two names", "one", None, "other"),
    OSError("text alone"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
    UnicodeEncodeError("ascii", "\xff", 0, 1, "bad"),
    SyntaxError("no", ("file.py", 1, 2, "text", 1, 3)),
    ZeroDivisionError("division by zero"),
    ImportError("no module"),
    NotImplementedError(),
    cloison.QuotaExceeded("too often", "crc32"),
    cloison.HostDenied("no files", "name"),
    cloison.DeadlineExceeded("late", "f", 1.5),
    cloison.NativeError("failed", "f", -2, 5, "text"),
    cloison.RemoteError("app.Odd", "text"),
    Wrong("here", 2),
    WrongFile(2, "gone", "name"),
]

failed = [value for value in [*KEYS, *OTHERS, *EXCEPTIONS] if not equal(decode(encode(value)), value)]
print("differ:", failed)

error = decode(encode(FileNotFoundError(2, "No such file", "name")))
print(type(error).__name__, error.errno, error.strerror, error.filename)
error = decode(encode(cloison.NativeError("failed", "f", -2, 5, "text")))
print(type(error).__name__, error.function, error.code, error.errno, error.message)
error = decode(encode(Wrong("here", 2)))
print(type(error).__name__, error.place, error.args)
error = decode(encode(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad")))
print(error.start, error.end, error.reason, error)

noted = ValueError("a")
noted.add_note("a note")
noted.secret = "not sent"
try:
    raise noted from KeyError("cause")
except ValueError as caught:
    error = decode(encode(caught))
print(error.__notes__, error.__dict__, error.__cause__, error.__context__, error.__traceback__)

group = decode(encode(ExceptionGroup("several", [ValueError(1), ExceptionGroup("inner", [Wrong("x")])])))
print(repr(group), type(group.exceptions[1].exceptions[0]).__name__)
group = decode(encode(BaseExceptionGroup("b", [KeyboardInterrupt()])))
print(repr(group))


class Undeclared(Exception):
    def __str__(self):
        return "how it is"


class Unprintable(Exception):
    def __str__(self):
        raise ValueError("no")


for value in (Undeclared(1, 2), Unprintable(), ValueError(print, 1), ValueError([len])):
    error = decode(encode(value))
    print(type(error).__name__, getattr(error, "type_name", None), error.args)

# Shared objects are copied: they are equal, and not the same.
shared = [1]
one, other = decode(encode((shared, shared)))
print(one == other == shared, one is other)

# A dict keeps its order, a Process is itself again, and tokens don't show.
print(list(decode(encode({"b": 1, "a": 2}))))
print(PROCESS, PROCESS.number, PROCESS == decode(encode(PROCESS)), hash(PROCESS) == hash(decode(encode(PROCESS))))
other_token = decode(b"\x01\x16" + (12).to_bytes(8, "little") + bytes(16))
print(PROCESS == other_token, REFERENCE == decode(encode(REFERENCE)), REFERENCE == decode(b"\x01\x17" + bytes(16)))
print([name for name in dir(PROCESS) if not name.startswith("__")])
print(len(KEYS) > 50, sys.getrecursionlimit() > 0)
