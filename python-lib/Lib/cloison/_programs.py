"""Programs of the machine, on the capabilities that let some be started: what CPython's `subprocess` stands on.

`os.pipe` gives two numbers of one pipe. Given to `fork_exec`, one of them is the program's, and the other one leads to the program from then on:
nothing of it is the kernel's here. A pipe that no program has is a buffer of this process.

What a program inherits (`stdout=None`, a file, another number) is carried by this process, when it waits for the program.
"""

import errno as _errno

import _cloison
from cloison import _descriptors, _needs

_STDIN, _STDOUT, _STDERR, _END = 1, 2, 4, 8
_TOGETHER = 8
#: The most bytes that one call carries.
_CHUNK = 1 << 20
#: Events of `poll`.
_IN, _OUT, _ERR, _HUP = 1, 4, 8, 16
#: The most that a pipe without a program holds.
_BUFFER = 64 << 10
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


class _AsFile:
    """What `os` does with the number of a pipe."""

    @staticmethod
    def read(end, length):
        pipe = end.pipe
        if end.writes:
            raise OSError(_errno.EBADF, "Bad file descriptor")
        if pipe.run is not None:
            return pipe.run.read(pipe.stream, length, -1 if end.blocking else 0)
        if pipe.buffer:
            data = bytes(pipe.buffer[:length])
            del pipe.buffer[:length]
            return data
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
        pipe = end.pipe
        pipe.ends[end.writes] -= 1
        if pipe.run is not None and not pipe.ends[end.writes]:
            pipe.run.let_go(pipe.stream)

    @staticmethod
    def fstat(end):
        return _Status()

    def __getattr__(self, name):
        number = _errno.ESPIPE if name in ("lseek", "pread", "pwrite") else _errno.EINVAL

        def refuse(*args):
            raise OSError(number, _cloison.strerror(number))

        return refuse


class _Status:
    """What there is to know of a pipe as a file."""

    mode = 0o010600
    inode = device = links = uid = gid = size = access_ns = modify_ns = change_ns = block_size = blocks = 0


class _Entry:
    """A number that leads to an end of a pipe, among those of files."""

    __slots__ = ("handle", "name")
    files = _AsFile()
    mount = None

    def __init__(self, end):
        self.handle = end
        self.name = None


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


class _Null:
    """A number that leads to `/dev/null`."""

    __slots__ = ()
    files = _Nothing()
    mount = handle = name = None


def null():
    """Return what a number of `/dev/null` leads to, if programs can be started."""
    return _Null() if _all() else None


def _enter(pipe, writes):
    pipe.ends[writes] += 1
    return _descriptors.enter(_Entry(_End(pipe, writes)))


def pipe():
    """Return two numbers: what is written to the second is read from the first."""
    _check("pipe()")
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


def is_pipe(number):
    """Return whether a number leads to a pipe, for `cloison._waiting`."""
    return type(_descriptors._open.get(number)) is _Entry


# ---- Programs -------------------------------------------------------------------------------------------------------


class _Run:
    """A program that was started."""

    __slots__ = ("carried", "functions", "handle", "source", "status", "streams")

    def __init__(self, functions, handle, streams):
        self.functions = functions
        self.handle = handle
        #: The streams that this process still has.
        self.streams = streams
        #: Stream → where what it puts out is carried to; and where its input comes from.
        self.carried = {}
        self.source = None
        #: How it has ended, as `waitpid` says it.
        self.status = None

    def read(self, stream, length, timeout):
        if not self.streams & stream:
            return b""
        if timeout:
            self._feed_until(stream)
        while True:
            try:
                return self.functions.read(self.handle, stream, min(length, _CHUNK), timeout)
            except InterruptedError:
                # After half a day.
                continue

    def write(self, data, timeout):
        if memoryview(data).nbytes == 0:
            return 0
        return self.functions.write(self.handle, memoryview(data).cast("B")[:_CHUNK], timeout)

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
        if self.handle is None:
            return wanted & _END
        return self.functions.poll(self.handle, wanted, timeout)

    def carry(self, timeout):
        """Carry what it inherits, until it ends or the time is over: what it puts out, and what it is to read."""
        while self.carried or self.source is not None:
            wanted = sum(self.carried) | (_STDIN if self.source is not None else 0)
            ready = self.poll(wanted | (0 if self.carried else _END), timeout)
            if not ready:
                return
            if ready & _STDIN:
                self._feed()
            for stream in [stream for stream in self.carried if ready & stream]:
                data = self.read(stream, 64 << 10, 0)
                if not data:
                    del self.carried[stream]
                    self.let_go(stream)
                while data:
                    data = data[self.carried[stream](data) :]
            if ready & _END:
                return

    def _feed_until(self, stream):
        """Carry what it is to read, until it has put something out."""
        while self.source is not None:
            ready = self.poll(stream | _STDIN | _END, -1)
            if ready & stream:
                return
            if ready & _STDIN:
                self._feed()
            elif ready & _END:
                return

    def _feed(self):
        data = self.source(4096)
        try:
            if data:
                while data:
                    data = data[self.write(data, -1) :]
                return
        except BrokenPipeError:
            pass
        self.source = None
        self.let_go(_STDIN)

    def wait(self, timeout):
        """Return how it has ended, as `waitpid` says it, or None if it has not."""
        if self.status is None:
            self.carry(timeout)
            try:
                how = self.functions.wait(self.handle, timeout)
            except BlockingIOError:
                return None
            self.status = -how if how < 0 else how << 8
            # What it put out before is still there; nothing more comes.
            self.carry(-1)
            if self.source is not None:
                self.source = None
                self.let_go(_STDIN)
        return self.status


def _named(executables):
    """Return what a program is called, and by which capability, or raise an error that says what would grant it."""
    import os

    searched = {os.fsencode(folder) for folder in os.get_exec_path()}
    for executable in executables:
        folder, _, last = os.fsencode(executable).rpartition(b"/")
        for given in _all():
            for name, path in given.commands:
                names, paths = name.encode(), path.encode()
                if executable in (names, paths) or last == names and (not folder or folder in searched):
                    return given, names
    given = _all()[0]
    # A name that was looked for stands in each folder.
    shown = os.fsdecode(executables[0] if len(executables) == 1 else executables[0].rpartition(b"/")[2])
    from cloison._errors import HostDenied

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
    _check("subprocess")
    if preexec_fn is not None:
        _refuse("nothing of this process runs in a program that it starts (`preexec_fn`)")
    if any(number != errpipe_write for number in pass_fds):
        _refuse("a program has its standard streams and inherits nothing else (`pass_fds`)")
    if any(one is not None for one in (gid, extra_groups, uid)):
        _refuse("a program is nobody (`user`, `group`, `extra_groups`)")
    if env is not None and sorted(env) != sorted(name + b"=" + value for name, value in os.environb.items()):
        _refuse("variables of a program are those of `environment` in its entry of `commands` (`env`)")
    arguments = [os.fsencode(argument) for argument in args]
    if any(b"\0" in argument for argument in arguments):
        raise ValueError("embedded null byte")
    given, name = _named([os.fsencode(executable) for executable in executable_list])
    functions = given.functions()
    together = errwrite >= 0 and errwrite == c2pwrite
    streams = _STDIN | _STDOUT | (_TOGETHER if together else _STDERR)
    packed = b"".join(argument + b"\0" for argument in arguments[1:])
    try:
        handle = functions.start(name, packed or None, None if cwd is None else os.fsencode(cwd), streams)
    except PermissionError as error:
        from cloison._errors import HostDenied

        raise HostDenied(f"subprocess: {error.strerror}") from None
    run = _Run(functions, handle, _STDIN | _STDOUT | (0 if together else _STDERR))
    _bind_input(run, p2cread)
    _bind_output(run, _STDOUT, c2pwrite, 1)
    if not together:
        _bind_output(run, _STDERR, errwrite, 2)
    _last += 1
    _running[_last] = run
    return _last


def _bind_input(run, number):
    end = _end_at(number)
    if end is None:
        # What it inherits is what it is told, of standard input nothing: that is this process's.
        if number > 2:
            entry = _descriptors._opened(number)
            # Whoever has opened it may close its number before the program ends.
            run.source = lambda length: entry.files.read(entry.handle, length)
        else:
            run.let_go(_STDIN)
        return
    pipe = end.pipe
    if pipe.run is not None:
        # Another program's output: carried as what is inherited is, whoever closes its number meanwhile.
        pipe.ends[0] += 1
        run.source = lambda length: pipe.run.read(pipe.stream, length, -1)
        return
    data, pipe.buffer = bytes(pipe.buffer), bytearray()
    is_whole = not pipe.ends[1]
    _bind(run, _STDIN, pipe)
    try:
        while data:
            data = data[run.write(data, -1) :]
    except BrokenPipeError:
        # It has ended, or does not want it.
        pass
    if is_whole:
        run.let_go(_STDIN)


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
    _check("waitpid()")
    run = _running.get(pid)
    if run is None:
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
    _check("kill()")
    run = _running.get(pid)
    if run is None:
        raise ProcessLookupError(_errno.ESRCH, "No such process")
    if signal and run.status is None:
        run.functions.signal(run.handle, int(signal))


# ---- Waiting --------------------------------------------------------------------------------------------------------


def ready(wanted, left):
    """Wait for pipes, numbers with their events, and return what is ready: for `cloison._waiting`."""
    runs, found = {}, []
    for number, events in wanted.items():
        end = _end_at(number)
        pipe = end.pipe
        if pipe.run is not None:
            runs.setdefault(id(pipe.run), (pipe.run, {}))[1][pipe.stream] = number, events
            continue
        if end.writes:
            told = _ERR if not pipe.ends[0] else events & _OUT if len(pipe.buffer) < _BUFFER else 0
        else:
            told = events & _IN if pipe.buffer else 0 if pipe.ends[1] else _HUP
        if told:
            found.append((number, told))
    import time

    deadline = None if left < 0 else time.monotonic_ns() + left
    while True:
        remains = 0 if found else -1 if deadline is None else max(0, deadline - time.monotonic_ns())
        # Several programs are looked at in turn, every few milliseconds.
        step = remains if len(runs) <= 1 or 0 <= remains < 5_000_000 else 5_000_000
        for run, streams in runs.values():
            # What it inherits as its input is carried meanwhile.
            own = _STDIN if run.source is not None and _STDIN not in streams else 0
            told = run.poll(sum(streams) | own, step)
            if told & own:
                run._feed()
            for stream, (number, events) in streams.items():
                if told & stream:
                    found.append((number, events & (_OUT if stream == _STDIN else _IN)))
        if found or remains == 0:
            return found
        if not runs:
            if deadline is None:
                raise RuntimeError("this would wait for ever: nobody but this process has the pipe")
            time.sleep(remains / 1e9)
            return []


_FUNCTIONS = "kill pipe pipe2 waitpid".split()


def install(posix):
    """Give the namespace of `posix` what works on programs, as builtin functions."""
    for name in _FUNCTIONS:
        function = globals()[name]
        posix[name] = _cloison.builtin(name, "posix", function.__doc__ or "", function)
