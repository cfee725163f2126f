"""Decoding calls nothing that a program has written, whatever the bytes are."""

import sys

from _bytes import decode, encode
from cloison import MessageError, RemoteError, message

calls = []


class Meta(type):
    def __call__(cls, *args, **keywords):
        calls.append("type.__call__")
        return super().__call__(*args, **keywords)


def evil(name, result=None):
    def method(self, *args, **keywords):
        calls.append(name)
        return result

    return method


@message(eq=False, repr=False, init=False)
class Evil(metaclass=Meta):
    x: object
    y: object = 0

    def __new__(cls, *args, **keywords):
        calls.append("__new__")
        return super().__new__(cls)

    __init__ = evil("__init__")
    __post_init__ = evil("__post_init__")
    __setattr__ = evil("__setattr__")
    __getattribute__ = evil("__getattribute__")
    __hash__ = evil("__hash__", 0)
    __eq__ = evil("__eq__", True)
    __bool__ = evil("__bool__", True)
    __index__ = evil("__index__", 0)
    __iter__ = evil("__iter__", iter(()))
    __len__ = evil("__len__", 0)
    __repr__ = evil("__repr__", "")
    __str__ = evil("__str__", "")
    __setstate__ = evil("__setstate__")
    __reduce__ = evil("__reduce__")
    __instancecheck__ = evil("__instancecheck__")


@message
class EvilError(OSError):
    def __new__(cls, *args):
        calls.append("__new__")
        return super().__new__(cls, *args)

    __init__ = evil("__init__")
    __str__ = evil("__str__", "")
    __setstate__ = evil("__setstate__")
    __index__ = evil("__index__", 0)


@message
class Kept:
    x: int


def text(value):
    data = value.encode()
    return bytes([len(data)]) + data


def thing(name, *fields):
    return b"\x14" + text(name) + bytes([len(fields)]) + b"".join(b"\x07" + text(name) + value for name, value in fields)


def error(name, args=(), fields=()):
    fields = b"".join(b"\x07" + text(name) + value for name, value in fields), len(fields)
    return b"\x15" + text(name) + text("text") + bytes([len(args), fields[1]]) + b"".join(args) + fields[0]


def tried(value):
    """What becomes of bytes: the type of the value, or what the error says."""
    try:
        made = decode(b"\x01" + value)
        return type(made).__name__ if type(made) is not RemoteError else f"RemoteError {object.__getattribute__(made, 'args')}"
    except MessageError as error:
        return str(error)


NONE, ONE = b"\x00", b"\x03\x02"
EVIL = thing("__main__:Evil", ("x", NONE), ("y", ONE))
print(tried(EVIL))
print(tried(thing("__main__:Evil", ("y", NONE), ("x", ONE))))
print(tried(b"\x0b\x02" + EVIL + EVIL))
print(tried(b"\x0c\x01" + ONE + EVIL))
made = decode(b"\x01" + EVIL)
print(object.__getattribute__(made, "__dict__"))
print(tried(b"\x0c\x01" + EVIL + NONE))
print(tried(b"\x0d\x01" + EVIL))
print(tried(b"\x0e\x01\x0a\x01" + EVIL))
print(tried(b"\x0d\x02" + ONE + ONE))
print(tried(b"\x0c\x02" + ONE + NONE + b"\x02" + NONE))

# Fields have to be those of the class.
print(tried(thing("__main__:Evil", ("x", NONE))))
print(tried(thing("__main__:Evil", ("x", NONE), ("y", NONE), ("z", NONE))))
print(tried(thing("__main__:Evil", ("x", NONE), ("x", NONE))))
print(tried(thing("__main__:Evil", ("x", NONE), ("__class__", NONE))))

# Classes have to be declared, in modules that are there; none is imported for it.
print(tried(thing("__main__:Meta")))
print(tried(thing("builtins:list")))
print(tried(thing("int")))
print(tried(thing("wave:Wave_read")), "wave" in sys.modules)
print(tried(error("wave:Error")), "wave" in sys.modules)
print(tried(thing("__main__:EvilError")))
print(tried(error("__main__:Evil")))

# Exceptions: builtin ones are made by native code, which sees no object of a program.
print(tried(error("ValueError", [EVIL])))
print(tried(error("__main__:EvilError", [ONE, NONE])))
print(tried(error("__main__:EvilError", [EVIL])))
print(tried(error("int")), tried(error("print")), tried(error("")))
for name, args in (
    ("UnicodeDecodeError", [b"\x07\x01a", b"\x08\x01a", EVIL, EVIL, b"\x07\x01a"]),
    ("UnicodeDecodeError", []),
    ("SyntaxError", [b"\x07\x01a", EVIL]),
    ("BlockingIOError", [ONE, NONE, EVIL]),
    ("OSError", [EVIL, EVIL]),
    ("ExceptionGroup", [b"\x07\x01a", EVIL]),
    ("ExceptionGroup", [b"\x07\x01a", b"\x0b\x01" + EVIL]),
    ("ExceptionGroup", [b"\x07\x01a", b"\x0b\x00"]),
    ("ExceptionGroup", [EVIL, b"\x0b\x01" + error("ValueError")]),
):
    print(name, tried(error(name, args)))
print(tried(error("ValueError", [], [("args", NONE)])))
print(tried(error("ValueError", [], [("__notes__", b"\x0b\x01" + ONE)])))
print(tried(error("ValueError", [], [("__class__", NONE)])))
print(tried(error("ValueError", [], [("__notes__", b"\x0b\x01\x07\x01a")])))

print("called:", calls)

# The controls: each of them is called by an ordinary program.
made = Evil()
made.x, hash(made), made == made, bool(made), str(made), [*made]
str(EvilError(1, 2))
print("called by a program:", sorted(set(calls)))

# A class is found under the name that a script has where its functions are spawned.
Kept.__module__ = "__mp_main__"
print(encode(message(Kept)(1)))
print(type(decode(encode(Kept(1)))).__module__)
