"""Python as a program: what `subprocess` starts for `sys.executable`.

It is a microprocess of this very application, a child of the one that starts it, which gives it what it has of files, networks and other
services; nothing of the machine is started. Its streams are messages: pieces of what it puts out go to its parent, pieces of its input come
from there, and each is answered when it was taken, so that nobody keeps more than a few of them.

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
_SIGINT, _SIGKILL = 2, 9
#: Signals that do nothing to who does not handle them: SIGCHLD, SIGCONT, SIGURG and SIGWINCH.
_HARMLESS = 17, 18, 23, 28


def is_meant(executables):
    """Return whether one of these names is `sys.executable`."""
    name = sys.executable
    return bool(name) and name.encode() in executables


class _Started:
    """A Python that was started, as its parent knows it."""

    def __init__(self):
        self.process = self.ticket = self.monitor = None
        #: What it has put out and nobody has read, by stream; an empty piece is the end.
        self.held = {_STDOUT: [], _STDERR: []}
        self.closed = set()
        #: How many pieces of input it has not taken.
        self.underway = 0
        #: How it has ended: a status, or minus a signal.
        self.status = None
        self.signal = 0

    def hear(self, message):
        """Hear from it, or of its end."""
        from cloison._processes import Down

        if type(message) is Down:
            self.status = _status(message.reason, self.signal)
            return
        stream, data = getattr(message, "value", (None, b""))
        if stream == _STDIN:
            self.underway -= 1
        elif stream == _END:
            self.signal = data
        elif stream is not None and stream not in self.closed:
            self.held[stream].append(data)

    def tell(self, *what):
        """Send it something, if it is still there."""
        from cloison import _claims

        if self.status is None:
            _claims.send_patiently(self.process, _claims.Done(self.ticket, what, None))


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
    from cloison._errors import HostDenied, SpawnError

    names = {mount.capability for mount in _places.mounts()} | {offer[1] for offer in _cloison.services()}
    made = _Started()
    made.ticket = _claims.make_reference()
    # It may have something to say before this process goes on.
    _claims.claim(made.ticket, made.hear)
    try:
        made.process, made.monitor = _claims.start_guarded(
            __name__, "_run", (made.ticket, arguments, variables, folder, umask, together), main=False, name="python",
            capabilities=sorted(names - {None}),
        )
    except SpawnError as error:
        # What calls `subprocess` knows that a program may not be started, and how that is raised.
        raise HostDenied(f"subprocess: {error}") from None
    finally:
        if made.process is None:
            _claims.disclaim(None, made.ticket)
    _claims.claim(made.ticket, made.hear, made.process)
    _claims.claim(made.monitor, made.hear)
    return made


def poll(made, wanted, timeout):
    """Return which of these is so, at the latest when the time, in nanoseconds, is over."""
    from cloison import _claims

    deadline = None if timeout < 0 else time.monotonic_ns() + timeout
    while True:
        while _claims.pump(0):
            pass
        is_over = made.status is not None
        ready = _END if is_over else 0
        if is_over or made.underway < _UNDERWAY:
            ready |= _STDIN
        ready |= sum(stream for stream, held in made.held.items() if held or is_over)
        left = None if deadline is None else deadline - time.monotonic_ns()
        if ready & wanted or left is not None and left <= 0:
            return ready & wanted
        _claims.pump(None if left is None else left / 1e9)


def _await(made, wanted, timeout):
    if not poll(made, wanted, timeout):
        raise BlockingIOError(_errno.EAGAIN, "Resource temporarily unavailable")


def read(made, stream, length, timeout):
    """Return what it has put out, nothing at its end."""
    _await(made, stream, timeout)
    held = made.held[stream]
    if not held or not held[0]:
        return b""
    piece = held[0]
    if len(piece) > length:
        held[0] = piece[length:]
        return piece[:length]
    del held[0]
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
    if number in _HARMLESS or made.status is not None:
        return
    made.signal = number
    made.process.kill()


def end(made):
    """Forget it; it is over, and nothing of it is read any more."""
    from cloison import _claims

    _claims.disclaim(made.process, made.ticket, made.monitor)
    _claims.forget(made.ticket)


# ---- In the process that was started ---------------------------------------------------------------------------------


class _Parent:
    """What a Python that was started has of its streams."""

    def __init__(self, ticket):
        from cloison._processes import parent

        self.ticket = ticket
        self.process = parent()
        self.underway = {_STDOUT: 0, _STDERR: 0}
        self.broken = set()
        #: What of the input has come and was not read, and whether that is all.
        self.input = b""
        self.is_at_end = False

    def hear(self, timeout, streams):
        """Hear of one of these streams; return whether there was something."""
        from cloison._claims import Done

        def is_meant(message):
            return type(message) is Done and message.reference == self.ticket and message.value[0] in streams

        received = _cloison.wait_for(timeout, is_meant)
        if received is None:
            return False
        stream, what = received[0].value
        if stream == _STDIN:
            self.input = what
            self.is_at_end = not what
            self._tell(_STDIN, b"")
        elif what:
            self.underway[stream] -= 1
        else:
            self.broken.add(stream)
        return True

    def _tell(self, *what):
        from cloison import _claims

        _claims.send_patiently(self.process, _claims.Done(self.ticket, what, None))

    def tell_signal(self, number):
        """Say that this process ends as if by a signal."""
        self._tell(_END, number)

    def read(self, length):
        """Return some of the input, nothing at its end."""
        while length and not self.input and not self.is_at_end:
            self.hear(None, (_STDIN,))
        data, self.input = self.input[:length], self.input[length:]
        return data

    def write(self, stream, data):
        """Put something out, and return how much of it."""
        data = bytes(memoryview(data).cast("B")[:_PIECE])
        while self.hear(0 if self.underway[stream] < _UNDERWAY else None, (_STDOUT, _STDERR)):
            pass
        if stream in self.broken:
            raise BrokenPipeError(_errno.EPIPE, "Broken pipe")
        if data:
            self.underway[stream] += 1
            self._tell(stream, data)
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
        from importlib.machinery import SourceFileLoader

        _execute(source, path, SourceFileLoader("__main__", path))


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
