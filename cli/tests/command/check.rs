//! `cloison check` of what only the library, the machine and the zone's walls know, by running it.

use std::fs;
use std::path::Path;
use std::process::Command;

const HEAD: &str = "[zone]\nname = \"t\"\nversion = \"1.0.0\"\nlibrary = { path = \"libt.so\" }\n";

const C: &str = "int twice(int n) { return 2 * n; }
int level = 3; __thread int own = 4; const char *const names[] = { \"a\", 0 };";

/// A folder with `libt.so`.
fn folder(c: &str, options: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    compile(folder.path(), "libt.so", c, options);
    folder
}

fn compile(folder: &Path, name: &str, c: &str, options: &[&str]) {
    fs::write(folder.join("t.c"), c).expect("a file");
    let mut compiler = Command::new("cc");
    let compiler = compiler.args(["-shared", "-fPIC", "-o", name, "t.c"]).args(options).current_dir(folder);
    assert!(compiler.status().expect("cc").success());
}

/// Exit code, standard output and standard error of `cloison check`.
fn check(folder: &Path, manifest: &str) -> (Option<i32>, String, String) {
    fs::write(folder.join("t.zone.toml"), manifest).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloison"));
    let output = command.args(["check", "t.zone.toml"]).current_dir(folder).output().expect("cloison");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// What is wrong with it, which has to be something.
fn wrong(folder: &Path, manifest: &str) -> String {
    let (code, out, err) = check(folder, manifest);
    assert!(code == Some(1) && !out.contains("ok"), "{out}{err}");
    err
}

const TWICE: &str = "[functions.twice]\nc = \"int twice(int n)\"\n";

#[test]
fn data_is_no_function() {
    let folder = folder(C, &[]);
    let (code, out, err) = check(folder.path(), &format!("{HEAD}{TWICE}"));
    assert!(code == Some(0) && out.ends_with("t.zone.toml: ok\n"), "{out}{err}");
    for name in ["level", "own", "names"] {
        let err = wrong(folder.path(), &format!("{HEAD}{TWICE}[functions.{name}]\nc = \"int {name}(void)\"\n"));
        assert!(err.contains(&format!("has `{name}` as data, and only functions can be called")), "{err}");
        assert!(err.contains("hint: let a function of a small library"), "{err}");
    }
    let err = wrong(folder.path(), &format!("{HEAD}[functions.twise]\nc = \"int twise(int n)\"\n"));
    assert!(err.contains("has no function `twise`\nhint: it has `twice`"), "{err}");
}

#[test]
fn what_offers_nothing_is_not_ok() {
    let folder = folder(C, &[]);
    for rest in ["", &format!("{TWICE}internal = true\n"), "[constants]\nONE = 1\n"] {
        let err = wrong(folder.path(), &format!("{HEAD}{rest}"));
        assert!(err.contains("nothing is offered to Python"), "{err}");
    }
}

#[test]
fn what_the_loader_would_not_find() {
    let c = "int other(int); int twice(int n) { return other(n); }";
    let other = tempfile::tempdir().expect("a folder");
    compile(other.path(), "libother.so.1", "int other(int n) { return 2 * n; }", &["-Wl,-soname,libother.so.1"]);
    let file = other.path().join("libother.so.1");
    let folder = folder(c, &[file.to_str().expect("text"), "-Wl,-rpath,$ORIGIN"]);
    let manifest = format!("{HEAD}{TWICE}");
    let err = wrong(folder.path(), &manifest);
    assert!(
        err.contains("t.zone.toml:4: ") && err.contains("libt.so needs libother.so.1, which is not installed"),
        "{err}"
    );
    // Beside the library every other program finds it; a zone has nothing of that folder but what the manifest lists.
    fs::copy(&file, folder.path().join("libother.so.1")).expect("a copy");
    let err = wrong(folder.path(), &manifest);
    assert!(err.contains("a zone does not see ") && err.contains("libother.so.1\nhint: a zone sees"), "{err}");
    let listed = manifest.replace("\"libt.so\"", "\"libt.so\", needs = [\"libother.so.1\"]");
    let (code, out, err) = check(folder.path(), &listed);
    assert!(code == Some(0) && out.ends_with("t.zone.toml: ok\n"), "{out}{err}");
    let err = wrong(folder.path(), &listed.replace("libother.so.1", "libmissing.so"));
    assert!(err.contains("t.zone.toml:4: ./libmissing.so: No such file"), "{err}");
    let err = wrong(folder.path(), &listed.replace("libother.so.1", "t.c"));
    assert!(err.contains("t.c: not a library for this machine (not an ELF file)"), "{err}");
    compile(folder.path(), "libt.so", c, &[]);
    let err = wrong(folder.path(), &manifest);
    assert!(err.contains("needs `other`, which none of the libraries has that it names"), "{err}");
}

#[test]
fn devices_that_do_not_open() {
    let folder = folder(C, &[]);
    let with = |files: &str| format!("{HEAD}[sandbox]\nfiles = [{files}]\n{TWICE}");
    let harmless = "{ read = \"/dev/urandom\" }, { read = \"/dev/random\" }, { write = \"/dev/null\" }";
    let (code, _, err) = check(folder.path(), &with(harmless));
    assert_eq!(code, Some(0), "{err}");
    for device in ["/dev/zero", "/dev/tty", "/dev/full"] {
        if Path::new(device).exists() {
            let err = wrong(folder.path(), &with(&format!("{{ read = \"{device}\" }}")));
            assert!(err.contains(&format!("files names {device}, a device, which does not open in a zone")), "{err}");
        }
    }
    let err = wrong(folder.path(), &with("{ read = \"/no/such/file\" }"));
    assert!(err.contains("/no/such/file, which does not exist"), "{err}");
}

/// What is missing is where the last link leads to.
#[test]
fn what_is_missing_behind_a_link_is_named() {
    let folder = folder(C, &[]);
    for (link, target) in [("one", "two"), ("two", "gone"), ("liblink.so", "libgone.so")] {
        std::os::unix::fs::symlink(target, folder.path().join(link)).expect("a link");
    }
    let with = |files: &str| format!("{HEAD}[sandbox]\nfiles = [{files}]\n{TWICE}");
    let err = wrong(folder.path(), &with("{ read = \"$here/one\" }"));
    let real = fs::canonicalize(folder.path()).expect("a folder");
    let told = format!("files names {0}/one, which leads to {0}/gone, which does not exist", real.display());
    assert!(err.contains(&told), "{err}");
    let err = wrong(folder.path(), &with("{ read = \"$here/three\" }"));
    assert!(err.contains(&format!("{}/three, which does not exist", real.display())), "{err}");
    fs::write(folder.path().join("gone"), "data").expect("a file");
    let (code, _, err) = check(folder.path(), &with("{ read = \"$here/one\" }"));
    assert_eq!(code, Some(0), "{err}");
    let err = wrong(folder.path(), &format!("{}{TWICE}", HEAD.replace("libt.so", "liblink.so")));
    assert!(err.contains("liblink.so: No such file or directory (os error 2): it leads to ./libgone.so"), "{err}");
}

#[test]
fn questions_take_two_lines_and_the_others_are_counted() {
    let folder = folder(C, &[]);
    let one =
        |index: u32| format!("[functions.f{index}]\nc = \"int f{index}(int *x)\"\nx = {{ decide = \"in or out?\" }}\n");
    let err = wrong(folder.path(), &format!("{HEAD}{}", (0..3).map(one).collect::<String>()));
    let line = "error: `x` is not decided yet: in or out?\n--> t.zone.toml:";
    assert_eq!((err.matches(line).count(), err.matches("in or out?").count(), err.lines().count()), (3, 3, 6), "{err}");
    let err = wrong(folder.path(), &format!("{HEAD}{}", (0..61).map(one).collect::<String>()));
    assert_eq!(err.matches(line).count(), 50);
    assert!(err.contains("error: 11 more mistakes\n"), "{err}");
}
