"""What can't be sent, and what each refusal says."""

import array
import collections
import copy
import datetime
import enum
import pickle
import re
import zoneinfo
from dataclasses import dataclass

import cloison
from _bytes import decode, encode
from cloison import message


class Color(enum.IntEnum):
    RED = 1


Point = collections.namedtuple("Point", "x y")


class Text(str):
    pass


class Any:
    pass


@dataclass
class Undeclared:
    x: int


@message
class Declared:
    x: object


class Child(Declared):
    pass


@message(frozen=True)
class Key:
    x: int


def refused(value):
    try:
        encode(value)
    except (TypeError, ValueError) as error:
        print(f"{type(error).__name__}: {error}")
    else:
        print("sent:", value)


refused([1, 2, {"key": Color.RED}])
refused(Point(1, 2))
refused(Text("a"))
refused(collections.OrderedDict())
refused((refused,))
refused([re])
refused({"f": [int]})
refused("x".upper)
refused(iter([]))
refused((n for n in ()))
refused(memoryview(b""))
refused(array.array("b"))
refused(Any())
refused(Declared([Undeclared(1)]))
refused(Child(1))
refused(re.compile("a"))
refused({("a", Key(1)): 2})
refused({Key(1)})
refused({ValueError(1): 1})
refused({print: 1})
refused({"a": [{frozenset({Color.RED})}]})
refused(datetime.datetime(2026, 1, 1, tzinfo=type("Zone", (datetime.tzinfo,), {})()))
unset = Declared(1)
del unset.x
refused([unset])

# What contains itself, at once or on a detour; what is too deep; what is too large.
cycle = []
cycle.append(cycle)
refused(cycle)
cycle = {"a": [Declared(None)]}
cycle["a"][0].x = (cycle["a"],)
refused(cycle)
error = ValueError()
error.args = ([error],)
refused(error)
deep = 0
for _ in range(200):
    deep = [deep]
print(decode(encode(deep)) == deep)
refused([deep])
many = ["x" * 1000]
for _ in range(20):
    many = [many] * 10
refused(many)
refused(bytes(65 << 20))


# A list that an exception's `__str__` changes while it is sent.
class Changes(Exception):
    def __str__(self):
        changed.clear()
        return ""


changed = [Changes(), 1, 2]
refused(changed)


def declared(make):
    try:
        make()
    except TypeError as error:
        print(error)
    else:
        print("declared")


class WithDel:
    def __del__(self):
        pass


class WithSetattr(Exception):
    def __setattr__(self, name, value):
        pass


class WithProperty:
    x: int

    @property
    def x(self):
        return 1

    @x.setter
    def x(self, value):
        pass


class ADict(dict):
    x: int


def local():
    class Local:
        x: int

    return message(Local)


declared(local)
declared(lambda: message(WithDel))
declared(lambda: message(WithSetattr))
declared(lambda: message(WithProperty))
declared(lambda: message(ADict))
declared(lambda: message(5))
declared(lambda: message(frozen=True)(Undeclared))
declared(lambda: message(frozen=True)(ValueError))

process = decode(b"\x01\x16" + bytes(24))
reference = decode(b"\x01\x17" + bytes(16))
for attempt in (
    cloison.Process,
    cloison.Reference,
    lambda: pickle.dumps(process),
    lambda: pickle.dumps(reference),
    lambda: setattr(process, "number", 5),
    lambda: setattr(cloison.Process, "number", 5),
    lambda: type("Sub", (cloison.Process,), {}),
):
    try:
        attempt()
    except (TypeError, AttributeError) as error:
        print(type(error).__name__)
    else:
        print("done")
print(copy.copy(process) is process, copy.deepcopy(reference) is reference)
