"""The standard library's sources are a folder that every program reads, and is not seen otherwise."""

import ast
import importlib.machinery
import os
import pathlib
import sys
import tokenize

FOLDER = os.path.dirname(ast.__file__)


def attempt(function, *args):
    try:
        return function(*args)
    except OSError as error:
        return f"{type(error).__name__} {error.errno}"


names = os.listdir(FOLDER)
print({"ast.py", "json", "os.py", "encodings"} <= set(names), all(os.path.exists(os.path.join(FOLDER, name)) for name in names))
print(sorted(os.listdir(os.path.join(FOLDER, "json"))), os.path.isdir(os.path.join(FOLDER, "json")), os.path.isfile(ast.__file__))
with tokenize.open(ast.__file__) as file:
    source = file.read()
print("def literal_eval" in source, os.stat(ast.__file__).st_size == len(source.encode()), oct(os.stat(ast.__file__).st_mode))
print(len(list(pathlib.Path(FOLDER).rglob("decoder.py"))), os.path.samefile(ast.__file__, os.__file__))
print(importlib.machinery.PathFinder.find_spec("ast", [FOLDER]).origin == ast.__file__)
for function, *args in (
    (open, ast.__file__, "w"), (os.unlink, ast.__file__), (os.unlink, f"{FOLDER}/no.pyc"), (open, f"{FOLDER}/no.py"), (open, f"{ast.__file__}/x"), (open, FOLDER),
    (os.listdir, ast.__file__), (os.listdir, "/"), (os.listdir, "/usr"), (open, f"{FOLDER}/../../../../etc/passwd"),
):
    print(attempt(function, *args))
print(os.path.isfile(sys.executable), os.access(sys.executable, os.X_OK), os.path.getsize(sys.executable))
reading, writing = os.pipe()
os.write(writing, b"in this process")
print(os.read(reading, 99), attempt(os.read, reading, 99))
other = os.dup(writing)
os.close(writing)
os.write(other, b"by another number")
os.close(other)
print(os.read(reading, 99), os.read(reading, 99), open(os.devnull).read() == "")
