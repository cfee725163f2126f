"""Runs a part of the upstream tests that takes a few minutes, and fails if of any of them fewer pass than fast.md says.

    python3 tests/upstream/fast.py [--cloison PATH] [--minutes N] [--whole] [--write] [NAME …]

CPython's tests are those of 3.11 as Debian packages them, which `apt-get` brings, as not everybody reaches CPython's repository; frameworks'
come from PyPI. What cannot be had is left out, with a sentence, which `--whole` counts as a failure. What has not been begun when the time
is over has failed.
"""

import argparse
import concurrent.futures
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TARGET = ROOT / "target/upstream"
TABLE = HERE / "fast.md"
#: The second has `test.support`.
DEBIAN = ["libpython3.11-testsuite", "libpython3.11-stdlib"]
#: Packages of PyPI whose own tests run here, and modules of CPython's tests.
PACKAGES = "bottle jinja2 flask".split()
MODULES = """
test_abc test_array test_base64 test_bisect test_bytes test_collections test_contextlib test_copy test_csv test_dataclasses test_dict
test_enum test_exceptions test_fileio test_fractions test_generators test_glob test_heapq test_hmac test_html test_json.test_decode
test_json.test_dump test_json.test_unicode test_list test_ordered_dict test_pprint test_set test_string test_struct test_textwrap
test_tuple test_unicode test_urlparse test_with test_asyncio.test_locks test_asyncio.test_queues
""".split()


def script(name):
    """Return the script of a folder beside this one, as a module."""
    spec = importlib.util.spec_from_file_location(f"{name}_run", HERE / name / "run.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def debian():
    """Return the folder of CPython's tests, which apt brings when it is not there, or None if it cannot."""
    folder = TARGET / "debian"
    tests = folder / "usr/lib/python3.11/test"
    if (tests / "support").is_dir():
        return tests
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

    def quietly(*words):
        return subprocess.run(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    try:
        # Where apt has no lists yet it is told to get them, if who runs this may.
        if not quietly("apt-get", "download", *DEBIAN) and not (quietly("apt-get", "update") and quietly("apt-get", "download", *DEBIAN)):
            return None
        unpacked = all([quietly("dpkg-deb", "-x", package.name, ".") for package in sorted(folder.glob("*.deb"))])
    except FileNotFoundError:
        return None
    return tests if unpacked else None


def modules(options, names):
    """Run modules of CPython's tests, each in a process, and return how many of each pass."""
    cpython = script("cpython")
    tests = debian()
    if tests is None:
        print(f"left out: CPython's tests, as Debian's {' and '.join(DEBIAN)} cannot be had here", file=sys.stderr)
        return {}
    folder = cpython.application(tests, "fast", cpython.MANIFEST + cpython.FILES)

    def run(name):
        if time.monotonic() > options.end:
            return {}, 0
        began = time.monotonic()
        states, _ = cpython.run(options.cloison, folder, f"test.{name}")
        return states, time.monotonic() - began

    counts = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, (states, seconds) in zip(names, pool.map(run, names)):
            counts[name] = sum(state == "ok" for state, _ in states.values())
            print(f"{name}: {counts[name]} of {len(states)}, {seconds:.1f} s", flush=True)
    return counts


def packages(options, names):
    """Run packages' own tests, and return how many of each pass."""
    frameworks = script("frameworks")
    counts = {}
    for name in names:
        counts[name] = 0
        if time.monotonic() > options.end:
            continue
        package = frameworks.PACKAGES[name]
        try:
            folder = frameworks.prepare(name, package, sys.executable)
        except subprocess.CalledProcessError:
            print(f"left out: {name}, as pip cannot bring it here", file=sys.stderr)
            del counts[name]
            continue
        done = frameworks.Run().all([options.cloison, "run", str(folder), *package.arguments], folder, dict(os.environ))
        counts[name] = len(done.passed())
        print(f"{name}: {counts[name]} of {len(done.states)}", flush=True)
    return counts


def table(text):
    """Return the counts that the table has, by name."""
    return {name: int(count) for name, count in re.findall(r"^\| ([\w.]+) \| (\d+) \|", text, re.MULTILINE)}


def main():
    """Run what is named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cloison", default=str(ROOT / "target/release/cloison"))
    parser.add_argument("--minutes", type=float, default=10, help="what is not begun by then fails")
    parser.add_argument("--whole", action="store_true", help="what cannot be had has failed")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    options.end = time.monotonic() + options.minutes * 60
    names = options.names or [*PACKAGES, *MODULES]
    before = table(TABLE.read_text()) if TABLE.is_file() else {}
    now = packages(options, [name for name in names if name in PACKAGES])
    now |= modules(options, [name for name in names if name not in PACKAGES])
    if options.write:
        counts = before | now
        TABLE.write_text(
            "# The fast part of the upstream tests\n\nBy `fast.py`: how many of each pass in a microprocess. CPython's are those of 3.11.\n\n"
            "| tests | pass |\n|---|--:|\n" + "".join(f"| {name} | {counts[name]} |\n" for name in [*PACKAGES, *MODULES] if name in counts))
        return 0
    if options.whole:
        now = dict.fromkeys(names, 0) | now
    fewer = [f"{name}: {count}, not {before.get(name, 1)}" for name, count in now.items() if count < max(1, before.get(name, 1))]
    print("\n".join(["fewer tests pass than the table says:", *fewer] if fewer else ["no fewer tests pass than the table says"]))
    print(f"upstream: {len(now) - len(fewer)} passed, {len(fewer)} failed")
    return bool(fewer)


if __name__ == "__main__":
    sys.exit(main())
