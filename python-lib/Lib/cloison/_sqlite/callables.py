"""What SQLite asks of Python: the functions, aggregates, collations and hooks of one connection, behind one callable.

The zone's side, with the kinds of questions and the form of answers, is `ffi-zone/src/companion/sqlite3/asking.rs`.
"""

import sys

from _cloison import sqlite_pack as pack, sqlite_rows as rows
from .errors import DataError

_CALL, _STEP, _FINAL, _VALUE, _INVERSE, _COMPARE, _AUTHORIZE, _PROGRESS, _TRACE = range(1, 10)
_NULL, _NO_MEMORY, _TOO_LARGE, _STASHED = b"\0\0", b"\2", b"\3", b"\4"
_DENY = 1

_tracebacks = False


def enable_callback_tracebacks(enable, /):
    """Enable or disable callback functions throwing errors to stderr."""
    global _tracebacks
    _tracebacks = bool(enable)


class _Unraisable:
    """What `sys.unraisablehook` is given."""

    def __init__(self, error, message):
        self.exc_type, self.exc_value, self.exc_traceback = type(error), error, error.__traceback__
        self.err_msg, self.object = message, None


def _report(error, callable):
    if _tracebacks:
        hook = sys.unraisablehook
        hook(_Unraisable(error, f"Exception ignored on sqlite3 callback {callable!r}"))


def _failed(error, callable, message):
    """Return the answer for an exception."""
    _report(error, callable)
    if isinstance(error, MemoryError):
        return _NO_MEMORY
    if isinstance(error, OverflowError):
        return _TOO_LARGE
    return b"\1" + message.encode()


def _packed(value):
    """Return a value as SQLite gets it."""
    packed = pack((value,), True)
    if type(packed) is bytes:
        return b"\0" + packed
    view = memoryview(value)
    if not view.c_contiguous:
        raise BufferError("underlying buffer is not C-contiguous")
    return b"\0" + pack((view.tobytes(),), False)


def _number(value):
    return b"\0" + pack((value,), False)


class Callables:
    """The objects that SQLite asks of one connection, by their numbers."""

    def __init__(self, api):
        self._api, self._known, self._instances, self._last = api, {}, {}, 0
        self.authorizer = self.progress = self.trace = None

    def add(self, callable):
        """Return the number for an object."""
        self._last += 1
        self._known[self._last] = callable
        return self._last

    def remove(self, number):
        """Forget an object."""
        self._known.pop(number, None)

    def ask(self, kind, number, data, *room):
        """Answer SQLite."""
        answer = self._answer(kind, number, data)
        if room and len(answer) > room[0]:
            self._api.stash(answer)
            return _STASHED
        return answer

    def _answer(self, kind, number, data):
        if kind == _CALL:
            callable = self._known[number]
            try:
                return _packed(callable(*self._arguments(data)))
            except Exception as error:
                return _failed(error, callable, "user-defined function raised exception")
        if kind == _COMPARE:
            return self._compare(number, data)
        if kind == _AUTHORIZE:
            return self._authorize(data)
        if kind == _PROGRESS:
            return self._progress()
        if kind == _TRACE:
            return self._trace(data)
        return self._aggregate(kind, number, data)

    def _arguments(self, data):
        found = rows(data, 0, 0)
        if found is None:
            # Says what is wrong.
            found = [[value.decode() if type(value) is bytearray else value for value in rows(data, 0, 2)[0]]]
        return found[0]

    def _aggregate(self, kind, number, data):
        made, (instance, *arguments) = self._known[number], self._arguments(data)
        name = {_STEP: "step", _INVERSE: "inverse", _VALUE: "value", _FINAL: "finalize"}[kind]
        found = self._instances.get(instance)
        if found is None:
            if kind != _STEP:
                return _NULL
            try:
                found = self._instances[instance] = made()
            except Exception as error:
                return _failed(error, made, "user-defined aggregate's '__init__' method raised error")
        if kind == _FINAL:
            del self._instances[instance]
        try:
            method = getattr(found, name)
        except Exception as error:
            return _failed(error, made, f"user-defined aggregate's '{name}' method not defined")
        try:
            result = method(*arguments)
            return _packed(result) if kind in (_VALUE, _FINAL) else _NULL
        except Exception as error:
            return _failed(error, made, f"user-defined aggregate's '{name}' method raised error")

    def _compare(self, number, data):
        callable = self._known[number]
        try:
            result = callable(*self._arguments(data))
            return _number((result > 0) - (result < 0) if isinstance(result, int) else 0)
        except Exception:
            return _number(0)

    def _authorize(self, data):
        callable = self.authorizer
        try:
            result = callable(*self._arguments(data))
            if not isinstance(result, int):
                return _number(_DENY)
            if not -2**31 <= result < 2**31:
                raise OverflowError("Python int too large to convert to C int")
            return _number(int(result))
        except Exception as error:
            _report(error, callable)
            return _number(_DENY)

    def _progress(self):
        callable = self.progress
        try:
            return _number(1 if callable() else 0)
        except Exception as error:
            _report(error, callable)
            return _number(1)

    def _trace(self, data):
        callable = self.trace
        try:
            (text, is_too_long), = rows(data, 0, 2)
            if is_too_long:
                _report(DataError("Expanded SQL string exceeds the maximum string length"), callable)
            callable(text.decode("utf-8", "replace"))
        except Exception as error:
            _report(error, callable)
        return _NULL
