//! Each module of the standard library is used once for real, in a microprocess of its own. And what RustPython gets wrong and
//! is put right here: each test says when the correction can go.

use crate::support::{Template, modules, script};
use cloison_contract::message::Run;
use std::collections::{BTreeMap, BTreeSet};

const USES: &str = include_str!("stdlib/uses.py");

/// Name and program of each use, and the names of what cannot be imported.
fn uses() -> (BTreeMap<&'static str, String>, BTreeSet<&'static str>) {
    let (mut uses, mut missing) = (BTreeMap::new(), BTreeSet::new());
    for part in USES.split("\n#: ").skip(1) {
        let (head, body) = part.split_once('\n').unwrap_or((part, ""));
        match head.split_once(" not importable: ") {
            Some((name, why)) => {
                assert!(!why.is_empty(), "{name}: a reason");
                assert!(missing.insert(name), "{name} is listed twice");
            }
            None => assert!(uses.insert(head, body.to_owned()).is_none(), "{head} is there twice"),
        }
    }
    (uses, missing)
}

#[test]
fn each_module_of_the_standard_library_works_once() {
    let template = Template::start();
    let mut wrong = Vec::new();
    for (name, program) in uses().0 {
        let outcome = template.run(script(&program));
        if outcome.status != 0 || outcome.stderr.contains("Traceback") {
            wrong.push(format!("{name}: status {}\n{}", outcome.status, outcome.stderr));
        }
    }
    assert!(wrong.is_empty(), "{} modules:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is there, asked of the interpreter. Names with an underscore are parts of others; `antigravity` opens a browser, and the
/// submodules of `encodings` are tried by name in the use of that.
const ALL: &str = r#"
import _imp, importlib, sys, warnings
warnings.simplefilter("ignore")
names = {name.replace("_frozen", "") for name in set(_imp._frozen_module_names()) | set(sys.builtin_module_names)}
names.update(("os.path", "collections.abc"))
for name in sorted(names):
    parts = name.split(".")
    if any(part.startswith("_") and part != "__future__" for part in parts) or parts[0] in ("antigravity", "this", "cloison"):
        continue
    if name.startswith("encodings") and name != "encodings" or "idlelib" in name:
        continue
    try:
        importlib.import_module(name)
    except ImportError:
        print("no", name)
    else:
        print("yes", name)
"#;

#[test]
fn every_module_is_in_the_table() {
    let outcome = Template::start().run(script(ALL));
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    let told = |what: &str| -> BTreeSet<String> {
        outcome.stdout.lines().filter_map(|line| line.strip_prefix(what)).map(str::to_owned).collect()
    };
    let (uses, missing) = uses();
    let used: BTreeSet<String> = uses.keys().map(|name| (*name).to_owned()).collect();
    let there = told("yes ");
    assert_eq!(there.difference(&used).collect::<Vec<_>>(), [""; 0], "importable, and without a use");
    assert_eq!(used.difference(&there).collect::<Vec<_>>(), [""; 0], "with a use, and not importable");
    let missing: BTreeSet<String> = missing.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(told("no "), missing, "what cannot be imported is as listed");
}

/// What there is to import: the list was made of the reference's `sys.stdlib_module_names` and of the modules of its packages.
const MODULES: &str = include_str!("stdlib/modules.txt");
/// So many are imported into one microprocess, so that an import cannot live on what another one has left behind for long.
const AT_ONCE: usize = 40;

#[test]
fn every_module_of_the_reference_is_imported() {
    let lines = MODULES.lines().filter(|line| !line.starts_with('#'));
    let (left_out, names): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.contains(": "));
    let template = Template::start();
    let mut wrong = Vec::new();
    for names in names.chunks(AT_ONCE) {
        let source = format!(
            "import importlib, sys, warnings\nwarnings.simplefilter('ignore')\n\
             for name in {names:?}:\n    try:\n        module = importlib.import_module(name)\n        assert module.__name__, name\n    \
             except BaseException as error:\n        print(name, type(error).__name__, error, file=sys.stderr)"
        );
        let outcome = template.run(script(&source));
        if outcome.status != 0 || !outcome.stderr.is_empty() {
            wrong.push(format!("status {}\n{}", outcome.status, outcome.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Nothing that the interpreter counts to its library is forgotten.
    let known: BTreeSet<&str> =
        names.iter().copied().chain(left_out.iter().filter_map(|line| line.split(": ").next())).collect();
    let outcome = template.run(script("import sys\nprint(*sorted(sys.stdlib_module_names), sep='\\n')"));
    let forgotten: Vec<_> = outcome.stdout.lines().filter(|name| !known.contains(name)).collect();
    assert_eq!(forgotten, ["_compression", "_testinternalcapi"], "gone in 3.14, and for its own tests");
}

fn prints(source: &str, expected: &str) {
    let outcome = Template::start().run(script(source));
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), (expected, ""), "{source}");
}

/// The correction in `corrections.rs` can go when `types.mappingproxy_type` of RustPython (0.6.0) has a `__str__`.
#[test]
fn a_mapping_proxy_prints_as_its_mapping() {
    prints(
        "import types\nd = types.MappingProxyType({'a': 1})\nprint(d, repr(d), f'{d}')\n\
         class C: x = 1\nprint(str(C.__dict__).startswith('{'), repr(C.__dict__).startswith('mappingproxy('))",
        "{'a': 1} mappingproxy({'a': 1}) {'a': 1}\nTrue True\n",
    );
}

/// The corrections in `corrections.rs` can go when `ByteInner` of RustPython (0.6.0) strips bytes and not characters of UTF-8.
#[test]
fn bytes_are_stripped_of_any_byte() {
    prints(
        "class B(bytes): pass\n\
         for kind in bytes, bytearray, B:\n    \
         a = kind(b'\\xffa\\xe9\\xff')\n    \
         print(a.strip(b'\\xff'), a.lstrip(b'\\xff'), a.rstrip(memoryview(b'\\xff\\xe9')), a.strip(a), type(a.strip()).__name__)\n    \
         print(kind(b' \\t\\n\\r\\x0b\\x0c\\x1c a \\x85').strip(), kind(b'').rstrip(), kind(b'xyx').strip(b'x'), kind(b'a').strip(None))\n\
         whole = b'ab'; print(whole.strip() is whole, B(b'ab').strip() is whole, bytes.strip.__name__, bytes.strip.__objclass__)\n\
         for wrong in 'a', 1:\n    \
         try: b'a'.strip(wrong)\n    \
         except TypeError: print('TypeError')\n",
        "b'a\\xe9' b'a\\xe9\\xff' b'\\xffa' b'' bytes\n\
         b'\\x1c a \\x85' b'' b'y' b'a'\n\
         bytearray(b'a\\xe9') bytearray(b'a\\xe9\\xff') bytearray(b'\\xffa') bytearray(b'') bytearray\n\
         bytearray(b'\\x1c a \\x85') bytearray(b'') bytearray(b'y') bytearray(b'a')\n\
         b'a\\xe9' b'a\\xe9\\xff' b'\\xffa' b'' bytes\n\
         b'\\x1c a \\x85' b'' b'y' b'a'\n\
         True False strip <class 'bytes'>\nTypeError\nTypeError\n",
    );
}

/// The correction in `corrections.rs` can go when `raw_write` and `raw_read` of RustPython's `_io` (0.6.0) take a part of a buffer by bytes.
#[test]
fn buffered_objects_take_elements_of_any_size() {
    prints(
        "import array, io\nnumbers = array.array('i', range(100))\nwhole = numbers.tobytes()\n\
         raw = io.BytesIO()\nwriter = io.BufferedWriter(raw, 16)\nprint(writer.write(numbers), writer.flush(), raw.getvalue() == whole)\n\
         for name in 'readinto', 'readinto1':\n    \
         for kind in io.BufferedReader, io.BufferedRandom:\n        \
         target = array.array('i', bytes(400))\n        \
         print(getattr(kind(io.BytesIO(whole), 16), name)(memoryview(target)), target == numbers)\n\
         print(io.BufferedReader.readinto.__name__, io.BufferedReader.readinto.__objclass__)",
        "400 None True\n400 True\n400 True\n400 True\n400 True\nreadinto <class '_io.BufferedReader'>\n",
    );
}

/// `cloison._library` can go when frozen modules of RustPython (0.6.0) have their files (`sys._stdlib_dir`), their code says so, and
/// `FrozenImporter.get_source` gives text.
#[test]
fn the_standard_library_has_its_files_and_sources() {
    prints(
        "import inspect, json, json.decoder, linecache, os, sysconfig, codecs, cloison\n\
         print(inspect.getsource(json.dumps).splitlines()[0])\n\
         print(inspect.getsource(json.decoder).splitlines()[0])\n\
         print(inspect.getsource(json.decoder.JSONDecoder).splitlines()[0])\n\
         print(inspect.getsource(inspect.getsource).splitlines()[0])\n\
         folder = sysconfig.get_path('stdlib')\n\
         for module in (json, json.decoder, os, codecs, cloison, inspect):\n    \
         assert module.__file__.startswith(folder + '/') and module.__file__.endswith('.py'), module\n    \
         assert inspect.getsourcefile(module) == module.__file__ and inspect.getsource(module)\n\
         print(json.__file__.removeprefix(folder), json.dumps.__code__.co_filename == json.__file__, json.__path__ == [folder + '/json'])\n\
         print(codecs.lookup.__name__, codecs.getwriter.__code__.co_filename == codecs.__file__)",
        "def dumps(obj, *, skipkeys=False, ensure_ascii=True, check_circular=True,\n\"\"\"Implementation of JSONDecoder\nclass JSONDecoder(object):\n\
         def getsource(object):\n/json/__init__.py True True\nlookup True\n",
    );
    let outcome = Template::start().run(script("import json\njson.loads('x')"));
    assert!(outcome.stderr.contains("    raise JSONDecodeError(\"Expecting value\""), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("/json/decoder.py\", line "), "{}", outcome.stderr);
}

/// `linecache` is told of no module by `warnings`: `_corrections.with_modules_sources`.
#[test]
fn a_warning_shows_its_line() {
    let source = "import warnings, json\nwarnings.warn_explicit('old', UserWarning, json.__file__, 1)\nimport loud\nwarnings.warn('here')";
    let loud = modules(&[("loud.py", "import warnings\nwarnings.warn('loud')  # the line\n")]);
    let outcome = Template::with(loud, &[], 256 << 20).expect("it starts").run(script(source));
    let [old, line, loud, its_line, here, ..] = outcome.stderr.lines().collect::<Vec<_>>()[..] else {
        panic!("{}", outcome.stderr)
    };
    assert!(
        old.ends_with("/json/__init__.py:1: UserWarning: old") && line.starts_with("  r\"\"\"JSON"),
        "{old}\n{line}"
    );
    assert_eq!((loud, its_line), ("loud.py:2: UserWarning: loud", "  warnings.warn('loud')  # the line"));
    assert_eq!(here, "t.py:4: UserWarning: here");
}

/// Ours are Python functions: `_native.as_builtins` and `_corrections._builtin_functions` have them be of the interpreter's type.
#[test]
fn builtin_functions_do_not_become_methods() {
    prints(
        "import _thread, builtins, inspect, os, posix, socket, time, types\n\
         class C: lock, ident, open, fspath, uid, ns, sleep = _thread.allocate_lock, _thread.get_ident, open, os.fspath, os.getuid, socket.htons, time.sleep\n\
         print(C().lock().locked(), C().ident() == _thread.get_ident(), C().fspath('a'), C().uid(), C().ns(1))\n\
         try: C().open('x')\n\
         except OSError as error: print(error.filename)\n\
         print({type(function) for function in (open, os.stat, _thread.start_new_thread)} == {types.BuiltinFunctionType})\n\
         print(open.__name__, open.__module__, os.stat.__module__, open, list(inspect.signature(open).parameters)[:2])",
        "False True a 65534 256\nx\nTrue\nopen _io posix <built-in function open> ['file', 'mode']\n",
    );
}

/// `io.FileIO` is `host_env`'s, and so None: `_fileio.FileIO`.
#[test]
fn a_file_is_a_class() {
    prints(
        "import io, _io, functools\n\
         class A(io.FileIO): pass\n\
         print(io.FileIO is _io.FileIO, issubclass(io.FileIO, io.RawIOBase), isinstance(io.BytesIO(), io.FileIO))\n\
         for kind in (A, io.FileIO):\n    \
         try: kind('x')\n    \
         except PermissionError as error: print(error.filename)\n\
         @functools.singledispatch\n\
         def wrap(file): pass\n\
         wrap.register(io.FileIO)(len)",
        "True True False\nx\nx\n",
    );
}

/// What programs and libraries ask while they are imported.
#[test]
fn what_is_asked_at_import_has_an_answer() {
    prints(
        "import getpass, os, platform, pwd, shutil, signal, tempfile, time\n\
         print(os.getuid(), os.geteuid(), os.getgroups(), os.uname().sysname, platform.system(), signal.set_wakeup_fd(-1))\n\
         print(tempfile.gettempdir(), os.access('/', os.R_OK), shutil.which('ls'), os.path.expanduser('~'), len(os.sched_getaffinity(0)) == os.cpu_count())\n\
         for call in (lambda: pwd.getpwuid(os.getuid()), getpass.getuser, lambda: time.clock_settime(0, 0), os.getlogin):\n    \
         try: print(call())\n    \
         except (KeyError, OSError) as error: print(type(error).__name__)\n\
         os.environ['a'] = 'b'\n\
         print(os.environb[b'a'], os.path.expandvars(b'$a'), os.getenv('a'), dict(os.environ))\n\
         import datetime, warnings; warnings.simplefilter('ignore'); print(datetime.datetime.strptime('1 Mar', '%d %b').month)",
        "65534 65534 [] Linux Linux -1\n/tmp False None ~ True\nKeyError\nOSError\nHostDenied\nHostDenied\nb'b' b'b' b {'a': 'b'}\n3\n",
    );
}

/// The application's folder is searched first in any case; one below it can be added.
#[test]
fn a_folder_of_the_application_can_be_added_to_the_path() {
    let files = modules(&[
        (
            "main.py",
            "import sys, os\nsys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lib'))\nimport inner, pack.sub\nprint(inner.x, pack.sub.y, pack.sub.__file__)",
        ),
        ("lib/inner.py", "x = 1"),
        ("lib/pack/__init__.py", ""),
        ("lib/pack/sub.py", "y = 2"),
        ("lib/colorsys.py", "mine = True"),
    ]);
    let template = Template::with(files, &[], 256 << 20).expect("it starts");
    let run = |source: &str| {
        let outcome = template.run(script(source));
        format!("{}{}", outcome.stdout, outcome.stderr)
    };
    assert_eq!(run("import main"), "1 2 lib/pack/sub.py\n");
    // In front of the standard library's folder it comes first, behind it last.
    assert_eq!(run("import sys; sys.path.insert(0, 'lib'); import colorsys; print(colorsys.mine)"), "True\n");
    assert_eq!(
        run("import sys; sys.path.append('lib'); import colorsys, inner; print(hasattr(colorsys, 'mine'), inner.x)"),
        "False 1\n"
    );
    assert!(
        run("import sys; sys.path[:0] = ['/etc', '/lib/..', 'not-a-package', b'lib', '']; import inner")
            .contains("No module named 'inner'")
    );
}

/// `_corrections._site_builtins` stands for module `site`, which is not run here.
#[test]
fn help_and_quit_are_there() {
    let outcome = Template::start().run(script("help(len)\nprint(quit, copyright and 1)\nquit(3)"));
    assert!(outcome.stdout.contains("len(obj, /)"), "{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stdout.contains("Use quit() or Ctrl-D (i.e. EOF) to exit 1\n"), "{}", outcome.stdout);
    assert_eq!(outcome.status, 3, "{}", outcome.stderr);
}

#[test]
fn breakpoint_stops_in_pdb_on_standard_input() {
    let outcome =
        Template::start()
            .run_with(script("x = 5\nbreakpoint()\nprint('after', x)\n"), b"p x + 1\nx = 7\nc\n", |_| None);
    assert!(outcome.stdout.contains("-> breakpoint()"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("(Pdb) 6\n"), "{}", outcome.stdout);
    assert!(outcome.stdout.ends_with("after 7\n"), "{}", outcome.stdout);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""));
}

#[test]
fn the_platform_is_named_without_its_kernel() {
    let expected = format!("Linux Linux-{arch} {arch} ('', '')\n", arch = std::env::consts::ARCH);
    prints("import platform as p\nprint(p.system(), p.platform(), p.machine(), (p.release(), p.version()))", &expected);
}

/// No correction: both were said to be faults, and are as in CPython 3.14 but for its older Unicode. RustPython (0.6.0) has
/// Unicode 17, where U+0295 is a letter without case (`Lo`); CPython 3.14 has Unicode 16, where it is a small one. And 3.14 computes
/// `cdf` by `erfc`, 3.12 by `erf`.
#[test]
fn what_differs_between_versions_of_python() {
    prints(
        "import unicodedata, statistics, math\n\
         print(unicodedata.unidata_version, unicodedata.category('\\u0295'), '\\u0295'.islower())\n\
         print(statistics.NormalDist().cdf(1.96), 0.5 * math.erfc(-1.96 / math.sqrt(2)))",
        "17.0.0 Lo False\n0.9750021048517795 0.9750021048517795\n",
    );
}

/// RustPython's own `pyexpat` (0.6.0) starts a thread. `Lib/pyexpat.py` can go when it neither does, nor passes over a document
/// that is not well-formed.
#[test]
fn a_parser_takes_a_document_in_pieces() {
    prints(
        "import xml.etree.ElementTree as E\nfor size in (1, 2, 3, 1000):\n    p = E.XMLParser()\n    \
         d = '<a b=\"1\">x<![CDATA[y]]><!-- c -->\\u00e9<c/>\\r\\nz</a>'.encode()\n    \
         for at in range(0, len(d), size): p.feed(d[at:at + size])\n    \
         print(E.tostring(p.close(), encoding='unicode').encode())",
        &"b'<a b=\"1\">xy\\xc3\\xa9<c />\\nz</a>'\n".repeat(4),
    );
}

/// `_corrections.with_copies_of_patterns` can go when patterns of RustPython (0.6.0) have a `__copy__`.
#[test]
fn a_copy_of_a_pattern_is_the_pattern() {
    for imports in ["import copy, re", "import re, copy"] {
        prints(
            &format!(
                "{imports}\nfor value in (re.compile('a'), re.match('a', 'a')):\n    \
                 print(copy.copy(value) is value, copy.deepcopy(value) is value, type(value).__dict__.get('__copy__'))"
            ),
            "True True None\nTrue True None\n",
        );
    }
}

/// `_corrections.with_members_from_bytes` can go when `int.from_bytes` of RustPython (0.6.0) calls the class.
#[test]
fn a_member_is_made_of_bytes() {
    prints(
        "import enum\nclass E(enum.IntEnum): A = 1\nclass F(enum.IntFlag): A, B = 1, 2\n\
         print(E.from_bytes(b'\\1') is E.A, repr(F.from_bytes(b'\\0\\3', 'big')))\n\
         calls = []\nclass I(int):\n    def __new__(cls, value): calls.append(value); return int.__new__(cls, value)\n\
         print(type(I.from_bytes(b'\\1')) is I, calls)",
        "True <F.A|B: 3>\nTrue []\n",
    );
}

/// `_corrections.with_methods_of_classes` can go when `object.__init__.__reduce__()` of RustPython (0.6.0) gives its name.
#[test]
fn a_method_of_a_builtin_class_is_pickled() {
    prints(
        "import pickle\nfor protocol in range(pickle.HIGHEST_PROTOCOL + 1):\n    \
         assert pickle.loads(pickle.dumps([object.__init__, int.__add__], protocol)) == [object.__init__, int.__add__]\n\
         try: object.__init__.__reduce_ex__(2)\nexcept TypeError: print('still')",
        "still\n",
    );
}

/// With an entry there is a `__main__`, too.
#[test]
fn there_is_always_a_main_module() {
    let files = modules(&[(
        "app.py",
        "import __main__, doctest, sys, unittest\n\ndef double(x):\n    '''\n    >>> double(2)\n    4\n    '''\n    return 2 * x\n\n\
         class Test(unittest.TestCase):\n    def test(self): pass\n\n\
         def main():\n    print(__main__.__name__, doctest.testmod(sys.modules[__name__]))\n    unittest.main(__name__, argv=['x'])\n",
    )]);
    let template = Template::with(files, &["app"], 256 << 20).expect("it starts");
    let outcome = template.run(Run::Function {
        module: "app".to_owned(),
        qualname: "main".to_owned(),
        argv: vec!["app".to_owned()],
    });
    assert_eq!(outcome.stdout, "__main__ TestResults(failed=0, attempted=1)\n", "{}", outcome.stderr);
    assert!(outcome.stderr.contains("Ran 1 test") && outcome.stderr.ends_with("\n\nOK\n"), "{}", outcome.stderr);
}

/// The correction can go when RustPython specializes `LOAD_ATTR` (`LoadAttrProperty`) for `property` itself alone.
#[test]
fn a_class_derived_from_property_is_asked_each_time() {
    prints(
        "class Cached(property):\n    def __get__(self, o, t=None): return self if o is None else ['mine', super().__get__(o, t)]\n\
         class Named(Cached):\n    def __init__(self, f, name): super().__init__(f, doc='said'); self.label = name\n\
         class Plain(property): pass\n\
         def theirs(self):\n    'theirs'\n    return 1\n\
         class A:\n    x = Cached(theirs)\n    y = Named(theirs, 'y')\n    z = Plain(theirs)\n    w = property(theirs)\n    v = x.setter(print)\n\
         print({str((A().x, A().y, A().z, A().w, A().v)) for _ in range(100)})\n\
         print(A.x.fget is A.y.fget is A.z.fget is A.w.fget is A.v.fget is theirs, A.x.__doc__, A.y.__doc__, A.x.__name__, A.y.label)\n\
         print(property.fget.__get__(A.x) is theirs, Cached().fget)\n\
         try: Cached(1, 2, 3, 4, 5)\n\
         except TypeError as error: print('TypeError')",
        "{\"(['mine', 1], ['mine', 1], 1, 1, ['mine', 1])\"}\nTrue theirs said x y\nTrue None\nTypeError\n",
    );
}

/// The correction in `corrections.rs` can go when `PyObject::str` of RustPython (0.6.0) looks at the stack, as `PyObject::repr` does.
#[test]
fn an_exception_that_has_itself_has_a_text() {
    let source = r"
import traceback

e = SyntaxError('x')
e.msg = e
o = OSError(1, 'x')
o.strerror = o
n = FileNotFoundError(2, 'x', 'f')
n.errno = n
decode = UnicodeDecodeError('ascii', b'b', 0, 1, 'x')
decode.reason = decode
encode = UnicodeEncodeError('ascii', 'b', 0, 1, 'x')
encode.encoding = encode
translate = UnicodeTranslateError('b', 0, 1, 'x')
translate.reason = translate
class Own(KeyError):
    __str__ = Exception.__str__
a = Own()
a.args = (a,)
v = ValueError()
v.args = (v,)
noted = ValueError('noted')
noted.__notes__ = [v]
placed = SyntaxError('placed')
placed.lineno = v
named = SyntaxError('named')
named.filename = v
ring = [ValueError(), SyntaxError()]
ring[0].args, ring[1].msg = (ring[1],), ring[0]
for one in [e, o, n, decode, encode, translate, a, v, noted, placed, named, ring[0], ExceptionGroup('group', [v, e])]:
    try:
        str(one)
    except RecursionError:
        pass
    print(type(one).__name__, bool(traceback.format_exception(one)))
class Dropped:
    def __del__(self):
        raise e
Dropped()
print(str(ValueError('x')), str(KeyError('x')), str(OSError(1, 'x', 'f')), str(SyntaxError('x')), str(ExceptionGroup('g', [v])))
print(ValueError.__str__ is BaseException.__str__, KeyError.__str__ is BaseException.__str__, BaseException.__str__.__name__)
";
    let outcome = Template::start().run(script(source));
    let expected = "SyntaxError True\nPermissionError True\nFileNotFoundError True\nUnicodeDecodeError True\nUnicodeEncodeError True\n\
                    UnicodeTranslateError True\nOwn True\nValueError True\nValueError True\nSyntaxError True\nSyntaxError True\n\
                    ValueError True\nExceptionGroup True\nx 'x' [Errno 1] x: 'f' x g (1 sub-exception)\nTrue False __str__\n";
    assert_eq!((outcome.stdout.as_str(), outcome.status), (expected, 0), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("Exception ignored"), "{}", outcome.stderr);
    for raised in [
        "e",
        "o",
        "decode",
        "a",
        "v",
        "noted",
        "placed",
        "named",
        "ring[1]",
        "ExceptionGroup('group', [v, e])",
        "SystemExit(v)",
    ] {
        let outcome = Template::start()
            .run(script(&format!("{}raise {raised}\n", source.split("for one").next().unwrap_or_default())));
        assert_eq!((outcome.stdout.as_str(), outcome.status), ("", 1), "{raised}: {}", outcome.stderr);
        assert!(outcome.stderr.ends_with('\n'), "{raised}: {}", outcome.stderr);
    }
}
