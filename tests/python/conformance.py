"""Evaluates each line of standard input and prints what came of it as the native program does (tests/src/conformance)."""

import math  # noqa: F401  (the lines use it)
import struct
import sys

import cloison

n = cloison.capability("library")

said = []


def show(value):
    """Return a value as text; floating numbers by their bits, so that nothing is lost."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return "nan" if math.isnan(value) else struct.pack(">d", value).hex()
    if isinstance(value, complex):
        return f"({show(value.real)},{show(value.imag)})"
    if isinstance(value, str):
        return "s" + value.encode().hex()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "b" + bytes(value).hex()
    if hasattr(value, "_asdict"):
        return "{" + ",".join(map(show, value._asdict().values())) + "}"
    return "[" + ",".join(map(show, value)) + "]"


def says(result):
    """Return a callable that remembers what it is given, and returns `result`."""

    def callable(*arguments):
        said.append(show(arguments))
        return result

    return callable


def passes(function):
    """Return a callable that remembers what it is given, and passes it on: a call inside of a call."""

    def callable(*arguments):
        said.append(show(arguments))
        return function(*arguments)

    return callable


def line(text):
    """Return what a line gives, what C heard meanwhile, and what callables did."""
    said.clear()
    try:
        result = show(eval(text))
    except Exception as error:
        result = f"{type(error).__name__}: {error}"
    return f"{result} | {n.heard()} | {''.join(said)}"


for text in sys.stdin.read().splitlines():
    print(line(text))
