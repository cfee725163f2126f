"""Which Python is started: one of the machine does not know the wall."""

import os
import subprocess
import sys

# Where `sys.executable` is looked for, too.
os.environ["PATH"] = "/usr/local/bin:/usr/bin"

PROGRAM = "import importlib.util; print(importlib.util.find_spec('cloison') is None)"
for name in ("python3", sys.executable):
    print(subprocess.run([name, "-c", PROGRAM], capture_output=True, text=True).stdout, end="")
