//! The kernel is told which microprocesses come first, and which of them are hogs.

use cloison_tests::Project;
use cloison_tests::run::PATIENCE;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// What the kernel has of a process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Scheduled {
    policy: i32,
    nice: i32,
    /// In microseconds; 0 on kernels that have none (before Linux 6.12).
    slice: u64,
}

const OTHER: i32 = 0;
const BATCH: i32 = 3;
const IDLE: i32 = 5;

#[test]
fn each_process_stands_where_it_was_put() {
    let project = Project::script(include_str!("../python/scheduling/ranks.py"));
    let folder = project.path("tmp");
    let mut running = project.main(&[]).runtime(&folder).start_with(Stdio::piped());
    let mut lines = BufReader::new(running.stdout()).lines();
    let mut line = || lines.next().expect("it has not ended").expect("UTF-8");
    let looker = Project::new();
    let ps = || looker.cloison(&["ps", "--json"]).runtime(&folder).output().ends_with(0).json();
    let place = |name: &str| {
        let report = ps();
        let rows = report[0]["processes"].as_array().expect("a list");
        let row = rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{name}: {report:#}"));
        place(row["pid"].as_i64().expect("a number") as i32)
    };
    assert_eq!(line(), "ready");
    let slices = place("normal").slice > 0;
    let at = |policy, nice, slice| Scheduled { policy, nice, slice: if slices { slice } else { 0 } };
    assert_eq!(place("high"), at(OTHER, 0, 100));
    assert_eq!(place("normal"), at(OTHER, 0, 500));
    assert_eq!(place("nice"), at(OTHER, 7, 500));
    let low = at(BATCH, 10, 1000);
    for name in ["low", "None of low", "high of low"] {
        assert_eq!(place(name), low, "{name}");
    }
    for name in ["idle", "idle of low"] {
        assert_eq!(place(name).policy, IDLE, "{name}");
    }
    let when = |holds: &dyn Fn(Scheduled) -> bool| {
        let until = Instant::now() + PATIENCE;
        while !holds(place("hog")) {
            assert!(Instant::now() < until, "{:?}", place("hog"));
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    // Whoever may not lower a nice value again has the slice alone to tell hogs by.
    let root = rustix::process::geteuid().is_root();
    assert!(slices || root, "one of them is there");
    when(&|place| place == at(OTHER, if root { 5 } else { 0 }, 1000));
    running.stdin().write_all(b"\n").expect("it listens");
    assert_eq!(line(), "told");
    when(&|place| place == at(OTHER, 0, 500));
    running.stdin().write_all(b"\n").expect("it listens");
    running.finish().ends_with(0);
}

fn place(pid: i32) -> Scheduled {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
    let fields: Vec<_> = stat.rsplit(") ").next().expect("fields").split(' ').collect();
    // The 19th and 41st field; the state, which follows the name, is the 3rd.
    let number = |field: usize| fields[field - 3].parse().expect("a number");
    let mut attributes = [0_u64; 7];
    // SAFETY: the kernel writes as many bytes as it is told into a buffer of that size.
    let got =
        unsafe { libc::syscall(libc::SYS_sched_getattr, pid, attributes.as_mut_ptr(), size_of_val(&attributes), 0) };
    assert_eq!(got, 0, "{}", std::io::Error::last_os_error());
    Scheduled { policy: number(41), nice: number(19), slice: attributes[3] / 1000 }
}
