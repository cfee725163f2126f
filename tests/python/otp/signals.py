"""OTP's signal_SUITE: xm_sig_order, pending_exit_*, exit_before_pending_exit, kill2killed; and what monitor_SUITE and
bif tests say of links and monitors."""

from cloison import Down, Error, Exit, demonitor, exit, message, receive, self, spawn, trap_exits, unlink


def forever():
    receive()


def ordered():
    """End badly if something arrives behind the exit signal."""
    while True:
        if receive() == "may not reach":
            exit("bad order")


def xm_sig_order():
    reasons = set()
    for _ in range(200):
        process = spawn(ordered, monitor=True)
        for _ in range(3):
            process.send("may reach")
        process.exit("good order")
        for _ in range(3):
            process.send("may not reach")
        reasons.add(receive(Down).reason.value)
    print("  ", reasons)


def pending(kind, to):
    receive()
    # An exit signal is under way from the one who has sent the message.
    if kind == "unlink":
        unlink(to)
    elif kind == "trap":
        trap_exits()
    elif kind == "receive":
        try:
            receive(timeout=0)
        except TimeoutError:
            pass
    elif kind == "collect":
        import gc

        gc.collect()
    while True:
        receive(tuple)


def pending_exit():
    """What a process does once a signal is there does not save it, unless it traps exits before."""
    for kind in "unlink", "receive", "collect", "nothing":
        process = spawn(pending, kind, self(), monitor=True)
        process.exit("by signal")
        process.send("go")
        print("  ", kind, receive(Down).reason)


def traps(to):
    trap_exits()
    to.send("traps")
    end = receive(Exit)
    to.send(("got", str(end.reason), end.process == to))
    receive(str)


def trapped():
    """Even "killed" as a word is a signal like others; `kill` is not."""
    for reason in "by signal", "normal", "shutdown", "killed", ("any", 1), ValueError("x"):
        process = spawn(traps, self(), monitor=True)
        receive(str)
        process.exit(reason)
        print("  ", receive(tuple)[1:], end=" ")
        process.kill()
        print(receive(Down).reason)


def line(kind, length, to):
    """A line of linked processes; something happens to the last one."""
    if length == 0:
        if kind == "other kills":
            to.send(self(control=True))
            receive()
        elif kind == "kills itself":
            self().kill()
            receive()
        exit("by itself")
    spawn(line, kind, length - 1, to, link=True)
    receive()


def kill2killed():
    trap_exits()
    for kind in "other kills", "kills itself", "exits":
        for length in 1, 2, 9, 10:
            process = spawn(line, kind, length, self(), link=True)
            if kind == "other kills":
                receive(lambda message: type(message) is not Exit).kill()
            print("  ", kind, length, receive(Exit).reason)
    trap_exits(False)


def sends_and_ends(to, count):
    for number in range(count):
        to.send(number)
    exit("done")


def down_is_last():
    for count in 1, 100, 3000:
        process = spawn(sends_and_ends, self(), count, monitor=True)
        received = [receive() for _ in range(count + 1)]
        print("  ", received[:-1] == list(range(count)), received[-1].reason)


def links():
    trap_exits()
    # Linked twice, unlinked once: not linked.
    process = spawn(forever)
    process.link()
    process.link()
    process.unlink()
    process.monitor()
    process.kill()
    print("  ", receive(Down).reason, trying(receive, timeout=0))
    # One exit signal, however often it is linked.
    process = spawn(forever, link=True)
    process.link()
    process.kill()
    process.monitor()
    print("  ", receive(Exit).reason, receive(Down).reason in ("killed", "no process"), trying(receive, timeout=0))
    # To one that has ended, to itself.
    process.link()
    print("  ", receive(Exit).reason)
    self().link()
    self().unlink()
    # A link holds in both directions.
    process = spawn(links_back, self(control=True))
    receive(str)
    process.send("end")
    print("  ", receive(Exit).reason, trying(receive, timeout=0))
    trap_exits(False)


def links_back(to):
    to.link()
    to.send("linked")
    receive()
    exit("its end")


def monitors():
    process = spawn(forever)
    references = [process.monitor() for _ in range(3)]
    demonitor(references[1])
    process.kill()
    downs = [receive(Down) for _ in range(2)]
    print("  ", {down.reference for down in downs} == {references[0], references[2]}, trying(receive, timeout=0))
    # A Down that is there already goes with its monitor.
    first, second = process.monitor(), process.monitor()
    while True:
        down = receive(Down)
        if down.reference == second:
            break
    demonitor(second)
    reference = process.monitor()
    receive(lambda message: type(message) is Down and message.reference == reference)
    print("  ", trying(receive, timeout=0))
    # Of itself; of one that monitors back; of the parent.
    reference = self().monitor()
    demonitor(reference)
    spawn(monitors_parent, self(), monitor=True)
    print("  ", receive(), receive(Down).reason)


def monitors_parent(to):
    reference = to.monitor()
    demonitor(reference)
    try:
        demonitor(reference)
        to.send("demonitored twice")
    except Error as error:
        to.send(str(error))


def an_end_is_told_to_all():
    """Links and monitors of many at once."""
    trap_exits()
    process = spawn(forever)
    watchers = [spawn(watches, process, self()) for _ in range(20)]
    for _ in watchers:
        receive(str)
    process.exit("told to all")
    print("  ", {receive(tuple) for _ in watchers})
    trap_exits(False)


def watches(process, to):
    trap_exits()
    process.link()
    process.monitor()
    to.send("watches")
    said = sorted(type(message).__name__ + " " + str(message.reason) for message in (receive(), receive()))
    to.send(tuple(said))


def trying(function, *args, **options):
    try:
        return function(*args, **options)
    except Exception as error:
        return f"{type(error).__name__}"


if __name__ == "__main__":
    for scenario in (
        xm_sig_order,
        pending_exit,
        trapped,
        kill2killed,
        down_is_last,
        links,
        monitors,
        an_end_is_told_to_all,
    ):
        print(scenario.__name__, flush=True)
        scenario()
    print("left:", trying(receive, timeout=0))
