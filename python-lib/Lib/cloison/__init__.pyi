"""Capabilities: C libraries that live in zones of their own, called from a microprocess."""

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Final, Generic, NoReturn, Protocol, Self, TypeVar, dataclass_transform, final, overload

__all__ = [
    "Batch",
    "BatchFunction",
    "Capability",
    "CapabilityDenied",
    "DeadlineExceeded",
    "Error",
    "Function",
    "Handle",
    "HostDenied",
    "MessageError",
    "NativeError",
    "Pending",
    "Process",
    "QuotaExceeded",
    "Reference",
    "RegisteredBuffer",
    "RemoteError",
    "Revoked",
    "StaleHandle",
    "View",
    "ZoneCrashed",
    "ZoneUnavailable",
    "batch",
    "capability",
    "message",
]

_Class = TypeVar("_Class", bound=type)
_Kind = TypeVar("_Kind")
_Value = TypeVar("_Value", covariant=True)

@final
class Function:
    """One function of a capability.

    Its arguments, results and limits are those of its manifest: see the function's ``__doc__`` and ``inspect.signature``.
    Arguments are checked before anything reaches the library.

    Where C has a struct, a record object of the capability's class or a mapping is taken; where it has a pointer to a
    function, a callable. An exception that a callable raises ends the call, and is raised by it.

    Raises:
        TypeError, ValueError, OverflowError: An argument does not fit; the message names function and parameter.
        CapabilityDenied: The function, or these arguments, are not granted.
        NativeError: The library reported an error.
        ZoneCrashed: The library's process ended. The next call starts a new one.
        DeadlineExceeded: The call took too long.
        QuotaExceeded: The grant's rate or number of calls is used up.
        Revoked: The grant has been taken away.
        StaleHandle: A handle among the arguments is closed.
    """

    __name__: str
    __qualname__: str
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def map(self, items: Iterable[Any], /, **fixed: Any) -> list[Any]:
        """Call the function once for each item, many calls in one crossing of the wall.

        Args:
            items: The values of the one argument that has to be there and is not among `fixed`. If there are several,
                each item is a tuple with a value for each of them, in order.
            fixed: Arguments that are the same in all calls.

        Returns:
            The calls' results, in order.

        Raises:
            Exception: What the first call raised that did not end well. Its ``index`` says which, and ``results`` has what
                the calls before it gave; none behind it is made.

        Example:
            >>> zlib.crc32.map([b"one", b"two"], crc=0)
            [2053932785, 298486374]
        """
    def __reduce__(self) -> NoReturn: ...

@final
class Capability:
    """What cloison.toml grants under one name: its functions are attributes, and so are its classes and constants.

    ``dir()`` lists the functions that may be called, records, enumerations, handle classes, exceptions and constants. A
    function that exists but is not granted can be looked up; calling it raises `CapabilityDenied` with the line that would
    change it.

    While modules are imported, which happens once for all microprocesses, every name stands for a function: look up
    classes and constants inside of functions.
    """

    def __getattr__(self, name: str) -> Any: ...
    def batch(self) -> Batch:
        """Return a batch: calls that are noted, and made together when its ``with`` block ends.

        Example:
            >>> with sqlite.batch() as b:
            ...     db = b.open(b":memory:")
            ...     b.exec(db, "create table t (x)")
            >>> db.value
            <sqlite3 handle of capability 'sqlite'>
        """
    def __dir__(self) -> list[str]: ...
    def __reduce__(self) -> NoReturn: ...

def capability(name: str) -> Any:
    """Return the capability of that name.

    It is a `Capability`; what it offers is not known here. ``cloison stub`` makes a class that says it:
    ``zlib: "Zlib" = cloison.capability("zlib")``.

    At the top of a module, which is run once for all microprocesses, this gives a capability that each of them asks
    for itself when it is first used.

    Args:
        name: The name in cloison.toml, as in ``[capabilities.zlib]``.

    Raises:
        CapabilityDenied: cloison.toml has no such capability.

    Example:
        >>> zlib = capability("zlib")
        >>> zlib.crc32(0, b"hello")
        907060870
    """

class _Batches(Protocol[_Value]):
    """A capability, or what `cloison stub` makes of one."""

    def batch(self) -> _Value: ...

def batch(capability: _Batches[_Kind], /) -> _Kind:
    """Return a batch of a capability, as `Capability.batch` does."""

class Handle:
    """An object of a library, which lives in its zone. Each handle type of a capability is a class derived from this one.

    The object ends when `close` is called, at the end of a ``with`` block, or when nothing refers to it any more; what it
    owns ends before it, and what it belongs to lives at least as long. Only calls make handles.

    Example:
        >>> with sqlite.open(":memory:") as db:
        ...     sqlite.exec(db, "create table t (x)")
    """

    @property
    def closed(self) -> bool:
        """Whether the object is gone."""
    def close(self) -> None:
        """End the object.

        Raises:
            StaleHandle: It is gone already.
        """
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...
    def __reduce__(self) -> NoReturn: ...

@final
class RegisteredBuffer:
    """A buffer that a library goes on filling after the call that gave it, for as long as its handle lives."""

    def sync(self) -> bytes:
        """Return what is in the buffer now.

        Raises:
            StaleHandle: The handle that it belongs to is closed, or its zone is gone.
        """

@final
class View:
    """Bytes of a result that have stayed in the channel: read-only, and there until the capability's next call.

    Reading copies the part that is read, at that moment: an index, a slice, or all of it with ``bytes(view)`` and
    ``memoryview(view)``, which stay good when the view has ended. A view can be an argument.

    Raises:
        StaleHandle: The capability has been called since.
    """

    @property
    def closed(self) -> bool:
        """Whether the capability has been called since."""
    def tobytes(self) -> bytes:
        """Return a copy of all."""
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __bytes__(self) -> bytes: ...
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: int, /) -> int: ...
    @overload
    def __getitem__(self, index: slice, /) -> bytes: ...

@final
class Batch:
    """Calls of one capability that are noted and then made together, in one crossing of the wall.

    A function of the capability called on the batch is checked and noted, and gives a `Pending`. A pending number or handle
    may be an argument of a later call. Leaving the ``with`` block makes the calls in order, unless it is left by an
    exception; the first call that does not end well is the last, and what it raised is raised, with its ``index`` and the
    ``results`` of the calls before it.
    """

    def __getattr__(self, name: str) -> BatchFunction: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

@final
class BatchFunction:
    """A function whose calls are noted."""

    __name__: str
    def __call__(self, *args: Any, **kwargs: Any) -> Pending[Any]: ...

@final
class Pending(Generic[_Value]):
    """The result of a call of a batch. One of several results is ``pending[index]``."""

    @property
    def value(self) -> _Value:
        """What the call gave.

        Raises:
            RuntimeError: The call has not been made.
            Exception: What the call raised.
        """
    @property
    def done(self) -> bool:
        """Whether the call has been made, and ended well."""
    def __getitem__(self, index: int, /) -> Pending[Any]: ...

@final
class Process:
    """A microprocess, as others know it. It can be sent in messages, compared, and be a key; it can't be made or pickled."""

    @property
    def number(self) -> int:
        """Its number in the application."""
    def __hash__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class Reference:
    """Something that equals itself and nothing else, here and wherever it is sent. It can't be made or pickled."""

    def __hash__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...

@overload
def message(cls: _Class, /) -> _Class: ...
@overload
@dataclass_transform()
def message(
    *,
    init: bool = True,
    repr: bool = True,
    eq: bool = True,
    order: bool = False,
    unsafe_hash: bool = False,
    frozen: bool = False,
    match_args: bool = True,
    kw_only: bool = False,
    slots: bool = False,
    weakref_slot: bool = False,
) -> Callable[[_Class], _Class]:
    """Declare a class as a message, so that its objects can be sent to other microprocesses.

    A class that is no dataclass becomes one, by the options given here, which are those of `dataclasses.dataclass`. An
    exception class takes no options; its ``args`` and what is in its ``__dict__`` are sent.

    The fields are sent, and nothing else. The receiver has to have imported the module of the class itself; it makes an
    object without calling ``__new__``, ``__init__``, ``__post_init__`` or ``__setattr__``, and checks no types: look at what
    you receive.

    Raises:
        TypeError: The class stands in a function, is a subclass of a builtin type, has a field that is a descriptor, or has a
            method that would run when an object is received (``__del__``; of an exception also ``__setattr__``).

    Example:
        >>> @message
        ... class Move:
        ...     x: int
        ...     y: int
    """

class Error(Exception):
    """Something that Cloison reports."""

class CapabilityDenied(Error):
    """A capability, or a function of it, that was not granted."""

    capability: Final[str | None]
    """The capability's name in cloison.toml."""
    function: Final[str | None]
    """The function's name; None when the whole capability is missing."""
    location: Final[str | None]
    """The file and line that would change it, such as ``cloison.toml:7``."""

class HostDenied(Error, PermissionError):
    """Something that only the operating system could do, which a microprocess cannot ask for."""

class NativeError(Error):
    """A C function reported an error by the convention that its manifest declares."""

    function: Final[str | None]
    """The function's name."""
    code: Final[int | None]
    """The value that it returned."""
    errno: Final[int | None]
    """The C library's error number, if the manifest asks for it."""
    message: Final[str | None]
    """The text that the manifest's message function gave."""

class QuotaExceeded(Error):
    """The grant's rate or number of calls is used up."""

    function: Final[str | None]
    """The function's name."""

class Revoked(Error):
    """The grant has been taken away."""

    function: Final[str | None]
    """The function's name."""

class DeadlineExceeded(Error, TimeoutError):
    """A call took too long, and its zone was ended; or callables did that the library called.

    After a call that took too long, the next one starts a new zone. After a callable that did, the zone goes on.
    """

    function: Final[str | None]
    """The function's name."""
    deadline: Final[float | None]
    """How long it may take, in seconds."""
    callback: Final[str | None]
    """The parameter that the callable was passed as; None if the call itself took too long."""

class ZoneCrashed(Error):
    """The zone ended during a call. The next call starts a new one."""

    function: Final[str | None]
    """The function that was running."""
    signal: Final[int | None]
    """The signal that ended it."""
    code: Final[int | None]
    """Its exit status, if no signal did."""

class ZoneUnavailable(Error):
    """The zone cannot be started."""

    capability: Final[str | None]
    """The capability's name in cloison.toml."""

class StaleHandle(Error):
    """A handle whose object is gone: it was closed, or its zone has been restarted since."""

class MessageError(Error):
    """Bytes that are no message, or a message that this process can't read: it has not declared a class that is in it."""

class RemoteError(Error):
    """An exception that came in a message and is of a class that is not declared here."""

    def __init__(self, type_name: str, text: str) -> None: ...
    type_name: Final[str]
    """The class's name, with its module, such as ``json.decoder.JSONDecodeError``."""
    text: Final[str]
    """What ``str()`` of it was."""
