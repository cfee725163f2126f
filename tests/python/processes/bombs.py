# For tests/tests/processes.rs, and for benches/spawn/bombs.py: each of these uses up its memory (or what else it is given), and a neighbour goes on answering.
import sys
import time

import cloison
from cloison import Call, Down, receive, spawn

MEMORY = "64 MiB"


def grows_a_list():
    items = []
    while True:
        items.append(bytes(4096))


def doubles_a_string():
    text = "x"
    while True:
        text += text


def grows_a_dict():
    items = {}
    while True:
        items[len(items)] = str(len(items))


def grows_an_integer():
    number = 3
    while True:
        number *= number


def asks_for_all_at_once():
    bytearray(1 << 40)


def recurses(depth=0):
    return recurses(depth + 1)


def recurses_without_a_limit():
    sys.setrecursionlimit(10**9)
    recurses()


def recurses_through_a_builtin():
    class Odd:
        def __repr__(self):
            return repr([self])

    repr(Odd())


def nests_in_the_parser():
    eval("(" * 1_000_000 + ")" * 1_000_000)


def nests_operators_in_the_parser():
    eval("-" * 1_000_000 + "1")


def nests_blocks_in_the_parser():
    compile("".join(" " * depth + "if 1:\n" for depth in range(2000)), "bomb", "exec")


def catches_and_goes_on():
    items = []
    while True:
        try:
            items.append(bytes(1 << 20))
        except MemoryError:
            pass


def keeps_what_it_receives():
    kept = []
    while True:
        kept.append(receive())


def answers():
    while True:
        match receive():
            case Call() as call:
                cloison.reply(call, call.request)


def flooded():
    time.sleep(1000)


def feeds(keeper):
    while True:
        try:
            keeper.send(b"x" * 60_000)
        except cloison.MailboxFull:
            time.sleep(0.001)


def floods(victim):
    while True:
        victim.send(b"x" * 60_000)


# Those that need nobody else.
BOMBS = (
    grows_a_list,
    doubles_a_string,
    grows_a_dict,
    grows_an_integer,
    asks_for_all_at_once,
    nests_operators_in_the_parser,
    nests_blocks_in_the_parser,
    nests_in_the_parser,
    recurses,
    recurses_without_a_limit,
    recurses_through_a_builtin,
)


def worst_answer(neighbour, seconds):
    until = time.monotonic() + seconds
    worst = 0
    while time.monotonic() < until:
        begun = time.monotonic()
        cloison.call(neighbour, 1)
        worst = max(worst, time.monotonic() - begun)
        time.sleep(0.005)
    return worst


def outcome(reason):
    """Out of memory is either: an exception that the bomb did not catch, or the end of the process."""
    if reason == "memory limit" or reason.type in ("MemoryError", "cloison.MessageTooLarge"):
        return "out of memory"
    return reason.type or reason.kind


def main():
    neighbour, worst = spawn(answers), 0

    def end_of(process):
        nonlocal worst
        until = time.monotonic() + 300
        while time.monotonic() < until:
            worst = max(worst, worst_answer(neighbour, 0.05))
            try:
                return outcome(receive(Down, timeout=0).reason)
            except TimeoutError:
                pass
        process.kill()
        receive(Down)
        return "it had to be ended"

    for bomb in BOMBS:
        print(bomb.__name__, "->", end_of(spawn(bomb, memory=MEMORY, cpu=30, monitor=True)), flush=True)
    # Who floods is told; the one that sleeps over it has no more in its mailbox than it may.
    victim = spawn(flooded, memory=MEMORY)
    print("floods ->", end_of(spawn(floods, victim, memory=MEMORY, monitor=True)))
    # Who keeps what it gets uses up its own memory.
    keeper = spawn(keeps_what_it_receives, memory=MEMORY, monitor=True)
    feeder = spawn(feeds, keeper)
    print("keeps_what_it_receives ->", end_of(keeper))
    feeder.kill()
    # Who catches it goes on, within its memory, until its time is over.
    print("catches_and_goes_on ->", end_of(spawn(catches_and_goes_on, memory=MEMORY, cpu=1, monitor=True)))
    print("the neighbour answers", cloison.call(neighbour, "still"))
    print(f"{worst * 1000:.0f} ms at most", file=sys.stderr)


if __name__ == "__main__":
    main()
