"""Runs files of tests by pytest, and says on standard output what each test did, one JSON line each.

The arguments are pytest's; `NAME=VALUE` in capitals before them goes into the environment.
"""

import json
import os
import sys

MARK = "\x01test "


class Tell:
    """Tells of each test when it begins and when it ends."""

    def say(self, **event):
        sys.__stdout__.write(f"\n{MARK}{json.dumps(event)}\n")
        sys.__stdout__.flush()

    def pytest_runtest_logstart(self, nodeid):
        self.state, self.why = "ok", ""
        self.say(begin=nodeid)

    def pytest_runtest_logreport(self, report):
        if report.skipped and self.state == "ok":
            self.state = "skip"
        elif report.failed:
            self.state = "fail"
            crash = getattr(report.longrepr, "reprcrash", None)
            self.why = f"{crash.message.splitlines()[0][:200]} ({os.path.basename(crash.path)}:{crash.lineno})" if crash else str(report.longrepr)[-200:]

    def pytest_runtest_logfinish(self, nodeid):
        self.say(end=nodeid, state=self.state, why=self.why)

    def pytest_collectreport(self, report):
        if report.failed:
            self.say(no_import=report.nodeid, why=str(report.longrepr).strip().splitlines()[-1][:200])


def main():
    words = sys.argv[1:]
    while words and words[0].partition("=")[0].isupper():
        name, _, value = words.pop(0).partition("=")
        os.environ[name] = value
    # redis-py's tests begin it unless it cannot be imported; here it can be, and not begun.
    sys.modules["tracemalloc"] = None
    import pytest

    # It reads sys.argv[0] only to name itself; `/dev/null`, its log file otherwise, is nowhere in a microprocess.
    plain = ["-p", "no:cacheprovider", "-p", "no:faulthandler", "-s", "--assert=plain", "-q", "--tb=short", "--log-file=/tmp/log"]
    code = pytest.main([*plain, *words], plugins=[Tell()])
    Tell().say(done=int(code))


if __name__ == "__main__":
    main()
