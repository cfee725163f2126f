//! Libraries as compilers make them, and right and wrong manifests of them.

mod hostile;

use super::super::tests::has_clang;
use super::*;
use cloison_manifest::manifest;
use std::fs::{self, File};
use std::process::Command;

const C: &str = r#"
struct point { double x, y; };
struct flags { unsigned a : 3; int b : 7; unsigned long wide : 40; union { int i; float f; }; char name[16]; };
struct __attribute__((packed)) tight { char a; int b : 5; int c : 30; short d; };
union either { int number; double real; };
enum color { RED, GREEN = 4, LAST = -1 };
typedef enum { ONE = 1, TWO = 200 } number_t;
typedef struct { number_t how; struct point at[2]; } inner;
typedef struct list list;
struct list { int x; list *next; };
int add(list *one, const struct point *where, enum color color, const char *name) { return one->x + where->x + color + *name; }
struct point middle(const double *numbers, unsigned long n) { struct point p = { numbers[0], n }; return p; }
int visit(list *one, int (*each)(const char *name, int number)) { return each("x", one->x); }
int format(const char *text, ...) { return *text; }
int flagged(struct flags *f, struct tight *t, union either e) { return f->a + t->b + e.number; }
_Bool yes(number_t n, float f, unsigned char c, long double l) { return n + f + c + l; }
void nothing(inner one) { }
int old(x, y) float x; short y; { return x + y; }
"#;

const MANIFEST: &str = r#"
[zone]
name = "t"
version = "1.0.0"
library = { path = "libt.so" }
[types.point]
c = "struct point { double x, y; };"
[types.flags]
c = "struct flags { unsigned a : 3; int b : 7; unsigned long wide : 40; float f; char name[16]; };"
[types.tight]
c = "struct __attribute__((packed)) tight { char a; int b : 5; int c : 30; short d; };"
[types.either]
c = "union either { int number; double real; };"
live = "number"
[types.color]
c = "enum color { RED, GREEN = 4, LAST = -1 };"
[types.number_t]
c = "typedef enum { ONE = 1, TWO = 200 } number_t;"
[types.inner]
c = "typedef struct { number_t how; struct point at[2]; } inner;"
[types.list]
c = "typedef struct list list;"
handle = true
[functions.add]
c = "int add(list *one, const struct point *where, enum color color, const char *name)"
where = { in = true }
[functions.middle]
c = "struct point middle(const double *numbers, unsigned long n)"
numbers = { in = true, length = "n" }
[functions.visit]
c = "int visit(list *one, int (*each)(const char *name, int number))"
[functions.format]
c = "int format(const char *text, ...)"
variadic = "int a"
[functions.flagged]
c = "int flagged(struct flags *f, struct tight *t, union either e)"
f = { in = true }
t = { in = true }
[functions.yes]
c = "_Bool yes(number_t n, float f, unsigned char c, long double l)"
[functions.nothing]
c = "void nothing(inner one)"
[functions.old]
c = "int old(double x, int y)"
"#;

fn run(program: &str, arguments: &[&str], folder: &Path) {
    let done = Command::new(program).args(arguments).current_dir(folder).output().expect(program);
    assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
}

/// `libt.so`, compiled with these flags.
fn build(flags: &[&str]) -> tempfile::TempDir {
    build_with("cc", flags)
}

fn build_with(compiler: &str, flags: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("t.c"), C).expect("a file");
    run(compiler, &[flags, &["-w", "-shared", "-fPIC", "-o", "libt.so", "t.c"]].concat(), folder.path());
    folder
}

fn library(folder: &Path) -> OpenedLibrary {
    let path = folder.join("libt.so");
    let file = File::open(&path).expect("the library");
    OpenedLibrary::alone(path, file)
}

fn parse(text: &str) -> Interface {
    manifest::parse("t.zone.toml", text).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn verify(folder: &Path, manifest: &str) -> (Debug, Vec<String>) {
    let (debug, found) = compare(&parse(manifest), manifest, &library(folder), &folder.join("usr/lib/debug"));
    let by = format!("by the debug information of {}", folder.join("libt.so").display());
    (debug, found.into_iter().map(|one| format!("{}: {}", one.at, one.message).replace(&by, "BY")).collect())
}

#[test]
fn what_compilers_write_agrees() {
    for flags in [
        &["-g", "-gdwarf-3"][..],
        &["-g", "-gdwarf-4"],
        &["-g", "-gdwarf-5"],
        &["-g", "-gz=zlib"],
        &["-g", "-O2"],
        &["-g", "-O2", "-flto"],
        &["-g", "-gdwarf-4", "-fdebug-types-section"],
        &["-g", "-gdwarf-5", "-fdebug-types-section"],
    ] {
        let folder = build(flags);
        let (debug, differences) = verify(folder.path(), MANIFEST);
        assert_eq!(differences, [""; 0], "{flags:?}");
        // `old` has no prototype: how it is called is not known.
        assert_eq!((debug.functions, debug.types, debug.note), (7, 7, None), "{flags:?}");
        assert_eq!(debug.file, Some(folder.path().join("libt.so")));
    }
}

#[test]
fn what_clang_writes_agrees() {
    if !has_clang("the debug information of libraries") {
        return;
    }
    for flags in [
        &["-g", "-gdwarf-3"][..],
        &["-g", "-gdwarf-4"],
        &["-g", "-gdwarf-5"],
        &["-g", "-gdwarf-5", "-gz=zlib"],
        &["-g", "-O2"],
        &["-g", "-gdwarf-4", "-fdebug-types-section"],
    ] {
        let folder = build_with("clang", flags);
        let (debug, differences) = verify(folder.path(), MANIFEST);
        assert_eq!(differences, [""; 0], "{flags:?}");
        assert_eq!((debug.functions, debug.types, debug.note), (7, 7, None), "{flags:?}");
        let wrong = MANIFEST.replace("double x, y;", "double y, x;").replace("int c : 30", "int : 1; int c : 29");
        let (_, found) = verify(folder.path(), &wrong);
        for expected in ["`point.y` has offset 8 BY, and 0 here", "`tight.c` has first bit 13 BY, and 14 here"] {
            assert!(found.iter().any(|one| one.contains(expected)), "{flags:?}: {found:?}");
        }
    }
}

#[test]
fn sections_compressed_by_zstd_are_read() {
    let folder = build(&["-g"]);
    let to = &["--compress-debug-sections=zstd", "libt.so"];
    if !Command::new("objcopy").args(to).current_dir(folder.path()).status().expect("objcopy").success() {
        return super::super::tests::left_out("objcopy knows no zstd: sections compressed by it");
    }
    let bytes = fs::read(folder.path().join("libt.so")).expect("the library");
    let file = object::File::parse(&*bytes).expect("an object file");
    let section = object::Object::section_by_name(&file, ".debug_info").expect("a section");
    let data = object::ObjectSection::compressed_data(&section).expect("its data");
    assert_eq!(data.format, object::CompressionFormat::Zstandard);
    let (debug, differences) = verify(folder.path(), MANIFEST);
    assert_eq!((debug.functions, debug.types, debug.note), (7, 7, None));
    assert_eq!(differences, [""; 0]);
}

#[test]
fn what_is_wrong_is_found() {
    let changes = [
        ("double x, y;", "double y, x;", "t.zone.toml:7: `point.y` has offset 8 BY, and 0 here"),
        ("double x, y;", "float x, y;", "t.zone.toml:7: `point` has size 16 BY, and 8 here"),
        (
            "double x, y;",
            "double x; long y;",
            "`point.y` is a float of 8 bytes (`double`) BY, and a signed integer of 8 bytes",
        ),
        ("double x, y;", "double x, z;", "`point.z` is not there BY"),
        ("a : 3; int b : 7", "a : 4; int b : 6", "`flags.b` has first bit 3 BY, and 4 here; bits 7 BY, and 6 here"),
        ("a : 3; int b : 7", "a : 3; int : 1; int b : 7", "t.zone.toml:9: `flags.b` has first bit 3 BY, and 4 here"),
        ("int c : 30", "int : 1; int c : 29", "`tight.c` has first bit 13 BY, and 14 here; bits 30 BY, and 29 here"),
        ("float f; char", "double f; char", "`flags.f` has size 4 BY, and 8 here"),
        (
            "typedef struct { number_t how; struct point at[2]; } inner;\"",
            "typedef union { number_t how; struct point at[2]; } inner;\"\nlive = \"how\"",
            "`inner` is a struct of 40 bytes BY, and a union here",
        ),
        ("GREEN = 4", "GREEN = 5", "t.zone.toml:16: `GREEN` has value 4 BY, and 5 here"),
        ("LAST = -1", "LAST = -2", "`LAST` has value -1 BY, and -2 here"),
        ("TWO = 200", "TWO = 201", "`TWO` has value 200 BY, and 201 here"),
        ("TWO = 200", "TWO = 0x100000000", "`number_t` has size 4 BY, and 8 here"),
        ("const char *name)\"", "const char *name, int n)\"", "`add` has 4 parameters BY, and 5 here"),
        (
            "unsigned long n)",
            "unsigned int n)",
            "t.zone.toml:28: parameter `n` of `middle` is an unsigned integer of 8 bytes (`long unsigned int`) BY, and an unsigned integer of 4 bytes here",
        ),
        (
            "unsigned long n)",
            "long n)",
            "`n` of `middle` is an unsigned integer of 8 bytes (`long unsigned int`) BY, and a signed",
        ),
        (
            "const double *numbers",
            "const float *numbers",
            "is a pointer to a float of 8 bytes (`const double *`) BY, and a pointer to a float of 4",
        ),
        (
            "struct point middle",
            "inner middle",
            "the value of `middle` is a struct of 16 bytes (`struct point`) BY, and a struct of 40 bytes here",
        ),
        (
            "int number))",
            "long number))",
            "a signed integer of 4 bytes) that gives a signed integer of 4 bytes BY, and a pointer to a function of (a pointer to a signed integer of 1 byte, a signed integer of 8",
        ),
        (", ...)\"\nvariadic = \"int a\"", ")\"", "`format` has `...` BY, and not here"),
        (
            "enum color color",
            "unsigned color",
            "`color` of `add` is an enumeration of 4 bytes (`enum color`) BY, and an unsigned",
        ),
        (
            "enum color color",
            "long color",
            "`color` of `add` is an enumeration of 4 bytes (`enum color`) BY, and a signed integer of 8",
        ),
        ("union either e)", "int e)", "`e` of `flagged` is a union of 8 bytes (`union either`) BY, and a signed"),
        (
            "float f, unsigned char c",
            "double f, unsigned char c",
            "`f` of `yes` is a float of 4 bytes (`float`) BY, and a float of 8",
        ),
        (
            "unsigned char c",
            "_Bool c",
            "`c` of `yes` is an unsigned integer of 1 byte (`unsigned char`) BY, and a bool here",
        ),
        ("long double l)", "double l)", "`l` of `yes` is a float of 16 bytes (`long double`) BY, and a float of 8"),
        ("_Bool yes", "void yes", "the value of `yes` is a bool (`_Bool`) BY, and nothing here"),
        ("void nothing", "int nothing", "the value of `nothing` is nothing (`void`) BY, and a signed"),
        (
            "inner one)",
            "struct point one)",
            "`one` of `nothing` is a struct of 40 bytes (`inner`) BY, and a struct of 16",
        ),
    ];
    for flags in [["-g", "-gdwarf-4"], ["-g", "-gdwarf-5"]] {
        let folder = build(&flags);
        for (from, to, expected) in changes {
            assert!(MANIFEST.contains(from), "{from}");
            let (_, found) = verify(folder.path(), &MANIFEST.replacen(from, to, 1));
            assert!(found.iter().any(|one| one.contains(expected)), "{to}: {found:?}");
        }
    }
}

#[test]
fn what_is_passed_the_same_way_is_the_same() {
    let folder = build(&["-g"]);
    for (from, to) in [
        ("enum color color", "int color"),
        ("number_t n,", "int n,"),
        ("number_t n,", "unsigned n,"),
        ("char name[16]", "unsigned char name[16]"),
        ("unsigned long n)", "unsigned long long n)"),
        ("list *one, int (*each)", "void *one, int (*each)"),
    ] {
        let text = MANIFEST.replace(from, to).replace("void *one, int (*each)", "struct list *one, int (*each)");
        assert_eq!(verify(folder.path(), &text).1, [""; 0], "{to}");
    }
    let text = MANIFEST.replace("enum color { RED, GREEN = 4, LAST = -1 };", "enum color { RED };");
    let found = verify(folder.path(), &text).1;
    assert_eq!(found, [""; 0], "a manifest may leave values out");
}

#[test]
fn without_information_nothing_is_said() {
    let folder = build(&["-g1"]);
    let (debug, found) = verify(folder.path(), MANIFEST);
    assert_eq!((debug.functions, debug.types, found.len()), (0, 0, 0), "only names and lines");

    let folder = build(&["-g", "-gsplit-dwarf"]);
    let (debug, found) = verify(folder.path(), MANIFEST);
    assert_eq!((debug.functions, found.len()), (0, 0));
    assert!(debug.note.is_some_and(|note| note.contains("-gsplit-dwarf")));

    let folder = build(&[]);
    let (debug, found) = verify(folder.path(), MANIFEST);
    assert_eq!((debug.file, found.len()), (None, 0));
    let note = debug.note.expect("a note");
    assert!(note.contains("libt.so has no debug information") && note.contains("usr/lib/debug"), "{note}");
}

/// A file of its own is found where gdb finds it, and nowhere else.
#[test]
fn a_file_of_its_own_is_found() {
    let folder = build(&["-g", "-Wl,--build-id=0x12345678"]);
    let folder = folder.path();
    run("objcopy", &["--only-keep-debug", "libt.so", "libt.debug"], folder);
    run("objcopy", &["--strip-debug", "libt.so"], folder);
    run("objcopy", &["--add-gnu-debuglink=libt.debug", "libt.so"], folder);
    let separate = fs::read(folder.join("libt.debug")).expect("the file");
    fs::remove_file(folder.join("libt.debug")).expect("it is there");
    assert_eq!(verify(folder, MANIFEST).0.file, None);

    let inside = folder.strip_prefix("/").expect("an absolute path");
    let by_folder = Path::new("usr/lib/debug").join(inside).join("libt.debug");
    let by_id = "usr/lib/debug/.build-id/12/345678.debug";
    for name in ["libt.debug", ".debug/libt.debug", by_folder.to_str().expect("a name"), by_id] {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, &separate).expect("a file");
        let (debug, found) = verify(folder, &MANIFEST.replace("GREEN = 4", "GREEN = 5"));
        assert_eq!(debug.file, Some(path.clone()), "{name}");
        assert_eq!((debug.functions, debug.types, found.len()), (7, 7, 1), "{found:?}");
        assert!(found[0].contains(&format!("information of {}", path.display())), "{found:?}");

        // Another library's.
        let other = if name == by_id { &[0x12, 0x34, 0x56, 0x78][..] } else { b"GREEN" };
        let at = separate.windows(other.len()).position(|window| window == other).expect("it is in the file");
        let mut changed = separate.clone();
        changed[at] ^= 1;
        fs::write(&path, changed).expect("a file");
        assert_eq!(verify(folder, MANIFEST).0.file, None, "{name}");
        fs::remove_file(&path).expect("it is there");
    }
}

#[test]
fn unknown_compression_is_explained() {
    let folder = build(&["-g", "-gz=zlib"]);
    let path = folder.path().join("libt.so");
    let mut bytes = fs::read(&path).expect("the library");
    let file = object::File::parse(&*bytes).expect("an object file");
    let range = object::ObjectSection::compressed_file_range(
        &object::Object::section_by_name(&file, ".debug_info").expect("a section"),
    );
    let start = usize::try_from(range.expect("its place").offset).expect("a number");
    // The header of a compressed section is 24 bytes; its first word says how.
    assert_eq!(bytes[start - 24], 1);
    for (kind, expected) in [(2, ".debug_info is damaged"), (3, "objcopy")] {
        bytes[start - 24] = kind;
        fs::write(&path, &bytes).expect("a file");
        let note = verify(folder.path(), MANIFEST).0.note.expect("a note");
        assert!(note.contains(expected), "{note}");
    }
}

/// A library has types of its own; a manifest's of the same name are the author's, if no function has to do with either.
#[test]
fn a_type_that_no_function_leads_to_is_the_authors() {
    let folder = build(&["-g"]);
    let own = "[zone]\nname = \"t\"\nversion = \"1.0.0\"\nlibrary = { path = \"libt.so\" }\n\
[types.point]\nc = \"struct point { long key; };\"\n[types.color]\nc = \"enum color { BLUE = 7, RED };\"\n";
    let format = "[functions.format]\nc = \"int format(const char *text, ...)\"\nvariadic = \"int a\"\n";
    let (debug, differences) = verify(folder.path(), &format!("{own}{format}"));
    assert_eq!((differences, debug.functions, debug.types), (Vec::new(), 1, 0));
    // `inner` has points among its members.
    let inner = "[types.inner]\nc = \"typedef struct { int how; double at[4]; } inner;\"\n\
[functions.nothing]\nc = \"void nothing(inner one)\"\n";
    let (debug, differences) = verify(folder.path(), &format!("{own}{inner}"));
    assert_eq!(debug.types, 2);
    assert!(differences.iter().any(|one| one.contains("`point` has size 16 BY, and 8 here")), "{differences:?}");
    assert!(!differences.iter().any(|one| one.contains("RED")), "{differences:?}");
}
