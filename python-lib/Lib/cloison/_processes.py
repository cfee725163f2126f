"""Processes: starting them, talking to them, and hearing of their ends.

What an exit signal does, by its reason:

| reason | to a process that does not trap exits | to one that does |
|---|---|---|
| "normal" | nothing; it ends if it has sent that to itself | an `Exit` message |
| any other | it ends with that reason | an `Exit` message |
| of `Process.kill` | it ends, with reason "killed" | the same |

A process that ends sends an exit signal with its own reason to all that it is linked with, and a `Down` to all that monitor it, behind
everything that it had sent. A link or monitor of a process that has ended is answered at once, with reason "no process".
"""

import sys
import time

import _cloison
from _cloison import Process, Reference
from cloison._errors import Error, MailboxFull, MessageError, ProcessDown, ProcessExit
from cloison._messages import Record

__all__ = [
    "Call",
    "Down",
    "Exit",
    "Reason",
    "call",
    "demonitor",
    "exit",
    "link",
    "make_reference",
    "monitor",
    "parent",
    "receive",
    "register",
    "reply",
    "reply_error",
    "self",
    "send",
    "spawn",
    "stop",
    "trap_exits",
    "unlink",
    "unregister",
    "whereis",
]

#: As in cloison.toml.
_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_NAME_BYTES = 255
_NAMES = 64
_PRIORITIES = ("high", "normal", "low", "idle")
#: More seconds than that are for ever.
_FOR_EVER = 1 << 32


class Reason:
    """Why a process has ended.

    Attributes:
        kind: ``"normal"``, ``"shutdown"``, ``"exit status"``, ``"exception"``, ``"data"`` (a value of the program's own),
            ``"killed"``, ``"memory limit"``, ``"CPU limit"``, ``"deadline"``, ``"crash"``, ``"broker"`` or ``"no process"``.
        type: The class of an exception, such as ``"ValueError"``, or None.
        text: The text of an exception, or what the broker says, or None.
        traceback: An exception's traceback as text, or None.
        value: The program's own reason, or None.
        status: The exit status, or None.
        signal: The signal of a crash, or None.
    """

    __slots__ = ("kind", "type", "text", "traceback", "value", "status", "signal")
    __match_args__ = ("kind",)

    def __init__(self, kind, *, type=None, text=None, traceback=None, value=None, status=None, signal=None):
        for name, given in zip(self.__slots__, (kind, type, text, traceback, value, status, signal), strict=True):
            object.__setattr__(self, name, given)

    def _values(self):
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other):
        """A reason equals another one that says the same, and the word for its kind."""
        if isinstance(other, Reason):
            return self._values() == other._values()
        if isinstance(other, str):
            return self.kind == other
        return NotImplemented

    def __hash__(self):
        return hash(self.kind)

    def __repr__(self):
        said = ", ".join(
            f"{name}={value!r}"
            for name, value in zip(self.__slots__[1:], self._values()[1:], strict=True)
            if value is not None and name != "traceback"
        )
        return f"Reason({self.kind!r}{', ' if said else ''}{said})"

    def __str__(self):
        """Return a clause for people."""
        if self.kind == "exception":
            return f"{self.type}: {self.text}" if self.text else self.type
        if self.kind == "data" and self.text is None:
            return repr(self.value)
        if self.kind == "crash":
            return f"crash (signal {self.signal})"
        if self.kind == "exit status":
            return f"exit status {self.status}"
        return self.text or self.kind


class Down(Record):
    """A process that was monitored has ended. It comes after everything that the process had sent.

    Several monitors of one process hear of its end in the order in which they were made.

    Attributes:
        process: The process.
        reason: Why it has ended: a `Reason`.
        reference: What `Process.monitor` has returned.
    """

    __slots__ = ("process", "reason", "reference")


class Exit(Record):
    """An exit signal, in a process that traps exits.

    Attributes:
        process: Who has sent it, or the linked process that has ended.
        reason: Why: a `Reason`.
    """

    __slots__ = ("process", "reason")


class Call(Record):
    """A request that somebody waits for an answer to. `reply` sends it.

    Attributes:
        request: What is asked.
        sender: Who asks.
        reference: How the sender knows the answer.
    """

    __slots__ = ("request", "sender", "reference")


class _Reply(Record):
    __slots__ = ("reference", "value", "failed")


class _ServiceCall(Record):
    # By which grant (its number), which function, with what. `_services` makes and answers them.
    __slots__ = ("number", "function", "args", "kwargs", "sender", "reference")


_cloison.declare(Reason, __name__, "Reason", Reason.__slots__)

#: How the next message is taken out. Task groups and executors, where there are any, take theirs first.
take_next = _cloison.receive

#: References of calls that nobody waits for any more, the oldest first.
_given_up = {}
#: How many of them are remembered, and how many messages may wait before their answers are looked for.
_MOST_GIVEN_UP, _MANY_WAITING = 1024, 64


def _drop_late_answers():
    def is_late(message):
        return type(message) is _Reply and message.reference in _given_up

    while received := _cloison.wait_for(0, is_late):
        _given_up.pop(received[0].reference, None)


def self(*, control=False):
    """Return this process, to be sent to and monitored by whoever gets it.

    Args:
        control: Whoever gets it may also link to this process and end it.
    """
    return _cloison.myself(control)


def parent():
    """Return the process that has spawned this one, to be sent to and monitored; None in the program itself."""
    return _cloison.parent()


def name_of(function):
    """Return module and qualified name of what can be run in another process: a function or class at the top of a module."""
    module = getattr(function, "__module__", None)
    qualname = getattr(function, "__qualname__", None)
    if not callable(function) or not isinstance(module, str) or not isinstance(qualname, str):
        raise TypeError(f"{function!r} can't be run in another process: a function or class that stands at the top of a module can")
    hint = "another process finds a function by its name: define it at the top of a module, and pass what it needs as arguments"
    if "<lambda>" in qualname or "<locals>" in qualname:
        what = "a lambda" if qualname.endswith("<lambda>") else "a function inside of another one"
        raise TypeError(f"{qualname} is {what}, which can't be run in another process\nhint: {hint}")
    bound_to = None if isinstance(function, type) else getattr(function, "__self__", None)
    if bound_to is not None and not isinstance(bound_to, (type, type(sys))):
        raise TypeError(f"{qualname} is a method of an object, which can't be run in another process\nhint: pass the object as an argument")
    try:
        found = sys.modules[module]
        for part in qualname.split("."):
            found = getattr(found, part)
    except (AttributeError, KeyError):
        found = None
    if found is not function and found != function:
        raise TypeError(f"{module}.{qualname} is not what is found under that name, so it can't be run in another process\nhint: {hint}")
    return ("__main__" if module == "__mp_main__" else module), qualname


def find(module, qualname):
    """Return what `name_of` has named, in another process."""
    if module == "__main__" and "__mp_main__" in sys.modules:
        module = "__mp_main__"
    __import__(module)
    found = sys.modules[module]
    for part in qualname.split("."):
        found = getattr(found, part)
    return found


def _bytes(size):
    if size is None or isinstance(size, int):
        return size
    text = str(size)
    number = text.rstrip("BKMGTi").rstrip()
    try:
        return int(number) * _UNITS[text[len(number) :].strip() or "B"]
    except (KeyError, ValueError):
        units = ", ".join(_UNITS)
        raise ValueError(f'a size is a number of bytes, or a whole number and a unit, such as "64 MiB" ({units}), not {size!r}') from None


#: Lines of the program's top level that are run whatever happens: a child would run them too. None until somebody spawns.
_unguarded = None


def _top_level(tree):
    # Only what stands below a condition may be for the program alone.
    for statement in tree:
        kind = type(statement).__name__
        if kind in ("For", "AsyncFor", "With", "AsyncWith", "Try", "TryStar"):
            yield from range(statement.lineno, statement.body[0].lineno)
            for part in ("body", "orelse", "finalbody"):
                yield from _top_level(getattr(statement, part, ()))
        elif kind not in ("If", "While", "Match"):
            yield from range(statement.lineno, statement.end_lineno + 1)


def _look_for_guard():
    """Refuse to start what would import the program, and come to this very line of it."""
    global _unguarded
    program = sys.modules.get("__main__")
    names = getattr(program, "__dict__", None)
    frame = sys._getframe(1)
    while frame is not None and not (frame.f_globals is names and frame.f_code.co_name == "<module>"):
        frame = frame.f_back
    if frame is None:
        return
    if _unguarded is None:
        try:
            source = program.__loader__.get_source(program.__spec__.name if program.__spec__ else "__main__")
            # What `ast.parse` does, without the module.
            _unguarded = frozenset(_top_level(compile(source, "<program>", "exec", 0x400).body))
        except Exception:
            _unguarded = frozenset()
    if frame.f_lineno in _unguarded:
        raise RuntimeError(
            f"line {frame.f_lineno} of the program starts a process, which imports the program first and would come to that line, too\n"
            'hint: put what only the program itself does below `if __name__ == "__main__":`'
        )


def _count(what, count):
    if count is not None and not (type(count) is int and 0 <= count < 1 << 32):
        raise ValueError(f"{what}: a number from 0 is wanted, not {count!r}")
    return count


def checked_limits(memory=None, cpu=None, deadline=None, children=None, channels=None, priority=None, nice=None):
    """Return the limits and the priority of a process that is to be started, as `_cloison.spawn` takes them."""
    memory = _bytes(memory)
    if memory is not None and memory <= 0:
        raise ValueError(f"memory: more than 0 bytes are wanted, not {memory}")
    if cpu is not None:
        if not cpu > 0:
            raise ValueError(f"cpu: more than 0 seconds are wanted, not {cpu}")
        cpu = -int(-cpu // 1) if cpu < _FOR_EVER else None
    if deadline is not None:
        if not deadline > 0:
            raise ValueError(f"deadline: more than 0 seconds are wanted, not {deadline}")
        deadline = -int(-deadline * 1000 // 1) if deadline < _FOR_EVER else None
    if priority is not None and priority not in _PRIORITIES:
        raise ValueError(f"priority is one of {', '.join(_PRIORITIES)}, not {priority!r}")
    if nice is not None and not 0 <= nice <= 19:
        raise ValueError(f"nice is 0 to 19, not {nice}")
    if nice is not None and priority is not None:
        raise ValueError("priority and nice say the same thing in two ways: give one of them")
    return {
        "memory": memory,
        "cpu": cpu,
        "deadline": deadline,
        "children": _count("children", children),
        "channels": _count("channels", channels),
        "priority": priority,
        "nice": nice,
    }


def check_profile(profile):
    """Raise if that can't be the name of a profile; None is none."""
    if not isinstance(profile, (str, type(None))):
        raise TypeError(f"a profile is named by a str, not {profile!r}")


def start(
    module,
    qualname,
    args,
    *,
    main,
    name=None,
    link=False,
    may_link=False,
    monitor=None,
    register=None,
    capabilities=None,
    profile=None,
    **limits,
):
    """Start a process by the name of its function."""
    if capabilities is None:
        capabilities = []
    elif isinstance(capabilities, str):
        raise TypeError(f"capabilities is a list: [{capabilities!r}]")
    if name is not None:
        if not isinstance(name, str):
            raise TypeError(f"a name is a str, not {name!r}")
        if len(name.encode()) > _NAME_BYTES:
            raise ValueError(f"a name of more than {_NAME_BYTES} bytes is too long")
    if register is not None:
        check_name(register)
    check_profile(profile)
    if main and parent() is None:
        _look_for_guard()
    return _cloison.spawn(
        module,
        qualname,
        args,
        main=main,
        name=name,
        link=link,
        may_link=may_link,
        monitor=monitor,
        register=register,
        capabilities=list(capabilities),
        profile=profile,
        **checked_limits(**limits),
    )


def spawn(
    function,
    /,
    *args,
    name=None,
    link=False,
    monitor=False,
    register=None,
    capabilities=None,
    profile=None,
    memory=None,
    cpu=None,
    deadline=None,
    children=None,
    channels=None,
    priority=None,
    nice=None,
):
    """Start a process that calls ``function(*args)``, and return it at once.

    It shares nothing with this one: arguments are copied, and it holds no capability that it is not given.

    Args:
        function: A function or class that stands at the top of a module.
        args: What can be sent in a message.
        name: A name, for people.
        link: Link the two: when one ends for any reason but "normal", the other does too.
        monitor: Have a `Down` sent to this process when that one ends. True, or a reference of `make_reference` that the `Down`
            is to carry: whoever wants to undo the monitor needs it.
        register: A name that it registers itself under before it calls the function. If that is taken, it ends with the error.
        capabilities: Capabilities of this process's, or their names.
        profile: A profile, ``[microprocess.NAME]`` of cloison.toml: the process gets its capabilities out of this process's, as far as it
            leaves them, and no more than its limits. What `capabilities` names is added; a name that the profile has, too, adds nothing.
        memory: How much memory it may use, such as ``"64 MiB"``; no more than this process may. The interpreter takes 30 MiB of it.
        cpu: How many seconds of processor time; no more than this process may.
        deadline: How many seconds it may run, from now on; then it is ended. No longer than this process may.
        children: How many living children it may have; 0 forbids it to spawn. No more than this process may.
        channels: How many capabilities it may have called; no more than this process may.
        priority: ``"high"``, ``"normal"``, ``"low"`` or ``"idle"``: who comes first when processors are scarce. None is this
            process's own, and a child of a low or idle process is no higher than that.
        nice: The same as a number, 0 to 19: how far it stands back.

    Raises:
        TypeError: The function has no name that another process could find, or an argument can't be sent.
        SpawnError: There are as many processes as there may be; the text says which limit. Or a capability, one of the profile's too,
            is not this process's to give.
        RuntimeError: The program's top level starts it, and would in each child: ``if __name__ == "__main__":`` is missing.
    """
    module, qualname = name_of(function)
    if monitor is True or monitor is False:
        monitor = make_reference() if monitor else None
    return start(
        module,
        qualname,
        args,
        main=module == "__main__",
        name=name,
        link=link,
        monitor=monitor,
        register=register,
        capabilities=capabilities,
        profile=profile,
        memory=memory,
        cpu=cpu,
        deadline=deadline,
        children=children,
        channels=channels,
        priority=priority,
        nice=nice,
    )


def named(process):
    """Return a process, given itself or its registered name."""
    if not isinstance(process, str):
        return process
    found = whereis(process)
    if found is None:
        raise Error(f"no process is registered as {process!r}")
    return found


def send(process, message):
    """Send a message: ``process.send(message)``, where ``process`` may be a registered name too."""
    named(process).send(message)


def receive(match=None, /, *, timeout=None):
    """Return the next message, or the first that matches; what does not match stays where it is.

    Args:
        match: A type, a tuple of types, or a function of a message; None takes any.
        timeout: How many seconds to wait at most; None waits for ever, 0 does not wait.

    Raises:
        TimeoutError: Nothing has come in time.
        MessageError: A message can't be read here: it has an object of a class that is not declared. Or it is a `Call` in another
            process's name, or a `Down` or `Exit` that a process has made. It is gone.
        TypeError: `match` is none of these.
    """
    if match is not None and not callable(match) and not _is_type(match):
        raise TypeError(f"receive() takes a type, a tuple of types or a function of a message to choose by, not {match!r}")
    end = None if timeout is None else time.monotonic() + timeout
    left = timeout
    while True:
        received = take_next(left, _or_reply(match))
        if received is None:
            raise TimeoutError(f"no message in {timeout} s")
        # An answer that nobody waits for any more is dropped.
        if received and type(received[0]) is not _Reply:
            return received[0]
        left = None if end is None else max(0.0, end - time.monotonic())


def _is_type(match):
    return isinstance(match, type) or (isinstance(match, tuple) and all(map(_is_type, match)))


def _or_reply(match):
    """Return what matches answers as well: those that come too late are not to stay in the mailbox."""
    if match is None:
        return None
    if isinstance(match, (type, tuple)):
        return (match, _Reply)
    return lambda message: type(message) is _Reply or match(message)


def raisable(error):
    """Return what another process says has gone wrong as an exception that may be raised here.

    What ends processes, `SystemExit` and the like, is not: nobody who is asked something ends who asks.
    """
    if isinstance(error, Exception):
        return error
    return Error(f"the answer is an exception that ends processes: {type(error).__name__}: {error}")


def call(process, request, *, timeout=5.0):
    """Send a request and return the answer, however much else is in the mailbox.

    Raises:
        TimeoutError: No answer has come in time.
        ProcessDown: The process has ended.
        Exception: What the process has answered with, if its handler has failed.
    """
    process = named(process)
    answer = ask(process, lambda reference: Call(request, self(), reference), timeout)
    if answer is None:
        raise TimeoutError(f"no answer from process {process.number} in {timeout} s")
    if type(answer) is Down:
        raise ProcessDown(f"process {process.number} has ended: {answer.reason}", process=process.send_only(), reason=answer.reason)
    return value_of(answer)


def ask(process, question, timeout, by=None):
    """Send a question and return the `_Reply`, or the `Down` of a process that has ended.

    Args:
        process: Whom to ask.
        question: What makes the message of the reference that the answer carries.
        timeout: How many seconds to wait.
        by: The capability of a service by which it is asked.

    Returns:
        None if no answer has come in time, or the capability has ended. A later one is dropped.
    """
    # A thread of it, too: threads run to their end, one within the other.
    if process == self():
        raise RuntimeError("a process that calls itself would wait for an answer that it can't give meanwhile")
    if _given_up and _cloison.waiting() >= _MANY_WAITING:
        _drop_late_answers()
    position = _cloison.mark()
    reference = process.monitor()

    def is_answer(message):
        return type(message) in (_Reply, Down) and message.reference == reference

    received = None
    try:
        process.send(question(reference))
        received = _cloison.wait_for(timeout, is_answer, position, by)
    finally:
        if received is None:
            _cloison.demonitor(reference)
            _given_up[reference] = None
            if len(_given_up) > _MOST_GIVEN_UP:
                del _given_up[next(iter(_given_up))]
    if received is None:
        return None
    (answer,) = received
    if type(answer) is _Reply:
        _cloison.demonitor(reference)
    return answer


def value_of(answer):
    """Return what a `_Reply` says, or raise it."""
    if answer.failed:
        raise raisable(answer.value)
    return answer.value


def _not_understood(asker, reference, error):
    """Answer a `Call` that can't be read here: who has asked need not wait."""
    text = f"process {self().number} can't read what it is asked: {error}"
    try:
        asker.send(_Reply(reference, MessageError(text), True))
    except MailboxFull:
        pass  # Who sends more than it receives goes without an answer.


def reply(call, value):
    """Answer a `Call`."""
    call.sender.send(_Reply(call.reference, value, False))


def reply_error(call, error):
    """Answer a `Call` with an exception, which is raised there: of the same class if that is declared with `message`."""
    if not isinstance(error, BaseException):
        raise TypeError(f"reply_error() answers with an exception, not {error!r}")
    call.sender.send(_Reply(call.reference, error, True))


def link(process):
    """Link this process with that one. As ``process.link()``."""
    named(process).link()


def unlink(process):
    """Undo `link`. When this returns, the link does nothing any more; an `Exit` that had come before is in the mailbox."""
    named(process).unlink()


def monitor(process):
    """Have a `Down` sent to this process when that one, which may be named, ends; return its reference."""
    return named(process).monitor()


def demonitor(reference):
    """Undo `monitor`. A `Down` that is in the mailbox already is gone too."""
    _cloison.demonitor(reference)


def trap_exits(trap=True):
    """Get exit signals as `Exit` messages from now on, instead of ending by them."""
    _cloison.trap_exits(trap)


def exit(reason="normal"):
    """End this process with that reason.

    Args:
        reason: ``"normal"``, ``"shutdown"``, a `Reason`, or any other value that can be sent.
    """
    raise ProcessExit(reason)


def stop(process, reason="shutdown", *, timeout=5.0):
    """Ask a process to end, kill it if it has not ended in time, and return the `Reason` of its end.

    A link of this process with it is undone first: its end is what is wanted.

    Args:
        process: The process.
        reason: What its exit signal says.
        timeout: How many seconds it has; None gives it all the time.
    """
    if not process.control and process != self():
        process.exit(reason)  # which is refused, and says what to do
    process.unlink()
    position = _cloison.mark()
    reference = process.monitor()
    try:
        process.exit(reason)
    except BaseException:
        _cloison.demonitor(reference)
        raise

    def is_down(message):
        return type(message) is Down and message.reference == reference

    received = _cloison.wait_for(timeout, is_down, position)
    if received is None:
        process.kill()
        received = _cloison.wait_for(None, is_down, position)
    return received[0].reason


def check_name(name):
    """Raise if that can't be a registered name."""
    if not isinstance(name, str):
        raise TypeError(f"a name is a str, not {name!r}")
    size = len(name.encode())
    if not 1 <= size <= _NAME_BYTES:
        raise ValueError(f"a name has 1 to {_NAME_BYTES} bytes, not {size}")


def register(name):
    """Let others find this process by a name, for as long as it lives.

    Raises:
        Error: Somebody has it already, or this process has as many names as there may be.
        ValueError: It has no character, or more than 255 bytes.
    """
    check_name(name)
    if _cloison.register(name) is None:
        holder = whereis(name)
        if holder is None:
            raise Error(f"this process can't have the name {name!r}, too: {_NAMES} names are the most; give one up by unregister()")
        if holder == self():
            raise Error(f"this process has the name {name!r} already")
        raise Error(f"the name {name!r} is taken, by process {holder.number}: it is free again when that gives it up or ends")


def unregister(name):
    """Give a name up."""
    if _cloison.unregister(name) is None:
        raise Error(f"this process is not registered as {name!r}")


def whereis(name, *, timeout=0):
    """Return the process of that name, to be sent to and monitored, or None.

    Args:
        name: The name.
        timeout: For how many seconds to look again while nobody has the name; None looks for ever.
    """
    end = None if timeout is None else time.monotonic() + timeout
    delay = 0.001
    while (found := _cloison.whereis(name)) is None:
        left = delay if end is None else end - time.monotonic()
        if left <= 0:
            break
        time.sleep(min(delay, left))
        delay = min(2 * delay, 0.02)
    return found


def make_reference():
    """Return a `Reference` that nobody else has."""
    return _cloison.reference()
