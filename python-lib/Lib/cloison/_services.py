"""Services: functions of one process that others call by a capability.

    client                                      server                              broker
    counter.add(2)  ── _ServiceCall ──▶  may it?  ── Admit ──▶  does it hold the grant, is that alive, is something left?
                    ◀── _Reply ──────    add(2)   ◀── yes, if its bounds hold ───
                                                  ── Served ──▶  so many bytes, so much processor time

The message names the grant by its number, which is worth nothing to who does not hold it. The client waits until an answer comes, its
grant ends, the server ends, or the time is over.
"""

import _cloison
from _cloison import Reference
from cloison import _capabilities
from cloison._errors import CapabilityDenied, DeadlineExceeded, MessageError, QuotaExceeded, Revoked
from cloison._processes import Down, _Reply, _ServiceCall, ask, receive, value_of
from cloison._processes import self as this_process
from cloison._server import Stopped, _Stop

__all__ = ["ServiceFunction", "offer", "serve", "service"]

#: How many seconds an answer is waited for, as with `call`.
_TIMEOUT = 5.0
#: How many characters the name of a function, and of a parameter that bounds may name, has at most; how many of these one function has.
_NAME, _PARAMETERS = 64, 64
#: Where a class says that it is a service: a dict of its functions.
_MARK = "__cloison_service__"
#: Attributes of every capability.
_TAKEN = ("batch", "describe", "lend", "narrow", "revoke")
#: Of `co_flags`: generators, and coroutines of any kind; `*args`; `**kwargs`.
_NO_FUNCTION, _VARARGS, _VARKEYWORDS = 0x2A0, 0x04, 0x08

#: What is offered, by the number of its grant: the capability, the object, its functions.
_offered = {}


class ServiceFunction:
    """One function of a service, which another process answers.

    Attributes:
        __name__: Its name.
        __qualname__: The same with that of the service.
    """

    def __init__(self, capability, name, timeout=_TIMEOUT):
        self._capability = capability
        self._timeout = timeout
        self._server, self._number, self._service = _cloison.server_of(capability)
        self.__name__ = name
        self.__qualname__ = f"{self._service}.{name}"

    def __call__(self, /, *args, **kwargs):
        """Call it, and return its result.

        Raises:
            CapabilityDenied: The capability does not allow it.
            DeadlineExceeded: No answer has come in time.
            QuotaExceeded: What the capability counts is used up.
            Revoked: The capability is not alive any more, or the service has ended.
            Exception: What the function has raised.
        """
        name, called = self.__name__, f"{self.__qualname__}()"
        if self._server == this_process():
            ended = _cloison.service_end(self._capability)
            if ended is not None:
                raise Revoked(f"{called}: the grant {ended}", function=name)

        def question(reference):
            return _ServiceCall(self._number, name, args, kwargs, this_process(), reference)

        answer = ask(self._server, question, self._timeout, self._capability)
        if answer is None:
            ended = _cloison.service_end(self._capability)
            if ended is not None:
                raise Revoked(f"{called}: the grant {ended}", function=name)
            raise DeadlineExceeded(f"{called} did not end within {self._timeout} s", function=name, deadline=self._timeout)
        if type(answer) is Down:
            raise Revoked(f"{called}: the service has ended", function=name)
        return value_of(answer)

    def within(self, seconds, /):
        """Return the same function, whose answers are waited for so long; None waits for ever."""
        return ServiceFunction(self._capability, self.__name__, seconds)

    def __repr__(self):
        return f"<function {self.__qualname__} of a service of process {self._server.number}>"

    def __reduce__(self):
        raise TypeError("a function of a service cannot be copied or pickled")

    def __reduce_ex__(self, protocol):
        return self.__reduce__()


_FunctionType = type(lambda: None)


def service(cls, /):
    """Mark a class as a service: others may call its public methods, once an object of it is offered.

    Those are functions in the class itself, or in a class that it is derived from and that is a service, whose names begin with no
    underscore. What overrides a method of a class that is no service is not among them.

    Raises:
        TypeError: A method is a coroutine or a generator, or has a name that every capability has, such as ``narrow``.
    """
    if not isinstance(cls, type):
        raise TypeError(f"service() takes a class, not {cls!r}")
    marked = [base for base in cls.__mro__ if base is cls or _MARK in base.__dict__]
    others = [base for base in cls.__mro__ if base not in marked]
    functions = {}
    for base in reversed(marked):
        for name, value in base.__dict__.items():
            functions.pop(name, None)
            if name.startswith("_") or type(value) is not _FunctionType or any(name in other.__dict__ for other in others):
                continue
            if name in _TAKEN:
                raise TypeError(f"{cls.__qualname__}.{name} can't be called: every capability has something of that name")
            if value.__code__.co_flags & _NO_FUNCTION:
                raise TypeError(f"{cls.__qualname__}.{name} is a coroutine or a generator: a service answers with a value, one call after the other")
            functions[name] = value
    if not functions:
        raise TypeError(f"{cls.__qualname__} has no public methods, so nothing of it could be called")
    setattr(cls, _MARK, functions)
    return cls


def offer(service, /, *, name=None):
    """Make a capability of a service that this process serves, by `serve` or as a `Server`, and return it.

    It ends when it is revoked, or with this process.

    Args:
        service: An object of a class with `service`.
        name: What the capability is called; the name of the class if absent.

    Raises:
        CapabilityDenied: This process offers as many services as it may.
        TypeError: It is no such object.
        ValueError: It cannot be called so: cloison.toml has a capability of that name, or it is none in ASCII.
    """
    kind = type(service)
    # A class that is derived from a service says itself what of it may be called.
    functions = kind.__dict__.get(_MARK)
    if functions is None:
        raise TypeError(f"{kind.__qualname__} is no service\nhint: `@cloison.service` on the class says that others may call its public methods")
    name = kind.__name__ if name is None else name
    checked = {each: _Checked(f"{name}.{each}()", function) for each, function in functions.items()}
    capability = _cloison.offer(name, [[each, *one.parameters()] for each, one in checked.items()])
    number = _cloison.server_of(capability)[1]
    # It is held for as long as it is served, whoever else drops it.
    _offered[number] = capability, service, checked
    return capability


def serve(until=None):
    """Answer calls of what this process offers, one after the other.

    An exception that a function raises is its caller's. `Server.stop` ends it, and with it the process.

    Args:
        until: A type, a tuple of types or a function of a message: the first other message that matches ends it. What does not match stays in
            the mailbox. None serves for ever.

    Returns:
        The message that has ended it.
    """
    own = (_ServiceCall, _Stop)
    if until is None:
        wanted = own
    elif isinstance(until, (type, tuple)):
        wanted = (until, *own)
    elif callable(until):

        def wanted(message):
            if type(message) in own:
                return True
            try:
                return until(message)
            except MessageError as error:  # which would look as if the message could not be read
                raise RuntimeError(f"`until` has failed: {error}") from error

    else:
        raise TypeError(f"serve() takes a type, a tuple of types or a function of a message to end by, not {until!r}")
    while True:
        try:
            message = receive(wanted)
        except MessageError:
            continue  # Who has sent a call that can't be read here has been told.
        if type(message) is _ServiceCall:
            answer(message)
        elif type(message) is not _Stop:
            return message
        # Only whoever has control can send a reference with control.
        elif message.process == this_process() and message.process.control:
            raise Stopped(message.reason)


def answer(call):
    """Answer a call of what this process offers, which is what was received last. No exception of the function comes out."""
    if type(call.reference) is not Reference:
        return  # Nobody waits for it: it is not to come back.
    size = _cloison.received_bytes()
    served, answered = None, 0
    try:
        served = _admitted(call, size)
        value, failed = _result(call, served), False
    except Exception as error:
        value, failed = error, True
    try:
        answered = _send(call, value, failed)
    except Exception as error:
        answered = _say_unsendable(call, error)
    finally:
        value = None  # Its traceback holds this frame, and that the call: nobody would free them soon.
        if served is not None:
            served.ended(answered)


def _send(call, value, failed):
    call.sender.send(_Reply(call.reference, value, failed))
    return _cloison.sent_bytes()


def _say_unsendable(call, error):
    try:
        return _send(call, error, True)
    except Exception:
        return 0  # It receives less than it asks for: it hears nothing, and waits no longer than it wants to.


def _admitted(call, size):
    """Return the call as the broker has admitted it, which has counted it."""
    grant, name, args, kwargs = call.number, call.function, call.args, call.kwargs
    # Anybody may have made the message.
    sound = type(grant) is int and 0 <= grant < 1 << 64 and type(args) is tuple and type(kwargs) is dict
    named = type(name) is str and len(name) <= _NAME and name.isascii()
    if not (sound and named) or not all(type(each) is str for each in kwargs):
        raise MessageError("no call of a service: no capability has made it")
    served, refusal, text = _cloison.admit(grant, call.sender.number, name, size)
    if refusal == "CapabilityDenied":
        raise CapabilityDenied(text, function=name)
    if refusal == "QuotaExceeded":
        raise QuotaExceeded(text, function=name)
    if refusal:
        raise Revoked(f"{name}(): {text}", function=name)
    return served


def _result(call, served):
    name, args, kwargs = call.function, call.args, call.kwargs
    if served.service not in _offered:
        raise Revoked(f"{name}(): the grant has been revoked", function=name)
    _, service, functions = _offered[served.service]
    function = functions[name]
    function.look(args, kwargs)
    if served.bounded:
        outside = served.outside(function.passed(args, kwargs))
        if outside is not None:
            raise CapabilityDenied(outside, function=name)
    return function.call(service, args, kwargs)


def _forget(capability):
    for number, (offered, _, _) in list(_offered.items()):
        if offered == capability:
            del _offered[number]


_capabilities.forget_service = _forget


class _Checked:
    """A method, and what its annotations say of arguments and of what it returns."""

    __slots__ = ("called", "function", "positional", "named", "rest", "others", "types", "defaults", "bindable")

    def __init__(self, called, function):
        described = function
        while type(getattr(described, "__wrapped__", None)) is _FunctionType:
            described = described.__wrapped__  # as for `inspect.signature`
        code = described.__code__
        names, count, keywords = code.co_varnames, code.co_argcount, code.co_kwonlyargcount
        collected = list(names[count + keywords : count + keywords + 2])
        self.called = called
        self.function = function
        self.positional = names[1:count]
        self.named = frozenset(names[max(1, code.co_posonlyargcount) : count + keywords])
        self.rest = collected.pop(0) if code.co_flags & _VARARGS else None
        self.others = collected.pop(0) if code.co_flags & _VARKEYWORDS else None
        self.types = {}
        for name, annotation in described.__annotations__.items():
            types = _types(annotation)
            if types is not None:
                self.types[name] = types
        # What bounds may name: what has no such name is no word there, and more than so many the broker does not take.
        named = [name for name in names[1 : count + keywords] if name.isascii() and len(name) <= _NAME]
        self.bindable = named[:_PARAMETERS]
        given = described.__defaults__ or ()
        self.defaults = dict(zip(names[count - len(given) : count], given)) | (described.__kwdefaults__ or {})

    def parameters(self):
        """Return what bounds may name, each name followed by what it is as they know it. What `*` and `**` collect is nothing."""
        collected = [name for name in (self.rest, self.others) if name is not None and name.isascii() and len(name) <= _NAME]
        said = []
        for name in self.bindable:
            said += (name, _BOUNDED.get(frozenset(self.types.get(name, ())), ""))
        for name in collected[: _PARAMETERS - len(self.bindable)]:
            said += (name, "")
        return said

    def look(self, args, kwargs):
        """Compare arguments with the annotations."""
        if self.types:
            for index, value in enumerate(args):
                self._look(self.positional[index] if index < len(self.positional) else self.rest, value)
            for name, value in kwargs.items():
                self._look(name if name in self.named else self.others, value)

    def _look(self, name, value):
        types = self.types.get(name)
        if types is not None and not isinstance(value, types):
            raise TypeError(f"{self.called}: {name}: {_words(types)} is wanted, not {type(value).__name__}")

    def passed(self, args, kwargs):
        """Return what the function is about to get for each parameter that bounds may name, defaults included."""
        values = dict(zip(self.positional, args))
        for name, value in kwargs.items():
            if name in self.named:
                if name in values:
                    raise TypeError(f"{self.called}: {name} is given twice")
                values[name] = value
        values = self.defaults | values
        for name in self.bindable:
            if name not in values:
                raise TypeError(f"{self.called}: {name} is missing")
        return [values[name] for name in self.bindable]

    def call(self, service, args, kwargs):
        """Call the function, and compare what it returns with the annotation."""
        value = self.function(service, *args, **kwargs)
        types = self.types.get("return")
        if types is not None and not isinstance(value, types):
            raise TypeError(f"{self.called} has returned {type(value).__name__}, and says that it returns {_words(types)}")
        return value


def _words(types):
    return " or ".join("None" if each is type(None) else each.__name__ for each in types)


#: What is looked at. A whole number is good where a float is.
_LOOKED_AT = {each: (each,) for each in (int, str, bytes, bool, list, dict, tuple, type(None))} | {float: (float, int)}
_BY_NAME = {each.__name__: types for each, types in _LOOKED_AT.items()} | {"None": (type(None),)}
_Union = type(int | None)
#: What bounds know of those, as the broker is told it.
_BOUNDED = {frozenset(types): name for name, types in _BY_NAME.items() if name in ("int", "float", "str", "bytes", "bool")}
_BOUNDED |= {frozenset((kind, type(None))): f"{kind.__name__} | None" for kind in (str, bytes)}


def _types(annotation):
    """Return the types that an annotation stands for; None if it stands for something that is not looked at."""
    if annotation is None:
        return (type(None),)
    if isinstance(annotation, str):
        return _joined(_BY_NAME.get(part.strip()) for part in _without_brackets(annotation).strip("'\"").split("|"))
    if getattr(annotation, "__unpacked__", False):
        return None  # of `*args`: what it says is of all of them
    origin = getattr(annotation, "__origin__", None)
    if isinstance(annotation, _Union) or str(origin) == "typing.Union":
        return _joined(map(_types, annotation.__args__))
    kind = annotation if origin is None else origin
    return _LOOKED_AT.get(kind) if isinstance(kind, type) else None


def _without_brackets(annotation):
    """Return what is outside of square brackets: of what is in a list, nothing is looked at."""
    kept, depth = "", 0
    for character in annotation:
        depth += (character == "[") - (character == "]")
        kept += character * (depth == 0 and character != "]")
    return kept


def _joined(parts):
    joined = ()
    for types in parts:
        if types is None:
            return None
        joined += types
    return joined
