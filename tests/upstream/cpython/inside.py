"""Runs one module of CPython's own tests by unittest, and says on standard output what each test did, one JSON line each.

    cloison run FOLDER MODULE [--not=TEST …]

RustPython's copy of the tests has marks (`expectedFailure`, `skip("TODO: RUSTPYTHON")`). They are undone, so that a test counts as
CPython has it.
"""

import json
import os
import sys
import time
import traceback
import unittest
from collections import Counter

MARK = "\x01test "
OUT = sys.stdout


def say(**event):
    """Write one line that no test writes."""
    OUT.write(f"\n{MARK}{json.dumps(event)}\n")
    OUT.flush()


def undo_marks():
    """Have what RustPython expects to fail fail, and what it skips run."""

    def plain(test=None, *_):
        return test

    def plain_if(condition, *_):
        return plain

    skip = unittest.skip

    def skip_others(reason):
        if callable(reason):
            return skip("")(reason)
        return plain if "RUSTPYTHON" in str(reason).upper() else skip(reason)

    def skip_if(condition, reason=""):
        return skip_others(reason) if condition else plain

    def skip_unless(condition, reason=""):
        return skip_if(not condition, reason)

    for where in (unittest, unittest.case):
        where.expectedFailure = where.expectedSuccess = plain
        where.expectedFailureIf = where.expectedFailureIfWindows = plain_if
        where.skip, where.skipIf, where.skipUnless = skip_others, skip_if, skip_unless


class Result(unittest.TestResult):
    """Tells of each test when it begins and when it ends: the worst of what it and its subtests did."""

    ORDER = ["ok", "skip", "fail", "error"]

    def __init__(self):
        super().__init__()
        self.seen = Counter()

    def startTest(self, test):
        """Say that it begins: if the process ends, the reader knows in which test. Some have one name together."""
        super().startTest(test)
        self.seen[test.id()] += 1
        count = self.seen[test.id()]
        self.name = test.id() if count == 1 else f"{test.id()}#{count}"
        self.test, self.state, self.why, self.began = test, None, "", time.perf_counter()
        say(begin=self.name)

    def stopTest(self, test):
        """Say what it did, if that is not to end all of them: `run_all` says that."""
        super().stopTest(test)
        if isinstance(sys.exception(), KeyboardInterrupt):
            return
        say(end=self.name, state=self.state or "ok", why=self.why, seconds=round(time.perf_counter() - self.began, 3))

    def _note(self, test, state, why=""):
        if not isinstance(test, unittest.TestCase):
            say(fixture=str(test), state=state, why=why)
        elif self.state is None or self.ORDER.index(state) > self.ORDER.index(self.state):
            self.state, self.why = state, why

    def addSuccess(self, test):
        """It passed."""
        self._note(test, "ok")

    def addFailure(self, test, error):
        """It failed."""
        self._note(test, "fail", reason(error))

    def addError(self, test, error):
        """It raised."""
        self._note(test, "error", reason(error))

    def addSkip(self, test, reason):
        """It was left out; a subtest that was does not count."""
        case = getattr(test, "test_case", test)
        if case is test or not isinstance(case, unittest.TestCase):
            self._note(test, "skip", str(reason)[:200])

    def addSubTest(self, test, subtest, error):
        """A part of it failed, if there is an error."""
        if error is not None:
            self._note(test, "fail" if issubclass(error[0], test.failureException) else "error", reason(error))


def reason(error):
    """Return the exception, and where it was raised."""
    kind, value, trace = error
    last = traceback.extract_tb(trace, -1)
    place = f"{last[-1].filename}:{last[-1].lineno}" if last else "?"
    return f"{kind.__name__}: {str(value)[:300]} ({place})"


def run_all(tests):
    """Run tests. One that interrupts itself is the only one that ends by that."""
    result = Result()
    while tests:
        try:
            # By class, so that `setUpClass` and `setUpModule` go on working.
            unittest.TestSuite(tests).run(result)
            return
        except KeyboardInterrupt:
            seconds = round(time.perf_counter() - result.began, 3)
            say(end=result.name, state="error", why=reason(sys.exc_info()), seconds=seconds)
            tests = tests[1 + next(index for index, test in enumerate(tests) if test is result.test) :]


def flat(suite):
    """Yield the tests of a suite."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test


def load(module):
    """Return the tests of a module. If its own way to find them fails, for want of a file mostly, they are those of its classes."""
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromModule(module)
    if not loader.errors:
        return suite
    say(fixture="load_tests", state="error", why=loader.errors[-1].strip().rpartition("\n")[2][:300])
    del module.load_tests
    return unittest.TestLoader().loadTestsFromModule(module)


def is_threaded(test):
    """Say of a test whose client is a thread that waits for the server in the main one that it fails: it would wait for ever."""
    if not hasattr(type(test), "clientRun"):
        return False
    say(begin=test.id())
    say(end=test.id(), state="fail", why="its client and its server are two threads that wait for each other", seconds=0)
    return True


class _Served(KeyboardInterrupt):
    """A thread waits for what its starter would do: this goes on to the starter, as no other exception of a thread does."""


def refuse_servers():
    """Have threads that would be servers beside their clients fail when they are started: they would wait for ever."""
    import select
    import socket
    import socketserver
    import threading

    server = socketserver.BaseServer
    serve, handle, accept, start = server.serve_forever, server.handle_request, socket.socket.accept, threading.Thread.start

    def is_beside():
        return threading.current_thread() is not threading.main_thread()

    def has_client(listening):
        return bool(select.select([listening], [], [], 0)[0])

    def serve_forever(self, poll_interval=0.5):
        if is_beside():
            raise _Served
        serve(self, poll_interval)

    def handle_request(self):
        if is_beside() and not has_client(self):
            raise _Served
        handle(self)

    def accept_what_is_there(self):
        if is_beside() and self.gettimeout() != 0 and not has_client(self):
            raise _Served
        return accept(self)

    def start_others(self):
        try:
            start(self)
        except _Served:
            raise RuntimeError("its client and its server are two threads that wait for each other") from None

    server.serve_forever, server.handle_request = serve_forever, handle_request
    socket.socket.accept = accept_what_is_there
    threading.Thread.start = start_others


def main():
    """Run the module that the first argument names."""
    _, name, *options = sys.argv
    left_out = {option.removeprefix("--not=").partition("#")[0] for option in options}
    sys.argv[1:] = []
    undo_marks()
    refuse_servers()
    if os.path.isdir("/tmp"):
        # Where tests make files with relative names.
        os.chdir("/tmp")
    try:
        import test.support

        test.support.use_resources = ()
        # As `--timeout` of CPython's own runner does it: what waits for ever ends before the reader loses patience.
        test.support.SHORT_TIMEOUT = 8.0
        from contextlib import nullcontext

        from test.support import import_helper

        # It switches the frozen modules off, and the standard library has no others here.
        import_helper.frozen_modules = lambda enabled=True: nullcontext()
        __import__(name)
        suite = load(sys.modules[name])
    except BaseException:
        say(no_import=reason(sys.exc_info()))
        return
    run_all([test for test in flat(suite) if not is_threaded(test) and test.id() not in left_out])
    say(done=True)


if __name__ == "__main__":
    main()
