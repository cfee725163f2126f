"""A BLOB of a row, as a file and as a sequence of bytes."""

import operator
import os

from . import errors
from .errors import ProgrammingError

_MOST = 2**31 - 1
#: How much one call reads.
_PART = 16 << 20


class Blob:
    """A BLOB of a row."""

    __module__ = "sqlite3"

    def __new__(cls, *_args, **_kwargs):
        raise TypeError("cannot create 'sqlite3.Blob' instances")

    def close(self):
        """Close the blob."""
        self._connection._check()
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def read(self, length=-1, /):
        """Read data at the current offset position; to the end of the blob without a length."""
        self._check()
        length = operator.index(length)
        rest = self._length - self._offset
        if length < 0 or length > rest:
            length = rest
        data = self._read(length, self._offset)
        self._offset += length
        return data

    def write(self, data, /):
        """Write data at the current offset; it cannot change the length of the blob."""
        self._check()
        data = bytes(memoryview(data))
        if len(data) > self._length - self._offset:
            raise ValueError("data longer than blob length")
        self._write(data, self._offset)
        self._offset += len(data)

    def seek(self, offset, origin=0, /):
        """Set the current access position to offset."""
        self._check()
        offset, origin = operator.index(offset), operator.index(origin)
        if not -_MOST - 1 <= offset <= _MOST:
            raise OverflowError("Python int too large to convert to C int")
        if origin not in (os.SEEK_SET, os.SEEK_CUR, os.SEEK_END):
            raise ValueError("'origin' should be os.SEEK_SET, os.SEEK_CUR, or os.SEEK_END")
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._offset, os.SEEK_END: self._length}[origin]
        if offset > _MOST - base:
            raise OverflowError("seek offset results in offset past INT_MAX")
        if not 0 <= base + offset <= self._length:
            raise ValueError("offset out of blob range")
        self._offset = base + offset

    def tell(self):
        """Return the current access position for the blob."""
        self._check()
        return self._offset

    def __enter__(self):
        self._check()
        return self

    def __exit__(self, type, val, tb, /):
        self._check()
        self.close()
        return False

    def __len__(self):
        self._check()
        return self._length

    def __getitem__(self, key):
        self._check()
        if isinstance(key, slice):
            start, stop, step = _places(key, self._length)
            if not range(start, stop, step):
                return b""
            if step == 1:
                return self._read(stop - start, start)
            return self._read(self._length, 0)[key]
        return self._read(1, self._index(key))[0]

    def __setitem__(self, key, value):
        self._check()
        if isinstance(key, slice):
            start, stop, step = _places(key, self._length)
            places = range(start, stop, step)
            value = memoryview(value)
            if not value.c_contiguous:
                raise BufferError("memoryview: underlying buffer is not C-contiguous")
            value = value.tobytes()
            if len(value) != len(places):
                raise IndexError("Blob slice assignment is wrong size")
            if not places:
                return
            if step == 1:
                return self._write(value, start)
            least, most = min(places), max(places) + 1
            data = bytearray(self._read(most - least, least))
            for place, byte in zip(places, value):
                data[place - least] = byte
            return self._write(bytes(data), least)
        index = self._index(key)
        if not isinstance(value, int):
            raise TypeError(f"'{type(value).__name__}' object cannot be interpreted as an integer")
        if not 0 <= value <= 255:
            raise ValueError("byte must be in range(0, 256)")
        self._write(bytes((value,)), index)

    def __delitem__(self, key):
        self._check()
        if isinstance(key, slice):
            raise TypeError("Blob doesn't support slice deletion")
        raise TypeError("Blob doesn't support item deletion")

    def __contains__(self, _):
        raise TypeError("argument of type 'sqlite3.Blob' is not a container or iterable")

    __iter__ = None

    def _check(self):
        self._connection._check()
        if self._handle is None:
            raise ProgrammingError("Cannot operate on a closed blob.")

    def _index(self, key):
        try:
            index = operator.index(key)
        except TypeError:
            raise TypeError("Blob indices must be integers") from None
        if not -2**63 <= index < 2**63:
            raise IndexError(f"cannot fit '{type(key).__name__}' into an index-sized integer")
        if index < 0:
            index += self._length
        if not 0 <= index < self._length:
            raise IndexError("Blob index out of range")
        return index

    def _read(self, length, offset):
        api, parts = self._connection._api, []
        while True:
            part = min(length, _PART)
            code, data = api.blob_read(self._handle, part, offset)
            errors.check(api, self._db, code)
            if part == length and not parts:
                return data
            parts.append(data)
            length, offset = length - part, offset + part
            if not length:
                return b"".join(parts)

    def _write(self, data, offset):
        api = self._connection._api
        for start in range(0, len(data) or 1, _PART):
            errors.check(api, self._db, api.blob_write(self._handle, data[start:start + _PART], offset + start))


def _places(key, length):
    """Return where a slice begins and ends, and its step."""
    for bound in (key.start, key.stop, key.step):
        if bound is not None:
            try:
                operator.index(bound)
            except TypeError:
                raise TypeError("slice indices must be integers or None or have an __index__ method") from None
    return key.indices(length)


def opened(connection, db, name, table, column, row, readonly):
    """Return a blob of a connection's."""
    api = connection._api
    code, handle = api.blob_open(db, name, table, column, row, not readonly)
    errors.check(api, db, code)
    self = object.__new__(Blob)
    self._connection, self._db, self._handle, self._offset = connection, db, handle, 0
    self._length = api.blob_bytes(handle)
    return self
