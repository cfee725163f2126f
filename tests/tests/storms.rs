//! Programs that attack what all processes of an application share, the router and the broker: with more than they can keep, or
//! with what is not theirs. Each stands for a fault that there was.

use cloison_tests::leftovers::processes;
use cloison_tests::run::{PATIENCE, Running};
use cloison_tests::{Project, users};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// What the broker may have used at most, in kibibytes: a router that keeps everything has used more.
const BROKER_KIB: u64 = 64 << 10;

/// The most memory that the broker has had so far, in kibibytes.
fn peak_kib(running: &Running<'_>) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid())).expect("the broker lives");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Run until it has printed a line, look at the broker, and let it go on.
fn storm(source: &str, first: &str, rest: &str, look: impl FnOnce(&Running<'_>)) {
    let project = Project::script(source);
    let mut running = project.main(&[]).start_with(Stdio::piped());
    let mut lines = BufReader::new(running.stdout());
    let mut line = String::new();
    lines.read_line(&mut line).expect("a line");
    assert_eq!(line, first);
    look(&running);
    running.stdin().write_all(b"\n").expect("it waits for a line");
    let mut others = String::new();
    lines.read_to_string(&mut others).expect("text");
    assert_eq!(others, rest);
    running.finish().ends_with(0);
}

#[track_caller]
fn is_small(running: &Running<'_>) {
    let peak = peak_kib(running);
    assert!(peak < BROKER_KIB, "{peak} KiB");
}

#[test]
fn exit_signals_that_nobody_takes_cost_little() {
    storm(include_str!("../python/storms/exits.py"), "None\n", "", is_small);
}

#[test]
fn ends_that_are_told_thousands_of_times_cost_little() {
    storm(include_str!("../python/storms/downs.py"), "None 8000\n", "18999\n", is_small);
}

#[test]
fn no_reason_is_too_long_for_a_mailbox() {
    let output = Project::script(include_str!("../python/storms/reasons.py")).main(&[]).output().ends_with(0);
    let lines: Vec<_> = output.stdout.lines().collect();
    assert_eq!(lines.len(), 13, "{output}");
    assert!(lines[..12].iter().all(|line| line.contains(" True ") && line.ends_with(" True")), "{output}");
    assert_eq!(lines[12], "and on True normal", "{output}");
}

/// As an ordinary user, too: what is on its way to the template counts with what the template sends.
#[test]
fn many_that_spawn_leave_room_for_the_program() {
    let project = Project::script(include_str!("../python/storms/spawns.py"));
    for &user in users() {
        let run = project.main(&["400"]).user(user);
        run.output().prints("True\nnormal\nnormal\nnormal\n");
    }
}

/// There is room again when somebody has ended, also when a blank has taken it meanwhile.
#[test]
fn descriptors_that_run_out_end_nobody() {
    let project = Project::script(include_str!("../python/storms/descriptors.py"));
    let mut running = project.main(&[]).start_with(Stdio::piped());
    let mut lines = BufReader::new(running.stdout()).lines().map(|line| line.expect("a line"));
    assert_eq!(lines.next().as_deref(), Some("ready"));
    let limit = Rlimit { current: Some(228), maximum: Some(228) };
    prlimit(Pid::from_raw(running.pid()), Resource::Nofile, limit).expect("a limit of a process of ours");
    running.stdin().write_all(b"\n").expect("it waits for a line");
    let expected = "there are descriptors for 36 microprocesses and no more | hint: `ulimit -n 1436` allows as many as [limits] processes in ./cloison.toml; root raises the hard limit";
    assert_eq!(lines.next().as_deref(), Some(expected));
    assert_eq!(lines.next().as_deref(), Some("True"));
    let all = processes(project.folder()).len();
    running.stdin().write_all(b"\n").expect("it waits for a line");
    assert_eq!(lines.next().as_deref(), Some("killed killed killed "));
    let until = Instant::now() + PATIENCE;
    while processes(project.folder()).len() < all - 2 {
        assert!(Instant::now() < until, "no blank takes the place of one of the three");
        std::thread::sleep(Duration::from_millis(5));
    }
    running.stdin().write_all(b"\n").expect("it waits for a line");
    assert_eq!(lines.collect::<Vec<_>>(), ["True normal", "{'normal'}"]);
    running.finish().ends_with(0);
}

#[test]
fn a_supervisor_gives_nobody_what_it_holds_for_others() {
    let manifest = "[capabilities.libm]\nzone = \"libm\"\nallow = [\"sqrt\"]\n";
    let project = Project::script(include_str!("../python/storms/supervised.py")).file("cloison.toml", manifest);
    project.main(&[]).output().prints(include_str!("../python/storms/supervised.txt"));
}
