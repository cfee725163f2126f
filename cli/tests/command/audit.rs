//! `cloison audit`: a trail that is whole, and one that somebody has changed.

use cloison_broker::application::LoadedApplication;
use cloison_broker::audit::{Audit, AuditEvent, AuditProcess};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A folder with `audit.jsonl`, which an application has written.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("__main__.py"), "pass\n").expect("a file");
    fs::write(folder.path().join("cloison.toml"), "[audit]\nfile = \"audit.jsonl\"\n").expect("a file");
    let application = LoadedApplication::open(folder.path()).expect("an application");
    let audit = Audit::start(application.audit.as_ref().expect("a trail")).expect("begun");
    let process = AuditProcess::new(7, Some("w\u{1b}[2J"), "app:work");
    audit.note(AuditEvent::spawn(process.clone(), Some(1)));
    audit.note(AuditEvent::deny(process, "zlib", "`compress2` is not granted\n{\"seq\":9}"));
    drop(audit);
    folder
}

/// Exit code, standard output and standard error of `cloison audit`.
fn audit(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloison"));
    let output = command.arg("audit").args(arguments).current_dir(folder).output().expect("cloison");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_whole_trail_holds_and_a_changed_one_does_not() {
    let folder = folder();
    let (code, out, err) = audit(folder.path(), &["verify", "audit.jsonl"]);
    assert!(code == Some(0) && out.starts_with("the chain holds: 1 file, 3 events of 1 run\n"), "{out}{err}");
    assert!(out.contains("no event was dropped\nlast hash: "), "{out}");
    let path = folder.path().join("audit.jsonl");
    let text = fs::read_to_string(&path).expect("a file").replace("is not granted", "is just granted");
    fs::write(&path, text).expect("written");
    let (code, out, err) = audit(folder.path(), &["verify", "audit.jsonl"]);
    assert!(
        code == Some(1) && out.is_empty() && err.contains("audit.jsonl:3: the hash does not go with"),
        "{out}{err}"
    );
    let (code, out, _) = audit(folder.path(), &["verify", "--json", "audit.jsonl"]);
    assert!(code == Some(1) && out.contains("\"line\": 3"), "{out}");
    let (code, out, err) = audit(folder.path(), &["show", "audit.jsonl"]);
    assert!(code == Some(1) && out.contains("is just granted") && err.contains("audit.jsonl:3"), "{out}{err}");
}

#[test]
fn lines_are_shown_by_process_and_event_and_obeyed_by_no_terminal() {
    let folder = folder();
    let shown = |arguments: &[&str]| {
        let (code, out, err) = audit(folder.path(), &[&["show", "audit.jsonl"][..], arguments].concat());
        assert_eq!(code, Some(0), "{out}{err}");
        assert!(!out.contains('\u{1b}'), "{out}");
        out
    };
    assert_eq!(shown(&[]).lines().count(), 4);
    let deny = shown(&["--event", "deny"]);
    assert!(deny.lines().count() == 1 && deny.contains("7 app:work (w\\u{1b}[2J)   zlib, `compress2`"), "{deny}");
    assert_eq!(shown(&["--process", "7"]).lines().count(), 2);
    assert_eq!(shown(&["--process", "8"]), "");
    let json = shown(&["--process", "7", "--event", "spawn", "--json"]);
    assert!(json.contains(r#""name":"w\u001b[2J""#) && json.lines().count() == 1, "{json}");
    let (code, _, err) = audit(folder.path(), &["show", "audit.jsonl", "--event", "denial"]);
    assert!(code == Some(2) && err.contains("deny"), "{err}");
}
