# For tests/tests/process.rs: no file that a program makes or changes is set-user-ID, set-group-ID or sticky, whichever call asks for it.
import subprocess

PROGRAM = """
import ctypes
import os

os.umask(0)


def attempt(function, *arguments):
    try:
        function(*arguments)
    except OSError as error:
        print(error.errno, end=" ")
    else:
        print("made", end=" ")


attempt(os.chmod, "a", 0o644)
attempt(os.open, "plain", os.O_CREAT | os.O_WRONLY, 0o644)
for mode in (0o4755, 0o2755, 0o1777):
    attempt(os.chmod, "a", mode)
    attempt(os.open, f"new-{mode}", os.O_CREAT | os.O_WRONLY, mode)
    attempt(os.mkdir, f"folder-{mode}", mode)
    with open("a") as file:
        attempt(os.fchmod, file.fileno(), mode)
"""
print(subprocess.check_output(["tool", "-c", PROGRAM], text=True).strip())
