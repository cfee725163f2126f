# For tests/tests/processes.rs: questions and answers that cannot be read are told of at once, and end nobody.
from cloison import Child, Server, Supervisor, call, message, receive, reply, self, spawn


@message
class Known:
    pass


class Holds(Server):
    def __init__(self, what):
        self.what = what

    def handle_call(self, request, sender):
        return self.what


class Unknown(Server):
    def handle_call(self, request, sender):
        return "understood"


def answers_what_nobody_knows():
    # What is declared here alone: the asker has no such class.
    global Secret

    class Secret:
        pass

    Secret.__qualname__ = "Secret"
    message(Secret)
    while True:
        reply(receive(), Secret())


def raised(function, *args, **kwargs):
    try:
        return function(*args, **kwargs)
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"


def main():
    print(raised(call, spawn(answers_what_nobody_knows), 1, timeout=None))
    global Move

    class Move:
        pass

    Move.__qualname__ = "Move"
    message(Move)
    server = Unknown.start()
    print(raised(call, server, Move(), timeout=None))
    print(raised(call, server, "known", timeout=None))
    supervisor = Supervisor([Child(Unknown, name="first")]).start()
    before = supervisor.which_children()
    print(raised(supervisor.start_child, Child(Unknown, Move())))
    print(call(Supervisor([]).start().start_child(Child(Holds, Known())), None))
    print(raised(supervisor.start_child, Supervisor([])))
    print(raised(supervisor.start_child, None))
    print(raised(supervisor.terminate_child, ["x"]))
    print(raised(supervisor.restart_child, {}))
    print(raised(supervisor.delete_child, 5))
    print(raised(Child, Unknown, name=[1]))
    for field, value in {"args": 5, "options": {"capabilities": 7}, "shutdown": "soon", "module": "nothing"}.items():
        child = Child(Unknown, name="bad")
        object.__setattr__(child, field, value)
        print(field, raised(supervisor.start_child, child))
    print(supervisor.which_children() == before)
    supervisor.stop()
    server.stop()


if __name__ == "__main__":
    main()
