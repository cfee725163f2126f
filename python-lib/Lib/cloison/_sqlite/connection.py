"""Connections."""

import operator
import os
import sys
import warnings
from _thread import get_ident

import _cloison
from cloison import _needs
from . import blob, errors, statements
from .callables import Callables
from .constants import CONSTANTS, LEGACY_TRANSACTION_CONTROL, OPTIONS
from .cursor import Cursor
from .errors import NotSupportedError, OperationalError, ProgrammingError
from .zone import zone

_READWRITE, _CREATE, _URI = 2, 4, 64
_UTF8, _DETERMINISTIC = 1, 0x800
_FUNCTION, _AGGREGATE, _WINDOW, _NONE = range(4)
_ALWAYS, _INSIDE, _OUTSIDE = range(3)
_BUSY, _LOCKED, _DONE = 5, 6, 101
_LEVELS = "", "DEFERRED", "IMMEDIATE", "EXCLUSIVE"
_KEYWORDS = "'timeout', 'detect_types', 'isolation_level', 'check_same_thread', 'factory', 'cached_statements' and 'uri'"


def _positional(function, names, args, kwargs, level=3):
    """Return arguments that should come by position; those that come by name are warned about, as CPython 3.14 does."""
    if len(args) + len(kwargs) != len(names) or any(name not in names[len(args):] for name in kwargs):
        got = len(args) + len(kwargs)
        raise TypeError(f"{function}() takes exactly {len(names)} positional arguments ({got} given)")
    if kwargs:
        quoted = [f"'{name}'" for name in names]
        several = len(names) > 1
        listed = f"{', '.join(quoted[:-1])} and {quoted[-1]}" if several else quoted[0]
        warnings.warn(
            f"Passing keyword argument{'s' * several} {listed} to _sqlite3.Connection.{function}() is deprecated. "
            f"Parameter{'s' * several} {listed} will become positional-only in Python 3.15.",
            DeprecationWarning, stacklevel=level,
        )
    return *args, *(kwargs[name] for name in names[len(args):])


def warn_of_positions(what, count, level):
    """Warn of arguments that will have to come by name."""
    if count > 1:
        warnings.warn(
            f"Passing more than 1 positional argument to {what} is deprecated. Parameters {_KEYWORDS} will become keyword-only "
            "parameters in Python 3.15.",
            DeprecationWarning, stacklevel=level,
        )


def _index(number, name):
    if not hasattr(type(number), "__index__"):
        raise TypeError(f"'{type(number).__name__}' object cannot be interpreted as an integer")
    number = operator.index(number)
    if not -2**31 <= number < 2**31:
        raise OverflowError("Python int too large to convert to C int")
    return number


def _text(text, function):
    if not isinstance(text, str):
        raise TypeError(f"{function}() argument must be str, not {type(text).__name__}")
    if "\0" in text:
        raise ValueError("embedded null character")
    return text.encode()


def _place(database, uri):
    """Return what SQLite opens: relative paths are those of this process."""
    path = os.fsencode(database)
    if b"\0" in path:
        raise ValueError("embedded null byte")
    if path in (b"", b":memory:") or path.startswith(b"/"):
        return path
    folder = os.getcwdb()
    if uri and path.startswith(b"file:"):
        name = path[5:]
        if name.startswith((b"/", b":memory:", b"?")) or b"mode=memory" in name or not name or folder == b"/":
            return path
        return b"file:" + os.path.join(folder, name)
    return os.path.join(folder, path)


class Connection:
    """SQLite database connection object."""

    __module__ = "sqlite3"

    _ready = False
    _db = _api = _callables = None
    _thread = None

    def __init__(self, database, *args, **kwargs):
        warn_of_positions("_sqlite3.Connection()", len(args) + 1, 3)
        self._open(database, *args, **kwargs)

    def _open(
        self, database, timeout=5.0, detect_types=0, isolation_level="", check_same_thread=True, factory=None, cached_statements=128,
        uri=False, *, autocommit=LEGACY_TRANSACTION_CONTROL,
    ):
        sys.audit("sqlite3.connect", database)
        place = _place(database, uri)
        timeout, detect_types = float(timeout), _index(detect_types, "detect_types")
        isolation_level, autocommit = _level(isolation_level), _autocommit(autocommit)
        cached_statements = _index(cached_statements, "cached_statements")
        if self._ready:
            # Cursors may still read what was open here before.
            self._ready, self._db, self._callables = False, None, None
        self._api = api = zone(place)
        self._row_factory, self._text_factory = None, str
        try:
            db = api.open(place, _READWRITE | _CREATE | (_URI if uri else 0), min(int(timeout * 1000), 0x7FFFFFFF))
        except api.OpenError as error:
            raise _not_opened(error, place) from None
        self._db, self._isolation_level, self._autocommit = db, isolation_level, autocommit
        self._detects, self._check_same_thread, self._thread = detect_types, bool(check_same_thread), get_ident()
        self._set_begin()
        self._statements = statements.StatementCache(cached_statements)
        self._sql_length = api.limit(db, CONSTANTS["SQLITE_LIMIT_SQL_LENGTH"], -1)
        self._blobs = []
        _know_version(api)
        sys.audit("sqlite3.connect/handle", self)
        self._ready = True
        if autocommit is False:
            self._checked(api.run, b"BEGIN", _OUTSIDE)

    for _class in errors.ALL:
        locals()[_class.__name__] = property(lambda self, _class=_class: _class)
    del _class

    # They cannot be deleted.
    row_factory = property(lambda self: self._row_factory, lambda self, factory: setattr(self, "_row_factory", factory))
    text_factory = property(lambda self: self._text_factory, lambda self, factory: setattr(self, "_text_factory", factory))

    # ---- Whether it can be used --------------------------------------------------------------------------------------

    def _check_thread(self):
        if self._check_same_thread and get_ident() != self._thread:
            raise ProgrammingError(
                "SQLite objects created in a thread can only be used in that same thread. The object was created in thread id "
                f"{self._thread} and this is thread id {get_ident()}."
            )

    def _check_open(self):
        if not self._ready:
            raise ProgrammingError("Base Connection.__init__ not called.")
        if self._db is None:
            raise ProgrammingError("Cannot operate on a closed database.")

    def _check(self):
        if not self._ready:
            raise ProgrammingError("Base Connection.__init__ not called.")
        self._check_thread()
        self._check_open()

    def _checked(self, function, *args):
        """Call a function of the zone that gives a code."""
        errors.check(self._api, self._db, function(self._db, *args))

    # ---- Statements --------------------------------------------------------------------------------------------------

    def __call__(self, sql, /):
        self._check()
        if not isinstance(sql, str):
            raise TypeError(f"argument 1 must be str, not {type(sql).__name__}")
        return statements.compile(self._api, self, self._db, sql)

    def cursor(self, factory=Cursor):
        """Return a cursor for the connection."""
        if self._db is None or get_ident() != self._thread:
            self._check()
        cursor = factory(self)
        if not issubclass(type(cursor), Cursor):
            raise TypeError(f"factory must return a cursor, not {type(cursor).__name__}")
        if self._row_factory is not None:
            cursor.row_factory = self._row_factory
        return cursor

    def execute(self, sql, parameters=(), /):
        """Executes an SQL statement."""
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql, parameters, /):
        """Repeatedly executes an SQL statement."""
        return self.cursor().executemany(sql, parameters)

    def executescript(self, sql_script, /):
        """Executes multiple SQL statements at once."""
        return self.cursor().executescript(sql_script)

    # ---- Transactions ------------------------------------------------------------------------------------------------

    def _set_begin(self):
        """Note what begins a transaction before a statement that changes rows."""
        level = self._isolation_level
        self._begin_with = None if level is None or not self._is_legacy() else b"BEGIN " + level.encode()

    def _is_legacy(self):
        return type(self._autocommit) is not bool

    def _leave_legacy_transaction(self):
        if self._is_legacy():
            self._checked(self._api.run, b"COMMIT", _INSIDE)

    def commit(self):
        """Commit any pending transaction to the database."""
        self._end(b"COMMIT")

    def rollback(self):
        """Roll back to the start of any pending transaction."""
        self._end(b"ROLLBACK")

    def _end(self, sql):
        self._check()
        if self._is_legacy():
            self._checked(self._api.run, sql, _INSIDE)
        elif self._autocommit is False:
            self._checked(self._api.run, sql, _ALWAYS)
            self._checked(self._api.run, b"BEGIN", _ALWAYS)

    def close(self):
        """Close the database connection. Any pending transaction is not committed implicitly."""
        if not self._ready:
            raise ProgrammingError("Base Connection.__init__ not called.")
        self._check_thread()
        self._shut()

    def _shut(self):
        db = self._db
        if db is None:
            return
        try:
            if not db.closed:
                for opened in self._blobs:
                    opened = opened()
                    if opened is not None and opened._handle is not None:
                        opened._handle.close()
                        opened._handle = None
                if self._autocommit is False:
                    self._checked(self._api.run, b"ROLLBACK", _INSIDE)
        finally:
            # Not while SQL calls Python: then it stays open.
            if not db.closed:
                db.close()
            self._db = None
            self._statements.clear()
            self._callables = None

    def __del__(self):
        db = self._db
        if db is not None and not db.closed:
            warnings.warn(f"unclosed database in {self!r}", ResourceWarning, stacklevel=2, source=self)

    def __enter__(self):
        self._check()
        return self

    def __exit__(self, type, value, traceback, /):
        if type is None and value is None and traceback is None:
            try:
                self.commit()
            except BaseException:
                self.rollback()
                raise
        else:
            self.rollback()
        return False

    @property
    def isolation_level(self):
        """How implicit transactions begin; None for none."""
        self._check_open()
        return self._isolation_level

    @isolation_level.setter
    def isolation_level(self, level):
        level = _level(level)
        if level is None:
            self._check()
            self._isolation_level = None
            self._set_begin()
            self._end(b"COMMIT")
        else:
            self._isolation_level = level
            self._set_begin()

    @isolation_level.deleter
    def isolation_level(self):
        raise AttributeError("cannot delete attribute")

    @property
    def autocommit(self):
        """Who begins and ends transactions."""
        self._check()
        return self._autocommit

    @autocommit.setter
    def autocommit(self, autocommit):
        self._check()
        autocommit = _autocommit(autocommit)
        if autocommit is True:
            self._checked(self._api.run, b"COMMIT", _INSIDE)
        elif autocommit is False:
            self._checked(self._api.run, b"BEGIN", _OUTSIDE)
        self._autocommit = autocommit
        self._set_begin()

    @property
    def in_transaction(self):
        """Whether there are changes that are not committed."""
        self._check_open()
        return not self._api.get_autocommit(self._db)

    @property
    def total_changes(self):
        """How many rows have changed since the connection was opened."""
        self._check_open()
        return self._api.total_changes(self._db)

    # ---- What SQL can call -------------------------------------------------------------------------------------------

    def _attached(self):
        if self._callables is None:
            callables = Callables(self._api)
            errors.check(self._api, self._db, self._api.attach(self._db, callables.ask))
            self._callables = callables
        return self._callables

    def _create(self, what, name, count, kind, callable, flags=_UTF8, parameter="narg"):
        name, count = _text(name, what), _index(count, parameter)
        self._check()
        most = self._api.limit(self._db, CONSTANTS["SQLITE_LIMIT_FUNCTION_ARG"], -1)
        if not -1 <= count <= most:
            raise ProgrammingError(f"'{parameter}' must be between -1 and {most}, not {count}")
        callables = self._attached()
        number = 0 if callable is None else callables.add(callable)
        code, given_back = self._api.create_function(self._db, name, count, flags, _NONE if callable is None else kind, number)
        if given_back:
            callables.remove(given_back)
        if code:
            callables.remove(number)
            if kind == _WINDOW:
                errors.check(self._api, self._db, code)
            raise OperationalError(f"Error creating {'aggregate' if kind == _AGGREGATE else 'function'}")

    def create_function(self, *args, deterministic=False, **kwargs):
        """Creates a new function."""
        name, count, callable = _positional("create_function", ("name", "narg", "func"), args, kwargs)
        self._create("create_function", name, count, _FUNCTION, callable, _UTF8 | (_DETERMINISTIC if deterministic else 0))

    def create_aggregate(self, *args, **kwargs):
        """Creates a new aggregate."""
        name, count, made = _positional("create_aggregate", ("name", "n_arg", "aggregate_class"), args, kwargs)
        self._create("create_aggregate", name, count, _AGGREGATE, made, parameter="n_arg")

    def create_window_function(self, name, num_params, aggregate_class, /):
        """Creates or redefines an aggregate window function."""
        self._create("create_window_function", name, num_params, _WINDOW, aggregate_class, parameter="num_params")

    def create_collation(self, name, callback, /):
        """Creates a collation function."""
        name = _text(name, "create_collation")
        self._check()
        if callback is not None and not callable(callback):
            raise TypeError("parameter must be callable")
        callables = self._attached()
        number = 0 if callback is None else callables.add(callback)
        code, given_back = self._api.create_collation(self._db, name, number)
        if given_back:
            callables.remove(given_back)
        if code:
            callables.remove(number)
            errors.check(self._api, self._db, code)

    def set_authorizer(self, *args, **kwargs):
        """Set authorizer callback."""
        (callback,) = _positional("set_authorizer", ("authorizer_callback",), args, kwargs)
        self._check()
        self._attached().authorizer = callback
        if self._api.set_authorizer(self._db, callback is not None):
            raise OperationalError("Error setting authorizer callback")

    def set_progress_handler(self, *args, **kwargs):
        """Set progress handler callback."""
        if len(args) == 2:
            *args, n = args
        else:
            n = kwargs.pop("n", None)
        (callback,) = _positional("set_progress_handler", ("progress_handler",), args, kwargs)
        n = _index(n, "n")
        self._check()
        self._attached().progress = callback
        self._api.set_progress(self._db, n, callback is not None)

    def set_trace_callback(self, *args, **kwargs):
        """Set a trace callback called for each SQL statement (passed as unicode)."""
        (callback,) = _positional("set_trace_callback", ("trace_callback",), args, kwargs)
        self._check()
        self._attached().trace = callback
        self._api.set_trace(self._db, callback is not None)

    def interrupt(self):
        """Abort any pending database operation."""
        self._check_open()
        self._api.interrupt(self._db)

    # ---- Extensions, limits, switches --------------------------------------------------------------------------------

    def enable_load_extension(self, enable, /):
        """Refuse: native code is loaded when a zone starts, and never afterwards."""
        sys.audit("sqlite3.enable_load_extension", self, bool(enable))
        self._check()
        if enable:
            raise NotSupportedError(f"enable_load_extension(): {_needs.EXTENSIONS}")

    def load_extension(self, name, /, *, entrypoint=None):
        """Refuse: native code is loaded when a zone starts, and never afterwards."""
        sys.audit("sqlite3.load_extension", self, name)
        self._check()
        raise NotSupportedError(f"load_extension(): {_needs.EXTENSIONS}")

    def getlimit(self, category, /):
        """Get connection run-time limits."""
        return self.setlimit(category, -1)

    def setlimit(self, category, limit, /):
        """Set connection run-time limits."""
        category, limit = _index(category, "category"), _index(limit, "limit")
        self._check()
        old = self._api.limit(self._db, category, limit)
        if old < 0:
            raise ProgrammingError("'category' is out of bounds")
        if category == CONSTANTS["SQLITE_LIMIT_SQL_LENGTH"]:
            self._sql_length = self._api.limit(self._db, category, -1)
        return old

    def getconfig(self, op, /):
        """Query a boolean connection configuration option."""
        return bool(self._option(op, -1))

    def setconfig(self, op, enable=True, /):
        """Set a boolean connection configuration option."""
        if self._option(op, int(bool(enable))) != bool(enable):
            raise OperationalError("Unable to set config")

    def _option(self, op, value):
        op = _index(op, "op")
        self._check()
        if op not in OPTIONS:
            raise ValueError(f"unknown config 'op': {op}")
        code, now = self._api.config(self._db, op, value)
        errors.check(self._api, self._db, code)
        return now

    # ---- Whole databases ---------------------------------------------------------------------------------------------

    def iterdump(self, *, filter=None):
        """Returns iterator to the dump of the database in an SQL text format."""
        self._check_open()
        from sqlite3.dump import _iterdump

        return _iterdump(self, filter=filter)

    def backup(self, target, *, pages=-1, progress=None, name="main", sleep=0.25):
        """Makes a backup of the database."""
        if not issubclass(type(target), Connection):
            raise TypeError(f"backup() argument 1 must be sqlite3.Connection, not {type(target).__name__}")
        pages, sleep, source = _index(pages, "pages"), float(sleep), _text(name, "backup")
        self._check()
        if target is self:
            raise ValueError("target cannot be the same connection instance")
        target._check_open()
        if progress is not None and not callable(progress):
            raise TypeError("progress argument must be a callable")
        pages = pages or -1
        api = self._api
        made = api.backup_init(target._db, b"main", self._db, source)
        if made is None:
            raise errors.last(api, target._db)
        try:
            while True:
                code = api.backup_step(made, pages)
                if progress is not None:
                    progress(code, api.backup_remaining(made), api.backup_pagecount(made))
                if code in (_BUSY, _LOCKED):
                    from time import sleep as wait

                    wait(sleep)
                elif code:
                    break
        except BaseException:
            if not made.closed:
                made.close()
            raise
        code = api.backup_finish(made)
        errors.check(api, target._db, code)

    def blobopen(self, table, column, row, /, *, readonly=False, name="main"):
        """Open and return a BLOB object."""
        self._check()
        if not -2**63 <= operator.index(row) < 2**63:
            raise OverflowError("Python int too large to convert to SQLite INTEGER")
        texts = (_text(text, "blobopen") for text in (name, table, column))
        opened = blob.opened(self, self._db, *texts, operator.index(row), bool(readonly))
        import weakref

        self._blobs = [known for known in self._blobs if known() is not None]
        self._blobs.append(weakref.ref(opened))
        return opened

    def serialize(self, *, name="main"):
        """Serialize a database into a byte string."""
        self._check()
        data = self._api.serialize(self._db, _text(name, "serialize"))
        if data is None:
            raise OperationalError(f"unable to serialize '{name}'")
        return bytes(data)

    def deserialize(self, data, /, *, name="main"):
        """Load a serialized database."""
        view = memoryview(data.encode() if isinstance(data, str) else data)
        if not view.c_contiguous:
            raise BufferError("memoryview: underlying buffer is not C-contiguous")
        data = view.tobytes()
        name = _text(name, "deserialize")
        self._check()
        code = self._api.deserialize(self._db, name, data)
        if code == _BUSY:
            raise OperationalError("a statement is reading the database that this would replace")
        errors.check(self._api, self._db, code)


def _level(level):
    """Return an isolation level as SQLite writes it."""
    if level is None:
        return None
    if not isinstance(level, str):
        raise TypeError("isolation_level must be str or None")
    written = str(level)
    if "\0" in written:
        raise ValueError("embedded null character")
    folded = "".join(chr(ord(letter) - 32) if "a" <= letter <= "z" else letter for letter in written)
    if folded not in _LEVELS:
        raise ValueError("isolation_level string must be '', 'DEFERRED', 'IMMEDIATE', or 'EXCLUSIVE'")
    return folded


def _autocommit(value):
    if value is True or value is False:
        return value
    if isinstance(value, int) and value == LEGACY_TRANSACTION_CONTROL:
        return LEGACY_TRANSACTION_CONTROL
    raise ValueError("autocommit must be True, False, or sqlite3.LEGACY_TRANSACTION_CONTROL")


def _not_opened(error, place):
    """Return the exception for a database that cannot be opened, with a note on where databases may be."""
    code = error.code
    made = errors.made(code, code, error.message)
    if code == CONSTANTS["SQLITE_CANTOPEN"] and not isinstance(made, MemoryError):
        _cloison.lacks("sqlite3", place.decode("utf-8", "replace"), True)
        made.add_note(f"{place.decode('utf-8', 'replace')}: {_needs.DATABASES}")
    return made


_version_known = False


def _know_version(api):
    """Have `sqlite3` say which version it is: modules may have been imported where there is no capability to ask."""
    global _version_known
    if _version_known:
        return
    _version_known = True
    version = api.libversion()
    for name in ("_sqlite3", "sqlite3.dbapi2", "sqlite3"):
        module = sys.modules.get(name)
        if module is None:
            continue
        if hasattr(module, "sqlite_version"):
            module.sqlite_version = version
        if hasattr(module, "sqlite_version_info"):
            module.sqlite_version_info = tuple(int(part) for part in version.split("."))


def connect(database, *args, **kwargs):
    """Open a connection to the SQLite database file 'database'."""
    warn_of_positions("sqlite3.connect()", len(args) + 1, 3)
    factory = kwargs.get("factory", args[4] if len(args) > 4 else None)
    if factory is None:
        factory = Connection
    return factory(database, *args, **kwargs)


def complete_statement(statement):
    """Checks if a string contains a complete SQL statement."""
    return bool(zone().complete(_text(statement, "complete_statement")))
