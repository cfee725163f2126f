"""OTP's supervisor_SUITE: sup_stop_*, and the order of ends."""

from cloison import Child, Down, Exit, RunningSupervisor, Server, Supervisor, call, exit, receive, register, self, spawn, trap_exits, whereis


def obedient(to, name):
    """End as soon as asked, and say so."""
    trap_exits()
    to.send((name, self()))
    end = receive(Exit)
    to.send(("ends", name))
    exit(end.reason)


def deaf(to, name):
    """Never end by itself."""
    trap_exits()
    to.send((name, self()))
    while True:
        receive()


def plain(to, name):
    to.send((name, self()))
    receive()


def ends(children):
    running = Supervisor(children).start()
    processes = dict(receive(tuple) for _ in children)
    monitors = {process.monitor(): name for name, process in processes.items()}
    print("  ", running.stop())
    reasons = {}
    order = []
    for _ in children:
        down = receive(Down)
        reasons[monitors[down.reference]] = str(down.reason)
        order.append(monitors[down.reference])
    print("  ", dict(sorted(reasons.items())))
    while True:
        try:
            order.append(receive(tuple, timeout=0))
        except TimeoutError:
            return order


def sup_stop_infinity():
    me = self()
    ends([Child(obedient, me, "child1", shutdown=None), Child(plain, me, "child2", shutdown=None)])


def sup_stop_timeout():
    me = self()
    ends([Child(obedient, me, "child1"), Child(deaf, me, "child2", shutdown=0.1)])


def sup_stop_brutal_kill():
    me = self()
    ends([Child(obedient, me, "child1"), Child(obedient, me, "child2", shutdown="kill")])


def in_reverse_order():
    me = self()
    names = ["a", "b", "c", "d"]
    order = ends([Child(obedient, me, name) for name in names])
    print("  ", order)


def by_an_exit_signal():
    me = self()
    running = Supervisor([Child(obedient, me, "child")]).start()
    receive(tuple)
    print("  ", running.process.stop(timeout=None), receive(tuple))


def another_signal_does_not_stop_it():
    running = Supervisor([]).start()
    for reason in "boom", "normal":
        call(Meddler.start(), (running.process, reason))
    print("  ", running.which_children(), running.stop())


class Meddler(Server):
    """Somebody else: a parent's exit signal stops a supervisor, whatever it says."""

    def handle_call(self, request, sender):
        process, reason = request
        process.exit(reason)
        # Its signal comes before this.
        return call(process, ("which_children", None))


def starter(to):
    running = Supervisor([Child(obedient, to, "child")]).start(link=True)
    to.send(("supervisor", running.process))
    receive(str)
    exit("gone")


def with_its_parent():
    process = spawn(starter, self())
    parts = dict(receive(tuple) for _ in range(2))
    reference = parts["supervisor"].monitor()
    process.send("go")
    print("  ", receive(tuple), receive(lambda message: type(message) is Down and message.reference == reference).reason)


def killed():
    running = Supervisor([Child(plain, self(), "child")]).start()
    _, process = receive(tuple)
    process.monitor()
    running.process.kill()
    print("  ", receive(Down).reason)


def in_this_process():
    """`run` returns when a child stops the supervisor."""
    Supervisor([Child(obedient_and_found, self(), "first"), Child(stops, self(control=True))]).run()
    print("  ", receive(lambda message: isinstance(message, tuple) and message[0] == "ends"))


def obedient_and_found(to, name):
    trap_exits()
    register(name)
    obedient(to, name)


def stops(supervisor):
    # A function counts as started before it has run: until the first child traps exits, a signal ends it without a word.
    whereis("first", timeout=None)
    spawn(really_stop, supervisor)
    receive()


def really_stop(process):
    RunningSupervisor(process).stop()


if __name__ == "__main__":
    for scenario in (
        sup_stop_infinity,
        sup_stop_timeout,
        sup_stop_brutal_kill,
        in_reverse_order,
        by_an_exit_signal,
        another_signal_does_not_stop_it,
        with_its_parent,
        killed,
        in_this_process,
    ):
        print(scenario.__name__)
        scenario()
