# For tests/tests/processes.rs: builtins that look at their caller's names are called by nobody in a new process.
import sys
import warnings

import cloison
from cloison import Down, receive, spawn


def ends(function, *args):
    process = spawn(function, *args, monitor=True)
    return str(receive(lambda message: type(message) is Down and message.process == process, timeout=300).reason)


SOURCE = """
import cloison
def even(number):
    return number == 0 or odd(number - 1)
def odd(number):
    return number != 0 and even(number - 1)
cloison.whereis("asker").send((__name__, even(10), sorted(name for name in globals() if name[0] != "_")))
"""


def registers(name):
    import atexit

    # What ends a process calls them, and no function of its own does.
    atexit.register(globals)
    atexit.register(exec, "import cloison; cloison.whereis('asker').send('by atexit')")
    sys.excepthook = getattr(sys.modules["builtins"], name)
    raise ValueError("for the hook")


def main():
    cloison.register("asker")
    for function, *args in (
        (exec, "1"),
        (exec, "1 / 0"),
        (eval, "2"),
        (eval, "locals() is globals() or 1 / 0"),
        (globals,),
        (locals,),
        (vars,),
        (dir,),
        (super,),
        (__import__, "json"),
        (compile, "1", "f", "eval"),
        (type, "Made", (), {}),
        (sys._getframe,),
        (warnings.warn, "a warning"),
    ):
        print(function.__name__, *args, "|", ends(function, *args).splitlines()[0])
    print(ends(exec, SOURCE), *receive(tuple, timeout=300))
    print(ends(registers, "vars"), "|", receive(str, timeout=300))


if __name__ == "__main__":
    main()
