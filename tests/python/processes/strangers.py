# For tests/tests/processes.rs: what a process that may only send to another one can do to it, and to those that it talks to.
import sys
import time

import cloison
from cloison import Call, Child, Down, MailboxFull, Server, Supervisor, TaskGroup, call, receive, spawn, stop, trap_exits
from cloison.futures import Executor


def attempt(work):
    try:
        return work()
    except BaseException as error:
        return type(error).__name__


unreadable = []


def hear(wanted):
    """Wait for a message, whatever else cannot be read."""
    while True:
        try:
            return receive(lambda message: message == wanted, timeout=300)
        except cloison.MessageError as error:
            unreadable.append(error)


def answers(kind):
    failed = {"exit": cloison.ProcessExit("ended"), "status": SystemExit(7), "interrupt": KeyboardInterrupt(), "other": ValueError("so")}
    cloison.reply_error(receive(Call), failed[kind])


def who_is_asked_ends_nobody():
    for kind in "exit", "status", "interrupt", "other":
        try:
            call(spawn(answers, kind), "?")
        except Exception as error:
            print(kind, "-", f"{type(error).__name__}: {error}")


class Front(Server):
    def __init__(self):
        self.worker = spawn(time.sleep, 60)

    def handle_call(self, request, sender):
        try:
            while True:
                self.worker.send(b"x" * 50_000)
        except MailboxFull as error:
            cloison.reply_error(sender, error)
        return Server.LATER


class Looks(Server):
    """What is there of whoever has started it?"""

    def __init__(self, to):
        frame, found = sys._getframe(), []
        while frame is not None:
            found += [value.control for value in frame.f_locals.values() if type(value) is cloison.Process and value != cloison.self()]
            frame = frame.f_back
        to.send(("frames", set(found)))


def nobody_gets_control():
    try:
        call(Front.start(), "?")
    except MailboxFull as full:
        print("in an exception:", full.process.control)
    try:
        call(spawn(int), "?")
    except cloison.ProcessDown as down:
        print("in an exception:", down.process.control)
    Looks.start(cloison.self(), link=True)
    print(*receive(tuple, timeout=300))


def sends_nonsense(to):
    # It is no Down: that only the router can send.
    to.send(Down(to, 1, 2))
    cloison.parent().send("sent")


def nonsense(to):
    spawn(sends_nonsense, to)
    hear("sent")


class Slow(Server):
    def __init__(self, victim):
        spawn(sends_nonsense, victim)
        hear("sent")

    def handle_call(self, request, sender):
        spawn(sends_nonsense, request)
        hear("sent")
        return "answered"


def stubborn(to):
    trap_exits()
    to.send("traps")
    while True:
        receive()


def double(number, victim):
    spawn(sends_nonsense, victim)
    hear("sent")
    return 2 * number


def nonsense_disturbs_nobody():
    me = cloison.self()
    server = Slow.start(me)
    print("call:", attempt(lambda: call(server, me)))
    process = spawn(stubborn, me)
    hear("traps")
    nonsense(me)
    print("stop:", attempt(lambda: str(stop(process, timeout=0.1))))
    with Executor(2) as executor:
        print("executor:", attempt(lambda: list(executor.map(double, range(4), [me] * 4))))
    with TaskGroup() as group:
        task = group.spawn(double, 4, me)
    print("task group:", task.result)
    supervisor = Supervisor([Child(stubborn, me, name="stubborn", shutdown=0.1)]).start()
    hear("traps")
    nonsense(supervisor.process.send_only())
    print("supervisor:", attempt(lambda: supervisor.terminate_child("stubborn")), supervisor.count_children()["active"])
    # Whoever takes any message hears of what cannot be read.
    me.send("the end")
    hear("the end")
    print(len(unreadable) >= 3)


if __name__ == "__main__":
    who_is_asked_ends_nobody()
    nobody_gets_control()
    nonsense_disturbs_nobody()
