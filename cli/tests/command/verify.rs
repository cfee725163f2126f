//! `cloison check --verify`, by running it: against headers, and against libraries with debug information.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output};

const C: &str = r#"
#include "box.h"
static int boxes;
BOX *box_open(const char *name) { return name ? &boxes : 0; }
int box_put(BOX *box, enum color color, size_t_ number) { return box && color + number; }
mode_t_ box_mode(BOX *box) { return box ? MODE_READ : MODE_WRITE; }
void box_each(BOX *box, void (*each)(void *user, const struct point *where), void *user) { struct point p = {1, 2}; each(user, &p); }
void box_close(BOX *box) { }
"#;

/// A handle that is nothing, as `BZFILE` of bzlib.h, and enumerations with and without a name.
const HEADER: &str = "typedef void BOX; typedef unsigned long size_t_; enum color { RED, GREEN = 4 };\n\
typedef enum { MODE_READ, MODE_WRITE } mode_t_; struct point { double x, y; };\n\
BOX *box_open(const char *name); int box_put(BOX *box, enum color color, size_t_ number); mode_t_ box_mode(BOX *box);\n\
void box_each(BOX *box, void (*each)(void *user, const struct point *where), void *user); void box_close(BOX *box);\n";

const MANIFEST: &str = r#"
[zone]
name = "box"
version = "1.0.0"
library = { path = "libbox.so" }
[types.BOX]
c = "typedef void *BOX;"
handle = true
free = "box_close"
[types.point]
c = "struct point { double x, y; };"
[functions.box_open]
c = "BOX box_open(const char *name)"
[functions.box_put]
c = "int box_put(BOX box, int color, unsigned long number)"
[functions.box_mode]
c = "int box_mode(BOX box)"
[functions.box_each]
c = "void box_each(BOX box, void (*each)(void *user, const struct point *where), void *user)"
each = { parameters = { user = { user_data = true }, where = { in = true } } }
user = { user_data = true }
[functions.box_close]
c = "void box_close(BOX box)"
internal = true
"#;

fn cloison(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloison"));
    command.args(arguments).current_dir(folder);
    command
}

fn text(output: &Output) -> (String, String) {
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Runs it; gives the exit code, what it printed and what it complained of.
fn check(folder: &Path, manifest: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    check_with("cc", folder, manifest, arguments)
}

/// The same with that compiler.
fn check_with(compiler: &str, folder: &Path, manifest: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    fs::write(folder.join("box.zone.toml"), manifest).expect("a manifest");
    let arguments = [&["check", "box.zone.toml", "--verify"], arguments].concat();
    let output = cloison(folder, &arguments).env("CC", compiler).output().expect("the command");
    let (out, err) = text(&output);
    (output.status.code(), out, err)
}

/// The compilers to compare with: the local one, the same without a word of what it says, and clang.
fn compilers(folder: &Path) -> Vec<String> {
    let quiet = folder.join("quiet");
    fs::write(&quiet, "exec cc \"$@\" 2>/dev/null\n").expect("a script");
    let mut compilers = vec!["cc".to_owned(), format!("sh {}", quiet.display())];
    if has_clang() {
        compilers.push("clang".into());
    }
    compilers
}

/// Whether there is a clang to compare with. Where `CLOISON_EXPECT_CLANG` is set, as by CI, there has to be one.
fn has_clang() -> bool {
    let found = Command::new("clang").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(found || std::env::var_os("CLOISON_EXPECT_CLANG").is_none(), "there is no clang, and one is expected");
    if !found {
        // Past the harness, which shows only what failing tests print.
        let _ = writeln!(io::stderr(), "not tested: there is no clang to compare with");
    }
    found
}

/// A folder with the header and the library, compiled with these flags.
fn folder(flags: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("box.h"), HEADER).expect("a header");
    fs::write(folder.path().join("box.c"), C).expect("a file");
    let arguments = [flags, &["-w", "-shared", "-fPIC", "-o", "libbox.so", "box.c"]].concat();
    let done = Command::new("cc").args(arguments).current_dir(folder.path()).output().expect("cc");
    assert!(done.status.success(), "{}", text(&done).1);
    folder
}

#[test]
fn the_debug_information_is_compared_with_and_without_a_header() {
    let folder = folder(&["-g"]);
    let folder = folder.path();
    let wrong = MANIFEST.replace("double x, y", "double y, x").replace("unsigned long number", "unsigned number");
    for arguments in [&[][..], &["--header", "box.h"]] {
        let (code, out, err) = check(folder, MANIFEST, arguments);
        assert_eq!((code, &*err), (Some(0), ""), "{arguments:?}");
        let line = "zone box: compared 5 functions and 1 type with the debug information of ./libbox.so\n";
        assert!(out.contains(line) && out.contains("the compiler agrees"), "{out}");

        let (code, out, err) = check(folder, &wrong, arguments);
        assert_eq!((code, &*out), (Some(1), ""));
        let by = "by the debug information of ./libbox.so, and";
        for expected in [
            format!("error: box.zone.toml:11: `point.x` has offset 0 {by} 8 here"),
            format!(
                "error: box.zone.toml:15: parameter `number` of `box_put` is an unsigned integer of 8 bytes (`size_t_`) {by}"
            ),
        ] {
            assert!(err.contains(&expected), "{err}");
        }
    }
}

#[test]
fn json_has_what_was_compared() {
    let folder = folder(&["-g"]);
    let wrong = MANIFEST.replace("const char *name", "const char *name, int more");
    let (code, out, _) = check(folder.path(), &wrong, &["--json"]);
    assert_eq!(code, Some(1));
    let found: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let verified = &found[0]["verified"][0];
    assert_eq!(verified["debug"]["file"], "./libbox.so");
    assert_eq!((&verified["debug"]["functions"], &verified["debug"]["types"]), (&5.into(), &1.into()));
    assert_eq!(verified["debug"]["note"], serde_json::Value::Null);
    let message = "`box_open` has 1 parameter by the debug information of ./libbox.so, and 2 here";
    assert_eq!(verified["differences"][0]["message"], message);
    assert_eq!(verified["differences"][0]["at"], "box.zone.toml:13");
}

#[test]
fn a_library_without_debug_information_is_named() {
    let folder = folder(&[]);
    let (code, out, _) = check(folder.path(), MANIFEST, &[]);
    assert_eq!(code, Some(0));
    assert!(out.contains("zone box: ./libbox.so has no debug information"), "{out}");
}

#[test]
fn without_a_compiler_the_library_is_still_compared() {
    let folder = folder(&["-g"]);
    let folder = folder.path();
    fs::write(folder.join("box.zone.toml"), MANIFEST.replace("unsigned long number", "int number"))
        .expect("a manifest");
    let output = cloison(folder, &["check", "box.zone.toml", "--verify"]).env("CC", "none-such-cc").output();
    let (_, err) = text(&output.expect("the command"));
    assert!(err.contains("`none-such-cc` cannot be run") && err.contains("parameter `number` of `box_put`"), "{err}");
}

/// A handle is a pointer, whatever the header calls it; an `int` is passed as an enumeration of its size is.
#[test]
fn what_is_passed_as_the_header_says_is_no_difference() {
    let folder = folder(&[]);
    let folder = folder.path();
    let header = &["--header", "box.h"];
    let color = "[types.color]\nc = \"enum color { RED, GREEN = 4 };\"\n[functions.box_put]";
    for (changes, what) in [
        (&[][..], "as it is"),
        (&[("int color", "unsigned color")], "an enumeration without a negative value"),
        (&[("int color", "enum color color"), ("[functions.box_put]", color)], "the enumeration itself"),
        (&[("int box_mode", "unsigned box_mode")], "an enumeration without a name"),
        (&[("unsigned long number", "unsigned long long number")], "a number of the same size"),
        (
            &[
                ("void *user,", "BOX user,"),
                ("void *user)", "BOX user)"),
                ("user = { user_data = true }, ", ""),
                ("user = { user_data = true }", ""),
            ],
            "a handle as what is passed to a callback",
        ),
    ] {
        let manifest = changes.iter().fold(MANIFEST.to_owned(), |text, (from, to)| text.replace(from, to));
        for compiler in compilers(folder) {
            let (code, _, err) = check_with(&compiler, folder, &manifest, header);
            assert_eq!((code, &*err), (Some(0), ""), "{compiler}: {what}");
        }
    }
    for (from, to, expected) in [
        (
            "int color",
            "long color",
            "parameter `color` of `box_put` is an enumeration of 4 bytes (`enum color`) by the headers, and a signed integer of 8 bytes here",
        ),
        (
            "int color",
            "float color",
            "`color` of `box_put` is an enumeration of 4 bytes (`enum color`) by the headers, and a float",
        ),
        (
            "unsigned long number",
            "long number",
            "`number` of `box_put` is an unsigned integer of 8 bytes (`size_t_`) by the headers, and a signed",
        ),
        (
            "int box_mode(BOX",
            "short box_mode(BOX",
            "the value of `box_mode` is an enumeration of 4 bytes (`mode_t_`) by the headers, and a signed integer of 2",
        ),
        (
            "*where)",
            "*where, int n)",
            "parameter `each` of `box_each` is a pointer to a function of (a pointer, a pointer to a struct of 16 bytes) that gives nothing by the headers, and a pointer to a function of (a pointer, a pointer to a struct of 16 bytes, a signed integer of 4 bytes) that gives nothing here",
        ),
    ] {
        for compiler in compilers(folder) {
            let (code, _, err) = check_with(&compiler, folder, &MANIFEST.replace(from, to), header);
            let err = err.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(code == Some(1) && err.contains(expected), "{compiler}: {to}: {err}");
        }
    }
}

/// `wchar_t` is a number like others to a compiler and in debug information; in C++ it is a type of its own.
#[test]
fn wide_text_is_compared() {
    let manifest = "[zone]\nname = \"box\"\nversion = \"1.0.0\"\nlibrary = { path = \"libbox.so\" }\n\
        [functions.box_size]\nc = \"unsigned long box_size(const wchar_t *text)\"\n\
        [functions.box_name]\nc = \"const wchar_t *box_name(int which)\"\nreturns = { text = true }\n";
    let header =
        "#include <wchar.h>\nunsigned long box_size(const wchar_t *text); const wchar_t *box_name(int which);\n";
    let body = "unsigned long box_size(const wchar_t *text) { return *text; } const wchar_t *box_name(int which) { return L\"\"; }\n";
    for (compiler, language, wrap) in [("cc", "c", ["", ""]), ("c++", "c++", ["extern \"C\" {\n", "}\n"])] {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        fs::write(folder.join("box.h"), header).expect("a header");
        fs::write(folder.join("box.c"), format!("#include <wchar.h>\n{}{body}{}", wrap[0], wrap[1])).expect("a file");
        let arguments = ["-g", "-w", "-shared", "-fPIC", "-o", "libbox.so", "-x", language, "box.c"];
        let done = match Command::new(compiler).args(arguments).current_dir(folder).output() {
            // A C compiler does not always come with one for C++.
            Err(error) if language == "c++" && error.kind() == io::ErrorKind::NotFound => {
                let _ = writeln!(io::stderr(), "not tested: there is no {compiler} to compile a library with");
                continue;
            }
            done => done.expect("a compiler"),
        };
        assert!(done.status.success(), "{}", text(&done).1);
        for arguments in [&[][..], &["--header", "box.h"]] {
            let (code, out, err) = check(folder, manifest, arguments);
            assert_eq!((code, &*err), (Some(0), ""), "{compiler}: {arguments:?}");
            assert!(out.contains("compared 2 functions"), "{out}");
            let wrong = manifest.replace("wchar_t *text)\"", "short *text)\"\ntext = { in = true }");
            let (code, _, err) = check(folder, &wrong, arguments);
            assert!(code == Some(1) && err.contains("parameter `text` of `box_size` is "), "{compiler}: {err}");
        }
    }
}

/// What has the size that it should have may still be another thing, and what is left out changes no place.
#[test]
fn members_are_what_the_header_says() {
    const HEADER: &str = "enum unit { GRAM, POUND };\nstruct parcel { double weight; enum unit unit; const char *label;\n\
unsigned fragile : 3; unsigned insured : 4; union { int number; float part; }; int left; unsigned sum; char pad[4]; };\n\
int weigh(const struct parcel *parcel); char *copied(int n);\n";
    const MANIFEST: &str = r#"
[zone]
name = "parcel"
version = "1.0.0"
library = { path = "libparcel.so" }
[constants]
OWN = 3
[types.unit]
c = "enum unit { GRAM, POUND };"
[types.parcel]
c = "struct parcel { double weight; enum unit unit; const char *label; unsigned fragile : 3; unsigned insured : 4; int number; int left; unsigned sum; char pad[4]; };"
label = { hidden = true }
[functions.copied]
c = "char *copied(int n)"
returns = { text = true, free = "free" }
[functions.weigh]
c = "int weigh(const struct parcel *parcel)"
parcel = { in = true }
[functions.free]
c = "void free(void *one)"
internal = true
"#;
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fs::write(folder.join("parcel.h"), HEADER).expect("a header");
    fs::write(folder.join("parcel.c"), "int weigh(const void *parcel) { return 0; } char *copied(int n) { return 0; }")
        .expect("a file");
    let flags = ["-shared", "-fPIC", "-Wl,--no-as-needed", "-o", "libparcel.so", "parcel.c"];
    assert!(Command::new("cc").args(flags).current_dir(folder).status().expect("cc").success());

    for compiler in compilers(folder) {
        let (code, out, err) = check_with(&compiler, folder, MANIFEST, &["--header", "<parcel.h>", "-I", "."]);
        assert_eq!((code, &*err), (Some(0), ""), "{compiler}");
        let note = "zone parcel: note: not in the headers, so not compared: OWN, free\n";
        assert!(out.contains(note), "{compiler}: {out}");
    }
    for (from, to, expected) in [
        (
            "double weight",
            "int64_t weight",
            "`parcel.weight` is a float of 8 bytes (`double`) by the headers, and a signed",
        ),
        (
            "enum unit unit;",
            "float unit;",
            "`parcel.unit` is an enumeration of 4 bytes (`enum unit`) by the headers, and a",
        ),
        ("const char *label;", "uint64_t label;", "`parcel.label` is a pointer to a signed integer of 1 byte"),
        (
            "int left",
            "unsigned left",
            "`parcel.left` is a signed integer of 4 bytes (`int`) by the headers, and an unsi",
        ),
        ("unsigned sum", "float sum", "`parcel.sum` is an unsigned integer of 4 bytes"),
        (" unsigned insured : 4;", "", "`parcel.insured` is there by the headers, and not here"),
        (" char pad[4];", "", "`parcel.pad` is there by the headers, and not here"),
        ("fragile : 3;", "fragile : 2;", "`parcel.insured` has first bit 195 by the headers, and 194 here"),
        ("fragile : 3;", "fragile : 2; int : 1;", "`parcel.fragile` has bits 3 by the headers, and 2 here"),
        ("GRAM, POUND", "GRAM, POUND, STONE", "box.zone.toml:9: `STONE` is not there"),
        ("int weigh(const", "int heigh(const", "the header does not declare `heigh`"),
    ] {
        let mut manifest = MANIFEST.replace(from, to);
        if !manifest.contains("char *label") {
            manifest = manifest.replace("label = { hidden = true }\n", "");
        }
        for compiler in compilers(folder) {
            let (code, _, err) = check_with(&compiler, folder, &manifest, &["--header", "parcel.h"]);
            assert!(code == Some(1) && err.contains(expected), "{compiler}: {to}: {err}");
        }
    }
}

/// Each with a header that says it otherwise, in the words that people read, whoever compiles.
#[test]
fn differences_are_said_whatever_the_compiler_says() {
    const HEADER: &str = "#include <stddef.h>\n#define LIMIT 7\n#define TITLE \"box\"\n#define SHAPELESS sizeof(struct nowhere)\n\
struct other; struct hidden;\ntypedef const char *label_t;\nextern int counter;\n\
struct wide { int a; char pad[12]; int b __attribute__((aligned(16))); char end[12]; };\nstruct plain { int a; union { int b; float c; }; struct { short d, e; }; };\n\
int copy(char *to, label_t from); int handed(struct other *one); void call(void (*done)(int)); int old();\n\
static inline int inlined(int n) { return n; }\n__attribute__((visibility(\"hidden\"))) int concealed(int n);\n";
    const MANIFEST: &str = r#"
[zone]
name = "box"
version = "1.0.0"
library = { path = "libbox.so" }
[constants]
LIMIT = 7
TITLE = "box"
[types.wide]
c = "struct wide { int a; char pad[12]; int b __attribute__((aligned(16))); char end[12]; };"
[types.plain]
c = "struct plain { int a; int b; short d, e; };"
[types.other]
c = "struct other;"
handle = true
[functions.copy]
c = "int copy(char *to, const char *from)"
to = { out = true, capacity = "8" }
[functions.handed]
c = "int handed(struct other *one)"
[functions.call]
c = "void call(void (*done)(int n))"
[functions.old]
c = "int old(int n)"
[functions.inlined]
c = "int inlined(int n)"
[functions.concealed]
c = "int concealed(int n)"
"#;
    let folder = folder(&[]);
    let folder = folder.path();
    fs::write(folder.join("box.h"), HEADER).expect("a header");
    fs::write(
        folder.join("box.c"),
        "int copy() { return 0; } int handed() { return 0; } int call() { return 0; } int old() { return 0; } \
         int inlined() { return 0; } int concealed() { return 0; } int counter() { return 0; }",
    )
    .expect("a file");
    let flags = ["-w", "-shared", "-fPIC", "-o", "libbox.so", "box.c"];
    assert!(Command::new("cc").args(flags).current_dir(folder).status().expect("cc").success());
    for compiler in compilers(folder) {
        let (code, out, err) = check_with(&compiler, folder, MANIFEST, &["--header", "box.h"]);
        assert_eq!((code, &*err), (Some(0), ""), "{compiler}");
        assert!(out.contains("not compared: old\n"), "{compiler}: {out}");
        for (from, to, expected) in [
            ("LIMIT = 7", "LIMIT = 8", "`LIMIT` has value 7 by the headers, and 8 here"),
            ("LIMIT = 7", "LIMIT = 7\nSHAPELESS = 1", "`SHAPELESS` is not a number by the headers, and a number here"),
            ("TITLE = \"box\"", "TITLE = 3", "`TITLE` is not a number by the headers, and a number here"),
            ("TITLE = \"box\"", "TITLE = \"bix\"", "`TITLE` is \"box\" by the headers, and \"bix\" here"),
            ("int b __attribute__((aligned(16)));", "int b;", "`wide` has alignment 16 by the headers, and 4"),
            ("short d, e;", "short e, d;", "`plain.d` has offset 8 by the headers, and 10 here"),
            (
                "int b; short",
                "unsigned b; short",
                "`plain.b` is a signed integer of 4 bytes (`int`) by the headers, and an",
            ),
            (
                "char *to, const char *from",
                "const char *to, const char *from",
                "one that is not written through (`const`)",
            ),
            (
                "done)(int n)",
                "done)(long n)",
                "parameter `done` of `call` is a pointer to a function of (a signed integer of 4",
            ),
            (
                "struct other",
                "struct another",
                "parameter `one` of `handed` is a pointer (`struct other *`) by the headers, and a pointer to `other` here",
            ),
            (
                "int concealed(int n)",
                "int counter(int n)",
                "`counter` is a signed integer of 4 bytes by the headers, and a function here",
            ),
            ("struct wide {", "struct hidden {", "`wide` is not there by the headers"),
        ] {
            assert!(MANIFEST.contains(from), "{from}");
            let mut manifest = MANIFEST.replace(from, to);
            if to.contains("const char *to") {
                manifest = manifest.replace("to = { out = true, capacity = \"8\" }\n", "");
            }
            let (code, _, err) = check_with(&compiler, folder, &manifest, &["--header", "box.h"]);
            let err = err.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(code == Some(1) && err.contains(expected), "{compiler}: {to}: {err}");
        }
    }
    for compiler in compilers(folder) {
        let (code, _, err) = check_with(&compiler, folder, MANIFEST, &["--header", "none-such.h"]);
        let expected = "the headers cannot be compiled: ";
        assert!(code == Some(1) && err.contains(expected) && err.contains("hint: `-I FOLDER`"), "{compiler}: {err}");
    }
}

/// gcc takes the bit-field for an integer, clang for padding: it is the library's compiler that counts.
#[test]
fn what_clang_passes_otherwise_is_found() {
    if !has_clang() {
        return;
    }
    let c = "struct gap { int v; long : 64; };\nstruct gap gap_of(int v) { struct gap one = { v }; return one; }\n\
             int gap_each(int (*each)(struct gap one)) { return each(gap_of(1)); }\nint gap_at(const struct gap *one) { return one->v; }\n";
    let manifest = "[zone]\nname = \"gap\"\nversion = \"1.0.0\"\nlibrary = { path = \"libgap.so\" }\n[types.gap]\n\
                    c = \"struct gap { int v; long : 64; };\"\n[functions.gap_of]\nc = \"struct gap gap_of(int v)\"\n\
                    [functions.gap_each]\nc = \"int gap_each(int (*each)(struct gap one))\"\n\
                    [functions.gap_at]\nc = \"int gap_at(const struct gap *one)\"\none = { in = true }\n";
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fs::write(folder.join("gap.c"), c).expect("a file");
    for (library, flag, compiler, because) in [
        ("cc", "-g", "clang", None),
        ("cc", "-g0", "cc", None),
        ("clang", "-g", "cc", Some("clang has compiled it")),
        ("clang", "-g0", "clang", Some("`CC` says that clang has compiled it")),
    ] {
        let mut built = Command::new(library);
        built.args([flag, "-shared", "-fPIC", "-o", "libgap.so", "gap.c"]);
        assert!(built.current_dir(folder).status().expect(library).success());
        let (code, _, err) = check_with(compiler, folder, manifest, &[]);
        let expected = because.map_or_else(String::new, |because| {
            let has = "has `gap` by value, which clang passes otherwise than gcc and the zone do, and";
            let one = |line, name| {
                format!(
                    "error: box.zone.toml:{line}: `{name}` {has} {because}: a wrapper in C that takes a pointer can\n"
                )
            };
            one(8, "gap_of") + &one(10, "gap_each")
        });
        assert_eq!((code, &*err), (Some(i32::from(because.is_some())), &*expected), "{library} {flag}, CC={compiler}");
    }
}
