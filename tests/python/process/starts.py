# For tests/tests/process.rs, and CPython: what does not start says why, by the same exception; and what is too long.
import subprocess
import sys

TOOL = sys.argv[1]

for options in ({"cwd": "/no/such"}, {"cwd": b"/no/such"}, {"cwd": "/dev/null"}, {"cwd": "/" + "x" * 5000}):
    try:
        subprocess.Popen([TOOL, "-c", "print('started')"], **options)
    except OSError as error:
        print(type(error).__name__, error.errno, error.strerror, str(error.filename)[:20])
print(subprocess.run([TOOL, "-c", "import os; print(os.getcwd())"], cwd="/dev", capture_output=True).stdout)
try:
    subprocess.run([TOOL, "-c", "x" * 200_000])
except OSError as error:
    print(type(error).__name__, error.errno, error.strerror)
