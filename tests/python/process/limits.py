import subprocess
import sys

PYTHON = "tool"


def run(code, **options):
    return subprocess.run([PYTHON, "-c", code], **options)


# As much as `output` says is not too much, in one stream or two.
done = run("import sys; sys.stdout.write('x' * 102_000); sys.stderr.write('y' * 400)", capture_output=True)
print(len(done.stdout), len(done.stderr), done.returncode)
try:
    run("import sys; sys.stdout.write('x' * 102_000); sys.stderr.write('y' * 401)", capture_output=True)
    print("not too much")
except OSError as error:
    print(error.errno)
# A flood of output ends with the program.
try:
    run("while True: print('x' * 1000)", capture_output=True)
    print("no end")
except OSError as error:
    print(error.errno, error.strerror)
# What never ends is ended.
print(run("while True: pass").returncode)
# A daemon that holds the streams ends with the program.
code = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\nprint('parent', flush=True)"
print(run(code, capture_output=True, text=True).stdout.strip())
# So many at once, and no more.
running = [subprocess.Popen([PYTHON, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) for _ in range(2)]
try:
    run("pass")
    print("a third")
except OSError as error:
    print(error.errno, "at_once" in str(error))
for process in running:
    process.stdin.close()
    print(process.wait())
print(run("print('room again')", capture_output=True, text=True).stdout.strip())
# What is left running ends with us.
left = subprocess.Popen([PYTHON, "-c", "import time\ntime.sleep(600)"])
print(left.poll())
sys.stdout.flush()
