"""OTP's supervisor_SUITE: tree, child_unlink, hanging_restart_loop, faulty_application_shutdown."""

from cloison import Child, Down, Error, RunningSupervisor, Server, StartError, Supervisor, call, exit, message, parent, receive, self, spawn, trap_exits
from cloison import whereis, register


@message(frozen=True)
class Settings:
    """An argument of the program's own class."""

    name: str


class Worker(Server):
    def __init__(self, test, settings, unlinks=False):
        if unlinks:
            parent().unlink()
        self.settings = settings
        test.send((settings.name, self_process(control=True)))

    def handle_call(self, request, sender):
        return f"{self.settings.name}: {request}"


self_process = self


def leaf(test, name, **options):
    return Child(Worker, test, Settings(name), name=name, **options)


def starts(count):
    return dict(receive(tuple) for _ in range(count))


def crash(process):
    """Kill a process once it has started: whoever has started it has been told so before it answers."""
    call(process, "started?")
    reference = process.monitor()
    process.kill()
    receive(lambda message: type(message) is Down and message.reference == reference)


def tree():
    me = self()
    left = Supervisor([leaf(me, "a"), leaf(me, "b")], "one_for_all", max_restarts=1, within=3600)
    right = Supervisor([leaf(me, "c")], max_restarts=0)
    top = Supervisor([Child(left, name="left"), Child(right, name="right")], max_restarts=2, within=3600).start()
    processes = starts(3)
    print("  ", sorted(processes), top.count_children())
    print("  ", {child.name: RunningSupervisor(child.process).count_children() for child in top.which_children()})
    print("  ", call(processes["b"], "ping"))
    # A child is replaced by its supervisor, and nobody else hears of it.
    before = {child.name: child.process for child in top.which_children()}
    crash(processes["a"])
    processes |= starts(2)
    print("  ", before == {child.name: child.process for child in top.which_children()}, call(processes["a"], "again"))
    # Once more is too often for `left`, which is replaced as a whole.
    crash(processes["b"])
    processes |= starts(2)
    print("  ", [child.name for child in top.which_children() if child.process == before[child.name]], call(processes["b"], "new"))
    # `right` tolerates none.
    crash(processes["c"])
    processes |= starts(1)
    print("  ", [child.name for child in top.which_children() if child.process == before[child.name]], call(processes["c"], "new"))
    # And that was the last one that `top` tolerates.
    reference = top.process.monitor()
    for process in processes.values():
        process.monitor()
    crash(processes["c"])
    ends = [receive(Down) for _ in range(4)]
    print("  ", sorted(str(down.reason) for down in ends), [down.reason for down in ends if down.reference == reference])


def three_levels_start_and_fail():
    me = self()
    inner = Supervisor([leaf(me, "a"), Child(Broken)])
    try:
        Supervisor([leaf(me, "first"), Child(Supervisor([Child(inner, name="inner")]), name="outer")]).start()
    except StartError as error:
        print("  ", error)
    for process in starts(2).values():
        process.monitor()
        print("  ", receive(Down).reason)


class Broken(Server):
    def __init__(self):
        raise LookupError("nothing to start with")


def children_of_a_tree_given_as_arguments():
    running = Supervisor([Child(Supervisor, [leaf(self(), "a")], "rest_for_one", name="tree")]).start()
    print("  ", sorted(starts(1)), running.which_children()[0].kind)
    running.stop()


def child_unlink():
    """A child that has unlinked itself is ended all the same."""
    running = Supervisor([Child(Worker, self(), Settings("a"), True, name="a")]).start()
    (process,) = starts(1).values()
    process.monitor()
    print("  ", running.terminate_child("a"), receive(Down).reason)
    running.stop()


def faulty_application_shutdown():
    """A child that has been started anew goes on failing in another way while its supervisor stops: that ends all the same."""
    running = Supervisor([Child(dies_of_shutdown, self(), name="child", shutdown=None)]).start()
    (process,) = starts(1).values()
    process.monitor()
    print("  ", running.stop(), receive(Down).reason)


def dies_of_shutdown(test):
    trap_exits()
    test.send(("child", self()))
    receive()
    exit(("shutdown", "with an error"))


def hanging_restart_loop():
    """A child that can never be started anew, in a supervisor that tolerates any number of restarts, can be stopped."""
    once = Once.start()
    running = Supervisor([Child(StartsOnce, once, name="child")], max_restarts=10**9).start()
    (info,) = running.which_children()
    crash(info.process)
    while not running.which_children()[0].restarting:
        pass
    for request in running.restart_child, running.delete_child:
        try:
            request("child")
        except Error as error:
            print("  ", error)
    print("  ", running.terminate_child("child"), running.which_children()[0].restarting)
    print("  ", running.delete_child("child"), running.count_children()["specs"], running.stop())
    running = Supervisor([Child(StartsOnce, Once.start(), name="child")], max_restarts=10**9).start()
    crash(running.which_children()[0].process)
    while not running.which_children()[0].restarting:
        pass
    print("  ", running.process.stop(timeout=None))


class Once(Server):
    def __init__(self):
        self.count = 0

    def handle_call(self, request, sender):
        self.count += 1
        return self.count


class StartsOnce(Server):
    def handle_call(self, request, sender):
        return request

    def __init__(self, once):
        if call(once, "may I?") > 1:
            raise RuntimeError("once only")


def registered():
    """A name belongs to whoever was started anew."""
    running = Supervisor([Child(Registered, self(), name="child")]).start()
    first = starts(1)["child"]
    print("  ", whereis("the child") == first)
    crash(first)
    second = starts(1)["child"]
    print("  ", whereis("the child") == second != first)
    running.stop()


class Registered(Server):
    def __init__(self, test):
        register("the child")
        test.send(("child", self_process(control=True)))

    def handle_call(self, request, sender):
        return request


def run_gives_up():
    process = spawn(supervises, self(), monitor=True)
    crash(starts(1)["a"])
    print("  ", receive(Down).reason, process == process)


def supervises(test):
    Supervisor([leaf(test, "a")], max_restarts=0).run()


def run_without_a_start():
    try:
        Supervisor([Child(Broken)]).run()
    except StartError as error:
        print("  ", error)


if __name__ == "__main__":
    for scenario in (
        tree,
        three_levels_start_and_fail,
        children_of_a_tree_given_as_arguments,
        child_unlink,
        faulty_application_shutdown,
        hanging_restart_loop,
        registered,
        run_gives_up,
        run_without_a_start,
    ):
        print(scenario.__name__)
        scenario()
