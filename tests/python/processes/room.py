# For tests/tests/processes.rs: who has to pause goes on when there is room, however little the receiver has received. The
# mailbox holds 1 MiB: with sixty senders the share of each is less than what a receiver keeps to itself.
import time

import cloison
from cloison import MailboxFull, receive, spawn


def sends_one(to):
    to.send("one")


def sends_more(to, told):
    for number in range(20):
        until = time.monotonic() + 300
        while True:
            try:
                to.send((number, b"x" * 9000))
                break
            except MailboxFull:
                if time.monotonic() > until:
                    told.send(f"no room for number {number}")
                    return
                time.sleep(0.001)
    told.send("twenty")


def receives():
    while True:
        match receive():
            case ("have you received them?", whoever):
                whoever.send("yes")


def main():
    receiver = spawn(receives)
    for _ in range(60):
        spawn(sends_one, receiver, monitor=True)
    for _ in range(60):
        receive(cloison.Down, timeout=300)
    receiver.send(("have you received them?", cloison.self()))
    receive(str, timeout=300)
    spawn(sends_more, receiver, cloison.self())
    print(receive(timeout=300))
    receiver.kill()


if __name__ == "__main__":
    for _ in range(4):
        main()
