"""Every right and every narrowing of the table, as Python says it: what is given up is refused, for good, whatever a program tries."""

import copy
import pickle
import time

import cloison
import _cloison
from table import ATTEMPTS, NARROWINGS

# How each refusal is raised.
RAISED = {
    "Bound": "CapabilityDenied",
    "Callable": "CapabilityDenied",
    "End": "Revoked",
    "Function": "CapabilityDenied",
    "Quota": "QuotaExceeded",
}

# Everything that `narrow` can be told, as wide as it can be said.
WIDE = {
    "where": {function: "1 == 1" for function, _ in ATTEMPTS},
    "calls": (1 << 63) - 1,
    "bytes": 1 << 40,
    "rate": "1000000/s",
    "cpu": 86400,
    "expires": 86400,
    "delegate": True,
    "callbacks": True,
}


def outcome(call, *arguments):
    """Return None for a call that is made, else the name of what it raises."""
    try:
        call(*arguments)
    except cloison.Error as error:
        return type(error).__name__
    return None


def expected(refused, once):
    """Return how each attempt has to end: where one call uses it up, the others are refused."""
    ends = [RAISED[how] if how else None for how in refused]
    return [ends[0], *["QuotaExceeded"] * (len(ends) - 1)] if once else ends


def outcomes(capability):
    return [outcome(getattr(capability, function), *arguments) for function, arguments in ATTEMPTS]


def is_over(refused):
    """Whether a narrowing leaves a capability that has ended: then there is nothing to narrow or to give, either."""
    return "End" in refused


def narrowed(bounds, said, refused):
    """Return what is left. What is over at once is over when the broker's clock says so, which is a coarse one."""
    capability = bounds.narrow(**said)
    while is_over(refused) and outcome(capability.narrow) is None:
        time.sleep(0.001)
    return capability


def wider(capability, kept):
    """Return what is left after everything was asked for again."""
    try:
        capability.narrow(functions=sorted({function for function, _ in ATTEMPTS}))
    except ValueError as error:
        assert "allows no function" in str(error), error
    else:
        assert kept is None, "functions came back"
    # A bound of a function that is not left has nothing to hold for.
    where = {function: bound for function, bound in WIDE["where"].items() if kept is None or function in kept}
    return capability.narrow(**{**WIDE, "where": where})


def each_right_is_allowed(bounds):
    assert outcomes(bounds) == [None] * len(ATTEMPTS), outcomes(bounds)


def each_narrowing_refuses_what_it_gives_up_and_nothing_else(bounds):
    for said, refused, once in NARROWINGS:
        told = outcomes(narrowed(bounds, said, refused))
        assert told == expected(refused, once), (said, told)


def nothing_brings_it_back(bounds):
    for said, refused, once in NARROWINGS:
        if is_over(refused):
            assert outcome(narrowed(bounds, said, refused).narrow) == "Revoked", said
            continue
        again = wider(bounds.narrow(**said), said.get("functions"))
        told = outcomes(again)
        assert told == expected(refused, once), (said, told)
        assert again.describe().delegate == said.get("delegate", True)
        assert again.describe().callbacks == said.get("callbacks", True)


def in_another_process(capability, index):
    """What was given up is not to be had by objects either, in a process that holds nothing else."""
    said, refused, once = NARROWINGS[index]
    tried = 0
    for number, (function, arguments) in enumerate(ATTEMPTS):
        if refused[number] is None:
            continue
        for way in WAYS:
            told = outcome(way, capability, function, arguments)
            assert told == RAISED[refused[number]], (said, function, way.__name__, told)
            tried += 1
    for copied in (copy.copy, copy.deepcopy, pickle.dumps, lambda one: type(one)(), lambda one: object.__new__(type(one))):
        try:
            other = copied(capability)
        except (TypeError, cloison.Error):
            continue
        assert other is capability, (copied, other)
    # Whatever is written over what it says, and over what says no, it allows what it did.
    info = capability.describe()
    for name, value in (("functions", tuple(f for f, _ in ATTEMPTS)), ("where", {}), ("calls", None), ("number", 1)):
        object.__setattr__(info, name, value)
    cloison.CapabilityDenied = cloison.QuotaExceeded = cloison.Revoked = KeyError
    for number, (function, arguments) in enumerate(ATTEMPTS):
        if refused[number] is not None:
            try:
                getattr(capability, function)(*arguments)
            except Exception as error:
                assert type(error).__name__ == RAISED[refused[number]], error
            else:
                raise AssertionError((said, function))
    cloison.parent().send(tried)


def by_name(capability, function, arguments):
    getattr(cloison.capability("bounds"), function)(*arguments)


def by_its_class(capability, function, arguments):
    type(capability).__getattribute__(capability, function)(*arguments)


def by_object(capability, function, arguments):
    object.__getattribute__(capability, function)(*arguments)


def by_a_batch(capability, function, arguments):
    # A batch takes no callable, granted or not.
    if any(callable(one) for one in arguments):
        return getattr(capability, function)(*arguments)
    with capability.batch() as batch:
        pending = getattr(batch, function)(*arguments)
    return pending.value


def by_the_native_module(capability, function, arguments):
    again = _cloison.narrow(
        capability,
        functions=None,
        bounds=[],
        rate=None,
        calls=None,
        bytes=None,
        cpu_ms=None,
        expires_ms=None,
        delegate=True,
        callbacks=True,
        lease=False,
    )
    getattr(again, function)(*arguments)


WAYS = (by_name, by_its_class, by_object, by_a_batch, by_the_native_module)


def no_object_gets_around_it(bounds):
    for index, (said, refused, once) in enumerate(NARROWINGS):
        if not any(refused):
            continue
        if is_over(refused):
            over = narrowed(bounds, said, refused)
            assert outcome(cloison.spawn, in_another_process, over, index) is not None, said
            continue
        cloison.spawn(in_another_process, bounds.narrow(**said), index, capabilities=[bounds.narrow(**said)], monitor=True)
        told = cloison.receive(timeout=60)
        assert told == len(WAYS) * sum(how is not None for how in refused), (said, told)
        assert cloison.receive(cloison.Down, timeout=60).reason == "normal"


def who_may_not_give_it_on_cannot(bounds):
    for said, refused, _ in NARROWINGS:
        if is_over(refused):
            continue
        process = cloison.spawn(holds, bounds.narrow(**said), monitor=True)
        told = cloison.receive(timeout=60)
        denied = ["CapabilityDenied", "CapabilityDenied", "SpawnError"]
        assert told == (denied if said.get("delegate") is False else [None] * 3), (said, told)
        assert cloison.receive(cloison.Down, timeout=60).reason == "normal", process


def holds(capability):
    to = cloison.self()
    below = capability.narrow()
    ways = (lambda: to.send(capability), lambda: to.send([below]), lambda: cloison.spawn(holds_nothing, below))
    cloison.parent().send([outcome(way) for way in ways])


def holds_nothing(capability):
    pass


if __name__ == "__main__":
    bounds = cloison.capability("bounds")
    for test in (
        each_right_is_allowed,
        each_narrowing_refuses_what_it_gives_up_and_nothing_else,
        nothing_brings_it_back,
        no_object_gets_around_it,
        who_may_not_give_it_on_cannot,
    ):
        test(bounds)
    print("all of", len(NARROWINGS))
