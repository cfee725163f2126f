"""OTP's supervisor_SUITE: permanent, transient, temporary x normal, shutdown, abnormal; bystanders."""

from cloison import Child, Down, Supervisor, exit, receive, self


def worker(to, name):
    to.send((name, self(control=True)))
    reason = receive()
    if isinstance(reason, Exception):
        raise reason
    if isinstance(reason, int):
        raise SystemExit(reason)
    exit(reason)


def start(*children, **options):
    """Start a supervisor of workers, and return it and its children by name."""
    me = self()
    running = Supervisor([Child(worker, me, name, name=name, restart=restart) for name, restart in children], **options).start()
    return running, dict(receive(tuple) for _ in children)


def end(process, reason):
    """End a process, and return why it has ended. Its supervisor has heard of it before whatever it is asked afterwards."""
    reference = process.monitor()
    if reason == "kill":
        process.kill()
    else:
        process.send(reason)
    return receive(lambda message: type(message) is Down and message.reference == reference).reason


def kinds():
    reasons = ["normal", 0, "shutdown", ("shutdown", "why"), "other", 3, "kill", ("exit", 1), KeyError("k")]
    for restart in "permanent", "transient", "temporary":
        for reason in reasons:
            running, processes = start(("child", restart), max_restarts=1)
            ended = end(processes["child"], reason)
            children = running.which_children()
            if children and children[0].process:
                name, process = receive(tuple)
                said = "runs again" if process != processes["child"] and process == children[0].process else "?"
            else:
                said = "is gone" if not children else "is kept, and does not run"
            print(f"   {restart:9} {ended!s:20} {said}")
            running.stop()


def a_transient_child_can_be_started_again():
    running, processes = start(("child", "transient"))
    end(processes["child"], "normal")
    process = running.restart_child("child")
    print("  ", receive(tuple) == ("child", process), end(process, "shutdown"))
    running.stop()


def temporary_bystander():
    """A temporary child that is ended for another one's sake is not started again."""
    for strategy in "one_for_all", "rest_for_one":
        running, processes = start(("child1", "permanent"), ("child2", "temporary"), ("child3", "transient"), strategy=strategy)
        print("  ", end(processes["child1"], "boom"))
        print("  ", *sorted(receive(tuple)[0] for _ in range(2)), [child.name for child in running.which_children()])
        running.stop()


def a_temporary_child_restarts_nobody():
    running, processes = start(("child1", "permanent"), ("child2", "temporary"), strategy="one_for_all")
    end(processes["child2"], "boom")
    print("  ", [child.process == processes["child1"] for child in running.which_children()])
    running.stop()


if __name__ == "__main__":
    for scenario in kinds, a_transient_child_can_be_started_again, temporary_bystander, a_temporary_child_restarts_nobody:
        print(scenario.__name__)
        scenario()
    try:
        print(receive(timeout=0))
    except TimeoutError:
        print("nothing is left in the mailbox")
