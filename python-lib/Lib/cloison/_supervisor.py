"""Supervisors: what they are to supervise, and what can be asked of them. `_supervision` is what they do."""

from cloison._errors import ProcessDown
from cloison._messages import message
from cloison._processes import call, check_name, check_profile, checked_limits, name_of, start
from cloison._server import Server, Stopped, serve, start_server
from cloison._supervision import ChildInfo, Supervision

__all__ = ["Child", "ChildInfo", "RunningSupervisor", "Supervisor"]

_STRATEGIES = ("one_for_one", "one_for_all", "rest_for_one")
_AUTO_SHUTDOWNS = ("never", "any_significant", "all_significant")
_RESTARTS = ("permanent", "transient", "temporary")
_DEFAULT = object()


@message(frozen=True, init=False)
class Child:
    """How to start a child of a supervisor, and what to do about its end. It is data, and can be sent in messages.

    Args:
        target: A function or class at the top of a module, to be run in a process; a subclass of `Server`, which counts as
            started when its ``__init__`` has returned; or a `Supervisor`.
        args: Its arguments.
        name: The child's name in its supervisor; None takes the function's, with a number behind it if that is taken.
        restart: ``"permanent"``: it is started anew whenever it ends. ``"transient"``: unless it ends with reason normal or
            shutdown. ``"temporary"``: never; its supervisor forgets it when it has ended.
        shutdown: How many seconds it has to end when it is asked to, before it is killed; None gives it all the time, which
            is the default of supervisors; 0 or ``"kill"`` kills it at once.
        significant: Its end may be the end of its supervisor, as `Supervisor` says under ``auto_shutdown``. It is not permanent.
        register: A name that it registers itself under whenever it is started, so that others find it by `whereis`.
        capabilities: Names of capabilities. Its supervisor has to hold them; `Supervisor.start` sees to that.
        profile: As for `spawn`. Its supervisor has to hold the profile's capabilities: name them in `Supervisor.start`.
        limits: ``memory``, ``cpu``, ``deadline``, ``children``, ``channels``, ``priority`` and ``nice``, as for `spawn`.
    """

    module: str
    qualname: str
    args: tuple
    main: bool
    kind: str
    name: str | None
    restart: str
    shutdown: float | None
    significant: bool
    register: str | None
    options: dict

    def __init__(
        self,
        target,
        /,
        *args,
        name=None,
        restart="permanent",
        shutdown=_DEFAULT,
        significant=False,
        register=None,
        capabilities=None,
        profile=None,
        **limits,
    ):
        if restart not in _RESTARTS:
            raise ValueError(f"restart is one of {', '.join(_RESTARTS)}, not {restart!r}")
        if significant and restart == "permanent":
            raise ValueError("a child that is always started anew can't be significant: restart is transient or temporary")
        if register is not None:
            check_name(register)
        if not isinstance(name, (str, type(None))):
            raise TypeError(f"a child's name is a str, not {name!r}")
        if target is Supervisor:
            target, args = Supervisor(*args), ()
        if isinstance(target, Supervisor):
            # Named as what this module has, so that the classes here are known where it runs.
            kind, default, module, qualname = "supervisor", None, __name__, Supervision.__qualname__
            # With the program's module: children that come later may be functions of it, or have its classes as arguments.
            main, args = True, (target,)
            capabilities = target.capabilities(capabilities)
        else:
            kind = "server" if isinstance(target, type) and issubclass(target, Server) else "process"
            module, qualname = name_of(target)
            default, main = 5.0, module == "__main__"
        if shutdown is _DEFAULT:
            shutdown = default
        elif shutdown == "kill":
            shutdown = 0
        elif not (shutdown is None or (isinstance(shutdown, (int, float)) and shutdown >= 0)):
            raise ValueError(f'shutdown is a number of seconds, "kill" or None, not {shutdown!r}')
        if isinstance(capabilities, str) or not all(isinstance(each, str) for each in capabilities or ()):
            raise TypeError(f"capabilities of a Child is a list of names, not {capabilities!r}")
        check_profile(profile)
        checked_limits(**limits)
        given = {
            "module": module,
            "qualname": qualname,
            "args": args,
            "main": main,
            "kind": kind,
            "name": name,
            "restart": restart,
            "shutdown": shutdown,
            "significant": bool(significant),
            "register": register,
            "options": {"capabilities": list(capabilities or ()), "profile": profile, **limits},
        }
        for field, value in given.items():
            object.__setattr__(self, field, value)

    def start(self, name):
        """Start it, linked with this process; None if it has ended normally while it started."""
        options = {"main": self.main, "link": True, "name": name, "register": self.register, **self.options}
        if self.kind == "process":
            return start(self.module, self.qualname, self.args, **options)
        try:
            return start_server(self.module, self.qualname, self.args, **options)
        except ProcessDown as down:
            if down.reason == "normal":
                return None
            raise


@message(frozen=True, init=False)
class Supervisor:
    """What a supervisor is to supervise. It is data, and can be a `Child` of another one.

    Children are started in order and ended in reverse order. When one has ended and is to be started anew, ``"one_for_one"``
    starts it alone; ``"one_for_all"`` ends all others and starts all; ``"rest_for_one"`` does so with those behind it. More than
    `max_restarts` of that within as many seconds as `within`, and the supervisor ends its children and itself, with
    reason "shutdown": so its own supervisor decides.

    With ``auto_shutdown="any_significant"`` it does the same when the first of its significant children has ended by itself and
    is not started anew; with ``"all_significant"`` when the last one has. What it ends itself does not count.

    Children are linked with their supervisor, so they are gone when it is killed, unless they trap exits.

    Args:
        children: The first children: each a `Child`.
        strategy: Whom the end of one child concerns.
        max_restarts: How many restarts there may be
        within: in so many seconds.
        auto_shutdown: Whether the ends of significant children end it.

    Example:
        >>> Supervisor([Child(Store, name="store"), Child(listen, 80, restart="transient")], strategy="rest_for_one").run()
    """

    children: tuple
    strategy: str
    max_restarts: int
    within: float
    auto_shutdown: str

    def __init__(self, children=(), strategy="one_for_one", max_restarts=3, within=5.0, auto_shutdown="never"):
        children = tuple(children)
        if strategy not in _STRATEGIES:
            raise ValueError(f"strategy is one of {', '.join(_STRATEGIES)}, not {strategy!r}")
        if not isinstance(max_restarts, int) or max_restarts < 0 or not within > 0:
            raise ValueError(f"max_restarts is a number from 0 on and within more than 0 seconds, not {max_restarts!r} and {within!r}")
        for child in children:
            if type(child) is not Child:
                raise TypeError(f"each child of a supervisor is a Child, not {child!r}")
        if auto_shutdown not in _AUTO_SHUTDOWNS:
            raise ValueError(f"auto_shutdown is one of {', '.join(_AUTO_SHUTDOWNS)}, not {auto_shutdown!r}")
        if auto_shutdown == "never" and any(child.significant for child in children):
            raise ValueError("a significant child needs a supervisor with auto_shutdown any_significant or all_significant")
        names = [child.name for child in children if child.name is not None]
        if len(names) != len(set(names)):
            raise ValueError(f"two children have the same name: {', '.join(sorted(names))}")
        given = {
            "children": children,
            "strategy": strategy,
            "max_restarts": max_restarts,
            "within": within,
            "auto_shutdown": auto_shutdown,
        }
        for field, value in given.items():
            object.__setattr__(self, field, value)

    def capabilities(self, more=None):
        """Return the names of all capabilities that the children are to have, and more."""
        return sorted({name for child in self.children for name in child.options["capabilities"]} | set(more or ()))

    def start(self, *, name=None, link=False, register=None, timeout=None, capabilities=None, profile=None, **limits):
        """Start a process that supervises, and return it as a `RunningSupervisor` when all children have been started.

        Args:
            name: A name, for people.
            link: End the supervisor when this process ends, in order, and this process when the supervisor ends by itself. When
                the program itself ends, everything is ended at once: `RunningSupervisor.stop` before that is in order.
            register: A name that it registers itself under: ``RunningSupervisor("that name")`` is it, too.
            timeout: How many seconds the start may take.
            capabilities: Names of capabilities that later children, and profiles of children, need. Those that the first ones name are
                given anyway.
            profile: The supervisor's own, as for `spawn`. Children get no more than it leaves.
            limits: As for `Child`. Children get no more than that.

        Raises:
            StartError: A child could not be started. Those before it have been ended.
        """
        child = Child(self, capabilities=capabilities, profile=profile, **limits)
        options = {"main": child.main, "link": link, "register": register, "timeout": timeout, "name": name, **child.options}
        return RunningSupervisor(start_server(child.module, child.qualname, child.args, **options))

    def run(self):
        """Supervise in this process, until it is told to stop; children know it as ``RunningSupervisor(parent())``.

        The process traps exits from now on, and its mailbox is the supervisor's: other messages are lost.

        Raises:
            StartError: A child could not be started. Those before it have been ended.
            ProcessExit: There were too many restarts, or this process's parent has ended.
        """
        try:
            serve(Supervision(self))
        except Stopped:
            pass


@message(frozen=True)
class RunningSupervisor:
    """A supervisor that runs. It can be sent in messages.

    Whoever has its process can also stop it by an exit signal with reason "shutdown".

    Args:
        process: Its process, or its registered name.
    """

    process: object

    def start_child(self, child):
        """Start another child, behind all others, and return its process, as `which_children` does.

        It is not in the plan that the supervisor begins with when it is started anew itself.

        Raises:
            PermissionError: ``process`` has no control over the supervisor; the next three raise it, too.
            StartError: It could not be started.
            Error: There is one of that name.
        """
        return self._ask("start_child", child)

    def terminate_child(self, child):
        """End a child, named or by its process. It can be started anew by `restart_child`, unless it is temporary.

        Raises:
            Error: There is no such child.
        """
        return self._ask("terminate_child", child)

    def restart_child(self, name):
        """Start a child that does not run, and return its process.

        Raises:
            StartError: It could not be started.
            Error: It runs, or there is none of that name.
        """
        return self._ask("restart_child", name)

    def delete_child(self, name):
        """Forget a child that does not run.

        Raises:
            Error: It runs, or there is none of that name.
        """
        return self._ask("delete_child", name)

    def which_children(self):
        """Return a `ChildInfo` of each child, in the order in which they were started: with control if ``process`` has control."""
        return self._ask("which_children")

    def count_children(self):
        """Return how many children there are, as a dict: ``"specs"``, ``"active"``, ``"supervisors"`` and ``"workers"``."""
        return self._ask("count_children")

    def stop(self, reason="shutdown", *, timeout=None):
        """End the children in reverse order, then the supervisor; return the `Reason` of its end.

        A link of this process with it is undone first: its end is what is wanted.
        """
        return Server.stop(self.process, reason, timeout=timeout)

    def _ask(self, verb, *args):
        return call(self.process, (verb, self.process, *args), timeout=None)
