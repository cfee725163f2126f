//! A microprocess as the broker sees it.

use crate::capabilities::grants::GrantKey;
use crate::capabilities::{AdmittedCalls, HeldCapabilities, Lineage};
use crate::child::{Child, Exit, NumberedChild};
use crate::processes::scheduling::{Load, Standing};
use crate::reactor::ReactorKey;
use crate::zones::zone::InstanceId;
use cloison_contract::message::{ChannelId, End};
use cloison_contract::process::{
    EXHAUSTED_STATUS, NOT_FRESH_STATUS, NOT_SEALED_STATUS, ProcessNumber, ProcessRef, Reason,
};
use cloison_transport::control::Control;
use cloison_transport::mailbox::RouterEnd;
use rustix::process::Signal;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

/// A microprocess.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) control: Arc<Control>,
    pub(crate) registration: ReactorKey,
    /// It has closed its control socket, or is not listened to any more.
    pub(crate) silent: bool,
    /// The process, once the template has forked it.
    pub(crate) child: Option<WatchedChild>,
    /// It is to be killed as soon as it has been forked.
    pub(crate) doomed: bool,
    /// What it does; a blank does nothing yet.
    pub(crate) work: Work,
    /// Its channels: at most one for each capability.
    pub(crate) channels: BTreeMap<ChannelId, HeldChannel>,
    /// Its capabilities.
    pub(crate) held: HeldCapabilities,
    /// Why channels of it have ended, kept until it asks.
    pub(crate) ends: BTreeMap<ChannelId, End>,
    /// Calls of its services that it is serving.
    pub(crate) served: AdmittedCalls,
}

/// How the end of a microprocess is seen.
#[derive(Debug)]
pub(crate) enum WatchedChild {
    /// By a descriptor, and its registration.
    ByDescriptor(Child, ReactorKey),
    /// By its control socket, which hangs up: a descriptor less where there are many. Then it is looked at by its number.
    ByControl(NumberedChild),
}

impl WatchedChild {
    /// Its number in our namespace; 0 if it is no longer there.
    pub(crate) fn pid(&self) -> i32 {
        match self {
            Self::ByDescriptor(child, _) => child.pid(),
            Self::ByControl(child) => child.pid(),
        }
    }

    /// Send it a signal; nothing happens if it has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        match self {
            Self::ByDescriptor(child, _) => child.signal(signal),
            Self::ByControl(child) => child.signal(signal),
        }
    }

    /// Wait for its end, but not beyond that time.
    pub(crate) fn wait_until(&self, until: Instant) {
        match self {
            Self::ByDescriptor(child, _) => drop(child.wait_until(until)),
            Self::ByControl(child) => child.wait_until(until),
        }
    }
}

/// What a microprocess does.
#[derive(Debug)]
pub(crate) enum Work {
    /// Nothing yet; here is our end of its mailbox, until the router gets it.
    Blank(Box<RouterEnd>),
    /// It has been told what to run.
    Running(Box<Running>),
}

/// A microprocess that has been told what to run.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) reference: ProcessRef,
    pub(crate) parent: Option<ProcessNumber>,
    /// Who has started it, and who those.
    pub(crate) lineage: Lineage,
    /// Its name, for people.
    pub(crate) name: Option<String>,
    /// What it runs, for people.
    pub(crate) function: String,
    /// The profile that it was started with.
    pub(crate) profile: Option<String>,
    pub(crate) memory_bytes: u64,
    pub(crate) cpu_seconds: u64,
    /// When it is ended, whatever it does.
    pub(crate) deadline: Option<Instant>,
    /// How many living children it may have, and how many it has.
    pub(crate) most_children: u32,
    pub(crate) children: u32,
    /// How many call channels it may have open.
    pub(crate) most_channels: u32,
    pub(crate) standing: Standing,
    pub(crate) load: Load,
}

/// A channel that a client holds.
#[derive(Clone, Debug)]
pub(crate) struct HeldChannel {
    pub(crate) instance: InstanceId,
    /// Which capability it is for.
    pub(crate) grant: GrantKey,
}

impl Process {
    /// One that waits to be told what to run. `child` is there once the template has forked it.
    pub(crate) fn blank(
        control: Arc<Control>,
        registration: ReactorKey,
        child: Option<WatchedChild>,
        mailbox: RouterEnd,
    ) -> Self {
        Self {
            control,
            registration,
            silent: false,
            child,
            doomed: false,
            work: Work::Blank(Box::new(mailbox)),
            channels: BTreeMap::new(),
            held: HeldCapabilities::default(),
            ends: BTreeMap::new(),
            served: AdmittedCalls::default(),
        }
    }

    /// What it has been told to run.
    pub(crate) fn running(&self) -> Option<&Running> {
        self.work.running()
    }
}

impl Work {
    /// What the process has been told to run.
    pub(crate) fn running(&self) -> Option<&Running> {
        match self {
            Self::Blank(_) => None,
            Self::Running(running) => Some(running),
        }
    }
}

/// What the kernel says of an end, as a reason. The router knows more: a program may end with any status.
pub(crate) fn reason(exit: Exit) -> Reason {
    match exit {
        Exit::Exited(0) => Reason::Normal,
        Exit::Exited(EXHAUSTED_STATUS) => Reason::MemoryLimit,
        Exit::Exited(NOT_FRESH_STATUS) => Reason::Broker { text: "it could not be made fresh".into() },
        Exit::Exited(NOT_SEALED_STATUS) => Reason::Broker { text: "its sandbox could not be closed".into() },
        Exit::Exited(status) => Reason::Exited { status },
        Exit::Signaled(libc::SIGXCPU) => Reason::CpuLimit,
        Exit::Signaled(libc::SIGKILL) => Reason::Killed,
        Exit::Signaled(signal) => Reason::Crash { signal },
    }
}
