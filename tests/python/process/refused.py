import os
import subprocess

import cloison

for arguments, options in [
    (["tool", "push"], {}),
    (["tool", "-c", "1", "--output=x"], {}),
    (["tool", "-c", "a\0b"], {}),
    (["sh", "-c", "true"], {}),
    ("true", {"shell": True}),
    (["/usr/bin/env"], {}),
    (["../bin/tool"], {}),
    (["tool", "-c", "1"], {"env": {"LD_PRELOAD": "x"}}),
    (["tool", "-c", "1"], {"preexec_fn": print}),
    (["tool", "-c", "1"], {"pass_fds": [1]}),
    (["tool", "-c", "1"], {"user": 0}),
]:
    try:
        subprocess.run(arguments, **options)
        print("started", arguments)
    except (PermissionError, ValueError) as error:
        print(type(error).__name__, str(error)[:260])
tools = cloison.capability("tools")
for name, packed in [(b"tool", b"push\0"), (b"tool", b"-c\0print(1)\0-x\0"), (b"tool", b"-c\0print(1)"), (b"/usr/bin/python3", b"-c\0pass\0")]:
    try:
        tools.start(name, packed)
        print("started")
    except OSError as error:
        print(error.errno)
for wrong in (lambda: os.waitpid(1, 0), lambda: os.kill(1, 9), lambda: os.kill(os.getpid(), 15)):
    try:
        wrong()
    except OSError as error:
        print(type(error).__name__)
