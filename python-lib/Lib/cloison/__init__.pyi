"""Capabilities: C libraries that live in zones of their own, called from a microprocess. And the processes of a program."""

from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import (
    Any,
    Final,
    Generic,
    Literal,
    NoReturn,
    Protocol,
    Self,
    TypedDict,
    TypeVar,
    Unpack,
    dataclass_transform,
    final,
    overload,
)

__all__ = [
    "Batch",
    "BatchFunction",
    "Call",
    "Capability",
    "CapabilityDenied",
    "CapabilityInfo",
    "Child",
    "ChildInfo",
    "DeadlineExceeded",
    "Down",
    "Error",
    "Exit",
    "Function",
    "Handle",
    "HostDenied",
    "Lease",
    "MailboxFull",
    "MessageError",
    "MessageTooLarge",
    "NativeError",
    "Pending",
    "Process",
    "ProcessDown",
    "ProcessExit",
    "QuotaExceeded",
    "Reason",
    "Reference",
    "RegisteredBuffer",
    "RemoteError",
    "Revoked",
    "RunningSupervisor",
    "Server",
    "ServiceFunction",
    "SpawnError",
    "StaleHandle",
    "StartError",
    "Supervisor",
    "Task",
    "TaskGroup",
    "View",
    "ZoneCrashed",
    "ZoneReplaced",
    "ZoneUnavailable",
    "batch",
    "call",
    "capability",
    "cast",
    "demonitor",
    "describe",
    "exit",
    "lend",
    "link",
    "make_reference",
    "message",
    "monitor",
    "narrow",
    "offer",
    "parent",
    "receive",
    "register",
    "reply",
    "reply_error",
    "revoke",
    "self",
    "send",
    "serve",
    "service",
    "spawn",
    "stop",
    "trap_exits",
    "unlink",
    "unregister",
    "whereis",
]

_Class = TypeVar("_Class", bound=type)
_Given = TypeVar("_Given")
_Kind = TypeVar("_Kind")
_Value = TypeVar("_Value", covariant=True)
_Lent = TypeVar("_Lent")

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
        StaleHandle: A handle among the arguments is closed; ZoneReplaced, if its zone was replaced.
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
    def narrow(self, **narrowing: Unpack[_Narrowing]) -> Self:
        """Return another capability, that allows less: as `cloison.narrow`."""
    def revoke(self) -> None:
        """Take it back, from all who hold it, with everything that was narrowed from it: as `cloison.revoke`."""
    def describe(self) -> CapabilityInfo:
        """Return what it allows: as `cloison.describe`."""
    def lend(self, process: Process, /, **narrowing: Unpack[_Lending]) -> Lease[Any]:
        """Lend it to a process: as `cloison.lend`."""
    def __dir__(self) -> list[str]: ...
    def __reduce__(self) -> NoReturn: ...

@final
class CapabilityInfo:
    """What a capability allows."""

    __match_args__ = ("name", "functions")

    name: Final[str]
    """The name of the capability of cloison.toml that it comes from."""
    number: Final[int]
    """Its number in the application, for people: what ``cloison caps`` shows."""
    functions: Final[tuple[str, ...]]
    """The names of the functions that may be called."""
    parameters: Final[dict[str, tuple[str, ...]]]
    """Of a service, what they take, by function. Each is a name, with the type that bounds may go by: ``"by: int"``."""
    where: Final[dict[str, tuple[str, ...]]]
    """What must hold for their arguments, by function."""
    rate: Final[tuple[int, float] | None]
    """How many calls in how many seconds, or None."""
    calls: Final[int | None]
    """How many calls altogether, or None."""
    bytes: Final[int | None]
    """How many bytes of arguments and results altogether, or None."""
    cpu: Final[float | None]
    """How many seconds of the processor time of the zone, or of the service, altogether, or None."""
    expires: Final[float | None]
    """In how many seconds it ends, or None."""
    delegate: Final[bool]
    """Whether whoever was given it may give it on."""
    callbacks: Final[bool]
    """Whether callables may be passed."""
    location: Final[str]
    """The line of cloison.toml that it comes from."""

class _Lending(TypedDict, total=False):
    functions: Iterable[str] | None
    where: Mapping[str, str | Iterable[str]] | None
    calls: int | None
    bytes: str | int | None
    rate: str | None
    cpu: float | None
    expires: float | None
    callbacks: bool

class _Narrowing(_Lending, total=False):
    delegate: bool

def narrow(capability: _Given, /, **narrowing: Unpack[_Narrowing]) -> _Given:
    """Return another capability, that allows less. What is not said stays as it is, and nothing that was given up comes back.

    What is counted is counted for all who hold it together, and for what it comes from as well.

    Args:
        capability: What to narrow.
        functions: The names of the functions that may be called.
        where: What must hold for their arguments, by function: an expression as in cloison.toml, or several.
        calls: At most so many calls altogether.
        bytes: At most so many bytes of arguments and results altogether: a number, or a text such as ``"10 MiB"``.
        rate: At most so many calls in a time: ``"100/s"``.
        cpu: At most so many seconds of the processor time of the zone, or of the service, altogether.
        expires: It ends in so many seconds.
        delegate: Whether those who are given it may give it on.
        callbacks: Whether callables may be passed.

    Raises:
        ValueError: A function or a bound makes no sense; the text says what to write instead.
        Revoked: The capability is not alive any more.

    Example:
        >>> once = cloison.narrow(zlib, functions=["crc32"], calls=1)
        >>> spawn(work, capabilities=[once])
        <Process 2>
    """

def revoke(capability: Any, /) -> None:
    """Take a capability back, from all who hold it, with everything that was narrowed from it. Calls that run end with `Revoked`.

    Raises:
        CapabilityDenied: Another process has narrowed it, or nobody has.
    """

def describe(capability: Any, /) -> CapabilityInfo:
    """Return what a capability allows: a `CapabilityInfo`."""

class Lease(Generic[_Lent]):
    """A capability that is lent: `with zlib.lend(process, calls=100) as lease:`.

    It is revoked at the end of the block, or of this process.
    """

    def __init__(self, capability: _Lent) -> None: ...
    capability: _Lent
    """What is lent."""
    def __enter__(self) -> _Lent: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...
    def revoke(self) -> None:
        """Take it back now."""

def lend(capability: Any, process: Process, /, **narrowing: Unpack[_Lending]) -> Lease[Any]:
    """Lend a capability to a process, which cannot give it on: `with lend(…) as lease:`, and send the process `lease` in a message.

    Args:
        capability: What to lend.
        process: To whom.
        narrowing: As for `narrow`, but `delegate`: ``calls=10``.
    """

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
        """Whether the object is gone, so that a call with it would raise StaleHandle.

        Of an object that is borrowed only its zone knows. It is asked, which ends views as a call does.
        """
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
    """A reference to a microprocess. It can be sent in messages, compared, and be a key; it can't be made or pickled.

    Whoever has it may send to the process and monitor it; with control (`spawn` returns such a one) also link to it and end it.
    """

    @property
    def control(self) -> bool:
        """Whether this reference allows to link to the process and to end it."""
    def send_only(self) -> Process:
        """Return a reference to the same process without control. Both are equal."""

    @property
    def number(self) -> int:
        """Its number in the application."""
    def send(self, message: object, /) -> None:
        """Send a message, without waiting for anybody.

        It arrives behind everything that this process has sent there before; to a process that has ended it is lost.

        Raises:
            TypeError: It can't be sent; the text says where in it what is.
            ValueError: It is too long.
            MailboxFull: The receiver has enough of this process's messages waiting, or no room.
        """
    def kill(self) -> None:
        """End the process at once, whatever it does. It can't prevent that."""
    def exit(self, reason: object, /) -> None:
        """Send an exit signal.

        Args:
            reason: ``"normal"`` (which does nothing unless the process traps exits or is this one), ``"shutdown"``, ``"killed"``, a `Reason`,
                an exception, or any other value that can be sent.
        """
    def stop(self, reason: object = "shutdown", *, timeout: float | None = 5.0) -> Reason:
        """Ask the process to end, kill it if it has not ended in time, and return why it has ended. A link with it is undone first.

        Args:
            reason: What its exit signal says.
            timeout: How many seconds it has; None gives it all the time.
        """
    def link(self) -> None:
        """Link this process with that one: when one ends for any reason but "normal", the other does too."""
    def unlink(self) -> None:
        """Undo `link`. When this returns, the link does nothing any more."""
    def monitor(self) -> Reference:
        """Have a `Down` sent to this process when that one ends; return the reference that it will have."""
    def __hash__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class Reference:
    """Something that equals itself and nothing else, here and wherever it is sent. It can't be made or pickled."""

    def __hash__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class Reason:
    """Why a process has ended. It can be sent, and equals the word for its kind: ``down.reason == "killed"``."""

    __match_args__ = ("kind",)

    def __init__(
        self,
        kind: str,
        *,
        type: str | None = None,
        text: str | None = None,
        traceback: str | None = None,
        value: Any = None,
        status: int | None = None,
        signal: int | None = None,
    ) -> None: ...
    kind: Final[str]
    """"normal", "shutdown", "exit status", "exception", "data" (a value of the program's own), "killed", "memory limit", "CPU limit",
    "deadline", "crash", "broker" or "no process"."""
    type: Final[str | None]
    """The class of an exception, such as ``"ValueError"``."""
    text: Final[str | None]
    """The text of an exception, or what the broker says."""
    traceback: Final[str | None]
    """An exception's traceback as text."""
    value: Final[Any]
    """The program's own reason."""
    status: Final[int | None]
    """The exit status."""
    signal: Final[int | None]
    """The signal of a crash."""
    def __hash__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class Down:
    """A process that was monitored has ended. It comes after everything that the process had sent.

    Several monitors of one process hear of its end in the order in which they were made.
    """

    __match_args__ = ("process", "reason", "reference")

    def __init__(self, process: Process, reason: Reason, reference: Reference) -> None: ...
    process: Final[Process]
    """The process."""
    reason: Final[Reason]
    """Why it has ended."""
    reference: Final[Reference]
    """What `Process.monitor` has returned, or `spawn` was given."""

@final
class Exit:
    """An exit signal, in a process that traps exits."""

    __match_args__ = ("process", "reason")

    def __init__(self, process: Process, reason: Reason) -> None: ...
    process: Final[Process]
    """Who has sent it, or the linked process that has ended."""
    reason: Final[Reason]
    """Why."""

@final
class Call:
    """A request that somebody waits for an answer to. `reply` sends it."""

    __match_args__ = ("request", "sender", "reference")

    def __init__(self, request: Any, sender: Process, reference: Reference) -> None: ...
    request: Final[Any]
    """What is asked."""
    sender: Final[Process]
    """Who asks. In a `Call` that was received, it is the process that has sent it."""
    reference: Final[Reference]
    """How the sender knows the answer."""

_Priority = Literal["high", "normal", "low", "idle"]

class _Limits(TypedDict, total=False):
    memory: str | int | None
    cpu: float | None
    deadline: float | None
    children: int | None
    channels: int | None
    priority: _Priority | None
    nice: int | None

def spawn(
    function: Callable[..., object],
    /,
    *args: object,
    name: str | None = None,
    link: bool = False,
    monitor: bool | Reference = False,
    register: str | None = None,
    capabilities: Iterable[Any] | None = None,
    profile: str | None = None,
    memory: str | int | None = None,
    cpu: float | None = None,
    deadline: float | None = None,
    children: int | None = None,
    channels: int | None = None,
    priority: _Priority | None = None,
    nice: int | None = None,
) -> Process:
    """Start a process that calls ``function(*args)``, and return it at once.

    It shares nothing with this one: arguments are copied, and it holds no capability that it is not given.

    Args:
        function: A function or class that stands at the top of a module.
        args: What can be sent in a message.
        name: A name, for people.
        link: Link the two: when one ends for any reason but "normal", the other does too.
        monitor: Have a `Down` sent to this process when that one ends. True, or a reference of `make_reference` that the `Down`
            is to carry: whoever wants to undo the monitor needs it.
        register: A name that it registers itself under before it calls the function. If that is taken, it ends with the error.
        capabilities: Capabilities of this process's, or their names.
        profile: A profile, ``[microprocess.NAME]`` of cloison.toml: the process gets its capabilities out of this process's, as far as it
            leaves them, and no more than its limits. What `capabilities` names is added; a name that the profile has, too, adds nothing.
        memory: How much memory it may use, such as ``"64 MiB"``; no more than this process may. The interpreter takes 30 MiB of it.
        cpu: How many seconds of processor time; no more than this process may.
        deadline: How many seconds it may run, from now on; then it is ended. No longer than this process may.
        children: How many living children it may have; 0 forbids it to spawn. No more than this process may.
        channels: How many capabilities it may have called; no more than this process may.
        priority: ``"high"``, ``"normal"``, ``"low"`` or ``"idle"``: who comes first when processors are scarce. None is this
            process's own, and a child of a low or idle process is no higher than that.
        nice: The same as a number, 0 to 19: how far it stands back.

    Raises:
        TypeError: The function has no name that another process could find, or an argument can't be sent.
        SpawnError: There are as many processes as there may be, or a capability, one of the profile's too, is not this process's to give.
        RuntimeError: The program's top level starts it, and would in each child: ``if __name__ == "__main__":`` is missing.

    Example:
        >>> def work(to, number):
        ...     to.send(number * 2)
        >>> spawn(work, cloison.self(), 21)
        <Process 2>
        >>> receive()
        42
    """

def self(*, control: bool = False) -> Process:
    """Return this process, to be sent to and monitored by whoever gets it.

    Args:
        control: Whoever gets it may also link to this process and end it.
    """

def parent() -> Process | None:
    """Return the process that has spawned this one, to be sent to and monitored; None in the program itself."""

def send(process: Process | str, message: object) -> None:
    """Send a message: ``process.send(message)``, where ``process`` may be a registered name too.

    Raises:
        Error: Nobody is registered by that name.
    """

@overload
def receive(match: None = None, /, *, timeout: float | None = None) -> Any: ...
@overload
def receive(match: type[_Kind], /, *, timeout: float | None = None) -> _Kind: ...
@overload
def receive(match: tuple[type, ...] | Callable[[Any], object], /, *, timeout: float | None = None) -> Any:
    """Return the next message, or the first that matches; what does not match stays where it is.

    Args:
        match: A type, a tuple of types, or a function of a message; None takes any.
        timeout: How many seconds to wait at most; None waits for ever, 0 does not wait.

    Raises:
        TimeoutError: Nothing has come in time.
        MessageError: A message can't be read here: it has an object of a class that is not declared. Or it is a `Call` in another
            process's name, or a `Down` or `Exit` that a process has made. It is gone.
        TypeError: `match` is none of these.
    """

def call(process: Process | str, request: object, *, timeout: float | None = 5.0) -> Any:
    """Send a request and return the answer, however much else is in the mailbox.

    Raises:
        TimeoutError: No answer has come in time.
        ProcessDown: The process has ended.
        Exception: What the process has answered with, if its handler has failed.
    """

def reply(call: Call, value: object) -> None:
    """Answer a `Call`."""

def reply_error(call: Call, error: BaseException) -> None:
    """Answer a `Call` with an exception, which is raised there: of the same class if that is declared with `message`."""

def link(process: Process | str) -> None:
    """Link this process with that one. As ``process.link()``."""

def unlink(process: Process | str) -> None:
    """Undo `link`. When this returns, the link does nothing any more; an `Exit` that had come before is in the mailbox."""

def monitor(process: Process | str) -> Reference:
    """Have a `Down` sent to this process when that one, which may be named, ends; return its reference."""

def demonitor(reference: Reference) -> None:
    """Undo `monitor`. No `Down` of it comes afterwards; one that is in the mailbox is gone too."""

def trap_exits(trap: bool = True) -> None:
    """Get exit signals as `Exit` messages from now on, instead of ending by them."""

def exit(reason: object = "normal") -> NoReturn:
    """End this process with that reason.

    Args:
        reason: ``"normal"``, ``"shutdown"``, a `Reason`, or any other value that can be sent.
    """

def stop(process: Process, reason: object = "shutdown", *, timeout: float | None = 5.0) -> Reason:
    """Ask a process to end, kill it if it has not ended in time, and return the `Reason` of its end.

    A link of this process with it is undone first: its end is what is wanted.

    Args:
        process: The process.
        reason: What its exit signal says.
        timeout: How many seconds it has; None gives it all the time.
    """

def register(name: str) -> None:
    """Let others find this process by a name, for as long as it lives.

    Raises:
        Error: Somebody has it already, or this process has as many names as there may be.
        ValueError: It has no character, or more than 255 bytes.
    """

def unregister(name: str) -> None:
    """Give a name up."""

def whereis(name: str, *, timeout: float | None = 0) -> Process | None:
    """Return the process of that name, to be sent to and monitored, or None.

    Args:
        name: The name.
        timeout: For how many seconds to look again while nobody has the name; None looks for ever.
    """

def make_reference() -> Reference:
    """Return a `Reference` that nobody else has."""

@final
class ServiceFunction:
    """One function of a service, which another process answers: an attribute of the service's capability.

    Arguments and result travel as in a message.

    Raises:
        CapabilityDenied: The capability does not allow the function.
        DeadlineExceeded: No answer has come in 5 seconds, or as `within` says.
        QuotaExceeded: What the capability counts is used up.
        Revoked: The capability is not alive any more, or the service has ended.
        TypeError: An argument is not what the function's annotations say, or cannot be sent.
        Exception: What the function has raised.
    """

    __name__: str
    __qualname__: str
    def __call__(self, /, *args: Any, **kwargs: Any) -> Any: ...
    def within(self, seconds: float | None, /) -> ServiceFunction:
        """Return the same function, whose answers are waited for so long; None waits for ever.

        Example:
            >>> reports.monthly.within(60)(2026, 11)
        """
    def __reduce__(self) -> NoReturn: ...

def service(cls: _Class, /) -> _Class:
    """Mark a class as a service: others may call its public methods, once an object of it is offered.

    Those are functions in the class itself, or in a class that it is derived from and that is a service, whose names begin with no
    underscore. What overrides a method of a class that is no service is not among them.

    Arguments are looked at by the annotations of parameters that are builtin types (int, float, str, bytes, bool, list, dict, tuple, None)
    or unions of them: others raise `TypeError` at the caller, and so does a result that is not as annotated. Of ``list[int]`` is seen that it is a
    list; other annotations are not looked at. Parameters that are an int, float, bool, str or bytes can be bounded: ``narrow(where=…)``.

    Raises:
        TypeError: A method is a coroutine or a generator, or has a name that every capability has, such as ``narrow``.

    Example:
        >>> @cloison.service
        ... class Counter:
        ...     def __init__(self):
        ...         self.count = 0
        ...
        ...     def add(self, by: int) -> int:
        ...         self.count += by
        ...         return self.count
        >>> counter = cloison.offer(Counter())
        >>> worker.send(counter.narrow(where={"add": "by <= 10"}, calls=100))
        >>> cloison.serve()
    """

def offer(service: object, /, *, name: str | None = None) -> Any:
    """Make a capability of a service that this process serves, by `serve` or as a `Server`, and return it.

    It ends when it is revoked, or with this process.

    Args:
        service: An object of a class with `service`.
        name: What the capability is called; the name of the class if absent.

    Raises:
        CapabilityDenied: This process offers as many services as it may.
        TypeError: It is no such object.
        ValueError: It cannot be called so: cloison.toml has a capability of that name, or it is none in ASCII.
    """

def serve(until: type[Any] | tuple[Any, ...] | Callable[[Any], object] | None = None) -> Any:
    """Answer calls of what this process offers, one after the other.

    An exception that a function raises is its caller's. `Server.stop` ends it, and with it the process.

    Args:
        until: A type, a tuple of types or a function of a message: the first other message that matches ends it. What does not match stays in
            the mailbox. None serves for ever.

    Returns:
        The message that has ended it.
    """

class Server:
    """A process that keeps a state and handles one message after the other. Subclasses say how.

    ``__init__`` runs in the new process, and `start` waits for it. An exception that a handler does not catch ends the server,
    with the exception as its reason: whoever waits for an answer gets `ProcessDown`, and a supervisor may start the server anew.
    To refuse a request and go on, answer with `reply_error` and return `LATER`. `exit` in a handler ends the server with that reason.

    A server that traps exits (`trap_exits` in ``__init__``) ends in order, by way of `terminate`, when its parent ends or sends
    it an exit signal; others are `Exit` messages for `handle_info`. One that does not is ended by the signal itself.
    """

    LATER: Final[Any]
    """What `handle_call` returns when the value that it returns is not to be the answer: ``reply(sender, value)`` or
    ``reply_error(sender, error)`` has sent one, or will."""
    timeout: float | None
    """How many seconds without a message pass until `handle_timeout` is called; None for no such call."""

    def handle_call(self, request: Any, sender: Call) -> Any:
        """Return the answer to a request that somebody waits for, or `LATER`."""
    def handle_cast(self, request: Any) -> None:
        """Handle a request that nobody waits for an answer to."""
    def handle_info(self, message: Any) -> None:
        """Handle any other message: `Down` and `Exit` among others, and a `MessageError` in place of what can't be read here."""
    def handle_timeout(self) -> None:
        """Do what is to be done when no message has come for `timeout` seconds."""
    def terminate(self, reason: Reason) -> None:
        """Clean up before the server ends by itself, for that `Reason`. It is not called when it is killed."""
    @classmethod
    def start(
        cls,
        /,
        *args: object,
        timeout: float | None = None,
        name: str | None = None,
        link: bool = False,
        register: str | None = None,
        capabilities: Iterable[Any] | None = None,
        profile: str | None = None,
        **limits: Unpack[_Limits],
    ) -> Process:
        """Start a server, wait until its ``__init__`` has returned, and return its process.

        Args:
            args: The arguments of ``__init__``: what can be sent in a message.
            timeout: How many seconds that may take. Then the process is killed.
            name: A name, for people.
            link: Link it with this process, which an exception in ``__init__`` does not end.
            register: A name that it registers itself under before ``__init__``.
            capabilities: As for `spawn`, and so are profile and limits.

        Raises:
            Exception: What ``__init__`` has raised; an `Error` if the name is taken.
            ProcessDown: The process has ended in ``__init__`` for another reason.
            TimeoutError: ``__init__`` has taken too long.
        """
    @staticmethod
    def stop(process: Process, reason: object = "normal", *, timeout: float | None = None) -> Reason:
        """Have a server end in order, whether it traps exits or not: `terminate` is called. Return the `Reason` of its end.

        A link of this process with it is undone first.

        Raises:
            TimeoutError: It has not ended in time. It may do so later.
        """

def cast(process: Process | str, request: object) -> None:
    """Send a request to a server without waiting for an answer.

    Args:
        process: The server, or its registered name.
        request: What its `handle_cast` gets.
    """

@final
class Child:
    """How to start a child of a supervisor, and what to do about its end. It is data, and can be sent in messages."""

    def __init__(
        self,
        target: Callable[..., object] | Supervisor,
        /,
        *args: object,
        name: str | None = None,
        restart: Literal["permanent", "transient", "temporary"] = "permanent",
        shutdown: float | Literal["kill"] | None = ...,
        significant: bool = False,
        register: str | None = None,
        capabilities: Iterable[str] | None = None,
        profile: str | None = None,
        **limits: Unpack[_Limits],
    ) -> None:
        """Say it.

        Args:
            target: A function or class at the top of a module, to be run in a process; a subclass of `Server`, which counts as
                started when its ``__init__`` has returned; or a `Supervisor`.
            args: Its arguments.
            name: The child's name in its supervisor; None takes the function's, with a number behind it if that is taken.
            restart: ``"permanent"``: it is started anew whenever it ends. ``"transient"``: unless it ends with reason normal or
                shutdown. ``"temporary"``: never; its supervisor forgets it when it has ended.
            shutdown: How many seconds it has to end when it is asked to, before it is killed; None gives it all the time, which
                is the default of supervisors; 0 or ``"kill"`` kills it at once.
            significant: Its end may be the end of its supervisor, as `Supervisor` says under ``auto_shutdown``. It is not permanent.
            register: A name that it registers itself under whenever it is started, so that others find it by `whereis`.
            capabilities: Names of capabilities. Its supervisor has to hold them; `Supervisor.start` sees to that.
            profile: As for `spawn`. Its supervisor has to hold the profile's capabilities: name them in `Supervisor.start`.
            limits: ``memory``, ``cpu``, ``deadline``, ``children``, ``channels``, ``priority`` and ``nice``, as for `spawn`.
        """

@final
class ChildInfo:
    """What a supervisor says of a child."""

    name: Final[str]
    """Its name."""
    process: Final[Process | None]
    """The process, or None if there is none now."""
    restarting: Final[bool]
    """Whether it could not be started anew yet, and the supervisor goes on trying."""
    kind: Final[Literal["process", "server", "supervisor"]]
    """What it is."""
    restart: Final[Literal["permanent", "transient", "temporary"]]
    """As in its `Child`."""

@final
class Supervisor:
    """What a supervisor is to supervise. It is data, and can be a `Child` of another one.

    Children are started in order and ended in reverse order. When one has ended and is to be started anew, ``"one_for_one"``
    starts it alone; ``"one_for_all"`` ends all others and starts all; ``"rest_for_one"`` does so with those behind it. More than
    `max_restarts` of that within as many seconds as `within`, and the supervisor ends its children and itself, with
    reason "shutdown": so its own supervisor decides.

    With ``auto_shutdown="any_significant"`` it does the same when the first of its significant children has ended by itself and
    is not started anew; with ``"all_significant"`` when the last one has. What it ends itself does not count.

    Example:
        >>> Supervisor([Child(Store, name="store"), Child(listen, 80, restart="transient")], strategy="rest_for_one").run()
    """

    def __init__(
        self,
        children: Iterable[Child] = (),
        strategy: Literal["one_for_one", "one_for_all", "rest_for_one"] = "one_for_one",
        max_restarts: int = 3,
        within: float = 5.0,
        auto_shutdown: Literal["never", "any_significant", "all_significant"] = "never",
    ) -> None: ...
    children: Final[tuple[Child, ...]]
    strategy: Final[str]
    max_restarts: Final[int]
    within: Final[float]
    auto_shutdown: Final[str]
    def start(
        self,
        *,
        name: str | None = None,
        link: bool = False,
        register: str | None = None,
        timeout: float | None = None,
        capabilities: Iterable[str] | None = None,
        profile: str | None = None,
        **limits: Unpack[_Limits],
    ) -> RunningSupervisor:
        """Start a process that supervises, and return it when all children have been started.

        Args:
            name: A name, for people.
            link: End the supervisor when this process ends, in order, and this process when the supervisor ends by itself.
            register: A name that it registers itself under: ``RunningSupervisor("that name")`` is it, too.
            timeout: How many seconds the start may take.
            capabilities: Names of capabilities that later children, and profiles of children, need. Those that the first ones name are
                given anyway.
            profile: The supervisor's own, as for `spawn`. Children get no more than it leaves.
            limits: As for `Child`. Children get no more than that.

        Raises:
            StartError: A child could not be started. Those before it have been ended.
        """
    def run(self) -> None:
        """Supervise in this process, until it is told to stop; children know it as ``RunningSupervisor(parent())``.

        The process traps exits from now on, and its mailbox is the supervisor's: other messages are lost.

        Raises:
            StartError: A child could not be started. Those before it have been ended.
            ProcessExit: There were too many restarts, or this process's parent has ended.
        """

@final
class RunningSupervisor:
    """A supervisor that runs. It can be sent in messages."""

    def __init__(self, process: Process | str) -> None: ...
    process: Final[Process | str]
    """Its process, or its registered name."""
    def start_child(self, child: Child) -> Process:
        """Start another child, behind all others, and return its process.

        It is not in the plan that the supervisor begins with when it is started anew itself.

        Raises:
            StartError: It could not be started.
            Error: There is one of that name.
        """
    def terminate_child(self, child: str | Process) -> None:
        """End a child, named or by its process. It can be started anew by `restart_child`, unless it is temporary."""
    def restart_child(self, name: str) -> Process:
        """Start a child that does not run, and return its process.

        Raises:
            StartError: It could not be started.
            Error: It runs, or there is none of that name.
        """
    def delete_child(self, name: str) -> None:
        """Forget a child that does not run.

        Raises:
            Error: It runs, or there is none of that name.
        """
    def which_children(self) -> list[ChildInfo]:
        """Return a `ChildInfo` of each child, in the order in which they were started."""
    def count_children(self) -> dict[str, int]:
        """Return how many children there are: ``"specs"``, ``"active"``, ``"supervisors"`` and ``"workers"``."""
    def stop(self, reason: object = "shutdown", *, timeout: float | None = None) -> Reason:
        """End the children in reverse order, then the supervisor; return the `Reason` of its end. A link with it is undone first."""

@final
class Task:
    """A function that a `TaskGroup` runs in a process of its own."""

    process: Final[Process]
    """The process."""
    @property
    def done(self) -> bool:
        """Whether it has ended, as far as is known."""
    @property
    def result(self) -> Any:
        """What the function has returned. This waits for it.

        Raises:
            Exception: What the function has raised; a `RemoteError` stands for what can't be sent.
            ProcessDown: The process has ended otherwise.
        """

@final
class TaskGroup:
    """Run functions in processes of their own, and wait for all of them at the end of a ``with`` block.

    When a task fails, the others are killed, and the block ends with an `ExceptionGroup` of what has failed. When the block
    itself fails, all tasks are killed.

    Example:
        >>> with TaskGroup() as group:
        ...     tasks = [group.spawn(count_words, text) for text in texts]
        >>> sum(task.result for task in tasks)
    """

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None, /
    ) -> bool: ...
    def spawn(
        self,
        function: Callable[..., object],
        /,
        *args: object,
        name: str | None = None,
        capabilities: Iterable[Any] | None = None,
        profile: str | None = None,
        **limits: Unpack[_Limits],
    ) -> Task:
        """Start a task: a process that calls ``function(*args)``. Options and errors are those of `cloison.spawn`.

        Raises:
            RuntimeError: The group has ended, or has not been entered.
        """

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

class ZoneReplaced(StaleHandle):
    """Something of a zone in whose place another one has come: a handle, a buffer or a batch, or a call that did not end in time.

    What is called next goes to the new zone.
    """

class MessageError(Error):
    """Bytes that are no message, or a message that this process can't read: it has not declared a class that is in it."""

class MessageTooLarge(MessageError, MemoryError):
    """A message that takes more memory, once it is read, than is left here."""

class RemoteError(Error):
    """An exception that came in a message and is of a class that is not declared here."""

    def __init__(self, type_name: str, text: str) -> None: ...
    type_name: Final[str]
    """The class's name, with its module, such as ``json.decoder.JSONDecodeError``."""
    text: Final[str]
    """What ``str()`` of it was."""

class SpawnError(Error):
    """A process that could not be started: there are as many as there may be, or it was to get what its parent has not got."""

class StartError(Error):
    """A child of a supervisor that could not be started."""

    child: Final[str | None]
    """Its name."""

class MailboxFull(Error):
    """What this process has sent to that one fills its share of the mailbox, or the mailbox is full. Nothing was sent."""

    process: Final[Process | None]
    """The receiver."""
    lost: Final[int]
    """How many messages before this one did not arrive; 0 unless many processes have sent at once."""

class ProcessDown(Error):
    """The process that was called has ended without an answer."""

    process: Final[Process | None]
    """The process."""
    reason: Final[Reason | None]
    """Why it has ended."""

class ProcessExit(BaseException):
    """What `exit` raises in the process that is to end. Uncaught, it ends the process with its reason, and nothing is printed."""

    def __init__(self, reason: object = "normal") -> None: ...
    reason: Final[Any]
    """The reason."""
