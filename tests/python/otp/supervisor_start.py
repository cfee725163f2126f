"""OTP's supervisor_SUITE: sup_start_*."""

from cloison import Child, Server, StartError, Supervisor, call, exit, receive
from cloison import self as self_process


class Worker(Server):
    """A child that can be told how to start."""

    def __init__(self, how="well"):
        if how == "ignore":
            exit("normal")
        if how == "fail":
            raise ValueError("badmatch")
        if how == "exit":
            exit(("bad", "start"))

    def handle_call(self, request, sender):
        return request


def show(running):
    print("  ", [(child.name, child.process is not None) for child in running.which_children()], running.count_children())


def sup_start_normal():
    running = Supervisor([], "one_for_one", 2, 3600.0).start()
    show(running)
    print("  ", running.stop())


def sup_start_ignore_child():
    running = Supervisor([]).start()
    print("  ", running.start_child(Child(Worker, "ignore", name="child1")))
    process = running.start_child(Child(Worker, name="child2"))
    print("  ", call(process, "alive"))
    show(running)
    running.stop()


def sup_start_ignore_temporary_child():
    running = Supervisor([Child(Worker, "ignore", name="child1", restart="temporary"), Child(Worker, name="child2", restart="temporary")]).start()
    show(running)
    running.stop()


def sup_start_ignore_temporary_child_start_child():
    running = Supervisor().start()
    print("  ", running.start_child(Child(Worker, "ignore", name="child1", restart="temporary")))
    running.start_child(Child(Worker, name="child2", restart="temporary"))
    show(running)
    running.stop()


def sup_start_fail():
    for how in "fail", "exit":
        try:
            Supervisor([Child(Worker, name="before"), Child(Worker, how, name="child")]).start()
        except StartError as error:
            print("  ", type(error).__name__, error, error.child)


def sup_start_fail_ends_those_before():
    me = self_process()
    try:
        Supervisor([Child(Tell, me, "first"), Child(Tell, me, "second"), Child(Worker, "fail")]).start()
    except StartError as error:
        print("  ", error)
    processes = [receive(tuple) for _ in range(2)]
    for name, process in sorted(processes, key=lambda pair: pair[0]):
        process.monitor()
        print("  ", name, receive(lambda message: not isinstance(message, tuple)).reason)


class Tell(Server):
    def __init__(self, to, name):
        to.send((name, self_process()))


def sup_start_faulty_specs():
    for make in (
        lambda: Supervisor([Worker]),
        lambda: Supervisor([], "one_for_some"),
        lambda: Supervisor([], max_restarts=-1),
        lambda: Supervisor([], within=0),
        lambda: Supervisor([Child(Worker, name="a"), Child(Worker, name="a")]),
        lambda: Child(Worker, restart="always"),
        lambda: Child(Worker, shutdown="brutal"),
        lambda: Child(Worker, shutdown=-1),
        lambda: Child(lambda: 1),
        lambda: Child(Worker, capabilities="zlib"),
    ):
        try:
            print("  ", make())
        except (TypeError, ValueError) as error:
            print("  ", type(error).__name__, str(error).split("\n")[0][:60])


def defaults():
    child, killed, tree = Child(Worker), Child(Worker, shutdown="kill"), Child(Supervisor([]))
    print("  ", child.restart, child.shutdown, killed.shutdown, tree.shutdown, child.kind, tree.kind, Child(print).kind)


def start_within_a_timeout():
    try:
        Supervisor([Child(Slow)]).start(timeout=0.2)
    except TimeoutError as error:
        print("  ", error)


class Slow(Server):
    def __init__(self):
        receive()


if __name__ == "__main__":
    for scenario in (
        sup_start_normal,
        sup_start_ignore_child,
        sup_start_ignore_temporary_child,
        sup_start_ignore_temporary_child_start_child,
        sup_start_fail,
        sup_start_fail_ends_those_before,
        sup_start_faulty_specs,
        defaults,
        start_within_a_timeout,
    ):
        print(scenario.__name__)
        scenario()
    try:
        print(receive(timeout=0))
    except TimeoutError:
        print("nothing is left in the mailbox")
