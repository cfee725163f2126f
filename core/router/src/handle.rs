//! The broker's side of the router.

use crate::thread::Thread;
use cloison_contract::message::CapabilityRef;
use cloison_contract::process::{ProcessNumber, ProcessRef, Reason};
use cloison_transport::control::Control;
use cloison_transport::mailbox::RouterEnd;
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

/// Why there is no router.
#[derive(Debug, thiserror::Error)]
pub enum RouterError {
    /// The kernel refused.
    #[error("the router cannot be started: {0}")]
    System(#[from] Errno),
    /// No thread could be made.
    #[error("the router cannot be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// A process that is about to run its first instruction.
#[derive(Debug)]
pub struct NewProcess {
    /// Its number, and the token that it takes to reach it.
    pub reference: ProcessRef,
    /// Our end of its mailbox.
    pub mailbox: RouterEnd,
    /// Its control socket, over which parcels travel.
    pub control: Arc<Control>,
    /// How much may wait there, in bytes.
    pub mailbox_bytes: u64,
    /// How much memory it may have, in bytes: what it sends takes no more elsewhere.
    pub memory_bytes: u64,
    /// Its ties from the beginning.
    pub ties: Ties,
}

/// How a new process and its parent are tied.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Ties {
    /// Who is linked to it.
    pub link: Option<ProcessNumber>,
    /// Whom it may link itself to, once, without control over it.
    pub may_link: Option<ProcessNumber>,
    /// Who monitors it, by which reference.
    pub monitor: Option<(ProcessNumber, u64)>,
}

/// What the router wants of the broker.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RouterEvent {
    /// End that process at once.
    Kill(ProcessNumber),
    /// That process's end has been told to all who asked.
    Ended {
        /// Which.
        number: ProcessNumber,
        /// Why.
        reason: Reason,
    },
}

/// What there is to see of a process.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Inspection {
    /// Which.
    pub number: ProcessNumber,
    /// Its registered names.
    pub names: Vec<String>,
    /// How many messages wait in its mailbox.
    pub mailbox_messages: u64,
    /// How many bytes they count.
    pub mailbox_bytes: u64,
    /// Whom it is linked to.
    pub links: Vec<ProcessNumber>,
    /// Whom it monitors.
    pub monitors: Vec<ProcessNumber>,
    /// Exit signals are messages to it.
    pub traps_exits: bool,
    /// It says that it sleeps until a message comes.
    pub receiving: bool,
}

#[derive(Debug)]
pub(crate) enum Command {
    Ended(ProcessNumber, Reason),
    GrantEnded(ProcessNumber, CapabilityRef),
    Kill(ProcessNumber, Reason),
    Inspect(Sender<Vec<Inspection>>),
    Stop,
}

/// What other threads may ask of the router.
#[derive(Clone, Debug)]
pub struct RouterHandle {
    commands: Sender<Command>,
    bell: Arc<OwnedFd>,
}

impl RouterHandle {
    /// End a process, with that reason. [`RouterEvent::Kill`] comes back.
    pub fn kill(&self, number: ProcessNumber, reason: Reason) {
        self.command(Command::Kill(number, reason));
    }

    /// What there is to see of every process; nothing if the router has ended.
    pub fn inspect(&self) -> Vec<Inspection> {
        let (answer, answered) = channel();
        self.command(Command::Inspect(answer));
        answered.recv().unwrap_or_default()
    }

    fn command(&self, command: Command) {
        // Whoever asks a router that has ended hears nothing.
        let _ = self.commands.send(command);
        self.ring();
    }

    fn ring(&self) {
        // An eventfd that is full is as loud as can be.
        let _ = rustix::io::write(&*self.bell, &1_u64.to_ne_bytes());
    }
}

/// The running router. Its thread ends when this is dropped.
#[derive(Debug)]
pub struct Router {
    newcomers: Sender<NewProcess>,
    handle: RouterHandle,
    events: Receiver<RouterEvent>,
    event_bell: Arc<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl AsFd for Router {
    /// Readable when there are events.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event_bell.as_fd()
    }
}

impl Router {
    /// Start the thread. `most_parcels` is how many long messages may be under way at once, each of which takes a descriptor.
    pub fn start(most_parcels: usize) -> Result<Self, RouterError> {
        let bell = || eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map(Arc::new);
        let (bell, event_bell) = (bell()?, bell()?);
        let (newcomers, announced) = channel();
        let (commands, to_thread) = channel();
        let (to_broker, events) = channel();
        let thread =
            Thread::new(Arc::clone(&bell), announced, to_thread, Arc::clone(&event_bell), to_broker, most_parcels)?;
        let thread = std::thread::Builder::new().name("router".into()).spawn(move || thread.run())?;
        Ok(Self { newcomers, handle: RouterHandle { commands, bell }, events, event_bell, thread: Some(thread) })
    }

    /// Let a process take part. What others send to it from now on arrives.
    pub fn add(&self, process: NewProcess) {
        let _ = self.newcomers.send(process);
        self.handle.ring();
    }

    /// A process has ended, as the kernel says.
    pub fn ended(&self, number: ProcessNumber, how: Reason) {
        self.handle.command(Command::Ended(number, how));
    }

    /// Tell a process that a grant of a service is not alive any more.
    pub fn grant_ended(&self, number: ProcessNumber, capability: CapabilityRef) {
        self.handle.command(Command::GrantEnded(number, capability));
    }

    /// For other threads.
    pub fn handle(&self) -> RouterHandle {
        self.handle.clone()
    }

    /// The next event, if there is one.
    pub fn event(&self) -> Option<RouterEvent> {
        self.events.try_recv().ok().or_else(|| {
            // First the bell, then another look: what comes in between rings again.
            let _ = rustix::io::read(&*self.event_bell, &mut [0; 8]);
            self.events.try_recv().ok()
        })
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        self.handle.command(Command::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
