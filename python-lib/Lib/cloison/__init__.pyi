"""Capabilities: C libraries that live in zones of their own, called from a microprocess."""

from typing import Any, Final, NoReturn, final

__all__ = [
    "Capability",
    "CapabilityDenied",
    "DeadlineExceeded",
    "Error",
    "Function",
    "HostDenied",
    "NativeError",
    "QuotaExceeded",
    "Revoked",
    "StaleHandle",
    "ZoneCrashed",
    "ZoneUnavailable",
    "capability",
]

@final
class Function:
    """One function of a capability.

    Its arguments, results and limits are those of its manifest: see the function's ``__doc__`` and ``inspect.signature``.
    Arguments are checked before anything reaches the library.

    Raises:
        TypeError, ValueError, OverflowError: An argument does not fit; the message names function and parameter.
        CapabilityDenied: The function, or these arguments, are not granted.
        NativeError: The library reported an error.
        ZoneCrashed: The library's process ended. The next call starts a new one.
        DeadlineExceeded: The call took too long.
        QuotaExceeded: The grant's rate or number of calls is used up.
        Revoked: The grant has been taken away.
    """

    __name__: str
    __qualname__: str
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Capability:
    """What cloison.toml grants under one name: its functions are attributes.

    ``dir()`` lists the functions that may be called. A function that exists but is not granted can be looked up;
    calling it raises `CapabilityDenied` with the line that would change it.
    """

    def __getattr__(self, name: str) -> Function: ...
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
    """A call took too long, and its zone was ended. The next call starts a new one."""

    function: Final[str | None]
    """The function's name."""
    deadline: Final[float | None]
    """How long it may take, in seconds."""

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
