"""A Python that was started sends its parent what no stream has room for."""

import subprocess
import sys

import cloison

SAYS = """
import time
from cloison import MailboxFull, _claims, _descriptors
side = _descriptors._open[1].handle[0]
def say(value):
    side.process.send(_claims.Done(side.ticket, value, None))
"""


def status(program):
    started = subprocess.Popen([sys.executable, "-c", SAYS + program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    # Nobody reads.
    return started.wait()


for value in ("None", "5", "(7, b'x')", "([], b'x')", "(2, 'text')", "(2, b'x' * 65537)", "(1, b'')"):
    print(status(f"say({value})\ntime.sleep(600)"))
print(status("""
while True:
    try:
        say((2, b"x" * 65536))
    except MailboxFull:
        pass
"""))
try:
    print(cloison.receive(timeout=1))
except TimeoutError:
    print("nothing is left")
