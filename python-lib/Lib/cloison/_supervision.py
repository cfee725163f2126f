"""What a supervisor does: start children, start them anew when they fail, end them."""

import sys
import time
from collections import deque

import _cloison
from _cloison import Process
from cloison._errors import Error, StartError
from cloison._messages import message
from cloison._processes import Down, Exit, Reason, exit, reply_error, trap_exits
from cloison._processes import self as this_process
from cloison._server import Server


@message(frozen=True)
class ChildInfo:
    """What a supervisor says of a child.

    Attributes:
        name: Its name.
        process: The process, or None if there is none now.
        restarting: Whether it could not be started anew yet, and the supervisor goes on trying.
        kind: ``"process"``, ``"server"`` or ``"supervisor"``.
        restart: As in its `Child`.
    """

    name: str
    process: Process | None
    restarting: bool
    kind: str
    restart: str


@message(frozen=True)
class _Again:
    name: str


class _Running:
    def __init__(self, child):
        self.child = child
        self.process = None
        self.restarting = False


class Supervision(Server):
    """A supervisor at work."""

    def __init__(self, plan):
        trap_exits()
        self.plan = plan
        self.children = {}
        self.names = {}
        self.restarts = deque()
        try:
            for child in plan.children:
                self._add(child)
        except BaseException:
            self.terminate(None)
            raise

    def terminate(self, reason):
        self._end(list(self.children))

    def handle_call(self, request, sender):
        verb = "this request"
        try:
            verb, process, *args = self._understood(request)
            # Only whoever has control can send a reference with control.
            control = process == this_process() and process.control
            if not control and verb in self._CONTROLLING:
                raise PermissionError(
                    f"{verb}: the supervisor, process {this_process().number}, does that for whoever has control over it\n"
                    "hint: `Supervisor.start` returns it with control, and that can be passed on"
                )
            answer = self._REQUESTS[verb](self, *args)
            return answer if control else _send_only(answer)
        except (Error, PermissionError) as error:
            reply_error(sender, error)
        except Exception as error:
            # What is asked is data that anybody with control may have made: it ends no supervisor.
            reply_error(sender, Error(f"{verb}: {type(error).__name__}: {error}"))
        return Server.LATER

    def _understood(self, request):
        """Return a request that `RunningSupervisor` makes. Anybody may ask anything, and must not end a supervisor by that."""
        match request:
            case (verb, _, *args) if isinstance(verb, str) and len(args) == (verb in self._CONTROLLING) and verb in self._REQUESTS:
                return request
        raise Error(f"a supervisor has no answer to {request!r}")

    def handle_cast(self, request):
        """Nobody tells a supervisor anything that way."""

    def handle_info(self, message):
        if type(message) is _Again and _cloison.sender() == this_process().number:
            running = self.children.get(message.name)
            if running is not None and running.restarting:
                self._restart(message.name, "it could not be started")
        elif type(message) is Exit:
            name = self.names.pop(message.process, None)
            if name is not None:
                self._ended(name, message.reason)
            elif message.reason == "shutdown":
                exit(message.reason)

    def _ended(self, name, reason):
        running = self.children[name]
        running.process = None
        kind = running.child.restart
        if kind == "permanent" or (kind == "transient" and not _is_ordinary(reason)):
            self._restart(name, reason)
            return
        if kind == "temporary":
            del self.children[name]
        if running.child.significant and (self.plan.auto_shutdown == "any_significant" or not self._has_significant()):
            exit("shutdown")

    def _has_significant(self):
        return any(
            running.child.significant and (running.process is not None or running.restarting) for running in self.children.values()
        )

    def _restart(self, name, why):
        now = time.monotonic()
        self.restarts.append(now)
        while self.restarts[0] < now - self.plan.within:
            self.restarts.popleft()
        if len(self.restarts) > self.plan.max_restarts:
            self._give_up(name, why)
        names = list(self.children)
        if self.plan.strategy == "one_for_one":
            names = [name]
        elif self.plan.strategy == "rest_for_one":
            names = names[names.index(name) :]
        self._end(names)
        for each in names:
            if each in self.children and not self._start_again(each):
                break

    def _give_up(self, name, why):
        limit = f"{self.plan.max_restarts} restarts within {self.plan.within} s"
        print(f"cloison: a supervisor ends, after more than {limit}: {name}: {why}", file=sys.stderr)
        if isinstance(why, Reason) and _is_ordinary(why):
            print('hint: restart="transient" is for a child that may end by itself', file=sys.stderr)
        exit("shutdown")

    def _start_again(self, name):
        try:
            self._start(name)
        except Exception as error:
            print(f"cloison: a supervisor can't start child {name!r} anew: {type(error).__name__}: {error}", file=sys.stderr)
            self.children[name].restarting = True
            # By way of the mailbox: whoever wants to end the supervisor meanwhile is heard.
            this_process().send(_Again(name))
            return False
        return True

    def _start(self, name):
        running = self.children[name]
        running.process = running.child.start(name)
        running.restarting = False
        if running.process is not None:
            self.names[running.process] = name
        elif running.child.restart == "temporary":
            del self.children[name]

    def _end(self, names):
        for name in reversed(names):
            running = self.children[name]
            running.restarting = False
            if running.process is not None:
                del self.names[running.process]
                _end_process(running.process, running.child.shutdown)
                running.process = None
            if running.child.restart == "temporary":
                del self.children[name]

    def _add(self, child):
        if not is_child(child):
            raise Error(f"a child of a supervisor is a Child, not {child!r}")
        if child.significant and self.plan.auto_shutdown == "never":
            raise Error("a significant child needs a supervisor with auto_shutdown any_significant or all_significant")
        name = child.name
        if name is None:
            name, number = child.qualname, 1
            while name in self.children:
                number += 1
                name = f"{child.qualname}-{number}"
        elif name in self.children:
            raise Error(f"there is a child {name!r} already")
        running = self.children[name] = _Running(child)
        try:
            self._start(name)
        except Exception as error:
            del self.children[name]
            raise _not_started(name, error) from error
        return running.process

    def _find(self, child):
        name = self.names.get(child) if type(child) is Process else child
        if not isinstance(name, str) or name not in self.children:
            raise Error(f"there is no child {child!r}")
        return name

    def _idle(self, name):
        running = self.children[self._find(name)]
        if running.process is not None or running.restarting:
            raise Error(f"child {name!r} {'is being started anew' if running.restarting else 'runs'}")
        return name

    def _terminate_child(self, child):
        self._end([self._find(child)])

    def _restart_child(self, name):
        running = self.children[self._idle(name)]
        try:
            self._start(name)
        except Exception as error:
            raise _not_started(name, error) from error
        return running.process

    def _delete_child(self, name):
        del self.children[self._idle(name)]

    def _which_children(self):
        return [
            ChildInfo(name, running.process, running.restarting, running.child.kind, running.child.restart)
            for name, running in self.children.items()
        ]

    def _count_children(self):
        supervisors = sum(running.child.kind == "supervisor" for running in self.children.values())
        return {
            "specs": len(self.children),
            "active": len(self.names),
            "supervisors": supervisors,
            "workers": len(self.children) - supervisors,
        }

    # What starts, ends or uses up restarts, and with them the supervisor.
    _CONTROLLING = ("start_child", "terminate_child", "restart_child", "delete_child")
    _REQUESTS = {
        "start_child": _add,
        "terminate_child": _terminate_child,
        "restart_child": _restart_child,
        "delete_child": _delete_child,
        "which_children": _which_children,
        "count_children": _count_children,
    }


#: Of the fields of a `Child`, as they come from another process. `_supervisor` has the class, and imports this module.
_FIELDS = {
    "module": str,
    "qualname": str,
    "args": tuple,
    "main": bool,
    "kind": str,
    "name": str | None,
    "restart": str,
    "shutdown": int | float | None,
    "significant": bool,
    "register": str | None,
    "options": dict,
}


def is_child(value):
    """Return whether that is a `Child` whose fields are what its constructor makes of them."""
    kind = type(value)
    if (kind.__module__, kind.__qualname__) != ("cloison._supervisor", "Child"):
        return False
    return all(isinstance(getattr(value, name), wanted) for name, wanted in _FIELDS.items())


def _send_only(answer):
    """Return an answer for somebody who has no control over the children."""
    if type(answer) is Process:
        return answer.send_only()
    if type(answer) is list:
        return [
            ChildInfo(of.name, of.process and of.process.send_only(), of.restarting, of.kind, of.restart) for of in answer
        ]
    return answer


def _not_started(name, error):
    return StartError(f"child {name!r} could not be started: {type(error).__name__}: {error}", child=name)


def _is_ordinary(reason):
    if reason == "data":
        return isinstance(reason.value, tuple) and reason.value[:1] == ("shutdown",)
    return reason.kind in ("normal", "shutdown")


def _end_process(process, timeout):
    process.unlink()
    position = _cloison.mark()
    reference = process.monitor()

    def is_down(message):
        return type(message) is Down and message.reference == reference

    if timeout != 0:
        process.exit("shutdown")
    if timeout == 0 or _cloison.wait_for(timeout, is_down, position) is None:
        process.kill()
        _cloison.wait_for(None, is_down, position)
    # It may have ended before it was unlinked.
    _cloison.wait_for(0, lambda message: type(message) is Exit and message.process == process)
