"""Cursors: statements that run, and their rows.

Rows come many at a time (`execute` and `fetch` of the zone), as bytes, and are made into tuples when they are here. What SQLite would do
later it may have done already, then, but for rows for which it calls Python: those come one by one.
"""

from _thread import get_ident

from _cloison import sqlite_pack as pack, sqlite_pack_rows as pack_rows, sqlite_rows as rows
from . import adapting, errors, statements
from .constants import PARSE_COLNAMES, PARSE_DECLTYPES
from .errors import DataError, OperationalError, ProgrammingError
from .zone import LOST

_ROW, _DONE = 100, 101
#: Rows, and room for them, of the first crossing and of further ones.
_FIRST, _FIRST_ROOM = 64, 8 << 10
_MORE, _MORE_ROOM = 4096, 512 << 10
_MOST_ROOM = 48 << 20
#: Sets of parameters of one crossing, and about how many bytes.
_SETS, _SETS_BYTES = 1024, 256 << 10
_MOST_SIZE = 2**32 - 1
_STR, _BYTES, _MARKED = range(3)


class Cursor:
    """SQLite database cursor class."""

    __module__ = "sqlite3"

    # What a new cursor has. `_shut` is whether it cannot be used, for whatever reason of its own.
    _shut, _ready, _locked, _closed = True, False, False, False
    _connection = _active = _error = _convert = _description = _lastrowid = row_factory = None
    _rowcount, _arraysize, _held, _ahead, _text = -1, 1, 0, (), str

    def __init__(self, connection, /):
        if self._ready:
            if self._locked:
                raise ProgrammingError("Recursive use of cursors not allowed.")
            self._forget()
            self._description = self._lastrowid = self.row_factory = self._convert = None
            self._rowcount, self._arraysize, self._closed = -1, 1, False
        try:
            connection._check_thread()
        except AttributeError:
            raise TypeError(f"Cursor() argument 1 must be sqlite3.Connection, not {type(connection).__name__}") from None
        self._connection = connection
        self._ready, self._shut = True, False

    connection = property(lambda self: self._connection)
    description = property(lambda self: self._description)
    lastrowid = property(lambda self: self._lastrowid)
    rowcount = property(lambda self: self._rowcount)

    @property
    def arraysize(self):
        """How many rows `fetchmany` gives."""
        return self._arraysize

    @arraysize.setter
    def arraysize(self, size):
        self._arraysize = _size(size)

    def execute(self, sql, parameters=(), /):
        """Executes an SQL statement."""
        connection = self._begin(sql)
        try:
            api = connection._api
            statement = connection._statements.get(api, connection, connection._db, sql)
            packed = None
            if type(parameters) is tuple and len(parameters) == statement.count and statement.plain and adapting._plain:
                packed = pack(parameters, False)
            if type(packed) is not bytes:
                packed = statements.bound(statement, parameters)
            self._rowcount = 0 if statement.changes else -1
            if statement.handle is None:
                self._rowcount = -1
                return self
            statement.in_use, self._statement = True, statement
            self._raw = b""
            if connection._detects:
                self._raw, self._convert = _converters(connection, statement)
            begin = connection._begin_with if statement.changes else None
            try:
                code, data, run = api.execute(statement.handle, begin, packed, self._raw, _FIRST, _FIRST_ROOM)
            except LOST as error:
                raise errors.lost(error) from error
            if run.columns != len(statement.columns) or connection._detects:
                # SQLite may have compiled it again, for a table that has changed.
                statements.describe(connection._api, statement)
                raw = self._raw
                self._raw, self._convert = _converters(connection, statement)
                if raw != self._raw and not statement.changes and run.count:
                    # As if it had not run: of these rows other columns are wanted as blobs.
                    code, data, run = connection._api.execute(statement.handle, None, packed, self._raw, _FIRST, _FIRST_ROOM)
            self._took(connection, statement, code, data, run)
            self._description = statement.described if connection._detects == 0 else _described(connection, statement)
            self._lastrowid = run.last_row
        except BaseException:
            self._failed()
            raise
        finally:
            self._locked = self._shut = False
        return self

    def executemany(self, sql, seq_of_parameters, /):
        """Repeatedly executes an SQL statement."""
        connection = self._begin(sql)
        try:
            sets = iter(seq_of_parameters)
            statement = connection._statements.get(connection._api, connection, connection._db, sql)
            if statement.readonly:
                raise ProgrammingError("executemany() can only execute DML statements.")
            statement.in_use = True
            self._active = _Active(connection._api, statement)
            self._rowcount = 0 if statement.changes else -1
            begin = connection._begin_with if statement.changes else None
            while True:
                most = _SETS if statement.plain and adapting.is_plain() else 0
                packed, count, left, rest = pack_rows(sets, statement.count, most, _SETS_BYTES) if most else (b"", 0, *_next(sets))
                if left == 2:
                    # One that has to be adapted, behind those that need not.
                    if count:
                        self._run_many(connection, statement, begin, packed, count)
                    packed, count = statements.bound(statement, rest), 1
                if count:
                    self._run_many(connection, statement, begin, packed, count)
                if left == 3:
                    raise rest
                if left == 1:
                    break
            self._description = _described(connection, statement)
            self._active = None
        except BaseException:
            self._failed()
            raise
        finally:
            self._locked = self._shut = False
        return self

    def executescript(self, sql_script, /):
        """Executes multiple SQL statements at once."""
        if not isinstance(sql_script, str):
            raise TypeError(f"executescript() argument must be str, not {type(sql_script).__name__}")
        script = sql_script.encode()
        if b"\0" in script:
            raise ValueError("embedded null character")
        self._check()
        connection = self._connection
        if len(script) > connection._sql_length:
            raise DataError("query string is too large")
        connection._leave_legacy_transaction()
        connection._checked(connection._api.script, script)
        return self

    def __iter__(self):
        return self._each() if type(self).__next__ is Cursor.__next__ else self

    def _each(self):
        """Yield the rows, as `__next__` gives them, in half the time."""
        connection = self._connection
        while True:
            ahead = self._ahead
            if ahead and self._convert is None and self._text is connection._text_factory and connection._db is not None:
                factory = self.row_factory
                yield ahead.pop() if factory is None else factory(self, ahead.pop())
            else:
                row = next(self, self)
                if row is self:
                    return
                connection = self._connection
                yield row

    def __next__(self):
        connection = self._connection
        if self._shut or connection._db is None or connection._thread != get_ident():
            self._check()
        ahead = self._ahead
        if not ahead:
            ahead = self._fetch()
            if not ahead:
                raise StopIteration
        elif self._text is not connection._text_factory:
            ahead = self._decode(len(ahead))
        row = ahead.pop()
        if self._convert is not None:
            row = self._converted(row)
        factory = self.row_factory
        return row if factory is None else factory(self, row)

    def fetchone(self):
        """Fetches one row from the resultset."""
        return next(self, None)

    def fetchmany(self, size=None):
        """Fetches several rows from the resultset."""
        return self._fetched(self._arraysize if size is None else _size(size))

    def fetchall(self):
        """Fetches all rows from the resultset."""
        return self._fetched(None)

    def _fetched(self, size):
        """Return so many rows, or all."""
        self._check()
        found = []
        while size is None or len(found) < size:
            ahead = self._ahead
            if not ahead:
                ahead = self._fetch()
                if not ahead:
                    break
            elif self._text is not self._connection._text_factory:
                ahead = self._decode(len(ahead))
            wanted = len(ahead) if size is None else min(len(ahead), size - len(found))
            rows, self._ahead = ahead[len(ahead) - wanted:], ahead[:len(ahead) - wanted]
            rows.reverse()
            if self._convert is not None:
                rows = [self._converted(row) for row in rows]
            factory = self.row_factory
            if factory is not None:
                of = getattr(factory, "_of", None)
                rows = [factory(self, row) for row in rows] if of is None else of(self, rows)
            found += rows
        return found

    def setinputsizes(self, sizes, /):
        """Required by DB-API. Does nothing in sqlite3."""

    def setoutputsize(self, size, column=None, /):
        """Required by DB-API. Does nothing in sqlite3."""

    def close(self):
        """Closes the cursor."""
        if self._locked:
            raise ProgrammingError("Recursive use of cursors not allowed.")
        if self._connection is None:
            raise ProgrammingError("Base Cursor.__init__ not called.")
        self._connection._check()
        self._forget()
        self._closed = self._shut = True

    def _check(self):
        if not self._ready:
            raise ProgrammingError("Base Cursor.__init__ not called.")
        if self._closed:
            raise ProgrammingError("Cannot operate on a closed cursor.")
        if self._locked:
            raise ProgrammingError("Recursive use of cursors not allowed.")
        self._connection._check()

    def _begin(self, sql):
        """Make ready for another statement; until it has run, the cursor is locked."""
        if not isinstance(sql, str):
            raise TypeError(f"execute() argument 1 must be str, not {type(sql).__name__}")
        connection = self._connection
        if self._shut or connection._db is None or connection._thread != get_ident():
            self._check()
        self._locked = self._shut = True
        if self._ahead or self._active is not None:
            self._forget()
        self._description = self._convert = self._statement = None
        return connection

    def _failed(self):
        statement = self._statement
        if self._active is None and statement is not None and statement.in_use:
            _Active(self._connection._api, statement).leave()
        self._forget()
        self._rowcount = -1

    _statement = None

    def _forget(self):
        """Have no rows, and let go of the statement."""
        self._ahead, self._data, self._text, self._held, self._error = (), b"", str, 0, None
        self._active = None

    def _took(self, connection, statement, code, data, run):
        """Keep what a crossing has brought."""
        count = run.count
        if count:
            self._data, self._columns = data, run.columns
            self._decode(count)
        else:
            self._ahead = ()
        if code == _DONE:
            statement.in_use = False
            if self._active is not None:
                self._active = None
            if statement.changes:
                self._rowcount = run.changes
        elif code == _ROW:
            self._held = run.held
            if self._active is None:
                self._active = _Active(connection._api, statement)
        else:
            error = errors.last(connection._api, connection._db) or errors.made(code, code, "error")
            _Active(connection._api, statement).leave()
            self._active = None
            if not count:
                raise error
            self._error = error

    def _fetch(self):
        """Return the next rows, the last of them first."""
        error, self._error = self._error, None
        if error is not None:
            raise error
        if self._active is None:
            return ()
        statement = self._active.statement
        connection, held = self._connection, self._held
        if held > _MOST_ROOM:
            self._active = None
            raise DataError("string or blob too big")
        room = max(_MORE_ROOM, held)
        try:
            code, data, run = connection._api.fetch(statement.handle, self._raw, _MORE, held > 0, room)
        except LOST as error:
            self._active = None
            raise errors.lost(error) from error
        self._took(connection, statement, code, data, run)
        if not run.count and code == _ROW:
            # The first one needs more room.
            return self._fetch()
        return self._ahead

    def _decode(self, last):
        """Make tuples of the last so many rows of the bytes, as `text_factory` says."""
        self._text = factory = self._connection._text_factory
        kind = _STR if factory is str else _BYTES if factory is bytes else _MARKED
        found = rows(self._data, self._columns, kind) if self._columns else []
        if found is None:
            # Not all of it is UTF-8: an error, when that row is fetched.
            found = rows(self._data, self._columns, _MARKED)
            found = [self._decoded(row) for row in found]
        elif kind == _MARKED and factory is not bytearray:
            found = [tuple(factory(bytes(value)) if type(value) is bytearray else value for value in row) for row in found]
        found = found[len(found) - last:]
        found.reverse()
        self._ahead = found
        return found

    def _decoded(self, row):
        values = []
        for value, (name, _) in zip(row, self._statement.columns):
            if type(value) is bytearray:
                try:
                    value = value.decode()
                except UnicodeDecodeError:
                    text = value.split(b"\0")[0].decode("ascii", "replace")
                    raise OperationalError(f"Could not decode to UTF-8 column '{name}' with text '{text}'"[:199]) from None
            values.append(value)
        return tuple(values)

    def _converted(self, row):
        self._locked = self._shut = True
        try:
            return tuple(value if convert is None or value is None else convert(value) for value, convert in zip(row, self._convert))
        finally:
            self._locked = self._shut = False

    def _run_many(self, connection, statement, begin, packed, count):
        try:
            code, run = connection._api.execute_many(statement.handle, begin, packed, count)
        except LOST as error:
            raise errors.lost(error) from error
        if code:
            raise errors.last(connection._api, connection._db) or errors.made(code, code, "error")
        if statement.changes:
            self._rowcount += run.changes


class _Active:
    """A statement that stands at a row: who lets go of it resets it."""

    __slots__ = "api", "statement"

    def __init__(self, api, statement):
        self.api, self.statement = api, statement

    def leave(self):
        """Reset the statement, if somebody still reads it."""
        statement = self.statement
        if statement.in_use:
            statement.in_use = False
            if not statement.handle.closed:
                self.api.reset(statement.handle)

    def __del__(self):
        self.leave()


def _next(iterator):
    """Return how an iterator was left, and what it has given."""
    for item in iterator:
        return 2, item
    return 1, None


def _size(size):
    if not hasattr(type(size), "__index__"):
        raise TypeError(f"'{type(size).__name__}' object cannot be interpreted as an integer")
    size = size.__index__()
    if size < 0:
        raise ValueError("value must be positive")
    if size > _MOST_SIZE:
        raise OverflowError("Python int too large for C uint32_t")
    return size


def _described(connection, statement):
    if not statement.columns:
        return None
    cut = connection._detects & PARSE_COLNAMES
    return tuple((_named(name) if cut else name, None, None, None, None, None, None) for name, _ in statement.columns)


def _named(name):
    """Return a column's name without the type that stands behind it."""
    bracket = name.find("[")
    if bracket < 0:
        return name
    return name[:bracket - 1] if bracket > 0 and name[bracket - 1] == " " else name[:bracket]


def _converters(connection, statement):
    """Return which columns are read as blobs, and what makes values of them; None if there is nothing of that kind."""
    found = [_converter(connection._detects, name, kind) for name, kind in statement.columns]
    if not any(found):
        return b"", None
    return bytes(converter is not None for converter in found), found


def _converter(detects, name, kind):
    converter = None
    if detects & PARSE_COLNAMES:
        start = name.rfind("[", 0, name.find("]", name.find("[") + 1) + 1) if "[" in name else -1
        end = name.find("]", start)
        if start >= 0 and end >= 0:
            converter = adapting.converters.get(name[start + 1:end].upper())
    if converter is None and detects & PARSE_DECLTYPES and kind:
        converter = adapting.converters.get(kind.split("(")[0].split(" ")[0].upper())
    return converter
