# For tests/tests/processes.rs: names are taken once, and go with their process.
import cloison
from cloison import Down, receive, spawn


def has(name, to):
    try:
        cloison.register(name)
    except cloison.Error as error:
        to.send(str(error))
        return
    to.send(("has", name))
    receive()


def has_late(name):
    # Whoever waits for the name most often does so by then, as this process had to be made first; if not, it finds the name at once.
    cloison.register(name)
    receive()


def registered(to):
    to.send(("registered", cloison.self() == cloison.whereis("from the beginning")))
    receive()


def has_many(to):
    registered = 0
    try:
        for number in range(1000):
            cloison.register(f"name {number}")
            registered += 1
    except cloison.Error as error:
        to.send((registered, str(error)))


def sends_by_name(name):
    cloison.send(name, ("by name", cloison.self() == cloison.whereis(name)))


def asks(name, to):
    to.send(cloison.call(name, "asked"))


def attempt(work):
    try:
        return work()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def main():
    me = cloison.self()
    print(cloison.whereis("printer"))
    printer = spawn(has, "printer", me)
    print(receive(timeout=300), cloison.whereis("printer") == printer)
    spawn(has, "printer", me)
    print(receive(timeout=300).replace(str(printer.number), "N"))
    cloison.register("main")
    cloison.register("also main")
    print(cloison.whereis("main") == me == cloison.whereis("also main"))
    print(attempt(lambda: cloison.register("main")))
    print(attempt(lambda: cloison.register("printer")) == (
        f"Error: the name 'printer' is taken, by process {printer.number}: it is free again when that gives it up or ends"
    ))
    spawn(sends_by_name, "main")
    print(receive(timeout=300))
    spawn(asks, "main", me)
    cloison.reply(receive(cloison.Call, timeout=300), "answered by name")
    print(receive(timeout=300))
    cloison.unregister("also main")
    print(cloison.whereis("also main"), cloison.whereis("main") == me)
    print(attempt(lambda: cloison.unregister("also main")))
    print(attempt(lambda: cloison.unregister("printer")))
    print("-- gone with its process")
    printer.monitor()
    printer.kill()
    print(receive(Down, timeout=300).reason, cloison.whereis("printer"))
    print(attempt(lambda: cloison.send("printer", 1)))
    print(attempt(lambda: cloison.call("printer", 1)))
    another = spawn(has, "printer", me)
    print(receive(timeout=300), cloison.whereis("printer") == another)
    print("-- waiting for one")
    print(cloison.whereis("late", timeout=0.05), cloison.whereis("late"))
    for name in ("late", "later"):
        late = spawn(has_late, name)
        print(cloison.whereis(name, timeout=300) == late, cloison.whereis(name, timeout=None) == late)
    print("-- by whoever starts it")
    child = spawn(registered, me, register="from the beginning", monitor=True)
    print(receive(tuple, timeout=300), cloison.whereis("from the beginning") == child)
    again = spawn(registered, me, register="from the beginning", monitor=(reference := cloison.make_reference()))
    down = receive(Down, timeout=300)
    print(down.process == again, down.reference == reference)
    print(down.reason.text.replace(str(child.number), "N"))
    child.kill()
    receive(Down, timeout=300)
    for monitor in cloison.make_reference(), False:
        spawn(receive, register="from the beginning", monitor=monitor).kill()
        if monitor:
            cloison.demonitor(monitor)
    print("no Down of an undone monitor:", attempt(lambda: receive(Down, timeout=0.2)))
    print("-- what is no name")
    for name in ("", "n" * 256, "ü" * 128, "n" * 33_000, 5, None):
        print(attempt(lambda: cloison.register(name)))
    for name in ("", "n" * 33_000, 5):
        print(attempt(lambda: spawn(has, name, me, register=name)), attempt(lambda: cloison.whereis(name)))
    cloison.register("n" * 255)
    cloison.register("\0 \N{SNOWMAN}")
    print(cloison.whereis("n" * 255) == me == cloison.whereis("\0 \N{SNOWMAN}"), cloison.whereis("N" * 255))
    spawn(has_many, me)
    print(receive(timeout=300))


if __name__ == "__main__":
    main()
