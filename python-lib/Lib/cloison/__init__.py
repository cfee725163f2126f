"""Capabilities: C libraries that live in zones of their own, called from a microprocess.

    >>> import cloison
    >>> zlib = cloison.capability("zlib")    # what cloison.toml granted
    >>> zlib.crc32(0, b"hello")
    907060870

A call ends with a result or with one of the exceptions below, all of them `Error`; a crash of the library is one of them.
"""

from _cloison import (
    Batch,
    BatchFunction,
    Capability,
    Function,
    Handle,
    Pending,
    Process,
    Reference,
    RegisteredBuffer,
    View,
    batch,
    capability,
)
from cloison._errors import (
    CapabilityDenied,
    DeadlineExceeded,
    Error,
    HostDenied,
    MessageError,
    NativeError,
    QuotaExceeded,
    RemoteError,
    Revoked,
    StaleHandle,
    ZoneCrashed,
    ZoneUnavailable,
)
from cloison._messages import message

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
