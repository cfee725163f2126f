"""OTP's gen_server_SUITE: start, stop1 to stop4, and how a start can fail."""

from cloison import Down, Exit, Server, call, exit, message, receive, register, self, spawn, trap_exits, whereis


@message
class Refusal(Exception):
    """An exception of the program's own."""


class Undeclared(Exception):
    """One that other processes don't know."""


class Example(Server):
    def __init__(self, how="well"):
        match how:
            case "sleep":
                receive()
            case "ignore":
                exit("normal")
            case "stop":
                exit("stopped")
            case "name":
                register("my name")
            case "refuse":
                raise Refusal("not today", 3)
            case "undeclared":
                raise Undeclared("not today")
            case "status":
                raise SystemExit(3)

    def handle_call(self, request, sender):
        if request == "stop":
            exit("stopped")
        return "yes"


def trying(function, *args, **options):
    try:
        return function(*args, **options)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def without_number(text):
    return " ".join("N" if word.isdigit() else word for word in str(text).split())


def start():
    server = Example.start()
    print("  ", call(server, "started?"))
    print("  ", without_number(trying(call, server, "stop")))
    print("  ", without_number(trying(call, server, "started?", timeout=300)))


def start_with_timeout():
    print("  ", call(Example.start(timeout=300), "started?"), trying(Example.start, "sleep", timeout=0.1))


def start_fails():
    for how in "ignore", "stop", "refuse", "undeclared", "status":
        print("  ", how, "-", trying(Example.start, how))
    named = Example.start("name")
    print("  ", "name", "-", type(named).__name__)
    print("  ", trying(Example.start, "name").replace(str(named.number), "N"))
    named.kill()
    print("  ", trying(Example.start, lambda: 1).split("\n")[0])
    print("  ", trying(Example.start, 1, 2, 3))


def start_linked():
    trap_exits()
    server = Example.start(link=True)
    trying(call, server, "stop")
    end = receive(Exit)
    print("  ", end.process == server, end.reason)
    # What ends in __init__ is told by the exception, and by nothing else.
    print("  ", trying(Example.start, "refuse", link=True), trying(Example.start, "stop", link=True))
    print("  ", trying(Example.start, "sleep", link=True, timeout=0.1))
    trap_exits(False)
    print("  ", trying(Example.start, "refuse", link=True))


def a_linked_server_ends_with_its_starter():
    process = spawn(starter, self())
    server = receive()
    server.monitor()
    process.kill()
    print("  ", receive(Down).reason)


def starter(test):
    test.send(Example.start(link=True))
    receive()


def registered():
    server = Example.start("name")
    print("  ", call("my name", "started?"), whereis("my name") == server)
    print("  ", trying(Example.start, "name").startswith("Error: the name 'my name' is taken"))
    print("  ", trying(Server.stop, "my name").split(":")[0])
    print("  ", Server.stop(server), whereis("my name"), trying(Server.stop, "my name"))


def stop():
    server = Example.start()
    print("  ", Server.stop(server), Server.stop(server))
    print("  ", Server.stop(Example.start(), "other reason"), Server.stop(Example.start(), ("a", 1)))
    sleeper = Sleeper.start()
    sleeper.send("sleep")
    print("  ", without_number(trying(Server.stop, sleeper, timeout=0.1)), sleeper.stop())


class Sleeper(Server):
    def handle_info(self, message):
        while True:
            receive()


if __name__ == "__main__":
    for scenario in (
        start,
        start_with_timeout,
        start_fails,
        start_linked,
        a_linked_server_ends_with_its_starter,
        registered,
        stop,
    ):
        print(scenario.__name__)
        scenario()
    print("left:", trying(receive, timeout=0))
