"""Rows whose values have names."""

from .cursor import Cursor


def _folded(name):
    """Return a name as SQLite compares it: ASCII letters without their case."""
    return name.translate(_LOWER)


_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class Row:
    """A row, by numbers and by names."""

    __module__ = "sqlite3"
    __slots__ = "_data", "_description"

    def __new__(cls, cursor, data, /):
        if not issubclass(type(cursor), Cursor):
            raise TypeError(f"Row() argument 1 must be sqlite3.Cursor, not {type(cursor).__name__}")
        if not isinstance(data, tuple):
            raise TypeError(f"Row() argument 2 must be tuple, not {type(data).__name__}")
        self = object.__new__(cls)
        self._data, self._description = data, cursor._description
        return self

    @classmethod
    def _of(cls, cursor, rows):
        """Return many rows of one cursor."""
        if cls.__init__ is not object.__init__ or cls.__new__ is not Row.__new__:
            return [cls(cursor, row) for row in rows]
        new, description, made = object.__new__, cursor._description, []
        for data in rows:
            row = new(cls)
            row._data, row._description = data, description
            made.append(row)
        return made

    def keys(self):
        """Return the keys of the row."""
        return [column[0] for column in self._description or ()]

    def __getitem__(self, key):
        if isinstance(key, str):
            if self._description is None:
                raise IndexError(key)
            wanted = _folded(key)
            for index, column in enumerate(self._description):
                if column[0] == key or _folded(column[0]) == wanted:
                    return self._data[index]
            raise IndexError("No item with that key")
        if isinstance(key, (int, slice)):
            return self._data[key]
        raise IndexError("Index must be int or string")

    def __len__(self):
        return len(self._data)

    def __iter__(self):
        return iter(self._data)

    def __hash__(self):
        return hash(self._description) ^ hash(self._data)

    def __eq__(self, other):
        if isinstance(other, Row):
            return self._description == other._description and self._data == other._data
        return NotImplemented

    def __ne__(self, other):
        if isinstance(other, Row):
            return self._description != other._description or self._data != other._data
        return NotImplemented
