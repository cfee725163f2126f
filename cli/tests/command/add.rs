//! `cloison new`, `add` and `explain`, by running them: what they write and what they say.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

fn cloison(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cloison")).args(arguments).current_dir(folder).output().expect("cloison")
}

/// What was said on standard error by a command that has to end so.
fn said(folder: &Path, line: &str, status: i32) -> String {
    let arguments: Vec<_> = line.split_whitespace().collect();
    let output = cloison(folder, &arguments);
    let err = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(status), "cloison {line}: {err}");
    err
}

fn text(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect("a file")
}

fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("CLOISON_BLESS").is_some() {
        fs::write(&path, found).expect("a golden file");
    }
    assert_eq!(found, fs::read_to_string(&path).unwrap_or_default(), "CLOISON_BLESS=1 writes it anew");
}

/// A folder with an application in `app/`, and beside it folders and a manifest.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["data", "out", "log"] {
        fs::create_dir(folder.path().join(name)).expect("a folder");
    }
    fs::write(
        folder.path().join("words.zone.toml"),
        "[zone]\nname = \"words\"\nversion = \"1.0.0\"\nlibrary = { soname = \"libc.so.6\" }\n\
         [sandbox]\nfiles = [{ read = \"/etc/hostname\" }]\n\
         [functions.abs]\nc = \"int abs(int n)\"\n[functions.labs]\nc = \"long labs(long n)\"\n",
    )
    .expect("a file");
    folder
}

const SESSION: &[&str] = &[
    "new app/",
    "new app/",
    "add files ./data --read --app app",
    "add files ./data --read --list --app app",
    "add files data --list --app app/",
    "add files ./out --create --append --at /results --app app",
    "add files ./out --write --app app",
    "add files ./log --append --at /data --app app",
    "add files ./none --read --app app",
    "add files ./log --app app",
    "add scratch 64MiB --app app",
    "add scratch 1MiB --app app",
    "add scratch 128MiB --app app",
    "add scratch 5MB --app app",
    "add zlib --allow crc32,compress2 --app app",
    "add zlib --allow adler32 crc32 --app app",
    "add zlib --app app",
    "add zlib --allow * --app app",
    "add zlib --allow crc23 --app app --name other",
    "add zlbi --app app",
    "add net --app app",
    "add net api.example.com:443 --app app",
    "add net api.example.com:443 --listen 127.0.0.1:8000 --app app",
    "add net *.example.org:443 10.1.0.0/16:5432 --app app",
    "add net *.example.org:443 --app app",
    "add net api.example.com --app app",
    "add net --listen example.com:80 --app app",
    "add http https://api.example.com/v1/ --get --app app",
    "add http https://api.example.com/v1/ --get --post --app app",
    "add http https://api.example.com/v1/ --get --secret X-Key=env:CLOISON_UNSET --app app",
    "add http https://api.example.com/v1/ --get --secret X-Key=env:CLOISON_UNSET --app app",
    "add http https://api.example.com/v1/ --get --secret X-Key=env:CLOISON_OTHER --app app",
    "add http https://other.example.com/ --any --app app --name api.example.com",
    "add http https://other.example.com/ --any --app app",
    "add http https://other.example.com/ --get --secret Authorization=hunter2 --app app",
    "add http other.example.com --get --app app",
    "add log log/app.log --level info --app app",
    "add log log/app.log --level error --app app",
    "add log other.log --app app",
    "add log --name noise --app app",
    "add log none/app.log --app app --name more",
    "add log data/app.py --app app --name more",
    "add log --level loud --app app --name more",
    "add process /usr/bin/env --app app --read data --arguments log --oneline *",
    "add process /usr/bin/env --app app --read data --arguments log --oneline *",
    "add process /usr/bin/env --command print --app app",
    "add process env --app app",
    "add words.zone.toml --app app --dry-run",
    "add words.zone.toml --allow abs --app app --name w",
    "add libm --app app --name w",
    "add files ./log --read --app app --name w",
    "explain app",
];

/// Everything that a person sees, and the file that comes of it.
#[test]
fn a_session_reads_as_it_did() {
    let folder = folder();
    let mut session = String::new();
    for line in SESSION {
        let arguments: Vec<_> = line.split_whitespace().collect();
        let output = cloison(folder.path(), &arguments);
        let part = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        let status = output.status.code().expect("an end");
        let status = if status == 0 { String::new() } else { format!("[{status}]\n") };
        session += &format!("$ cloison {line}\n{}{}{status}\n", part(output.stdout), part(output.stderr));
    }
    session += &format!("$ cat app/cloison.toml\n{}", text(folder.path(), "app/cloison.toml"));
    golden("add.txt", &session);
    let json = cloison(folder.path(), &["explain", "app", "--json"]);
    golden("explain.json", &String::from_utf8(json.stdout).expect("text"));
    // What was written is what every other command reads.
    let mut check = Command::new(env!("CARGO_BIN_EXE_cloison"));
    let check = check.args(["check", "app"]).current_dir(folder.path()).env("CLOISON_UNSET", "a secret");
    let checked = check.output().expect("cloison");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn the_session_of_the_readme_is_what_happens() {
    let readme = include_str!("../../../README.md");
    let (_, rest) = readme.split_once("```console\n$ cloison new shop/").expect("the session");
    let session = format!("$ cloison new shop/{}", rest.split_once("```").expect("its end").0);
    let folder = folder();
    let mut found = String::new();
    for line in session.lines().filter_map(|line| line.strip_prefix("$ cloison ")) {
        found += &format!("$ cloison {line}\n{}", said(folder.path(), line, 0));
    }
    assert_eq!(found, session);
}

#[test]
fn comments_and_order_stay() {
    let folder = folder();
    let before = "# Ours.\n\n[limits]   # first\nmemory = '64 MiB'\n\n[capabilities.files] # of the shop\nroots = [\n  \
                  # what it sells\n  { path = \"data\", allow = [ 'list' ], at = '/data' }, # by day\n]\nzone = 'files'\n\n\
                  [app]\nentry = \"app:main\" # here\n# The end.\n";
    fs::write(folder.path().join("cloison.toml"), before).expect("a file");
    said(folder.path(), "add files data --read", 0);
    said(folder.path(), "add files out --create", 0);
    said(folder.path(), "add libm --allow sqrt", 0);
    let after = before
        .replace("[ 'list' ]", "[ 'list', \"read\" ]")
        .replace("# by day\n", "# by day\n  { at = \"/out\", path = \"out\", allow = [\"create\"] },\n")
        .replace("'files'\n", "'files'\n\n[capabilities.libm]\nzone = \"libm\"\nallow = [\"sqrt\"]\n");
    assert_eq!(text(folder.path(), "cloison.toml"), after);
}

/// The line that undoes it says how.
#[test]
fn what_is_removed_is_gone() {
    let folder = folder();
    said(folder.path(), "new .", 0);
    let before = text(folder.path(), "cloison.toml");
    let err = said(folder.path(), "add zlib", 0);
    assert!(err.contains("hint: lines 4-7 of ./cloison.toml say it; remove them to undo it"), "{err}");
    let after = text(folder.path(), "cloison.toml");
    let kept: Vec<_> = (1..).zip(after.lines()).filter(|(number, _)| !(4..=7).contains(number)).collect();
    assert_eq!(kept.iter().map(|(_, line)| format!("{line}\n")).collect::<String>(), before);
}

#[test]
fn what_cannot_be_read_is_not_written() {
    let folder = folder();
    said(folder.path(), "new .", 0);
    let before = text(folder.path(), "cloison.toml");
    // A folder in a folder that gives more; a place that is none; a function that is none.
    said(folder.path(), "add files data --read --list --write --at /all", 0);
    fs::create_dir(folder.path().join("data/inner")).expect("a folder");
    let all = text(folder.path(), "cloison.toml");
    let err = said(folder.path(), "add files data/inner --read", 2);
    assert!(err.contains("./cloison.toml, as it would be:9") && err.contains("which gives more: list, write"), "{err}");
    let err = said(folder.path(), "add files log --read --list --write --at log", 2);
    assert!(err.contains("`log` cannot be the place of a root"), "{err}");
    // A folder in which the program could change what it is granted.
    let err = said(folder.path(), "add files . --read --create --at /own --name own", 2);
    assert!(err.contains("cloison.toml there, and with it what it is granted"), "{err}");
    said(folder.path(), "add sqlite3 . --write --at /own", 2);
    said(folder.path(), "add libm --allow sqrtt", 2);
    assert_eq!(text(folder.path(), "cloison.toml"), all);
    // A file that has mistakes already, and one whose lines would not stay.
    for (wrong, status) in
        [("[app\n", 2), ("[capabilities.x]\nzone = \"none\"\nallow = []\n", 2), ("[app]\r\nentry = \"a:b\"\n", 1)]
    {
        fs::write(folder.path().join("cloison.toml"), wrong).expect("a file");
        said(folder.path(), "add libm", status);
        assert_eq!(text(folder.path(), "cloison.toml"), wrong);
    }
    fs::write(folder.path().join("cloison.toml"), &before).expect("a file");
    said(folder.path(), "add libm --dry-run", 0);
    assert_eq!(text(folder.path(), "cloison.toml"), before);
    let left: Vec<_> =
        fs::read_dir(folder.path()).expect("a folder").map(|one| one.expect("one").file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{left:?}");
}

/// In memory, in folders, and only more of what is there.
#[test]
fn databases_are_added() {
    let folder = folder();
    said(folder.path(), "new .", 0);
    let table = |text: &str| text.split_once("[capabilities.sqlite3]\n").map(|(_, table)| table.to_owned());
    let err = said(folder.path(), "add sqlite3", 0);
    assert!(err.contains("/ may have databases in SQLite's memory"), "{err}");
    assert_eq!(table(&text(folder.path(), "cloison.toml")).as_deref(), Some("zone = \"sqlite3\"\n"));
    said(folder.path(), "add sqlite3 data --read", 0);
    let read = "zone = \"sqlite3\"\nroots = [\n    { at = \"/data\", path = \"data\", allow = [\"read\"] },\n]\n";
    assert_eq!(table(&text(folder.path(), "cloison.toml")).as_deref(), Some(read));
    let err = said(folder.path(), "add sqlite3 data --write", 0);
    assert!(
        err.contains("have SQLite read, write, create and delete databases in ./data, which it calls /data"),
        "{err}"
    );
    let written = text(folder.path(), "cloison.toml");
    let all = read.replace("[\"read\"]", "[\"read\", \"write\", \"create\", \"delete\"]");
    assert_eq!(table(&written), Some(all));
    let err = said(folder.path(), "add sqlite3 data --read", 0);
    assert!(err.contains("says that already"), "{err}");
    for wrong in [
        "add sqlite3 out",
        "add sqlite3 --write",
        "add sqlite3 out --read --write",
        "add sqlite3 out --read --at /usr",
        "add sqlite3 out --read --at /data/x",
        "add sqlite3 cloison.toml --read --at /x",
    ] {
        said(folder.path(), wrong, 2);
    }
    said(folder.path(), "add libm --name m", 0);
    said(folder.path(), "add sqlite3 --name m", 1);
    assert!(text(folder.path(), "cloison.toml").starts_with(&written));
    let checked = cloison(folder.path(), &["check", "."]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

/// Of a variable only its name is said: it may be a secret.
#[test]
fn variables_are_added() {
    let folder = folder();
    said(folder.path(), "new .", 0);
    let set = |arguments: &[&str], status: i32| {
        let output = cloison(folder.path(), &[&["add", "env"], arguments].concat());
        let err = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {err}");
        assert!(!err.contains("s3cr3t"), "{err}");
        err
    };
    let err = set(&["LANG", "--set", "KEY=s3cr3t", "--set", "EQ=a=b"], 0);
    assert!(err.contains("/ may see EQ, KEY and LANG in its environment"), "{err}");
    assert!(
        text(folder.path(), "cloison.toml")
            .contains("pass = [\"LANG\"]\nvariables = { KEY = \"s3cr3t\", EQ = \"a=b\" }\n")
    );
    let err = set(&["TZ", "LANG", "--set", "X=", "--set", "a.b=\"q\\\n"], 0);
    assert!(err.contains("in its environment") && err.contains("say it"), "{err}");
    let written = text(folder.path(), "cloison.toml");
    let lines = "pass = [\"LANG\", \"TZ\"]\nvariables = { KEY = \"s3cr3t\", EQ = \"a=b\", X = \"\", \"a.b\" = ";
    assert!(written.contains(lines), "{written}");
    assert!(set(&["TZ", "--set", "KEY=s3cr3t"], 0).contains("says that already"));
    assert!(set(&["--set", "KEY=other"], 1).contains("hint: change it in ./cloison.toml"));
    for (wrong, status) in [
        (&["--set", "LANG=C"][..], 2),
        (&["KEY"], 2),
        (&["x=y"], 1),
        (&["--set", "X"], 1),
        (&["--set", "=x"], 2),
        (&[], 2),
    ] {
        set(wrong, status);
    }
    assert_eq!(text(folder.path(), "cloison.toml"), written);
    fs::write(folder.path().join("main.py"), "").expect("a file");
    let run = cloison(folder.path(), &["check", "."]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    // However the table is written.
    for (before, after) in [
        (
            "[capabilities.env]\nzone = \"env\"\n[capabilities.env.variables]\nA = \"a\" # one\n",
            "A = \"a\" # one\nB = \"b\"\n",
        ),
        (
            "[capabilities]\nenv = { zone = \"env\", variables = { A = \"a\" } }\n",
            "variables = { A = \"a\", B = \"b\" } }\n",
        ),
        ("[capabilities]\nenv = { zone = \"env\" }\n", "env = { zone = \"env\", variables = { B = \"b\" } }\n"),
    ] {
        fs::write(folder.path().join("cloison.toml"), before).expect("a file");
        set(&["--set", "B=b"], 0);
        let written = text(folder.path(), "cloison.toml");
        assert!(written.ends_with(after), "{written}");
    }
}

/// Who has the file by a link, or keeps it from others, has it so afterwards.
#[test]
fn a_link_stays_a_link_and_a_mode_a_mode() {
    let folder = folder();
    said(folder.path(), "new real", 0);
    let real = folder.path().join("real/cloison.toml");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("ours");
    fs::create_dir(folder.path().join("app")).expect("a folder");
    symlink("../real/cloison.toml", folder.path().join("app/cloison.toml")).expect("a link");
    said(folder.path(), "add zlib --app app", 0);
    assert!(fs::symlink_metadata(folder.path().join("app/cloison.toml")).expect("it").is_symlink());
    assert_eq!(fs::metadata(&real).expect("it").permissions().mode() & 0o777, 0o640);
    assert!(text(folder.path(), "real/cloison.toml").contains("[capabilities.zlib]"));
}

/// Paths are those of whoever types them, and the file's are relative to itself.
#[test]
fn paths_are_relative_to_the_file() {
    let folder = folder();
    said(folder.path(), "new a/app", 0);
    fs::create_dir(folder.path().join("a/app/own")).expect("a folder");
    let below = folder.path().join("a");
    let absolute = format!("add files {}/log --append --app app", folder.path().display());
    said(&below, "add files app/own --read --app app", 0);
    let err = said(&below, "add files ../data --read --app app", 0);
    let real = fs::canonicalize(folder.path()).expect("a folder");
    assert!(err.contains(&format!("app/ may read {}/data, which it sees as /data", real.display())), "{err}");
    said(&below, &absolute, 0);
    let written = text(&below, "app/cloison.toml");
    for part in [
        "at = \"/own\", path = \"own\"".to_owned(),
        "at = \"/data\", path = \"../../data\"".to_owned(),
        format!("at = \"{0}/log\", path = \"{0}/log\"", folder.path().display()),
    ] {
        assert!(written.contains(&part), "no {part} in\n{written}");
    }
    // The same folder by another name is the same.
    let err = said(&below.join("app"), "add files ../../data --read", 0);
    assert!(err.contains("says that already"), "{err}");
    // Of a zone's manifest too.
    said(&below, "add ../words.zone.toml --app app", 0);
    assert!(text(&below, "app/cloison.toml").contains("zone = \"../../words.zone.toml\""));
}

/// What a profile leaves is said in the words of what it narrows.
#[test]
fn profiles_are_explained() {
    let folder = folder();
    let manifest = "[app]\nentry = \"app:main\"\n[capabilities.zlib]\nzone = \"zlib\"\nallow = \"*\"\n[microprocess.idle]\n[microprocess.worker]\nmemory = \"64 MiB\"\n\
                    [microprocess.worker.capabilities.zlib]\nallow = [\"crc32\"]\ncalls = 5\nexpires = \"60 s\"\n";
    said(folder.path(), "new app", 0);
    fs::write(folder.path().join("app/cloison.toml"), manifest).expect("a file");
    let explained = cloison(folder.path(), &["explain", "app"]);
    let explained = String::from_utf8(explained.stdout).expect("text");
    for part in [
        "\nOne that is started with the profile idle (app/cloison.toml:6) has at most\n  no capability\n",
        "\nOne that is started with the profile worker (app/cloison.toml:7) has at most\n  the capability zlib of whoever starts it\n    \
         within: 5 calls altogether; of the functions only crc32; for 60 s from its own start on\n  memory  ",
    ] {
        assert!(explained.contains(part), "no {part} in {explained}");
    }
    let json = cloison(folder.path(), &["explain", "app", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    let worker = &json["profiles"][1];
    assert_eq!((&worker["profile"], &worker["limits"]["memory"]), (&"worker".into(), &"64 MiB".into()));
    assert_eq!(worker["capabilities"][0]["within"][0], "5 calls altogether");
}

/// What `run` would add is read by `run`, and shown by nobody.
#[test]
fn secrets_are_neither_needed_nor_shown() {
    let folder = folder();
    said(folder.path(), "new .", 0);
    fs::write(folder.path().join("key.txt"), "hunter2hunter2").expect("a file");
    let err = said(folder.path(), "add http https://a.example.com/ --get --secret X-Key=file:key.txt", 0);
    assert!(err.contains("sent to a.example.com as X-Key"), "{err}");
    said(folder.path(), "add http https://a.example.com/ --get --secret X-More=env:CLOISON_UNSET --prefix k=", 0);
    let written = text(folder.path(), "cloison.toml");
    let both = "secret = [{ header = \"X-Key\", from = \"file:key.txt\" }, \
                { header = \"X-More\", from = \"env:CLOISON_UNSET\", prefix = \"k=\" }]\n";
    assert!(written.contains(both), "{written}");
    let explained = cloison(folder.path(), &["explain", "."]);
    let explained = String::from_utf8(explained.stdout).expect("text");
    assert!(explained.contains("as X-Key\n") && explained.contains("as X-More\n"), "{explained}");
    assert!(!explained.contains("hunter2"), "{explained}");
    // A folder with the file of a secret in it is given to nobody.
    let err = said(folder.path(), "add files . --read --at /all", 2);
    assert!(err.contains("this secret is below ") && !err.contains("hunter2"), "{err}");
    // A server more in the same capability would have the secrets as well, unless each has its hosts.
    said(folder.path(), "add http https://b.example.com/ --get --name a.example.com", 1);
    assert_eq!(text(folder.path(), "cloison.toml"), written);
    said(folder.path(), "add http https://c.example.com/ --get --name c", 0);
    said(folder.path(), "add http https://d.example.com/ --get --name c", 0);
    let err = said(folder.path(), "add http https://d.example.com/ --get --secret X-Key=file:key.txt --name c", 0);
    assert!(err.contains("sent to d.example.com as X-Key"), "{err}");
    assert!(text(folder.path(), "cloison.toml").contains("hosts = [\"d.example.com\"]"));
}

#[test]
fn a_file_is_explained_without_a_manifest() {
    let folder = folder();
    fs::write(folder.path().join("sum.py"), "print(1)\n").expect("a file");
    let explained = |arguments: &[&str]| {
        let output = cloison(folder.path(), arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    golden("explain-file.txt", &explained(&["explain", "sum.py"]));
    let rooted = explained(&["explain", "sum.py", "--root", "data"]);
    assert!(rooted.contains("It may import modules from data, and read what lies beside them."), "{rooted}");
    // One that lies beside it counts for who names it.
    fs::write(folder.path().join("cloison.toml"), "[capabilities.m]\nzone = \"libm\"\nallow = [\"sqrt\"]\n")
        .expect("a file");
    let beside = explained(&["explain", "sum.py"]);
    assert!(beside.contains("counts only for who names it: `--manifest ./cloison.toml`"), "{beside}");
    let named = explained(&["explain", "sum.py", "--manifest", "cloison.toml"]);
    assert!(named.contains("call sqrt of libm.so.6") && !named.contains("counts only"), "{named}");
    let json: serde_json::Value = serde_json::from_str(&explained(&["explain", "sum.py", "--json"])).expect("JSON");
    assert_eq!(json["unasked"], "./cloison.toml");
    assert_eq!(json["capabilities"][0]["functions"][0], "sqrt");
    assert_eq!(json["limits"]["memory"], "512 MiB");
}
