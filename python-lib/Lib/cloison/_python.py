"""Python as a program: what `subprocess` starts for `sys.executable`.

It is a microprocess of this very application, a child of the one that starts it, which gives it what it has of files, networks and other
services; nothing of the machine is started. Its streams are messages: pieces of what it puts out go to its parent, pieces of its input come
from there, and each is answered when it was taken, so that nobody keeps more than a few of them. A child that does not keep to that is ended.

`_programs` calls the functions here as it calls those of a capability of zone `process`.
"""

import errno as _errno
import sys
import time

import _cloison
from cloison import _descriptors

_STDIN, _STDOUT, _STDERR, _END = 1, 2, 4, 8
#: The most bytes in one message, and how many messages of a stream nobody has taken.
_PIECE, _UNDERWAY = 64 << 10, 8
#: How many messages are taken before somebody looks whether there is what was waited for, and at the time.
_AT_ONCE = 64
#: How long, in seconds, nothing is sent to a mailbox that was full.
_PAUSE = 0.005
_SIGINT, _SIGKILL, _MOST_SIGNAL = 2, 9, 64
#: Signals that do nothing to who does not handle them: SIGCHLD, SIGCONT, SIGURG and SIGWINCH.
_HARMLESS = 17, 18, 23, 28
#: Signals that stop a program until SIGCONT: SIGSTOP, SIGTSTP, SIGTTIN and SIGTTOU.
_STOPPING = 19, 20, 21, 22


def is_meant(executables):
    """Return whether one of these names is `sys.executable`."""
    name = sys.executable
    return bool(name) and name.encode() in executables


class _Side:
    """One side of the streams: what it has to say to the other one.

    Nobody waits for the other's mailbox to have room without taking what is in its own: what is not sent yet is kept, which is no more than what may
    be under way.
    """

    def __init__(self, ticket, process):
        self.ticket = ticket
        self.process = process
        self.unsent = []

    def tell(self, *what):
        """Send it something, as soon as its mailbox has room."""
        self.unsent.append(what)
        self.settle()

    def settle(self):
        """Try once to send what was not sent yet, and return whether that is all."""
        from cloison import _claims
        from cloison._errors import MailboxFull

        while self.unsent:
            try:
                self.process.send(_claims.Done(self.ticket, self.unsent[0], None))
            except MailboxFull:
                return False
            del self.unsent[0]
        return True


class _Started(_Side):
    """A Python that was started, as its parent knows it."""

    def __init__(self, ticket):
        super().__init__(ticket, None)
        self.monitor = None
        #: What it has put out and nobody has read, by stream.
        self.held = {_STDOUT: [], _STDERR: []}
        #: How many pieces it was not told of that they are taken.
        self.untaken = {_STDOUT: 0, _STDERR: 0}
        self.closed = set()
        #: How many pieces of input it has not taken.
        self.underway = 0
        #: How it has ended: a status, or minus a signal.
        self.status = None
        self.signal = 0
        #: It has said what no Python of ours says, and ends.
        self.is_wrong = False

    def hear(self, message):
        """Hear from it, or of its end."""
        from cloison._claims import Done
        from cloison._processes import Down

        if type(message) is Down:
            self.status = _status(message.reason, self.signal)
            self.unsent.clear()
        elif type(message) is Done and not self.is_wrong and not self._is_taken(message.value):
            # Of what it has sent besides nothing is kept. Its end comes behind that.
            self.is_wrong = True
            self.signal = _SIGKILL
            self.process.kill()

    def _is_taken(self, value):
        """Take what it says, if that is a thing to be said."""
        if type(value) is not tuple or len(value) != 2:
            return False
        stream, data = value
        if stream == _END and type(stream) is int and type(data) is int and 1 <= data <= 64:
            # A signal that it has sent to itself: its end is told as that.
            self.signal = data
            return True
        if type(stream) is not int or type(data) is not bytes or len(data) > _PIECE:
            return False
        if stream == _STDIN:
            self.underway -= 1
            return self.underway >= 0
        if stream not in self.held or not data or self.untaken[stream] >= _UNDERWAY:
            return False
        # Nor does it go on while it takes no answers.
        if len(self.unsent) > 4 * _UNDERWAY:
            return False
        self.untaken[stream] += 1
        if stream not in self.closed:
            self.held[stream].append(data)
        return True

    def tell(self, *what):
        """Send it something, if it is still there."""
        if self.status is None:
            super().tell(*what)


def _status(reason, signal):
    """Return how a process has ended that has ended for a reason."""
    if reason.kind in ("normal", "shutdown"):
        return 0
    if reason.kind == "exit status":
        return -signal if signal and reason.status == 128 + signal else reason.status
    if reason.kind == "crash":
        return -(reason.signal or _SIGKILL)
    if reason.kind in ("exception", "data"):
        return 1
    return -(signal or _SIGKILL)


# ---- What `_programs` calls ------------------------------------------------------------------------------------------


def start(arguments, variables, folder, umask, together):
    """Start one, and return what the functions below take.

    Args:
        arguments: What stands behind the name, as text.
        variables: Its environment, a dictionary of bytes.
        folder: Its current folder.
        umask: Which bits of a mode are left out when it makes something.
        together: Its standard error goes where its standard output goes.
    """
    from cloison import _claims, _places

    names = {mount.capability for mount in _places.mounts()} | {offer[1] for offer in _cloison.services()}
    names.discard(None)
    made = _Started(_claims.make_reference())
    # It may have something to say before this process goes on.
    _claims.claim(made.ticket, made.hear)
    try:
        made.process, made.monitor = _start(names, (made.ticket, arguments, variables, folder, umask, together))
    except BaseException:
        _claims.disclaim(None, made.ticket)
        raise
    _claims.claim(made.ticket, made.hear, made.process)
    _claims.claim(made.monitor, made.hear)
    return made


def _start(names, args):
    """Start the process, with what of these may be given, and return it and its monitor."""
    from cloison._errors import SpawnError

    try:
        try:
            return _start_with(names, args)
        except SpawnError:
            given = {name for name in names if _may_be_given(name)}
            if given == names:
                raise
            return _start_with(given, args)
    except SpawnError as error:
        # What a program hears that wants one process more than there may be.
        refused = BlockingIOError(_errno.EAGAIN, "Resource temporarily unavailable")
        refused.add_note(f"cloison: {error}")
        raise refused from None


def _start_with(names, args):
    from cloison import _claims

    return _claims.start_guarded(__name__, "_run", args, main=False, name="python", capabilities=sorted(names))


def _may_be_given(name):
    """Return whether a capability is there and may be given on."""
    from cloison._errors import Error

    try:
        return _cloison.describe(_cloison.capability(name))["delegate"]
    except Error:
        return False


def poll(made, wanted, timeout):
    """Return which of these is so, at the latest when the time, in nanoseconds, is over."""
    from cloison import _claims

    deadline = None if timeout < 0 else time.monotonic_ns() + timeout
    while True:
        for _ in range(_AT_ONCE):
            if not _claims.pump(0):
                break
        is_settled = made.settle()
        is_over = made.status is not None
        ready = _END if is_over else 0
        if is_over or is_settled and made.underway < _UNDERWAY:
            ready |= _STDIN
        ready |= sum(stream for stream, held in made.held.items() if held or is_over)
        left = None if deadline is None else max(0, deadline - time.monotonic_ns()) / 1e9
        if ready & wanted or left == 0:
            return ready & wanted
        if not is_settled:
            left = _PAUSE if left is None else min(left, _PAUSE)
        _claims.pump(left)


def _await(made, wanted, timeout):
    if not poll(made, wanted, timeout):
        raise BlockingIOError(_errno.EAGAIN, "Resource temporarily unavailable")


def read(made, stream, length, timeout):
    """Return what it has put out, nothing at its end."""
    _await(made, stream, timeout)
    held = made.held[stream]
    if not held:
        return b""
    piece = held[0]
    if len(piece) > length:
        held[0] = piece[length:]
        return piece[:length]
    del held[0]
    made.untaken[stream] -= 1
    made.tell(stream, True)
    return piece


def write(made, data, timeout):
    """Give it input, and return how much of it."""
    _await(made, _STDIN, timeout)
    if made.status is not None:
        raise BrokenPipeError(_errno.EPIPE, "Broken pipe")
    data = bytes(data[:_PIECE])
    made.underway += 1
    made.tell(_STDIN, data)
    return len(data)


def close(made, stream):
    """Let go of a stream: its input ends, or what it puts out there is a broken pipe."""
    if stream == _STDIN:
        made.tell(_STDIN, b"")
    else:
        made.closed.add(stream)
        made.held[stream].clear()
        made.tell(stream, False)


def wait(made, timeout):
    """Return how it has ended."""
    _await(made, _END, timeout)
    return made.status


def signal(made, number):
    """End it, as a signal ends a program that does not handle it."""
    if not 0 < number <= _MOST_SIGNAL:
        raise OSError(_errno.EINVAL, _cloison.strerror(_errno.EINVAL))
    if number in _STOPPING:
        from cloison._errors import HostDenied

        raise HostDenied("kill(): a Python that was started is ended by signals, and not stopped until it is to go on")
    if number in _HARMLESS or made.status is not None or made.is_wrong:
        return
    made.signal = number
    made.process.kill()


def end(made):
    """Forget it; it is over, and nothing of it is read any more."""
    from cloison import _claims

    _claims.disclaim(made.process, made.ticket, made.monitor)
    _claims.forget(made.ticket)


# ---- In the process that was started ---------------------------------------------------------------------------------


class _Parent(_Side):
    """What a Python that was started has of its streams."""

    def __init__(self, ticket):
        from cloison import _claims
        from cloison._processes import parent

        super().__init__(ticket, parent())
        self.underway = {_STDOUT: 0, _STDERR: 0}
        self.broken = set()
        #: What of the input has come and was not taken, what was taken and not read, and whether that is all.
        self.pieces = []
        self.input = b""
        self.is_at_end = False
        # The program does not see what is said here. Some of it may be there already.
        _claims.claim(ticket, self.hear, awaited=False)

    def hear(self, message):
        """Hear of one of the streams."""
        stream, what = message.value
        if stream != _STDIN:
            if what:
                self.underway[stream] -= 1
            else:
                self.broken.add(stream)
        elif what:
            self.pieces.append(what)
        else:
            self.is_at_end = True

    def _wait(self):
        """Wait until there is something to hear, or room for what was not sent."""
        from cloison import _claims

        _claims.pump(None if self.settle() else _PAUSE)

    def tell_signal(self, number):
        """Say that this process ends as if by a signal."""
        self.tell(_END, number)
        while not self.settle():
            self._wait()

    def read(self, length):
        """Return some of the input, nothing at its end."""
        while length and not self.input:
            if self.pieces:
                self.input = self.pieces.pop(0)
                self.tell(_STDIN, b"")
            elif self.is_at_end:
                break
            else:
                self._wait()
        data, self.input = self.input[:length], self.input[length:]
        return data

    def write(self, stream, data):
        """Put something out, and return how much of it."""
        from cloison import _claims

        data = bytes(memoryview(data).cast("B")[:_PIECE])
        for _ in range(_AT_ONCE):
            if not _claims.pump(0):
                break
        while stream not in self.broken and self.underway[stream] >= _UNDERWAY:
            self._wait()
        if stream in self.broken:
            raise BrokenPipeError(_errno.EPIPE, "Broken pipe")
        if data:
            self.underway[stream] += 1
            self.tell(stream, data)
            # It may be the last thing that this process does.
            while not self.settle():
                self._wait()
        return len(data)


class _Stream(_descriptors.NoFile):
    """What `os` does with 0, 1 and 2."""

    @staticmethod
    def read(handle, length):
        parent, stream = handle
        if stream != _STDIN:
            raise OSError(_errno.EBADF, "Bad file descriptor")
        return parent.read(length)

    @staticmethod
    def write(handle, data):
        parent, stream = handle
        if stream == _STDIN:
            raise OSError(_errno.EBADF, "Bad file descriptor")
        return parent.write(stream, data)

    @staticmethod
    def close(handle):
        pass


class _Entry(_descriptors.NoFileEntry):
    """One of these numbers."""

    __slots__ = ()
    files = _Stream(0o010600)


def _run(ticket, arguments, variables, folder, umask, together):
    """Be the Python that was started."""
    import os

    from cloison import _places

    parent = _Parent(ticket)
    for number, stream in enumerate((_STDIN, _STDOUT, _STDOUT if together else _STDERR)):
        _descriptors._open[number] = _Entry((parent, stream))
    os.environ.clear()
    os.environb.update(variables)
    _places._change(folder)
    _places.umask(umask)
    status = 0
    try:
        _set_streams()
        options = _Options(arguments)
        _set_options_of_streams(options)
        sys.path[:0] = [] if options.has("I") or options.has("P") else [""]
        sys.argv[:] = options.argv
        options.run()
    except SystemExit as error:
        status = _status_of(error.code)
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_globals is globals():
            trace = trace.tb_next
        status = 1
        if isinstance(error, KeyboardInterrupt):
            # Of the program that is of no interest; whoever starts another one asks for what it puts out.
            import traceback

            traceback.print_exception(error.with_traceback(trace))
            status = 128 + _SIGINT
            parent.tell_signal(_SIGINT)
        else:
            sys.excepthook(type(error), error, trace)
    sys.exit(status)


def _status_of(code):
    if code is None or isinstance(code, int):
        return (code or 0) & 0xFF
    print(code, file=sys.stderr)
    return 1


def _set_streams():
    import io

    for number, name in enumerate(("stdin", "stdout", "stderr")):
        raw = io.FileIO(number, "wb" if number else "rb", closefd=False)
        raw.name = f"<{name}>"
        buffer = io.BufferedWriter(raw) if number else io.BufferedReader(raw)
        errors = "backslashreplace" if number == 2 else "strict"
        stream = io.TextIOWrapper(buffer, "utf-8", errors, "\n" if number else None, number == 2)
        stream.mode = "w" if number else "r"
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _set_options_of_streams(options):
    import os

    variables = {} if options.is_deaf() else os.environ
    encoding, _, errors = variables.get("PYTHONIOENCODING", "").partition(":")
    if encoding or errors:
        for stream in (sys.stdin, sys.stdout):
            stream.reconfigure(encoding=encoding or None, errors=errors or "strict")
        sys.stderr.reconfigure(encoding=encoding or None, errors="backslashreplace")
    if options.has("u") or variables.get("PYTHONUNBUFFERED"):
        sys.stdout.reconfigure(write_through=True)
        sys.stderr.reconfigure(write_through=True)


class _Options:
    """What Python's command line says.

    Args:
        arguments: It, behind the name.
    """

    #: Options of a letter that take no value, and those that take one. What is not here is refused.
    _LETTERS, _VALUED = "bBdEIPqRsSuvxV", "cmWX"
    #: Long ones that say something.
    _LONG = {"--version": "V"}

    def __init__(self, arguments):
        self.letters = set()
        #: What `-W` and `-X` say.
        self.values = {"W": [], "X": []}
        #: `c` and the text, or `m` and the module; else the script is the first of `argv`.
        self.what = None
        rest = list(arguments)
        while rest and rest[0].startswith("-") and rest[0] != "-" and self.what is None:
            option = self._LONG.get(rest[0])
            self._take(f"-{option}" if option else rest[0], rest)
        if self.what is not None:
            self.argv = [f"-{self.what[0]}", *rest]
        else:
            self.argv = rest or [""]

    def _take(self, option, rest):
        del rest[0]
        for position, letter in enumerate(option[1:], 1):
            if letter in self._LETTERS:
                self.letters.add(letter)
                continue
            if letter not in self._VALUED:
                print(f"python: cloison starts no Python with {option!r}", file=sys.stderr)
                sys.exit(2)
            value = option[position + 1 :]
            if not value:
                if not rest:
                    print(f"Argument expected for the -{letter} option", file=sys.stderr)
                    sys.exit(2)
                value = rest.pop(0)
            if letter in "cm":
                self.what = letter, value
            else:
                self.values[letter].append(value)
            return

    def has(self, letter):
        """Return whether that letter was given."""
        return letter in self.letters

    def is_deaf(self):
        """Return whether variables of the environment say nothing."""
        return self.has("E") or self.has("I")

    def run(self):
        """Do what it says."""
        import os

        if self.has("V"):
            print("Python", sys.version.split()[0])
            return
        filters = [] if self.is_deaf() else [one for one in os.environ.get("PYTHONWARNINGS", "").split(",") if one]
        filters += self.values["W"]
        if filters:
            import warnings

            sys.warnoptions[:] = filters
            warnings._processoptions(filters)
        sys._xoptions.update((one.partition("=")[0], one.partition("=")[2] or True) for one in self.values["X"])
        if self.what is None:
            self._run_file(self.argv[0])
        elif self.what[0] == "c":
            _execute(self.what[1], "<string>", None)
        else:
            from cloison import _boot

            sys.path[:1] = [os.getcwd()] if sys.path[0] == "" else sys.path[:1]
            _boot.run_module(self.what[1])

    def _run_file(self, path):
        import os

        if path in ("", "-"):
            _execute(sys.stdin.buffer.read(), "<stdin>", None)
            return
        if os.path.isdir(path):
            is_folder = True
        else:
            import zipfile

            is_folder = os.path.isfile(path) and zipfile.is_zipfile(path)
        if sys.path[0] == "":
            sys.path[0] = os.path.abspath(path) if is_folder else os.path.dirname(os.path.abspath(path))
        if is_folder:
            import runpy

            runpy.run_path(path, run_name="__main__")
            return
        try:
            with open(path, "rb") as file:
                source = file.read()
        except OSError as error:
            print(f"python: can't open file {os.path.abspath(path)!r}: [Errno {error.errno}] {error.strerror}", file=sys.stderr)
            sys.exit(2)
        from cloison import _importer

        _execute(source, path, _importer.source_loader()("__main__", path))


def _execute(source, path, loader):
    """Run a source as `__main__`."""
    from cloison import _importer

    if loader is None:
        names = _importer.main_module(path, _importer.decode(source), "__main__")
    else:
        import builtins

        module = sys.modules["__main__"] = type(sys)("__main__")
        module.__file__, module.__loader__, module.__builtins__ = path, loader, builtins
        names = module.__dict__
    exec(compile(source, path, "exec", dont_inherit=True), names)
