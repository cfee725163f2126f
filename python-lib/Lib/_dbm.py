"""What CPython's `dbm.ndbm` is. It refuses."""

from cloison import _native, _needs

library = "none"


class error(OSError):
    """A database that cannot be used."""


globals().update(_native.functions(__name__, _needs.FOREIGN, "open"))
