# For tests/tests/processes.rs: order, selective receive, timeouts, calls, long mailboxes, large messages, floods.
import time

import cloison
from cloison import Call, MailboxFull, message, receive, spawn


@message
class Move:
    x: int
    y: int


def counts(to, name, numbers):
    for number in range(numbers):
        to.send((name, number))


def answers():
    while True:
        call = receive()
        match call:
            case Call(request="fail"):
                cloison.reply_error(call, ValueError("it was asked to"))
            case Call(request="late"):
                receive(str)
                cloison.reply(call, "too late")
            case Call(request=("late", behind)):
                receive(str)
                cloison.reply(call, "too late")
                call.sender.send(behind)
            case Call(request="die"):
                raise KeyError("dying")
            case Call(request="twice"):
                cloison.reply(call, "first")
                cloison.reply(call, "second")
            case Call(request=("ask", other)):
                cloison.reply(call, ("he said", cloison.call(other, "through")))
            case Call():
                cloison.reply(call, (call.request, call.sender.number))


def turns(to):
    data = receive()
    to.send((len(data), data[::-1]))


def floods(to, told):
    sent = 0
    try:
        while True:
            to.send(b"x" * 10_000)
            sent += 1
    except MailboxFull as error:
        told.send((sent, error.process == to, str(error).replace(str(to.number), "N")))


def knocks(to):
    to.send("knock")


def is_flooded(told):
    told.send(("heard, over the flood:", receive(str)))
    received = 0
    while True:
        try:
            receive(bytes, timeout=2)
        except TimeoutError:
            break
        received += 1
    told.send(received)
    time.sleep(60)


def writes(to, writer, entries):
    for entry in range(entries):
        while True:
            try:
                to.send((writer, entry))
                break
            except MailboxFull:
                time.sleep(0.001)


def is_written_to(told, entries):
    last, ordered = {}, True
    for _ in range(entries):
        writer, entry = receive(timeout=300)
        ordered = ordered and last.get(writer, -1) + 1 == entry
        last[writer] = entry
    told.send((ordered, len(last)))


def attempt(work):
    try:
        return work()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def is_empty():
    try:
        return f"no: {receive(timeout=0.2)!r}"
    except TimeoutError:
        return "yes"


def order():
    me = cloison.self()
    for name in "abc":
        spawn(counts, me, name, 2000)
    received = {}
    for _ in range(6000):
        name, number = receive(timeout=300)
        received.setdefault(name, []).append(number)
    print("in order, from each:", all(received[name] == list(range(2000)) for name in "abc"))


def selective():
    me = cloison.self()
    for sent in (1, "two", 3.0, ("pack", 1), Move(1, 2), ("other", 2)):
        me.send(sent)
    print(receive(float), receive((str, Move)), receive((str, Move)))
    print(receive(lambda sent: type(sent) is tuple and sent[0] == "other"))
    match receive(tuple):
        case ("pack", number):
            print("a pack", number)
    # A predicate that fails leaves everything where it is.
    print(attempt(lambda: receive(lambda sent: sent.nothing)))
    print(receive(), "| empty:", is_empty())
    me.send(("for", "the predicate"))
    me.send("for the outer one")

    def receives_itself(sent):
        return sent == "for the outer one" and receive(tuple) is not None

    print(receive(receives_itself), "| empty:", is_empty())


def timeouts():
    for timeout in (0, 0.05, -1):
        begun = time.monotonic()
        print(attempt(lambda: receive(timeout=timeout)), time.monotonic() - begun >= timeout)
    print(attempt(lambda: receive(timeout=float("nan"))))
    print(attempt(lambda: receive(timeout="soon")))
    # Told at once, and not when something comes.
    print(attempt(lambda: receive("tuple", timeout=0)), attempt(lambda: receive((int, "str"), timeout=0)), sep="\n")
    cloison.self().send(1)
    print(receive(timeout=float("inf")), attempt(lambda: receive(str, timeout=0)))


def calls():
    server, other = spawn(answers), spawn(answers)
    print(cloison.call(server, 5)[0], cloison.call(server, None)[1] == cloison.self().number)
    print(attempt(lambda: cloison.call(server, "fail")))
    print(attempt(lambda: cloison.call(server, "late", timeout=0.05)).replace(str(server.number), "N"))
    server.send("answer now")
    # The late answer is nobody's: it is not taken for the next one's, and does not stay.
    print(cloison.call(server, "next")[0], "| empty:", is_empty())
    # Nor is it shown to who receives what was sent behind it.
    attempt(lambda: cloison.call(server, ("late", "wanted"), timeout=0.01))
    server.send("answer now")
    seen = []
    print(receive(lambda sent: seen.append(sent) or sent == "wanted"), seen, "| empty:", is_empty())
    print(cloison.call(server, "twice"), "| empty:", is_empty())
    print(cloison.call(server, ("ask", other))[1][0])
    print(attempt(lambda: cloison.call(server, "die")).replace(str(server.number), "N"))
    print(attempt(lambda: cloison.call(server, "anything")).replace(str(server.number), "N"))
    print("empty:", is_empty())


def ends_after_its_answer():
    call = receive(Call)
    cloison.reply(call, "the only one")


def no_news_after_an_answer():
    for _ in range(50):
        if cloison.call(spawn(ends_after_its_answer), None) != "the only one":
            print("another answer")
    print("fifty that ended after their answers | empty:", is_empty())


def a_long_mailbox():
    me, server = cloison.self(), spawn(answers)
    for number in range(40_000):
        me.send(number)
    print(all(cloison.call(server, number)[0] == number for number in range(100)))
    print([receive() for _ in range(40_000)] == list(range(40_000)))


def large_ones():
    data = bytes(range(256)) * (5 << 12)
    turner = spawn(turns, cloison.self())
    turner.send(data)
    length, turned = receive(timeout=300)
    print(length, turned == data[::-1])
    print(attempt(lambda: turner.send(bytes(12 << 20))))


def floods_and_others():
    me = cloison.self()
    victim = spawn(is_flooded, me)
    spawn(floods, victim, me)
    sent, named, text = receive(timeout=300)
    print(sent > 100, named, text)
    spawn(knocks, victim)
    print(*receive(timeout=300))
    print("all that was sent arrives:", receive(timeout=300) == sent)
    registry = spawn(is_written_to, me, 60 * 100)
    for writer in range(60):
        spawn(writes, registry, writer, 100)
    print(receive(timeout=300))


def lost_ones():
    process = spawn(knocks, cloison.self(), monitor=True)
    print(receive(timeout=300), receive(cloison.Down, timeout=300).reason)
    process.send("to nobody")
    print("no error:", is_empty())


if __name__ == "__main__":
    for part in (
        a_long_mailbox,
        order,
        selective,
        timeouts,
        calls,
        no_news_after_an_answer,
        large_ones,
        floods_and_others,
        lost_ones,
    ):
        print("--", part.__name__.replace("_", " "))
        part()
