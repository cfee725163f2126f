//! Module `sqlite3` on a zone with SQLite: the same program gives the same as in CPython, files are those that are granted, and a crash
//! costs a connection.

use cloison_tests::{Project, users};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const MEMORY: &str = "[capabilities.sqlite3]\nzone = \"sqlite3\"\n";
const FILES: &str = "[capabilities.sqlite3]\nzone = \"sqlite3\"\nroots = [\n  \
    { at = \"/data\", path = \"../data\", allow = [\"read\", \"list\", \"write\", \"create\", \"delete\"] },\n  \
    { at = \"/seen\", path = \"../seen\", allow = [\"read\"] },\n]\nfile_size = \"1 MiB\"\n";

fn project(program: &str, manifest: &str) -> Project {
    let project = Project::script(program).file("cloison.toml", manifest);
    for name in ["data", "seen"] {
        std::fs::create_dir(project.path(name)).expect("a folder");
        std::fs::set_permissions(project.path(name), std::fs::Permissions::from_mode(0o777)).expect("ours");
    }
    project
}

const ORDINARY: &str = include_str!("../python/sqlite/ordinary.py");

#[test]
fn what_programs_do_with_databases_is_as_in_cpython() {
    let project = project(ORDINARY, MEMORY);
    let python = Command::new("python3").args(["-X", "utf8", "-W", "ignore"]).arg(project.app("main.py")).output();
    let expected = python.expect("python3");
    assert!(expected.status.success(), "{}", String::from_utf8_lossy(&expected.stderr));
    let expected = String::from_utf8_lossy(&expected.stdout).into_owned();
    let output = project.main(&[]).output().ends_with(0);
    let different = output.stdout.lines().zip(expected.lines()).find(|(ours, theirs)| ours != theirs);
    assert!(different.is_none(), "ours and CPython's:\n{different:#?}\n{output}");
    assert_eq!(output.stdout.lines().count(), expected.lines().count(), "{output}");
    assert!(expected.lines().count() > 40, "it does much");
}

const MACHINE_CODE: &str = include_str!("../python/sqlite/machine_code.py");

/// Whoever writes SQL, a program or who has got some into its statements, sees no address and has none called.
#[test]
fn sql_reaches_no_machine_code() {
    let output = project(MACHINE_CODE, MEMORY).main(&[]).output();
    output.ends_with(0).prints(
        "\
OperationalError no such function: fts3_tokenizer
OperationalError no such function: fts3_tokenizer
OperationalError no such function: fts3_tokenizer
OperationalError wrong number of arguments to function load_extension()
OperationalError wrong number of arguments to function load_extension()
OperationalError a statement is reading the database that this would replace
[(2,), (3,)] [(1,), (2,), (3,)]
OperationalError user-defined function raised exception
[(1,)]
[('a porter stems',)]
",
    );
}

const ROOTS: &str = include_str!("../python/sqlite/roots.py");

#[test]
fn databases_are_in_files_below_roots_and_nowhere_else() {
    for &user in users() {
        let project = project(ROOTS, FILES);
        let seen = project.path("seen/seen.db");
        let made = Command::new("python3")
            .args(["-c", "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('create table t(a)'); c.execute('insert into t values(7)'); c.commit()"])
            .arg(&seen)
            .status();
        assert!(made.expect("python3").success());
        std::os::unix::fs::symlink("/etc/hostname", project.path("data/out.db")).expect("a link");
        let output = project.main(&[]).user(user).output();
        output.ends_with(0).prints(
            "\
journal delete: 3 rows
journal wal: 3 rows
another process of the program: [(3,)]
attached: [(7,)]
seen, only to be read: OperationalError: attempt to write a readonly database
/etc/hostname: OperationalError: unable to open database file; SQLite has the files below the `roots`
/new.db: OperationalError: unable to open database file; SQLite has the files below the `roots`
/data/../new.db: OperationalError: unable to open database file; SQLite has the files below the `roots`
/data/out.db: OperationalError: unable to open database file; SQLite has the files below the `roots`
/data/none/new.db: OperationalError: unable to open database file; SQLite has the files below the `roots`
attach /etc/passwd: OperationalError: unable to open database: /etc/passwd
attach /lib/x86_64-linux-gnu/libc.so.6: OperationalError: unable to open database: /lib/x86_64-linux-gnu/libc.so.6
vacuum into /tmp/copy.db: OperationalError: unable to open database: /tmp/copy.db
vacuum into /data/copy.db: done
more than file_size: OperationalError
load_extension: NotSupportedError
load_extension in SQL: OperationalError: wrong number of arguments to function load_extension()
rows: 3
",
        );
        let copied = Command::new("python3")
            .args([
                "-c",
                "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('select count(*) from t').fetchone())",
            ])
            .arg(project.path("data/copy.db"))
            .output()
            .expect("python3");
        assert_eq!(String::from_utf8_lossy(&copied.stdout), "(3,)\n", "SQLite elsewhere reads what was written");
    }
}

#[test]
fn without_the_capability_the_line_that_is_missing_is_named() {
    let program = include_str!("../python/sqlite/without_the_capability_the_line_that_is_missing_is_named.py");
    let output = Project::script(program).main(&[]).output().ends_with(0);
    for part in ["[capabilities.sqlite3]", "zone = \"sqlite3\"", "roots"] {
        assert!(output.stdout.contains(part), "{output}");
    }
}

const CRASH: &str = include_str!("../python/sqlite/crash.py");

#[test]
fn the_end_of_sqlite_costs_its_own_client_a_connection() {
    let zone = include_str!("../../capabilities/manifest/bindings/sqlite3.zone.toml");
    let impatient = zone.replacen("deadline = \"10 min\"", "deadline = \"1 s\"", 1);
    assert_ne!(zone, impatient);
    let manifest = "[capabilities.sqlite3]\nzone = \"sqlite3.zone.toml\"\nallow = \"*\"\n";
    let project = project(CRASH, manifest).file("sqlite3.zone.toml", &impatient);
    project.main(&[]).output().ends_with(0).prints(
        "\
OperationalError: the process that runs SQLite has ended
the connection: OperationalError
the other process: [(1,)]
a new connection: [(2,)]
",
    );
}

const HANDLES: &str = include_str!("../python/sqlite/handles.py");

#[test]
fn what_python_has_forgotten_is_freed_in_the_zone() {
    project(HANDLES, MEMORY)
        .main(&[])
        .output()
        .ends_with(0)
        .prints("20000 statements, 3000 connections, 5000 blobs, 2000 functions\n");
}

#[test]
fn it_runs_as_a_module() {
    let project = project("", MEMORY);
    let output = project
        .cloison(&[
            "run",
            "--manifest",
            "cloison.toml",
            "-m",
            "sqlite3",
            ":memory:",
            "select 6 * 7, sqlite_version() > '3'",
        ])
        .output()
        .ends_with(0);
    assert_eq!(output.stdout, "(42, 1)\n", "{output}");
}
