"""CPython's `_sqlite3`: `cloison._sqlite`, where SQLite runs in a zone."""

from cloison import _native
from cloison._sqlite.adapting import (
    PrepareProtocol, adapt, adapters, converters, register_adapter, register_converter,
)
from cloison._sqlite.blob import Blob
from cloison._sqlite.callables import enable_callback_tracebacks
from cloison._sqlite.connection import Connection, complete_statement, connect
from cloison._sqlite.constants import CONSTANTS, LEGACY_TRANSACTION_CONTROL, PARSE_COLNAMES, PARSE_DECLTYPES
from cloison._sqlite.cursor import Cursor
from cloison._sqlite.errors import (
    DatabaseError, DataError, Error, IntegrityError, InterfaceError, InternalError, NotSupportedError, OperationalError, ProgrammingError,
    Warning,
)
from cloison._sqlite.row import Row

#: Until a connection has asked: modules may be imported where there is no capability.
sqlite_version = "3.40.1"
_deprecated_version = "2.6.0"
threadsafety = 3

globals().update(CONSTANTS)
del CONSTANTS
_native.as_builtins(globals(), __name__)
