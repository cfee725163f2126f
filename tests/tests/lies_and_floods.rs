//! Whoever lies to the broker, floods it, or does not let go: it neither waits for ever nor pays for it.

use cloison_tests::Project;
use cloison_tests::run::interrupted;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// A program that will not be interrupted is ended after the grace that it has for its `finally` blocks.
#[test]
fn an_interrupt_that_is_swallowed_ends_the_program_all_the_same() {
    let project = Project::script(include_str!(
        "../python/lies_and_floods/an_interrupt_that_is_swallowed_ends_the_program_all_the_same.py"
    ));
    let (running, line) = interrupted(|| {
        let mut running = project.main(&[]).start_with(Stdio::piped());
        let mut lines = BufReader::new(running.stdout()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "started");
        running.interrupt();
        match lines.next() {
            Some(line) => Some((running, line)),
            // It had no time to say that it ignores it.
            None => running.finish().by_itself().map(|output| panic!("{output}")),
        }
    });
    assert_eq!(line.unwrap(), "ignored", "the control: it was interrupted");
    // Long before the program would end.
    running.finish().ends_with(130).complains(&["the program did not end within 2 s of the interrupt, and was ended"]);
}

/// Opening a FIFO waits for a writer; the broker must not.
#[test]
fn a_fifo_among_the_sources_is_no_module() {
    let project = Project::script(include_str!("../python/lies_and_floods/a_fifo_among_the_sources_is_no_module.py"));
    let made = Command::new("mkfifo").arg(project.app("pipe.py")).status().expect("mkfifo");
    assert!(made.success());
    project.main_with_modules().output().ends_with(0).prints("refused\n");
}

/// Names are short. One that is not costs its sender, not the broker.
#[test]
fn a_name_without_end_is_not_taken_apart() {
    let project = Project::script(include_str!("../python/lies_and_floods/a_name_without_end_is_not_taken_apart.py"));
    project.main(&[]).output().ends_with(0).prints("refused\nNone\n");
}

/// Objects that name the same capability share its channel. If each had its own, 200 of them would map 16 GiB, and the
/// limit of the address space would refuse that halfway.
#[test]
fn capabilities_do_not_multiply_channels() {
    let manifest = "[app]\nentry = \"app:main\"\n[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc32\"]\n";
    let app = include_str!("../python/lies_and_floods/capabilities_do_not_multiply_channels.py");
    let project = Project::new().file("cloison.toml", manifest).file("app.py", app);
    project.application(&[]).output().ends_with(0).prints("1 200\n");
}

/// A zone's page says what it runs since when. A library that keeps saying "since now" is judged by the broker's clock.
#[test]
fn a_zone_that_lies_about_its_call_is_ended() {
    let zone = include_str!("../c/liar.zone.toml");
    let app = include_str!("../python/lies_and_floods/a_zone_that_lies_about_its_call_is_ended.py");
    let manifest = "[app]\nentry = \"app:main\"\n[capabilities.liar]\nzone = \"liar.zone.toml\"\nallow = \"*\"\n";
    let project = Project::new().file("cloison.toml", manifest).file("liar.zone.toml", zone).file("app.py", app);
    let project = project.library("liar.so", include_str!("../c/liar.c"));
    project.application(&[]).output().ends_with(0).prints("ended 1\n");
}

/// Asks for its own source, 20 times over, and reads no answer. What it sends stands in standard input, for an address that it
/// chooses.
const ASKS: &str = include_str!("../python/lies_and_floods/asks.py");

/// An answer may be a module of 16 MiB, which is the broker's memory until it is read.
#[test]
fn who_asks_and_does_not_listen_is_ended() {
    const AT: u64 = 0x1_0000_0000;
    let question = [&[0, 1, 4][..], b"main"].concat(); // in the packet; `Find`; four bytes
    let words = |words: &[u64]| words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<_>>();
    let mut memory = words(&[0, 0, AT + 56, 1, 0, 0, 0, AT + 72, question.len() as u64]); // msghdr, iovec
    memory.extend(question);
    memory.resize(256, 0);
    let project = Project::with_microprocess(Some("hostile-microprocess")).file("main.py", ASKS);
    let output = project.main_with_modules().stdin(memory).output().ends_with(128 + 9);
    assert_eq!(output.stdout, "asked 1\n", "the control: it could ask\n{output}");
    output.complains(&["SIGKILL"]);
}

/// A program may make the broker say something as often as it likes; the broker says it a few times, and then how often it
/// did not.
#[test]
fn what_a_program_makes_the_broker_say_is_limited() {
    let source = include_str!("../python/lies_and_floods/what_a_program_makes_the_broker_say_is_limited.py");
    let project = Project::script(source);
    std::os::unix::fs::symlink("/etc/hostname", project.app("outside.py")).expect("a link");
    let output = project.main_with_modules().output().ends_with(0);
    let said = output.stderr.matches("outside.py").count();
    assert!((1..100).contains(&said), "{said} times: {output}");
}
