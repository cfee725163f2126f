"""What a Python that was started hears of its streams is none of its program's messages."""

import subprocess
import sys

RECEIVES = """
import cloison
def receive(seconds):
    try:
        return cloison.receive(timeout=seconds)
    except TimeoutError:
        return "none"
"""


def python(program, **options):
    done = subprocess.run([sys.executable, "-c", RECEIVES + program], stdout=subprocess.PIPE, text=True, **options)
    return done.returncode, done.stdout


status, out = python("print(receive(0.5), input())", input="abc\n")
print(status, out, end="")
status, out = python("for _ in range(40):\n    print('x' * 65536, flush=True)\n    if receive(0.01) != 'none': raise SystemExit(1)")
print(status, len(out))
