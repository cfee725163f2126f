# For tests/tests/processes.rs: what was unlinked does nothing to whoever has unlinked it, however close the end was.
import time

import cloison
from cloison import Down, Exit, receive, spawn


def ends():
    receive()
    cloison.exit("its own end")


def passes(moment):
    end = time.perf_counter() + moment
    while time.perf_counter() < end:
        pass


def unlinks(to, moment):
    """Not trapping exits: if the signal comes first, this ends in `unlink`, and if not, it lives."""
    other = spawn(ends, link=True)
    other.send("end")
    passes(moment)
    other.unlink()
    to.send("unlinked")
    to.send(cloison.call("asker", "and later?", timeout=300))


def moments():
    """Longer and longer ones: the end comes long after the first, and long before the last."""
    moment = 20e-6
    while True:
        yield moment
        moment = min(moment * 1.05, 1.0)


def main():
    cloison.trap_exits()
    late = before = 0
    for moment in moments():
        process = spawn(ends, link=True, monitor=True)
        process.send("end")
        passes(moment)
        process.unlink()
        came = []
        try:
            while True:
                came.append(receive(timeout=0))
        except TimeoutError:
            pass
        before += any(type(message) is Exit for message in came)
        if not any(type(message) is Down for message in came):
            receive(Down, timeout=300)
        # Whatever the router has said of that end, it has said before it answers this.
        cloison.whereis("nobody")
        try:
            receive(Exit, timeout=0)
            late += 1
        except TimeoutError:
            pass
        if before == 10:
            break
    print("exits after unlink:", late)
    cloison.trap_exits(False)

    cloison.register("asker")
    lived = ended = 0
    for moment in moments():
        process = spawn(unlinks, cloison.self(), moment, monitor=True)
        said = []
        while type(said[-1:] and said[-1]) is not Down:
            match receive(timeout=300):
                case cloison.Call() as call:
                    time.sleep(0.002)
                    cloison.reply(call, "lives")
                case other:
                    said.append(other)
        match said:
            case ["unlinked", "lives", Down(reason="normal")]:
                lived += 1
            case [Down(reason=reason)] if reason.value == "its own end":
                ended += 1
            case _:
                print("ended after unlink:", said)
        if ended == 10:
            break
    print("both happen:", lived > 0)


if __name__ == "__main__":
    main()
