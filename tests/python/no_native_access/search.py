# For tests/tests/no_native_access.rs.
import gc, sys, types
path = sys.argv[1]
names = {"open", "fopen", "open_code", "FileIO", "system", "popen", "Popen", "execv", "execve", "fork", "forkpty", "spawnv", "posix_spawn",
         "socket", "create_connection", "dlopen", "LoadLibrary", "CDLL", "PyDLL", "mmap", "create_dynamic", "load_dynamic",
         "create_builtin", "init_frozen", "readfile", "read_file", "listdir", "scandir", "kill", "ptrace", "syscall"}
seen, todo, found = set(), [object, *sys.modules.values(), *gc.get_objects()], {}
while todo:
    thing = todo.pop()
    if id(thing) in seen or len(seen) > 400000:
        continue
    seen.add(id(thing))
    if isinstance(thing, type):
        try:
            todo.extend(type.__subclasses__(thing))
            todo.extend(vars(thing).values())
        except TypeError:
            pass
    elif isinstance(thing, types.ModuleType):
        todo.extend(vars(thing).values())
    elif isinstance(thing, types.FunctionType):
        todo.append(thing.__globals__)
        todo.extend(cell.cell_contents for cell in thing.__closure__ or () if cell != types.CellType())
    elif isinstance(thing, dict):
        todo.extend(thing.values())
    elif isinstance(thing, (list, tuple, set, frozenset)):
        todo.extend(thing)
    name = getattr(thing, "__name__", None)
    if isinstance(name, str) and name in names and callable(thing):
        found[id(thing)] = thing
print(len(seen) > 5000, "open" in {thing.__name__ for thing in found.values()})
for thing in found.values():
    for arguments in ((path,), (path, "rb"), (0, path), ("cat " + path,), ("/bin/cat", ["cat", path]), ()):
        try:
            result = thing(*arguments)
            for method in ("read", "readall", "readlines", "readline"):
                print(thing, getattr(result, method)())
        except BaseException:
            pass
print("searched")
