//! Python in a microprocess has no way to anything native, and is told what would be needed.
//!
//! This is the language's wall; `raw_system_calls` tests the other one without it.

use cloison_tests::{Output, Project, users};
use std::io::{Read, Write};
use std::process::Stdio;

/// What a leak would show: it stands in a file that everybody can read.
const SECRET: &str = "the-canary-sings-at-dawn";

/// A file of the project, but not of the application, and a program that gets its path as its first argument.
fn project(source: &str) -> (Project, String) {
    let project = Project::script(source);
    let path = project.path("secret");
    std::fs::write(&path, SECRET).expect("a file");
    (project, path.display().to_string())
}

#[track_caller]
fn keeps_the_secret(output: Output) -> Output {
    assert!(!output.stdout.contains(SECRET) && !output.stderr.contains(SECRET), "leaked:\n{output}");
    output
}

#[test]
fn a_file_cannot_be_opened() {
    let project = Project::script("print(open(\"/etc/passwd\"))");
    for &user in users() {
        let output = project.main(&[]).user(user).output().ends_with(1);
        let output = output.complains(&["print(open(\"/etc/passwd\"))", "HostDenied", "capability", "/etc/passwd"]);
        assert_eq!(output.stdout, "");
    }
    Project::script("try:\n    open('x')\nexcept PermissionError as error:\n    print(error.errno, error.filename)")
        .main(&[])
        .output()
        .prints("13 x\n");
}

/// Modules, and a word of what would be needed instead.
const MODULES: [(&str, &str); 34] = [
    ("ctypes", "zone"),
    ("_ctypes", "zone"),
    ("ctypes.util", "zone"),
    ("cffi", "zone"),
    ("socket", "capability"),
    ("_socket", "capability"),
    ("ssl", "capability"),
    ("_ssl", "capability"),
    ("select", "capability"),
    ("selectors", "capability"),
    ("socketserver", "capability"),
    ("posix", "capability"),
    ("nt", ""),
    ("subprocess", "process of another class"),
    ("_posixsubprocess", "process of another class"),
    ("multiprocessing", "process of another class"),
    ("multiprocessing.shared_memory", "process of another class"),
    ("_multiprocessing", "process of another class"),
    ("_posixshmem", "zone"),
    ("pty", "terminal"),
    ("termios", "terminal"),
    ("tty", "terminal"),
    ("curses", "terminal"),
    ("readline", "terminal"),
    ("mmap", "zone"),
    ("fcntl", "capability"),
    ("_signal", "broker"),
    ("faulthandler", "broker"),
    ("resource", "limits"),
    ("pwd", "users"),
    ("grp", "users"),
    ("syslog", "capability"),
    ("sqlite3", "zone"),
    ("dbm", "capability"),
];

#[test]
fn native_modules_cannot_be_imported() {
    let source = "import importlib, sys\nfor name in sys.argv[1:]:\n    try:\n        importlib.import_module(name)\n        print(name, 'IMPORTED')\n    except ImportError as error:\n        print(name, type(error).__name__, error)\n";
    let names: Vec<_> = MODULES.iter().map(|(name, _)| *name).collect();
    let output = Project::script(source).main(&names).output().ends_with(0);
    let lines: Vec<_> = output.stdout.lines().collect();
    assert_eq!(lines.len(), MODULES.len(), "{output}");
    for (line, (name, need)) in lines.iter().zip(MODULES) {
        assert!(line.starts_with(&format!("{name} ModuleNotFoundError ")), "{line}");
        assert!(line.contains(need), "it does not say what would be needed ({need:?}): {line}");
    }
    // The control: what is pure can be imported that way.
    Project::script(source)
        .main(&["json", "os", "decimal"])
        .output()
        .prints("json IMPORTED\nos IMPORTED\ndecimal IMPORTED\n");
}

#[test]
fn an_import_that_fails_is_an_ordinary_traceback() {
    for (module, need) in [("ctypes", "zone"), ("socket", "capability"), ("posix", "capability")] {
        let output = Project::script(&format!("import {module}\n")).main(&[]).output().ends_with(1);
        output.complains(&["Traceback", "main.py\", line 1", &format!("No module named '{module}'"), need]);
    }
}

/// Expressions that would read the file, run a program, or reach another process, if they could.
const ATTEMPTS: &str = r#"
import builtins, codecs, io, os, pathlib, sys
path = sys.argv[1]
attempts = """
open(path).read()
builtins.open(path, "rb").read()
io.open(path).read()
io.open_code(path).read()
io.FileIO(path).read()
__import__("_io").open(path).read()
__import__("_io").FileIO(path).readall()
codecs.open(path).read()
pathlib.Path(path).read_text()
list(pathlib.Path("/").iterdir())
os.open(path, os.O_RDONLY)
os.read(3, 100)
os.fdopen(0)
os.listdir("/")
os.scandir("/")
os.stat(path)
os.access(path, 4) or 1 / 0
os.system("cat " + path)
os.popen("cat " + path).read()
os.execv("/bin/cat", ["cat", path])
os.posix_spawn("/bin/cat", ["cat", path], {})
os.fork()
os.kill(1, 9)
os.pipe()
__import__("signal").raise_signal(9)
__import__("signal").signal(2, print)
os.dup(1)
os.write(5, b"x")
os.getuid()
os.sched_getaffinity(0)
os.environ["PATH"]
os.environ["CLOISON_TEST_SECRET"]
os.remove(path)
__import__("linecache").getlines(path)[0]
__import__("tokenize").open(path).read()
__import__("fileinput").input(path).readline()
__import__("shutil").copy(path, path + ".copy")
__import__("tempfile").TemporaryFile()
__import__("zipfile").ZipFile(path)
__import__("gzip").open(path).read()
__import__("configparser").ConfigParser().read(path)[0]
__import__("mimetypes").read_mime_types(path)["x"]
__import__("runpy").run_path(path)
__import__("pkgutil").get_data("json", "../../../.." + path)[0]
__import__("importlib.machinery", fromlist=["x"]).SourceFileLoader("x", path).get_data(path)
__import__("importlib.util", fromlist=["x"]).spec_from_file_location("x", path).loader.get_data(path)
__import__("importlib.machinery", fromlist=["x"]).ExtensionFileLoader("x", path).load_module()
__import__("_imp").create_dynamic(__import__("importlib.machinery", fromlist=["x"]).ModuleSpec("x", None, origin=path))
sys.modules["__main__"].__loader__.get_data(path)
__import__("cloison._importer", fromlist=["x"]).Loader("x", path, "").get_data("/etc/passwd")
__import__("_cloison").readinto(3, bytearray(10))
__import__("_cloison").write(4, b"x")
__import__("_cloison").find("../secret")[2]
__import__("_cloison").find("secret")[2]
__import__("threading").Thread(target=print).start()
__import__("_thread").start_new_thread(print, ())
__import__("cloison").Capability("zlib")
__import__("cloison").Function()
object.__new__(__import__("cloison").Capability).crc32
object.__new__(__import__("cloison").Function)()
"""
for text in attempts.strip().splitlines():
    try:
        print("REACHED", text, repr(eval(text)))
    except (Exception, SystemExit) as error:
        print("failed", text, "|", type(error).__name__)
"#;

#[test]
fn the_standard_library_has_no_way_around() {
    for &user in users() {
        let (project, path) = project(ATTEMPTS);
        let output = keeps_the_secret(project.main(&[&path]).user(user).output().ends_with(0));
        let failed = output.stdout.lines().filter(|line| line.starts_with("failed")).count();
        let reached: Vec<_> = output.stdout.lines().filter(|line| line.starts_with("REACHED")).collect();
        assert!(reached.is_empty(), "{reached:#?}");
        assert_eq!(failed, 60, "{output}");
        assert_eq!(std::fs::read_to_string(&path).expect("it is there"), SECRET);
    }
}

#[test]
fn the_environment_is_empty() {
    let output = Project::script("import os\nprint(dict(os.environ), os.getcwd(), os.cpu_count())").main(&[]).output();
    output.prints("{} / 1\n");
}

/// Looks for whatever is left in the interpreter under a suspicious name, through every reference there is, and uses it.
const SEARCH: &str = r#"
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
"#;

#[test]
fn introspection_finds_nothing_that_opens_files_or_starts_programs() {
    let (project, path) = project(SEARCH);
    let output = keeps_the_secret(project.main(&[&path]).output().ends_with(0));
    assert!(output.stdout.starts_with("True True\n") && output.stdout.ends_with("searched\n"), "{output}");
}

const ZLIB: &str = "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc32\"]\n";

#[test]
fn handles_cannot_be_forged_copied_or_opened_up() {
    let source = r#"
import cloison, copy, pickle
zlib = cloison.capability("zlib")
crc32 = zlib.crc32
attempts = """
copy.copy(zlib)
copy.deepcopy(zlib)
pickle.dumps(zlib)
pickle.dumps(crc32)
copy.copy(crc32)
zlib.__reduce__()
crc32.__reduce_ex__(4)
type(zlib)()
type(zlib)("zlib")
type(crc32)()
type(crc32)(zlib, "adler32")
object.__new__(type(zlib))
object.__new__(type(crc32))
setattr(zlib, "__class__", type("Evil", (), {}))
setattr(type(zlib), "name", "libm")
setattr(type(crc32), "__call__", print)
setattr(crc32, "__name__", "adler32")
setattr(crc32, "__wrapped__", 1)
type("Sub", (type(crc32),), {})()
crc32.__closure__
crc32.__globals__
crc32.__self__
crc32.__code__
zlib.adler32(1, b"")
zlib.__dict__["adler32"](1, b"")
type(zlib).__getattribute__(zlib, "adler32")(1, b"")
object.__getattribute__(zlib, "adler32")(1, b"")
"""
for text in attempts.strip().splitlines():
    try:
        print("REACHED", text, eval(text))
    except Exception as error:
        print("failed", text, "|", type(error).__name__)
# Nothing in sight but names and functions: no number, no descriptor.
print({name: type(value).__name__ for name, value in vars(zlib).items()})
vars(zlib)["adler32"] = crc32   # harms nobody but this process
print(zlib.adler32(0, b"hello") == zlib.crc32(0, b"hello") == 907060870)
"#;
    let output = Project::script(source).file("cloison.toml", ZLIB).main(&[]).output().ends_with(0);
    let reached: Vec<_> = output.stdout.lines().filter(|line| line.starts_with("REACHED")).collect();
    assert!(reached.is_empty(), "{reached:#?}");
    let functions = "{'crc32': 'Function', 'adler32': 'Function'}";
    assert!(output.stdout.ends_with(&format!("{functions}\nTrue\n")), "{output}");
}

/// Patching the client's own module changes what this process sees, and nothing of what it may do.
#[test]
fn patched_modules_gain_nothing() {
    let source = r#"
import sys, types, _cloison
import cloison, cloison._errors, cloison._needs
cloison._needs.MODULES.clear()
cloison._needs.open_file = lambda *a, **k: "patched"
cloison._errors.CapabilityDenied = Exception
sys.modules["posix"] = types.ModuleType("posix")
class Yes:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return None
sys.meta_path.insert(0, Yes)
for text in ("cloison.capability('libm').sqrt(2.0)", "cloison.capability('zlib').adler32(1, b'')", "__import__('_socket')",
             "__import__('_ctypes')", "_cloison.capability('libm')"):
    try:
        print("REACHED", text, eval(text))
    except BaseException as error:
        print("failed", text)
print(cloison.capability("zlib").crc32(0, b"hello"))
"#;
    let output = Project::script(source).file("cloison.toml", ZLIB).main(&[]).output().ends_with(0);
    assert!(!output.stdout.contains("REACHED") && output.stdout.ends_with("907060870\n"), "{output}");
}

/// Code that no compiler makes, nesting that no stack holds: whatever it does, it does to its own process.
#[test]
fn forged_code_harms_its_own_process_alone() {
    let bystander =
        Project::script("import sys\nfor line in sys.stdin:\n    print(line.upper(), end='', flush=True)\n");
    let mut running = bystander.main(&[]).start_with(Stdio::piped());
    let mut answers = running.stdout();
    let forged = r#"
import sys
def victim(a, b=2, *c, d=4):
    x = [a, b]
    for y in c:
        x.append(y)
    return x, d
state = int(sys.argv[2])
def random():
    global state
    state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
    return state >> 33
for _ in range(40):
    code = victim.__code__
    raw = bytearray(code.co_code)
    for _ in range(1 + random() % 4):
        raw[random() % len(raw)] = random() % 256
    try:
        victim.__code__ = code.replace(co_code=bytes(raw), co_stacksize=random() % 4)
        victim(1, 2, 3)
    except BaseException:
        pass
    victim.__code__ = code
print("survived")
"#;
    let nested = [
        "def f():\n    return f()\ntry:\n    f()\nexcept RecursionError:\n    print('survived')\n",
        "try:\n    eval('(' * 100000 + ')' * 100000)\nexcept BaseException:\n    print('survived')\n",
        "x = []\nfor _ in range(200000):\n    x = [x]\ntry:\n    repr(x)\nexcept RecursionError:\n    print('survived')\n",
        "class A:\n    def __getattr__(self, name):\n        return getattr(self, name + 'x')\ntry:\n    A().x\nexcept RecursionError:\n    print('survived')\n",
    ];
    let mut runs = Vec::new();
    for seed in 0..6 {
        let (project, path) = project(forged);
        runs.push(keeps_the_secret(project.main(&[&path, &seed.to_string()]).output()));
    }
    runs.extend(nested.map(|source| Project::script(source).main(&[]).output()));
    for output in runs {
        // It survives, or it dies and the command says of what.
        let died =
            output.code() >= 128 && output.stderr.contains("signal") || output.code() == 1 || output.code() == 101;
        assert!(output.stdout == "survived\n" || died, "{output}");
    }
    running.stdin().write_all(b"there?\n").expect("it reads");
    let mut answer = [0; 7];
    answers.read_exact(&mut answer).expect("it answers");
    assert_eq!(&answer, b"THERE?\n");
    running.finish().ends_with(0);
}
