"""Runs CPython's own tests in microprocesses, and compares what passes with the table of this folder.

    python3 tests/upstream/cpython/run.py [--cloison PATH] [--tests Lib/test] [--write] [--jobs N] [MODULE …]

The tests are those of RustPython's repository, which are CPython's with marks that `inside.py` undoes. They are fetched by git into
`target/upstream` unless `--tests` names the folder. A test that ends its process, or takes too long, is left out, and the module run
again. It fails if of any module fewer tests pass than the table says; `--write` writes the table anew, and, when all modules are run, the
list of what does not pass.
"""

import argparse
import collections
import concurrent.futures
import contextlib
import json
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
TABLE, FAILURES = HERE / "table.md", HERE / "failures.md"
REPOSITORY = "https://github.com/RustPython/RustPython"
#: "Update some libs and tests to 3.14.7"
COMMIT = "cc1e55e3e"
MARK = "\x01test "
#: Seconds that one test, and that a module, may take.
STALL, TOTAL = 40, 300
#: How many tests of a module may end their process.
DEATHS = 16

MANIFEST = """\
[app]
entry = "inside:main"

[limits]
memory = "2 GiB"
cpu = "10 min"
descriptors = 256
"""
#: What is granted to all but those of `sqlite3`: a folder of its own for each process. It is the current one.
FILES = """
[capabilities.files]
zone = "files"
scratch = "512 MiB"
"""
#: Instead, for modules that start Python as a program, which has files in common with the test: a folder of the machine.
COMMON = """
[capabilities.files]
zone = "files"
roots = [{ at = "/tmp", path = "tmp", allow = ["read", "list", "write", "create", "delete"] }]
"""
PROGRAMS = {
    f"test.test_{name}"
    for name in """
        argparse array atexit base64 builtin bytes calendar class code compile compileall coroutines cprofile descr doctest.test_doctest
        eof exceptions frame fstring future_stmt.test_future gc genericpath graphlib gzip hash import importlib.test_threaded_import
        inspect.test_inspect io itertools json.test_tool linecache list logging marshal mimetypes module monitoring os platform posix profile
        py_compile pydoc.test_pydoc quopri runpy select shutil signal site str struct structseq subprocess sys sys_settrace sysconfig
        tabnanny tarfile threading tokenize trace traceback types unicodedata unittest.test_program unittest.test_runner
        urllib2 uuid warnings weakref zipfile.test_core zipimport_support zoneinfo.test_zoneinfo
    """.split()
}
#: What is added for the modules that are about networks.
NETWORK = """
[capabilities.net]
zone = "net"
connect = ["127.0.0.1:*", "[::1]:*", "localhost:*"]
listen = ["127.0.0.1:*", "[::1]:*", "0.0.0.0:*", "[::]:*"]
connections = 256
"""
NETWORKED = {
    *(f"test.test_{name}" for name in "epoll httplib os poll select selectors socket ssl stat urllib urllib2_localnet urllib_response xmlrpc".split()),
    *(f"test.test_asyncio.test_{name}" for name in "base_events buffered_proto events selector_events sendfile server sock_lowlevel sslproto streams tasks".split()),
}

#: A folder beside the tests as `/tmp`, where databases and files both are.
SQLITE = COMMON + COMMON.replace("files", "sqlite3")

#: An application's folder → what it is granted.
GRANTED = {
    "cpython": FILES, "cpython-network": FILES + NETWORK, "cpython-programs": COMMON, "cpython-programs-network": COMMON + NETWORK,
    "cpython-sqlite3": SQLITE,
}

#: What stands in a failure's name or reason → why it is one. The first counts.
REASONS = [
    (r"_testcapi|_testinternalcapi|_testlimitedcapi|_testmultiphase|_testbuffer|_xxtestfuzz|_testsinglephase", "Modules of C that CPython makes for its tests are not there"),
    (r"two threads that wait|would wait for ever|can't start a timer|it took too long|test_httplib.*dead|handshake operation timed out",
     "A process has one stack: a thread waits for what its starter would do later, or takes too long"),
    (r"starts no programs|SemLock|argv first element cannot be empty|subprocess", "There are no programs of the machine, no shell and no forks"),
    (r"native code runs in a zone", "Native code runs in a zone: `ctypes`"),
    (r"signals are the broker's|signal|it ended with 130|KeyboardInterrupt", "Signals are the broker's"),
    (r"datagrams|SOCK_DGRAM|SOCK_RAW|AF_UNIX|AF_CAN|sockets have no names", "There are no datagrams, raw sockets and sockets with names"),
    (r"could not bind|HostDenied.*(network|connect|listen|resol)", "Of the network only the loopback is granted, and only to modules that are about it"),
    (r"no control over a terminal|does not see the machine's users|getpwuid|getgrgid|home directory|clock is the machine's|settime",
     "A microprocess sees no users, terminals and limits of the machine, and sets none"),
    (r"no locks, owners|below none of the roots|Read-only file system|Operation not permitted|File too large",
     "Files have no locks, owners, devices and pipes with names, and are below what is granted"),
    (r"HostDenied|CapabilityDenied", "Something else that a microprocess has not got"),
    (r"refcount|gc\.|weakref|Weak|ResourceWarning|not garbage", "When an object is freed"),
    (r"__doc__|NoneType' object has no attribute 'strip'|text_signature|signature", "Builtin types and functions have no docstring and signature"),
    (r": dead: |RecursionError|MemoryError", "It ends the process, or wants more stack or memory than there is"),
]
OTHER = "RustPython does it otherwise, or it has not been looked into"


def listed(failures):
    """Return the text of failures.md."""
    groups = collections.defaultdict(lambda: collections.defaultdict(list))
    for failure in failures:
        module, test, why = failure.split(": ", 2)
        reason = next((reason for pattern, reason in REASONS if re.search(pattern, f"{test}: {why}", re.DOTALL)), OTHER)
        groups[reason][module].append(test.removeprefix(f"{module}."))
    text = ["# What of CPython's own tests does not pass", "", "By `run.py`, which writes what each of them raises into `target/upstream/failures.txt`.", ""]
    for reason, by_module in sorted(groups.items(), key=lambda item: (item[0] == OTHER, -sum(map(len, item[1].values())))):
        text += [f"## {reason} ({sum(map(len, by_module.values()))})", ""]
        text += [f"- {module} ({len(tests)}): " + ", ".join(f"`{test}`" for test in tests) for module, tests in by_module.items()]
        text.append("")
    return "\n".join(text)


def granted(module):
    """Return what a module's tests are granted."""
    if "sqlite3" in module:
        return SQLITE
    return (COMMON if module in PROGRAMS else FILES) + (NETWORK if module in NETWORKED else "")


def fetch():
    """Return the folder of the tests, which git brings when it is not there."""
    folder = ROOT / "target/upstream/rustpython"
    if not (folder / "Lib/test").is_dir():
        shutil.rmtree(folder, ignore_errors=True)
        git = ["git", "-C", str(folder)]
        subprocess.run(["git", "clone", "--filter=blob:none", "--no-checkout", REPOSITORY, str(folder)], check=True)
        subprocess.run([*git, "sparse-checkout", "set", "Lib/test"], check=True)
        subprocess.run([*git, "checkout", COMMIT], check=True)
    return folder / "Lib/test"


def application(tests, name, manifest):
    """Return a folder that can be run: the tests as they are, and what runs them."""
    folder = ROOT / "target/upstream" / name
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    # When root runs this, services and zones are nobody.
    (folder / "tmp").chmod(0o777)
    shutil.copy(HERE / "inside.py", folder)
    (folder / "cloison.toml").write_text(manifest)
    if not (folder / "test").is_dir():
        shutil.copytree(tests, folder / "test")
    return folder


#: A folder of an application → who may use it now: anybody, if its processes have nothing in common.
IN_COMMON = collections.defaultdict(contextlib.nullcontext)


def lines(stream):
    """Return a queue of what a stream says, with None at its end."""
    said = queue.Queue()

    def read():
        for line in stream:
            said.put(line)
        said.put(None)

    threading.Thread(target=read, daemon=True).start()
    return said


def once(cloison, folder, module, left_out):
    """Run a module: what its tests did, in which one the process ended, and why."""
    command = [cloison, "run", str(folder), module, *(f"--not={name}" for name in left_out)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                               errors="replace")
    killer = threading.Timer(TOTAL, process.kill)
    killer.start()
    said, states, running, fixture, end = lines(process.stdout), {}, None, None, "it took too long"
    try:
        while (line := said.get(timeout=STALL)) is not None:
            _, found, event = line.partition(MARK)
            event = json.loads(event) if found else {}
            if "begin" in event:
                running = event["begin"]
            elif "end" in event:
                states[event["end"]] = event["state"], event["why"]
                running = None
            elif "fixture" in event:
                fixture = f"{event['fixture']}: {event['why']}"
            elif "no_import" in event:
                return states, None, event["no_import"]
            elif "done" in event:
                return states, None, fixture
        end = f"it ended with {process.wait()}"
    except queue.Empty:
        pass
    finally:
        killer.cancel()
        process.kill()
        process.wait()
    return states, running, end


def emptied(folder):
    """Empty what the processes of an application have in common."""
    for left in (folder / "tmp").iterdir():
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink()


def run(cloison, folder, module):
    """Run a module to its end: what each test did, and what is to be said of the whole. One at a time has a folder of the machine."""
    with IN_COMMON[folder]:
        emptied(folder)
        return run_in(cloison, folder, module)


def run_in(cloison, folder, module):
    """Run a module to its end."""
    states, deaths = {}, {}
    while True:
        new, running, end = once(cloison, folder, module, deaths)
        states.update(new)
        if running is not None:
            deaths[running] = end
            states[running] = "dead", end
        if running is None or len(deaths) >= DEATHS:
            return states, end


def row(module, states, end):
    """Return a module's line of the table."""
    counts = {state: sum(one == state for one, _ in states.values()) for state in ("ok", "skip", "fail", "error", "dead")}
    note = (end or "").replace(f"{ROOT}/", "").replace("|", "/").replace("\n", " ")[:120]
    return f"| {module} | {counts['ok']} | {len(states)} | {counts['skip']} | {counts['fail'] + counts['error']} | {counts['dead']} | {note} |"


def passed(text):
    """Return how many tests of each module pass, by the table."""
    cells = [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if line.startswith("| test.")]
    return {cell[1]: int(cell[2]) for cell in cells}


def main():
    """Run the modules that are named, or all of the list."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cloison", default=str(ROOT / "target/release/cloison"))
    parser.add_argument("--tests", type=pathlib.Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("modules", nargs="*")
    options = parser.parse_args()
    tests = options.tests or fetch()
    modules = options.modules or (HERE / "modules.txt").read_text().split()
    folders = {grants: application(tests, name, MANIFEST + grants) for name, grants in GRANTED.items()}
    IN_COMMON.update((folder, threading.Lock()) for grants, folder in folders.items() if COMMON in grants)
    rows, failures = {}, []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for module, (states, end) in zip(modules, pool.map(lambda name: run(options.cloison, folders[granted(name)], name), modules)):
            rows[module] = row(module, states, end)
            print(rows[module], flush=True)
            failures += [f"{module}: {name}: {state}: {' '.join(why.split())}" for name, (state, why) in states.items() if state not in ("ok", "skip")]
    (ROOT / "target/upstream/failures.txt").write_text("\n".join(failures))
    now = passed("\n".join(rows.values()))
    if options.write:
        if options.modules:
            rows = {line.split()[1]: line for line in TABLE.read_text().splitlines() if line.startswith("| test.")} | rows
            now = passed("\n".join(rows.values()))
        else:
            FAILURES.write_text(listed(failures))
        total = sum(now.values())
        TABLE.write_text(
            f"# CPython's own tests in a microprocess\n\nBy `run.py`, with what it grants: {total} tests of {len(now)} modules pass.\n\n"
            "| module | pass | of | skipped | fail | end the process | |\n|---|--:|--:|--:|--:|--:|---|\n"
            + "\n".join(rows.values()) + "\n"
        )
        return 0
    fewer = [f"{name}: {now[name]}, not {count}" for name, count in passed(TABLE.read_text()).items() if now.get(name, count) < count]
    print("\n".join(["fewer tests pass than the table says:", *fewer] if fewer else ["no fewer tests pass than the table says"]))
    return bool(fewer)


if __name__ == "__main__":
    sys.exit(main())
