"""Classes that are declared as messages."""

from _cloison import declare


def message(cls=None, /, **options):
    """Declare a class as a message, so that its objects can be sent to other microprocesses.

    A class that is no dataclass becomes one.

    Args:
        cls: The class, an exception class among others.
        options: Those of `dataclasses.dataclass`.

    Raises:
        TypeError: Objects of the class can't be sent; the text says why.

    Example:
        >>> @message(frozen=True)
        ... class Move:
        ...     x: int
        ...     y: int
    """
    # Not at the top of this module: it is imported before `dataclasses` can be.
    import dataclasses

    if cls is None:
        return lambda cls: message(cls, **options)
    if not isinstance(cls, type):
        raise TypeError(f"message() takes a class, not {type(cls).__name__}")
    if "<locals>" in cls.__qualname__:
        raise TypeError(
            f"{cls.__qualname__} can't be a message: other processes find it by its name, so it has to stand at the top of a module"
        )
    exception = issubclass(cls, BaseException)
    if options and (exception or "__dataclass_fields__" in cls.__dict__):
        kind = "an exception class" if exception else "a dataclass already"
        raise TypeError(f"{cls.__qualname__} is {kind}, and takes no options")
    if exception:
        fields = None
    else:
        if "__dataclass_fields__" not in cls.__dict__:
            cls = dataclasses.dataclass(**options)(cls)
        fields = tuple(field.name for field in dataclasses.fields(cls))
    declare(cls, cls.__module__, cls.__qualname__, fields)
    return cls


class Record:
    """The base of our own messages: their fields are their `__slots__`, and nothing about them changes.

    It is what ``message(frozen=True)`` would make of them. That takes `dataclasses`, whose import takes longer than everything
    else at the start of a program.
    """

    __slots__ = ()

    def __init_subclass__(cls):
        cls.__match_args__ = cls.__slots__
        declare(cls, cls.__module__, cls.__qualname__, cls.__slots__)

    def __init__(self, *values):
        for name, value in zip(self.__slots__, values, strict=True):
            object.__setattr__(self, name, value)

    def _values(self):
        return tuple(getattr(self, name) for name in self.__slots__)

    def __setattr__(self, name, value=None):
        raise AttributeError(f"a {type(self).__name__} does not change")

    __delattr__ = __setattr__

    def __eq__(self, other):
        return self._values() == other._values() if type(other) is type(self) else NotImplemented

    def __hash__(self):
        return hash((type(self), self._values()))

    def __repr__(self):
        fields = ", ".join(f"{name}={value!r}" for name, value in zip(self.__slots__, self._values(), strict=True))
        return f"{type(self).__name__}({fields})"
