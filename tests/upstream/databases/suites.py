"""Runs the drivers' own tests in microprocesses and on CPython, and writes how many pass into the table of this folder.

    python3 tests/upstream/databases/suites.py [--cloison PATH] [--pymysql FOLDER] [--write] [SUITE …]

The tests of pg8000 and redis-py are those of their source distributions, which pip brings; PyMySQL's are in its repository alone (`--pymysql` names a
clone that is there). Left out are tests that need a cluster, sentinels, modules of Redis, or other ways to authenticate. A test that does
nothing for a while, or ends its process, is left out, and its file run again.
"""

import argparse
import json
import os
import pathlib
import queue
import shutil
import subprocess
import sys
import tarfile
import threading

import run
import servers

REPOSITORY, COMMIT = "https://github.com/PyMySQL/PyMySQL", "0305ab3"
MARK = "\x01test "
TABLE = run.HERE / "table.md"
HEAD = """\
# The drivers' own tests in a microprocess

By `suites.py --write`, with what it grants.

| file | pass | pass on CPython | of | skipped | fail | end the process |
|---|--:|--:|--:|--:|--:|--:|
"""
#: Seconds that one test, and that a file, may take; how many tests of a file may end their process.
STALL, TOTAL, DEATHS = 25, 240, 4
SCRATCH = """
[capabilities.files]
zone = "files"
scratch = "64 MiB"
"""
REDIS = "commands connect connection connection_pool credentials encoding function hash lock monitor pipeline pubsub retry scripting".split()
REDIS_ALONE = "backoff cache command_parser crc data_structure event exceptions helpers utils".split()


def pymysql(folder, port, clone):
    """Put PyMySQL's tests beside it, and return its files and what is said to them."""
    archive = subprocess.run(["git", "-C", str(clone), "archive", COMMIT, "pymysql/tests"], check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "-x", "-C", str(folder / "packages")], input=archive, check=True)
    tests = folder / "packages/pymysql/tests"
    who = {"host": "127.0.0.1", "port": port, "user": "tester", "passwd": "word"}
    (tests / "databases.json").write_text(json.dumps([{**who, "database": "test1", "use_unicode": True, "local_infile": True}, {**who, "database": "test2"}]))
    return sorted(tests.rglob("test_*.py")), []


def pg8000(folder, port, clone):
    """As `pymysql`."""
    shutil.copytree(source("pg8000") / "test", folder / "test")
    files = [one for one in sorted((folder / "test").rglob("test_*.py")) if "auth" not in one.parts and one.stem not in ("test_benchmarks", "test_readme")]
    return files, ["PGHOST=127.0.0.1", f"PGPORT={port}", "PGPASSWORD=word"]


def redis(folder, port, clone):
    """As `pymysql`."""
    shutil.copytree(source("redis") / "tests", folder / "tests")
    settings = (source("redis") / "pyproject.toml").read_text().splitlines(keepends=True)
    (folder / "pyproject.toml").write_text("".join(line for line in settings if "coverage.exceptions" not in line))
    tests = folder / "tests"
    files = [tests / f"test_{name}.py" for name in sorted(REDIS_ALONE + REDIS)] + [tests / f"test_asyncio/test_{name}.py" for name in REDIS]
    return [one for one in files if one.is_file()], ["-m", "not redismod and not onlycluster", f"--redis-url=redis://127.0.0.1:{port}/0"]


#: A suite → its server, its password there, and how it is put together.
SUITES = {"PyMySQL": ("mariadb", "word", pymysql), "pg8000": ("postgresql", "word", pg8000), "redis-py": ("redis", "", redis)}


def source(name):
    """Return the folder of a source distribution, which pip brings when it is not there."""
    pin = next(line for line in (run.HERE / "requirements.txt").read_text().split() if line.startswith(f"{name}=="))
    folder = run.WORK / "sources" / pin.replace("==", "-")
    if not folder.is_dir():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "-d", str(folder.parent), pin]
        subprocess.run(pip, check=True)
        with tarfile.open(f"{folder}.tar.gz") as archive:
            archive.extractall(folder.parent)
    return folder


def clone_of(options):
    """Return a clone of PyMySQL, which git brings when none is named."""
    folder = options.pymysql or run.WORK / "sources/PyMySQL"
    if not folder.is_dir():
        subprocess.run(["git", "clone", "--quiet", REPOSITORY, str(folder)], check=True)
    return folder


def application(name, port, prepare, clone):
    """Return a folder with the drivers, pytest and the tests, the files in it, and what is said to them."""
    folder = run.WORK / f"suite-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(run.packages(), folder / "packages")
    extra = run.WORK / "pytest"
    if not extra.is_dir():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--target", str(extra)]
        subprocess.run([*pip, "-r", str(run.HERE / "suites.txt")], check=True)
    shutil.copytree(extra, folder / "packages", dirs_exist_ok=True)
    shutil.copy(run.HERE / "programs/inside.py", folder)
    (folder / "cloison.toml").write_text(run.MANIFEST.format(module="inside", places=f'"127.0.0.1:{port}"') + SCRATCH)
    files, words = prepare(folder, port, clone)
    return folder, [str(one.relative_to(folder)) for one in files], words


def once(command, **more):
    """Run a file of tests: what they did, in which one the process ended, and why."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace", **more)
    killer = threading.Timer(TOTAL, process.kill)
    killer.start()
    said, states, running, end = queue.Queue(), {}, None, "it took too long"
    threading.Thread(target=lambda: [*map(said.put, process.stdout), said.put(None)], daemon=True).start()
    try:
        while (line := said.get(timeout=STALL)) is not None:
            _, found, event = line.partition(MARK)
            event = json.loads(event) if found else {}
            running = event.get("begin", running)
            if "end" in event:
                states[event["end"]], running = (event["state"], event["why"]), None
            elif "no_import" in event:
                states[event["no_import"]] = "fail", event["why"]
            elif "done" in event:
                if event["done"] not in (0, 1, 5):
                    states["the file"] = "fail", f"pytest ended with {event['done']}"
                return states, None, ""
        end = f"it ended with {process.wait()}"
    except queue.Empty:
        end = "it does nothing"
    finally:
        killer.cancel()
        process.kill()
        process.wait()
    return states, running, end


def states_of(command, **more):
    """Run a file of tests to its end."""
    states, dead = {}, {}
    while True:
        new, running, end = once([*command, *(f"--deselect={name}" for name in dead)], **more)
        states.update(new)
        if running is not None:
            dead[running] = states[running] = "dead", end
        elif end:
            states["the file"] = "dead", end
        if running is None or len(dead) >= DEATHS:
            return states


def row(name, ours, cpython):
    """Return a file's line of the table."""

    def count(states, *which):
        return sum(one in which for one, _ in states.values())

    return f"| {name} | {count(ours, 'ok')} | {count(cpython, 'ok')} | {len(ours)} | {count(ours, 'skip')} | {count(ours, 'fail')} | {count(ours, 'dead')} |"


def lines_of(text):
    """Return a table's lines by their files."""
    return {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith(tuple(f"| {name} " for name in SUITES))}


def passed(line):
    """Return how many tests pass, by a line."""
    return int(line.split("|")[2])


def main():
    """Run the suites that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cloison", default=str(run.ROOT / "target/release/cloison"))
    parser.add_argument("--pymysql", type=pathlib.Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(SUITES))
    options = parser.parse_args()
    rows = []
    for name in options.suites or SUITES:
        failures = []
        server, password, prepare = SUITES[name]
        if package := servers.missing(server):
            print(f"{name} is left out: Debian's {package} is not installed")
            continue
        with servers.running(server, password) as (_, port, _):
            folder, files, words = application(name, port, prepare, clone_of(options) if prepare is pymysql else None)
            environment = {**os.environ, "PYTHONPATH": str(folder / "packages"), "PYTHONDONTWRITEBYTECODE": "1"}
            for file in files:
                at = [*[word for word in words if word[0].isupper()], *[word for word in words if not word[0].isupper()]]
                cpython = states_of(["python3", "inside.py", *at, "--rootdir=.", file], cwd=folder, env=environment)
                ours = states_of([options.cloison, "run", ".", *at, "--rootdir=.", file], cwd=folder)
                rows.append(row(f"{name} {file.removeprefix('packages/')}", ours, cpython))
                print(rows[-1], flush=True)
                failures += [f"{name}: {test}: {state}: {why}" + ("" if cpython.get(test, ("ok",))[0] in ("ok", "skip") else " (on CPython as well)")
                             for test, (state, why) in ours.items() if state in ("fail", "dead")]
                (run.WORK / f"failures-{name}.txt").write_text("\n".join(failures))
    before = lines_of(TABLE.read_text()) if TABLE.is_file() else {}
    now = lines_of("\n".join(rows))
    if options.write:
        TABLE.write_text(HEAD + "\n".join(line for _, line in sorted({**before, **now}.items())) + "\n")
        return 0
    fewer = [f"{name}: {passed(line)}, not {passed(before[name])}" for name, line in now.items() if passed(line) < passed(before.get(name, line))]
    print("\n".join(["fewer tests pass than the table says:", *fewer] if fewer else ["no fewer tests pass than the table says"]))
    return bool(fewer)



if __name__ == "__main__":
    sys.exit(main())
