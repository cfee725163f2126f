"""A process serves another one, and a line of input has that call it; one line says what has become of that."""

import sys

import cloison


@cloison.service
class Clock:
    def tick(self):
        return "tick"

    def tock(self):
        return "tock"


def serves():
    cloison.parent().send(cloison.offer(Clock()))
    cloison.serve()


def main():
    cloison.spawn(serves)
    clock = cloison.receive(timeout=300)
    narrowed = clock.narrow(functions=["tick"], calls=9)
    assert narrowed.tick() == "tick"
    print("ready", flush=True)
    for _ in range(2):
        sys.stdin.readline()
        try:
            print(narrowed.tick(), flush=True)
        except cloison.Error as error:
            print(type(error).__name__, flush=True)


if __name__ == "__main__":
    main()
