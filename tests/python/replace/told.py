"""Does what it is told, an expression a line, and says what has come of it."""

import sys

import cloison

lib = cloison.capability("lib")


def told(line):
    """Return what an expression gives, or the error."""
    try:
        return repr(eval(line, NAMES))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def serve(until):
    """Do what comes before a line of that text."""
    while (line := sys.stdin.readline().strip()) != until:
        if not line:
            return
        print(told(line), flush=True)


def wait(version):
    """Do what comes while a call of the library goes on."""
    print("inside", version, flush=True)
    serve("go on")
    return 0


def gate(path):
    """Call until there is a file of that name."""
    cloison.parent().send(cloison.capability("lib").version_when(path))


def start(path):
    """Have another process call."""
    cloison.spawn(gate, path, name="gate", capabilities=["lib"])


def elsewhere():
    """Return which version another process finds."""
    cloison.spawn(ask, capabilities=["lib"])
    return cloison.receive(int)


def ask():
    """Say which version there is."""
    cloison.parent().send(cloison.capability("lib").version())


# What expressions know, and what they have named.
NAMES = {"cloison": cloison, "lib": lib, "wait": wait, "start": start, "elsewhere": elsewhere}

if __name__ == "__main__":
    print("ready", flush=True)
    serve("end")
