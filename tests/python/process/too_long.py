# For tests/tests/process.rs: what a call carries and a program does not get, and what cannot be executed.
import subprocess

CODE = "import sys; print(len(sys.argv))"

# With `-c`, the code and a zero byte behind each.
room = (24 << 10) - len("-c") - len(CODE) - 3
print(subprocess.run(["tool", "-c", CODE, "x" * room], capture_output=True, text=True).stdout.strip())
for arguments in (["x" * (room + 1)], ["x"] * 255):
    try:
        subprocess.run(["tool", "-c", CODE, *arguments])
        print("started")
    except OSError as error:
        print(error.errno, error.strerror)
broken = subprocess.Popen(["broken"])
for _ in range(2):
    try:
        print(broken.wait())
    except OSError as error:
        print(error.errno, error.strerror.split(":")[0])
