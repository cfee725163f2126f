"""Several processes call one library: by a profile, by what they were given, one call at a time, by `map` and in a batch."""

import cloison


def worker(number):
    lib = cloison.capability("lib")
    cloison.receive(str)
    total = lib.add(number, 1) + sum(lib.add.map([1, 2, number], other=2))
    with lib.batch() as batch:
        first, second = batch.add(number, 3), batch.twice(number)
    cloison.parent().send(total + first.value + second.value)


def reader():
    cloison.parent().send(cloison.capability("lib").twice(50))


def main():
    lib = cloison.capability("lib")
    print(lib.add(0, 0), flush=True)
    # As many are there at once in each run.
    workers = [cloison.spawn(worker, number, profile="worker", link=True, monitor=True) for number in (3, 4)]
    for one in workers:
        one.send("go on")
    for _ in workers:
        cloison.receive(cloison.Down, timeout=60)
    print(sorted([cloison.receive(int), cloison.receive(int)]), flush=True)
    cloison.spawn(reader, capabilities=[lib.narrow(functions=["twice"])])
    print(cloison.receive(int, timeout=60), flush=True)


if __name__ == "__main__":
    main()
