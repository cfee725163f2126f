# For tests/tests/live.rs: two processes that compute: one between instructions, one inside of one.
from cloison import Down, receive, self, spawn


def loops(ready):
    ready.send("ready")
    while True:
        pass


def sums(ready):
    ready.send("ready")
    sum(range(10**12))


def main():
    spawn(loops, self(), name="loops", monitor=True)
    spawn(sums, self(), name="sums", monitor=True)
    for _ in range(2):
        receive(str, timeout=300)
    print("ready", flush=True)
    print([receive(Down).reason.kind for _ in range(2)], flush=True)


if __name__ == "__main__":
    main()
