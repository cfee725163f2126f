//! What a process starts its children with, and they cannot leave: whoever takes a template that somebody else has started must
//! have the same, or it would leave its own by that.
//!
//! The kernel says it of the process that asks; what that process says of itself does not count.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

/// One thing for each name, as the kernel puts it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Surroundings(Vec<(&'static str, String)>);

/// Namespaces: of the process, and of what it would start.
const NAMESPACES: &[&str] =
    &["user", "mnt", "pid", "pid_for_children", "net", "ipc", "uts", "cgroup", "time", "time_for_children"];

/// Lines of `/proc/PID/status`, and what they are for people.
const STATUS: &[(&str, &str)] = &[
    ("Uid:", "user"),
    ("Gid:", "group"),
    ("Groups:", "groups"),
    ("CapInh:", "capabilities"),
    ("CapPrm:", "capabilities"),
    ("CapEff:", "capabilities"),
    ("CapBnd:", "capabilities"),
    ("CapAmb:", "capabilities"),
    ("NoNewPrivs:", "no_new_privs"),
    ("Seccomp:", "seccomp filters"),
    ("Seccomp_filters:", "seccomp filters"),
    ("Cpus_allowed:", "processors"),
    ("Mems_allowed:", "memory nodes"),
];

/// Fields of `/proc/PID/stat`, counted from the one behind the name: nice value, real-time priority, class.
const STAT: &[usize] = &[16, 37, 38];

impl Surroundings {
    /// Of a process.
    ///
    /// # Errors
    /// The process is gone, or is not this user's to look at.
    pub(crate) fn of(pid: i32) -> io::Result<Self> {
        let path = |name: &str| format!("/proc/{pid}/{name}");
        let mut all = Vec::new();
        for name in NAMESPACES {
            all.push(("namespaces", fs::read_link(path(&format!("ns/{name}")))?.display().to_string()));
        }
        let root = fs::metadata(path("root"))?;
        all.push(("root folder", format!("{}:{}", root.dev(), root.ino())));
        all.push(("cgroup", fs::read_to_string(path("cgroup"))?));
        all.push(("limits (`ulimit`)", fs::read_to_string(path("limits"))?));
        all.push(("readiness to be killed (`oom_score_adj`)", fs::read_to_string(path("oom_score_adj"))?));
        // Without such a module there is no label.
        all.push(("security label", fs::read_to_string(path("attr/current")).unwrap_or_default()));
        let status = fs::read_to_string(path("status"))?;
        for (start, name) in STATUS {
            let line = status.lines().find(|line| line.starts_with(start));
            all.push((name, line.unwrap_or_default().to_owned()));
        }
        let stat = fs::read_to_string(path("stat"))?;
        let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        for field in STAT {
            all.push(("scheduling", fields.get(*field).copied().unwrap_or_default().to_owned()));
        }
        Ok(Self(all))
    }

    /// Why these cannot be compared with others, for people.
    pub(crate) fn incomparable(&self) -> Option<&'static str> {
        // The kernel says how many filters there are, and nobody what they do.
        let filtered =
            self.0.iter().any(|(_, line)| line.starts_with("Seccomp:") && line.split_whitespace().nth(1) != Some("0"));
        filtered.then_some("who asks has seccomp filters, which cannot be compared")
    }

    /// What is not the same there, for people.
    pub(crate) fn difference(&self, other: &Self) -> Option<&'static str> {
        self.0.iter().zip(&other.0).find(|(one, other)| one != other).map(|((name, _), _)| *name)
    }
}

/// Whether user numbers here are those of the whole machine. In a user namespace that maps fewer, strangers look like one another,
/// and like a user with that number.
pub(crate) fn users_are_told_apart() -> bool {
    fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| is_whole(&map))
}

/// Why that matters, for people.
pub(crate) const STRANGERS: &str = "in a user namespace others can look like this user";

fn is_whole(uid_map: &str) -> bool {
    uid_map.split_whitespace().eq(["0", "0", "4294967295"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use std::process::Command;

    #[test]
    fn only_a_whole_map_tells_users_apart() {
        assert!(is_whole("         0          0 4294967295\n"));
        for map in
            ["", "0 1000 1\n", "65534 65534 1\n", "0 100000 65536\n", "0 0 4294967294\n", "0 0 1\n1 1 4294967294\n"]
        {
            assert!(!is_whole(map), "{map:?}");
        }
    }

    #[test]
    fn filters_are_not_compared() {
        let with = |line: &str| Surroundings(vec![("seccomp filters", line.to_owned())]);
        assert_eq!(with("Seccomp:\t0").incomparable(), None);
        assert!(with("Seccomp:\t2").incomparable().is_some() && with("Seccomp:").incomparable().is_some());
    }

    #[test]
    fn a_child_has_the_same_until_it_has_less() {
        let ours = Surroundings::of(std::process::id() as i32).unwrap();
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let theirs = Surroundings::of(child.id() as i32).unwrap();
        assert_eq!(ours.difference(&theirs), None);
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let lower = current.map_or(4096, |current| current - 1);
        setrlimit(Resource::Nofile, Rlimit { current: Some(lower), maximum }).unwrap();
        let less = Surroundings::of(std::process::id() as i32).unwrap();
        setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
        assert_eq!(less.difference(&theirs), Some("limits (`ulimit`)"));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(Surroundings::of(child.id() as i32).is_err());
    }
}
