//! The service for logs, as the broker starts it: what its records say, and what a program cannot make of them.

use crate::support::{Answer, Argument, Client, Service};
use cloison_contract::host::{HostService, LogLevel, LogService};
use cloison_contract::message::{ClientName, FromZone, ToZone};
use rustix::fs::{CWD, Mode, OFlags, openat};
use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::{AsFd, OwnedFd};

/// The service with a file, which nobody has a name for.
fn start(service: LogService) -> (Service, File) {
    let file = growing();
    let launched = Service::launch(HostService::Log(service), &[(ToZone::Log, vec![file.as_fd()])]);
    (launched, file)
}

fn to_file() -> LogService {
    LogService { file: Some("app.log".into()), file_bytes: 64 << 10, ..LogService::default() }
}

/// A new file that can be read here, and only grow there.
fn growing() -> File {
    let file = tempfile::tempfile().expect("a file");
    let link = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
    openat(CWD, link, OFlags::RDWR | OFlags::APPEND, Mode::empty()).expect("opened").into()
}

fn client(service: &mut Service, number: u64, function: &str) -> Client {
    service.client_name = Some(ClientName { number, function: function.into() });
    service.attach()
}

fn write(client: &mut Client, level: u64, [logger, message, exception, fields]: [&str; 4]) -> Answer {
    let texts = [logger, message, exception, fields].map(|text| Argument::Bytes(text.as_bytes()));
    let arguments: Vec<_> = std::iter::once(Argument::Word(level)).chain(texts).collect();
    client.call("write", &arguments)
}

fn say(client: &mut Client, message: &str) -> Answer {
    write(client, 20, ["", message, "", ""])
}

/// The lines, without the time that each begins with.
fn lines(file: &mut File) -> Vec<String> {
    let mut text = String::new();
    file.rewind().expect("a file");
    file.read_to_string(&mut text).expect("text");
    text.lines()
        .map(|line| {
            let rest = line.strip_prefix("{\"time\":\"20").unwrap_or_else(|| panic!("no time: {line}"));
            let (time, rest) = rest.split_once("Z\",").expect("a time");
            assert!(time.len() == "26-01-01T00:00:00.000000".len() && time.as_bytes()[8] == b'T', "{time}");
            rest.to_owned()
        })
        .collect()
}

#[test]
fn a_record_says_who_has_written_it() {
    let (mut service, mut file) = start(to_file());
    let mut one = client(&mut service, 7, "app:main");
    let mut other = client(&mut service, 8, "app:\"child\"");
    assert_eq!(write(&mut one, 20, ["shop.cart", "sold", "", r#"{"pieces": 3, "what": ["é", null]}"#]), Ok(vec![1]));
    assert_eq!(write(&mut other, 45, ["", "gone", "Traceback:\n  x", ""]), Ok(vec![1]));
    assert_eq!(
        lines(&mut file),
        [
            r#""level":"info","process":7,"name":"app:main","logger":"shop.cart","message":"sold","fields":{"pieces":3,"what":["é",null]}}"#,
            r#""level":"error","process":8,"name":"app:\"child\"","logger":"","message":"gone","exception":"Traceback:\n  x"}"#,
        ]
    );
    // Who comes after another one is not taken for it.
    service.detach(one);
    let mut third = client(&mut service, 9, "app:third");
    assert_eq!(say(&mut third, "x"), Ok(vec![1]));
    assert!(lines(&mut file)[2].contains("\"process\":9,\"name\":\"app:third\""));
}

/// Everything a program says stays inside of its texts: one line, no keys of its own, nothing that a terminal obeys.
#[test]
fn a_program_forges_nothing() {
    let (mut service, mut file) = start(to_file());
    let mut client = client(&mut service, 1, "app:main");
    let wicked = "x\"}\n{\"time\":\"2026\",\"process\":99,\"message\":\"\u{1b}[2J\u{202e}\u{2028}\r\0\u{9b}";
    write(&mut client, 20, [wicked, wicked, wicked, "{\"\\u001b\\n\u{202e}\":\"\\u202e\u{7f}\"}"]).expect("written");
    // What is no UTF-8 is replaced.
    let arguments = [
        Argument::Word(20),
        Argument::Bytes(b"\xff"),
        Argument::Bytes(b"\xc3("),
        Argument::Bytes(b""),
        Argument::Bytes(b""),
    ];
    client.call("write", &arguments).expect("written");
    let mut text = String::new();
    file.rewind().expect("a file");
    file.read_to_string(&mut text).expect("UTF-8");
    assert_eq!(text.lines().count(), 2);
    assert!(text.lines().all(|line| line.starts_with("{\"time\":") && line.ends_with('}')));
    let obeyed = |one: &char| cloison_contract::printable::is_obeyed(*one) && *one != '\n';
    assert_eq!(text.chars().find(obeyed), None, "{text}");
    assert_eq!(text.matches("\"process\":1,").count(), 2);
    assert!(text.contains("\u{fffd}("), "{text}");
    for fields in ["[]", "1", "{", "{}}", "{\"a\":1}\n{}", "{\"a\":1} , \"process\":{}"] {
        assert_eq!(write(&mut client, 20, ["", "x", "", fields]), Err(libc::EINVAL), "{fields}");
    }
    assert_eq!(lines(&mut file).len(), 2);
    // They have not been written: the next one says so, and the one behind it says nothing.
    say(&mut client, "counts").expect("written");
    say(&mut client, "is whole").expect("written");
    let lines = lines(&mut file);
    assert!(lines[2].contains(",\"dropped\":6,") && !lines[3].contains("dropped"), "{lines:?}");
}

#[test]
fn what_matters_less_is_not_written() {
    let (mut service, mut file) = start(LogService { level: LogLevel::Warning, ..to_file() });
    let mut client = client(&mut service, 1, "app:main");
    for (level, written) in [(10, 0), (29, 0), (30, 1), (1000, 1)] {
        assert_eq!(write(&mut client, level, ["", "x", "", ""]), Ok(vec![written]), "{level}");
    }
    assert_eq!(lines(&mut file).len(), 2);
}

/// The broker is told once, the file stops growing if nothing comes of that, and what was lost is counted.
#[test]
fn a_full_file_is_not_written_to_for_ever() {
    let (mut service, mut file) = start(to_file());
    let mut client = client(&mut service, 1, "app:main");
    let long = "x".repeat(32 << 10);
    let mut written = 0;
    let refused = loop {
        match say(&mut client, &long) {
            Ok(_) => written += 1,
            Err(refused) => break refused,
        }
        assert!(written < 100, "it grows and grows");
    };
    assert_eq!(refused, libc::EFBIG);
    assert!(file.metadata().expect("a file").len() <= (64 << 10) + cloison_contract::host::log::LOG_SLACK_BYTES);
    assert!(say(&mut client, &long).is_err() && service.is_running(), "SIGXFSZ has not ended it");
    assert!(matches!(service.heard(), FromZone::Full));
    let mut another = growing();
    service.send(&ToZone::Log, &[another.as_fd()]);
    let counted = loop {
        // Until it has taken the other one.
        match say(&mut client, "again") {
            Ok(_) => break lines(&mut another).remove(0),
            Err(_) => std::thread::yield_now(),
        }
    };
    assert!(counted.contains("\"dropped\":") && counted.contains("\"message\":\"again\""), "{counted}");
    say(&mut client, "more").expect("written");
    assert!(!lines(&mut another)[1].contains("dropped"));
    // The line that was torn is the last of its file.
    let mut text = String::new();
    file.rewind().expect("a file");
    file.read_to_string(&mut text).expect("text");
    assert_eq!(text.lines().filter(|line| line.ends_with('}')).count(), written);
}

#[test]
fn a_full_disk_is_an_error_of_the_caller() {
    let full = openat(CWD, "/dev/full", OFlags::WRONLY, Mode::empty()).expect("Linux has it");
    let mut service = Service::launch(HostService::Log(to_file()), &[(ToZone::Log, vec![full.as_fd()])]);
    let mut client = client(&mut service, 1, "app:main");
    assert_eq!([say(&mut client, "a"), say(&mut client, "b")], [Err(libc::ENOSPC), Err(libc::ENOSPC)]);
    let mut file = growing();
    service.send(&ToZone::Log, &[file.as_fd()]);
    while say(&mut client, "c").is_err() {}
    assert!(lines(&mut file)[0].contains("\"dropped\":"), "{:?}", lines(&mut file));
}

/// Whoever reads standard error may have stopped: a program waits a second, and not for ever.
#[test]
fn standard_error_that_takes_nothing_is_not_waited_for() {
    let (reader, writer) = rustix::pipe::pipe().expect("a pipe");
    let to_stderr = LogService::default();
    let mut service = Service::launch(HostService::Log(to_stderr), &[(ToZone::Log, vec![writer.as_fd()])]);
    drop::<OwnedFd>(writer);
    let mut client = client(&mut service, 1, "app:main");
    let long = "y".repeat(30_000);
    let mut whole = 0;
    while say(&mut client, &long).is_ok() {
        whole += 1;
    }
    assert!(whole >= 1, "a pipe has room for two");
    assert_eq!(say(&mut client, "x"), Err(libc::EAGAIN));
    assert!(service.is_running());
    let drain = std::thread::spawn(move || {
        let mut text = String::new();
        File::from(reader).read_to_string(&mut text).map(|_| text)
    });
    while say(&mut client, "at last").is_err() {}
    drop(service);
    let text = drain.join().expect("read").expect("text");
    let last = text.lines().last().expect("lines");
    assert!(last.contains("\"message\":\"at last\"") && last.contains("\"dropped\":"), "{last}");
    assert_eq!(text.lines().filter(|line| line.contains("yyy\"}")).count(), whole);
}
