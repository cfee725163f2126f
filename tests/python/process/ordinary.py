import os
import subprocess
import sys

PYTHON = sys.argv[1]


def run(code, *more, **options):
    return subprocess.run([PYTHON, "-c", code, *more], **options)


print(run("print('out')", capture_output=True, text=True).stdout)
print(run("import sys; sys.stdout.write(sys.stdin.read().upper())", input="words", capture_output=True, text=True).stdout)
done = run("import sys; print('o'); print('e', file=sys.stderr); sys.exit(3)", capture_output=True)
print(done.returncode, done.stdout, done.stderr)
print(run("import sys; print('o', flush=True); print('e', file=sys.stderr)", stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout)
print(subprocess.check_output([PYTHON, "-c", "print(1 + 1)"]))
try:
    run("raise SystemExit(4)", check=True)
except subprocess.CalledProcessError as error:
    print(error.returncode)
try:
    run("import time; time.sleep(600)", timeout=0.5)
except subprocess.TimeoutExpired as error:
    print(type(error).__name__)
data = os.urandom(300_000)
done = run("import sys; d = sys.stdin.buffer.read(); sys.stderr.buffer.write(d); sys.stdout.buffer.write(d)", input=data, capture_output=True)
print(done.stdout == data, done.stderr == data)
with subprocess.Popen(
    [PYTHON, "-u", "-c", "import sys\nfor line in sys.stdin: print(line.strip()[::-1])"], stdin=subprocess.PIPE,
    stdout=subprocess.PIPE, text=True, bufsize=1,
) as process:
    for word in ("abc", "def"):
        process.stdin.write(word + "\n")
        process.stdin.flush()
        print(process.stdout.readline().strip(), process.poll())
    process.stdin.close()
print(process.returncode)
process = subprocess.Popen([PYTHON, "-c", "import time; time.sleep(600)"])
process.terminate()
print(process.wait())
process = subprocess.Popen([PYTHON, "-c", "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('on', flush=True)\ntime.sleep(600)"], stdout=subprocess.PIPE)
process.stdout.readline()
process.terminate()
try:
    process.wait(0.3)
except subprocess.TimeoutExpired:
    process.kill()
print(process.wait())
print(run("print('dropped')", stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL).returncode, flush=True)
print(run("print('inherited', flush=True)").returncode)
process = subprocess.Popen([PYTHON, "-c", "pass"], stdin=subprocess.PIPE)
process.wait()
try:
    process.stdin.write(b"x")
    process.stdin.flush()
except BrokenPipeError:
    print("nobody reads")
