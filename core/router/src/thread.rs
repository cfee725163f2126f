//! The router's thread: one `epoll` set of bells, and a list of who has more.

use crate::handle::{Command, NewProcess, RouterEvent};
use crate::state::{More, RouterState};
use cloison_contract::process::{ProcessNumber, Reason};
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event as EpollEvent, EventData, EventFlags};
use rustix::io::Errno;
use std::collections::{HashSet, VecDeque};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

/// How many records of one process are served before it is the next one's turn.
const TURN: usize = 64;
/// The bell of the broker, among those of processes, whose numbers begin at 1.
const BROKER: u64 = 0;
/// How long a process whose inbox is full waits for news at most.
const LATE: Timespec = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

pub(crate) struct Thread {
    epoll: OwnedFd,
    bell: Arc<OwnedFd>,
    newcomers: Receiver<NewProcess>,
    commands: Receiver<Command>,
    event_bell: Arc<OwnedFd>,
    events: Sender<RouterEvent>,
    state: RouterState,
    /// Who has more in its outbox, in the order of turns.
    ready: VecDeque<ProcessNumber>,
    /// The same, each once.
    queued: HashSet<ProcessNumber>,
    stopped: bool,
}

/// A router that is gone would leave everybody waiting: the broker ends with it, and the kernel takes down the rest.
struct AbortIfUnwound;

impl Drop for AbortIfUnwound {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::process::abort();
        }
    }
}

impl Thread {
    pub(crate) fn new(
        bell: Arc<OwnedFd>,
        newcomers: Receiver<NewProcess>,
        commands: Receiver<Command>,
        event_bell: Arc<OwnedFd>,
        events: Sender<RouterEvent>,
        most_parcels: usize,
    ) -> Result<Self, Errno> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &*bell, EventData::new_u64(BROKER), EventFlags::IN)?;
        let (state, ready, queued) = (RouterState::new(most_parcels), VecDeque::new(), HashSet::new());
        Ok(Self { epoll, bell, newcomers, commands, event_bell, events, state, ready, queued, stopped: false })
    }

    pub(crate) fn run(mut self) {
        let _panicked = AbortIfUnwound;
        let mut late = false;
        while !self.stopped {
            let timeout = match (self.ready.is_empty(), late) {
                (false, _) => Some(&AT_ONCE),
                (true, true) => Some(&LATE),
                (true, false) => None,
            };
            self.listen(timeout);
            greet(&mut self.state, &self.epoll, &self.newcomers);
            self.take_commands();
            for _ in 0..self.ready.len() {
                if let Some(number) = self.ready.pop_front() {
                    self.queued.remove(&number);
                    self.serve(number);
                }
            }
            late = self.state.tell_all_late();
            self.report();
        }
    }

    /// Wait until somebody has rung; note who.
    fn listen(&mut self, timeout: Option<&Timespec>) {
        let mut events = [MaybeUninit::<EpollEvent>::uninit(); 64];
        let Ok((rung, _)) = epoll::wait(&self.epoll, &mut events, timeout) else { return };
        for event in rung {
            match event.data.u64() {
                BROKER => drop(rustix::io::read(&*self.bell, &mut [0; 8])),
                number if self.queued.insert(number) => self.ready.push_back(number),
                _ => {} // it has its turn already, however often it rings
            }
        }
    }

    fn take_commands(&mut self) {
        while let Ok(command) = self.commands.try_recv() {
            let Self { state, epoll, newcomers, .. } = self;
            let mut greet = |state: &mut RouterState| greet(state, epoll, newcomers);
            // Whoever a command speaks of has been announced before.
            greet(state);
            match command {
                Command::Ended(number, how) => state.ended(number, how, &mut greet),
                Command::GrantEnded(number, capability) => state.grant_ended(number, capability),
                Command::Kill(number, reason) => state.kill(number, reason),
                Command::Inspect(answer) => drop(answer.send(state.inspect())),
                Command::Stop => self.stopped = true,
            }
        }
    }

    fn serve(&mut self, number: ProcessNumber) {
        let Self { state, epoll, newcomers, .. } = self;
        let more = state.serve(number, TURN, &mut |state| greet(state, epoll, newcomers)) == More::Yes
            || state.mailbox(number).is_some_and(|mailbox| !mailbox.lie_down());
        if more && self.queued.insert(number) {
            self.ready.push_back(number);
        }
    }

    fn report(&mut self) {
        if self.state.events.is_empty() {
            return;
        }
        for event in self.state.events.drain(..) {
            let _ = self.events.send(event);
        }
        let _ = rustix::io::write(&*self.event_bell, &1_u64.to_ne_bytes());
    }
}

/// Take in everybody whom the broker has announced.
fn greet(state: &mut RouterState, epoll: &OwnedFd, newcomers: &Receiver<NewProcess>) {
    while let Ok(mut new) = newcomers.try_recv() {
        let number = new.reference.number;
        // Each ring of its bell is reported once, and never read: only that it rang is of interest. So it is closed here: the set
        // hears it for as long as the process has its own, and a process takes one descriptor less.
        let bell = new.mailbox.bell.take();
        let added = bell.map_or(Ok(()), |bell| {
            epoll::add(epoll, &bell, EventData::new_u64(number), EventFlags::IN | EventFlags::ET)
        });
        state.add(new);
        if let Err(error) = added {
            state.kill(number, Reason::Broker { text: format!("its mailbox cannot be heard: {error}") });
        }
    }
}
