"""OTP's supervisor_SUITE: child_adm, count_children, child_specs, and children that come and go."""

from cloison import Child, Down, Error, RunningSupervisor, Server, Supervisor, call, exit, receive, self, spawn


class Worker(Server):
    def __init__(self, *args):
        self.args = args

    def handle_call(self, request, sender):
        if request == "end":
            exit("normal")
        return request, *self.args


class Fails(Server):
    def __init__(self):
        raise OSError(2, "nothing there")


def trying(function, *args):
    try:
        return function(*args)
    except Error as error:
        return f"{type(error).__name__}: {error}"


def show(running):
    print("  ", [(child.name, child.process is not None, child.kind, child.restart) for child in running.which_children()])
    print("  ", running.count_children())


def child_adm():
    running = Supervisor([Child(Worker, name="one")]).start()
    show(running)
    (info,) = running.which_children()
    print("  ", call(info.process, "ping"))
    print("  ", trying(running.start_child, Child(Worker, name="one")))
    print("  ", trying(running.restart_child, "one"))
    print("  ", trying(running.delete_child, "one"))
    print("  ", running.terminate_child("one"), running.terminate_child("one"))
    show(running)
    print("  ", trying(running.start_child, Child(Worker, name="one")))
    print("  ", call(running.restart_child("one"), "again"))
    running.terminate_child(running.which_children()[0].process)
    print("  ", running.delete_child("one"))
    for request in running.terminate_child, running.restart_child, running.delete_child:
        print("  ", trying(request, "one"))
    print("  ", trying(running.start_child, Child(Fails, name="fails")))
    show(running)
    running.stop()
    try:
        running.which_children()
    except Error as error:
        print("  ", type(error).__name__, error.reason)


def names():
    running = Supervisor([Child(Worker), Child(Worker, name="mine"), Child(Worker)]).start()
    running.start_child(Child(Worker))
    print("  ", [child.name for child in running.which_children()])
    running.terminate_child("Worker-2")
    running.delete_child("Worker-2")
    running.start_child(Child(Worker))
    print("  ", [child.name for child in running.which_children()])
    running.stop()


def count_children():
    running = Supervisor([Child(Worker), Child(Supervisor([Child(Worker)])), Child(Worker, restart="temporary")]).start()
    print("  ", running.count_children())
    down(running, "Worker-2")
    print("  ", running.count_children())
    running.terminate_child("Worker")
    print("  ", running.count_children())
    running.stop()


def down(running, name):
    """End a child, and return why it has ended."""
    (process,) = [child.process for child in running.which_children() if child.name == name]
    process.monitor()
    try:
        call(process, "end")
    except Error:
        pass
    return receive(Down).reason


def many_temporary_children():
    running = Supervisor().start()
    processes = [running.start_child(Child(Worker, number, restart="temporary")) for number in range(50)]
    print("  ", running.count_children(), [call(process, "?") for process in processes[:2]])
    for process in processes[:25]:
        process.kill()
    for process in processes[25:]:
        running.terminate_child(process)
    for process in processes:
        process.monitor()
    print("  ", {receive(Down).reason.kind for _ in processes} <= {"killed", "no process"}, running.count_children())
    running.stop()


def another_process_asks():
    running = Supervisor().start()
    spawn(other, self(), running)
    print("  ", receive())
    running.stop()


def other(to, running):
    to.send(call(running.start_child(Child(Worker, "by the other one")), "hello"))


def the_process_is_named():
    running = Supervisor([Child(registers)]).start()
    print("  ", trying(RunningSupervisor("nobody").which_children))
    running.stop()


def registers():
    receive()


if __name__ == "__main__":
    for scenario in child_adm, names, count_children, many_temporary_children, another_process_asks, the_process_is_named:
        print(scenario.__name__)
        scenario()
