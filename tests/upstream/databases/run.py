"""Runs programs on PyMySQL, pg8000 and redis-py in microprocesses, with real servers, and compares what they print with CPython's.

    python3 tests/upstream/databases/run.py [--cloison PATH] [--figures] [SERVER …]

The drivers are PyPI's, as `requirements.txt` pins them; pip brings them into `target/upstream/databases` at the first run. A server that is not
installed is left out, with a sentence.
"""

import argparse
import difflib
import os
import pathlib
import shutil
import subprocess
import sys

import servers

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
WORK = ROOT / "target/upstream/databases"
#: Seconds for one program.
TOTAL = 300
MANIFEST = """\
[app]
entry = "{module}:main"
site_packages = ["packages"]

[limits]
memory = "1 GiB"
cpu = "5 min"

[capabilities.net]
zone = "net"
connect = [{places}]
"""


def packages():
    """Return the folder of the drivers, which pip brings when what is pinned is not there."""
    folder, pins = WORK / "packages", (HERE / "requirements.txt").read_text()
    mark = folder / "requirements.txt"
    if not mark.is_file() or mark.read_text() != pins:
        shutil.rmtree(folder, ignore_errors=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--target", str(folder)]
        subprocess.run([*pip, "-r", str(HERE / "requirements.txt")], check=True)
        mark.write_text(pins)
    return folder


def application(name, module, ports, certificates):
    """Return a folder that can be run: a program, the drivers, and whom it trusts, granted exactly the ports."""
    folder = WORK / f"{name}-{module}"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(packages(), folder / "packages")
    shutil.copy(HERE / "programs" / f"{module}.py", folder)
    for one in ("ca.pem", "other.pem"):
        shutil.copyfile(certificates / one, folder / one)
    places = ", ".join(f'"127.0.0.1:{port}"' for port in sorted(set(ports)))
    (folder / "cloison.toml").write_text(MANIFEST.format(module=module, places=places))
    return folder


def output(words, **more):
    """Return the lines that a program prints, and what it says besides if it ends badly."""
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TOTAL, **more)
    except subprocess.TimeoutExpired as error:
        return [*(error.stdout or b"").decode(errors="replace").splitlines(), f"it took more than {TOTAL} seconds"]
    return done.stdout.splitlines() + ([f"it ended with {done.returncode}", *done.stderr.splitlines()[-3:]] if done.returncode else [])


def both(cloison, folder, module, arguments):
    """Return what a program prints on CPython, and in a microprocess."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "packages"), "PYTHONDONTWRITEBYTECODE": "1"}
    cpython = output(["python3", str(folder / f"{module}.py"), *arguments], env=environment)
    return cpython, output([cloison, "run", str(folder), *arguments])


def differences(cloison, name, figures):
    """Run all programs of one server, and return what is not as it should be."""
    with servers.running(name) as (certificates, port, tls_port):
        ports, password = [str(port), str(tls_port)], servers.PASSWORD
        folder = application(name, f"{name}_program", [port, tls_port], certificates)
        cpython, ours = both(cloison, folder, f"{name}_program", [*ports, password])
        wrong = list(difflib.unified_diff(cpython, ours, "CPython", "microprocess", lineterm="", n=1))
        wrong += [line for line in cpython if line.startswith("it ended with")]
        print(f"{name}: {len(cpython)} lines, {'not the same' if wrong else 'the same'}", flush=True)
        folder = application(name, "refused", [servers.free_port()], certificates)
        refused = output([cloison, "run", str(folder), name, str(port), password])
        if refused != ["refused"]:
            wrong += ["without the port granted:", *refused]
        if figures:
            folder = application(name, "figures", [port], certificates)
            print(f"{name}: µs for one round trip, ms for 20,000 rows: CPython {{}}, microprocess {{}}".format(
                *(" ".join(lines) for lines in both(cloison, folder, "figures", [name, str(port), password]))), flush=True)
    return wrong


def main():
    """Run the servers that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cloison", default=str(ROOT / "target/release/cloison"))
    parser.add_argument("--figures", action="store_true", help="say how long round trips take as well")
    parser.add_argument("servers", nargs="*", metavar="SERVER", help=", ".join(servers.SERVERS))
    options = parser.parse_args()
    wrong = []
    for name in options.servers or servers.SERVERS:
        if package := servers.missing(name):
            print(f"{name} is left out: Debian's {package} is not installed")
            continue
        wrong += [f"{name}: {line}" for line in differences(options.cloison, name, options.figures)]
    print("\n".join(wrong or ["the same as on CPython, and refused where the port is not granted"]))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
