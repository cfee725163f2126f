"""Programs of the machine, on the capabilities that let some be started, and Python itself (`_python`): what CPython's `subprocess` stands on.

`os.pipe` gives two numbers of one pipe. Given to `fork_exec`, one of them is the program's, and the other one leads to the program from then on:
nothing of it is the kernel's here. A pipe that no program has is a buffer of this process.

What a program inherits (`stdout=None`, a file, another number) is carried by this process, when it waits for the program.
"""

import errno as _errno
import time

import _cloison
from cloison import _descriptors, _needs, _places, _python

_STDIN, _STDOUT, _STDERR, _END = 1, 2, 4, 8
_TOGETHER = 8
#: The most bytes that one call carries.
_CHUNK = 1 << 20
#: Events of `poll`.
_IN, _OUT, _ERR, _HUP = 1, 4, 8, 16
#: The most that a pipe without a program holds.
_BUFFER = 64 << 10
#: So much goes into a pipe that has room at all (`PIPE_BUF`).
_PIECE = 4096
#: The most bytes of arguments and of a folder that a call of the service carries; it says itself what is too much for a program.
_MOST_ARGUMENTS, _MOST_FOLDER = 64 << 10, 4096
#: How long one program is waited for while others are not, in nanoseconds.
_SLICE = 5_000_000
#: How often is carried what programs put out, for somebody who does not wait.
_TURNS = 16
#: What CPython's child exits with when it cannot become the program, as `waitpid` says it.
_NOT_BEGUN = 255 << 8
_WNOHANG = 1

_given = None
#: Number → a program that was started and has not been waited for.
_running = {}
_last = 1 << 16


class _Given:
    """What one capability lets be started."""

    __slots__ = ("capability", "commands", "location", "service")

    def __init__(self, service, capability, grants, location):
        self.capability = capability
        self.commands = [grant.split("=", 1) for grant in grants]
        self.location = location
        self.service = None

    def functions(self):
        if self.service is None:
            self.service = _cloison.capability(self.capability)
        return self.service


def _all():
    global _given
    if _given is None:
        given = _cloison.services()
        if given is None:
            _cloison.give_up_services()
        found = [_Given(*offer) for offer in given or () if offer[0] == "process"]
        if given is None:
            # In a template this is not all: what it forks may hold capabilities.
            return found
        _given = found
    return _given


def _check(what):
    """Refuse if no capability lets anything be started."""
    if not _all():
        _cloison.lacks("process", "", False)
        _needs.deny(what, _needs.PROCESSES)


# ---- Pipes ----------------------------------------------------------------------------------------------------------


class _Pipe:
    """A pipe: a buffer, or a stream of a program."""

    __slots__ = ("buffer", "ends", "run", "stream")

    def __init__(self):
        self.buffer = bytearray()
        #: How many numbers lead to its reading end and to its writing end.
        self.ends = [0, 0]
        self.run = None
        self.stream = 0


class _End:
    """One end of a pipe, as an open file has a handle."""

    __slots__ = ("blocking", "pipe", "writes")

    def __init__(self, pipe, writes):
        self.pipe = pipe
        self.writes = writes
        self.blocking = True


class _AsFile(_descriptors.NoFile):
    """What `os` does with the number of a pipe."""

    @staticmethod
    def read(end, length):
        pipe = end.pipe
        if end.writes:
            raise OSError(_errno.EBADF, "Bad file descriptor")
        if pipe.run is not None:
            return pipe.run.read(pipe.stream, length, -1 if end.blocking else 0)
        if pipe.buffer:
            return _take(pipe.buffer, length)
        if not pipe.ends[1]:
            return b""
        if end.blocking:
            raise OSError(_errno.EDEADLK, "this would wait for ever: nobody but this process writes to the pipe")
        raise BlockingIOError(_errno.EAGAIN, "Resource temporarily unavailable")

    @staticmethod
    def write(end, data):
        pipe = end.pipe
        if not end.writes:
            raise OSError(_errno.EBADF, "Bad file descriptor")
        if pipe.run is not None:
            return pipe.run.write(data, -1 if end.blocking else 0)
        if not pipe.ends[0]:
            raise BrokenPipeError(_errno.EPIPE, "Broken pipe")
        data = memoryview(data).cast("B")[: _BUFFER - len(pipe.buffer)]
        if not data:
            if end.blocking:
                raise OSError(_errno.EDEADLK, "this would wait for ever: nobody but this process reads the pipe")
            raise BlockingIOError(_errno.EAGAIN, "Resource temporarily unavailable")
        pipe.buffer += data
        return len(data)

    @staticmethod
    def close(end):
        _release(end.pipe, end.writes)


def _take(buffer, length):
    """Take at most so many bytes out of a buffer."""
    data = bytes(buffer[:length])
    del buffer[:length]
    return data


def _release(pipe, writes):
    """One number leads to that end of a pipe no more; behind the last one, the program at the other end learns of it."""
    pipe.ends[writes] -= 1
    run = pipe.run
    if run is None or pipe.ends[writes]:
        return
    if writes and run.source is not None:
        # It is still to read what the pipe held before.
        run.source.stays = False
    else:
        run.let_go(pipe.stream)


class _Entry(_descriptors.NoFileEntry):
    """A number that leads to an end of a pipe."""

    __slots__ = ()
    files = _AsFile(0o010600)


class _Nothing(_AsFile):
    """What `os` does with the number of `/dev/null`."""

    @staticmethod
    def read(handle, length):
        return b""

    @staticmethod
    def write(handle, data):
        return memoryview(data).nbytes

    @staticmethod
    def close(handle):
        pass


class _Null(_descriptors.NoFileEntry):
    """A number that leads to `/dev/null`."""

    __slots__ = ()
    files = _Nothing(0o020666)


#: What all of them lead to: nothing is kept of one.
_NULL = _Null(None)


def null():
    """Return what a number of `/dev/null` leads to."""
    return _NULL


def _enter(pipe, writes):
    pipe.ends[writes] += 1
    return _descriptors.enter(_Entry(_End(pipe, writes)))


def pipe():
    """Return two numbers: what is written to the second is read from the first."""
    made = _Pipe()
    return _enter(made, 0), _enter(made, 1)


def pipe2(flags, /):
    """The same; with O_NONBLOCK neither waits."""
    ends = pipe()
    for number in ends:
        _descriptors._open[number].handle.blocking = not flags & 0o4000
    return ends


def _end_at(number):
    """Return the end of a pipe that a number leads to, or None."""
    entry = _descriptors._open.get(number)
    return entry.handle if type(entry) is _Entry else None


def again(entry):
    """Return what another number is to lead to, for the same end of a pipe."""
    end = entry.handle
    end.pipe.ends[end.writes] += 1
    return _Entry(end)


def is_pipe(number):
    """Return whether a number leads to a pipe, for `cloison._waiting`."""
    return type(_descriptors._open.get(number)) is _Entry


# ---- Programs -------------------------------------------------------------------------------------------------------


def _again(function, *arguments):
    """Call a function of the service, and call it again when it was interrupted: the broker has had something to say to it, or it was half a day."""
    while True:
        try:
            return function(*arguments)
        except InterruptedError:
            continue


class _Input:
    """What a program is to read and this process carries: of a file, what a pipe held, or what another program puts out."""

    __slots__ = ("is_ready", "pipe", "read", "stays")

    def __init__(self, read, pipe=None, stays=False):
        #: Returns at most so many bytes, none at the end; raises BlockingIOError while there are none.
        self.read = read
        #: The pipe that leads to the other program.
        self.pipe = pipe
        #: Standard input stays open at its end.
        self.stays = stays
        #: There may be something to read, and it is not waited for.
        self.is_ready = pipe is None


class _Run:
    """A program that was started."""

    __slots__ = ("carried", "functions", "handle", "source", "status", "streams")

    def __init__(self, functions, handle, streams):
        self.functions = functions
        self.handle = handle
        #: The streams that this process still has.
        self.streams = streams
        #: Stream → where what it puts out is carried to; and where its input comes from, an `_Input`.
        self.carried = {}
        self.source = None
        #: How it has ended, as `waitpid` says it.
        self.status = None

    def read(self, stream, length, timeout):
        if not self.streams & stream:
            return b""
        if self.carried or self.source is not None:
            await_any({self: stream}, timeout)
        return _again(self.functions.read, self.handle, stream, min(length, _CHUNK), timeout)

    def write(self, data, timeout):
        data = memoryview(data).cast("B")[:_CHUNK]
        if not data:
            return 0
        self.feed(timeout)
        if not self.streams & _STDIN:
            raise BrokenPipeError(_errno.EPIPE, "Broken pipe")
        return _again(self.functions.write, self.handle, data, timeout)

    def let_go(self, stream):
        if self.streams & stream:
            self.streams &= ~stream
            self.functions.close(self.handle, stream)
        self.end_if_over()

    def end_if_over(self):
        """Give the handle back when nothing is left to ask."""
        if self.handle is not None and self.status is not None and not self.streams:
            handle, self.handle = self.handle, None
            self.functions.end(handle)

    def poll(self, wanted, timeout):
        """Return which of these is so, at the latest when the time is over; a stream that was let go of is at its end."""
        gone = wanted & ~(self.streams | _END) | (wanted & _END if self.status is not None else 0)
        if gone:
            return gone
        try:
            return self.functions.poll(self.handle, wanted, timeout)
        except InterruptedError:
            # The service has had something else to do. Whoever waits looks again.
            return 0

    def carry(self, told):
        """Carry what is ready of what it inherits, and return whether anything was."""
        ready, source = told[self], self.source
        streams = [stream for stream in self.carried if ready & stream]
        for stream in streams:
            self._carry_output(stream, 0)
        if source is None:
            return bool(streams)
        if source.is_ready:
            if ready & _STDIN:
                self._feed()
                return True
        elif source.pipe is not None and told.get(source.pipe.run, 0) & source.pipe.stream:
            source.is_ready = True
            return True
        elif ready & _END:
            self.starve()
        return bool(streams)

    def _carry_output(self, stream, timeout):
        """Carry a piece of what it puts out; a stream whose bytes cannot be carried is closed."""
        write = self.carried[stream]
        try:
            data = left = _again(self.functions.read, self.handle, stream, _BUFFER, timeout)
        except BlockingIOError:
            return
        except OSError:
            self._carry_no_more(stream)
            raise
        try:
            while left:
                left = left[write(left) :]
        except OSError:
            self._carry_no_more(stream)
            raise
        if not data:
            self._carry_no_more(stream)

    def _carry_no_more(self, stream):
        del self.carried[stream]
        self.let_go(stream)

    def feed(self, timeout):
        """Feed what its pipe held before it led here, which goes before everything else."""
        while self.source is not None:
            if self.poll(_STDIN, timeout):
                self._feed()
            elif not timeout:
                raise BlockingIOError(_errno.EAGAIN, "Resource temporarily unavailable")

    def _feed(self):
        """Carry a piece of its input, for which it has room."""
        source = self.source
        try:
            data = source.read(_PIECE)
        except BlockingIOError:
            source.is_ready = False
            return
        except OSError:
            self.starve()
            if source.pipe is None:
                raise
            # The other program has put out too much, or is gone with its service: whoever waits for it is told.
            return
        source.is_ready = source.pipe is None
        try:
            while data:
                data = data[_again(self.functions.write, self.handle, data, -1) :]
                if not data:
                    return
        except BrokenPipeError:
            # It has ended, or does not want it.
            pass
        self.starve()

    def starve(self):
        """Its input ends here: what puts it out writes to nobody from now on."""
        source, self.source = self.source, None
        if source is None:
            return
        if source.pipe is not None:
            _release(source.pipe, 0)
        if not source.stays:
            self.let_go(_STDIN)

    def wait(self, timeout):
        """Return how it has ended, as `waitpid` says it, or None if it has not."""
        if self.status is not None:
            return self.status
        if not await_any({self: _END}, timeout):
            return None
        try:
            how = self.functions.wait(self.handle, 0)
            self.status = -how if how < 0 else how << 8
        except BlockingIOError:
            return None
        except OSError:
            # It has never begun.
            self.status = _NOT_BEGUN
            self._finish()
            raise
        self._finish()
        return self.status

    def _finish(self):
        """Carry what it put out before its end: that is still there, and nothing more comes."""
        self.starve()
        for stream in list(self.carried):
            while stream in self.carried:
                self._carry_output(stream, -1)


def await_any(wanted, left):
    """Wait until one of several programs is ready, and return what is ready of each that is.

    What they inherit is carried meanwhile, and their input is fed, with what the programs before them put out.

    Args:
        wanted: programs, each with what is waited for, as bits of `poll`.
        left: how long, in nanoseconds; for ever if it is negative.
    """
    deadline = None if left < 0 else time.monotonic_ns() + left
    turns = 0
    while True:
        remains = -1 if deadline is None else max(0, deadline - time.monotonic_ns())
        told = _look(_asked(wanted), remains)
        moved = [run for run in told if run.carry(told)]
        found = {run: told[run] & bits for run, bits in wanted.items() if told[run] & bits}
        if found:
            return found
        turns += 1
        if not remains and (not moved or turns >= _TURNS):
            return {}


def _asked(wanted):
    """Return what has to be looked for: what is wanted, and what has to be carried for that."""
    asked = {}
    for run, bits in wanted.items():
        while run is not None:
            source, before = run.source, None
            bits |= sum(run.carried)
            if source is not None and source.is_ready:
                bits |= _STDIN
            elif source is not None and source.pipe is not None:
                # Of what has ended nothing is read, however long the other one is silent.
                bits |= _END
                before = source.pipe.run
            asked[run] = asked.get(run, 0) | bits
            run, bits = before, 0 if before is None else source.pipe.stream
    return asked


def _look(asked, left):
    """Return what is ready of programs. Several are looked at in turn, every few milliseconds, and so are files that have nothing yet."""
    silent = [run.source for run in asked if run.source is not None and not run.source.is_ready and run.source.pipe is None]
    for source in silent:
        source.is_ready = True
    if len(asked) > 1:
        told = {run: run.poll(bits, 0) for run, bits in asked.items()}
        if not left or any(told.values()):
            return told
    step = left if len(asked) == 1 and not silent else _SLICE if left < 0 else min(left, _SLICE)
    run, bits = next(iter(asked.items()))
    return {**dict.fromkeys(asked, 0), run: run.poll(bits, step)}


def _granted(executables):
    """Return which capability names one of these, the first that any does, and what it calls it; or None."""
    import os

    searched = {os.fsencode(folder) for folder in os.get_exec_path()}
    for executable in executables:
        folder, _, last = os.fsencode(executable).rpartition(b"/")
        for given in _all():
            for name, path in given.commands:
                names, paths = name.encode(), path.encode()
                if executable in (names, paths) or last == names and (not folder or folder in searched):
                    return given, names
    return None


def _named(executables):
    """Return what a program is called, and by which capability, or raise an error that says what would grant it."""
    import os

    found = _granted(executables)
    if found is not None:
        return found
    given = _all()[0]
    # A name that was looked for stands in each folder.
    shown = os.fsdecode(executables[0] if len(executables) == 1 else executables[0].rpartition(b"/")[2])
    from cloison._errors import HostDenied

    _cloison.lacks("process", shown, False)
    raise HostDenied(
        f"subprocess: {shown!r} is not granted: an entry with `path` and `arguments` would have to be in `commands` of "
        f"[capabilities.{given.capability}] at {given.location}"
    )


def _refuse(what):
    from cloison._errors import HostDenied

    raise HostDenied(f"subprocess: {what}, and no line of cloison.toml grants it")


def fork_exec(
    args, executable_list, close_fds, pass_fds, cwd, env, p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, errpipe_read,
    errpipe_write, restore_signals, start_new_session, process_group, gid, extra_groups, uid, umask, preexec_fn, /,
):
    """Start a program, and return its number."""
    import os

    global _last
    executables = [os.fsencode(executable) for executable in executable_list]
    # What is granted under that name is what was granted: Python itself takes nobody's place.
    is_python = _python.is_meant(executables) and _granted(executables) is None
    if not is_python:
        _check("subprocess")
    if preexec_fn is not None:
        _refuse("nothing of this process runs in a program that it starts (`preexec_fn`)")
    if any(number != errpipe_write for number in pass_fds):
        _refuse("a program has its standard streams and inherits nothing else (`pass_fds`)")
    if any(one is not None for one in (gid, extra_groups, uid)):
        _refuse("a program is nobody (`user`, `group`, `extra_groups`)")
    if not is_python and env is not None and sorted(env) != sorted(name + b"=" + value for name, value in os.environb.items()):
        _refuse("variables of a program are those of `environment` in its entry of `commands` (`env`)")
    arguments = [os.fsencode(argument) for argument in args]
    if any(b"\0" in argument for argument in arguments):
        raise ValueError("embedded null byte")
    together = errwrite >= 0 and errwrite == c2pwrite
    if is_python:
        functions, handle = _python, _start_python(arguments, env, cwd, umask, together)
    else:
        functions, handle = _start_program(executables, arguments, cwd, together)
    run = _Run(functions, handle, _STDIN | _STDOUT | (0 if together else _STDERR))
    _bind_input(run, p2cread)
    _bind_output(run, _STDOUT, c2pwrite, 1)
    if not together:
        _bind_output(run, _STDERR, errwrite, 2)
    _last += 1
    _running[_last] = run
    return _last


def _start_python(arguments, env, cwd, umask, together):
    """Start a microprocess that is Python, and return what stands for it."""
    import os

    folder = os.getcwd()
    if cwd is not None:
        folder = os.path.normpath(os.path.join(folder, os.fsdecode(cwd)))
        if not os.path.isdir(folder):
            # What `chdir` would raise.
            number = _errno.ENOTDIR if os.path.exists(folder) else _errno.ENOENT
            raise OSError(number, _cloison.strerror(number), cwd)
    if env is not None and any(b"\0" in variable for variable in env):
        raise ValueError("embedded null byte")
    variables = os.environb if env is None else dict(variable.split(b"=", 1) for variable in env)
    mask = _places._umask if umask < 0 else umask
    return _python.start([os.fsdecode(argument) for argument in arguments[1:]], dict(variables), folder, mask, together)


def _start_program(executables, arguments, cwd, together):
    """Start a program of the machine, and return the functions of its service and its handle."""
    import os

    given, name = _named(executables)
    functions = given.functions()
    folder = None if cwd is None else os.fsencode(cwd)
    streams = _STDIN | _STDOUT | (_TOGETHER if together else _STDERR)
    packed = b"".join(argument + b"\0" for argument in arguments[1:])
    if len(packed) > _MOST_ARGUMENTS:
        raise OSError(_errno.E2BIG, _cloison.strerror(_errno.E2BIG), os.fsdecode(executables[0]))
    if folder is not None and len(folder) > _MOST_FOLDER:
        raise OSError(_errno.ENAMETOOLONG, _cloison.strerror(_errno.ENAMETOOLONG), cwd)
    try:
        handle = functions.start(name, packed or None, folder, streams)
    except OSError as error:
        if cwd is not None and (error.strerror or "").startswith("folder"):
            raise OSError(error.errno, _cloison.strerror(error.errno), cwd) from None
        if error.errno != _errno.EACCES:
            raise
        from cloison._errors import HostDenied

        raise HostDenied(f"subprocess: {error.strerror}") from None
    return functions, handle


def _bind_input(run, number):
    end = _end_at(number)
    if end is None:
        # What it inherits is what it is told, of standard input nothing: that is this process's.
        if number > 2:
            # Whoever has opened it may close its number before the program ends.
            run.source = _Input(_reader(_descriptors._opened(number)))
        else:
            run.let_go(_STDIN)
        return
    pipe = end.pipe
    if pipe.run is not None:
        # Another program's output: carried as what is inherited is, whoever closes its number meanwhile.
        pipe.ends[0] += 1
        run.source = _Input(lambda length: pipe.run.read(pipe.stream, length, 0), pipe)
        return
    held, pipe.buffer = pipe.buffer, bytearray()
    is_whole = not pipe.ends[1]
    _bind(run, _STDIN, pipe)
    if held:
        run.source = _Input(lambda length: _take(held, length), stays=not is_whole)
        try:
            run.feed(0)
        except BlockingIOError:
            # The rest is carried when somebody waits for the program, or writes to it.
            pass
    elif is_whole:
        run.let_go(_STDIN)


def _reader(entry):
    """Return what reads from what a number leads to, without a wait for anybody else."""
    from cloison import _net

    if type(entry) is not _net._Entry:
        return lambda length: entry.files.read(entry.handle, length)

    def receive(length):
        net, handle = entry.handle.open()
        return net.recv(handle, length, 0, 0)

    return receive


def _bind_output(run, stream, number, inherited):
    end = _end_at(number)
    if end is None:
        run.carried[stream] = _writer(inherited if number < 0 else number)
    else:
        _bind(run, stream, end.pipe)


def _writer(number):
    """Return what writes to what a number leads to now."""
    if number in (1, 2) and number not in _descriptors._open:
        return lambda data: _cloison.write(number, data)
    entry = _descriptors._opened(number)
    return lambda data: entry.files.write(entry.handle, data)


def _bind(run, stream, pipe):
    """Have a pipe lead to a program: its end of it is the program's."""
    pipe.run, pipe.stream = run, stream
    # What the program has of it is closed here soon, which means nothing.
    other = 0 if stream == _STDIN else 1
    for entry in _descriptors._open.values():
        if type(entry) is _Entry and entry.handle.pipe is pipe and entry.handle.writes == other:
            entry.handle.pipe = _Pipe()
            entry.handle.pipe.ends[other] = 1


def waitpid(pid, options, /):
    """Wait for a program, and return its number and how it has ended."""
    run = _running.get(pid)
    if run is None:
        _check("waitpid()")
        raise ChildProcessError(_errno.ECHILD, "No child processes")
    status = run.wait(0 if options & _WNOHANG else -1)
    while status is None and not options & _WNOHANG:
        status = run.wait(-1)
    if status is None:
        return 0, 0
    del _running[pid]
    run.end_if_over()
    return pid, status


def kill(pid, signal, /):
    """Send a signal to a program that this process has started."""
    run = _running.get(pid)
    if run is None:
        _check("kill()")
        raise ProcessLookupError(_errno.ESRCH, "No such process")
    if signal and run.status is None:
        run.functions.signal(run.handle, int(signal))


# ---- Waiting --------------------------------------------------------------------------------------------------------


def ready(wanted, left):
    """Wait for pipes, numbers with their events, and return what is ready: for `cloison._waiting`."""
    runs, leading, found = {}, [], []
    for number, events in wanted.items():
        end = _end_at(number)
        pipe = end.pipe
        if pipe.run is not None:
            runs[pipe.run] = runs.get(pipe.run, 0) | pipe.stream
            leading.append((pipe, number, events))
            continue
        if end.writes:
            told = _ERR if not pipe.ends[0] else events & _OUT if len(pipe.buffer) < _BUFFER else 0
        else:
            told = events & _IN if pipe.buffer else 0 if pipe.ends[1] else _HUP
        if told:
            found.append((number, told))
    if runs:
        told = await_any(runs, 0 if found else left)
        for pipe, number, events in leading:
            if told.get(pipe.run, 0) & pipe.stream:
                found.append((number, events & (_OUT if pipe.stream == _STDIN else _IN)))
        return found
    if found or not left:
        return found
    if left < 0:
        raise RuntimeError("this would wait for ever: nobody but this process has the pipe")
    time.sleep(left / 1e9)
    return []


_FUNCTIONS = "kill pipe pipe2 waitpid".split()


def install(posix):
    """Give the namespace of `posix` what works on programs, as builtin functions."""
    for name in _FUNCTIONS:
        function = globals()[name]
        posix[name] = _cloison.builtin(name, "posix", function.__doc__ or "", function)
