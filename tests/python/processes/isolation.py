# For tests/tests/processes.rs, as app.py: one process changes everything changeable at the top of every module of the standard
# library, and those that ran before and begin afterwards see nothing of it.
import importlib
import sys
import warnings

import cloison
from cloison import Down, receive, spawn

warnings.simplefilter("ignore")
OWN = bytearray(b"no module of the standard library has one of these")
MARK = "changed by another process"
# What prints, opens a browser, or is no module to import for what it defines.
LEFT_OUT = {"antigravity", "this", "__main__", "idlelib", "turtledemo", "test", "lib2to3"}


def import_all():
    failed = []
    for name in sorted(sys.stdlib_module_names - LEFT_OUT):
        try:
            importlib.import_module(name)
        except (ImportError, OSError, AttributeError):
            failed.append(name)
    return failed


NOT_THERE = import_all()


def places():
    """Every changeable thing at the top of a module: where it stands, and what it is. Each thing once."""
    seen = set()
    for module_name in sorted(sys.modules):
        module = sys.modules[module_name]
        if not isinstance(module, type(sys)) or module_name in LEFT_OUT:
            continue
        for name, value in [("", module), *sorted(vars(module).items())]:
            if id(value) in seen or name == "seen":
                continue
            seen.add(id(value))
            if type(value) in (list, dict, set, bytearray) or isinstance(value, (type(sys), list, dict, set)):
                yield module_name, name, value
            elif isinstance(value, type) and value.__module__ == module_name:
                yield module_name, name, value


def is_marked(value):
    if isinstance(value, bytearray):
        return MARK.encode() in value
    if isinstance(value, (list, set)):
        return any(item is MARK or (type(item) is str and item == MARK) for item in value)
    if isinstance(value, dict):
        return any(type(key) is str and key == MARK for key in list(value))
    return MARK in vars(value)


def mark(value):
    try:
        if isinstance(value, bytearray):
            value.extend(MARK.encode())
        elif isinstance(value, list):
            value.append(MARK)
        elif isinstance(value, set):
            value.add(MARK)
        elif isinstance(value, dict):
            value[MARK] = MARK
        else:
            setattr(value, MARK, MARK)
    except Exception:
        return False
    return is_marked(value)


def kind(value):
    for kind in (type(sys), type, list, dict, set, bytearray):
        if isinstance(value, kind):
            return kind.__name__


def marks(to):
    found = list(places())
    marked = {}
    for module_name, name, value in found:
        if mark(value):
            marked[kind(value)] = marked.get(kind(value), 0) + 1
    # The ways to say so have been found before all that.
    to.send((marked, sum(is_marked(value) for _, _, value in found)))
    receive()


def looks(to):
    while True:
        found = list(places())
        to.send((len(found), [(module_name, name) for module_name, name, value in found if is_marked(value)]))
        receive()


def main():
    me = cloison.self()
    early = [spawn(looks, me) for _ in range(3)]
    before = [receive(timeout=300) for _ in early]
    marker = spawn(marks, me, monitor=True)
    match receive(timeout=300):
        case Down(reason=reason):
            print("the one that marks has ended:", reason, reason.traceback)
            return
        case marked, seen:
            pass
    print("of", len(sys.modules), "modules, marked:", marked, file=sys.stderr)
    print("all kinds are among those marked:", sorted(marked))
    print("many:", sum(marked.values()) > 1000 or marked, "and it sees them itself:", seen == sum(marked.values()))
    for process in early:
        process.send("look again")
    late = [spawn(looks, me) for _ in range(20)]
    after = [receive(timeout=300) for _ in [*early, *late]]
    print("others see", {str(changed) for _, changed in [*before, *after]})
    print("and look at as many:", {count for count, _ in before} == {count for count, _ in after})
    print("this process sees", [place for *place, value in places() if is_marked(value)])
    print("most are there:", len(NOT_THERE) < 80 or NOT_THERE)
