"""OTP's supervisor_SUITE: significant children and auto_shutdown; and supervisors and children that have registered names."""

from cloison import Child, Down, Error, ProcessDown, RunningSupervisor, Server, Supervisor, call, exit, receive, register, reply, spawn, stop, whereis
from cloison import self as this_process


class Worker(Server):
    def __init__(self, *args):
        self.args = args

    def handle_call(self, request, sender):
        if request == "name":
            return whereis("worker") == this_process(), self.args
        reply(sender, None)
        exit(request)

    def handle_info(self, message):
        pass


def started(auto_shutdown, *children, **options):
    running = Supervisor(children, auto_shutdown=auto_shutdown, **options).start()
    running.process.monitor()
    return running


def ends(running, name, reason):
    (process,) = [child.process for child in running.which_children() if child.name == name]
    reference = process.monitor()
    if reason == "killed":
        process.kill()
    else:
        call(process, reason)
    # Who is linked to it has heard of it by then, before what this process says later.
    receive(lambda message: type(message) is Down and message.reference == reference)


def outcome(running):
    """Whether the supervisor ends by itself, and why; or which children it has then. It has heard of what has ended before it is asked."""
    try:
        children = [(child.name, child.process is not None) for child in running.which_children()]
    except ProcessDown:
        return f"has ended: {receive(Down).reason}"
    running.stop()
    receive(Down)
    return children


def trying(function, *args, **options):
    try:
        return function(*args, **options)
    except (Error, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def faulty_specs():
    print("  ", trying(Child, Worker, significant=True))
    print("  ", trying(Supervisor, [], auto_shutdown="sometimes"))
    print("  ", trying(Supervisor, [Child(Worker, restart="temporary", significant=True)]))
    running = Supervisor().start()
    print("  ", trying(running.start_child, Child(Worker, restart="temporary", significant=True)))
    print("  ", running.count_children()["specs"], running.stop())


def any_significant():
    for restart in "transient", "temporary":
        for reason in "normal", "shutdown", ("shutdown", 1), "killed", "boom":
            running = started("any_significant", Child(Worker), Child(Worker, name="s", restart=restart, significant=True))
            ends(running, "s", reason)
            print("  ", restart, reason, outcome(running))
    # The end of one that is not significant is none of it.
    running = started(
        "any_significant",
        Child(Worker, name="plain", restart="transient"),
        Child(Worker, name="s", restart="transient", significant=True),
    )
    ends(running, "plain", "normal")
    print("  ", outcome(running))


def all_significant():
    def children(restart):
        return [Child(Worker), *(Child(Worker, name=name, restart=restart, significant=True) for name in ("one", "two"))]

    for restart in "transient", "temporary":
        running = started("all_significant", *children(restart))
        ends(running, "one", "normal")
        print("  ", restart, [child.name for child in running.which_children() if child.process])
        ends(running, "two", "shutdown")
        print("  ", restart, outcome(running))
    running = started("all_significant", *children("transient"))
    ends(running, "one", "normal")
    running.restart_child("one")
    ends(running, "two", "normal")
    print("  ", outcome(running))


def what_the_supervisor_ends_itself():
    for auto_shutdown in "any_significant", "all_significant":
        running = started(auto_shutdown, Child(Worker, name="s", restart="transient", significant=True))
        running.terminate_child("s")
        print("  ", outcome(running))
        running = started(
            auto_shutdown,
            Child(Worker, name="s", restart="temporary", significant=True),
            Child(Worker, name="other"),
            strategy="one_for_all",
        )
        ends(running, "other", "boom")
        print("  ", outcome(running))


def nested():
    """A supervisor that shuts itself down is a significant child itself."""
    inner = Supervisor([Child(Worker, register="inmost", restart="temporary", significant=True)], auto_shutdown="any_significant")
    running = started("any_significant", Child(inner, restart="transient", significant=True))
    call("inmost", "normal")
    print("  ", f"has ended: {receive(Down).reason}")


def names():
    running = Supervisor([Child(Worker, 1, register="worker")]).start(register="boss")
    by_name = RunningSupervisor("boss")
    print("  ", by_name.process, whereis("boss") == running.process, call("worker", "name"))
    first = running.which_children()[0].process
    first.monitor()
    first.kill()
    receive(Down)
    # It is free again before anybody has heard of the end, and the next one has it before it counts as started.
    second = whereis("worker", timeout=300)
    print("  ", second != first, call(second, "name"), by_name.count_children()["active"])
    print("  ", trying(running.start_child, Child(Worker, register="worker", name="another")).replace(str(second.number), "N"))
    print("  ", trying(Supervisor().start, register="boss").replace(str(running.process.number), "N"))
    print("  ", trying(Worker.start, register="worker").replace(str(second.number), "N"), trying(Child, Worker, register=""))
    inner = Supervisor([Child(Worker, register="in it")])
    running.start_child(Child(inner, register="inner", name="inner"))
    print("  ", RunningSupervisor("inner").count_children()["active"], whereis("in it") is not None)
    running.start_child(Child(waits, register="a function"))
    print("  ", whereis("a function", timeout=300) is not None)
    print("  ", running.stop(), [whereis(name) for name in ("boss", "worker", "inner", "in it", "a function")])


def waits():
    receive()


def stops(how, to):
    """Whoever is linked to what it stops goes on."""
    if how == "supervisor":
        running = Supervisor([Child(Worker)]).start(link=True)
        to.send(("stopped", str(running.stop())))
    elif how == "server":
        to.send(("stopped", str(Server.stop(Worker.start(link=True), "shutdown"))))
    elif how == "method":
        to.send(("stopped", str(spawn(waits, link=True).stop("please"))))
    else:
        to.send(("stopped", str(stop(spawn(waits, link=True)))))
    receive(str)


def linked_to_what_it_stops():
    for how in "supervisor", "server", "method", "function":
        process = spawn(stops, how, this_process(), monitor=True)
        print("  ", how, receive(tuple)[1], end=" ")
        process.send("go on")
        print(receive(Down).reason)


if __name__ == "__main__":
    register("the program")
    for scenario in (
        faulty_specs,
        any_significant,
        all_significant,
        what_the_supervisor_ends_itself,
        nested,
        names,
        linked_to_what_it_stops,
    ):
        print(scenario.__name__, flush=True)
        scenario()
