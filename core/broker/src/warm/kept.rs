//! What a broker has of a template that somebody else has started: the template, and its keeper, who is the parent.

use super::{FromKeeper, ToKeeper, limits};
use crate::broker::{FROM_MICROPROCESS_BYTES, FROM_TEMPLATE_BYTES};
use crate::child::{Child, Exit};
use crate::processes::spawning::inbox_bytes;
use cloison_contract::message::Layer;
use cloison_transport::control::{Control, ControlError};
use cloison_transport::mailbox::{self, RouterEnd};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::Shutdown;
use rustix::process::{Signal, pidfd_send_signal};
use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a keeper that is ready may take to put its template into its line.
const HANDING_OVER: Timespec = Timespec { tv_sec: 2, tv_nsec: 0 };
/// How long to wait for a keeper's answer, before other work is done and it is looked for again.
const ANSWER: Timespec = Timespec { tv_sec: 0, tv_nsec: 2_000_000 };

/// A template of a service's, and nobody else's any more.
#[derive(Debug)]
pub struct WarmTemplate {
    pub(crate) control: Control,
    pub(crate) keeper: Arc<Keeper>,
    pub(crate) worker: Child,
    pub(crate) init: Option<Child>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) modules: Vec<String>,
    pub(crate) blank: WarmBlank,
}

/// A microprocess that the template has forked, and that waits for a program.
#[derive(Debug)]
pub(crate) struct WarmBlank {
    pub(crate) control: Control,
    pub(crate) child: Child,
    pub(crate) mailbox: RouterEnd,
}

impl WarmTemplate {
    /// From a keeper's line, where it waits.
    pub(crate) fn take(line: Control) -> Result<Self, ControlError> {
        // The keeper says first that it is ready, and puts this behind that: it may be about to.
        let _ = poll(&mut [PollFd::new(&line, PollFlags::IN)], Some(&HANDING_OVER));
        let Some((message, descriptors)) = line.try_receive::<FromKeeper>()? else {
            return Err(ControlError::Malformed("a line with nothing in it"));
        };
        let FromKeeper::Kept { keeper, blank, worker, init, layers, modules } = message else {
            return Err(ControlError::Malformed("a line with something else in it"));
        };
        let mut descriptors = descriptors.into_iter();
        let mut next = || descriptors.next().ok_or(ControlError::Malformed("too few descriptors"));
        let (control, process) = (next()?, next()?);
        let keeper = Arc::new(Keeper { line, process, pid: keeper, answers: Mutex::default() });
        let worker = Child::kept(next()?, worker, &keeper);
        let control_of_blank = Control::from_descriptor(next()?).receiving_at_most(FROM_MICROPROCESS_BYTES);
        let child = Child::kept(next()?, blank, &keeper);
        let mailbox = mailbox::open(&next()?, next()?, inbox_bytes(limits().mailbox_bytes))
            .map_err(|_| ControlError::Malformed("no mailbox"))?;
        let blank = WarmBlank { control: control_of_blank, child, mailbox };
        let init = match init {
            Some(init) => Some(Child::kept(next()?, init, &keeper)),
            None => None,
        };
        keeper.line.try_send(&ToKeeper::Taken, &[])?;
        let control = Control::from_descriptor(control).receiving_at_most(FROM_TEMPLATE_BYTES);
        Ok(Self { control, keeper, worker, init, layers, modules, blank })
    }
}

/// A keeper, as the broker has it.
#[derive(Debug)]
pub(crate) struct Keeper {
    line: Control,
    process: OwnedFd,
    pid: i32,
    answers: Mutex<Answers>,
}

#[derive(Debug, Default)]
struct Answers {
    asked: u64,
    come: HashMap<u64, Exit>,
}

impl Keeper {
    /// Its number.
    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    /// Ask how a child of its has ended, which has. `None` while it cannot be asked.
    pub(crate) fn ask(&self, pid: i32) -> Option<u64> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let question = answers.asked + 1;
        match self.line.try_send(&ToKeeper::Wait { question, pid }, &[]) {
            // If it is gone it will not answer, and that is what whoever looks for the answer hears.
            Ok(()) | Err(ControlError::Closed) => {
                answers.asked = question;
                Some(question)
            }
            Err(_) => None,
        }
    }

    /// Its answer; `None` if there is none yet.
    pub(crate) fn answer(&self, question: u64) -> Option<Exit> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..2 {
            loop {
                match self.line.try_receive::<FromKeeper>() {
                    Ok(Some((FromKeeper::Ended { question: answered, exit }, _))) if answered <= answers.asked => {
                        answers.come.insert(answered, exit.unwrap_or(Exit::Signaled(libc::SIGKILL)));
                    }
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    // It is gone, and so are all its children, by that signal at the latest.
                    Err(_) => return answers.come.remove(&question).or(Some(Exit::Signaled(libc::SIGKILL))),
                }
            }
            if let Some(exit) = answers.come.remove(&question) {
                return Some(exit);
            }
            let _ = poll(&mut [PollFd::new(&self.line, PollFlags::IN)], Some(&ANSWER));
        }
        None
    }

    /// Have it end at once, and with it, by the kernel, all of its children.
    pub(crate) fn kill(&self) {
        let _ = pidfd_send_signal(&self.process, Signal::KILL);
    }

    /// Have it end all of its children and itself, and wait for that, until then at most.
    pub(crate) fn end(&self, until: Instant) {
        let _ = rustix::net::shutdown(&self.line, Shutdown::Both);
        while !has_ended(&self.process) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return self.kill();
            }
            let left = left.min(Duration::from_secs(1));
            let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
            let _ = poll(&mut [PollFd::new(&self.process, PollFlags::IN)], Some(&left));
        }
    }
}

/// Whether the process of a pidfd has ended.
pub(crate) fn has_ended(pidfd: impl AsFd) -> bool {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&now)).is_ok_and(|ready| ready > 0)
}
