"""Functions of one process that others call by a capability: who may, what of it, with what, how often, and until when."""

import functools
import re
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


@cloison.service
class Store:
    """Parameters of all kinds that bounds know, and of some that they do not."""

    def __init__(self):
        self.kept = 0

    def put(
        self,
        path: str,
        data: bytes = b"",
        level: int = 3,
        *rest: int,
        ratio: float = 0.5,
        sure: bool = False,
        mode: "str | None" = None,
        raw: bytes | None = None,
        tag=None,
        NULL: int = 7,
        **others: str,
    ) -> int:
        self.kept += 1
        return self.kept

    def only(self, first: int, /, **others: int):
        return first

    @staticmethod
    def none():
        return None

    def wrong(self, value) -> int:
        return value

    def optional(self, value) -> "int | None":
        return value

    def much(self, size: int) -> bytes:
        return bytes(size)

    def fails(self, size: int):
        raise ValueError("x" * size)

    def work(self, seconds: float):
        until = time.process_time() + seconds
        while time.process_time() < until:
            pass

    def meanwhile(self, teller):
        """Serve others until there is word of it."""
        teller.send("meanwhile")
        return cloison.serve(until=int)


@cloison.service
class Like:
    """A function of zlib's, as far as bounds see it."""

    def crc32(self, crc: int, buf: bytes) -> int:
        return 0


def serves(kind):
    cloison.parent().send(cloison.offer(globals()[kind]()))
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
            case "meanwhile", capability, teller:
                cloison.parent().send(told(lambda: capability.meanwhile.within(60)(teller)))
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


def start(kind="Counter", **limits):
    """A server, and the capability that it has given this process."""
    server = cloison.spawn(serves, kind, **limits)
    return server, cloison.receive(cloison.Capability, timeout=300)


def calls(counter):
    assert isinstance(counter, cloison.Capability)
    assert (counter.add(), counter.add(2), counter.add(by=3, times=2), counter.add(1, 1, 1)) == (1, 3, 9, 12)
    assert set(dir(counter)) == {"add", "echo", "fail", "slow", "unsendable"}
    info = counter.describe()
    assert repr(counter) == f"<capability 'Counter' #{info.number}>" and info.name == "Counter"
    assert info.location.startswith("process ") and "add(by: int, times, rest, others)" in counter.__doc__, counter.__doc__
    assert info.parameters["add"] == ("by: int", "times", "rest", "others") and info.parameters["slow"] == ("teller",)
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
    quiet = counter.narrow(callbacks=False)
    assert not quiet.describe().callbacks and quiet.add(0) == 12
    personal = counter.narrow(delegate=False)
    assert ask(one, "call", personal, "add", 0) == 12
    assert ask(one, "give", personal, two.send_only()).startswith("CapabilityDenied")
    with counter.lend(one, calls=1) as lease:
        assert ask(one, "call", counter, "add", 0) == 12 and lease.add(0) == 12
    assert told(lease.add, 0).startswith("Revoked")


#: A bound, arguments, and what is said of those that it refuses.
BOUNDED = (
    ("level <= 6", ("/a", b"", 6), None),
    ("level <= 6", ("/a", b"", 7), "does not hold"),
    ("level <= 6", {"level": 7}, "does not hold"),
    ("level <= 6", {}, None),
    ("level >= 4", {}, "does not hold"),  # as it is not passed, it is 3
    ("level <= 6", {"level": True}, None),
    ("level in [1, 6]", {"level": 6}, None),
    ("level in [1, 6]", {"level": 5}, "does not hold"),
    ("level >= 0", {"level": 1 << 100}, None),
    ("level >= 0", {"level": 1 << 200}, "cannot be judged: the number is out of range"),
    ("level + len(path) < 6", {}, None),
    ("level + len(path) < 6", {"level": 4}, "does not hold"),
    ("6 / level > 1", {"level": 0}, "cannot be judged: division by zero"),
    ("sure == 1", {"sure": True}, None),
    ("sure == 1", {}, "does not hold"),
    ('path starts_with "/data/"', ("/data/x",), None),
    ('path starts_with "/data/"', ("/etc/data/",), "does not hold"),
    ('path starts_with "/data/"', ("/data/../etc",), "cannot be judged: the path has a `..` in it"),
    ('!(path starts_with "/data/")', ("/data/../etc",), "cannot be judged: the path has a `..` in it"),
    ('path != "secret"', ("secret",), "does not hold"),
    ("len(path) <= 4", ("äö",), None),
    ("len(path) <= 4", ("äöü",), "does not hold"),
    ("len(data) <= 4", ("/a", b"12345"), "does not hold"),
    ("len(data) <= 4", {"data": b"1234"}, None),
    ('data starts_with "PK"', {"data": b"PK\0"}, None),
    ('data starts_with "PK"', {}, "does not hold"),
    ("ratio <= 0.5", {}, None),
    ("ratio <= 0.5", {"ratio": 0.6}, "does not hold"),
    ("ratio <= 0.5", {"ratio": 0}, None),
    ("ratio <= 0.5", {"ratio": float("nan")}, "cannot be judged: the number is NaN"),
    ("ratio <= 9007199254740992.0", {"ratio": 9007199254740993}, "cannot be judged: the number is out of range"),
    ("ratio >= 0.5", {"ratio": 1 << 127}, "cannot be judged: the number is out of range"),
    ('mode in ["r", "rb"]', {"mode": "r"}, None),
    ('mode in ["r", "rb"]', {}, "does not hold"),
    ('mode != "w"', {}, None),
    ("len(mode) == 0 && len(raw) == 0", {}, None),
    ('raw == "x"', {"raw": b"x"}, None),
    ("NULL == 7", {}, None),
    ("NULL == 7", {"NULL": 0}, "does not hold"),
)


def bounded(store, one):
    parameters = ("path: str", "data: bytes", "level: int", "ratio: float", "sure: bool", "mode: str | None", "raw: bytes | None", "tag")
    assert store.describe().parameters["put"] == (*parameters, "NULL: int", "rest", "others")
    line = bounded.__code__.co_firstlineno + 5
    for bound, passed, said in BOUNDED:
        narrowed = store.narrow(where={"put": bound})
        args, kwargs = (passed, {}) if isinstance(passed, tuple) else (("/a",), passed)
        answer = told(narrowed.put, *args, **kwargs)
        if said is None:
            assert type(answer) is int, (bound, passed, answer)
            continue
        number = narrowed.describe().number
        allows = f"what this capability allows, as process 1 (main.py:{line}) has narrowed it (#{number})"
        assert answer == f"CapabilityDenied: Store.put(): the arguments are outside of {allows}: `{bound}` {said}", (bound, passed, answer)
        # Nor do they get there around the client's own runtime.
        if not kwargs:
            assert forged(_cloison.server_of(narrowed)[0], number, "put", args=args).startswith("CapabilityDenied: Store.put()")
    few = store.narrow(where={"put": ["level <= 6", "level >= 2"]})
    assert few.describe().where == {"put": ("level <= 6", "level >= 2")}
    fewer = few.narrow(where={"put": "level != 4"})
    assert [type(told(fewer.put, "/a", level=level)) is int for level in range(8)] == [False, False, True, True, False, True, True, False]
    assert told(few.narrow(functions=["put"]).much, 1).startswith("CapabilityDenied") and len(few.much(1)) == 1
    # Whoever passes it on has it bound for others, too; arguments are of the right type before bounds look at them.
    assert ask(one, "call", few, "put", "/a", b"", 7).startswith("CapabilityDenied: Store.put(): the arguments are outside")
    assert told(few.put, "/a", level="3") == "TypeError: Store.put(): level: int is wanted, not str"
    assert told(few.put) == "TypeError: Store.put(): path is missing" and told(few.put, "/a", path="/b").startswith("TypeError")
    # What has no keyword is among others, and bounds are about the one that is passed.
    first = store.narrow(where={"only": "first == 1"})
    assert first.only(1, first=2) == 1 and told(first.only, 2, first=1).startswith("CapabilityDenied")
    for wrong, said in (
        ("tag == 1", "nothing is known of `tag`"),
        ("len(rest) == 1", "nothing is known of `rest`"),
        ('others == "x"', "nothing is known of `others`"),
        ("levels <= 6", "there is no parameter `levels`"),
        ("path <= 6", "text or bytes are compared with a text in quotes"),
        ("put(1) <= 6", "`put` cannot be called in an expression"),
        ("level.x <= 6", "`level` is no struct"),
        ("level", None),
    ):
        answer = told(lambda: store.narrow(where={"put": wrong}))
        assert answer.startswith("ValueError") and said in answer if said else not isinstance(answer, str), (wrong, answer)
    assert "it allows no function `no`" in told(lambda: store.narrow(where={"no": "1 <= 1"}))
    assert told(store.narrow(where={"work": "seconds <= 1"}).work, 2).endswith("`seconds <= 1` does not hold")
    many = store.narrow(where={"put": [f"level != {1000 + number}" for number in range(64)]})
    assert type(many.put("/a")) is int and told(many.put, "/a", level=1063).endswith("`level != 1063` does not hold")
    assert "64 bounds at most" in told(lambda: many.narrow(where={"put": "level <= 6"}))
    assert many.narrow(where={"much": "size <= 6"}).much(6) == bytes(6)


def counted(store):
    # What a bound refuses is no call; it has used its turn of a rate.
    once = store.narrow(where={"put": "level <= 6"}, calls=1, bytes="4 KiB")
    for _ in range(5):
        assert "does not hold" in told(once.put, "/a", data=bytes(2000), level=7)
    assert type(once.put("/a", data=bytes(2000))) is int
    assert "all 1 calls of this grant have been made" in told(once.put, "/a")
    slowly = store.narrow(where={"put": "level <= 6"}, rate="1/h")
    assert "does not hold" in told(slowly.put, "/a", level=7) and "more than 1 calls" in told(slowly.put, "/a")
    # Results and exceptions are carried as well: what is too much of them keeps the next call from being made.
    few = store.narrow(bytes="8 KiB")
    assert len(few.much(100_000)) == 100_000 and "all 8192 bytes of this grant have been carried" in told(few.much, 1)
    few = store.narrow(bytes="8 KiB")
    assert told(few.fails, 10_000).startswith("ValueError") and "bytes of this grant" in told(few.much, 1)
    # So is what it takes, for all that it comes from.
    above = store.narrow(cpu=0.02)
    busy = above.narrow(functions=["work"])
    assert busy.describe().cpu == 0.02
    busy.work(0.03)
    for each in (busy, above):
        assert "all 20 ms of processor time of this grant have been used" in told(each.work, 0.0)
    assert store.work(0.0) is None and told(store.narrow(cpu=0).work, 0.0).startswith("QuotaExceeded")
    # Those that are served within a call take of their own.
    patient, other = store.narrow(cpu=0.3), cloison.spawn(client)
    other.send(("meanwhile", patient, cloison.self()))
    assert cloison.receive(timeout=300) == "meanwhile"
    store.work.within(60)(0.4)
    _cloison.server_of(store)[0].send(5)
    assert cloison.receive(timeout=300) == 5
    assert patient.work(0.0) is None
    other.send("end")
    # What is returned is looked at as arguments are.
    assert store.wrong(1) == 1 and told(store.wrong, "x") == "TypeError: Store.wrong() has returned str, and says that it returns int"
    assert store.optional(None) is None and "returns int or None" in told(store.optional, 1.5)


def alike():
    """What a zone refuses for a bound and arguments a service refuses, in the same words, and nothing else."""
    server, like = start("Like")
    zlib, allowed = cloison.capability("zlib"), 0
    arguments = ((0, b""), (1, b"hello"), (0, b"hello"), (5, b"/a/../b"), (2, b"/a/b"), (7, b"x\0y"))
    for bound in (
        "len(buf) <= 5",
        "crc == 0",
        "crc in [0, 1]",
        'buf starts_with "he"',
        "buf ends_with 'b'",
        'buf == "hello"',
        'buf != "hello"',
        'buf in ["hello", ""]',
        'buf starts_with "/a/"',
        '!(buf starts_with "/a/")',
        "crc < 5 && len(buf) > 2",
        "crc > 1 || len(buf) == 0",
        "!(crc == 1)",
        "6 / crc > 1",
        "6 % crc == 0",
        "crc * 9223372036854775807 * 9223372036854775807 * 4 >= 0",
        "-crc <= 0",
    ):
        functions = [each.narrow(where={"crc32": bound}).crc32 for each in (zlib, like)]
        for passed in arguments:
            ours, other = (told(function, *passed) for function in functions)
            allowed += not isinstance(ours, str)
            if isinstance(ours, str):
                ours, other = (re.sub(r"#\d+", "#", text) for text in (ours, other))
                assert ours == other.replace("Like.", "zlib.") and "`" in ours, (bound, passed, ours, other)
            else:
                assert other == 0, (bound, passed, other)
    assert 0 < allowed < 17 * 6
    server.send("end")


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
    # What a server says of a call counts once, and only of one that it was told of.
    own = mine.narrow(where={"add": "by < 0"}, calls=2)
    question = (own.describe().number, cloison.self().number, "add", 0)
    made, refused = (_cloison.admit(*question)[0] for _ in range(2))
    assert made.outside([-1, None]) is None and "`by < 0` does not hold" in refused.outside([1, None])
    assert told(refused.outside, [1, None]).startswith("Error: the broker knows nothing")
    made.ended(0), made.ended(0), refused.ended(0)
    assert told(made.outside, [1, None]).startswith("Error: the broker knows nothing")
    assert "cannot be judged" in _cloison.admit(*question)[0].outside([])
    assert [_cloison.admit(*question)[1] for _ in range(2)] == ["", "QuotaExceeded"]
    assert told(_cloison.ServedCall).startswith("TypeError")
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
    stores, store = start("Store")
    bounded(store, one)
    counted(store)
    stores.send("end")
    alike()
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
