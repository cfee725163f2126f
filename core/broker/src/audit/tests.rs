//! What holds a trail together, and what does not get past it.

use super::chain::{json, taken_apart};
use super::trail::Trail;
use super::*;
use crate::application::request::{Program, RunRequest};
use crate::application::{LoadError, LoadedApplication, MANIFEST};
use cloison_contract::printable::is_escaped;
use cloison_manifest::application;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

/// A trail in that folder, as `[audit]` asks for it.
fn request(folder: &Path, rest: &str) -> AuditRequest {
    let toml = format!("[audit]\nfile = \"audit.jsonl\"\n{rest}");
    let application = application::parse("cloison.toml", &toml).expect("right");
    let settings = application.audit.expect("a trail");
    let written = settings.file.expect("a file");
    let file = LogFile::find(&written, (settings.file_bytes, settings.keep), &application.source, folder);
    AuditRequest { application: "shop".into(), file: Some(file.expect("a folder")), calls: settings.calls }
}

fn process(name: Option<&str>) -> AuditProcess {
    AuditProcess::new(7, name, "app:work")
}

/// One of each kind.
fn events() -> Vec<AuditEvent> {
    vec![
        AuditEvent::mint("zlib", 1, "call crc32 of libz.so.1"),
        AuditEvent::spawn(process(Some("worker")), Some(1)),
        AuditEvent::narrow("zlib", 3, "10 calls altogether").process(process(None)).parent(1),
        AuditEvent::delegate(process(None), "zlib", 4, 8),
        AuditEvent::used("zlib", 4, 9, 1),
        AuditEvent::call(process(None), "zlib", "crc32").grant(4),
        AuditEvent::deny(process(None), "zlib", "`compress2` is not granted").function("compress2"),
        AuditEvent::release(process(None), "zlib", 4),
        AuditEvent::expire("zlib", 3),
        AuditEvent::revoke("zlib", 1, 10_000, "the operator"),
        AuditEvent::replace("zlib", "its library was loaded anew"),
        AuditEvent::crash("zlib", "it was ended by signal 11 (SIGSEGV)").function("crc32").process(process(None)),
        AuditEvent::end(process(None), "exit status 1"),
        AuditEvent::ended(),
    ]
}

fn write(request: &AuditRequest, events: Vec<AuditEvent>) {
    let mut trail = Trail::begin(request).expect("a trail");
    events.into_iter().for_each(|event| trail.write(event));
}

/// What is found in those files, and which words their events have.
fn found(paths: &[PathBuf]) -> (TrailReport, Vec<&'static str>) {
    let mut words = Vec::new();
    let report = read(paths, |line| match line {
        TrailLine::Header(_) => words.push("header"),
        TrailLine::Event(record) => words.push(record.event.word()),
    });
    (report.expect("files"), words)
}

/// Where the chain of a file breaks that holds these lines.
fn fault(path: &PathBuf, lines: &[String]) -> Option<(u64, TrailFault)> {
    fs::write(path, lines.concat()).expect("written");
    found(std::slice::from_ref(path)).0.fault.map(|error| (error.line, error.fault))
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).expect("a file").split_inclusive('\n').map(str::to_owned).collect()
}

#[test]
fn what_is_written_holds_together() {
    let folder = tempfile::tempdir().expect("a folder");
    write(&request(folder.path(), ""), events());
    let path = folder.path().join("audit.jsonl");
    let (report, words) = found(std::slice::from_ref(&path));
    assert!(report.fault.is_none(), "{report:?}");
    let kinds: Vec<_> = events().into_iter().map(|event| event.numbered(0).event).collect();
    assert_eq!(words[1..], kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>());
    assert!(AuditKind::ALL.iter().all(|kind| kinds.contains(kind)), "one of each kind");
    let last = lines(&path).pop().expect("a line");
    let summary = TrailSummary {
        files: 1,
        first: 0,
        lines: 15,
        events: 14,
        dropped: 0,
        runs: 1,
        unended: 0,
        ended: true,
        last: taken_apart(last.trim_end()).expect("a line").1.to_owned(),
    };
    assert_eq!(report.summary, summary);
    // The words in the file are those that people ask for.
    for kind in AuditKind::ALL {
        assert_eq!(serde_json::to_string(&kind).expect("a word"), format!("\"{}\"", kind.word()));
    }
}

#[test]
fn each_changed_byte_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    write(&request(folder.path(), ""), events().into_iter().take(3).collect());
    let path = folder.path().join("audit.jsonl");
    let bytes = fs::read(&path).expect("a file");
    for at in 0..bytes.len() {
        for change in [1, 0x20] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            fs::write(&path, &changed).expect("written");
            let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
            let fault =
                found(std::slice::from_ref(&path)).0.fault.unwrap_or_else(|| panic!("byte {at} of line {line}"));
            // A changed hash may be the next line's fault.
            assert!(fault.line == line || fault.line == line + 1, "byte {at} of line {line}: {fault}");
        }
    }
}

#[test]
fn lines_that_are_missing_or_new_or_elsewhere_are_found() {
    let folder = tempfile::tempdir().expect("a folder");
    write(&request(folder.path(), ""), events());
    let path = folder.path().join("audit.jsonl");
    let whole = lines(&path);
    let other = tempfile::tempdir().expect("a folder");
    write(&request(other.path(), ""), events());
    let foreign = lines(&other.path().join("audit.jsonl"));
    assert_eq!(fault(&path, &whole), None);
    assert_eq!(fault(&path, &whole[1..]), Some((1, TrailFault::NoHeader)));
    for at in 1..whole.len() - 1 {
        let mut without = whole.clone();
        without.remove(at);
        assert_eq!(fault(&path, &without), Some((at as u64 + 1, TrailFault::Hash)), "without line {at}");
        let mut exchanged = whole.clone();
        exchanged.swap(at, at + 1);
        assert_eq!(fault(&path, &exchanged), Some((at as u64 + 1, TrailFault::Hash)), "line {at} and the next");
        for line in [&whole[at], &foreign[at]] {
            let mut longer = whole.clone();
            longer.insert(at + 1, line.clone());
            assert_eq!(fault(&path, &longer), Some((at as u64 + 2, TrailFault::Hash)), "one more behind line {at}");
        }
    }
    let mut two = whole.clone();
    two.extend(foreign);
    assert_eq!(fault(&path, &two), Some((16, TrailFault::NotNext)), "another chain behind it");
    for (more, what) in [
        ("hello\n".to_owned(), TrailFault::NoLine),
        ("{\"seq\":15}\n".to_owned(), TrailFault::NoLine),
        ("\n".to_owned(), TrailFault::NoLine),
        ("x".repeat(3 * LINE_BYTES) + "\n", TrailFault::NoLine),
        ("{\"seq\":15,".to_owned(), TrailFault::Cut),
    ] {
        let mut longer = whole.clone();
        longer.push(more);
        assert_eq!(fault(&path, &longer), Some((16, what)));
    }
    assert_eq!(fault(&path, &[]), Some((1, TrailFault::NoHeader)), "nothing is no trail");
    // What is cut off behind a line's end shows in nothing but the missing end.
    assert_eq!(fault(&path, &whole[..5]), None);
    let summary = found(std::slice::from_ref(&path)).0.summary;
    assert!(!summary.ended && summary.unended == 1, "{summary:?}");
}

#[test]
fn what_processes_say_stays_in_its_line_and_shows() {
    let folder = tempfile::tempdir().expect("a folder");
    let nasty = "a\"\n{\"seq\":1}\r\u{1b}[2J\u{202e}\u{2028}\u{2029}\u{85}\u{7f}\\é🦀\0";
    let nobody = AuditProcess::new(7, Some(nasty), nasty);
    let said = |text: &str| AuditEvent::deny(nobody.clone(), text, text).function(text);
    write(&request(folder.path(), ""), vec![said(nasty), AuditEvent::crash(nasty, nasty), AuditEvent::ended()]);
    let path = folder.path().join("audit.jsonl");
    assert_eq!(lines(&path).len(), 4);
    let text = fs::read_to_string(&path).expect("a file");
    assert!(!text.chars().any(|one| is_escaped(one) && one != '\n'), "{text}");
    let shown = r#"a\"\n{\"seq\":1}\r\u001b[2J\u202e\u2028\u2029\u0085\u007f\\é🦀\u0000"#;
    assert_eq!(text.matches(shown).count(), 7, "{text}");
    let mut names = Vec::new();
    let report = read(&[path], |line| {
        if let TrailLine::Event(record) = line {
            names.extend(record.process.clone().and_then(|process| process.name));
        }
    });
    assert!(report.expect("a file").fault.is_none());
    assert_eq!(names, [nasty], "and whoever reads JSON gets what was said");
}

#[test]
fn no_line_is_longer_than_a_reader_takes() {
    let folder = tempfile::tempdir().expect("a folder");
    let long = "\u{202e}".repeat(100_000);
    let process = AuditProcess::new(u64::MAX, Some(&long), &long);
    let mut event =
        AuditEvent::narrow(&long, u64::MAX, &long).process(process).parent(u64::MAX).function(&long).reason(&long);
    event = event.after(u64::MAX);
    let kept = event.clone().numbered(0).reason.expect("a reason");
    assert_eq!(kept.chars().count(), TEXT_CHARACTERS + 1, "and a sign that there was more");
    assert!(json(&event.clone().numbered(u64::MAX)).expect("JSON").len() + 100 < LINE_BYTES);
    let request = AuditRequest { application: long.clone(), ..request(folder.path(), "") };
    write(&request, vec![event, AuditEvent::crash(&long, &long), AuditEvent::ended()]);
    let (report, words) = found(&[folder.path().join("audit.jsonl")]);
    assert!(report.fault.is_none(), "{report:?}");
    assert_eq!(words, ["header", "narrow", "crash", "ended"]);
}

#[test]
fn whoever_notes_never_waits_and_what_is_dropped_is_counted() {
    let (go, gate) = bounded::<()>(0);
    let (reached, reading) = bounded(1);
    let written = std::sync::Arc::new(Mutex::new(Vec::new()));
    let log = written.clone();
    // A disk that takes nothing until it is told to.
    let audit = Audit::writing(4, false, move |event| {
        let _ = reached.try_send(());
        let _ = gate.recv(); // an error once the other end is gone: from then on it goes through
        let record = event.numbered(0);
        log.lock().expect("nobody panics").push((record.grant, record.event, record.dropped));
    })
    .expect("a thread");
    let note = |grant| audit.note(AuditEvent::expire("zlib", grant));
    note(0);
    reading.recv().expect("the thread is in its write from now on");
    (1..=10).for_each(note);
    go.send(()).expect("the thread waits");
    // One more has room as soon as the thread has taken the next one, and that is when it waits again.
    go.send(()).expect("the thread waits");
    note(11);
    drop(go);
    drop(audit);
    let written = written.lock().expect("nobody panics");
    let expire = |grant, dropped| (Some(grant), AuditKind::Expire, dropped);
    let mut expected: Vec<_> = (0..=4).map(|grant| expire(grant, None)).collect();
    expected.push(expire(11, Some(6)));
    expected.push((None, AuditKind::Ended, None));
    assert_eq!(*written, expected);
}

#[test]
fn what_was_dropped_last_stands_in_the_end() {
    let (go, gate) = bounded::<()>(0);
    let (reached, reading) = bounded(1);
    let written = std::sync::Arc::new(Mutex::new(Vec::new()));
    let log = written.clone();
    let audit = Audit::writing(1, false, move |event| {
        let _ = reached.try_send(());
        let _ = gate.recv();
        log.lock().expect("nobody panics").push((event.dropped(), event.numbered(0).event));
    })
    .expect("a thread");
    audit.note(AuditEvent::expire("zlib", 0));
    reading.recv().expect("the thread is in its write from now on");
    (1..=5).for_each(|grant| audit.note(AuditEvent::expire("zlib", grant)));
    drop(go);
    drop(audit);
    let expected = [(0, AuditKind::Expire), (0, AuditKind::Expire), (4, AuditKind::Ended)];
    assert_eq!(*written.lock().expect("nobody panics"), expected);
}

#[test]
fn what_cannot_be_written_is_counted_and_leaves_no_part_of_a_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let request = request(folder.path(), "");
    let mut trail = Trail::begin(&request).expect("a trail");
    trail.write(AuditEvent::expire("zlib", 1));
    let path = folder.path().join("audit.jsonl");
    let whole = fs::read(&path).expect("a file");
    let disk = trail.exchange(fs::File::options().write(true).open("/dev/full").expect("a device"));
    trail.write(AuditEvent::expire("zlib", 2));
    trail.write(AuditEvent::expire("zlib", 3).after(5));
    // A part of a line that a full disk has taken.
    fs::write(&path, [&whole[..], b"{\"seq\":2,\"ti"].concat()).expect("written");
    drop(trail.exchange(disk.expect("a file")));
    trail.write(AuditEvent::expire("zlib", 4));
    trail.write(AuditEvent::expire("zlib", 5));
    drop(trail);
    let mut seen = Vec::new();
    let report = read(&[path], |line| {
        if let TrailLine::Event(record) = line {
            seen.push((record.grant, record.dropped));
        }
    });
    let report = report.expect("a file");
    assert!(report.fault.is_none(), "{report:?}");
    assert_eq!(seen, [(Some(1), None), (Some(4), Some(7)), (Some(5), None)]);
    assert_eq!(report.summary.dropped, 7);
}

#[test]
fn a_full_file_is_renamed_and_the_chain_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let request = request(folder.path(), "size = \"64 KiB\"\nkeep = 2\n");
    let mut trail = Trail::begin(&request).expect("a trail");
    let path = |name: &str| folder.path().join(name);
    let oldest = path("audit.jsonl.2");
    while !oldest.exists() {
        trail.write(AuditEvent::deny(process(None), "zlib", "no"));
    }
    let three = [path("audit.jsonl"), oldest.clone(), path("audit.jsonl.1")];
    let (report, words) = found(&three);
    assert!(report.fault.is_none(), "{report:?}");
    let summary = report.summary;
    assert_eq!((summary.files, summary.first, summary.runs, summary.unended), (3, 0, 1, 1));
    assert_eq!(words.iter().filter(|word| **word == "header").count(), 3);
    for file in &three {
        assert!(fs::metadata(file).expect("a file").len() < (64 << 10) + 1024, "{}", file.display());
    }
    // A file between two others that is not there is missed; one before them was renamed away, which `first` says.
    let gap = found(&[path("audit.jsonl"), oldest]).0.fault.expect("a file is missing");
    assert_eq!((gap.path, gap.line, gap.fault), (path("audit.jsonl"), 1, TrailFault::NotNext));
    let later = found(&[path("audit.jsonl.1"), path("audit.jsonl")]).0;
    assert!(later.fault.is_none() && later.summary.first > 0, "{later:?}");
    // The oldest one goes.
    let latest = || fs::read(path("audit.jsonl.1")).expect("a file");
    let before = latest();
    while latest() == before {
        trail.write(AuditEvent::deny(process(None), "zlib", "no"));
    }
    drop(trail);
    let report = found(&three).0;
    assert!(report.fault.is_none() && report.summary.first > 0, "{report:?}");
    assert!(!path("audit.jsonl.3").exists());
}

#[test]
fn the_next_run_goes_on_with_the_chain_of_the_last() {
    let folder = tempfile::tempdir().expect("a folder");
    let (request, path) = (request(folder.path(), ""), folder.path().join("audit.jsonl"));
    write(&request, events());
    write(&request, vec![AuditEvent::expire("zlib", 1)]);
    // The machine has stopped in the middle of a line.
    let mut bytes = fs::read(&path).expect("a file");
    bytes.extend(b"{\"seq\":16,\"ti");
    fs::write(&path, bytes).expect("written");
    let audit = Audit::start(&request).expect("a trail");
    let second = Audit::start(&request).map(|_| ());
    assert!(matches!(second, Err(AuditError::InUse(_))), "{second:?}");
    audit.note(AuditEvent::expire("zlib", 2));
    drop(audit);
    let mut torn = Vec::new();
    let report = read(std::slice::from_ref(&path), |line| {
        if let TrailLine::Header(header) = line {
            torn.push(header.torn);
        }
    });
    let report = report.expect("a file");
    assert!(report.fault.is_none(), "{report:?}");
    assert_eq!(torn, [None, None, Some(13)]);
    let summary = report.summary;
    assert_eq!((summary.runs, summary.unended, summary.ended, summary.events), (3, 1, true, 17));
}

#[test]
fn what_is_no_trail_is_not_written_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("audit.jsonl");
    for text in ["export PATH\n", "no end", "{\"seq\":1}\n"] {
        fs::write(&path, text).expect("written");
        let started = Audit::start(&request(folder.path(), "")).map(|_| ());
        assert!(matches!(started, Err(AuditError::NoTrail(_))), "{started:?}");
        assert_eq!(fs::read_to_string(&path).expect("a file"), text);
    }
}

#[test]
fn a_trail_is_nothing_that_programs_read_or_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("log")).expect("a folder");
    fs::write(path("main.py"), "pass\n").expect("written");
    fs::write(path("__main__.py"), "pass\n").expect("written");
    let load = |rest: &str| {
        let text = format!("[audit]\nfile = \"log/audit.jsonl\"\n{rest}");
        fs::write(path(MANIFEST), text).expect("written");
        LoadedApplication::open(folder.path())
    };
    let files = |rights: &str| {
        format!("[capabilities.f]\nzone = \"files\"\nroots = [{{ at = \"/l\", path = \"log\", allow = [{rights}] }}]\n")
    };
    let loaded = load("").expect("right");
    let hidden = loaded.sources().expect("folders");
    drop(Audit::start(loaded.audit.as_ref().expect("a trail")).expect("begun"));
    for name in ["log/audit.jsonl", "log/audit.jsonl.lock"] {
        assert!(hidden.is_hidden(&fs::File::open(path(name)).expect("a file")), "{name}");
    }
    assert!(!hidden.is_hidden(&fs::File::open(path("main.py")).expect("a file")));
    load(&files("\"read\"")).expect("a root that changes nothing");
    let text = |loaded: Result<LoadedApplication, LoadError>| match loaded {
        Err(LoadError::Manifests(mistakes)) => mistakes.to_string(),
        other => panic!("{other:?}"),
    };
    let wrong = text(load(&files("\"read\", \"write\"")));
    assert!(wrong.contains("a program could change the audit trail there, by the root `/l`"), "{wrong}");
    let wrong = text(load("[capabilities.log]\nzone = \"log\"\nfile = \"log/audit.jsonl\"\n"));
    assert!(wrong.contains("the audit trail is written there as well"), "{wrong}");
    // Nor does a library write where it is, by whatever of its rules, whoever may call what needs them.
    let zone = |rule: &str| {
        let zone = format!(
            "[zone]\nname = \"t\"\nversion = \"1.0.0\"\nlibrary = {{ soname = \"libc.so.6\" }}\n[sandbox]\nfiles = [{{ {rule} }}]\n\
             [functions.abs]\nc = \"int abs(int n)\"\n[functions.labs]\nc = \"long labs(long n)\"\n"
        );
        fs::create_dir_all(path("zone")).expect("a folder");
        fs::write(path("zone/t.zone.toml"), zone).expect("written");
        load("[capabilities.t]\nzone = \"zone/t.zone.toml\"\nallow = [\"abs\"]\n")
    };
    let log = path("log");
    std::os::unix::fs::symlink(&log, path("link")).expect("a link");
    for rule in [log.join("audit.jsonl"), log.clone(), path("link"), folder.path().to_owned()] {
        let wrong = text(zone(&format!("write = {:?}", rule.to_string_lossy())));
        assert!(wrong.contains("a library could change the audit trail there"), "{wrong}");
    }
    let wrong = text(zone(&format!("write = {:?}, for = [\"labs\"]", log.to_string_lossy())));
    assert!(wrong.contains("a library could change the audit trail there"), "{wrong}");
    let wrong = text(zone("write = \"$here\""));
    assert!(wrong.contains("t.zone.toml, and with it what is granted"), "{wrong}");
    zone(&format!("read = {:?}", log.to_string_lossy())).expect("a library that changes nothing");
    // Nobody has asked for a file to be written who runs a program beside such a manifest.
    load("").expect("right");
    let main = path("main.py");
    match RunRequest::new(Program::Path(&main)).load() {
        Err(LoadError::Unasked(unasked)) => {
            assert!(unasked.grants[0].starts_with("an audit trail in "), "{unasked}");
        }
        other => panic!("{other:?}"),
    }
}
