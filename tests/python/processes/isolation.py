# For tests/tests/processes.rs, as app.py: one process changes everything changeable that hangs on a module of the standard library, and
# those that ran before and begin afterwards see nothing of it. What it cannot change has to be of a kind that is stated below.
import _abc
import _imp
import _pydecimal
import _strptime
import abc
import array
import collections
import contextvars
import dataclasses
import email.policy
import encodings.cp1252
import importlib
import itertools
import logging
import os
import random
import sys
import types
import uuid
import warnings

from cloison import Down, receive, self, spawn

warnings.simplefilter("ignore")
# No module of the standard library has one of these.
OWN = [bytearray(b"some"), array.array("q", [1]), collections.deque()]
OWN_BYTES, OWN_ARRAY, OWN_DEQUE = OWN
MARK = "changed by another process"
NUMBER = 0x6368616E676564
# What prints, opens a browser, or is no module to import for what it defines.
LEFT_OUT = {"antigravity", "this", "__main__", "__phello__", "__hello__", "idlelib", "turtledemo", "test", "lib2to3"}


def import_all():
    """All that this binary has, modules of packages as well; those that are not for this system, or not for anybody, do not import."""
    failed = []
    names = {*sys.stdlib_module_names, *_imp._frozen_module_names()}
    for name in sorted(names):
        if name.split(".")[0] in LEFT_OUT or name.endswith("__main__"):
            continue
        try:
            importlib.import_module(name)
        except (ImportError, OSError, AttributeError, TypeError):
            failed.append(name)
    return failed


NOT_THERE = import_all()

def inside(value):
    """What hangs on a thing, by name, but for the items of containers that can be changed."""
    kind = type(value)
    if kind in (tuple, frozenset):
        yield from (("[]", item) for item in value)
    if kind in (types.MethodType, types.MethodWrapperType):
        yield "__self__", value.__self__
    if kind in (staticmethod, classmethod):
        yield "__func__", value.__func__
    if kind is property:
        yield from (("fget", value.fget), ("fset", value.fset), ("fdel", value.fdel))
    if kind is types.FunctionType:
        yield from (("default", item) for item in [*(value.__defaults__ or ()), value.__kwdefaults__])
        yield from (("default", item) for item in (value.__kwdefaults__ or {}).values())
        for cell in value.__closure__ or ():
            try:
                yield "cell", cell.cell_contents
            except ValueError:
                pass  # nothing is in it yet
    if kind is not types.ModuleType:
        yield from sorted(attributes(value).items(), key=lambda item: str(item[0]))


def attributes(value):
    """Its own, or none."""
    try:
        found = object.__getattribute__(value, "__dict__")
        return dict(found) if isinstance(found, (dict, types.MappingProxyType)) else {}
    except (AttributeError, TypeError):
        return {}


def places():
    """Everything that hangs on a module: where it stands, and what it is. Each thing once."""
    # Of what is at the top here, modules are looked at where they stand.
    own = (value for name, value in globals().items() if not name.startswith("OWN_") and type(value) is not types.ModuleType)
    seen = {id(value) for value in own if value is not None}
    for module_name in sorted(sys.modules):
        module = sys.modules[module_name]
        if type(module) is not types.ModuleType or module_name in LEFT_OUT:
            continue
        open = [("", module)]
        open += sorted(vars(module).items())
        while open:
            name, value = open.pop()
            if id(value) in seen:
                continue
            seen.add(id(value))
            yield module_name, name, value
            open += ((f"{name}.{part}", item) for part, item in inside(value))


def is_ours(item):
    return type(item) in (str, int) and item in (MARK, NUMBER)


def slots(kind):
    return [
        name
        for above in kind.__mro__
        for name, slot in vars(above).items()
        if type(slot) is types.MemberDescriptorType and name not in ("__dict__", "__weakref__")
    ]


def set_slot(value):
    for name in slots(type(value)):
        try:
            return object.__setattr__(value, name, MARK)
        except (AttributeError, TypeError):
            continue


def register(data):
    """With the abstract class that these data are of: a class of its own, as one that is a subclass already is not registered."""
    made = type(MARK, (), {"__hash__": None})
    MADE.append(made)
    abc.ABCMeta.register(ABSTRACT[id(data)], made)


MADE = []
ABSTRACT = {id(value._abc_impl): value for _, _, value in places() if "_abc_impl" in attributes(value)}
COUNTS = {id(value): repr(value) for _, _, value in places() if type(value) is itertools.count}
# How a thing can be changed: of which kinds, by what, and how that is seen. The first that works counts.
WAYS = {
    "item of a mapping": (
        lambda kind: hasattr(kind, "keys") and hasattr(kind, "__setitem__"),
        lambda value: value.__setitem__(MARK, MARK),
        lambda value: any(is_ours(key) for key in list(value.keys())),
    ),
    "element": (
        lambda kind: hasattr(kind, "append"),
        lambda value: value.append(MARK),
        lambda value: any(map(is_ours, list(value))),
    ),
    "number": (
        lambda kind: hasattr(kind, "append"),
        lambda value: value.append(NUMBER),
        lambda value: any(map(is_ours, list(value))),
    ),
    "byte": (
        lambda kind: hasattr(kind, "extend"),
        lambda value: value.extend(MARK.encode()),
        lambda value: MARK.encode() in value,
    ),
    "member": (
        lambda kind: hasattr(kind, "add"),
        lambda value: value.add(MARK),
        lambda value: any(map(is_ours, list(value))),
    ),
    "context": (
        lambda kind: kind is contextvars.ContextVar,
        lambda value: value.set(MARK),
        lambda value: is_ours(value.get(None)),
    ),
    "lock": (
        lambda kind: hasattr(kind, "locked"),
        lambda value: value.acquire(blocking=False),
        lambda value: value.locked(),
    ),
    "count": (
        lambda kind: kind is itertools.count,
        next,
        lambda value: repr(value) != COUNTS.get(id(value)),
    ),
    "registered class": (
        lambda kind: kind.__name__ == "_abc_data",
        register,
        lambda value: any(made().__name__ == MARK for made in _abc._get_dump(ABSTRACT[id(value)])[0]),
    ),
    "attribute": (
        lambda kind: True,
        lambda value: setattr(value, MARK, MARK),
        lambda value: MARK in attributes(value),
    ),
    "attribute against its will": (
        lambda kind: True,
        lambda value: object.__setattr__(value, MARK, MARK),
        lambda value: MARK in attributes(value),
    ),
    "slot": (slots, set_slot, lambda value: any(is_ours(getattr(value, name, None)) for name in slots(type(value)))),
}
WAYS_OF = {}


def marked_by(value, act):
    """How a thing has been changed; if `act`, after an attempt to."""
    kind = type(value)
    if kind not in WAYS_OF:
        WAYS_OF[kind] = [(way, mark, shows) for way, (applies, mark, shows) in WAYS.items() if applies(kind)]
    for way, mark, shows in WAYS_OF[kind]:
        try:
            if act:
                mark(value)
            if shows(value):
                return way
        except Exception:
            continue
    return None


# What classes have among their flags that are written in Python, and what those have that are not to be changed.
IS_PYTHON, IS_IMMUTABLE = 1 << 9, 1 << 8


def kind(value):
    if isinstance(value, type) and (value.__flags__ & (IS_PYTHON | IS_IMMUTABLE)) != IS_PYTHON:
        return "classes-of-the-interpreter"
    return f"{type(value).__module__}.{type(value).__qualname__}"


# What hangs on modules and nobody can change from outside.
STATED = {
    "values, and tuples of them that have a name": """
        builtins.NoneType builtins.NotImplementedType builtins.bool builtins.bytes builtins.complex builtins.ellipsis builtins.float
        builtins.frozenset builtins.int builtins.str builtins.tuple datetime.date datetime.datetime datetime.time datetime.timedelta
        datetime.timezone ssl._ASN1Object sys.flags sys.float_info sys.hash_info sys.int_info sys.version_info
        xml.dom.minicompat.EmptyNodeList
    """,
    "of which only one matters, and which it is": """
        builtins.object cloison._server.Later concurrent.interpreters._crossinterp.UnboundItem functools._PlaceholderType
        typing.NoDefaultType typing._Sentinel
    """,
    "compiled, and the same at each use": """
        _json.Scanner _multibytecodec.MultibyteCodec _struct.Struct builtins.code operator.itemgetter re.Pattern unicodedata.UCD
    """,
    "they show something else, which is looked at itself": """
        builtins.mappingproxy builtins.method builtins.method-wrapper weakref.ReferenceType
    """,
    "what classes have of the interpreter": """
        builtins.classmethod_descriptor builtins.getset_descriptor builtins.member_descriptor builtins.method_descriptor
        builtins.wrapper_descriptor classes-of-the-interpreter
    """,
    "types of types": """
        collections.abc._CallableGenericAlias types.GenericAlias typing.TypeAliasType typing.Union
    """,
    "state of modules that Python cannot reach": """
        _elementtree._elementtree_state _zoneinfo._zoneinfo_state
    """,
}


# What programs are known to change, modules of packages, and what has a default of its own.
SOME = {
    "os.environ": os.environ,
    "sys.path": sys.path,
    "logging.root": logging.root,
    "logging.root.manager.loggerDict": logging.root.manager.loggerDict,
    "random's generator": random._inst,
    "email.policy.default": email.policy.default,
    "a module of a package": encodings.cp1252,
    "a function": encodings.normalize_encoding,
    "a default": dataclasses.field.__kwdefaults__,
    "a slot": uuid.NAMESPACE_DNS,
    "a context": _pydecimal._current_context_var,
    "a lock": _strptime._cache_lock,
}


def marks(to):
    found = list(places())
    marked, unmarked, changed = {}, set(), set()
    for _, _, value in found:
        way = marked_by(value, act=True)
        if way is None:
            unmarked.add(kind(value))
        else:
            marked[way] = marked.get(way, 0) + 1
            changed.add(id(value))
    # The ways to say so have been found before all that.
    seen = sum(marked_by(value, act=False) is not None for _, _, value in found)
    to.send((marked, seen, sorted(unmarked), [name for name, value in SOME.items() if id(value) not in changed]))
    receive()


def looks(to):
    while True:
        found = list(places())
        to.send((len(found), [(module, name) for module, name, value in found if marked_by(value, act=False)]))
        receive()


def main():
    me = self()
    early = [spawn(looks, me) for _ in range(2)]
    before = [receive(timeout=300) for _ in early]
    marker = spawn(marks, me, monitor=True)
    match receive(timeout=300):
        case Down(reason=reason):
            print("the one that marks has ended:", reason, reason.traceback)
            return
        case marked, seen, unmarked, missed:
            pass
    print("of", len(sys.modules), "modules, marked:", marked, file=sys.stderr)
    print("all ways are among those that worked:", sorted(marked))
    print("not among them, of those that are known:", missed)
    print("many:", sum(marked.values()) > 20_000 or marked, "and it sees them itself:", seen == sum(marked.values()))
    stated = {name for names in STATED.values() for name in names.split()}
    print("unchangeable, and not stated:", sorted(set(unmarked) - stated), "stated for nothing:", sorted(stated - set(unmarked)))
    for process in early:
        process.send("look again")
    late = [spawn(looks, me) for _ in range(4)]
    after = [receive(timeout=300) for _ in [*early, *late]]
    print("others see", {str(changed) for _, changed in [*before, *after]})
    print("and look at as many:", {count for count, _ in before} == {count for count, _ in after})
    print("this process sees", [place for *place, value in places() if marked_by(value, act=False)])
    print("most are there:", len(NOT_THERE) < 80 or NOT_THERE)
