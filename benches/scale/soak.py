"""So many spawns and exits, some at once; ends of each kind. The number is the argument. Prints a line after each tenth, and waits
for one, so that whoever looks can look."""

import sys

import cloison
from cloison import Down, receive, self, spawn

AT_ONCE = 8


def returns():
    pass


def tells(to):
    to.send("told")


def fails():
    cloison.exit("shutdown")


def waits():
    receive()


def start(number):
    match number % 4:
        case 0:
            spawn(returns, monitor=True)
        case 1:
            spawn(tells, self(), monitor=True)
        case 2:
            spawn(fails, monitor=True)
        case 3:
            spawn(waits, monitor=True).kill()


def main():
    count = int(sys.argv[1])
    under_way = started = told = 0
    for ended in range(1, count + 1):
        while under_way < AT_ONCE and started < count:
            start(started)
            started, under_way = started + 1, under_way + 1
        while not isinstance(receive(timeout=100), Down):
            told += 1
        under_way -= 1
        if ended % (count // 10) == 0:
            print("ended", ended, flush=True)
            sys.stdin.readline()
    print("told", told, "of", (count + 2) // 4, flush=True)


if __name__ == "__main__":
    main()
