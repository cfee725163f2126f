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
    MessageTooLarge,
    NativeError,
    ProcessDown,
    ProcessExit,
    QuotaExceeded,
    RemoteError,
    Revoked,
    SpawnError,
    StaleHandle,
    StartError,
    ZoneCrashed,
    ZoneReplaced,
    ZoneUnavailable,
)
from cloison._messages import message
from cloison._processes import (
    Call,
    call,
    demonitor,
    Down,
    Exit,
    exit,
    link,
    make_reference,
    monitor,
    parent,
    Reason,
    receive,
    register,
    reply,
    reply_error,
    self,
    send,
    spawn,
    stop,
    trap_exits,
    unlink,
    unregister,
    whereis,
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


def __getattr__(name):
    # Each of them is imported by the first program that uses it: they take modules that most programs do without.
    if name in __all__:
        import importlib

        for module in ("_capabilities", "_server", "_services", "_supervisor", "_tasks"):
            public = importlib.import_module(f"cloison.{module}")
            globals().update((each, getattr(public, each)) for each in public.__all__)
        return globals()[name]
    raise AttributeError(f"module 'cloison' has no attribute {name!r}", name=name)
