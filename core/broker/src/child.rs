//! A process of ours: a descriptor that names it for as long as we hold it, and how it ended.

use crate::warm::kept::{Keeper, has_ended};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process, pidfd_open, pidfd_send_signal, waitid,
};
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How a process ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Exit {
    /// By `exit`, with that status.
    Exited(i32),
    /// By that signal.
    Signaled(i32),
}

impl Exit {
    fn from_status(status: &WaitIdStatus) -> Self {
        match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Self::Exited(code),
            (None, signal) => Self::Signaled(signal.unwrap_or(libc::SIGKILL)),
        }
    }
}

/// A child, alive or a zombie, that nobody else waits for. It is ours, or a keeper's, who waits for it when we say so.
#[derive(Debug)]
pub struct Child {
    pidfd: OwnedFd,
    /// Its number, once somebody has asked for it.
    pid: OnceCell<i32>,
    /// Whose it is, if it is not ours.
    keeper: Option<Kept>,
}

/// A child without a descriptor of it. Nobody waits for it, so that its number stays its own.
#[derive(Debug)]
pub(crate) struct NumberedChild {
    pid: Pid,
    keeper: Option<Arc<Keeper>>,
}

/// A keeper, the question that it has been asked about the end of this child, and its answer.
#[derive(Debug)]
struct Kept {
    keeper: Arc<Keeper>,
    question: OnceCell<u64>,
    /// When it was first looked for the answer.
    since: OnceCell<Instant>,
    exit: OnceCell<Exit>,
}

/// How often a child without a descriptor is looked at when everything is taken down.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// How long a keeper may take to say how a child has ended. One that is stopped never says it.
const KEEPER_PATIENCE: Duration = Duration::from_secs(10);

impl Kept {
    fn new(keeper: &Arc<Keeper>) -> Self {
        Self { keeper: Arc::clone(keeper), question: OnceCell::new(), since: OnceCell::new(), exit: OnceCell::new() }
    }

    /// How its child has ended, which has; `None` while the keeper has not said so.
    fn exit(&self, pid: i32) -> Option<Exit> {
        if let Some(exit) = self.exit.get() {
            return Some(*exit);
        }
        // First the answer: this process may have been stopped itself.
        let since = *self.since.get_or_init(Instant::now);
        let exit = self.ask(pid).or_else(|| {
            let late = since.elapsed() > KEEPER_PATIENCE;
            late.then(|| self.keeper.kill()).map(|()| Exit::Signaled(libc::SIGKILL))
        })?;
        Some(*self.exit.get_or_init(|| exit))
    }

    fn ask(&self, pid: i32) -> Option<Exit> {
        let question = match self.question.get() {
            Some(question) => *question,
            None => {
                let question = self.keeper.ask(pid)?;
                *self.question.get_or_init(|| question)
            }
        };
        self.keeper.answer(question)
    }
}

impl AsFd for Child {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

impl Child {
    /// Our own child of that number. It cannot have been replaced by another: nobody but us waits for our children.
    ///
    /// # Errors
    /// `ECHILD` if it is no child of ours.
    pub fn from_pid(pid: i32) -> Result<Self, Errno> {
        let pid = Some(pid).filter(|pid| *pid > 1).and_then(Pid::from_raw).ok_or(Errno::CHILD)?;
        Self::new(pidfd_open(pid, PidfdFlags::empty())?, OnceCell::from(pid.as_raw_nonzero().get()))
    }

    /// A descriptor that another process says is one of a child of ours.
    ///
    /// # Errors
    /// `ECHILD` if it is no child of ours, `EBADF` or `EINVAL` if it is no such descriptor.
    pub fn from_pidfd(pidfd: OwnedFd) -> Result<Self, Errno> {
        Self::new(pidfd, OnceCell::new())
    }

    /// A keeper's child, as the keeper says.
    pub(crate) fn kept(pidfd: OwnedFd, pid: i32, keeper: &Arc<Keeper>) -> Self {
        Self { pidfd, pid: OnceCell::from(pid), keeper: Some(Kept::new(keeper)) }
    }

    /// A descriptor that another process says is one of a child of that keeper's.
    ///
    /// # Errors
    /// `ECHILD` if it is no child of it, or gone.
    pub(crate) fn kept_from_pidfd(pidfd: OwnedFd, keeper: &Arc<Keeper>) -> Result<Self, Errno> {
        // Nobody waits for the keeper's children before we say so: their numbers stay theirs.
        let pid = pid_of(&pidfd).ok_or(Errno::CHILD)?;
        if parent_of(pid) != Some(keeper.pid()) {
            return Err(Errno::CHILD);
        }
        Ok(Self::kept(pidfd, pid, keeper))
    }

    fn new(pidfd: OwnedFd, pid: OnceCell<i32>) -> Result<Self, Errno> {
        // Looking without waiting succeeds for our own children alone.
        waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT)?;
        Ok(Self { pidfd, pid, keeper: None })
    }

    /// How it ended, if it has; the zombie is gone afterwards.
    pub fn ended(&self) -> Option<Exit> {
        if let Some(kept) = &self.keeper {
            return if has_ended(&self.pidfd) { kept.exit(self.pid()) } else { None };
        }
        match waitid(WaitId::PidFd(self.pidfd.as_fd()), WaitIdOptions::EXITED | WaitIdOptions::NOHANG) {
            Ok(status) => status.as_ref().map(Exit::from_status),
            Err(_) => Some(Exit::Signaled(libc::SIGKILL)), // ECHILD: it is gone, and nobody can say how
        }
    }

    /// Wait for its end, but not beyond that time: a process that has been killed may hang in the kernel, in a file system that
    /// waits for another process.
    pub fn wait_until(&self, until: Instant) -> Option<Exit> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.ended() {
                None if !left.is_zero() => {
                    let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
                    let _ = poll(&mut [PollFd::new(&self.pidfd, PollFlags::IN)], Some(&left));
                }
                ended => return ended,
            }
        }
    }

    /// Send it a signal; nothing happens if it has ended.
    pub fn signal(&self, signal: Signal) {
        let _ = pidfd_send_signal(&self.pidfd, signal);
    }

    /// Its number in our namespace; 0 if it is no longer there. Nobody else has it for as long as nobody has waited for the child.
    pub fn pid(&self) -> i32 {
        if let Some(pid) = self.pid.get() {
            return *pid;
        }
        // What could not be read now may be readable later.
        pid_of(&self.pidfd).map_or(0, |pid| *self.pid.get_or_init(|| pid))
    }

    /// The same child by its number alone, without its descriptor; `None` if it is no longer there.
    pub(crate) fn numbered(&self) -> Option<NumberedChild> {
        let pid = Pid::from_raw(self.pid())?;
        Some(NumberedChild { pid, keeper: self.keeper.as_ref().map(|kept| Arc::clone(&kept.keeper)) })
    }
}

impl NumberedChild {
    /// Its number in our namespace.
    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Whether the number is still that of a child, ours or the keeper's, alive or a zombie. Whoever waits for them is who asks.
    fn is_there(&self) -> bool {
        match &self.keeper {
            Some(keeper) => parent_of(self.pid()) == Some(keeper.pid()),
            None => self.look().is_ok(),
        }
    }

    fn look(&self) -> Result<Option<WaitIdStatus>, Errno> {
        waitid(WaitId::Pid(self.pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT)
    }

    /// Send it a signal; nothing happens if it has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        if self.is_there() {
            let _ = kill_process(self.pid, signal);
        }
    }

    /// Whether it has ended, and nobody has waited for it. A keeper's child is asked about by a descriptor alone.
    pub(crate) fn is_zombie(&self) -> bool {
        self.keeper.is_none() && self.look().is_ok_and(|status| status.is_some())
    }

    /// How it ended, if it has; the zombie is gone afterwards. `None` for a keeper's child, which a descriptor tells of.
    pub(crate) fn ended(&self) -> Option<Exit> {
        if self.keeper.is_some() {
            return None;
        }
        match waitid(WaitId::Pid(self.pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG) {
            Ok(status) => status.as_ref().map(Exit::from_status),
            Err(_) => Some(Exit::Signaled(libc::SIGKILL)), // ECHILD: it is gone, and nobody can say how
        }
    }

    /// A keeper's child with a descriptor again, which tells of its end; `None` for a child of ours.
    ///
    /// # Errors
    /// `EMFILE` when there is no descriptor left, `ECHILD` or `ESRCH` if somebody has waited for it.
    pub(crate) fn with_descriptor(&self) -> Option<Result<Child, Errno>> {
        let keeper = self.keeper.as_ref()?;
        let watched = pidfd_open(self.pid, PidfdFlags::empty()).and_then(|pidfd| match self.is_there() {
            true => Ok(Child::kept(pidfd, self.pid(), keeper)),
            false => Err(Errno::CHILD),
        });
        Some(watched)
    }

    /// Wait for its end, but not beyond that time.
    pub(crate) fn wait_until(&self, until: Instant) {
        while self.is_there() && self.ended().is_none() && Instant::now() < until {
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}

/// Looking takes some tens of microseconds, so it is done when somebody wants to know.
fn pid_of(pidfd: &OwnedFd) -> Option<i32> {
    let text = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).ok()?;
    text.lines().find_map(|line| line.strip_prefix("Pid:"))?.trim().parse().ok().filter(|pid| *pid > 0)
}

/// Who has made a process, or taken it over.
fn parent_of(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Behind the name, which may have brackets in it: the state, then the parent.
    stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()
}

/// Wait for our own child of that number, if it has ended; how it did.
pub(crate) fn wait_for_child(pid: i32) -> Option<Exit> {
    let pid = Some(pid).filter(|pid| *pid > 1).and_then(Pid::from_raw)?;
    let status = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG).ok()?;
    status.as_ref().map(Exit::from_status)
}

/// Wait for one child that has ended, whichever.
pub(crate) fn reap_any() {
    let _ = waitid(WaitId::All, WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;
    use std::time::Duration;

    #[test]
    #[allow(clippy::zombie_processes, reason = "waiting for them is what is tested")]
    fn ends_are_told_apart() {
        let exited = Command::new("sh").args(["-c", "exit 7"]).spawn().unwrap();
        let later = Instant::now() + Duration::from_secs(60);
        assert_eq!(Child::from_pid(exited.id() as i32).unwrap().wait_until(later), Some(Exit::Exited(7)));
        let killed = Command::new("sleep").arg("100").spawn().unwrap();
        let child = Child::from_pid(killed.id() as i32).unwrap();
        assert_eq!(child.pid(), killed.id() as i32);
        assert_eq!(Child::from_pidfd(child.pidfd.try_clone().unwrap()).unwrap().pid(), killed.id() as i32);
        assert_eq!(child.ended(), None);
        assert_eq!(child.wait_until(Instant::now()), None);
        assert_eq!(child.wait_until(Instant::now() + Duration::from_millis(1)), None);
        child.signal(Signal::KILL);
        assert_eq!(child.wait_until(later), Some(Exit::Signaled(9)));
    }

    #[test]
    #[allow(clippy::zombie_processes, reason = "waiting for them is what is tested")]
    fn a_child_is_the_same_by_its_number() {
        let sleep = Command::new("sleep").arg("600").spawn().unwrap();
        let child = Child::from_pid(sleep.id() as i32).unwrap().numbered().unwrap();
        assert_eq!(child.pid(), sleep.id() as i32);
        assert!(child.ended().is_none() && !child.is_zombie() && child.with_descriptor().is_none());
        child.signal(Signal::KILL);
        // Asks again until it is so, without a wait that could block.
        std::iter::from_fn(|| Some(child.is_zombie())).find(|is| *is).unwrap();
        assert_eq!(child.ended(), Some(Exit::Signaled(9)));
        // It has been waited for: whoever has its number now is not it.
        assert!(!child.is_there() && !child.is_zombie());
        assert_eq!(child.ended(), Some(Exit::Signaled(libc::SIGKILL)));
    }

    #[test]
    fn a_stranger_is_no_child() {
        for pid in [0, 1, -1, i32::MAX, std::process::id() as i32] {
            assert!(Child::from_pid(pid).is_err(), "{pid}");
        }
        assert!(Child::from_pidfd(std::fs::File::open("/dev/null").unwrap().into()).is_err());
    }
}
