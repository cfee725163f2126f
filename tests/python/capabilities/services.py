"""Functions of one process that others call by a capability: who may, what of it, how often, and until when."""

import functools
import threading
import time

import _cloison
import cloison
from cloison import _processes


class Silent(Exception):
    def __str__(self):
        raise SystemExit(3)


class Strange(Exception):
    """A class that nobody has declared."""


@cloison.service
class Counter:
    kind = "no function"

    def __init__(self):
        self.count = 0

    def add(self, by: int = 1, *rest: int, times: int | None = None, **others: "str") -> int:
        self.count += by * (times or 1) + sum(rest)
        return self.count

    def fail(self, how):
        if how == "endless":
            error = Strange()
            error.args = (error,)
            raise error
        raise {"known": ValueError("no such thing"), "silent": Silent()}.get(how, Strange("not known"))

    def slow(self, teller):
        """Say that it has begun, and go on when it is told."""
        teller.send("begun")
        cloison.receive(lambda message: message == "go on", timeout=300)
        return "late"

    def unsendable(self):
        return lambda: 1

    def echo(self, value: float):
        return value

    def _hidden(self):
        return "hidden"


class Derived(Counter):
    def more(self):
        return "more"


@cloison.service
class Doubling(cloison.Server):
    """A server like any other, which offers a function besides."""

    def __init__(self):
        cloison.parent().send(cloison.offer(self))

    def handle_call(self, request, sender):
        return request

    def double(self, number: int):
        return 2 * number


def serves():
    cloison.parent().send(cloison.offer(Counter()))
    assert cloison.serve(until=str) == "end"


def told(call, *args, **kwargs):
    """What comes of a call, or the name and the text of what it raises."""
    try:
        return call(*args, **kwargs)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def forged(server, number, function="add", sender=None, args=(1,), timeout=300):
    """Ask as the runtime does, by a number that may be guessed; what is answered."""

    def question(reference):
        return _processes._ServiceCall(number, function, args, {}, sender or cloison.self(), reference)

    answer = _processes.ask(server, question, timeout)
    return answer if answer is None else answer.value if not answer.failed else f"{type(answer.value).__name__}: {answer.value}"


def client():
    """Do what it is told, and say what becomes of it."""
    while (received := cloison.receive(timeout=300)) != "end":
        match received:
            case "start", capability, teller:
                cloison.parent().send(told(lambda: capability.slow.within(60)(teller)))
            case cloison.Call(request=("call", capability, name, *args)):
                cloison.reply(received, told(lambda: getattr(capability, name)(*args)))
            case cloison.Call(request=("give", capability, to)):
                cloison.reply(received, told(to.send, capability))
            case cloison.Call(request=("forge", server, number, sender, timeout)):
                cloison.reply(received, told(forged, server, number, sender=sender, timeout=timeout))
            case cloison.Call(request="named"):
                cloison.reply(received, told(lambda: cloison.capability("Counter").add(0)))
            case cloison.Call(request="waiting"):
                cloison.reply(received, told(cloison.receive, timeout=0))


def ask(process, *request):
    return cloison.call(process, request, timeout=300)


def start(**limits):
    """A server, and the capability that it has given this process."""
    server = cloison.spawn(serves, **limits)
    return server, cloison.receive(cloison.Capability, timeout=300)


def calls(counter):
    assert isinstance(counter, cloison.Capability)
    assert (counter.add(), counter.add(2), counter.add(by=3, times=2), counter.add(1, 1, 1)) == (1, 3, 9, 12)
    assert set(dir(counter)) == {"add", "echo", "fail", "slow", "unsendable"}
    info = counter.describe()
    assert repr(counter) == f"<capability 'Counter' #{info.number}>" and info.name == "Counter"
    assert info.location.startswith("process ") and "add(…)" in counter.__doc__
    assert repr(counter.add).startswith("<function Counter.add of a service") and counter.add.__name__ == "add"
    assert told(lambda: counter._hidden).startswith("AttributeError") and told(lambda: counter.ad).startswith("AttributeError")
    # Arguments are looked at where the service runs.
    assert told(counter.add, "1") == "TypeError: Counter.add(): by: int is wanted, not str"
    assert told(counter.add, times=1.5) == "TypeError: Counter.add(): times: int or None is wanted, not float"
    assert told(counter.add, 1, 1, None) == "TypeError: Counter.add(): rest: int is wanted, not NoneType"
    assert told(counter.add, other=1) == "TypeError: Counter.add(): others: str is wanted, not int"
    assert told(counter.echo, "1").startswith("TypeError") and (counter.echo(1), counter.echo(1.5)) == (1, 1.5)
    assert told(counter.fail).startswith("TypeError") and told(counter.add, lambda: 1).startswith("TypeError")
    # Exceptions are their callers', and the service goes on.
    assert told(counter.fail, "known") == "ValueError: no such thing"
    assert told(counter.fail, "unknown").startswith("RemoteError") and told(counter.unsendable).startswith("TypeError")
    assert told(counter.fail, "silent") == "RemoteError: __mp_main__.Silent: <str() raised SystemExit>", told(counter.fail, "silent")
    assert "would not end" in told(counter.fail, "endless"), told(counter.fail, "endless")
    assert counter.add(0) == 12
    assert told(counter.batch).startswith("TypeError")


def narrowed(counter, one, two):
    some = counter.narrow(functions=["add"])
    assert some.add(0) == 12 and told(some.echo, 1.0).startswith("CapabilityDenied") and dir(some) == ["add"]
    # Whoever goes round its own runtime meets the broker.
    server = _cloison.server_of(some)[0]
    assert forged(server, some.describe().number, "echo", args=(1.0,)).startswith("CapabilityDenied: Counter.echo() is not granted")
    assert forged(server, some.describe().number, "add", args=(0,)) == 12
    assert told(some.narrow, functions=["echo"]).startswith("ValueError")
    # Two clients, one count.
    three = counter.narrow(calls=3)
    assert ask(one, "call", three, "add", 0) == ask(two, "call", three, "add", 0) == ask(one, "call", three.narrow(calls=9), "add", 0) == 12
    for process in (one, two):
        assert ask(process, "call", three, "add", 0).startswith("QuotaExceeded: Counter.add(): the grant is used up")
    few = counter.narrow(bytes="2 KiB")
    assert few.add(0) == 12 and told(few.fail, "x" * 4000).startswith("QuotaExceeded")
    slowly = counter.narrow(rate="1/h")
    assert slowly.add(0) == 12 and told(slowly.add, 0).startswith("QuotaExceeded")
    brief = counter.narrow(expires=0.01)
    while (last := told(brief.add, 0)) == 12:
        time.sleep(0.001)
    assert "has expired" in last, last
    for wrong in ({"where": {"add": "by < 3"}}, {"cpu": 1}, {"callbacks": False}):
        assert "a service that a process serves" in told(lambda: counter.narrow(**wrong)), wrong
    personal = counter.narrow(delegate=False)
    assert ask(one, "call", personal, "add", 0) == 12
    assert ask(one, "give", personal, two.send_only()).startswith("CapabilityDenied")
    with counter.lend(one, calls=1) as lease:
        assert ask(one, "call", counter, "add", 0) == 12 and lease.add(0) == 12
    assert told(lease.add, 0).startswith("Revoked")


def forgeries(server, counter, one):
    stranger = cloison.spawn(client)
    number = counter.describe().number
    for each in (number, number + 1, 1, 1 << 60):
        assert ask(stranger, "forge", server.send_only(), each, None, 60).startswith("CapabilityDenied: process"), each
    # In another one's name nothing is heard.
    assert ask(stranger, "forge", server.send_only(), number, cloison.self(), 0.2) is None
    for nonsense in ((None, "add"), (-1, "add"), (number, 3), (1 << 70, "add"), (number, "x" * 100_000), (number, "add\udc80")):
        assert isinstance(forged(server, *nonsense), str), nonsense
    assert forged(server, number, args=[1]).startswith("MessageError")
    assert counter.add(0) == 12
    # Who held it once does not hold it any more.
    right = counter.narrow()
    assert ask(one, "call", right, "add", 0) == 12
    old = right.describe().number
    right.revoke()
    assert ask(one, "forge", server.send_only(), old, None, 60).startswith(("CapabilityDenied", "Revoked"))
    assert told(right.add, 0).startswith("Revoked")
    stranger.send("end")


def in_flight(server, counter, one, two):
    right = counter.narrow(functions=["slow"])
    below = right.narrow()
    one.send(("start", below, cloison.self()))
    assert cloison.receive(timeout=300) == "begun"
    # One is answered, the other one's call waits in the mailbox.
    two.send(("start", right, cloison.self()))
    right.revoke()
    said = [cloison.receive(timeout=300) for _ in range(2)]
    assert all(each.startswith("Revoked: ") and "has been revoked" in each for each in said), said
    server.send("go on")
    # What comes late is nobody's.
    assert ask(one, "call", counter, "add", 0) == 12
    assert cloison.call(one, "waiting", timeout=300).startswith("TimeoutError")


def given(counter):
    named = cloison.spawn(client, capabilities=[counter])
    assert cloison.call(named, "named", timeout=300) == 12
    named.send("end")
    server = Doubling.start()
    doubling = cloison.receive(cloison.Capability, timeout=300)
    assert dir(doubling) == ["double"] and doubling.double(21) == 42 and cloison.call(server, "still a server") == "still a server"
    Doubling.stop(server)
    assert "the service has ended" in told(doubling.double, 1)


def refused():
    assert told(cloison.offer, object()).startswith("TypeError: object is no service")
    assert told(cloison.offer, Derived()).startswith("TypeError: Derived is no service")
    assert "is a capability of" in told(cloison.offer, Counter(), name="zlib")
    assert told(cloison.offer, Counter(), name="Zähler").startswith("ValueError")
    for wrong in ({"narrow": lambda self: 1}, {"_private": lambda self: 1}, {"many": _generator}):
        assert told(cloison.service, type("Wrong", (), wrong)).startswith("TypeError"), wrong
    mine = cloison.offer(Counter())
    assert told(mine.add).startswith("RuntimeError")
    in_a_thread = []
    threading.Thread(target=lambda: in_a_thread.append(told(mine.add))).start()
    assert in_a_thread[0].startswith("RuntimeError"), in_a_thread
    gone = cloison.offer(Counter())
    gone.revoke()
    assert told(gone.add).startswith("Revoked"), told(gone.add)
    offered = [mine]
    while not isinstance(more := told(cloison.offer, Counter()), str):
        offered.append(more)
    assert len(offered) == 256 and "which is the most" in more, more
    for each in offered:
        each.revoke()
    del offered, mine, each
    cloison.offer(Counter()).revoke()


def _generator(self):
    yield 1


def wrapped(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@cloison.service
class Looked(cloison.Server):
    """What is looked at, however it is written; and what is told to its starter."""

    def __init__(self, teller):
        teller.send(cloison.offer(self))

    @wrapped
    def add(self, by: int, /, *, times: int = 1):
        return by * times

    def many(self, items: "list[int] | None", *rest: *tuple[int, ...]):
        return len(items or ()) + len(rest)

    def echo(self, value):
        return value


def annotations():
    server = Looked.start(cloison.self())
    looked = cloison.receive(cloison.Capability, timeout=300)
    assert looked.add(2, times=3) == 6 and looked.many([1], 2, 3) == 3 and looked.many(None) == 0
    assert "by: int is wanted, not str" in told(looked.add, "x") and "times: int is wanted" in told(looked.add, 1, times="x")
    assert "list or None is wanted, not str" in told(looked.many, "x")
    server.stop()


def sends_too_much(server):
    # Few bytes, and much memory once they are read.
    server.send([{}] * 3_900_000)
    cloison.parent().send("sent")
    cloison.receive(timeout=300)


def too_much():
    """Calls that are refused, fail or are too much to be read leave nothing behind, and end nothing."""
    server, counter = start(memory="100 MiB")
    number = counter.describe().number
    for _ in range(100):
        assert "value: float or int is wanted, not bytes" in told(counter.echo, bytes(1_500_000))
    # It may be asked for more than it can send back.
    server.send(_processes._ServiceCall(number, "add", (), {}, cloison.self(), bytes(1_500_000)))
    assert counter.add(0) == 0
    small = counter.narrow(functions=["add"], calls=2, bytes="4 KiB")
    assert "takes more memory than is left" in told(small.add, [{}] * 3_900_000) and small.add(0) == 0
    server.send("end")
    # A stranger's message is no call, and ends neither.
    both = [start(), (Looked.start(cloison.self()), cloison.receive(cloison.Capability, timeout=300))]
    for server, capability in both:
        stranger = cloison.spawn(sends_too_much, server.send_only())
        assert cloison.receive(timeout=300) == "sent"
        assert capability.echo.within(60)(1) == 1
        stranger.kill()
        server.kill()


def ends(server, counter, one):
    one.send(("start", counter, cloison.self()))
    assert cloison.receive(timeout=300) == "begun"
    server.kill()
    assert "the service has ended" in cloison.receive(timeout=300)
    assert "the service has ended" in told(counter.add)
    assert ask(one, "call", cloison.capability("zlib"), "crc32", 0, b"hello") == 907060870


def main():
    one, two = cloison.spawn(client), cloison.spawn(client)
    server, counter = start()
    calls(counter)
    narrowed(counter, one, two)
    forgeries(server, counter, one)
    in_flight(server, counter, one, two)
    given(counter)
    refused()
    annotations()
    too_much()
    ends(server, counter, one)
    other, _ = start()
    other.send("end")
    for process in (one, two):
        process.send("end")
    print("served")


if __name__ == "__main__":
    main()
