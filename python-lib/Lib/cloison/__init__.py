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
    MailboxFull,
    MessageError,
    NativeError,
    ProcessDown,
    ProcessExit,
    QuotaExceeded,
    RemoteError,
    Revoked,
    SpawnError,
    StaleHandle,
    ZoneCrashed,
    ZoneUnavailable,
)
from cloison._messages import message


__all__ = [
    "Batch",
    "BatchFunction",
    "Call",
    "Capability",
    "CapabilityDenied",
    "DeadlineExceeded",
    "Down",
    "Error",
    "Exit",
    "Function",
    "Handle",
    "HostDenied",
    "MailboxFull",
    "MessageError",
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
    "SpawnError",
    "StaleHandle",
    "View",
    "ZoneCrashed",
    "ZoneUnavailable",
    "batch",
    "call",
    "capability",
    "demonitor",
    "exit",
    "link",
    "make_reference",
    "message",
    "monitor",
    "parent",
    "receive",
    "register",
    "reply",
    "reply_error",
    "self",
    "send",
    "spawn",
    "stop",
    "trap_exits",
    "unlink",
    "unregister",
    "whereis",
]
