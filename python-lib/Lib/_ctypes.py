"""What CPython's `ctypes` is defined on: types with their sizes and layouts. An object of one, a library, a call are refused.

Programs declare types and functions while they are imported, and call them later, or never. A C library is reached as a
capability of a zone.
"""

import struct

from cloison import _native, _needs

__version__ = "1.1.0"
RTLD_LOCAL, RTLD_GLOBAL = 0, 256
FUNCFLAG_CDECL, FUNCFLAG_PYTHONAPI, FUNCFLAG_USE_ERRNO, FUNCFLAG_USE_LASTERROR = 1, 4, 8, 16
SIZEOF_TIME_T = 8
CTYPES_MAX_ARGCOUNT = 1024
#: What `ctypes` makes functions of while it is defined. They are no addresses.
_memmove_addr, _memset_addr, _string_at_addr, _cast_addr, _wstring_at_addr, _memoryview_at_addr = range(1, 7)

_SIZES = {code: struct.calcsize(code) for code in "?bBhHiIlLqQfdP"}
_SIZES.update(c=1, g=16, u=4, v=2, z=8, Z=8, O=8, X=8)
_SWAPPABLE = "hHiIlLqQfd"
_errno = 0


class ArgumentError(Exception):
    """An argument that cannot be passed."""

    __module__ = "ctypes"


def _denied(what):
    def denied(cls, *args, **kwargs):
        _needs.deny(f"ctypes.{cls.__name__}.{what}()", _needs.FOREIGN)

    denied.__name__ = denied.__qualname__ = what
    return denied


class CType_Type(type):
    """The type of all types of C."""

    __module__ = "_ctypes"
    _size = _align = 0

    def __init__(cls, name, bases, namespace, **kwargs):
        super().__init__(name, bases, namespace)
        cls._pointer = None
        cls._prepare(namespace)

    def _prepare(cls, namespace):
        pass

    def __mul__(cls, length):
        if not isinstance(length, int):
            raise TypeError(f"can't multiply sequence by non-int of type {type(length).__name__!r}")
        if length < 0:
            raise ValueError("Array length must be >= 0, not -1" if length == -1 else f"Array length must be >= 0, not {length}")
        return _arrays.setdefault((cls, length), None) or _array(cls, length)

    __rmul__ = __mul__

    @property
    def __pointer_type__(cls):
        if cls._pointer is None:
            raise AttributeError(f"type {cls.__name__!r} has no attribute '__pointer_type__'")
        return cls._pointer

    @__pointer_type__.setter
    def __pointer_type__(cls, pointer):
        cls._pointer = pointer

    from_address = _denied("from_address")
    from_buffer = _denied("from_buffer")
    from_buffer_copy = _denied("from_buffer_copy")
    from_param = _denied("from_param")
    in_dll = _denied("in_dll")


_arrays = {}


def _array(cls, length):
    made = _arrays[cls, length] = PyCArrayType(f"{cls.__name__}_Array_{length}", (Array,), {"_type_": cls, "_length_": length})
    return made


class PyCSimpleType(CType_Type):
    """The type of numbers, characters and untyped pointers."""

    __module__ = "_ctypes"

    def _prepare(cls, namespace):
        code = namespace.get("_type_")
        if code is None:
            return
        if not isinstance(code, str) or len(code) != 1 or code not in _SIZES:
            raise AttributeError("class must define a '_type_' attribute which must be a single character string containing one of "
                                 f"'{''.join(_SIZES)}'.")
        cls._size = cls._align = _SIZES[code]
        cls._swapped = None

    def _other(cls):
        if cls._swapped is None:
            cls._swapped = type(cls)(cls.__name__, cls.__bases__, {"_type_": cls._type_, "__module__": cls.__module__})
            cls._swapped._swapped = cls
        return cls._swapped

    def __getattr__(cls, name):
        if name in ("__ctype_le__", "__ctype_be__") and getattr(cls, "_type_", " ") in _SWAPPABLE:
            return cls if name == "__ctype_le__" else cls._other()
        raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")


class PyCStructType(CType_Type):
    """The type of structures."""

    __module__ = "_ctypes"
    _is_structure = True

    def _prepare(cls, namespace):
        base = cls._base()
        cls._size, cls._align = (base._size, base._align) if base else (0, 1)
        if "_fields_" in namespace:
            cls._fields_ = namespace["_fields_"]

    def _base(cls):
        return next((base for base in cls.__mro__[1:] if isinstance(base, PyCStructType) and "_fields_" in vars(base)), None)

    def __setattr__(cls, name, value):
        super().__setattr__(name, value)
        if name == "_fields_":
            cls._lay_out(value)

    def _lay_out(cls, fields):
        from ctypes import _layout

        layout = _layout.get_layout(cls, fields, cls._is_structure, cls._base())
        for field in layout.fields:
            type.__setattr__(cls, field.name, field)
        for name in getattr(cls, "_anonymous_", ()):
            for inner in getattr(vars(cls)[name].type, "_fields_", ()):
                type.__setattr__(cls, inner[0], getattr(vars(cls)[name].type, inner[0]))
        type.__setattr__(cls, "_size", layout.size)
        type.__setattr__(cls, "_align", layout.align)


class UnionType(PyCStructType):
    """The type of unions."""

    __module__ = "_ctypes"
    _is_structure = False


class PyCArrayType(CType_Type):
    """The type of arrays."""

    __module__ = "_ctypes"

    def _prepare(cls, namespace):
        length, kind = getattr(cls, "_length_", None), getattr(cls, "_type_", None)
        if kind is not None and length is not None:
            cls._size, cls._align = kind._size * length, kind._align


class PyCPointerType(CType_Type):
    """The type of pointers."""

    __module__ = "_ctypes"
    _size = _align = 8

    def _prepare(cls, namespace):
        kind = namespace.get("_type_")
        if kind is not None:
            if not isinstance(kind, CType_Type):
                raise TypeError("_type_ must have storage info")
            kind.__pointer_type__ = cls

    def set_type(cls, type, /):
        """Say what is pointed to."""
        cls._type_ = type


class PyCFuncPtrType(CType_Type):
    """The type of functions."""

    __module__ = "_ctypes"
    _size = _align = 8


class _CData:
    __module__ = "_ctypes"
    _b_base_ = None
    _b_needsfree_ = False
    _objects = None

    def __new__(cls, *args, **kwargs):
        _needs.deny(f"ctypes.{cls.__name__}()", _needs.FOREIGN)

    def __ctypes_from_outparam__(self):
        return self


class _SimpleCData(_CData, metaclass=PyCSimpleType):
    __module__ = "_ctypes"


class Structure(_CData, metaclass=PyCStructType):
    """A structure."""

    __module__ = "_ctypes"


class Union(_CData, metaclass=UnionType):
    """A union."""

    __module__ = "_ctypes"


class Array(_CData, metaclass=PyCArrayType):
    """An array."""

    __module__ = "_ctypes"
    __class_getitem__ = classmethod(type(list[int]))


class _Pointer(_CData, metaclass=PyCPointerType):
    __module__ = "_ctypes"


class CFuncPtr(_CData, metaclass=PyCFuncPtrType):
    """A function, which can be declared, and not called."""

    __module__ = "_ctypes"
    _flags_ = FUNCFLAG_CDECL
    argtypes = errcheck = None

    def __new__(cls, *args, **kwargs):
        """Make one that `ctypes` itself declares, or one of a Python function. No library has been opened to find others in."""
        if not args or isinstance(args[0], int) or callable(args[0]):
            return object.__new__(cls)
        name = args[0][0] if isinstance(args[0], tuple) else args[0]
        raise AttributeError(f"{name}: {_needs.FOREIGN}")

    def __init__(self, *args, **kwargs):
        self.restype = getattr(type(self), "_restype_", None)

    def __call__(self, *args, **kwargs):
        """Refuse."""
        _needs.deny("ctypes: a call", _needs.FOREIGN)


class CField:
    """Where a field stands in a structure."""

    __module__ = "_ctypes"

    def __init__(self, *, name, type, byte_size, byte_offset, index, bit_size=None, bit_offset=None, _internal_use=False):
        self.name, self.type, self.byte_size, self.byte_offset = name, type, byte_size, byte_offset
        self.offset, self.is_bitfield = byte_offset, bit_size is not None
        self.bit_size = byte_size * 8 if bit_size is None else bit_size
        self.bit_offset = bit_offset or 0
        self.size = byte_size if bit_size is None else bit_size << 16 | self.bit_offset
        self.is_anonymous = False


def buffer_info(type_or_instance, /):
    """Return nothing of what an object's buffer would be: there is no object."""
    return None, 0, ()


def _type_of(type_or_instance):
    kind = type_or_instance if isinstance(type_or_instance, type) else type(type_or_instance)
    if not isinstance(kind, CType_Type):
        raise TypeError("this type has no size")
    return kind


def sizeof(type_or_instance, /):
    """Return how many bytes an object has."""
    return _type_of(type_or_instance)._size


def alignment(type_or_instance, /):
    """Return at what multiples an object stands."""
    return _type_of(type_or_instance)._align


def get_errno():
    """Return what `set_errno` was given."""
    return _errno


def set_errno(value, /):
    """Keep a number, and return the last one."""
    global _errno
    last, _errno = _errno, value
    return last


_dlopen = _needs.denied("dlopen", "_ctypes", _needs.FOREIGN)


def dlopen(name, flag=RTLD_LOCAL, /):
    """Refuse any library. The program itself, which `ctypes.pythonapi` stands for, is one in which nothing can be found."""
    return 0 if name is None else _dlopen(name)


_native.as_builtins(globals(), __name__)
globals().update(_native.functions(__name__, _needs.FOREIGN, """
    Py_DECREF Py_INCREF PyObj_FromPtr _unpickle addressof byref call_cdeclfunction call_function dlclose dlsym resize
"""))
