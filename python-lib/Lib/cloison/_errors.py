"""The exceptions that a call through the wall can raise. `cloison.Error` is the base of all of them."""

from _cloison import declare as _declare


class Error(Exception):
    """Something that Cloison reports."""


class CapabilityDenied(Error):
    """A capability, or a function of it, that was not granted.

    Attributes:
        capability: The capability's name in cloison.toml, or None.
        function: The function's name, or None when the whole capability is missing.
        location: The file and line that would change it, such as ``cloison.toml:7``, or None.
    """

    def __init__(self, message, capability=None, function=None, location=None):
        super().__init__(message)
        self.capability = capability
        self.function = function
        self.location = location


class HostDenied(Error, PermissionError):
    """Something that only the operating system could do, which a microprocess cannot ask for.

    It is a `PermissionError`, so that ``except OSError`` means what it does elsewhere.
    """

    def __new__(cls, message, filename=None):
        """Give `OSError` the number that denials have."""
        if filename is None:
            return super().__new__(cls, 13, message)
        return super().__new__(cls, 13, message, filename)


class NativeError(Error):
    """A C function reported an error by the convention that its manifest declares.

    Attributes:
        function: The function's name.
        code: The value it returned.
        errno: The C library's error number, if the manifest asks for it, else None.
        message: The text that the manifest's message function gave, or None.
    """

    def __init__(self, text, function=None, code=None, errno=None, message=None):
        super().__init__(text)
        self.function = function
        self.code = code
        self.errno = errno
        self.message = message


class QuotaExceeded(Error):
    """What the grant counts is used up: calls, bytes, processor time, or calls in a time.

    Attributes:
        function: The function's name.
    """

    def __init__(self, message, function=None):
        super().__init__(message)
        self.function = function


class Revoked(Error):
    """The grant has been taken back, or has expired.

    Attributes:
        function: The function's name.
    """

    def __init__(self, message, function=None):
        super().__init__(message)
        self.function = function


class DeadlineExceeded(Error, TimeoutError):
    """A call took too long, and its zone was ended; or callables did that the library called.

    Attributes:
        function: The function's name.
        deadline: How long it may take, in seconds.
        callback: The parameter that the callable was passed as, or None if it was the call itself.
    """

    def __new__(cls, message, function=None, deadline=None, callback=None):
        """Give `OSError` the message alone."""
        return super().__new__(cls, message)

    def __init__(self, message, function=None, deadline=None, callback=None):
        super().__init__(message)
        self.function = function
        self.deadline = deadline
        self.callback = callback


class ZoneCrashed(Error):
    """The zone ended during a call. The next call starts a new one.

    Attributes:
        function: The function's name.
        signal: The signal that ended it, or None.
        code: Its exit status, or None.
    """

    def __init__(self, message, function=None, signal=None, code=None):
        super().__init__(message)
        self.function = function
        self.signal = signal
        self.code = code


class ZoneUnavailable(Error):
    """The zone cannot be started.

    Attributes:
        capability: The capability's name in cloison.toml.
    """

    def __init__(self, message, capability=None):
        super().__init__(message)
        self.capability = capability


class StaleHandle(Error):
    """A handle whose object is gone: it was closed, or its zone has been restarted since."""


class ZoneReplaced(StaleHandle):
    """Something of a zone in whose place another one has come: a handle, a buffer or a batch, or a call that did not end in time.

    What is called next goes to the new zone.
    """


class MessageError(Error):
    """Bytes that are no message, or a message that this process can't read: it has not declared a class that is in it."""


class MessageTooLarge(MessageError, MemoryError):
    """A message that takes more memory, once it is read, than is left here."""


class RemoteError(Error):
    """An exception that came in a message and is of a class that is not declared here.

    Attributes:
        type_name: The class's name, with its module, such as ``json.decoder.JSONDecodeError``.
        text: What ``str()`` of it was.
    """

    def __init__(self, type_name, text):
        super().__init__(type_name, text)
        self.type_name = type_name
        self.text = text

    def __str__(self):
        """Return class and text as a traceback shows them."""
        return f"{self.type_name}: {self.text}" if self.text else self.type_name


class SpawnError(Error):
    """A process that could not be started: there are as many as there may be, or it was to get what its parent has not got."""


class StartError(Error):
    """A child of a supervisor that could not be started.

    Attributes:
        child: Its name.
    """

    def __init__(self, message, child=None):
        super().__init__(message)
        self.child = child


class MailboxFull(Error):
    """What this process has sent to that one fills its share of the mailbox, or the mailbox is full. Nothing was sent.

    Attributes:
        process: The receiver.
        lost: How many messages before this one did not arrive; 0 unless many processes have sent at once.
    """

    def __init__(self, message, process=None, lost=0):
        super().__init__(message)
        self.process = process
        self.lost = lost


class ProcessDown(Error):
    """The process that was called has ended without an answer.

    Attributes:
        process: The process.
        reason: Why it has ended: a `Reason`.
    """

    def __init__(self, message, process=None, reason=None):
        super().__init__(message)
        self.process = process
        self.reason = reason


class ProcessExit(BaseException):
    """What `exit` raises in the process that is to end. Uncaught, it ends the process with its reason, and nothing is printed.

    Attributes:
        reason: The reason.
    """

    def __init__(self, reason="normal"):
        super().__init__(reason)
        self.reason = reason


for _class in list(globals().values()):
    if isinstance(_class, type) and issubclass(_class, BaseException):
        _class.__module__ = "cloison"
        _declare(_class, "cloison", _class.__name__, None)
del _class
