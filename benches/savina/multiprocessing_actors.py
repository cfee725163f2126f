"""The Savina micro benchmarks as processes of `multiprocessing`, by fork. Prints the nanoseconds that the work has taken, without starting
those who do it."""

import multiprocessing
import sys
import time

fork = multiprocessing.get_context("fork")


def started(target, *args):
    process = fork.Process(target=target, args=args, daemon=True)
    process.start()
    return process


def echo(connection):
    while True:
        connection.send(connection.recv())


def ping_pong(count):
    ours, theirs = fork.Pipe()
    started(echo, theirs)
    ours.send(0)
    ours.recv()
    start = time.perf_counter_ns()
    for number in range(count):
        ours.send(number)
        ours.recv()
    return start


def counter(queue, done):
    done.put("ready")
    total = 0
    while (message := queue.get()) is not None:
        total += message
    done.put(total)


def counting(count):
    return throughput(count, 1)


def fork_join_throughput(count):
    return throughput(count, 10)


def throughput(count, processes):
    queues, done = [fork.SimpleQueue() for _ in range(processes)], fork.SimpleQueue()
    for queue in queues:
        started(counter, queue, done)
    for queue in queues:
        done.get()
    start = time.perf_counter_ns()
    for _ in range(count):
        for queue in queues:
            queue.put(1)
    for queue in queues:
        queue.put(None)
    for queue in queues:
        assert done.get() == count
    return start


def child(done, number):
    done.put(number)


def fork_join_create(count):
    done = fork.SimpleQueue()
    start = time.perf_counter_ns()
    for number in range(count):
        started(child, done, number)
    for _ in range(count):
        done.get()
    return start


def link(mine, following, done):
    done.put("ready")
    while True:
        left = mine.get()
        if left == 0:
            done.put("done")
        else:
            following.put(left - 1)


def thread_ring(count):
    queues, done = [fork.SimpleQueue() for _ in range(20)], fork.SimpleQueue()
    for mine, following in zip(queues, queues[1:] + queues[:1]):
        started(link, mine, following, done)
        done.get()
    start = time.perf_counter_ns()
    queues[0].put(count)
    done.get()
    return start


def creature(number, mall, mine, done):
    done.put("ready")
    mine.get()
    while True:
        mall.put(number)
        mine.get()


def chameneos(count):
    mall, done = fork.SimpleQueue(), fork.SimpleQueue()
    queues = [fork.SimpleQueue() for _ in range(10)]
    for number, queue in enumerate(queues):
        started(creature, number, mall, queue, done)
        done.get()
    start = time.perf_counter_ns()
    for queue in queues:
        queue.put("go")
    for _ in range(count):
        one, other = mall.get(), mall.get()
        queues[one].put(1)
        queues[other].put(1)
    return start


def neighbour(me, queues, count, done):
    others = [number for number in range(len(queues)) if number != me]
    done.put("ready")
    # Those who were told so earlier may ask already: they are answered afterwards.
    early = []
    while (message := queues[me].get()) != "go":
        early.append(message)
    answered = 0
    queues[others[0]].put((me, "ping"))
    for sender, _ in early:
        queues[sender].put((me, "pong"))
    while True:
        sender, what = queues[me].get()
        if what == "ping":
            queues[sender].put((me, "pong"))
            continue
        answered += 1
        if answered == count:
            done.put("done")
        elif answered < count:
            queues[others[answered % len(others)]].put((me, "ping"))


def big(count):
    queues, done = [fork.SimpleQueue() for _ in range(10)], fork.SimpleQueue()
    for number in range(10):
        started(neighbour, number, queues, count, done)
        done.get()
    start = time.perf_counter_ns()
    for queue in queues:
        queue.put("go")
    for _ in queues:
        done.get()
    return start


if __name__ == "__main__":
    start = globals()[sys.argv[1]](int(sys.argv[2]))
    print(time.perf_counter_ns() - start)
