# For tests/tests/process.rs, and CPython: a program that says nothing keeps none waiting that reads from it, and one that is read by nobody any
# more learns of that.
import os
import subprocess
import sys

TOOL = sys.argv[1]
SILENT = "import time; time.sleep(600)"
WRITES = """
import os
try:
    while True:
        os.write(1, b"x" * 1000)
except BrokenPipeError:
    os._exit(9)
"""


def start(code, **options):
    return subprocess.Popen([TOOL, "-c", code], **options)


# It ends without having read.
first = start(SILENT, stdout=subprocess.PIPE)
second = start("print('ended')", stdin=first.stdout, stdout=subprocess.PIPE, text=True)
print(second.communicate()[0].strip(), second.returncode, first.poll())
first.kill()
first.stdout.close()
print(first.wait())

# Nobody waits for anything but its end.
first = start(SILENT, stdout=subprocess.PIPE)
second = start("import sys; sys.exit(3)", stdin=first.stdout)
first.stdout.close()
print(second.wait(), first.poll())
first.kill()
print(first.wait())

# It says something, and then nothing.
first = start("import time; print('word', flush=True); time.sleep(600)", stdout=subprocess.PIPE)
second = start("print(input().upper())", stdin=first.stdout, stdout=subprocess.PIPE, text=True)
print(second.communicate()[0].strip(), second.returncode)
first.kill()
first.stdout.close()
print(first.wait())

# Three in a row, of which the last one reads a little: whoever writes to nobody is told.
first = start(WRITES, stdout=subprocess.PIPE)
copies = "import os\ntry:\n    while True: os.write(1, os.read(0, 1000))\nexcept BrokenPipeError:\n    os._exit(8)"
second = start(copies, stdin=first.stdout, stdout=subprocess.PIPE)
third = start("import os; print(len(os.read(0, 10)))", stdin=second.stdout, stdout=subprocess.PIPE, text=True)
first.stdout.close()
second.stdout.close()
print(third.communicate()[0].strip(), third.returncode, second.wait(), first.wait())

# So is one whose reader was this process.
first = start(WRITES, stdout=subprocess.PIPE)
print(first.stdout.read(3))
first.stdout.close()
print(first.wait())

# And this process, when it writes to a program that has ended.
reading, writing = os.pipe()
first = start("pass", stdin=reading)
os.close(reading)
print(first.wait())
try:
    os.write(writing, b"x")
    print("written")
except BrokenPipeError:
    print("nobody reads")
os.close(writing)

# What is inherited is carried while an output is read: more of it than a pipe holds.
first = start("import os; os.write(2, b'x' * 300_000); print('said')", stdout=subprocess.PIPE, text=True)
print(first.communicate()[0].strip(), first.returncode)
