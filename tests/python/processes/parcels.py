# For tests/tests/processes.rs: long messages, each in memory of its own. What was sent arrives whole or its sender is told, and of
# a sender that is killed in the middle nothing is left.
import time

import cloison
from cloison import Down, MailboxFull, receive, spawn

HALF = (8 << 20) - 1000  # half of a mailbox of 16 MiB is the most


def echoes():
    while True:
        match receive():
            case (sender, value):
                sender.send(value)
            case "enough":
                return


def whole():
    echo = spawn(echoes)
    me = cloison.self()
    for size in (65_000, 66_000, 1_000_000, HALF):
        value = [bytes([size % 251]) * size, "behind it"]
        echo.send((me, value))
        echo.send((me, size))
        assert receive(timeout=300) == value, size
        assert receive(timeout=300) == size, "in order"
    try:
        echo.send(b"x" * (8 << 20))
    except ValueError as error:
        print(str(error).splitlines()[0])
    echo.send("enough")


def sends_one(to, number, told):
    try:
        to.send((number, bytes([number]) * HALF))
        told.send((number, "sent"))
    except MailboxFull as full:
        told.send((number, "full" if full.lost == 0 and full.process == to else repr(full)))


def counts(told):
    receive(lambda sent: sent == "count")
    numbers = []
    while True:
        match receive():
            case "all":
                break
            case (number, value):
                assert value == bytes([number]) * HALF
                numbers.append(number)
    told.send(("counted", sorted(numbers)))
    # There is room again.
    told.send(("later", receive(tuple)[0]))


def told_or_arrived():
    me = cloison.self()
    counting = spawn(counts, me)
    for number in range(12):
        spawn(sends_one, counting, number, me)
    told = dict(receive(timeout=300) for _ in range(12))
    assert set(told.values()) == {"sent", "full"}, told
    counting.send("count")
    counting.send("all")
    sent = sorted(number for number, how in told.items() if how == "sent")
    assert receive(timeout=300) == ("counted", sent), sent
    spawn(sends_one, counting, 99, me)
    assert {receive(timeout=300), receive(timeout=300)} == {(99, "sent"), ("later", 99)}
    print("each was told or arrived")


def sends_for_ever(to, told):
    value = b"x" * HALF
    told.send("ready")
    while True:
        try:
            to.send(value)
        except MailboxFull:
            pass


def takes(told):
    while True:
        match receive():
            case "still there?":
                told.send("yes")
            case value:
                assert len(value) == HALF and value.count(b"x") == HALF


def killed_in_the_middle():
    me = cloison.self()
    taking = spawn(takes, me, memory="100 MiB")
    taking.monitor()
    for _ in range(40):
        sender = spawn(sends_for_ever, taking, me, monitor=True)
        receive(lambda sent: sent == "ready", timeout=300)
        sender.kill()
        receive(lambda sent: isinstance(sent, Down) and sent.process == sender, timeout=300)
    taking.send("still there?")
    answer = receive(timeout=300)
    assert answer == "yes", answer
    print("nothing is left of the killed")


def gets(told, value, number):
    told.send((number, len(value), value.count(b"y")))


def gives(value):
    while True:
        spawn(gets, cloison.self(), value, 0)


def arguments():
    me = cloison.self()
    value = b"y" * 1_000_000
    for number in range(3):
        spawn(gets, me, value, number)
        assert receive(timeout=300) == (number, len(value), len(value))
    # Whoever is killed while it gives arguments leaves nobody behind who waits for them: there may be thirty processes.
    for number in range(60):
        giver = spawn(gives, value, monitor=True)
        time.sleep(0.002 * (number % 10))
        giver.kill()
        receive(lambda sent: isinstance(sent, Down) and sent.process == giver, timeout=300)
    print("arguments arrive whole")


if __name__ == "__main__":
    whole()
    arguments()
    told_or_arrived()
    killed_in_the_middle()
