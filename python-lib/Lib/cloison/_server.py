"""Servers: processes that keep a state and answer requests."""

import traceback

import _cloison
from _cloison import Reference
from cloison._errors import MailboxFull, MessageError, ProcessDown, ProcessExit
from cloison._messages import message
from cloison._processes import Call, Down, Exit, Reason, _ServiceCall, exit, make_reference, name_of, named, parent
from cloison._processes import raisable, receive, register, reply
from cloison._processes import self as this_process
from cloison._processes import send, start

__all__ = ["Server", "cast"]

#: How many seconds a server that could not start has to end, before it is killed.
_END_PATIENCE = 5.0


@message(frozen=True)
class _Cast:
    request: object


@message(frozen=True)
class _Stop:
    reason: object
    process: object


@message(frozen=True)
class _Started:
    reference: Reference
    error: object


_TIMEOUT = object()


class Stopped(ProcessExit):
    """Somebody has called `Server.stop`."""


class Server:
    """A process that keeps a state and handles one message after the other. Subclasses say how.

    ``__init__`` runs in the new process, and `start` waits for it. An exception that a handler does not catch ends the server,
    with the exception as its reason: whoever waits for an answer gets `ProcessDown`, and a supervisor may start the server anew.
    To refuse a request and go on, answer with `reply_error` and return `LATER`, which says that what is returned is no answer. `exit` in a handler ends the server with that reason.

    A server that traps exits (`trap_exits` in ``__init__``) ends in order, by way of `terminate`, when its parent ends or sends
    it an exit signal; others are `Exit` messages for `handle_info`. One that does not is ended by the signal itself.

    Attributes:
        LATER: What `handle_call` returns when the value that it returns is not to be the answer: ``reply(sender, value)`` or
            ``reply_error(sender, error)`` has sent one, or will.
        timeout: How many seconds without a message pass until `handle_timeout` is called; None for no such call.

    Example:
        >>> class Counter(Server):
        ...     def __init__(self, start):
        ...         self.value = start
        ...
        ...     def handle_call(self, request, sender):
        ...         self.value += request
        ...         return self.value
        >>> counter = Counter.start(5)
        >>> call(counter, 2)
        7
    """

    LATER = type("Later", (), {"__slots__": (), "__repr__": lambda self: "Server.LATER"})()
    timeout = None

    def handle_call(self, request, sender):
        """Return the answer to a request that somebody waits for, or `LATER`.

        Args:
            request: What is asked.
            sender: The `Call`. Its ``sender`` is the process that asks, which can't be another; `reply` and `reply_error` answer it.
        """
        raise NotImplementedError(f"{type(self).__qualname__} answers no calls: {request!r}")

    def handle_cast(self, request):
        """Handle a request that nobody waits for an answer to."""
        raise NotImplementedError(f"{type(self).__qualname__} takes no casts: {request!r}")

    def handle_info(self, message):
        """Handle any other message: `Down` and `Exit` among others, and a `MessageError` in place of what can't be read here."""

    def handle_timeout(self):
        """Do what is to be done when no message has come for `timeout` seconds."""

    def terminate(self, reason):
        """Clean up before the server ends by itself, for that `Reason`. It is not called when it is killed."""

    @classmethod
    def start(cls, /, *args, timeout=None, name=None, link=False, register=None, capabilities=None, profile=None, **limits):
        """Start a server, wait until its ``__init__`` has returned, and return its process.

        Args:
            args: The arguments of ``__init__``: what can be sent in a message.
            timeout: How many seconds that may take. Then the process is killed.
            name: A name, for people.
            link: Link it with this process, which an exception in ``__init__`` does not end.
            register: A name that it registers itself under before ``__init__``.
            capabilities: As for `spawn`, and so are profile and limits.

        Raises:
            Exception: What ``__init__`` has raised; an `Error` if the name is taken.
            ProcessDown: The process has ended in ``__init__`` for another reason.
            TimeoutError: ``__init__`` has taken too long.
        """
        module, qualname = name_of(cls)
        options = {"name": name, "register": register, "capabilities": capabilities, "profile": profile, **limits}
        return start_server(module, qualname, args, main=module == "__main__", link=link, timeout=timeout, **options)

    @staticmethod
    def stop(process, reason="normal", *, timeout=None):
        """Have a server end in order, whether it traps exits or not: `terminate` is called. Return the `Reason` of its end.

        A link of this process with it is undone first: its end is what is wanted.

        Args:
            process: The server: a reference with control, as `start` returns it.
            reason: Why it is to end.
            timeout: How many seconds it has.

        Raises:
            PermissionError: The reference has no control.
            TimeoutError: It has not ended in time. It may do so later.
        """
        process = named(process)
        if not process.control:
            raise PermissionError(
                f"process {process.number} can be sent to and monitored through this reference, not stopped\n"
                "hint: `start` returns one that can, and so does `cloison.self(control=True)` in the server"
            )
        process.unlink()
        position = _cloison.mark()
        reference = process.monitor()
        process.send(_Stop(reason, process))
        received = _cloison.wait_for(timeout, lambda message: type(message) is Down and message.reference == reference, position)
        if received is None:
            _cloison.demonitor(reference)
            raise TimeoutError(f"process {process.number} has not ended in {timeout} s")
        return received[0].reason

    @classmethod
    def _run(cls, args, ticket, link, name):
        """Be this server, in a process of its own."""
        starter = parent()
        if link:
            _cloison.link_to_parent()
        try:
            if name is not None:
                register(name)
            server = cls(*args)
        except BaseException as error:
            # Who has started it is told, and shows it. It is not ended by that.
            starter.unlink()
            if isinstance(error, Exception):
                starter.send(_Started(ticket, error))
                exit(reason_of(error))
            raise
        starter.send(_Started(ticket, None))
        serve(server)


def cast(process, request):
    """Send a request to a server without waiting for an answer.

    Args:
        process: The server, or its registered name.
        request: What its `handle_cast` gets.
    """
    send(process, _Cast(request))


def start_server(module, qualname, args, *, main, link, timeout=None, register=None, **options):
    """Start a server by the name of its class, as `Server.start` does."""
    position = _cloison.mark()
    ticket = make_reference()
    monitor = make_reference()
    # It registers itself: whoever starts it hears of it when the name is taken.
    args = args, ticket, link, register
    process = start(module, f"{qualname}._run", args, main=main, monitor=monitor, may_link=link, **options)

    def is_news(message):
        return type(message) in (_Started, Down) and message.reference in (ticket, monitor)

    def is_down(message):
        return type(message) is Down and message.reference == monitor

    def is_left(message):
        return (type(message) is _Started and message.reference == ticket) or (type(message) is Exit and message.process == process)

    received = _cloison.wait_for(timeout, is_news, position)
    news = received[0] if received else None
    if type(news) is _Started and news.error is None:
        _cloison.demonitor(monitor)
        return process
    if news is None:
        process.unlink()
        process.kill()
    # One that could not start has said why and ends.
    if type(news) is _Started and _cloison.wait_for(_END_PATIENCE, is_down, position) is None:
        process.unlink()
        process.kill()
        _cloison.wait_for(None, is_down, position)
    elif news is None:
        _cloison.wait_for(None, is_down, position)
    while _cloison.wait_for(0, is_left, position):
        pass
    if news is None:
        raise TimeoutError(f"{qualname} has not started in {timeout} s")
    if type(news) is _Started:
        raise raisable(news.error)
    raise ProcessDown(f"{qualname} has not started: {news.reason}", process=process.send_only(), reason=news.reason)


def serve(server):
    """Handle messages in this process until one of them ends the server, by an exception."""
    try:
        while True:
            _handle(server, _next(server))
    except BaseException as error:
        server.terminate(reason_of(error))
        raise


def _next(server):
    try:
        return receive(timeout=server.timeout)
    except TimeoutError:
        return _TIMEOUT
    except MessageError as error:
        return error


def _handle(server, message):
    kind = type(message)
    if message is _TIMEOUT:
        server.handle_timeout()
    elif kind is Call:
        value = server.handle_call(message.request, message)
        if value is not Server.LATER:
            _answer(message, value)
    elif kind is _Cast:
        server.handle_cast(message.request)
    elif kind is _ServiceCall:
        # Only a server that offers something needs it.
        from cloison._services import answer

        answer(message)
    elif kind is _Stop:
        # Only whoever has control can send a reference with control.
        if message.process == this_process() and message.process.control:
            raise Stopped(message.reason)
    elif kind is Exit and message.process == parent():
        exit(message.reason)
    else:
        server.handle_info(message)


def _answer(call, answer):
    try:
        reply(call, answer)
    except MailboxFull:
        pass  # Who sends more than it receives goes without an answer; the server goes on.


def reason_of(error):
    """Return the `Reason` of a process that this exception ends."""
    if isinstance(error, SystemExit) and isinstance(error.code, (int, type(None))):
        return Reason("exit status", status=error.code) if error.code else Reason("normal")
    if not isinstance(error, ProcessExit):
        kind = type(error)
        name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
        return Reason("exception", type=name, text=str(error), traceback="".join(traceback.format_exception(error)))
    reason = error.reason
    if isinstance(reason, Reason):
        return reason
    if isinstance(reason, BaseException):
        return reason_of(reason)
    if reason in ("normal", "shutdown", "killed"):
        return Reason(reason)
    return Reason("data", value=reason)
