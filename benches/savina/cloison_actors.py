"""The Savina micro benchmarks as microprocesses. Prints the nanoseconds that the work has taken, without starting those who do it."""

import sys
import time

from cloison import parent, receive, self, spawn


def echo():
    while (message := receive()) is not None:
        message[0].send(message[1])


def ping_pong(count):
    other = spawn(echo)
    me = self()
    other.send((me, 0))
    receive()
    start = time.perf_counter_ns()
    for number in range(count):
        other.send((me, number))
        receive()
    return start


def counter():
    total = 0
    while (message := receive()) is not None:
        if message == "ready":
            parent().send("ready")
        else:
            total += message
    parent().send(total)


def counting(count):
    other = spawn(counter)
    other.send("ready")
    receive()
    start = time.perf_counter_ns()
    for _ in range(count):
        patiently(other, 1)
    patiently(other, None)
    assert receive() == count
    return start


def patiently(process, message):
    from cloison import MailboxFull

    while True:
        try:
            return process.send(message)
        except MailboxFull:
            time.sleep(0.0005)


def child(number):
    parent().send(number)


def fork_join_create(count):
    start = time.perf_counter_ns()
    for number in range(count):
        spawn(child, number)
    for _ in range(count):
        receive()
    return start


def fork_join_throughput(count):
    others = [spawn(counter) for _ in range(10)]
    for other in others:
        other.send("ready")
    for other in others:
        receive()
    start = time.perf_counter_ns()
    for _ in range(count):
        for other in others:
            patiently(other, 1)
    for other in others:
        patiently(other, None)
    for other in others:
        assert receive() == count
    return start


def link(first):
    following = receive()
    parent().send("ready")
    while True:
        left = receive()
        if left == 0:
            return parent().send("done")
        following.send(left - 1)


def thread_ring(count):
    ring = [spawn(link, n) for n in range(20)]
    for one, following in zip(ring, ring[1:] + ring[:1]):
        one.send(following)
        receive()
    start = time.perf_counter_ns()
    ring[0].send(count)
    receive()
    return start


def creature(mall):
    me = self()
    parent().send("ready")
    receive()
    while True:
        mall.send(me)
        if receive() is None:
            return


def meetings(count):
    parent().send("ready")
    waiting = None
    while True:
        one = receive()
        if count == 0:
            one.send(None)
            continue
        if waiting is None:
            waiting = one
            continue
        count -= 1
        one.send(1)
        waiting.send(1)
        waiting = None
        if count == 0:
            parent().send("done")


def chameneos(count):
    mall = spawn(meetings, count)
    creatures = [spawn(creature, mall) for _ in range(10)]
    for _ in range(11):
        receive()
    start = time.perf_counter_ns()
    for one in creatures:
        one.send("go")
    receive()
    return start


def neighbour(count):
    others = receive()
    me = self()
    parent().send("ready")
    # Those who were told so earlier may ask already: they are answered afterwards.
    receive(str)
    answered = 0
    others[0].send((me, "ping"))
    while answered < count:
        sender, what = receive()
        if what == "ping":
            sender.send((me, "pong"))
        else:
            answered += 1
            if answered < count:
                others[answered % len(others)].send((me, "ping"))
    parent().send("done")
    while True:
        sender, what = receive()
        if what == "ping":
            sender.send((me, "pong"))


def big(count):
    all = [spawn(neighbour, count) for _ in range(10)]
    for one in all:
        one.send([other for other in all if other is not one])
    for _ in all:
        receive()
    start = time.perf_counter_ns()
    for one in all:
        one.send("go")
    for _ in all:
        receive()
    return start


if __name__ == "__main__":
    start = globals()[sys.argv[1]](int(sys.argv[2]))
    print(time.perf_counter_ns() - start)
