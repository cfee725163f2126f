"""Workers that end, initializers, and what an executor leaves in the mailbox."""

from concurrent.futures import BrokenExecutor, wait

from cloison import Down, Process, Server, call, exit, message, receive, self, spawn
from cloison.futures import Executor

STATE = []


def double(x):
    return 2 * x


def where():
    return self(control=True)


def gate(to):
    to.send(self(control=True))
    return receive(lambda message: message == "open")


def die(how):
    match how:
        case "exit":
            exit("on its own")
        case "status":
            raise SystemExit(3)
        case "kill":
            self().kill()
            receive()
        case "recursion":
            return die(how)


def is_gate(message):
    return isinstance(message, Process)


def prepare(value):
    STATE.append(value)


def state():
    return STATE


def prepare_badly():
    raise ValueError("not prepared")


def prepare_and_die():
    exit("died while it prepared")


def trying(function, *args, **options):
    try:
        return function(*args, **options)
    except Exception as error:
        return f"{type(error).__name__}: {error}".split(" has ended ")[-1]


def a_crash_costs_one_task():
    with Executor(2) as executor:
        for how in "exit", "status", "kill", "recursion":
            others = [executor.submit(double, number) for number in range(3)]
            broken = executor.submit(die, how)
            more = [executor.submit(double, number) for number in range(3)]
            print("  ", trying(broken.result)[:90], [future.result() for future in others + more])
        error = executor.submit(die, "exit").exception()
        print("  ", isinstance(error, BrokenExecutor), type(error.process).__name__, error.reason)


def a_worker_is_killed_from_outside():
    with Executor(2) as executor:
        futures = [executor.submit(gate, self()) for _ in range(2)]
        first, second = receive(is_gate), receive(is_gate)
        waiting = executor.submit(double, 21)
        first.kill()
        print("  ", waiting.result(), sum(future.done() for future in futures))
        second.send("open")
        print("  ", sorted(trying(future.result) for future in futures))
        # While nothing runs: whoever has seen the end of a worker gives it no function.
        for _ in range(20):
            worker = executor.submit(where).result()
            worker.stop(timeout=0)
            assert executor.submit(double, 4).result() == 8
            assert executor.submit(where).result() != worker


def many_crashes():
    with Executor(3) as executor:
        futures = [executor.submit(die, "exit") if number % 3 == 0 else executor.submit(double, number) for number in range(30)]
        wait(futures)
        print("  ", sum(future.exception() is not None for future in futures), sum(future.result() for future in futures if not future.exception()))


def initializers():
    with Executor(2, initializer=prepare, initargs=("ready",)) as executor:
        print("  ", executor.submit(state).result(), {tuple(executor.submit(state).result()) for _ in range(5)})
        executor.submit(die, "exit").exception()
        print("  ", executor.submit(state).result())
    for initializer in prepare_badly, prepare_and_die:
        executor = Executor(2, initializer=initializer)
        futures = [executor.submit(double, number) for number in range(3)]
        print("  ", {trying(future.result) for future in futures}, trying(executor.submit, double, 1))
        executor.shutdown()


def the_mailbox():
    me = self()
    other = spawn(double, 1)
    reference = other.monitor()
    for number in range(3):
        me.send(number)
    with Executor(2) as executor:
        # The other process may have ended before the first number was sent.
        print("  ", receive(int), sum(executor.map(double, range(20))), trying(executor.submit(die, "exit").result))
        print("  ", receive(Down).reference == reference, receive(lambda message: message == 2))
    print("  ", receive(), trying(receive, timeout=0))


def results_come_while_something_else_is_awaited():
    with Executor(1) as executor:
        futures = [executor.submit(double, number) for number in range(3)]
        last = executor.submit(tell, self(), "last")
        # The executor goes on while this waits for another message.
        print("  ", receive(lambda message: message == "last"), [future.done() for future in futures])
        print("  ", last.result())


def tell(to, what):
    to.send(what)
    return "told"


class Pool(Server):
    """A server that answers when an executor has done the work."""

    def __init__(self):
        self.executor = Executor(2)

    def handle_call(self, request, sender):
        from cloison import reply

        self.executor.submit(double, request).add_done_callback(lambda future: reply(sender, future.result()))
        return Server.LATER


def an_executor_in_a_server():
    pool = Pool.start()
    print("  ", [call(pool, number) for number in range(3)], Server.stop(pool))


def workers_end_with_their_owner():
    owner = spawn(owns, self())
    worker = receive(is_gate)
    worker.monitor()
    owner.kill()
    print("  ", receive(Down).reason)


def owns(test):
    with Executor(1) as executor:
        executor.submit(gate, test).result()


def what_cannot_be_read():
    """A result of a class that this process has not got."""
    with Executor(1) as executor:
        print("  ", trying(executor.submit(strange).result)[:60])
        print("  ", executor.submit(double, 3).result())
        fails = executor.submit(strange)
        print("  ", executor.submit(double, 4).result(), type(fails.exception()).__name__)


def strange():
    import sys

    module = sys.modules["strange"] = type(sys)("strange")
    exec("from cloison import message\n@message\nclass Odd:\n    x: int\n", module.__dict__)
    return module.Odd(1)


if __name__ == "__main__":
    for scenario in (
        a_crash_costs_one_task,
        a_worker_is_killed_from_outside,
        many_crashes,
        initializers,
        the_mailbox,
        results_come_while_something_else_is_awaited,
        an_executor_in_a_server,
        workers_end_with_their_owner,
        what_cannot_be_read,
    ):
        print(scenario.__name__, flush=True)
        scenario()
    print("left:", trying(receive, timeout=0))
