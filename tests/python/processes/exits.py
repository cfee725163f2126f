# For tests/tests/processes.rs: reasons, monitors, links, exit signals, as Erlang has them where it has them.
import os
import sys
import time

import cloison
from cloison import Down, Exit, Reason, receive, spawn


def returns():
    return 5


def raises():
    raise ValueError("wrong")


def interrupts_itself():
    raise KeyboardInterrupt


def leaves(status):
    sys.exit(status)


def leaves_at_once():
    os._exit(3)


def says(reason):
    cloison.exit(reason)


def says_that_it_was_killed():
    cloison.exit(Reason("killed"))


def says_what_cannot_be_sent():
    cloison.exit(object())


def says_too_much():
    cloison.exit("x" * 10_000)


def cannot_catch_it_all():
    try:
        cloison.exit("done")
    except Exception:
        print("never")


def waits():
    receive()


def burns():
    while True:
        pass


def eats():
    memory = []
    while True:
        memory.append(str(len(memory)))


def sends_and_fails(to):
    for number in range(3000):
        to.send(number)
    raise LookupError("after all that")


def links(to, other):
    other.link()
    to.send("linked")
    receive()


def links_and_unlinks(to, other):
    other.link()
    other.link()
    other.unlink()
    to.send("unlinked")
    receive()


def traps(to, other):
    cloison.trap_exits()
    if other is not None:
        other.link()
    to.send("traps")
    while True:
        match receive():
            case Exit(process=process, reason=reason):
                to.send(("trapped", process == other, reason))


def traps_no_more(to):
    cloison.trap_exits()
    cloison.trap_exits(False)
    to.send("ready")
    receive()


def spawns_a_linked_one(to):
    to.send(spawn(waits, link=True))
    receive()


def ending(function, *arguments, **options):
    process = spawn(function, *arguments, monitor=True, **options)
    down = receive(Down, timeout=300)
    assert down.process == process
    return down.reason


def silence():
    try:
        return repr(receive(timeout=0.3))
    except TimeoutError:
        return "nothing"


def watched(function, *arguments):
    return spawn(function, *arguments, monitor=True)


def outcome(process, patience=300):
    """How one that is watched ends; or that it does not, in which case it is ended."""

    def is_its_end(message):
        return type(message) is Down and message.process == process

    try:
        return repr(receive(is_its_end, timeout=patience).reason)
    except TimeoutError:
        process.kill()
        receive(is_its_end, timeout=300)
        return "it lives"


def reasons():
    print(repr(ending(returns)))
    reason = ending(raises)
    print(repr(reason), "|", reason, "|", reason.traceback.splitlines()[0], reason.traceback.splitlines()[-1])
    print(reason == "exception", reason == Reason("exception"), reason == ending(raises), {reason: 1}[ending(raises)])
    for status in (0, None, 3, 256 + 4, True):
        print("sys.exit", status, repr(ending(leaves, status)))
    print("os._exit", repr(ending(leaves_at_once)))
    for reason in ("normal", "shutdown", "killed", ("own", 5), None, ValueError("given")):
        print("exit", repr(reason), repr(ending(says, reason)))
    print(repr(ending(says, Reason("shutdown"))), repr(ending(says, Reason("exception", type="T", text="t"))))
    print(repr(ending(says_that_it_was_killed)))
    print(repr(ending(says_what_cannot_be_sent)))
    print(ending(says_too_much))
    print(ending(cannot_catch_it_all))
    print(repr(ending(interrupts_itself)))
    print(repr(ending(burns, cpu=1)))
    reason = ending(eats, memory="64 MiB")
    print(reason == "memory limit" or reason.type == "MemoryError")
    process = spawn(waits, monitor=True)
    process.kill()
    print(repr(receive(Down, timeout=300).reason))
    # A reason is data.
    cloison.self().send(ending(raises))
    print(repr(receive()))


def monitors():
    me = cloison.self()
    process = spawn(waits)
    references = [process.monitor() for _ in range(3)]
    cloison.demonitor(references[1])
    process.send("end")
    downs = [receive(Down, timeout=300) for _ in range(2)]
    print(sorted(references.index(down.reference) for down in downs), silence())
    reference = process.monitor()
    down = receive(timeout=300)
    print("one that has ended:", repr(down.reason), down.reference == reference, down.process == process)
    for _ in range(50):
        # Its answer is under way while the monitor is undone.
        cloison.demonitor(process.monitor())
    print("undone:", silence())
    process = spawn(sends_and_fails, me, monitor=True)
    received = []
    while type(last := receive(timeout=300)) is int:
        received.append(last)
    print("everything first:", received == list(range(3000)), last.reason)
    process = spawn(waits)
    process.monitor()
    me.send("before")
    process.kill()
    print(type(receive(Down)).__name__, "over a message;", receive())
    print("myself:", me.monitor() is not None, silence())


def signals():
    for reason in ("normal", "shutdown", "killed", "kill", {"data": 1}, ValueError("v"), Reason("crash", signal=11)):
        process = watched(waits)
        process.exit(reason)
        print(repr(reason), "->", outcome(process, 0.3 if reason == "normal" else 300))
    me = cloison.self()
    trapping = watched(traps, me, None)
    receive(str, timeout=300)
    for reason in ("normal", "shutdown", "killed", {"data": 1}):
        trapping.exit(reason)
        print("trapped", repr(reason), receive(tuple, timeout=300)[1:])
    trapping.kill()
    print("a kill is not trapped:", outcome(trapping))
    process = watched(traps_no_more, me)
    receive(str, timeout=300)
    process.exit("shutdown")
    print("no longer trapping:", outcome(process))
    print("to one that has ended:", process.exit("shutdown"), process.kill())
    for wrong in (object(), "x" * 10_000, Reason("of no kind")):
        try:
            process.exit(wrong)
        except (TypeError, ValueError) as error:
            print(f"{type(error).__name__}: {error}".splitlines()[0])


def linked():
    me = cloison.self()
    for reason in ("normal", "shutdown", "killed", ("own", 5)):
        other = spawn(waits)
        process = watched(links, me, other)
        receive(str, timeout=300)
        if reason == "normal":
            other.send("end")
        else:
            other.exit(reason)
        print("one of two ends,", repr(reason), "->", outcome(process, 0.3 if reason == "normal" else 300))
    # Either way round.
    other = watched(waits)
    process = spawn(links, me, other)
    receive(str, timeout=300)
    process.kill()
    print("the one that has linked is killed ->", outcome(other))
    process = watched(links_and_unlinks, me, other := spawn(waits))
    receive(str, timeout=300)
    other.kill()
    print("unlinked ->", outcome(process, 0.3))
    parent = spawn(spawns_a_linked_one, me)
    child = receive(timeout=300)
    child.monitor()
    parent.kill()
    print("the child of one that is killed ->", outcome(child))
    # A chain of them.
    chain = [spawn(waits)]
    for _ in range(4):
        chain.append(spawn(links, me, chain[-1]))
        receive(str, timeout=300)
    for process in chain:
        process.monitor()
    chain[0].exit("falls")
    print("a chain ->", {repr(receive(Down, timeout=300).reason) for _ in chain})
    other = spawn(waits)
    other.kill()
    other.monitor()
    receive(Down, timeout=300)
    trapping = spawn(traps, me, other)
    receive(str, timeout=300)
    print("linked to one that has ended:", receive(tuple, timeout=300)[1:])
    trapping.kill()
    print("and without trapping ->", outcome(watched(links, me, other)))
    silence()  # it may have said that it has linked


def trapped_links():
    me = cloison.self()
    cloison.trap_exits()
    for function in (returns, raises):
        process = spawn(function, link=True)
        got = receive(timeout=300)
        print(got.process == process, got.reason)
    process = spawn(waits, link=True)
    process.unlink()
    process.kill()
    print("unlinked:", silence())
    me.link()
    me.exit("to myself")
    print(receive(timeout=300))
    both = spawn(waits, link=True, monitor=True)
    both.exit("shutdown")
    print(sorted(type(receive(timeout=300)).__name__ for _ in range(2)))
    stopped = spawn(waits)
    print("stop:", cloison.stop(stopped), "|", stopped.stop())
    stubborn = spawn(traps, me, None)
    receive(str, timeout=300)
    begun = time.monotonic()
    print("stop a stubborn one:", stubborn.stop("please", timeout=0.2), time.monotonic() - begun >= 0.2)
    receive(tuple, timeout=300)
    print("nothing is left:", silence())
    cloison.trap_exits(False)


def the_end():
    # The program ends with whom it is linked to.
    spawn(raises, link=True)
    receive(timeout=300)
    print("never")


if __name__ == "__main__":
    for part in (reasons, monitors, signals, linked, trapped_links, the_end):
        print("--", part.__name__.replace("_", " "), flush=True)
        part()
        sys.stdout.flush()
