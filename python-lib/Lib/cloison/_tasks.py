"""Task groups: processes that are started together, awaited together, and fail together."""

from cloison import _claims
from cloison._errors import MessageError, ProcessDown
from cloison._processes import Reason, make_reference, name_of, parent

__all__ = ["Task", "TaskGroup"]


class _GroupFailed(BaseException):
    """A task has failed, and the body of its group's ``with`` block is to be left."""

    def __init__(self, group):
        super().__init__("a task of this group has failed")
        self.group = group


class Task:
    """A function that a `TaskGroup` runs in a process of its own.

    Attributes:
        process: The process.
    """

    def __init__(self, group, process, ticket, monitor):
        self.process = process
        self._group = group
        self._references = ticket, monitor
        self._value = None
        self._error = None
        self._killed = False
        self._cancelled = False
        self._ended = False
        self.done = False

    @property
    def result(self):
        """What the function has returned. This waits for it.

        Raises:
            Exception: What the function has raised; a `RemoteError` stands for what can't be sent.
            ProcessDown: The process has ended otherwise.
        """
        while not self.done:
            try:
                _claims.pump()
            except _GroupFailed:
                if not self.done:
                    raise
        if self._cancelled and self._group.is_open():
            raise _GroupFailed(self._group)
        if self._cancelled:
            what = f"process {self.process.number} of a task was ended, because its group has failed"
            raise ProcessDown(what, self.process, Reason("killed"))
        if self._error is not None:
            raise self._error
        return self._value

    def __repr__(self):
        state = "running" if not self.done else "cancelled" if self._cancelled else "failed" if self._error else "done"
        return f"<Task in process {self.process.number}, {state}>"

    def _hear(self, message):
        if type(message) is _claims.Done:
            error = _claims.error_of(message)
            return self._settle(message.value if error is None else None, error)
        if isinstance(message, MessageError):
            return self.done or self._settle(None, message)
        _claims.disclaim(self.process, *self._references)
        self._ended = True
        if self._killed and not self.done:
            self.done = self._cancelled = True
        elif not self.done:
            what = f"process {self.process.number} of a task has ended: {message.reason}"
            self._settle(None, None if message.reason == "normal" else ProcessDown(what, self.process, message.reason))

    def _settle(self, value, error):
        self.done, self._value, self._error = True, value, error
        if error is not None:
            self._group._fail()

    def _kill(self):
        if not self._ended:
            self._killed = True
            self.process.kill()


class TaskGroup:
    """Run functions in processes of their own, and wait for all of them at the end of a ``with`` block.

    When a task fails, the others are killed, and the block ends with an `ExceptionGroup` of what has failed. When the block
    itself fails, all tasks are killed. This process hears of a failure whenever it waits: in `receive`, for a result or at the
    end of the block; there the body of the block is left, like a cancelled one of `asyncio.TaskGroup`.

    When this process ends, so do its tasks. No message of theirs is seen in its mailbox, other than what the functions send.

    Example:
        >>> with TaskGroup() as group:
        ...     tasks = [group.spawn(count_words, text) for text in texts]
        >>> sum(task.result for task in tasks)
    """

    def __init__(self):
        self._tasks = []
        self._state = "new"
        self._failed = False

    def __enter__(self):
        if self._state != "new":
            raise RuntimeError("a TaskGroup can be entered once")
        self._state = "open"
        return self

    def is_open(self):
        """Return whether the block has begun and not ended."""
        return self._state == "open"

    def spawn(self, function, /, *args, name=None, capabilities=None, profile=None, **limits):
        """Start a task: a process that calls ``function(*args)``. Options and errors are those of `cloison.spawn`.

        Raises:
            RuntimeError: The group has ended, or has not been entered.
        """
        if self._state != "open":
            raise RuntimeError("tasks can be started inside of the group's with block")
        if self._failed:
            raise _GroupFailed(self)
        module, qualname = name_of(function)
        ticket = make_reference()
        options = {"main": module == "__main__", "capabilities": capabilities, "profile": profile, **limits}
        process, monitor = _claims.start_guarded(__name__, "run_task", (ticket, module), name=name or qualname, **options)
        task = Task(self, process, ticket, monitor)
        _claims.claim(ticket, task._hear, process)
        _claims.claim(monitor, task._hear)
        self._tasks.append(task)
        try:
            process.send(_claims.Work(module, qualname, args, {}))
        except BaseException:
            task._kill()
            raise
        return task

    def __exit__(self, kind, error, trace):
        self._state = "closed"
        if error is not None:
            self._cancel()
        try:
            self._await()
        except BaseException:
            self._cancel()
            self._await()
            raise
        failures = [task._error for task in self._tasks if task._error is not None]
        ours = isinstance(error, _GroupFailed) and error.group is self
        if error is not None and not ours:
            if not isinstance(error, Exception):
                return False
            if not any(error is failure for failure in failures):
                failures.append(error)
        if failures:
            self._tasks = []
            raise ExceptionGroup("tasks have failed", failures) from None
        return ours

    def _await(self):
        for task in self._tasks:
            while not task._ended:
                _claims.pump()

    def _cancel(self):
        for task in self._tasks:
            task._kill()

    def _fail(self):
        first, self._failed = not self._failed, True
        self._cancel()
        if first and self._state == "open":
            raise _GroupFailed(self)


def run_task(ticket, module):
    """Be a task: do what the parent says, once."""
    owner = parent()
    _claims.prepare(module)
    _claims.work(ticket, owner)
