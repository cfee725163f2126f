"""Capabilities as objects with a life: narrowed, passed on, taken back.

A capability is passed on like any other value, in a message or with `spawn(…, capabilities=[…])`. Whoever has narrowed one can take back what
has come of it, from everybody, in the middle of a call.
"""

import _cloison
from _cloison import Process

__all__ = ["CapabilityInfo", "Lease", "describe", "lend", "narrow", "revoke"]

#: What a process does that has taken back a service of its own: that of `_services`, where there are any.
forget_service = None

#: More seconds than that are for ever.
_FOR_EVER = 1 << 32


class CapabilityInfo:
    """What a capability allows.

    Attributes:
        name: The name of the capability of cloison.toml that it comes from.
        number: Its number in the application, for people: what ``cloison caps`` shows.
        functions: The names of the functions that may be called: a tuple.
        parameters: Of a service, what they take: a dict of tuples, by function. Each is a name, with the type that bounds may go by: ``"by: int"``.
        where: What must hold for their arguments: a dict of tuples, by function.
        rate: How many calls in how many seconds, or None.
        calls: How many calls altogether, or None.
        bytes: How many bytes of arguments and results altogether, or None.
        cpu: How many seconds of the processor time of the zone, or of the service, altogether, or None.
        expires: In how many seconds it ends, or None.
        delegate: Whether whoever was given it may give it on.
        callbacks: Whether callables may be passed.
        location: The line of cloison.toml that it comes from.
    """

    __slots__ = (
        "name",
        "number",
        "functions",
        "parameters",
        "where",
        "rate",
        "calls",
        "bytes",
        "cpu",
        "expires",
        "delegate",
        "callbacks",
        "location",
    )
    __match_args__ = ("name", "functions")

    def __init__(self, **said):
        where = {}
        for function, bound in said.pop("where"):
            where[function] = (*where.get(function, ()), bound)
        for name, value in said.items():
            object.__setattr__(self, name, dict(value) if name == "parameters" else value)
        object.__setattr__(self, "where", where)

    def __setattr__(self, name, value):
        raise AttributeError(f"what a capability allows cannot be set: narrow() makes another one (attribute {name!r})")

    def __delattr__(self, name):
        raise AttributeError(f"what a capability allows cannot be deleted (attribute {name!r})")

    def __repr__(self):
        """Return what it says, field by field."""
        said = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"CapabilityInfo({said})"


def _whole(what, number):
    if number is not None and (type(number) is not int or not 0 <= number < 1 << 63):
        raise ValueError(f"{what}: a number from 0 is wanted, not {number!r}")
    return number


def _milliseconds(what, seconds):
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"{what}: a number of seconds is wanted, not {seconds!r}")
    if not seconds >= 0:
        raise ValueError(f"{what}: a number of seconds from 0 is wanted, not {seconds!r}")
    return -int(-seconds * 1000 // 1) if seconds < _FOR_EVER else None


def _bounds(where):
    if not hasattr(where, "items"):
        raise TypeError(f'where is a dict of bounds by function, such as {{"compress2": "sourceLen <= 1 MiB"}}, not {where!r}')
    bounds = []
    for function, said in where.items():
        bounds.extend((function, bound) for bound in ([said] if isinstance(said, str) else said))
    return bounds


def _size(size):
    from cloison._processes import _bytes

    return _whole("bytes", _bytes(size))


def narrow(
    capability,
    /,
    *,
    functions=None,
    where=None,
    calls=None,
    bytes=None,
    rate=None,
    cpu=None,
    expires=None,
    delegate=True,
    callbacks=True,
    _lease=False,
):
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
    """
    if isinstance(functions, str):
        raise TypeError(f"functions is a list: [{functions!r}]")
    return _cloison.narrow(
        capability,
        functions=None if functions is None else list(functions),
        bounds=_bounds(where or {}),
        rate=rate,
        calls=_whole("calls", calls),
        bytes=_size(bytes),
        cpu_ms=_milliseconds("cpu", cpu),
        expires_ms=_milliseconds("expires", expires),
        delegate=bool(delegate),
        callbacks=bool(callbacks),
        lease=_lease,
    )


def revoke(capability, /):
    """Take a capability back, from all who hold it, with everything that was narrowed from it. Calls that run end with `Revoked`.

    Raises:
        CapabilityDenied: Another process has narrowed it, or nobody has.
    """
    _cloison.revoke(capability)
    if forget_service is not None:
        forget_service(capability)


def describe(capability, /):
    """Return what a capability allows: a `CapabilityInfo`."""
    return CapabilityInfo(**_cloison.describe(capability))


class Lease:
    """A capability that is lent: `with zlib.lend(process, calls=100) as lease:`. It is revoked at the end of the block, or of this process.

    Attributes:
        capability: What is lent.
    """

    __slots__ = ("capability",)

    def __init__(self, capability):
        self.capability = capability

    def __enter__(self):
        return self.capability

    def __exit__(self, kind, error, traceback):
        self.revoke()

    def revoke(self):
        """Take it back now."""
        _cloison.revoke(self.capability)


def lend(capability, process, /, **narrowing):
    """Lend a capability to a process, which cannot give it on: `with lend(…) as lease:`, and send the process `lease` in a message.

    Args:
        capability: What to lend.
        process: To whom.
        narrowing: As for `narrow`, but `delegate`: ``calls=10``.
    """
    if "delegate" in narrowing:
        raise TypeError("lend() takes no `delegate`: what is lent cannot be given on")
    if not isinstance(process, Process):
        raise TypeError(f"a capability is lent to a process, not to {process!r}")
    lease = narrow(capability, delegate=False, _lease=True, **narrowing)
    try:
        _cloison.give(lease, process)
    except BaseException:
        _cloison.revoke(lease)
        raise
    return Lease(lease)
