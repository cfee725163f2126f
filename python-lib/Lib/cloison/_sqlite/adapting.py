"""Adapters, which make values into SQLite's, and converters, which make what SQLite has into values."""

from .errors import ProgrammingError

#: Type and protocol → adapter; name → converter.
adapters, converters = {}, {}
#: Types that SQLite has itself. If one of them has an adapter, all values are looked at.
_BASE = (int, float, str, bytearray, bytes, bool, type(None))
_plain = True


class PrepareProtocol:
    """What a value is adapted for."""

    __module__ = "sqlite3"


def is_plain():
    """Return whether values of SQLite's own types go as they are."""
    return _plain


def adapt(obj, proto=PrepareProtocol, alt=None, /):
    """Adapt given object to given protocol."""
    return _adapt(obj, proto, alt, alt is not None)


def _adapt(obj, proto, alt, has_alt):
    adapter = adapters.get((type(obj), proto))
    if adapter is not None:
        return adapter(obj)
    for adapt, argument in ((getattr(proto, "__adapt__", None), obj), (getattr(obj, "__conform__", None), proto)):
        if adapt is not None:
            try:
                adapted = adapt(argument)
            except TypeError:
                # As CPython: who does not want to say so.
                adapted = None
            if adapted is not None:
                return adapted
    if has_alt:
        return alt
    raise ProgrammingError("can't adapt")


def adapted(value):
    """Return a value as SQLite gets it."""
    if _plain and type(value) in (int, float, str, bytearray):
        return value
    return _adapt(value, PrepareProtocol, value, True)


def register_adapter(type, adapter, /):
    """Register a function to adapt Python objects to SQLite values."""
    global _plain
    adapters[type, PrepareProtocol] = adapter
    if type in _BASE:
        _plain = False


def register_converter(typename, converter, /):
    """Register a function to convert SQLite values to Python objects."""
    if not isinstance(typename, str):
        raise TypeError(f"register_converter() argument 1 must be str, not {type(typename).__name__}")
    converters[typename.upper()] = converter
