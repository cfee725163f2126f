//! Many microprocesses: alive at once, and one after the other. The short versions of `benches/scale`, whose programs they run.

use cloison_tests::leftovers::{Traces, processes};
use cloison_tests::{Project, User};
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

/// Blanks that may be there or not, and what each has in the broker: control socket, pidfd and bell; its mailbox is the one mapping.
const BLANKS: usize = 16;
const DESCRIPTORS_EACH: usize = 3;
/// So many microprocesses have a pidfd in the broker beside the control socket that each has.
const WATCHED_BY_DESCRIPTOR: usize = 128;
const MAPPINGS_EACH: usize = 1;

fn descriptors(pid: i32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).expect("the broker lives").count()
}

/// Memory of its own, and what it has touched of shared memory, in KiB.
fn memory(pid: i32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the broker lives");
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("it has memory");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    };
    (field("RssAnon:"), field("RssShmem:"))
}

/// How many pieces of shared memory it has mapped: none of them has a name in a folder.
fn shared_mappings(pid: i32) -> usize {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).expect("the broker lives");
    let shared = |line: &&str| line.split_ascii_whitespace().nth(1).is_some_and(|rights| rights.ends_with('s'));
    maps.lines().filter(shared).count()
}

#[test]
fn three_hundred_are_alive_at_once() {
    let project = Project::script(include_str!("../../benches/scale/alive.py"));
    let mut running = project.main(&["300"]).start_with(Stdio::piped());
    let mut lines = BufReader::new(running.stdout()).lines();
    assert_eq!(lines.next().expect("it has not ended").expect("UTF-8"), "alive 300");
    assert!(processes(project.folder()).len() > 300);
    let open = descriptors(running.pid());
    assert!(open < 300 + WATCHED_BY_DESCRIPTOR + BLANKS * DESCRIPTORS_EACH + 64, "{open} descriptors");
    running.stdin().write_all(b"\n").expect("it listens");
    assert!(lines.next().expect("it has not ended").expect("UTF-8").starts_with("spawn "));
    running.finish().ends_with(0);
}

/// An end is seen also where the broker has no descriptor for it.
#[test]
fn ends_among_many_are_told_as_what_they_were() {
    Project::script(include_str!("../python/scale/ends.py"))
        .main(&[])
        .output()
        .prints("0 normal 40\n1 shutdown 40\n2 ValueError: raised 40\n3 killed 40\n4 killed 40\n");
}

/// Whoever closes its control socket is not heard of any more, and takes no descriptors for living on.
#[test]
fn who_closes_its_control_socket_is_ended() {
    let project = Project::with_microprocess(Some("hostile-microprocess"))
        .file("main.py", include_str!("../python/scale/closes.py"));
    project.main(&[]).output().prints("{'killed'}\nnormal\n");
}

/// A control socket that hangs up late, since somebody else has it as well, hides no end.
#[test]
fn an_end_is_seen_without_its_control_socket() {
    let project = Project::with_microprocess(Some("hostile-microprocess"))
        .file("main.py", include_str!("../python/scale/in_flight.py"));
    let (_kept, theirs) = std::os::unix::net::UnixStream::pair().expect("a socket that nobody reads");
    let running = project.main(&[]).start_with(Stdio::from(std::os::fd::OwnedFd::from(theirs)));
    running.finish().ends_with(0).complains(&["True normal"]);
}

#[test]
fn how_many_there_may_be_is_said_with_what_would_allow_more() {
    let limits = "[limits]\nprocesses = 40\n";
    let project = Project::script(include_str!("../../benches/scale/alive.py")).file("cloison.toml", limits);
    let output = project.main(&["300"]).output().ends_with(1);
    output.complains(&["39 processes, then: there are 40 microprocesses already", "hint: [limits] processes in"]);
}

#[test]
fn four_hundred_spawns_and_exits_leave_nothing() {
    let project = Project::script(include_str!("../../benches/scale/soak.py"));
    let before = Traces::of(User::Current, project.folder());
    let mut running = project.main(&["400"]).start_with(Stdio::piped());
    let mut lines = BufReader::new(running.stdout()).lines();
    let mut seen = Vec::new();
    for tenth in 1..=10 {
        assert_eq!(lines.next().expect("it has not ended").expect("UTF-8"), format!("ended {}", tenth * 40));
        let pid = running.pid();
        let (own, shared) = memory(pid);
        seen.push((processes(project.folder()).len(), descriptors(pid), own, shared, shared_mappings(pid)));
        running.stdin().write_all(b"\n").expect("it listens");
    }
    let (first, last) = (seen[2], seen[9]);
    assert!(last.0 <= first.0 + BLANKS, "processes: {seen:?}");
    assert!(last.1 <= first.1 + BLANKS * DESCRIPTORS_EACH, "descriptors: {seen:?}");
    assert!(last.2 <= first.2 + 512, "memory of the broker: {seen:?}");
    assert!(last.3 <= first.3 + 512, "shared memory that the broker has touched: {seen:?}");
    assert!(last.4 <= first.4 + BLANKS * MAPPINGS_EACH, "shared memory that the broker has mapped: {seen:?}");
    assert!(seen.iter().all(|look| look.4 > 0), "the control sees the mailbox of the program: {seen:?}");
    assert_eq!(lines.next().expect("it has not ended").expect("UTF-8"), "told 100 of 100");
    running.finish().ends_with(0);
    let left = Traces::of(User::Current, project.folder()).since(&before);
    assert!(left.is_empty(), "{left:?}");
}
