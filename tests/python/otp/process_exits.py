"""OTP's process_SUITE: t_exit_1, t_exit_2_*, self_exit, *_suicide_exit, trap_exit_badarg, exit_twice, exit_and_timeout, bad_register,
spawn_with_binaries, processes."""


from cloison import Down, Exit, exit, message, receive, register, self, spawn, trap_exits, unregister, whereis


def forever():
    receive()


def exits(reason):
    exit(reason)


def exits_with(size):
    exit(bytes(size))


def exits_by_signal(reason):
    self().exit(reason)
    receive(timeout=None)


def catches(to):
    try:
        self().exit("die")
        for _ in range(1000):
            receive(timeout=0.01)
    except BaseException as error:
        to.send(("caught", repr(error)))
    finally:
        to.send("not even finally")


def absolute(value):
    return abs(value)


def nothing(data):
    pass


def ended(process):
    """Why it has ended: by the exit signal and by the monitor, which say the same."""
    return receive(lambda message: type(message) is Exit and message.process == process).reason


def spawned(function, *args):
    return spawn(function, *args, link=True)


def spawn_with_binaries():
    for size in 20_000, 30_000, 3_000_000:
        try:
            print("  ", size, ended(spawned(nothing, bytes(size))))
        except ValueError as error:
            print("  ", size, str(error).split("\n")[0])
    processes = [spawned(nothing, bytes(10_000)) for _ in range(100)]
    print("  ", {str(ended(process)) for process in processes})


def t_exit_1():
    """Reasons of all sizes. A long one is not lost without a word."""
    for size in 10, 1000, 8000, 9000, 128_000:
        reason = ended(spawned(exits_with, size))
        print("  ", size, reason.kind, reason.value == bytes(size), "too long" in (reason.text or ""))
    reason = ("tuple", [1, 2.5, None], {"key": {3, 4}})
    print("  ", ended(spawned(exits, reason)).value == reason)


def t_exit_2_other():
    for reason in "die", b"x" * 1000, ("a", [1]), "shutdown":
        process = spawned(forever)
        process.exit(reason)
        print("  ", str(ended(process))[:40])


def t_exit_2_other_normal():
    process = spawned(forever)
    process.exit("normal")
    process.send("end")
    print("  ", ended(process))


def self_exit():
    for _ in range(100):
        self().exit(("garbage", list(range(100))))
    print("  ", {len(ended(self()).value[1]) for _ in range(100)})


def normal_suicide_exit():
    print("  ", ended(spawned(exits_by_signal, "normal")))


def abnormal_suicide_exit():
    print("  ", ended(spawned(exits_by_signal, ("garbage", 1))))


def t_exit_2_catch():
    print("  ", ended(spawned(catches, self())), trying(receive, timeout=0))


def trap_exit_badarg():
    reason = ended(spawned(absolute, "text"))
    print("  ", reason.kind, reason.type, reason.text, "in absolute" in reason.traceback)
    reason = ended(spawned(abs, "text"))
    print("  ", reason.kind, reason.type)
    reason = ended(spawned(absolute))
    print("  ", reason)


def exit_twice():
    """The first reason counts."""
    process = spawned(forever)
    process.exit("first")
    process.exit("second")
    process.kill()
    print("  ", ended(process))


def exit_and_timeout():
    process = spawned(naps)
    process.exit(("you", "are", "dead"))
    print("  ", ended(process))


def naps():
    try:
        receive(timeout=1000)
    except TimeoutError:
        pass
    receive()


def ends_itself_before_a_signal():
    """Who has ended is not ended again, and is told nothing."""
    process = spawned(nothing, 1)
    print("  ", ended(process))
    process.exit("late")
    process.kill()
    process.send("late")
    reference = process.monitor()
    print("  ", receive(Down).reason)


def bad_register():
    for name in "", "x" * 256, "ok":
        print("  ", trying(register, name))
    print("  ", trying(register, "ok"), whereis("ok") == self(), trying(unregister, "ok"), whereis("ok"), trying(unregister, "ok"))
    print("  ", trying(register, 3), trying(whereis, 3))
    process = spawned(registers, "theirs", self())
    receive(str)
    print("  ", trying(register, "theirs").replace(str(process.number), "N"), trying(unregister, "theirs"))
    process.kill()
    print("  ", ended(process), whereis("theirs"), trying(register, "theirs"))
    unregister("theirs")


def registers(name, to):
    register(name)
    to.send("registered")
    receive()


def processes():
    """Many, each of which ends in its way."""
    kinds = {}
    started = [spawned(exits, number) if number % 2 else spawned(forever) for number in range(200)]
    for process in started[::2]:
        process.kill()
    for process in started:
        kind = ended(process).kind
        kinds[kind] = kinds.get(kind, 0) + 1
    print("  ", sorted(kinds.items()))


def trying(function, *args, **options):
    try:
        return function(*args, **options)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:50]


if __name__ == "__main__":
    trap_exits()
    for scenario in (
        spawn_with_binaries,
        t_exit_1,
        t_exit_2_other,
        t_exit_2_other_normal,
        self_exit,
        normal_suicide_exit,
        abnormal_suicide_exit,
        t_exit_2_catch,
        trap_exit_badarg,
        exit_twice,
        exit_and_timeout,
        ends_itself_before_a_signal,
        bad_register,
        processes,
    ):
        print(scenario.__name__, flush=True)
        scenario()
    print("left:", trying(receive, timeout=0))
