# For tests/tests/bindings.rs.
import cloison, itertools, math, sys, traceback
lib = cloison.capability("library")

def raised(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        names = ("code", "errno", "message")
        return type(error).__name__, {name: getattr(error, name) for name in names if getattr(error, name, None) is not None}

def fill(text):
    opened = lib.fmemopen()
    file, memory = opened
    with file:
        before = memory.sync()
        lib.fputs(text, file)
        lib.fflush(file)
        return len(before), memory.sync().rstrip(b"\0")

for line in sys.stdin.read().splitlines():
    try:
        print(repr(eval(line)))
    except Exception as error:
        print("".join(traceback.format_exception_only(error)).strip())
