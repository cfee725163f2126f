# For tests/tests/imported_once.rs: what a module does at its top level, each process finds as if it had imported it itself.
import os
import sys
import time

import cloison
from cloison import Down, receive, spawn

WHAT = sys.argv[1]
value = None


def attempt(work):
    try:
        return work()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


if __name__ == "__mp_main__":
    match WHAT:
        case "raises":
            raise ValueError("at the top")
        case "exits":
            sys.exit(3)
        case "ends at once":
            os._exit(4)
        case "needs much memory":
            value = []
            while True:
                value.append([0] * 1000)
        case "takes long":
            time.sleep(2.5)
        case "prints much":
            for _ in range(400):
                print("x" * 1000)
        case "does not end":
            while True:
                pass
        case "nests":
            def nests():
                nests()
            value = attempt(nests)[:14]
        case "knows itself":
            value = attempt(lambda: cloison.self().number)
        case "waits":
            value = attempt(lambda: receive(timeout=0.01))
        case "asks for a capability":
            value = attempt(lambda: cloison.capability("libm").sqrt(16.0))
        case "keeps a capability":
            value = cloison.capability("libm")
        case "reads":
            value = attempt(input)
        case "looks":
            value = sys.stdout.isatty(), sys.argv, __name__
        case "changes its arguments":
            value = sys.argv.pop()
        case "registers":
            import atexit
            atexit.register(print, "at its end", flush=True)


def tells(to):
    shown = value.sqrt(9.0) if isinstance(value, cloison.Capability) else value
    to.send((cloison.self().number, shown, sys.argv))


def main():
    print("--", WHAT, flush=True)
    for capabilities in ([], ["libm"]):
        for _ in range(3):
            process = spawn(tells, cloison.self(), capabilities=capabilities, monitor=True)
            if WHAT == "does not end":
                time.sleep(0.8)
                process.kill()
            match receive(timeout=300):
                case Down(reason=reason):
                    print("ended:", reason, flush=True)
                case number, shown, argv:
                    own = number == process.number
                    print("told:", "its own number" if shown == number else shown, own, argv[1:], flush=True)
                    print(receive(Down, timeout=300).reason, flush=True)


if __name__ == "__main__":
    main()
