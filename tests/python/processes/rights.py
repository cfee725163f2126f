# For tests/tests/processes.rs: what a reference to a process allows. Whoever was not given control can neither link to a process
# nor end it, and can send to it.
import cloison
from cloison import Child, Down, RunningSupervisor, Server, Supervisor, call, receive, spawn, whereis


def waits(name):
    cloison.register(name)
    cloison.parent().send("up")
    while True:
        match receive():
            case ("give control", to):
                to.send(cloison.self(control=True))
            case ("who am I", to):
                to.send(cloison.self())
            case ("hurt", process):
                cloison.parent().send(tries(process))


def tries(process):
    outcomes = []
    for verb in ("link", "kill", "exit", "stop"):
        try:
            getattr(process, verb)(*(["shutdown"] if verb == "exit" else []))
            outcomes.append(f"{verb} done")
        except PermissionError:
            outcomes.append(f"{verb} refused")
    return outcomes


def references():
    process = spawn(waits, "waits")
    receive(timeout=300)
    me = cloison.self()
    found = whereis("waits")
    print(process.control, found.control, cloison.self().control, cloison.self(control=True).control)
    print(found == process, hash(found) == hash(process), {process: 1}[found], found == me, process.send_only() == process)
    print(process.send_only().control, found.send_only() == found)
    for reference in (found, process.send_only()):
        print(tries(reference))
    process.send(("who am I", me))
    print(receive(timeout=300).control)
    try:
        found.kill()
    except PermissionError as error:
        print(str(error).replace(str(found.number), "N"))

    # What the parent is and what is sent have what they were given.
    process.send(("hurt", me))
    print(receive(timeout=300))
    other = spawn(waits, "other")
    receive(timeout=300)
    monitor = other.monitor()
    process.send(("hurt", other.send_only()))
    print(receive(timeout=300))
    other.send(("give control", me))
    controlled = receive(timeout=300)
    print(controlled.control, controlled == other)
    controlled.kill()
    down = receive(Down, timeout=300)
    print(down.reason, down.reference == monitor, down.process == other.send_only())
    process.send(("hurt", cloison.self(control=True).send_only()))
    print(receive(timeout=300))
    process.kill()


class Keeps(Server):
    def __init__(self):
        cloison.register("keeps")

    def handle_call(self, request, sender):
        return sender.sender.control


def servers():
    server = Keeps.start()
    print(call("keeps", "control?"))
    for reference in ("keeps", whereis("keeps")):
        try:
            Server.stop(reference)
        except PermissionError:
            print("not stopped")
    from cloison import _server

    for forged in (whereis("keeps"), None, cloison.self(control=True), 5):
        server.send(_server._Stop("normal", forged))
    print(call("keeps", "still there?"))
    print(Server.stop(server))


def asks(supervisor, to):
    (info,) = supervisor.which_children()
    to.send((info.process.control, tries(info.process)))
    refused = []
    for verb in "start_child", "terminate_child", "restart_child", "delete_child":
        try:
            getattr(supervisor, verb)(Child(waits_longer, name="added") if verb == "start_child" else info.name)
        except PermissionError:
            refused.append(verb)
    to.send(refused)
    # What it does not understand is an error to whoever has said it.
    for request in 5, (), ("which_children",), ("which_children", None, 1), ([], None), ("no such verb", None):
        try:
            call(supervisor.process, request)
        except cloison.Error as error:
            refused.append(error)
    cloison.cast(supervisor.process, "nothing")
    to.send(len(refused))


def waits_longer():
    receive()


def supervisors():
    supervisor = Supervisor([Child(waits_longer)]).start()
    (info,) = supervisor.which_children()
    print(info.process.control, supervisor.start_child(Child(waits_longer, name="mine")).control)
    supervisor.terminate_child("mine")
    supervisor.delete_child("mine")
    spawn(asks, RunningSupervisor(supervisor.process.send_only()), cloison.self())
    print(receive(timeout=300))
    print(receive(timeout=300))
    print(receive(timeout=300), supervisor.count_children()["active"])
    try:
        RunningSupervisor(supervisor.process.send_only()).stop()
    except PermissionError:
        print("not stopped")
    print(supervisor.stop())


def itself():
    spawn(ends_itself, monitor=True)
    print(receive(Down, timeout=300).reason)


def ends_itself():
    cloison.self().kill()
    receive()


if __name__ == "__main__":
    references()
    servers()
    supervisors()
    itself()
