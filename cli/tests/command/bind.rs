//! `cloison bind` and what it writes where, and `cloison check` of whole applications, by running them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const HEADER: &str = "int twice(int n);\n";

fn cloison(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cloison")).args(arguments).current_dir(folder).output().expect("cloison")
}

/// Exit code, standard output and standard error.
fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = cloison(folder, arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A folder with `t.h` and `lib/libt.so`.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("t.h"), HEADER).expect("a header");
    fs::write(folder.path().join("t.c"), "int twice(int n) { return 2 * n; }\n").expect("a file");
    fs::create_dir(folder.path().join("lib")).expect("a folder");
    let flags = ["-shared", "-fPIC", "-o", "lib/libt.so", "t.c"];
    assert!(Command::new("cc").args(flags).current_dir(folder.path()).status().expect("cc").success());
    folder
}

#[test]
fn a_manifest_is_not_overwritten() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("t.zone.toml"), "decided\n").expect("a file");
    let arguments = ["bind", "t.h", "--library", "./lib/libt.so", "-o", "t.zone.toml"];
    let (code, _, err) = run(folder, &arguments);
    assert!(code == Some(1) && err.contains("t.zone.toml exists") && err.contains("--force"), "{err}");
    assert_eq!(fs::read_to_string(folder.join("t.zone.toml")).expect("it is there"), "decided\n");
    let (code, _, err) = run(folder, &[&arguments[..], &["--force"]].concat());
    assert_eq!(code, Some(0), "{err}");
    assert!(fs::read_to_string(folder.join("t.zone.toml")).expect("it is there").contains("[functions.twice]"));
}

/// What a manifest says of files is relative to its own folder, not to that in which it was made.
#[test]
fn the_librarys_path_is_relative_to_the_manifest() {
    let folder = folder();
    let folder = folder.path();
    fs::create_dir_all(folder.join("app/deep")).expect("folders");
    let absolute = folder.canonicalize().expect("a path").join("lib/libt.so");
    for (library, output, expected) in [
        ("./lib/libt.so", "t.zone.toml", "./lib/libt.so"),
        ("./lib/libt.so", "lib/t.zone.toml", "./libt.so"),
        ("lib/libt.so", "app/t.zone.toml", "../lib/libt.so"),
        ("lib/libt.so", "app/deep/t.zone.toml", &absolute.to_string_lossy()),
        (&absolute.to_string_lossy(), "app/t.zone.toml", &absolute.to_string_lossy()),
    ] {
        let (code, _, err) = run(folder, &["bind", "t.h", "--library", library, "-o", output, "--force"]);
        assert_eq!(code, Some(0), "{err}");
        let text = fs::read_to_string(folder.join(output)).expect("a manifest");
        assert!(text.contains(&format!("path = \"{expected}\"")), "{output}: {text}");
        let (code, _, err) = run(folder, &["check", output]);
        assert_eq!(code, Some(0), "{err}");
    }
    let (code, _, err) = run(folder, &["bind", "t.h", "--library", "./none/libt.so", "-o", "none.zone.toml"]);
    assert!(code == Some(1) && err.contains("./none/libt.so") && !folder.join("none.zone.toml").exists(), "{err}");
}

#[test]
fn what_the_compiler_refuses_is_said() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("some.h"), "int good(int n);\nint bad(uint32_t n);\n").expect("a header");
    fs::write(folder.join("none.h"), "int bad(uint32_t n);\nint cut(int").expect("a header");
    let (code, out, err) = run(folder, &["bind", "some.h"]);
    assert!(code == Some(0) && out.contains("[functions.good]"), "{out}{err}");
    assert!(err.starts_with("warning: some.h: ") && err.contains("some.h:2:9: error: "), "{err}");
    let (code, out, err) = run(folder, &["bind", "none.h"]);
    assert_eq!((code, &*out), (Some(1), ""), "{err}");
    assert!(err.contains("none.h:1:9: error: "), "{err}");
    let (_, _, err) = run(folder, &["bind", "t.h"]);
    assert!(!err.contains("warning"), "{err}");
}

/// What is asked for filters constants and comments too, and what a macro says decides which functions there are.
#[test]
fn what_is_asked_for_is_all_that_there_is() {
    let folder = folder();
    let folder = folder.path();
    let header = "#define a_most 7\n#define b_most 8\nint a_twice(int n);\nint b_twice(int n);\nint b_oops(int n) @@ nonsense;\n\
                  #if WIDTH == 8\nint a_eight(int n);\n#endif\n";
    fs::write(folder.join("some.h"), header).expect("a header");
    let all = ["bind", "some.h", "--library", "./lib/libt.so"];
    let (code, whole, err) = run(folder, &all);
    assert_eq!(code, Some(0), "{err}");
    for there in
        ["a_most = 7\n", "b_most = 8\n", "a_twice", "b_twice", "# could not be read: int b_oops(int n) @@ nonsense;"]
    {
        assert!(whole.contains(there), "{there}\n{whole}");
    }
    assert!(!whole.contains("a_eight"), "{whole}");
    let (code, some, err) = run(folder, &[&all[..], &["--function", "a_*", "-D", "WIDTH=8"]].concat());
    assert_eq!(code, Some(0), "{err}");
    for there in ["a_most = 7\n", "a_twice", "a_eight"] {
        assert!(some.contains(there), "{there}\n{some}");
    }
    for gone in ["b_most", "b_twice", "b_oops", "could not be read"] {
        assert!(!some.contains(gone), "{gone}\n{some}");
    }
    let (_, constants, _) = run(folder, &[&all[..], &["--function", "a_*", "--constant", "b_*"]].concat());
    assert!(constants.contains("b_most = 8\n") && !constants.contains("b_twice"), "{constants}");
}

#[test]
fn an_entry_has_to_be_in_the_application() {
    let folder = folder();
    let folder = folder.path();
    fs::create_dir_all(folder.join("app/vendor/pack")).expect("folders");
    fs::write(folder.join("app/main.py"), "def main(): pass\n").expect("a module");
    fs::write(folder.join("app/vendor/pack/inner.py"), "def main(): pass\n").expect("a module");
    for (entry, there) in [("main", true), ("pack.inner", true), ("mian", false), ("pack.other", false)] {
        let text = format!("[app]\nsite_packages = [\"vendor\"]\nentry = \"{entry}:main\"\n");
        fs::write(folder.join("app/cloison.toml"), text).expect("a manifest");
        let (code, out, err) = run(folder, &["check", "app"]);
        assert_eq!(code, Some(if there { 0 } else { 1 }), "{entry}: {out}{err}");
        let expected = format!("there is no module `{entry}`");
        assert_eq!(err.contains(&expected) && err.contains("app/cloison.toml:3:"), !there, "{err}");
    }
}
