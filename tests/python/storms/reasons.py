# For tests/tests/storms.rs: what a process says of its end, as long as it can be said and longer.
import cloison
from cloison import Down, Reason, receive, spawn


def ends(size, kind):
    if kind == "exception":
        raise type("E" * size, (Exception,), {})("t" * size)
    if kind == "data":
        cloison.exit(b"x" * size)
    cloison.exit(Reason(kind, text="x" * size))


def main():
    for size in 8000, 32_000, 32_763, 100_000:
        for kind in "broker", "exception", "data":
            process = spawn(ends, size, kind, monitor=True)
            down = receive(Down, timeout=300)
            print(size, kind, down.process == process, down.reason.kind, len(down.reason.text or "") < 4096)
    # Its mailbox is whole.
    cloison.self().send("and on")
    print(receive(timeout=300), spawn(int, monitor=True).number > 1, receive(Down, timeout=300).reason)


if __name__ == "__main__":
    main()
