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
const ALL: &str = program!("stdlib/all");

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
        let source = format!("NAMES = {names:?}\n{}", program!("stdlib/every_module_of_the_reference_is_imported"));
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
        program!("stdlib/a_mapping_proxy_prints_as_its_mapping"),
        "{'a': 1} mappingproxy({'a': 1}) {'a': 1}\nTrue True\n",
    );
}

/// The corrections in `corrections.rs` can go when `ByteInner` of RustPython (0.6.0) strips bytes and not characters of UTF-8.
#[test]
fn bytes_are_stripped_of_any_byte() {
    prints(
        program!("stdlib/bytes_are_stripped_of_any_byte"),
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
        program!("stdlib/buffered_objects_take_elements_of_any_size"),
        "400 None True\n400 True\n400 True\n400 True\n400 True\nreadinto <class '_io.BufferedReader'>\n",
    );
}

/// `cloison._library` can go when frozen modules of RustPython (0.6.0) have their files (`sys._stdlib_dir`), their code says so, and
/// `FrozenImporter.get_source` gives text.
#[test]
fn the_standard_library_has_its_files_and_sources() {
    prints(
        program!("stdlib/the_standard_library_has_its_files_and_sources"),
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
    let source = program!("stdlib/a_warning_shows_its_line");
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
        program!("stdlib/builtin_functions_do_not_become_methods"),
        "False True a 65534 256\nx\nTrue\nopen _io posix <built-in function open> ['file', 'mode']\n",
    );
}

/// `io.FileIO` is `host_env`'s, and so None: `_fileio.FileIO`.
#[test]
fn a_file_is_a_class() {
    prints(program!("stdlib/a_file_is_a_class"), "True True False\nx\nx\n");
}

/// What programs and libraries ask while they are imported.
#[test]
fn what_is_asked_at_import_has_an_answer() {
    prints(
        program!("stdlib/what_is_asked_at_import_has_an_answer"),
        "65534 65534 [] Linux Linux -1\n/tmp False None ~ True\nKeyError\nOSError\nHostDenied\nHostDenied\nb'b' b'b' b {'a': 'b'}\n3\n",
    );
}

/// The application's folder is searched first in any case; one below it can be added.
#[test]
fn a_folder_of_the_application_can_be_added_to_the_path() {
    let files = modules(&[
        ("main.py", program!("stdlib/a_folder_of_the_application_can_be_added_to_the_path")),
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
    let outcome = Template::start().run(script(program!("stdlib/help_and_quit_are_there")));
    assert!(outcome.stdout.contains("len(obj, /)"), "{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stdout.contains("Use quit() or Ctrl-D (i.e. EOF) to exit 1\n"), "{}", outcome.stdout);
    assert_eq!(outcome.status, 3, "{}", outcome.stderr);
}

#[test]
fn breakpoint_stops_in_pdb_on_standard_input() {
    let outcome = Template::start().run_with(
        script(program!("stdlib/breakpoint_stops_in_pdb_on_standard_input")),
        b"p x + 1\nx = 7\nc\n",
        |_| None,
    );
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
        program!("stdlib/what_differs_between_versions_of_python"),
        "17.0.0 Lo False\n0.9750021048517795 0.9750021048517795\n",
    );
}

/// RustPython's own `pyexpat` (0.6.0) starts a thread. `Lib/pyexpat.py` can go when it neither does, nor passes over a document
/// that is not well-formed.
#[test]
fn a_parser_takes_a_document_in_pieces() {
    prints(
        program!("stdlib/a_parser_takes_a_document_in_pieces"),
        &"b'<a b=\"1\">xy\\xc3\\xa9<c />\\nz</a>'\n".repeat(4),
    );
}

/// `_corrections.with_copies_of_patterns` can go when patterns of RustPython (0.6.0) have a `__copy__`.
#[test]
fn a_copy_of_a_pattern_is_the_pattern() {
    for imports in ["import copy, re", "import re, copy"] {
        prints(
            &format!("{imports}\n{}", program!("stdlib/a_copy_of_a_pattern_is_the_pattern")),
            "True True None\nTrue True None\n",
        );
    }
}

/// `_corrections.with_members_from_bytes` can go when `int.from_bytes` of RustPython (0.6.0) calls the class.
#[test]
fn a_member_is_made_of_bytes() {
    prints(program!("stdlib/a_member_is_made_of_bytes"), "True <F.A|B: 3>\nTrue []\n");
}

/// `_corrections.with_methods_of_classes` can go when `object.__init__.__reduce__()` of RustPython (0.6.0) gives its name.
#[test]
fn a_method_of_a_builtin_class_is_pickled() {
    prints(program!("stdlib/a_method_of_a_builtin_class_is_pickled"), "still\n");
}

/// With an entry there is a `__main__`, too.
#[test]
fn there_is_always_a_main_module() {
    let files = modules(&[("app.py", program!("stdlib/there_is_always_a_main_module"))]);
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
        program!("stdlib/a_class_derived_from_property_is_asked_each_time"),
        "{\"(['mine', 1], ['mine', 1], 1, 1, ['mine', 1])\"}\nTrue theirs said x y\nTrue None\nTypeError\n",
    );
}

/// The correction in `corrections.rs` can go when `PyObject::str` of RustPython (0.6.0) looks at the stack, as `PyObject::repr` does.
#[test]
fn an_exception_that_has_itself_has_a_text() {
    let source = program!("stdlib/an_exception_that_has_itself_has_a_text");
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
