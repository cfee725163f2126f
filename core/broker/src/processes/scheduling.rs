//! Who comes first when processors are scarce.
//!
//! The kernel schedules; the broker tells it three things of each microprocess: its nice value, its class, and its slice (Linux
//! 6.12; earlier kernels ignore it). A process that wakes up and has a shorter slice than the one that runs takes its place at
//! once, if it has not had more than its share. So a slice says how soon, a nice value how much.
//!
//! | | class | nice | slice |
//! |---|---|---|---|
//! | broker, router, zones | normal | 0 | 0.1 ms |
//! | [`Priority::High`] | normal | 0 | 0.1 ms |
//! | [`Priority::Normal`] | normal | 0 | 0.5 ms |
//! | … a hog of these | normal | 0, or 5 if that can be taken back | 1 ms |
//! | [`Priority::Low`] | batch | 10 | 1 ms |
//! | [`Priority::Idle`] | idle | | |
//! | who has been killed | normal | -10, or as it was if that cannot be taken back | 0.1 ms |
//!
//! A **hog** has computed since the last look and not waited for anything in between. It is demoted, and promoted again once it has
//! waited. Only whoever has `CAP_SYS_NICE` may lower a nice value again; for all others the slice has to do.
//!
//! All of this is a wish: what a process may use up is its limits' business. Nice values count from the broker's own.
#![allow(unsafe_code, reason = "sched_setattr and the clocks of other processes have no safe wrapper")]

use crate::broker::Broker;
use crate::processes::process::Work;
use cloison_contract::process::Priority;
use rustix::thread::CapabilitySet;
use std::io;
use std::time::{Duration, Instant};

/// How often is looked for hogs while somebody computes, and while nobody does.
const OFTEN: Duration = Duration::from_millis(200);
const RARELY: Duration = Duration::from_secs(2);
/// Looking takes no more than one part in so many of a core.
const PART: u32 = 100;
/// Who has computed for less since it was last noted is not noted yet: among many, each gets little between two looks.
const NOTICEABLE: Duration = Duration::from_millis(2);

const SHORT: Duration = Duration::from_micros(100);
const MEDIUM: Duration = Duration::from_micros(500);
const LONG: Duration = Duration::from_millis(1);
const LOW_NICE: u8 = 10;
const HOG_NICE: u8 = 5;
const DYING_NICE: i32 = -10;
const LEAST_NICE: i32 = -20;
const MOST_NICE: i32 = 19;

/// Where a microprocess stands among the others.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Standing {
    priority: Priority,
    nice: u8,
    hog: bool,
}

/// What was last seen of a microprocess's computing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Load {
    used: Duration,
    waits: u64,
}

/// When to look for hogs, and what may be done about them.
#[derive(Debug)]
pub(crate) struct Scheduler {
    nice: i32,
    may_promote: bool,
    next: Instant,
    interval: Duration,
}

impl Standing {
    /// Where a child stands of one that stands here: what low and idle processes start stands no higher.
    pub(crate) fn of_child(self, priority: Option<Priority>, nice: Option<u8>) -> Self {
        let asked = priority.unwrap_or(self.priority);
        let priority = if self.priority < Priority::Normal { asked.min(self.priority) } else { asked };
        Self { priority, nice: nice.unwrap_or(0).max(self.nice), hog: false }
    }
}

impl Load {
    /// Note what a process has used and how often it has waited; whether it is a hog now, if that can be said.
    fn note(&mut self, used: Duration, was_hog: bool, waits: impl FnOnce() -> Option<u64>) -> Option<bool> {
        let lately = used.saturating_sub(self.used);
        if lately < NOTICEABLE && !was_hog {
            return None;
        }
        let waits = waits()?;
        self.used = used;
        Some(std::mem::replace(&mut self.waits, waits) == waits)
    }
}

impl Scheduler {
    /// Let this thread, and all that it starts, run as soon as they wake up.
    pub(crate) fn start() -> Self {
        let may_promote =
            rustix::thread::capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_NICE));
        let nice = rustix::process::getpriority_process(None).unwrap_or(0);
        if let Err(error) = set_attributes(0, libc::SCHED_OTHER, nice, SHORT) {
            tracing::debug!(%error, "the broker's slice could not be set");
        }
        Self { nice, may_promote, next: Instant::now(), interval: OFTEN }
    }

    /// Let a process stand there: the template, whose forks begin so, or a microprocess.
    pub(crate) fn place(&self, pid: i32, standing: Standing) {
        let hog_nice = if standing.hog && self.may_promote { HOG_NICE } else { 0 };
        let (class, nice, slice) = match (standing.priority, standing.hog) {
            (Priority::Idle, _) => (libc::SCHED_IDLE, LOW_NICE, LONG),
            (Priority::Low, _) => (libc::SCHED_BATCH, LOW_NICE, LONG),
            (_, true) => (libc::SCHED_OTHER, hog_nice, LONG),
            (Priority::Normal, false) => (libc::SCHED_OTHER, 0, MEDIUM),
            (Priority::High, false) => (libc::SCHED_OTHER, 0, SHORT),
        };
        let nice = (self.nice + i32::from(nice.max(standing.nice))).min(MOST_NICE);
        if let Err(error) = set_attributes(pid, class, nice, slice) {
            tracing::debug!(%error, "the kernel could not be told where a microprocess stands");
        }
    }

    /// Let a process that has been killed come to its end, however far it stands back: somebody waits for that.
    pub(crate) fn hasten(&self, pid: i32) {
        let nice = match self.may_promote {
            true => (self.nice + DYING_NICE).max(LEAST_NICE),
            false => rustix::process::Pid::from_raw(pid)
                .and_then(|pid| rustix::process::getpriority_process(Some(pid)).ok())
                .unwrap_or(self.nice),
        };
        // That it has ended by now is no error.
        let _ = set_attributes(pid, libc::SCHED_OTHER, nice, SHORT);
    }
}

impl Broker {
    /// When [`Broker::look_for_hogs`] has something to do next.
    pub(crate) fn next_look(&self) -> Option<Instant> {
        (!self.numbers.is_empty()).then_some(self.scheduler.next)
    }

    /// Demote microprocesses that compute without a pause, and promote those that do so no longer.
    pub(crate) fn look_for_hogs(&mut self, now: Instant) {
        if now < self.scheduler.next || self.numbers.is_empty() {
            return;
        }
        self.look_for_zombies();
        let mut computing = false;
        for process in self.processes.values_mut() {
            let (Work::Running(running), Some(child)) = (&mut process.work, &process.child) else { continue };
            if running.standing.priority < Priority::Normal {
                continue;
            }
            let pid = child.pid();
            let Some(used) = processor_time(pid) else { continue };
            let hog = running.load.note(used, running.standing.hog, || waits(pid));
            computing |= hog.is_some();
            if let Some(hog) = hog.filter(|hog| *hog != running.standing.hog) {
                running.standing.hog = hog;
                self.scheduler.place(pid, running.standing);
            }
        }
        let scheduler = &mut self.scheduler;
        scheduler.interval = if computing { OFTEN } else { (scheduler.interval * 2).min(RARELY) };
        let ended = Instant::now();
        scheduler.next = ended + scheduler.interval.max((ended - now) * PART);
    }
}

/// `struct sched_attr` of `sched_setattr(2)`, in its second size. For the classes here `runtime` is the slice.
#[repr(C)]
struct Attributes {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
    least_clamp: u32,
    most_clamp: u32,
}

/// Of the thread with that number: a microprocess has one. 0 is this one.
fn set_attributes(pid: i32, class: i32, nice: i32, slice: Duration) -> io::Result<()> {
    let attributes = Attributes {
        size: size_of::<Attributes>() as u32,
        policy: class as u32,
        flags: 0,
        nice,
        priority: 0,
        runtime: slice.as_nanos() as u64,
        deadline: 0,
        period: 0,
        least_clamp: 0,
        most_clamp: 0,
    };
    // SAFETY: the kernel reads as many bytes as `size` says from a structure that is there for the call.
    match unsafe { libc::syscall(libc::SYS_sched_setattr, pid, &raw const attributes, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// What a process has computed so far.
pub(crate) fn processor_time(pid: i32) -> Option<Duration> {
    /// `CPUCLOCK_SCHED` of the kernel's own header: the clock of a whole process, in nanoseconds.
    const OF_PROCESS: libc::clockid_t = 2;
    let clock = (!pid << 3) | OF_PROCESS;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes into a structure that is there for the call; a clock that does not exist is EINVAL.
    match unsafe { libc::clock_gettime(clock, &raw mut time) } {
        0 => Some(Duration::new(time.tv_sec as u64, time.tv_nsec as u32)),
        _ => None,
    }
}

/// How often a process has waited for something.
fn waits(pid: i32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_of_low_processes_are_no_higher() {
        let normal = Standing::default();
        assert_eq!(normal.of_child(Some(Priority::High), None).priority, Priority::High);
        let low = normal.of_child(Some(Priority::Low), None);
        assert_eq!(low.of_child(Some(Priority::High), None).priority, Priority::Low);
        assert_eq!(low.of_child(None, None).priority, Priority::Low);
        assert_eq!(low.of_child(Some(Priority::Idle), None).priority, Priority::Idle);
        assert_eq!(normal.of_child(None, Some(7)).of_child(None, Some(3)).nice, 7);
    }

    #[test]
    fn a_hog_computes_and_does_not_wait() {
        let mut load = Load::default();
        let at = |milliseconds| Duration::from_millis(milliseconds);
        assert_eq!(load.note(at(1), false, || Some(5)), None, "it has hardly run");
        let mut little = Load { used: at(10), waits: 3 };
        assert_eq!(little.note(at(11), false, || Some(3)), None);
        assert_eq!(little.note(at(12), false, || Some(3)), Some(true), "one among many");
        assert_eq!(load.note(at(50), false, || Some(5)), Some(false), "it has waited since its beginning");
        assert_eq!(load.note(at(100), false, || Some(5)), Some(true));
        assert_eq!(load.note(at(150), true, || Some(6)), Some(false), "it has waited");
        assert_eq!(
            load.note(at(150), true, || Some(6)),
            Some(true),
            "one that has waited for a processor all the time"
        );
        assert_eq!(load.note(at(200), false, || None), None, "it has ended");
    }

    #[test]
    fn the_kernel_is_told() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = child.id() as i32;
        let scheduler = Scheduler { nice: 0, may_promote: false, next: Instant::now(), interval: OFTEN };
        let told_now = || {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
            let fields: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').collect();
            // `nice` and `policy`, the 19th and 41st field; the state is the 3rd.
            (fields[19 - 3].parse::<i32>().unwrap(), fields[41 - 3].parse::<i32>().unwrap())
        };
        let told = |standing| {
            scheduler.place(pid, standing);
            told_now()
        };
        let normal = Standing::default();
        assert_eq!(told(normal), (0, 0));
        assert_eq!(told(Standing { hog: true, ..normal }), (0, 0), "nobody could take a nice value back");
        assert_eq!(told(normal.of_child(None, Some(3))), (3, 0));
        assert_eq!(told(normal.of_child(Some(Priority::Low), None)), (10, 3));
        assert_eq!(told(normal.of_child(Some(Priority::Idle), None)).1, 5);
        scheduler.hasten(pid);
        assert_eq!(told_now(), (10, 0), "with the nice value that it has");
        let scheduler = Scheduler { may_promote: true, ..scheduler };
        scheduler.hasten(pid);
        if Scheduler::start().may_promote {
            assert_eq!(told_now(), (-10, 0));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn this_process_has_computed() {
        let pid = std::process::id() as i32;
        let before = processor_time(pid).unwrap();
        while processor_time(pid).unwrap() < before + Duration::from_millis(1) {
            std::hint::spin_loop();
        }
        assert!(waits(pid).is_some() && processor_time(-5).is_none());
    }
}
