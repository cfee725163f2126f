"""Runs a package's own tests, in a microprocess or on CPython, and says on standard output what each did, one JSON line each.

    cloison run FOLDER [--django] TEST …

Tests that `done.json` names are left out: what has been run before a process ended, and what ended it.
"""

import json
import os
import sys
import warnings

HERE = os.path.dirname(os.path.realpath(__file__))
MARK = "\x01test "
OUT = sys.stdout
#: What pytest is told. Its cache and its descriptors would take more of a system than the tests do.
PYTEST = ["-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "no:threadexception", "--capture=sys", "--quiet", "--tb=short",
          "--continue-on-collection-errors"]


def say(**event):
    """Write one line that no test writes."""
    OUT.write(f"\n{MARK}{json.dumps(event)}\n")
    OUT.flush()


def done():
    """Return which tests are to be left out."""
    with open(os.path.join(HERE, "done.json")) as file:
        return set(json.load(file))


def brief(text):
    """Return the last lines of a traceback: what was raised, and where."""
    lines = [line.strip() for line in str(text).splitlines() if line.strip()]
    raised = [line[1:].strip() for line in lines if line.startswith("E ")]
    return " / ".join([*lines[-3:], *(raised or lines[-1:])[-4:]])[-900:].replace(HERE, "")


def plain(nodeid):
    """Return a test's name without where this folder is, which some are made of."""
    return nodeid.replace(HERE, "")


class Plugin:
    """Tells of each of pytest's tests when it begins and when it ends: the worst of its setup, itself and its end."""

    def __init__(self):
        self.left_out, self.state, self.why = done(), "ok", ""

    def pytest_collectreport(self, report):
        if report.failed:
            say(collect=report.nodeid, why=brief(report.longrepr))

    def pytest_collection_modifyitems(self, items):
        items[:] = [item for item in items if plain(item.nodeid) not in self.left_out]
        say(collected=len(items))

    def pytest_runtest_logstart(self, nodeid):
        self.state, self.why = "ok", ""
        say(begin=plain(nodeid))

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.state, self.why = "fail", self.why or brief(report.longrepr)
        elif report.skipped and self.state == "ok":
            self.state = "skip"

    def pytest_runtest_logfinish(self, nodeid):
        say(end=plain(nodeid), state=self.state, why=self.why)


def run_pytest(arguments):
    """Run tests by pytest, in the folder of the suite."""
    # Its logging plugin opens this, and a microprocess has no devices.
    os.devnull = "/tmp/null"
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    import pytest

    os.chdir(os.path.join(HERE, "suite"))
    pytest.main([*PYTEST, *arguments], [Plugin()])


def run_django(labels):
    """Run tests by Django's own script, whose options are these."""
    import unittest

    os.environ["DJANGO_SETTINGS_MODULE"] = "test_sqlite"
    os.environ.setdefault("TMPDIR", "/tmp")
    os.chdir(os.path.join(HERE, "suite/tests"))
    sys.path.insert(0, os.getcwd())
    import runtests
    from django.test.runner import DiscoverRunner

    left_out = done()

    class Result(unittest.TextTestResult):
        def startTest(self, test):
            super().startTest(test)
            self.state, self.why = "ok", ""
            say(begin=test.id())

        def stopTest(self, test):
            super().stopTest(test)
            say(end=test.id(), state=self.state, why=self.why)

        def note(self, test, error):
            import traceback

            why = brief("".join(traceback.format_exception(*error)))
            if isinstance(test, unittest.TestCase):
                self.state, self.why = "fail", getattr(self, "why", "") or why
            else:
                say(collect=str(test), why=why)

        def addError(self, test, err):
            self.note(test, err)

        def addFailure(self, test, err):
            self.note(test, err)

        def addSubTest(self, test, subtest, err):
            if err is not None:
                self.note(test, err)

        def addSkip(self, test, reason):
            self.state = "skip"

        def addExpectedFailure(self, test, err):
            self.state = "skip"

        def addUnexpectedSuccess(self, test):
            self.state, self.why = "fail", "it was expected to fail"

    class Runner(DiscoverRunner):
        def get_resultclass(self):
            return Result

        def build_suite(self, *args, **kwargs):
            suite = super().build_suite(*args, **kwargs)
            suite._tests = [test for test in suite._tests if test.id() not in left_out]
            say(collected=suite.countTestCases())
            return suite

    runtests.get_runner = lambda settings: Runner
    # It sets a handler of Ctrl-C, which is the broker's.
    unittest.installHandler = lambda: None
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    runtests.django_tests(0, False, False, False, False, labels, False, 1, None, None, None, None, None, False, False, False, False)


def main():
    """Run what the command line names."""
    arguments = sys.argv[1:]
    if arguments[0] == "--django":
        run_django(arguments[1:])
    else:
        run_pytest(arguments)
    say(done=True)
