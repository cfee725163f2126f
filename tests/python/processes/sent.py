# For tests/tests/processes.rs: once what a process has sent and nobody has received takes as much memory as the process may have itself,
# others get little of it.
import time

from cloison import Down, MailboxFull, receive, self, spawn


def sleeps():
    time.sleep(1000)


def sends(to, receivers):
    filled = 0
    for receiver in receivers:
        text = fill(receiver)
        if "nobody has received" in text:
            break
        filled += 1
    # Others get a little all the same.
    receivers[-1].send("hello")
    to.send((f"{filled} mailboxes are full", *text.splitlines()))
    receive()
    to.send(fill(receivers[-1]).split("process")[0])


def fill(receiver):
    try:
        while True:
            receiver.send(b"x" * 60_000)
    except MailboxFull as error:
        return str(error)


def main():
    # Each takes 8 MiB of one sender's.
    receivers = [spawn(sleeps) for _ in range(9)]
    sender = spawn(sends, self(), [receiver.send_only() for receiver in receivers], memory="48 MiB", monitor=True)
    for line in receive(tuple, timeout=300):
        print(line)
    for receiver in receivers[:4]:
        receiver.monitor()
        receiver.kill()
        receive(Down, timeout=300)
    sender.send("go on")
    print(receive(str, timeout=300))
    print(receive(Down, timeout=300).reason)


if __name__ == "__main__":
    main()
