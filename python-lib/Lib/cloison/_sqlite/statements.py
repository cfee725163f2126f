"""SQL that is compiled, and the parameters it is run with."""

import re

from _cloison import sqlite_pack as pack, sqlite_rows as rows
from . import adapting, errors
from .errors import DataError, ProgrammingError

#: What may stand before and behind a statement.
_NOTHING = re.compile(r"(?:[ \t\f\n\r]|--[^\n]*(?:\n|\Z)|/\*(?s:.*?)(?:\*/|\Z))*")
_CHANGES = re.compile(r"(?:insert|update|delete|replace)", re.IGNORECASE)
_SEQUENCE = (tuple, list)


class Statement:
    """A statement that is ready to run."""

    __module__ = "sqlite3"
    __slots__ = "handle", "db", "sql", "changes", "readonly", "parameters", "count", "columns", "plain", "in_use", "described", "__weakref__"

    def __new__(cls, *_args, **_kwargs):
        raise TypeError("cannot create 'sqlite3.Statement' instances")

    def __reduce_ex__(self, protocol):
        raise TypeError("cannot pickle 'sqlite3.Statement' object")


def compile(api, connection, db, sql):
    """Return a statement; whatever stands behind it may be comments only."""
    data = sql.encode()
    if len(data) > connection._sql_length:
        raise DataError("query string is too large")
    if b"\0" in data:
        raise ProgrammingError("the query contains a null character")
    code, handle, tail = api.prepare(db, data)
    errors.check(api, db, code)
    if tail < len(data):
        rest = data[tail:].decode()
        if _NOTHING.match(rest).end() < len(rest):
            raise ProgrammingError("You can only execute one statement at a time.")
    self = object.__new__(Statement)
    self.handle, self.db, self.sql, self.in_use = handle, db, sql, False
    if handle is None:
        self.readonly, self.changes, self.parameters, self.count, self.columns, self.plain = True, False, (), 0, (), True
        self.described = None
    else:
        describe(api, self)
        self.changes = not self.readonly and _CHANGES.match(sql, _NOTHING.match(sql).end()) is not None
    return self


def describe(api, statement):
    """Ask what a statement has: anew when SQLite has compiled it again, for other tables."""
    code, told = api.columns(statement.handle)
    errors.check(api, statement.db, code)
    (told,) = rows(told, 0, 0)
    statement.readonly, statement.count = told[0] != 0, told[1]
    statement.parameters = told[2:2 + statement.count]
    columns = told[3 + statement.count:]
    statement.columns = tuple(zip(columns[::2], columns[1::2]))
    statement.described = tuple((name, None, None, None, None, None, None) for name, _ in statement.columns) or None
    statement.plain = all(name is None or name.startswith("?") for name in statement.parameters)


class StatementCache:
    """The statements that were run last, by their SQL."""

    def __init__(self, size):
        # The one that was used last stands last; only when it is full does that matter.
        self._size, self._known = size, {}

    def get(self, api, connection, db, sql):
        """Return a statement that nobody reads rows of."""
        known = self._known
        found = known.get(sql)
        if found is not None:
            if not found.in_use:
                if len(known) >= self._size:
                    del known[sql]
                    known[sql] = found
                return found
            return compile(api, connection, db, sql)
        found = compile(api, connection, db, sql)
        if self._size > 0:
            known[sql] = found
            if len(known) > self._size:
                del known[next(iter(known))]
        return found

    def clear(self):
        """Forget all."""
        self._known.clear()


def bound(statement, parameters):
    """Return parameters as bytes."""
    if type(parameters) in _SEQUENCE:
        if len(parameters) == statement.count and statement.plain and adapting.is_plain():
            packed = pack(parameters, False)
            if type(packed) is bytes:
                return packed
        values = _positional(statement, parameters)
    elif isinstance(parameters, dict):
        values = _named(statement, parameters)
    elif hasattr(parameters, "__getitem__"):
        values = _positional(statement, parameters)
    else:
        raise ProgrammingError("parameters are of unsupported type")
    packed = pack(values, True)
    if type(packed) is int:
        # Only what `_value` has let through is here.
        raise ProgrammingError("parameters are of unsupported type")
    return packed


def _positional(statement, parameters):
    count = len(parameters)
    if count != statement.count:
        raise ProgrammingError(
            "Incorrect number of bindings supplied. The current statement uses "
            f"{statement.count}, and there are {count} supplied."
        )
    values = []
    for index in range(count):
        name = statement.parameters[index]
        if name is not None and not name.startswith("?"):
            raise ProgrammingError(
                f"Binding {index + 1} ('{name}') is a named parameter, but you supplied a sequence which requires nominal (qmark) "
                "placeholders."
            )
        values.append(_value(adapting.adapted(parameters[index]), index + 1))
    return values


def _named(statement, parameters):
    values = []
    for index, name in enumerate(statement.parameters, start=1):
        if name is None:
            raise ProgrammingError(f"Binding {index} has no name, but you supplied a dictionary (which has only names).")
        name = name[1:]
        try:
            value = parameters[name]
        except LookupError:
            raise ProgrammingError(f"You did not supply a value for binding parameter :{name}.") from None
        values.append(_value(adapting.adapted(value), f"':{name}'"))
    return values


def _value(value, where):
    """Return a value of a type that SQLite has."""
    if value is None or isinstance(value, (int, float, str)):
        return value
    try:
        view = memoryview(value)
    except TypeError:
        raise ProgrammingError(f"Error binding parameter {where}: type '{type(value).__name__}' is not supported") from None
    if not view.c_contiguous:
        raise BufferError("underlying buffer is not C-contiguous")
    return view.tobytes()
