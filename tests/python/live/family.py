# For tests/tests/live.rs: a program with processes that do different things, and says on request which of them have ended.
import sys
import time

import cloison
from cloison import Down, receive, spawn


def waits(ready):
    ready.send("ready")
    receive(tuple)


def loops(ready):
    ready.send("ready")
    while True:
        pass


def is_registered(ready, name, friend):
    cloison.register(name)
    cloison.trap_exits()
    friend.link()
    friend.monitor()
    ready.send("ready")
    receive(tuple)


def calls(ready):
    ready.send("ready")
    cloison.capability("endless").forever()


def main():
    me = cloison.self()
    waiting = spawn(waits, me, name="waiting", monitor=True)
    spawn(loops, me, name="hog", nice=3, monitor=True)
    spawn(is_registered, me, "printer", waiting, monitor=True)
    spawn(calls, me, name="caller", capabilities=["endless"], monitor=True)
    spawn(waits, me, name="twin", monitor=True)
    spawn(waits, me, name="twin", monitor=True)
    for _ in range(6):
        receive(str, timeout=300)
    waiting.send("x" * 5000)
    print("ready", flush=True)
    # A line for each end, when a line asks for it.
    for _ in sys.stdin:
        try:
            down = receive(Down, timeout=300)
            print(down.process.number, down.reason, flush=True)
        except TimeoutError:
            print("nobody has ended", flush=True)


if __name__ == "__main__":
    main()
