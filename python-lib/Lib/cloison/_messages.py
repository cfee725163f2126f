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
