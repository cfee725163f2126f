"""What CPython's `dbm.gnu` is. It refuses."""

from cloison import _native, _needs

open_flags = "rwcnfsu"


class error(OSError):
    """A database that cannot be used."""


globals().update(_native.functions(__name__, _needs.FOREIGN, "open"))
