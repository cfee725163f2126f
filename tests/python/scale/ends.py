"""Two hundred processes at once, which end in different ways: each end is told as what it was, also of those that the broker has no
descriptor of."""

from collections import Counter

from cloison import Down, exit, receive, self, spawn

COUNT = 200


def ends(how, to):
    to.send("ready")
    receive()
    match how:
        case 0:
            return
        case 1:
            exit("shutdown")
        case 2:
            raise ValueError("raised")
        case 3:
            while True:
                pass


def main():
    processes = [spawn(ends, number % 5, self(), monitor=True) for number in range(COUNT)]
    for _ in processes:
        receive(str, timeout=300)
    for number, process in enumerate(processes):
        if number % 5 == 4:
            process.kill()
        else:
            process.send("go")
    for process in processes[3::5]:
        process.kill()
    told = Counter()
    kinds = {process: number % 5 for number, process in enumerate(processes)}
    for _ in processes:
        down = receive(Down, timeout=300)
        told[kinds[down.process], str(down.reason)] += 1
    for (kind, reason), count in sorted(told.items()):
        print(kind, reason, count)


if __name__ == "__main__":
    main()
