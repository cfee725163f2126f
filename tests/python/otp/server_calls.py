"""OTP's gen_server_SUITE: crash, call, cast, cast_fast, info, call_with_huge_message_queue, and the ends of servers."""

from cloison import Call, Down, Exit, MessageError, ProcessDown, Server, TaskGroup, call, cast, exit, make_reference, message, receive, reply, reply_error, self, spawn, trap_exits


class Example(Server):
    def __init__(self, test, traps=False):
        self.test = test
        self.waiting = None
        trap_exits(traps)

    def handle_call(self, request, sender):
        match request:
            case "started?":
                return "yes"
            case "later":
                self.waiting = sender
                return Server.LATER
            case "never":
                return Server.LATER
            case "answer" if self.waiting is None:
                return "nobody waits"
            case "answer":
                reply(self.waiting, "at last")
                return "answered"
            case "who":
                return sender.sender
            case "refuse":
                reply_error(sender, ValueError("no"))
                return Server.LATER
            case "stop and answer":
                reply(sender, "ends")
                exit("normal")
            case "crash":
                return 1 // 0
            case "nothing":
                return None
            case ("exit", reason):
                exit(reason)
            case "silence":
                self.timeout = 0.01
                return "waits"

    def handle_cast(self, request):
        if request == "crash":
            raise KeyError(request)
        self.test.send(("cast", request))

    def handle_info(self, message):
        if isinstance(message, MessageError):
            message = "MessageError"
        if isinstance(message, Exit):
            message = f"Exit, {message.reason}"
        if message == "crash":
            raise KeyError(message)
        self.test.send(("info", message))

    def handle_timeout(self):
        self.timeout = None
        self.test.send("timeout")

    def terminate(self, reason):
        self.test.send(("terminate", str(reason), reason.kind, bool(reason.traceback)))


def trying(function, *args, **options):
    try:
        return function(*args, **options)
    except Exception as error:
        return type(error).__name__


def terminated():
    return receive(lambda message: type(message) is tuple and message[0] == "terminate")[1:]


def answers():
    server = Example.start(self())
    print("  ", call(server, "started?"), call(server, "nothing"), call(server, "who") == self(), trying(call, server, "refuse"))
    with TaskGroup() as group:
        task = group.spawn(call, server, "later")
        while call(server, "started?") and trying(call, server, "answer") != "answered":
            pass
    print("  ", task.result)
    print("  ", trying(call, server, "never", timeout=0.05), call(server, "started?"))
    print("  ", call(server, "stop and answer"), terminated())


def crash():
    """What ends a server while it handles a call is told to whoever has called, and to `terminate`."""
    for request in "crash", ("exit", "normal"), ("exit", "shutdown"), ("exit", ("shutdown", "why")), ("exit", "crashed"), ("exit", KeyError("k")):
        server = Example.start(self())
        try:
            call(server, request)
        except ProcessDown as down:
            print("  ", down.reason, terminated())
    for send in cast, lambda server, what: server.send(what):
        server = Example.start(self())
        server.monitor()
        send(server, "crash")
        print("  ", receive(Down).reason, terminated())


def bare():
    """What a server does not handle."""
    for send in call, cast:
        server = Server.start()
        server.monitor()
        trying(send, server, "what")
        print("  ", receive(Down).reason)
    server = Server.start()
    server.send("ignored")
    print("  ", Server.stop(server))


def cast_and_info():
    server = Example.start(self())
    cast(server, "one")
    server.send("two")
    cast(server, ["three"])
    print("  ", [receive() for _ in range(3)])
    print("  ", call(server, "silence"), receive())
    # Nobody is there any more.
    Server.stop(server)
    terminated()
    print("  ", cast(server, "lost"), trying(cast, "no such name", "lost"))


def cast_fast():
    server = Example.start(self())
    for number in range(1000):
        cast(server, number)
    print("  ", [receive() for _ in range(1000)] == [("cast", number) for number in range(1000)])


def what_cannot_be_read():
    """A class that a server does not know ends nobody."""
    server = Plain.start()
    spawn(stranger, server, monitor=True)
    receive(Down)
    print("  ", call(server, "ping"))


class Plain(Server):
    def __init__(self):
        self.news = []

    def handle_info(self, message):
        self.news.append(type(message).__name__)

    def handle_call(self, request, sender):
        return self.news


def stranger(server):
    import sys

    module = sys.modules["strange"] = type(sys)("strange")
    exec("from cloison import message\n@message\nclass Odd:\n    x: int\n", module.__dict__)
    server.send(module.Odd(1))


def call_with_huge_message_queue():
    """An answer is found without a look at what waits before it."""
    me, server = self(), Example.start(self())
    for number in range(3000):
        me.send(number)
    print("  ", {call(server, "started?") for _ in range(300)}, receive(), receive(lambda message: message == 2999))
    while trying(receive, timeout=0) != "TimeoutError":
        pass


def exits_that_are_trapped():
    """A parent's signal ends a server that traps exits in order; others are messages."""
    server = Example.start(self(), True)
    server.monitor()
    call(server, "started?")
    spawn(exits, server, monitor=True)
    receive(Down)
    print("  ", receive(tuple))
    server.exit("boom")
    print("  ", terminated(), receive(Down).reason)
    server = Example.start(self(), False)
    server.monitor()
    server.exit("boom")
    print("  ", receive(Down).reason, trying(receive, timeout=0))


def exits(server):
    server.exit("not your parent's")


def terminate_fails():
    server = Unclean.start()
    server.monitor()
    cast(server, "end")
    print("  ", receive(Down).reason)


class Unclean(Server):
    def handle_cast(self, request):
        exit("normal")

    def terminate(self, reason):
        raise OSError("unclean")


def a_caller_without_room():
    """A server goes on when somebody who calls it receives nothing."""
    server = Big.start()
    process = spawn(calls_only, server)
    process.monitor()
    print("  ", receive(Down).reason, call(server, "small"))


class Big(Server):
    def handle_call(self, request, sender):
        return bytes(100_000) if request == "big" else request


def calls_only(server):
    for _ in range(200):
        server.send(Call("big", self(), make_reference()))
    # It has room for no answer, so it gets none.
    try:
        call(server, "small", timeout=0.1)
    except TimeoutError as error:
        exit("no answer")


if __name__ == "__main__":
    for scenario in (
        answers,
        crash,
        bare,
        cast_and_info,
        cast_fast,
        what_cannot_be_read,
        call_with_huge_message_queue,
        exits_that_are_trapped,
        terminate_fails,
        a_caller_without_room,
    ):
        print(scenario.__name__)
        scenario()
    print("left:", trying(receive, timeout=0))
