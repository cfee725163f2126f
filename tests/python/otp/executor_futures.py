"""What CPython's test_concurrent_futures tries, as far as it applies: submit, map, wait, as_completed, cancel, shutdown."""

import concurrent.futures
import time
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION, CancelledError, as_completed, wait

from cloison import Process, TaskGroup, message, receive, self
from cloison.futures import Executor


@message(frozen=True)
class Point:
    x: int
    y: int = 0


def double(x):
    return 2 * x


def pack(*args, **keywords):
    return args, keywords


def fail(text="bad"):
    raise ValueError(text)


def gate(to):
    """Wait until somebody opens."""
    to.send(self())
    return receive(lambda message: message == "open")


def where():
    return self()


def nap(seconds):
    time.sleep(seconds)
    return seconds


def trying(function, *args, **options):
    try:
        return function(*args, **options)
    except (Exception, CancelledError) as error:
        return f"{type(error).__name__}: {error}"


def is_gate(message):
    return isinstance(message, Process)


def submit():
    with Executor(2) as executor:
        future = executor.submit(pack, 1, b=2)
        print("  ", future.result(), future.done(), future.running(), future.exception(), isinstance(future, concurrent.futures.Future))
        print("  ", executor.submit(Point, 3, y=4).result(), trying(executor.submit(fail).result), repr(executor.submit(fail).exception()))
        print("  ", trying(executor.submit, lambda: 1)[:60])
        print("  ", trying(executor.submit(double, iter(())).result)[:70])
        print("  ", trying(executor.submit(iter, ()).result)[:70])
        # Keywords named as parameters of submit.
        print("  ", executor.submit(pack, self=1, fn=2, function=3).result())
        print("  ", executor.submit(double, 4).result())
    print("  ", trying(executor.submit, double, 1))


def workers_are_used_again():
    with Executor(2) as executor:
        print("  ", len({executor.submit(where).result() for _ in range(10)}))
        processes = {executor.submit(gate, self()): receive(is_gate) for _ in range(2)}
        print("  ", len(set(processes.values())))
        third = executor.submit(where)
        print("  ", third.done(), third.running())
        for process in processes.values():
            process.send("open")
        print("  ", third.result() in processes.values(), [future.result() for future in processes])
    with Executor(1, max_tasks_per_child=2) as executor:
        numbers = [executor.submit(where).result() for _ in range(5)]
        print("  ", len(set(numbers)), numbers[0] == numbers[1] != numbers[2])


def maps():
    with Executor(3) as executor:
        print("  ", list(executor.map(pow, range(5), [2] * 5)), list(executor.map(pow, [], [])))
        print("  ", list(executor.map(double, range(10), chunksize=4)), list(executor.map(double, range(3), chunksize=100)))
        results = executor.map(int, ["1", "2", "x", "4"])
        print("  ", next(results), next(results), trying(next, results), trying(next, results))
        results = executor.map(int, ["1", "2", "x", "4"], chunksize=2)
        print("  ", next(results), next(results), trying(next, results))
        print("  ", trying(executor.map, double, [1], chunksize=0), trying(executor.map, double, [1], buffersize=0))
        print("  ", list(executor.map(double, iter(range(20)), buffersize=2)) == [2 * x for x in range(20)])
        taken = []
        results = executor.map(double, (taken.append(x) or x for x in range(20)), buffersize=3)
        print("  ", len(taken), next(results), len(taken) < 6)
        # An infinite one.
        results = executor.map(double, iter(int, 1), buffersize=2)
        print("  ", next(results), next(results), results.close())
    with Executor(1) as executor:
        results = executor.map(gate, [self()], timeout=0.05)
        process = receive(is_gate)
        print("  ", trying(next, results).split(":")[0])
        process.send("open")


def waits():
    with Executor(3) as executor:
        gates = [executor.submit(gate, self()) for _ in range(2)]
        processes = [receive(is_gate) for _ in gates]
        quick = executor.submit(double, 1)
        done, rest = wait([quick, *gates], return_when=FIRST_COMPLETED)
        print("  ", done == {quick}, rest == set(gates))
        broken = executor.submit(fail)
        done, rest = wait([broken, *gates], return_when=FIRST_EXCEPTION)
        print("  ", done == {broken}, rest == set(gates))
        done, rest = wait(gates, timeout=0.05)
        print("  ", done, rest == set(gates))
        for process in processes:
            process.send("open")
        done, rest = wait([quick, broken, *gates], return_when=ALL_COMPLETED)
        print("  ", len(done), rest, wait([quick, quick]).done == {quick})
        futures = [executor.submit(double, number) for number in range(50)]
        print("  ", sorted(future.result() for future in wait(futures).done) == [2 * number for number in range(50)])


def completed():
    with Executor(2) as executor:
        slow = executor.submit(gate, self())
        process = receive(is_gate)
        futures = [executor.submit(double, number) for number in range(10)]
        order = []
        for future in as_completed([slow, *futures, futures[0]]):
            order.append("gate" if future is slow else future.result())
            if len(order) == 10:
                process.send("open")
        # What had finished before comes in no order, as in CPython.
        print("  ", sorted(order[:-1]), order[-1])
        slow = executor.submit(gate, self())
        process = receive(is_gate)
        print("  ", trying(list, as_completed([slow], timeout=0.05)))
        process.send("open")
        print("  ", list(as_completed([])), trying(list, as_completed([futures[0]], timeout=0))[:1] == [futures[0]])


def timeouts_of_futures():
    with Executor(1) as executor:
        future = executor.submit(gate, self())
        process = receive(is_gate)
        print("  ", trying(future.result, timeout=0.05), trying(future.exception, timeout=0), future.running())
        process.send("open")
        print("  ", future.result(timeout=300), future.result(timeout=0))


def cancels():
    with Executor(1) as executor:
        running = executor.submit(gate, self())
        process = receive(is_gate)
        waiting = [executor.submit(double, number) for number in range(3)]
        print("  ", running.cancel(), waiting[0].cancel(), waiting[0].cancel(), waiting[0].cancelled(), waiting[0].done())
        print("  ", trying(waiting[0].result), wait([waiting[0]]).done == {waiting[0]}, list(as_completed([waiting[0]])) == [waiting[0]])
        process.send("open")
        print("  ", running.result(), waiting[1].result(), running.cancel())


def callbacks():
    said = []
    with Executor(1) as executor:
        future = executor.submit(double, 2)
        future.add_done_callback(lambda future: said.append(future.result()))
        future.add_done_callback(lambda future: said.append(executor.submit(double, 5)))
        future.result()
        print("  ", said[0], said[1].result())
        future.add_done_callback(lambda future: said.append("at once"))
        cancelled = [executor.submit(gate, self()), executor.submit(double, 1)]
        cancelled[1].add_done_callback(lambda future: said.append(future.cancelled()))
        cancelled[1].cancel()
        receive(is_gate).send("open")
    print("  ", said[2:])


def shutdowns():
    executor = Executor(1)
    futures = [executor.submit(double, number) for number in range(4)]
    executor.shutdown(wait=False)
    print("  ", trying(executor.submit, double, 1), [future.result() for future in futures])
    executor.shutdown()
    executor.shutdown()
    executor = Executor(1)
    running = executor.submit(gate, self())
    process = receive(is_gate)
    waiting = [executor.submit(double, number) for number in range(3)]
    process.send("open")
    executor.shutdown(cancel_futures=True)
    print("  ", running.result(), [future.cancelled() for future in waiting])
    executor = Executor()
    executor.shutdown()
    with Executor(2) as executor:
        futures = [executor.submit(nap, 0.01) for _ in range(6)]
    print("  ", all(future.done() for future in futures))
    with Executor(1) as executor:
        worker = executor.submit(where).result()
    worker.monitor()
    print("  ", receive().reason)


def wrong_numbers():
    for options in {"max_workers": 0}, {"max_workers": -1}, {"max_tasks_per_child": 0}, {"initializer": lambda: 1}:
        print("  ", trying(Executor, **options)[:60])


def an_executor_in_a_task():
    with TaskGroup() as group:
        tasks = [group.spawn(inner, number) for number in range(2)]
    print("  ", [task.result for task in tasks])


def inner(number):
    with Executor(2) as executor:
        return list(executor.map(double, range(number, number + 3)))


if __name__ == "__main__":
    for scenario in (
        submit,
        workers_are_used_again,
        maps,
        waits,
        completed,
        timeouts_of_futures,
        cancels,
        callbacks,
        shutdowns,
        wrong_numbers,
        an_executor_in_a_task,
    ):
        print(scenario.__name__, flush=True)
        scenario()
    print("left:", trying(receive, timeout=0))
