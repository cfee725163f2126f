# For tests/tests/raw_system_calls.rs: the kernel gives no random bytes to the processes that run a function of this program, but for those
# that it is to give some. Nothing of the program runs in one of them.
import struct
import sys
import time

import _cloison
from cloison import Down, receive, self, spawn

GETRANDOM, SECCOMP, SET_MODE_FILTER, EIO = 318, 317, 1, 5


def refuse_random_bytes():
    import _raw

    load_number, jump_unless, answer = 0x20, 0x15, 0x06
    steps = [(load_number, 0, 0, 0), (jump_unless, 0, 1, GETRANDOM), (answer, 0, 0, 0x50000 | EIO), (answer, 0, 0, 0x7FFF0000)]
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    program = struct.pack("=H6xQ", len(steps), _raw.address(code))
    result = _raw.syscall(SECCOMP, SET_MODE_FILTER, 0, program)
    if result != 0:
        sys.exit(f"the filter is not there: {result}")


# In the template that all are forked from. Should it take too long to get there, a process imports the program for itself.
if __name__ == "__mp_main__" and "stale" in sys.argv and _cloison.mounts() is None:
    refuse_random_bytes()


def runs(to):
    to.send("it runs")


def outcome():
    spawn(runs, self(), monitor=True)
    reason = receive(Down, timeout=300).reason
    try:
        return f"{receive(str, timeout=0)}: {reason}"
    except TimeoutError:
        return f"it never ran: {reason}"


def main():
    first = outcome()
    until = time.monotonic() + 60
    while "stale" in sys.argv and first == "it runs: normal" and time.monotonic() < until:
        first = outcome()
    for each in (first, outcome(), outcome()):
        print(each)


if __name__ == "__main__":
    main()
