"""A module of a folder with a file of bytecode that says something else, and is not to be checked."""

import importlib._bootstrap_external as external
import importlib.machinery
import importlib.util
import os

with open("/data/beside.py", "w") as file:
    file.write("x = 'source'\n")
cached = importlib.util.cache_from_source("/data/beside.py")
os.mkdir(os.path.dirname(cached))
with open(cached, "wb") as file:
    file.write(external._code_to_hash_pyc(compile("x = 'bytecode'", "beside", "exec"), b"12345678", False))
spec = importlib.machinery.PathFinder.find_spec("beside", ["/data"])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print(module.x)
