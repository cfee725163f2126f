import cloison
from cloison import Call, Down, Exit, Process, Reason, Reference, receive, spawn

@cloison.message(frozen=True)
class Move:
    x: int

def work(to: Process, number: int) -> None:
    to.send(Move(number))

def main() -> None:
    child: Process = spawn(work, cloison.self(), 5, name="w", link=True, monitor=True, capabilities=["z"], memory="64 MiB", cpu=0.5, nice=3)
    move: Move = receive(Move, timeout=5)
    number: int = move.x + child.number
    down: Down = receive(Down)
    kind: str = down.reason.kind + (down.reason.traceback or "")
    reference: Reference = child.monitor()
    cloison.demonitor(reference)
    reason: Reason = child.stop("please", timeout=None)
    print(receive((int, str)), receive(lambda sent: sent == number), reason == "killed", kind)
    match receive():
        case Down(process, Reason("exception", text=text)):
            print(process.number, text)
        case Call(("add", a, b)) as call:
            cloison.reply(call, a + b)
        case Call(request, sender):
            cloison.reply_error(Call(request, sender, reference), ValueError())
        case Exit(reason=Reason("killed")):
            cloison.exit(("own", 1))
    cloison.register("main")
    named: Process | None = cloison.whereis("main")
    print(cloison.call("main", 1, timeout=1.5), cloison.parent(), named)
    try:
        cloison.send(child, None)
    except cloison.MailboxFull as error:
        print(error.process)
    except cloison.ProcessDown as error:
        print(error.reason)
    raise cloison.ProcessExit(Reason("data", value=5))

class Counter(cloison.Server):
    timeout = 1.5

    def __init__(self, start: int) -> None:
        self.value = start

    def handle_call(self, request: int, sender: Call) -> int:
        return self.value + request

    def terminate(self, reason: Reason) -> None:
        print(reason.kind)

def supervises() -> None:
    counter: Process = Counter.start(5, timeout=1.0)
    cloison.cast(counter, 1)
    reason: Reason = Counter.stop(counter, timeout=1)
    child = cloison.Child(Counter, 5, name="counter", restart="transient", shutdown="kill")
    supervisor = cloison.Supervisor([child, cloison.Child(work, counter, 1)], strategy="one_for_all", max_restarts=5)
    running: cloison.RunningSupervisor = supervisor.start(link=True)
    infos: list[cloison.ChildInfo] = running.which_children()
    started: Process = running.start_child(cloison.Child(supervisor))
    print(infos[0].restarting, started, running.count_children()["active"], running.stop() == reason)
    with cloison.TaskGroup() as group:
        task: cloison.Task = group.spawn(work, counter, 3)
    print(task.result, task.process.number)

def narrows(zlib: cloison.Capability) -> None:
    less: cloison.Capability = zlib.narrow(functions=["crc32"], where={"crc32": ["len < 9", "crc == 0"]}, calls=5, rate="10/s")
    least = cloison.narrow(less, bytes="1 MiB", cpu=0.5, expires=60, delegate=False, callbacks=False)
    match least.describe():
        case cloison.CapabilityInfo(name, functions=(function, *_)) as info:
            print(name, function, info.where[function], (info.rate or (0, 0.0))[1], info.calls, info.location)
    child: Process = spawn(work, cloison.self(), 5, profile="worker", capabilities=[least])
    with zlib.lend(child, calls=1) as lease:
        child.send(lease)
    cloison.lend(zlib, child, where={"crc32": "len < 9"}).revoke()
    least.revoke()
    cloison.revoke(less)
    print(cloison.describe(zlib).delegate, Counter.start(5, profile="worker"), cloison.Child(work, profile="worker"))

@cloison.service
class Adder:
    def add(self, by: int) -> int:
        return by

def offers() -> None:
    adder: Adder = cloison.offer(Adder())
    least = cloison.narrow(adder, where={"add": "by < 9"}, cpu=0.5)
    print(least.add(1) + 1, cloison.describe(least).parameters["add"][0].upper())
