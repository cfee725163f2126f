"""Signals that stop a program, and numbers of none."""

import os
import signal
import subprocess
import sys

started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
for number in (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, 65, 999, -1):
    try:
        os.kill(started.pid, number)
        print("sent")
    except OSError as error:
        print(type(error).__name__, error.errno)
print(started.poll())
os.kill(started.pid, signal.SIGCHLD)
print(started.poll())
started.terminate()
print(started.wait())
