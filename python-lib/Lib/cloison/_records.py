"""Records and enumerations of a capability as Python classes.

A struct's class has a slot for each member, takes them by position or by name, and gives those that are left out zero.
A union's class takes exactly one member, and has that one.
"""

import keyword

_ABSENT = object()


def names(members):
    """Return the members' names as attributes: one that Python reserves gets an underscore behind it."""
    return [f"{name}_" if keyword.iskeyword(name) else name for name in members]


def row(length, default, fresh):
    """Return a function that makes an array of zeroes."""
    if fresh:
        return lambda: [default() for _ in range(length)]
    return lambda: [default] * length


class Struct:
    """What structs have in common."""

    __slots__ = ()
    __hash__ = None

    def __eq__(self, other):
        """Return whether all members are equal."""
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__match_args__)

    def __repr__(self):
        """Return the call that makes an equal record."""
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__match_args__)})"

    def _asdict(self):
        """Return the members as a dict."""
        return {name: getattr(self, name) for name in self.__match_args__}


class Union:
    """What unions have in common: one member is there, and `_member` is its name."""

    __slots__ = ("_member", "_content")
    __hash__ = None
    _defaults = {}

    def __init__(self, /, **members):
        """Take exactly one member."""
        if len(members) != 1:
            raise TypeError(f"{type(self).__name__}() takes exactly one member, not {len(members)}")
        for name, content in members.items():
            setattr(self, name, content)

    def __setattr__(self, name, content):
        """Make a member the one that is there."""
        if name not in self._defaults:
            raise AttributeError(f"{type(self).__name__} has no member {name!r}")
        object.__setattr__(self, "_member", name)
        object.__setattr__(self, "_content", content)

    def __getattr__(self, name):
        """Return the member that is there."""
        if name in type(self)._defaults:
            if name == self._member:
                return self._content
            raise AttributeError(f"{type(self).__name__} has member {self._member!r}, not {name!r}")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __dir__(self):
        """Return the names of all members."""
        return sorted({*super().__dir__(), *self._defaults})

    def __eq__(self, other):
        """Return whether the same member is there with an equal value."""
        if type(other) is not type(self):
            return NotImplemented
        return self._member == other._member and self._content == other._content

    def __repr__(self):
        """Return the call that makes an equal record."""
        return f"{type(self).__name__}({self._member}={self._content!r})"

    def __getstate__(self):
        """Return what `copy` needs."""
        return {self._member: self._content}

    def __setstate__(self, members):
        """Take what `copy` has."""
        self.__init__(**members)

    def _asdict(self):
        """Return the member that is there as a dict."""
        return {self._member: self._content}

    @classmethod
    def _zero(cls, name):
        """Return a function that makes a union whose member of that name is zero."""
        default, fresh = cls._defaults[name]
        return lambda: cls(**{name: default() if fresh else default})


def struct(name, fields, doc):
    """Return the class of a struct.

    Args:
        name: Its name.
        fields: A tuple for each member: its name, its default, and whether that is a function that makes a fresh one.
        doc: Its docstring.
    """
    parameters, body, namespace = [], [], {"_cloison_absent": _ABSENT}
    for index, (field, default, fresh) in enumerate(fields):
        own = f"_cloison_{index}"
        namespace[own] = default
        parameters.append(f"{field}={'_cloison_absent' if fresh else own}")
        given = f"{own}() if {field} is _cloison_absent else {field}" if fresh else field
        body.append(f"_cloison_self.{field} = {given}")
    source = f"def __init__({', '.join(['_cloison_self', '/', *parameters])}):\n    " + "\n    ".join(body or ["pass"])
    exec(source, namespace)
    names = tuple(field for field, _, _ in fields)
    # A slot called `__x` would become `_point__x`: Python takes such names for private ones.
    slots = tuple(f"_cloison_{index}" if name.startswith("__") else name for index, name in enumerate(names))
    members = {
        "__doc__": doc,
        "__init__": namespace["__init__"],
        "__match_args__": names,
        "__module__": "cloison",
        "__slots__": slots,
    }
    made = type(name, (Struct,), members)
    for member, slot in zip(names, slots):
        if member != slot:
            setattr(made, member, made.__dict__[slot])
    return made


def union(name, fields, doc):
    """Return the class of a union; see `struct`."""
    defaults = {field: (default, fresh) for field, default, fresh in fields}
    members = {"__doc__": doc, "__module__": "cloison", "__slots__": (), "_defaults": defaults}
    return type(name, (Union,), members)


def enumeration(name, values, doc):
    """Return the `IntEnum` of a C enumeration."""
    import enum

    return _documented(enum.IntEnum(name, values, module="cloison"), doc)


def flags(name, values, doc):
    """Return the `IntFlag` of a C enumeration; bits that have no name are kept."""
    import enum

    return _documented(enum.IntFlag(name, values, module="cloison", boundary=enum.KEEP), doc)


def _documented(made, doc):
    if doc:
        made.__doc__ = doc
    return made
