# For tests/tests/scheduling.rs: processes of each priority, and one that computes without a pause until it is told to rest.
import cloison
from cloison import receive, self, spawn


def waits(ready):
    ready.send("ready")
    receive()


def computes(ready):
    ready.send("ready")
    resting = False
    while not resting:
        try:
            resting = receive(timeout=0) == "rest"
        except TimeoutError:
            pass
    receive()


def has_children(ready):
    for priority in (None, "high", "idle"):
        spawn(waits, ready, name=f"{priority} of low", priority=priority)
    receive()


def main():
    me = self()
    for priority in ("high", "normal", "low", "idle"):
        spawn(waits, me, name=priority, priority=priority)
    spawn(waits, me, name="nice", nice=7)
    spawn(has_children, me, priority="low")
    hog = spawn(computes, me, name="hog")
    for _ in range(9):
        receive(str, timeout=300)
    print("ready", flush=True)
    input()
    hog.send("rest")
    print("told", flush=True)
    input()


if __name__ == "__main__":
    main()
