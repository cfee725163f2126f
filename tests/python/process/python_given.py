"""A capability that may not be given on, and a limit of children."""

import os
import subprocess
import sys

print(os.path.isdir("/data"))
try:
    done = subprocess.run([sys.executable, "-c", "import os; print(os.path.isdir('/data'))"], stdout=subprocess.PIPE, text=True)
    print(done.returncode, done.stdout, end="")
except OSError as error:
    print(type(error).__name__, error.errno)
