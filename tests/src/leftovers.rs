//! What a run should not leave: processes, shared memory, files. All of it is looked at from outside.

use crate::run::{NOBODY, PATIENCE, User};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A process of a project.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// Which of the binaries it is.
    pub name: String,
}

/// All processes that were started from the project's own binaries. Who has been forked from one of them still has its
/// command line, which anybody can read.
pub fn processes(folder: &Path) -> Vec<Process> {
    let bin = folder.join("bin");
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let first = line.split(|byte| *byte == 0).next()?;
        let by_line =
            first.starts_with(bin.as_os_str().as_bytes()).then(|| PathBuf::from(std::ffi::OsStr::from_bytes(first)));
        let by_file = || fs::read_link(format!("/proc/{pid}/exe")).ok().filter(|path| path.starts_with(&bin));
        let path = by_line.or_else(by_file)?;
        Some(Process { pid, name: path.file_name()?.to_string_lossy().into_owned() })
    })
    .collect()
}

/// Wait until there are none; those that are left then.
pub fn wait_for_end(folder: &Path) -> Vec<Process> {
    let until = Instant::now() + PATIENCE;
    loop {
        let left = processes(folder);
        if left.is_empty() || Instant::now() >= until {
            return left;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// End those that are left, one by one.
pub fn end(folder: &Path) {
    for process in processes(folder) {
        if let Some(pid) = Pid::from_raw(process.pid) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Everything that could be left behind outside of processes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Traces(BTreeSet<String>);

impl Traces {
    /// What there is now: the project's files and, for an ordinary user who does nothing else meanwhile, files where
    /// temporary files go, POSIX and System V shared memory.
    pub fn of(user: User, folder: &Path) -> Self {
        let mut traces = BTreeSet::new();
        below(folder, &mut traces);
        if user == User::Nobody {
            of_user(NOBODY, &mut traces);
        }
        Self(traces)
    }

    /// What has come since.
    pub fn since(&self, before: &Self) -> Vec<String> {
        self.0.difference(&before.0).cloned().collect()
    }
}

/// Everything of that user's on the machine.
fn of_user(uid: u32, traces: &mut BTreeSet<String>) {
    for place in ["/dev/shm", "/dev/mqueue", "/tmp", "/var/tmp", "/run/lock"].map(PathBuf::from) {
        let entries = fs::read_dir(&place).into_iter().flatten().flatten();
        let own = entries.filter(|entry| entry.metadata().is_ok_and(|metadata| metadata.uid() == uid));
        // The folder of the sockets of running applications stays, and the socket of a broker that was killed stays in it until
        // somebody looks: see `live.rs`.
        let sockets = format!("cloison-{uid}");
        let ours = |name: &str| name.starts_with("cloison-test") || name == sockets;
        let names = own
            .map(|entry| entry.path())
            .filter(|path| !path.file_name().is_some_and(|name| ours(&name.to_string_lossy())));
        traces.extend(names.map(|path| path.display().to_string()));
    }
    for kind in ["shm", "sem", "msg"] {
        let table = fs::read_to_string(format!("/proc/sysvipc/{kind}")).unwrap_or_default();
        traces.extend(
            table.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1)).map(|id| format!("{kind} {id}")),
        );
    }
}

fn below(folder: &Path, traces: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        traces.insert(entry.path().display().to_string());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            below(&entry.path(), traces);
        }
    }
}
