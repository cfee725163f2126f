# For tests/tests/processes.rs: what is told of an exception that has ended a process, whatever the exception does when it is asked;
# and that the exception itself is as it was.
import sys

from cloison import Down, receive, spawn

CALLS = 1500


class HasNoTruth(Exception):
    def __bool__(self):
        raise RuntimeError("neither true nor false")


class SaysNothing(Exception):
    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


class Hides(Exception):
    def __getattribute__(self, name):
        raise SystemExit(f"no {name}")


class Lies(Exception):
    __cause__ = __context__ = __traceback__ = property(lambda self: 5)


def has_a_cause():
    raise ValueError("the effect") from HasNoTruth("the cause")


def has_a_context():
    try:
        raise HasNoTruth("the first")
    except HasNoTruth:
        raise ValueError("the second")


def has_both():
    try:
        raise LookupError("the first")
    except LookupError:
        raise HasNoTruth("the second") from ValueError("the cause")


def is_a_group():
    raise ExceptionGroup("several", [HasNoTruth("one"), ExceptionGroup("more", [KeyError("two")])])


def says_nothing():
    raise SaysNothing


def hides():
    raise Hides("its text")


def lies():
    raise Lies("its text")


def calls(number):
    if number:
        calls(number - 1)
    raise HasNoTruth("far away")


def is_far_away():
    sys.setrecursionlimit(2 * CALLS)
    calls(CALLS)


def length(trace):
    calls = 0
    while trace is not None:
        calls, trace = calls + 1, trace.tb_next
    return calls


TOLD = {
    has_a_cause: ("HasNoTruth: the cause", "direct cause", "ValueError: the effect"),
    has_a_context: ("HasNoTruth: the first", "During handling", "ValueError: the second"),
    has_both: ("ValueError: the cause", "direct cause", "HasNoTruth: the second"),
    is_a_group: ("several (2 sub-exceptions)", "HasNoTruth: one", "KeyError: 'two'"),
    says_nothing: ("in says_nothing", "SaysNothing"),
    hides: ("in hides", "Hides"),
    lies: ("in lies", "Lies: its text"),
    is_far_away: ("in calls", "HasNoTruth: far away"),
}


def main():
    for function, parts in TOLD.items():
        spawn(function, monitor=True)
        reason = receive(Down, timeout=300).reason
        print(function.__name__, reason.kind, reason.type, [part for part in parts if part not in reason.traceback])
    # Shown, and gone on with.
    sys.setrecursionlimit(2 * CALLS)
    try:
        calls(CALLS)
    except HasNoTruth as error:
        alone = error
    within = ExceptionGroup("a group", [alone])
    before = length(alone.__traceback__)
    for error in alone, within:
        sys.excepthook(type(error), error, error.__traceback__)
        print(before > CALLS, length(alone.__traceback__) == before)


if __name__ == "__main__":
    main()
