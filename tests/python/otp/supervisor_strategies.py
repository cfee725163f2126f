"""OTP's supervisor_SUITE: strategies, escalation, and children that fail while they are started anew."""

from cloison import Child, Down, Server, Supervisor, call, exit, receive, reply, self, trap_exits


class Worker(Server):
    """A child that says when it starts and ends, and asks the test whether it may start."""

    def __init__(self, test, name, asks=False):
        self.test, self.name = test, name
        trap_exits()
        if asks and not call(test, name, timeout=None):
            raise RuntimeError(f"{name} may not start")
        test.send(("starts", name, self_process(control=True)))

    def handle_cast(self, request):
        exit(request)

    def handle_call(self, request, sender):
        return request

    def terminate(self, reason):
        if reason == "shutdown":
            self.test.send(("ends", self.name))


self_process = self


def start(names, asks=(), **options):
    me = self()
    children = [Child(Worker, me, name, name in asks, name=name) for name in names]
    if asks:
        return Supervisor(children, **options)
    running = Supervisor(children, **options).start()
    return running, {name: process for _, name, process in [receive(tuple) for _ in names]}


def fail(process):
    """Kill a process once it has started: whoever has started it has been told so before it answers."""
    call(process, "started?")
    reference = process.monitor()
    process.kill()
    receive(lambda message: type(message) is Down and message.reference == reference)


def events(count):
    return [" ".join(receive(tuple)[:2]) for _ in range(count)]


def unchanged(running, processes):
    return [child.name for child in running.which_children() if child.process == processes.get(child.name)]


def one_for_one():
    running, processes = start("abcd")
    fail(processes["b"])
    print("  ", events(1), unchanged(running, processes))
    running.stop()
    print("  ", events(4))


def one_for_all():
    running, processes = start("abcd", strategy="one_for_all")
    fail(processes["b"])
    print("  ", events(7), unchanged(running, processes))
    running.stop()
    events(4)


def rest_for_one():
    running, processes = start("abcd", strategy="rest_for_one")
    fail(processes["b"])
    print("  ", events(5), unchanged(running, processes))
    running.stop()
    events(4)


def escalation():
    for strategy in "one_for_one", "one_for_all", "rest_for_one":
        running, processes = start("ab", strategy=strategy, max_restarts=1, within=3600)
        running.process.monitor()
        fail(processes["a"])
        count = {"one_for_one": 1}.get(strategy, 3)
        again = [receive(tuple) for _ in range(count)]
        (process,) = [event[2] for event in again if event[:2] == ("starts", "a")]
        fail(process)
        print("  ", strategy, receive(Down).reason, events(1))


def multiple_restarts():
    """Restarts that lie apart do not count together."""
    running, processes = start("a", max_restarts=1, within=0.05)
    for _ in range(3):
        fail(processes["a"])
        _, name, processes["a"] = receive(tuple)
        try:
            receive(str, timeout=0.06)
        except TimeoutError:
            pass
    print("  ", unchanged(running, processes))
    running.stop()
    events(1)


def other_child_fails_restart():
    """One child is to be started anew, and while that happens, another one can't be started at first."""
    for strategy in "one_for_all", "rest_for_one":
        plan = start("abc", asks="abc", strategy=strategy, max_restarts=3)
        starter = Starter.start(plan)
        processes = {}
        said = []
        answers = iter([True, True, True, True, False, True, True, True, True, True])
        failed = False
        while len(said) < 12 and not (failed and processes.keys() == set("abc") and said.count("starts c") == 2):
            message = receive()
            if type(message) is tuple:
                said.append(" ".join(message[:2]))
                if message[0] == "starts":
                    processes[message[1]] = message[2]
                else:
                    processes.pop(message[1])
            else:
                allowed = next(answers)
                if not allowed:
                    said.append(f"{message.request} may not start")
                reply(message, allowed)
            if not failed and len(processes) == 3:
                failed = True
                fail(processes.pop("a"))
        print("  ", strategy, said)
        Server.stop(starter)
        events(3)


class Starter(Server):
    """Whoever starts a supervisor waits for it, so that somebody else has to answer its children."""

    def __init__(self, plan):
        self_process().send(plan)

    def handle_info(self, message):
        self.running = message.start()

    def handle_call(self, request, sender):
        self.running.process.monitor()
        return receive(Down).reason.kind in ("shutdown", "no process")

    def terminate(self, reason):
        self.running.stop()


def restarting():
    """A child that fails again and again while it is started anew: it counts each time, and the supervisor can be talked to."""
    starter = Starter.start(start("a", asks="a", max_restarts=2, within=3600))
    said = []
    answers = iter([True, False, False])
    while len(said) < 4:
        message = receive()
        if type(message) is tuple:
            said.append(message[0])
            fail(message[2])
        else:
            allowed = next(answers)
            said.append(f"may start: {allowed}")
            reply(message, allowed)
    # A third one would be too many.
    starter.monitor()
    print("  ", said, call(starter, "wait"), Server.stop(starter))


if __name__ == "__main__":
    for scenario in (
        one_for_one,
        one_for_all,
        rest_for_one,
        escalation,
        multiple_restarts,
        other_child_fails_restart,
        restarting,
    ):
        print(scenario.__name__)
        scenario()
