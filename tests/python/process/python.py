"""`sys.executable` is a microprocess with what its parent has: it is started, talked to and ended as a program is."""

import os
import subprocess
import sys


def python(*arguments, **options):
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, **options)
    return done.returncode, done.stdout, done.stderr.strip().rpartition("\n")[2]


def main():
    print(python("-c", "import sys; print(sys.argv, __name__)", "a", "-b"))
    print(python("-c", "import sys; sys.exit('why')"), python("-c", "1/0"), python("-c", "import os; os._exit(7)"))
    print(python("-", input="import sys; print(sys.argv)"), python("-m", "json", "--compact", input='{"a": [1]}'))
    print(python("-c", "import os; print(dict(os.environ), os.getcwd())", env={"A": "b=c"}, cwd="/data"))
    with open("/data/script.py", "w") as file:
        file.write("import sys, beside\nprint(sys.argv, __file__, beside.x, sys.path[0])\nopen('/data/out', 'w').write('out')\n")
    with open("/data/beside.py", "w") as file:
        file.write("x = 5\n")
    print(python("/data/script.py", "y"), open("/data/out").read(), python("/data/none.py")[0])
    print(python("-W", "error", "-c", "import warnings; warnings.warn('w')")[::2], python("-O", "-c", "")[::2])
    # What it puts out while nobody reads is not kept: it waits.
    print(len(python("-c", "print('x' * 5_000_000)")[1]))
    with subprocess.Popen([sys.executable, "-c", "while True: print('y' * 1000)"], stdout=subprocess.PIPE) as endless:
        print(endless.stdout.read(3000)[-4:], endless.poll())
        endless.kill()
        print(endless.wait())
    answers = subprocess.Popen([sys.executable, "-c", "while True: print(input()[::-1], flush=True)"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for word in ("abc", "def"):
        answers.stdin.write(f"{word}\n")
        answers.stdin.flush()
        print(answers.stdout.readline(), end="")
    answers.stdin.close()
    print(answers.wait(), answers.stdout.read())
    nested = "import subprocess, sys; print(subprocess.check_output([sys.executable, '-c', 'print(2)'], text=True), end='')"
    print(python("-c", nested))
    first = subprocess.Popen([sys.executable, "-c", "print('from the first')"], stdout=subprocess.PIPE)
    second = subprocess.run([sys.executable, "-c", "print(input().upper())"], stdin=first.stdout, capture_output=True, text=True)
    print(second.stdout, first.wait())
    for command, options in ((["ls"], {}), ([sys.executable, "-c", ""], {"user": 0}), ([sys.executable, "-c", ""], {"cwd": "/none"})):
        try:
            print(subprocess.run(command, **options))
        except OSError as error:
            print(type(error).__name__, error.errno)


if __name__ == "__main__":
    main()
