"""What a neighbour of a memory bomb notices: a message and its answer, one every few milliseconds, with nobody beside them and then while
a bomb of each kind runs, again and again. The bombs are those of the tests. Prints, for each kind and for all of them together, `NAME P50 P99`
in nanoseconds."""

import time

import bombs_of_tests as bombs
import cloison
from cloison import Down, receive, spawn

PINGS, PAUSE = 300, 0.002


def starts(bomb):
    """Start one; who has to be ended when it has ended, and it itself, which is monitored."""
    limits = {"memory": bombs.MEMORY, "cpu": 1 if bomb is bombs.catches_and_goes_on else 30, "monitor": True}
    if bomb is bombs.floods:
        victim = spawn(bombs.flooded, memory=bombs.MEMORY)
        return [victim, spawn(bomb, victim, **limits)]
    if bomb is bombs.keeps_what_it_receives:
        keeper = spawn(bomb, **limits)
        return [spawn(bombs.feeds, keeper), keeper]
    return [spawn(bomb, **limits)]


def ends(family):
    """End all of them, and wait for the one that is monitored."""
    for process in family:
        process.kill()
    receive(lambda message: isinstance(message, Down) and message.process == family[-1], timeout=60)


def has_ended():
    try:
        return receive(Down, timeout=0)
    except TimeoutError:
        return None


def pings(neighbour, bomb):
    times = []
    family = starts(bomb) if bomb else []
    while len(times) < PINGS:
        time.sleep(PAUSE)
        begun = time.perf_counter_ns()
        cloison.call(neighbour, 1)
        times.append(time.perf_counter_ns() - begun)
        if bomb and has_ended():
            for process in family[:-1]:
                process.kill()
            family = starts(bomb)
    if bomb:
        ends(family)
    return times


def line(name, times):
    times = sorted(times)
    print(name, times[len(times) // 2], times[len(times) * 99 // 100], flush=True)


def main():
    neighbour = spawn(bombs.answers)
    pings(neighbour, None)
    line("idle", pings(neighbour, None))
    everything = []
    for bomb in (*bombs.BOMBS, bombs.floods, bombs.keeps_what_it_receives, bombs.catches_and_goes_on):
        times = pings(neighbour, bomb)
        everything += times
        line(bomb.__name__, times)
    line("all", everything)


if __name__ == "__main__":
    main()
