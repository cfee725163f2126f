"""The exceptions of the DB-API, and what SQLite says of an error."""

from cloison._errors import Revoked

from .constants import ERROR_NAMES


def _error(name, base):
    return type(name, (base,), {"__module__": "sqlite3"})


Warning = _error("Warning", Exception)
Error = _error("Error", Exception)
InterfaceError = _error("InterfaceError", Error)
DatabaseError = _error("DatabaseError", Error)
DataError = _error("DataError", DatabaseError)
IntegrityError = _error("IntegrityError", DatabaseError)
InternalError = _error("InternalError", DatabaseError)
NotSupportedError = _error("NotSupportedError", DatabaseError)
OperationalError = _error("OperationalError", DatabaseError)
ProgrammingError = _error("ProgrammingError", DatabaseError)

ALL = (
    Warning, Error, InterfaceError, DatabaseError, DataError, IntegrityError, InternalError, NotSupportedError, OperationalError,
    ProgrammingError,
)

#: Code of a result without what extends it → class.
_CLASSES = {
    **dict.fromkeys((2, 12), InternalError),
    **dict.fromkeys((1, 3, 4, 5, 6, 8, 9, 10, 13, 14, 15, 16, 17), OperationalError),
    11: DatabaseError,
    18: DataError,
    **dict.fromkeys((19, 20), IntegrityError),
    **dict.fromkeys((21, 25), InterfaceError),
}
_NOMEM = 7


def made(code, extended, message):
    """Return the exception for a code of SQLite's."""
    if code & 0xff == _NOMEM:
        return MemoryError()
    error = _CLASSES.get(code & 0xff, DatabaseError)(message)
    error.sqlite_errorcode = extended
    error.sqlite_errorname = ERROR_NAMES.get(extended) or ERROR_NAMES.get(extended & 0xff) or "unknown"
    return error


def last(api, db):
    """Return the exception for what has gone wrong last with a database, or None."""
    code, extended, message = api.error(db)
    return made(code, extended, message.decode("utf-8", "replace")) if code else None


def check(api, db, code):
    """Raise what has gone wrong, if something has."""
    if code:
        raise last(api, db) or made(code, code, api.errstr(code))


def lost(error):
    """Return the exception for the end of the zone, with all its databases: what the DB-API has for a connection that is gone."""
    what = "the right to use SQLite has ended" if isinstance(error, Revoked) else "the process that runs SQLite has ended"
    made = OperationalError(f"{what}: {error}")
    made.sqlite_errorcode, made.sqlite_errorname = 10, "SQLITE_IOERR"
    return made
