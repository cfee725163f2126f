# For tests/tests/process.rs, and CPython: what a pipe holds already, and what another program puts out, is a program's input.
import os
import subprocess
import sys

TOOL = sys.argv[1]
UPPER = "import sys; sys.stdout.write(sys.stdin.read().upper())"

reading, writing = os.pipe()
os.write(writing, b"before")
os.close(writing)
print(subprocess.run([TOOL, "-c", UPPER], stdin=reading, stdout=subprocess.PIPE, text=True).stdout)
os.close(reading)

first = subprocess.Popen([TOOL, "-c", "print('one'); print('two')"], stdout=subprocess.PIPE)
second = subprocess.Popen([TOOL, "-c", UPPER], stdin=first.stdout, stdout=subprocess.PIPE, text=True)
first.stdout.close()
print(second.communicate()[0].split(), first.wait(), second.returncode)
