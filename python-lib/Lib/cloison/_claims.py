"""What waits for messages of its own in this process: task groups and executors.

Their messages carry a reference that they have claimed. Whoever receives here hands such a message to its claimant and goes on
waiting, so that it is neither seen by the program nor left in the mailbox.
"""

import time

import _cloison
from _cloison import Process, Reference
from cloison._errors import MailboxFull, MessageError
from cloison._messages import message
from cloison import _processes
from cloison._processes import Down, Exit, find, make_reference, parent, raisable, start, trap_exits

#: What is told of a message that carries the reference.
_claimants = {}
#: Which of these references nobody waits for; they stay.
_unawaited = set()
#: What is told of a message of that process's that can't be read here, by its number.
_senders = {}
#: No claimed message stands before this position of the mailbox.
_since = 0
_guardian = None


@message(frozen=True)
class Prepare:
    """A module that is needed, so that its classes can be received."""

    module: str


@message(frozen=True)
class Work:
    """A function to call, by name, for somebody who waits for its `Done`."""

    module: str
    qualname: str
    args: tuple
    keywords: dict


@message(frozen=True)
class Done:
    """What a function has returned, or the exception that it has raised and its traceback."""

    reference: Reference
    value: object
    traceback: str | None


class RemoteTraceback(Exception):
    """The traceback of another process, as the cause of an exception that came from there."""

    def __str__(self):
        """Return the traceback as it would have been printed there."""
        return f'\n"""\n{self.args[0]}"""'


def claim(reference, claimant, process=None, awaited=True):
    """Have `claimant` called with each `Done` or `Down` that carries the reference, and a `MessageError` of that process's message.

    What is not `awaited` is only kept from the program: nobody waits for it. Some of it may have come before.
    """
    global _since
    if not awaited:
        _unawaited.add(reference)
        _since = 0
    elif not _claimants:
        _since = _cloison.mark()
    _claimants[reference] = claimant
    if process is not None:
        _senders[process.number] = claimant


def disclaim(process, *references):
    """Undo `claim`; None is a process that has not come to be."""
    if process is not None:
        _senders.pop(process.number, None)
    for reference in references:
        _claimants.pop(reference, None)


def are_awaited():
    """Return whether anybody waits for a message of its own."""
    return len(_claimants) > len(_unawaited)


def forget(reference):
    """Remove what has come with a reference of a process that has ended."""
    while _cloison.wait_for(0, lambda message: type(message) is Done and message.reference == reference, _since):
        pass


def is_claimed(message):
    """Return whether somebody waits for this very message."""
    return type(message) in (Done, Down) and type(message.reference) is Reference and message.reference in _claimants


def receive_next(timeout=None, match=is_claimed, since=0):
    """Return the next message that matches, in a tuple, unless somebody has claimed it: then hand it over and return ().

    None says that nothing has come in time.
    """
    if not _claimants:
        return _cloison.receive(timeout, match, since)
    if match is not is_claimed and match is not None:
        match = _or_claimed(match)
    try:
        received = _cloison.receive(timeout, match, since)
    except MessageError as error:
        claimant = _senders.get(_cloison.sender())
        if claimant is not None:
            claimant(error)
        elif match is not is_claimed:
            raise
        # Else it is a stranger's, and the program does not wait for anything.
        return ()
    if received and is_claimed(received[0]):
        _claimants[received[0].reference](received[0])
        return ()
    return received


_processes.take_next = receive_next


def _or_claimed(match):
    if isinstance(match, (type, tuple)):
        return lambda message: is_claimed(message) or isinstance(message, match)
    return lambda message: is_claimed(message) or match(message)


def pump(timeout=None):
    """Wait for one claimed message and hand it over; return whether one has come in time."""
    return receive_next(timeout, since=_since) is not None


def send_patiently(process, message):
    """Send a message; while this process's share of the mailbox there is full, wait."""
    delay = 0.001
    while True:
        try:
            return process.send(message)
        except MailboxFull:
            time.sleep(delay)
            delay = min(2 * delay, 0.1)


def prepare(module):
    """Import a module, for the classes in it. Whoever uses it hears of it if that fails."""
    try:
        __import__("__mp_main__" if module == "__main__" else module)
    except Exception:
        pass


def work(ticket, client):
    """Call the next function that the client asks for, and tell it what becomes of that; return False if it has ended.

    What can't be received here or can't be sent there counts as an exception of the function's.
    """
    try:
        message = _next_work(client)
        if message is None:
            return False
        done = Done(ticket, find(message.module, message.qualname)(*message.args, **message.keywords), None)
    except Exception as error:
        done = _failed(ticket, error)
    try:
        send_patiently(client, done)
    except Exception as error:
        send_patiently(client, _failed(ticket, error))
    return True


def _next_work(client):
    # While the function runs, the client's end is the guardian's affair: no Down of ours is seen by the function.
    watched = client.monitor()

    def is_wanted(message):
        return type(message) in (Work, Prepare) or (type(message) is Down and message.reference == watched)

    try:
        while True:
            (message,) = _cloison.wait_for(None, is_wanted)
            if type(message) is not Prepare:
                return message if type(message) is Work else None
            prepare(message.module)
    finally:
        _cloison.demonitor(watched)


def _failed(ticket, error):
    import traceback

    lines = traceback.format_exception(error.with_traceback(error.__traceback__ and error.__traceback__.tb_next))
    return Done(ticket, error, "".join(lines))


def error_of(done):
    """Return the exception that a function has raised, or None."""
    if done.traceback is None:
        return None
    error = raisable(done.value)
    error.__cause__ = RemoteTraceback(done.traceback)
    return error


def start_guarded(module, qualname, args, **options):
    """Start a process that is killed when this one ends, and does not hurt this one by its end: the process and its monitor.

    A link would end both. So a third process is linked to all that are guarded, and watches this one. Whoever is started
    here does nothing before it gets a message; it watches this process until then.
    """
    global _guardian
    if _guardian is None:
        _guardian = start(__name__, "guard", (), main=False, name="guard")
    monitor = make_reference()
    process = start(module, qualname, args, monitor=monitor, **options)
    _guardian.send(process)
    return process, monitor


def guard():
    """Kill the processes that the parent names when the parent ends."""
    trap_exits()
    parent().monitor()
    guarded = set()
    while True:
        (message,) = _cloison.wait_for(None, lambda message: True)
        if type(message) is Process:
            guarded.add(message)
            message.link()
        elif type(message) is Exit:
            guarded.discard(message.process)
        elif type(message) is Down:
            for process in guarded:
                process.kill()
            return
