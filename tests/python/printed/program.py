"""Have the runtime print a library's words, in the way that the argument names."""

import sys
import warnings

from cloison import NativeError, capability

lib = capability("lib")
how = sys.argv[1]

if how == "own":
    print("\x1b[1mmine", file=sys.stderr)
    sys.exit()

try:
    lib.fail()
except NativeError as error:
    failure = error
print("\x1b[1mmine", "\x1b]0;title\x07 \x1b[2J\r\x9bgone \u202eturned" == failure.message)


class Last:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return self.name

    def __del__(self):
        lib.fail()


def fail(*_):
    lib.fail()


if how == "raise":
    lib.fail()
elif how == "chain":
    try:
        lib.fail()
    except NativeError as error:
        raise ValueError(failure.message) from error
elif how == "note":
    failure.add_note(failure.message)
    raise failure
elif how == "exit":
    sys.exit(failure.message)
elif how == "file":
    compile("def", failure.message, "exec")
elif how == "hook":
    sys.excepthook = fail
    lib.fail()
elif how == "no hook":
    del sys.excepthook
    lib.fail()
elif how == "del":
    Last("it")
elif how == "repr":

    class Named(Last):
        __del__ = fail

    fail.__qualname__ = failure.message
    Named(failure.message)
elif how == "warning":
    warnings.warn(failure.message)
