"""Runs frameworks' own, unmodified tests in microprocesses and on CPython, and writes table.md and failures.md.

    python3 tests/upstream/frameworks/run.py [--cloison PATH] [--python PATH] [--write] [PACKAGE …]

Packages come from PyPI into `target/upstream/frameworks`, in the versions that stand here: the tests from the source archive, what
they need from wheels. A test that ends its process, or does nothing for a while, is left out, and the rest run in a new process. It
fails if of any package fewer tests pass than the table says; `--write` writes the table and the failures anew.
"""

import argparse
import collections
import dataclasses
import json
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import tarfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
TARGET = ROOT / "target/upstream/frameworks"
TABLE, FAILURES = HERE / "table.md", HERE / "failures.md"
MARK = "\x01test "
#: Seconds until the first test begins, that one test may take, and a whole process.
START, STALL, TOTAL = 180, 20, 1500
#: How many tests of a package may end their process.
DEATHS = 30

MANIFEST = """\
[app]
entry = "inside:main"
site_packages = ["site"]

[limits]
memory = "2 GiB"
cpu = "60 min"
descriptors = 256

[capabilities.files]
zone = "files"
scratch = "256 MiB"
"""
NETWORK = """
[capabilities.net]
zone = "net"
connect = ["127.0.0.1:*", "[::1]:*", "localhost:*"]
listen = ["127.0.0.1:*", "[::1]:*"]
connections = 64
"""
SQLITE = """
[capabilities.sqlite3]
zone = "sqlite3"
"""


@dataclasses.dataclass
class Package:
    """What is run of a package."""

    version: str
    #: What it needs beside itself, from PyPI.
    needs: list[str]
    #: What `inside.py` is given.
    arguments: list[str]
    grants: str = ""
    #: What the table says of it.
    note: str = ""


PYTEST = ["pytest==9.0.2"]
ANYIO = ["anyio==4.16.0", "httpx==0.28.1", "trio==0.35.0"]
#: They need what no capability gives: programs of `multiprocessing`, and datagrams.
ASGIREF_LEFT_OUT = """
test_server_delete_instance or test_stateless_server and not test_stateless_server_run or test_multiprocessing
or test_sync_to_async_with_blocker_non_thread_sensitive or test_thread_sensitive_context_exit_does_not_block_event_loop
or test_thread_sensitive_context_exit_does_not_starve_default_executor
or test_force_new_context_keeps_executor_bindings_local_to_each_task or test_executor_context_across_bridges
""".replace("\n", " ")
PACKAGES = {
    "bottle": Package("0.13.4", [*PYTEST, "jinja2==3.1.6", "mako==1.3.10"], ["test"]),
    "jinja2": Package("3.1.6", [*PYTEST, "trio==0.35.0"], ["tests"], NETWORK),
    "werkzeug": Package("3.1.9", [*PYTEST, "ephemeral-port-reserve==1.1.4"], ["-m", "not dev_server", "-o", "markers=dev_server\ntimeout", "tests"], NETWORK,
                        "without the tests marked `dev_server`, each of which starts a program"),
    "flask": Package("3.1.3", [*PYTEST, "asgiref==3.13.0", "python-dotenv==1.2.1"], ["tests"], NETWORK),
    "asgiref": Package(
        "3.13.0", [*PYTEST, "pytest-asyncio==1.3.0"],
        ["-p", "pytest_asyncio.plugin", "-k", f"not ({ASGIREF_LEFT_OUT})", "tests"], NETWORK,
        "without 7 tests that start programs, and 2 that send datagrams"),
    "starlette": Package(
        "1.10.0",
        [*PYTEST, *ANYIO, "httpx2==2.0.0", "itsdangerous==2.2.0", "jinja2==3.1.6", "python-multipart==0.0.20", "PyYAML==6.0.3"],
        ["-p", "anyio.pytest_plugin", "-k", "not trio", "tests"], NETWORK,
        "without the tests on trio"),
    "django": Package(
        "6.1.3", ["jinja2==3.1.6", "PyYAML==6.0.3", "tzdata", "docutils==0.22.4"],
        ["--django", "model_fields", "queries", "aggregation", "template_tests", "urlpatterns_reverse"], SQLITE,
        "`model_fields queries aggregation template_tests urlpatterns_reverse`, not the whole"),
}

#: What stands in a failure's name and last lines → why it is one. The first counts.
PROPERTY = ("RustPython's specialized LOAD_ATTR takes a class derived from property for property itself, and leaves out its `__get__` "
            "from the second time on: werkzeug's cached_property computes anew")
REASONS = [
    (r"invalid_python_version", "It is for a Python before 3.14, and skipped"),
    (r"test_get_machine_id", "A microprocess has no machine's number"),
    (r"test_repr_functools_partial", "RustPython's `functools.partial` of a partial changes the keywords of that one"),
    (r"would wait for ever|test_thread_sensitive_outside_async|cancellation_does_not_wait_for_worker|test_wsgi_exc_info|"
     r"available_before_first_chunk",
     "A process has one stack: a thread waits for what its starter would do later"),
    (r"datagrams", "There are no datagrams"),
    (r"pipe\(\)|SemLock|dev/shm|subprocess|starts no programs", "No programs, processes and pipes"),
    (r"pathconf|Read-only file system", "The application's own folder is not written, and has no limits to ask for"),
    (r"flock\(\)", "Files have no locks"),
    (r"test_datetimefield.*use_tz|test_timesince1[23]|test_timeuntil1[01]", "There is no `time.tzset`, so the tests are skipped"),
    (r"TestMultiDict::test_pickle|test_environ_builder_stream_switch|test_base_request",
     "A `dict` that is compared asks the `__getitem__` of a class derived from it: werkzeug's `MultiDict`"),
    (r"RecursionError|No filter named|strrev|template_test_with_name|get_answer|get_stuff|auto_reload|ClientDisconnected|"
     r"test_stream_wrapping|test_session_dynamic_cookie_name", PROPERTY),
    (r"test_locate_app|test_scriptinfo|echo_loading_error|test_import_string",
     "`__import__` called as a function leaves importlib's frames in the traceback, by whose depth Flask and Werkzeug tell what is missing"),
    (r"test_proxy_fallback", "Builtin types have no docstring"),
    (r"UnicodeEncodeError.*ascii|test_builder_from_environ", "What an environment's texts are encoded as"),
    (r"TestAsyncForLoop::test_recursive|was never awaited", "A coroutine that is let go of warns where CPython's does not"),
    (r"refcount|reference_cycles|Weak|weak", "When an object is freed"),
]
OTHER = "Others"


def prepare(name, package, python):
    """Return a package's folder, which can be run: its tests as they are, what they need, and what runs them."""
    folder = TARGET / name
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    pinned = "\n".join([f"{name}=={package.version}", *package.needs])
    stamp = folder / "pinned.txt"
    if not stamp.is_file() or stamp.read_text() != pinned:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        subprocess.run([*pip, "install", "--root-user-action=ignore", "--no-compile", "--target", folder / "site", *pinned.split()],
                       check=True)
        subprocess.run([*pip, "download", "--no-deps", "--no-binary", name, "--dest", folder / "archive", pinned.split()[0]], check=True)
        [archive] = (folder / "archive").iterdir()
        with tarfile.open(archive) as file:
            file.extractall(folder / "archive", filter="data")
        [unpacked] = [path for path in (folder / "archive").iterdir() if path.is_dir()]
        unpacked.rename(folder / "suite")
        # The package itself is the installed one.
        for source in ("src", name, f"{name}.py"):
            path = folder / "suite" / source
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        stamp.write_text(pinned)
    shutil.copy(HERE / "inside.py", folder)
    (folder / "cloison.toml").write_text(MANIFEST + package.grants)
    return folder


def lines(stream):
    """Return a queue of what a stream says, with None at its end."""
    said = queue.Queue()

    def read():
        for line in stream:
            said.put(line)
        said.put(None)

    threading.Thread(target=read, daemon=True).start()
    return said


@dataclasses.dataclass
class Run:
    """What came of a package's tests: of each its state and why, of each module that could not be begun why, and what is to be said."""

    states: dict = dataclasses.field(default_factory=dict)
    broken: dict = dataclasses.field(default_factory=dict)
    end: str = ""

    def once(self, command, folder, environment):
        """Run what has not been run yet, and return whether there may be more."""
        (folder / "done.json").write_text(json.dumps(list(self.states)))
        with (folder / "errors.txt").open("w") as errors:
            process = subprocess.Popen(command, cwd=TARGET, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=errors, text=True, errors="replace")
        killer = threading.Timer(TOTAL, process.kill)
        killer.start()
        said, running, end, until = lines(process.stdout), None, None, time.monotonic() + START
        try:
            while (line := said.get(timeout=max(0, until - time.monotonic()))) is not None:
                _, found, event = line.partition(MARK)
                if not found:
                    continue
                event, until = json.loads(event), time.monotonic() + STALL
                if "begin" in event:
                    running = event["begin"]
                elif "end" in event:
                    self.states[event["end"]] = event["state"], event["why"]
                    running = None
                elif "collect" in event:
                    until += START
                    self.broken[event["collect"]] = event["why"]
                elif "done" in event:
                    return False
            end = f"the process ended with {process.wait()}"
            last = (folder / "errors.txt").read_text(errors="replace").strip().splitlines()[-1:]
            end += f": {last[0][:120]}" if last else ""
        except queue.Empty:
            end = "it takes too long"
        finally:
            killer.cancel()
            process.kill()
            process.wait()
        if running is None:
            self.end = end
            return False
        self.states[running] = "dead", end
        return True

    def all(self, command, folder, environment):
        """Run everything, in as many processes as it takes."""
        for _ in range(DEATHS):
            if not self.once(command, folder, environment):
                return self
        self.end = f"more than {DEATHS} tests end their process"
        return self

    def passed(self):
        """Return the tests that pass."""
        return {name for name, (state, _) in self.states.items() if state == "ok"}

    def why(self, name):
        """Return why a test does not pass."""
        if name in self.states:
            state, why = self.states[name]
            return why or ("it is skipped" if state == "skip" else state)
        for broken, why in self.broken.items():
            if name.startswith(broken) or broken.strip(")").split("(")[-1] in name:
                return f"its module could not be begun: {why}"
        return self.end or "there is no such test"


def both(name, package, options):
    """Run a package's tests on CPython and in a microprocess."""
    folder = prepare(name, package, options.python)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{folder}{os.pathsep}{folder / 'site'}", "PYTHONDONTWRITEBYTECODE": "1",
                   "TMPDIR": "/tmp"}
    theirs = Run().all([options.python, "-c", "import inside; inside.main()", *package.arguments], folder, environment)
    ours = Run().all([options.cloison, "run", str(folder), *package.arguments], folder, dict(os.environ))
    return theirs, ours


def group(why):
    """Return the reason that a failure's name and last lines tell of."""
    return next((reason for pattern, reason in REASONS if re.search(pattern, why, re.DOTALL)), OTHER)


def section(name, package, theirs, ours):
    """Return the lines about a package in failures.md."""
    groups = collections.defaultdict(list)
    for test in sorted(theirs.passed() - ours.passed()):
        why = ours.why(test)
        groups[group(f"{test}: {why}")].append(f"- `{test}`: " + re.sub(r"\s+", " ", why.split(" / ")[-1])[:200].replace("`", "'"))
    text = [f"## {name} {package.version}", ""]
    for reason, tests in sorted(groups.items(), key=lambda item: -len(item[1])):
        text += [f"**{reason}** ({len(tests)})", "", *tests, ""]
    return "\n".join(text if groups else [*text, "None.", ""])


def row(name, package, theirs, ours):
    """Return a package's line of the table."""
    both = theirs.passed() & ours.passed()
    share = 100 * len(both) / max(1, len(theirs.passed()))
    skipped = sum(state == "skip" for state, _ in theirs.states.values())
    note = "; ".join(filter(None, [package.note, ours.end]))
    return f"| {name} | {package.version} | {len(theirs.states)} | {skipped} | {len(theirs.passed())} | {len(both)} | {share:.1f} % | {note} |"


def cells(text):
    """Return the table's lines by their packages."""
    return {line.split("|")[1].strip(): line for line in text.splitlines() if re.match(r"\| \w+ \| \d", line)}


def sections(text):
    """Return the parts of failures.md by their packages."""
    return {part.split()[0]: f"## {part}" for part in text.split("\n## ")[1:]}


def main():
    """Run the packages that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cloison", default=str(ROOT / "target/release/cloison"))
    parser.add_argument("--python", default=sys.executable, help="the CPython to compare with, which has pip")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("packages", nargs="*", choices=[[], *PACKAGES], default=[])
    options = parser.parse_args()
    version = subprocess.run([options.python, "-c", "import platform; print(platform.python_version())"], check=True,
                             capture_output=True, text=True).stdout.strip()
    rows = cells(TABLE.read_text()) if TABLE.is_file() else {}
    parts = sections(FAILURES.read_text()) if FAILURES.is_file() else {}
    fewer = []
    for name in options.packages or PACKAGES:
        package = PACKAGES[name]
        theirs, ours = both(name, package, options)
        line = row(name, package, theirs, ours)
        print(line, flush=True)
        (TARGET / f"{name}.json").write_text(json.dumps({"cpython": dataclasses.asdict(theirs), "here": dataclasses.asdict(ours)}, indent=1))
        count = int(line.split("|")[6])
        if name in rows and count < (before := int(rows[name].split("|")[6])):
            fewer.append(f"{name}: {count}, not {before}")
        rows[name], parts[name] = line, section(name, package, theirs, ours)
    if options.write:
        TABLE.write_text(
            "# Frameworks' own tests in a microprocess\n\n"
            f"By `run.py`, beside CPython {version} with the same settings. The share is of what passes on CPython.\n\n"
            "| package | version | tests | skipped | pass on CPython | of these pass here | share | |\n|---|---|--:|--:|--:|--:|--:|---|\n"
            + "\n".join(rows[name] for name in PACKAGES if name in rows) + "\n")
        FAILURES.write_text(
            "# What passes on CPython and not in a microprocess\n\nBy `run.py`.\n\n"
            + "\n".join(parts[name].rstrip() + "\n" for name in PACKAGES if name in parts))
        return 0
    print("\n".join(["fewer tests pass than the table says:", *fewer] if fewer else ["no fewer tests pass than the table says"]))
    return bool(fewer)


if __name__ == "__main__":
    sys.exit(main())
