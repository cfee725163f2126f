"""Task groups: results, failures, cancellation, and a mailbox that stays as it was."""

from cloison import Down, TaskGroup, exit, message, parent, receive, self, spawn


@message
class Trouble(Exception):
    """An exception of the program's own."""


class Undeclared(Exception):
    pass


@message(frozen=True)
class Point:
    x: int


def double(x):
    return 2 * x


def fail(error):
    raise error


def fail_strangely():
    raise Undeclared("strange", 1)


def forever():
    receive()


def end(reason):
    exit(reason)


def status(code):
    raise SystemExit(code)


def tell(to, what):
    to.send(what)
    receive()


def unsendable():
    return iter(())


def large(size):
    return bytes(size)


def who():
    return parent()


def shown(error):
    if isinstance(error, BaseExceptionGroup):
        return f"{type(error).__name__}[{', '.join(sorted(shown(each) for each in error.exceptions))}]"
    return f"{type(error).__name__}({str(error).split(' of a task ')[-1]})"


def trying(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return shown(error)


def results():
    with TaskGroup() as group:
        tasks = [group.spawn(double, number) for number in range(20)]
        first = tasks[0].result
    print("  ", first, [task.result for task in tasks] == [2 * number for number in range(20)], tasks[3])
    with TaskGroup() as group:
        tasks = [group.spawn(double, "ab"), group.spawn(Point, 3), group.spawn(large, 1_000_000), group.spawn(who)]
    print("  ", tasks[0].result, tasks[1].result, len(tasks[2].result), tasks[3].result == self())
    with TaskGroup() as group:
        pass
    with TaskGroup() as group:
        task = group.spawn(end, "normal")
    print("  ", task.result)


def one(function, *args):
    with TaskGroup() as group:
        group.spawn(function, *args)


def failures():
    for function, *args in (
        (fail, ValueError("bad")),
        (fail, Trouble("own", 2)),
        (fail_strangely,),
        (end, "shutdown"),
        (end, ("my", "reason")),
        (status, 3),
        (unsendable,),
        (large, 100_000_000),
        (int, "three"),
    ):
        print("  ", trying(one, function, *args)[:110])


def the_first_failure_ends_the_others():
    def body():
        with TaskGroup() as group:
            tasks.extend([group.spawn(forever), group.spawn(forever)])
            tasks.append(group.spawn(fail, ValueError("first")))

    tasks = []
    print("  ", trying(body), [str(task).split(", ")[1] for task in tasks], [alive(task) for task in tasks])


def alive(task):
    task.process.monitor()
    return receive(Down).reason != "no process"


def the_body_is_left():
    """A body that waits for something that will not come, because a task has failed."""

    def waits_in_receive():
        with TaskGroup() as group:
            group.spawn(fail, ValueError("in receive"))
            receive()

    def waits_in_selective_receive():
        with TaskGroup() as group:
            group.spawn(fail, ValueError("in receive"))
            receive(Down)

    def waits_for_another_result():
        with TaskGroup() as group:
            other = group.spawn(forever)
            group.spawn(fail, ValueError("in result"))
            other.result

    def asks_for_the_failed_one():
        with TaskGroup() as group:
            group.spawn(fail, ValueError("its own")).result

    def goes_on():
        with TaskGroup() as group:
            try:
                group.spawn(fail, ValueError("noted")).result
            except ValueError as error:
                print("    caught", error)
            group.spawn(double, 1)
            print("    never here")

    for body in waits_in_receive, waits_in_selective_receive, waits_for_another_result, asks_for_the_failed_one, goes_on:
        print("  ", trying(body))


def the_body_fails():
    def fails():
        with TaskGroup() as group:
            tasks.append(group.spawn(forever))
            raise KeyError("body")

    def ends():
        with TaskGroup() as group:
            tasks.append(group.spawn(forever))
            raise SystemExit(3)

    tasks = []
    print("  ", trying(fails), alive(tasks[0]))
    try:
        ends()
    except SystemExit as error:
        print("  ", repr(error), alive(tasks[1]))


def misuse():
    group = TaskGroup()
    print("  ", trying(group.spawn, double, 1))
    with group:
        print("  ", trying(group.spawn, lambda: 1)[:40])
        print("  ", trying(group.spawn, double, iter(())).split(":")[0][:60])
    print("  ", trying(group.spawn, double, 1), trying(group.__enter__))


def nested():
    def inner_fails():
        with TaskGroup() as outer:
            outer.spawn(forever)
            with TaskGroup() as inner:
                inner.spawn(forever)
                inner.spawn(fail, ValueError("inner"))

    def outer_fails():
        with TaskGroup() as outer:
            tasks.append(outer.spawn(fail_when_told))
            with TaskGroup() as inner:
                tasks.append(inner.spawn(forever))
                tasks[0].process.send("now")
        print("    never here")

    tasks = []
    print("  ", trying(inner_fails))
    print("  ", trying(outer_fails), alive(tasks[1]))
    with TaskGroup() as group:
        task = group.spawn(tree, 3)
    print("  ", task.result)


def fail_when_told():
    receive()
    raise ValueError("outer")


def tree(depth):
    if depth == 0:
        return 1
    with TaskGroup() as group:
        tasks = [group.spawn(tree, depth - 1) for _ in range(2)]
    return sum(task.result for task in tasks)


def the_mailbox():
    """What is not the group's stays, in order, and nothing of the group's is left."""
    me = self()
    other = spawn(forever)
    reference = other.monitor()
    for number in range(3):
        me.send(number)
    other.kill()
    with TaskGroup() as group:
        told = group.spawn(tell, me, "from a task")
        tasks = [group.spawn(double, number) for number in range(5)]
        print("  ", receive(), receive(lambda message: message == "from a task"))
        told.process.send("go on")
        print("  ", sum(task.result for task in tasks))
    print("  ", trying(one, fail, ValueError("bad")))
    print("  ", receive(Down).reference == reference, receive(), receive(), trying(receive_now))


def receive_now():
    return receive(timeout=0)


def tasks_end_with_their_owner():
    owner = spawn(owns, self())
    processes = [receive() for _ in range(3)]
    for process in processes:
        process.monitor()
    owner.kill()
    print("  ", sorted(str(receive(Down).reason) for _ in processes))


def owns(test):
    with TaskGroup() as group:
        for _ in range(2):
            test.send(group.spawn(forever).process)
        test.send(group.spawn(owns_more, test).process)


def owns_more(test):
    receive()


def a_killed_task():
    def body():
        with TaskGroup() as group:
            group.spawn(forever).process.kill()

    print("  ", trying(body))


def tracebacks():
    import traceback

    try:
        one(fail, ValueError("far away"))
    except ExceptionGroup as group:
        text = "".join(traceback.format_exception(group.exceptions[0]))
        print("  ", "in fail" in text, "raise error" in text, text.count("in work"))


if __name__ == "__main__":
    for scenario in (
        results,
        failures,
        the_first_failure_ends_the_others,
        the_body_is_left,
        the_body_fails,
        misuse,
        nested,
        the_mailbox,
        tasks_end_with_their_owner,
        a_killed_task,
        tracebacks,
    ):
        print(scenario.__name__)
        scenario()
    print("left:", trying(receive_now))
