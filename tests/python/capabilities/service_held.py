"""A process serves another one, and a line of input has that call it; one line says what has become of that."""

import sys

import cloison


@cloison.service
class Clock:
    def tick(self, times: int = 1) -> str:
        return "tick" * times

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
    for times in (1, 2, 1):
        sys.stdin.readline()
        try:
            print(narrowed.tick(times), flush=True)
        except cloison.CapabilityDenied as error:
            print(error, flush=True)
        except cloison.Error as error:
            print(type(error).__name__, flush=True)


if __name__ == "__main__":
    main()
