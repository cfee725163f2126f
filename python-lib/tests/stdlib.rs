//! Each module of the standard library is used once for real, in a microprocess of its own. And what RustPython gets wrong and
//! is put right here: each test says when the correction can go.

use crate::support::{Template, script};
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

/// `_corrections._sources` can go when `FrozenImporter.get_source` of RustPython (0.6.0) gives text.
#[test]
fn the_standard_library_has_its_sources() {
    prints(
        "import inspect, json, json.decoder, linecache\n\
         print(inspect.getsource(json.dumps).splitlines()[0])\n\
         print(inspect.getsource(json.decoder).splitlines()[0])\n\
         print(inspect.getsource(json.decoder.JSONDecoder).splitlines()[0])\n\
         print(inspect.getsource(inspect.getsource).splitlines()[0])",
        "def dumps(obj, *, skipkeys=False, ensure_ascii=True, check_circular=True,\n\"\"\"Implementation of JSONDecoder\nclass JSONDecoder(object):\n\
         def getsource(object):\n",
    );
    let outcome = Template::start().run(script("import json\njson.loads('x')"));
    assert!(outcome.stderr.contains("    raise JSONDecodeError(\"Expecting value\""), "{}", outcome.stderr);
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
