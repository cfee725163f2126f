//! What the command makes of manifests, by running it: stubs (checked by mypy), pages, schemas, drafts, comparisons.
//!
//! mypy is `$CLOISON_PYTHON -m mypy`, or else that which `make mypy` has set up, or else `python3 -m mypy`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const MANIFEST: &str = r#"
[zone]
name = "shop"
version = "1.0.0"
library = { soname = "libc.so.6" }
doc = "A shop."

[constants]
FULL = 3
NAME = "shop"

[exceptions.Sold]
doc = "It is gone."

[types.point]
c = "struct point { double x, y; };"
doc = "A place."
[types.color]
c = "enum color { RED, GREEN = 4 };"
[types.list]
c = "typedef struct list list;"
handle = true
free = "list_free"

[functions.list_new]
c = "list *list_new(int size)"
[functions.list_free]
c = "void list_free(list *one)"
internal = true
[functions.add]
c = "int add(list *one, const struct point *where, enum color color, const char *name)"
doc = "Add a thing."
where = { in = true }
name = { default = "thing" }
returns = { error_if = "< 0", raises = "Sold" }
[functions.middle]
c = "struct point middle(const double *numbers, size_t n)"
numbers = { in = true, length = "n" }
[functions.visit]
c = "void visit(list *one, int (*each)(const char *name, int number))"
[functions.pack]
c = "int pack(const unsigned char *data, size_t n)"
data = { in = true, length = "n" }
"#;

const USE: &str = include_str!("../python/generated/use.py");

/// Each line is one mistake.
const MISUSE: &str = include_str!("../python/generated/misuse.py");

/// Names that are words of Python, of C++, or the stub's own.
const AWKWARD: &str = r#"
[zone]
name = "awkward"
version = "1.0.0"
library = { soname = "libc.so.6" }

[types.odd]
c = "struct odd { int self; int __q; int class; };"
[functions.awkward]
c = "int awkward(int self, int items, int _self, int __fd)"
[functions.picture]
c = "void picture(unsigned char *room, size_t size)"
room = { out = true, capacity = "size", max = "1 KiB", view = true }
[functions.classify]
c = "int classify(int class)"
[functions.narrows]
c = "int narrows(int items)"
"#;

/// What begins with `__` can only be passed by position as far as type checkers know.
const AWKWARD_USE: &str = include_str!("../python/generated/awkward_use.py");

/// The package's own names, about processes.
const PROCESSES_USE: &str = include_str!("../python/generated/processes_use.py");

/// Each line is one mistake.
const PROCESSES_MISUSE: &str = include_str!("../python/generated/processes_misuse.py");

fn cloison(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cloison")).args(arguments).current_dir(folder).output().expect("cloison")
}

fn text(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

fn ok(output: Output) -> String {
    let (out, err) = text(&output);
    assert!(output.status.success(), "{out}{err}");
    out
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("cloison-cli-").tempdir().expect("a temporary folder");
    fs::write(folder.path().join("shop.zone.toml"), MANIFEST).expect("a manifest");
    folder
}

/// The Python of `make mypy`, in the same target directory.
fn set_up() -> Option<PathBuf> {
    let tools = fs::read_dir(Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tools")).ok()?;
    let whole = tools.flatten().map(|tool| tool.path()).filter(|tool| tool.extension().is_none_or(|end| end != "new"));
    whole.map(|tool| tool.join("bin/python3")).find(|python| python.exists())
}

fn mypy(folder: &Path, files: &[&str]) -> Output {
    let python =
        std::env::var_os("CLOISON_PYTHON").map(PathBuf::from).or_else(set_up).unwrap_or_else(|| "python3".into());
    let there = Command::new(&python).args(["-c", "import mypy"]).output().is_ok_and(|done| done.status.success());
    let shown = python.display();
    assert!(there, "{shown} has no mypy: `make mypy` sets it up, or name a Python that has it in CLOISON_PYTHON");
    ok(cloison(folder, &["stub", "cloison", "-o", "typings/cloison/__init__.pyi"]));
    ok(cloison(folder, &["stub", "cloison.futures", "-o", "typings/cloison/futures.pyi"]));
    ok(cloison(folder, &["stub", "cloison.log", "-o", "typings/cloison/log.pyi"]));
    // What mypy has read of its own stubs stays from run to run. Two at once would write over each other's.
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mypy");
    fs::create_dir_all(&cache).expect("a folder");
    let alone = fs::File::create(cache.join("lock")).expect("a file");
    alone.lock().expect("a lock");
    Command::new(python)
        .args(["-m", "mypy", "--strict", "--no-error-summary", "--cache-dir"])
        .arg(&cache)
        .args(files)
        .env("MYPYPATH", "typings")
        .current_dir(folder)
        .output()
        .expect("mypy")
}

#[test]
fn stubs_are_what_mypy_takes() {
    let folder = folder();
    let folder = folder.path();
    ok(cloison(folder, &["stub", "shop.zone.toml", "-o", "shop_capability.pyi"]));
    for bundled in ["zlib", "libm"] {
        ok(cloison(folder, &["stub", bundled, "-o", &format!("{bundled}_capability.pyi")]));
    }
    fs::write(folder.join("use.py"), USE).expect("a program");
    ok(mypy(folder, &["use.py", "shop_capability.pyi", "zlib_capability.pyi", "libm_capability.pyi"]));
}

#[test]
fn stubs_bear_awkward_names() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("awkward.zone.toml"), AWKWARD).expect("a manifest");
    ok(cloison(folder, &["stub", "awkward.zone.toml", "-o", "awkward_capability.pyi"]));
    fs::write(folder.join("use.py"), AWKWARD_USE).expect("a program");
    ok(mypy(folder, &["use.py", "awkward_capability.pyi"]));
    assert!(ok(cloison(folder, &["docs", "awkward.zone.toml"])).contains("picture() -> View"));
}

#[test]
fn stubs_of_the_examples_are_what_mypy_takes() {
    let folder = folder();
    let folder = folder.path();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let all = [("feed", "expat"), ("image", "png"), ("ledger", "libc"), ("pack", "zstd"), ("sqlite", "sqlite")];
    for (example, zone) in all {
        let manifest = examples.join(example).join(format!("{zone}.zone.toml"));
        let stub = format!("{zone}_capability.pyi");
        ok(cloison(folder, &["stub", manifest.to_str().expect("UTF-8"), "-o", &stub]));
        let mut files = vec![stub.as_str()];
        // Some programs say what type their capability has.
        let program = fs::read_to_string(examples.join(example).join("app.py")).expect("a program");
        let name = format!("{example}.py");
        if program.contains(&format!("from {zone}_capability import")) {
            fs::write(folder.join(&name), program).expect("a copy");
            files.push(&name);
        }
        ok(mypy(folder, &files));
    }
}

#[test]
fn the_stub_of_the_package_knows_processes() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("use.py"), PROCESSES_USE).expect("a program");
    ok(mypy(
        folder,
        &["use.py", "typings/cloison/__init__.pyi", "typings/cloison/futures.pyi", "typings/cloison/log.pyi"],
    ));
}

#[test]
fn stubs_find_mistakes() {
    let folder = folder();
    let folder = folder.path();
    ok(cloison(folder, &["stub", "shop.zone.toml", "-o", "shop_capability.pyi"]));
    for (program, first_mistake) in [(MISUSE, "one ="), (PROCESSES_MISUSE, "child.number =")] {
        fs::write(folder.join("misuse.py"), program).expect("a program");
        let (found, _) = text(&mypy(folder, &["misuse.py"]));
        let first = program.lines().position(|line| line.starts_with(first_mistake)).expect("the first mistake") + 1;
        for line in first..=program.lines().count() {
            assert!(found.contains(&format!("misuse.py:{line}: error")), "line {line}\n{found}");
        }
    }
}

#[test]
fn pages_are_as_they_were() {
    let folder = folder();
    for (manifest, golden) in [("shop.zone.toml", "shop.md"), ("zlib", "zlib.md")] {
        let page = ok(cloison(folder.path(), &["docs", manifest]));
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(golden);
        if std::env::var_os("CLOISON_BLESS").is_some() {
            fs::write(&golden, &page).expect("a golden file");
        }
        assert_eq!(page, fs::read_to_string(&golden).unwrap_or_default(), "CLOISON_BLESS=1 writes it anew");
    }
}

#[test]
fn what_is_no_manifest_is_an_error() {
    let folder = folder();
    for command in ["stub", "docs"] {
        let output = cloison(folder.path(), &[command, "none-such"]);
        let (out, err) = text(&output);
        assert!(output.status.code() == Some(1) || output.status.code() == Some(2), "{err}");
        assert!(out.is_empty() && err.contains("none-such") && err.contains("zlib"), "{err}");
    }
}

#[test]
fn schemas_are_printed() {
    let folder = folder();
    for which in ["zone", "application"] {
        let schema = ok(cloison(folder.path(), &["schema", which]));
        let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../schema/{which}.schema.json"));
        assert_eq!(schema, fs::read_to_string(committed).expect("it is committed"));
    }
}

const HEADER: &str = "#define FULL 3\n#define NAME \"shop\"\nstruct point { double x, y; };\nenum color { RED, GREEN = 4 };\n\
typedef struct list list;\nlist *list_new(int size);\nvoid list_free(list *one);\n\
int add(list *one, const struct point *where, enum color color, const char *name);\n\
struct point middle(const double *numbers, unsigned long n);\n\
void visit(list *one, int (*each)(const char *name, int number));\nint pack(const unsigned char *data, unsigned long n);\n";

/// The messages of `check --verify`, after the symbols that the library has not.
fn verify(folder: &Path, header: &str) -> String {
    fs::write(folder.join("shop.h"), header).expect("a header");
    let (_, err) = text(&cloison(folder, &["check", "shop.zone.toml", "--verify", "--header", "shop.h"]));
    err.lines()
        .filter(|line| !line.contains("has no function") && !line.starts_with("hint"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn what_the_header_says_otherwise_is_found() {
    let folder = folder();
    let folder = folder.path();
    // The headers are what is looked at: the C library may have debug information, which takes half a second each time.
    let manifest = MANIFEST.replace("libc.so.6", "libz.so.1");
    fs::write(folder.join("shop.zone.toml"), &manifest).expect("a manifest");
    assert_eq!(verify(folder, HEADER), "");
    for (from, to, expected) in [
        ("double x, y;", "double y, x;", "shop.zone.toml:16: `point.x` has offset 8 by the headers, and 0 here"),
        ("double x, y;", "float x, y;", "`point` has size 8 by the headers, and 16 here"),
        ("double x, y;", "double x, z;", "`point.y` is not there"),
        ("GREEN = 4", "GREEN", "shop.zone.toml:19: `GREEN` has value 1 by the headers, and 4 here"),
        ("FULL 3", "FULL 4", "shop.zone.toml:9: `FULL` has value 4 by the headers, and 3 here"),
        ("\"shop\"", "\"stop\"", "`NAME` is \"stop\" by the headers, and \"shop\" here"),
        (
            "list_new(int size)",
            "list_new(long size)",
            "parameter `size` of `list_new` is a signed integer of 8 bytes (`long int`) by the headers, and a signed integer of 4 bytes here",
        ),
        ("list *list_new(int size);", "", "the header does not declare `list_new`"),
        (
            "(const unsigned char *data",
            "(unsigned char *data",
            "parameter `data` of `pack` is a pointer to an unsigned integer of 1 byte (`unsigned char *`) by the headers, and one that is not written through (`const`) here",
        ),
    ] {
        let found = verify(folder, &HEADER.replace(from, to));
        assert!(found.contains(expected), "{to}: {found}");
    }
    let manifest = manifest.replace("const unsigned char *data", "unsigned char *data");
    fs::write(folder.join("shop.zone.toml"), manifest).expect("a manifest");
    assert_eq!(verify(folder, HEADER), "", "a header may promise more");
}

#[test]
fn a_draft_goes_through_check_when_it_is_decided() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("z.h"), include_str!("../c/zlib.h")).expect("a header");
    let bind = ["bind", "z.h", "--library", "libz.so.1"];
    let wanted = ["--function", "compress*", "--function", "crc32", "-o", "z.zone.toml"];
    let done = cloison(folder, &[&bind[..], &wanted].concat());
    let (_, err) = text(&done);
    assert!(done.status.success() && err.starts_with("z.h: 2 of 4 functions came through, 2 want a decision"), "{err}");
    let undecided = cloison(folder, &["check", "z.zone.toml"]);
    assert!(!undecided.status.success() && text(&undecided).1.contains("what is *destLen before the call?"));
    let draft = fs::read_to_string(folder.join("z.zone.toml")).expect("a draft");
    let room = r#"dest = { out = true, capacity = "*destLen", length = "*destLen", max = "64 KiB" }"#;
    let decided = draft.lines().map(|line| if line.starts_with("dest = { decide") { room } else { line });
    fs::write(folder.join("z.zone.toml"), decided.collect::<Vec<_>>().join("\n")).expect("a manifest");
    let out = ok(cloison(folder, &["check", "z.zone.toml", "--verify", "--header", "z.h"]));
    assert!(out.contains("z.zone.toml: ok"), "{out}");
    let done = cloison(folder, &[&bind[..], &["--function", "zError"]].concat());
    assert!(text(&done).0.contains("returns = { text = true, null = true }"));
    for (arguments, expected) in [
        (&["bind", "none-such.h"][..], "none-such.h"),
        (&["bind", "z.h", "--function", "nothing*"], "no function matches"),
        (&["bind", "empty.h"], "--include-from"),
    ] {
        fs::write(folder.join("empty.h"), "#include <stdlib.h>\n").expect("a header");
        let done = cloison(folder, arguments);
        assert!(!done.status.success() && text(&done).1.contains(expected), "{:?}", text(&done));
    }
}

/// No library has the functions: that is the author's to say.
#[test]
fn a_library_that_is_not_there_is_a_question() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("parts.h"), HEADER).expect("a header");
    fs::write(folder.join("shop.h"), "#include \"parts.h\"\n").expect("a header");
    let done = cloison(folder, &["bind", "shop.h", "-o", "shop.zone.toml", "--force"]);
    let (_, err) = text(&done);
    assert!(done.status.success() && err.contains("shop.h: no library on this machine has its functions"), "{err}");
    assert!(err.contains("shop.h: declares no function itself, but includes ") && err.contains("parts.h (6)"), "{err}");
    let done = cloison(folder, &["check", "shop.zone.toml"]);
    let (_, err) = text(&done);
    assert!(!done.status.success() && err.contains("`library` is not decided yet"), "{err}");
}
