//! The mailbox, what has arrived and waits to be received, and whom not to send to for now.

use crate::objects::held;
use cloison_contract::process::{
    CONTROL, FromRouter, MESSAGE, MESSAGE_OVERHEAD, MESSAGE_PARCEL, NEWS, ProcessNumber, ProcessRef, Reason, SEND,
    SEND_PARCEL, TIES, ToRouter,
};
use cloison_transport::mailbox::{Mailbox, RingError, Waited};
use rustix::io::Errno;
use rustpython_vm::PyObjectRef;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Instant;

/// The router hears of so much that was received at the latest, as a part of the mailbox.
const UNSAID_PART: u64 = 16;
/// And of so many senders whose messages were received: as long as they count, the shares of others are smaller.
const UNSAID_SENDERS: usize = 16;

/// Why something could not be done.
pub(super) enum PostError {
    /// There is no mailbox: in a template.
    Missing,
    /// The kernel has no random bytes.
    Random(Errno),
    /// The router breaks the protocol.
    Ring(RingError),
    /// That process has no room for more of ours.
    Full(ProcessRef),
    /// What this process has sent and nobody has received takes as much memory as it may have, so many bytes.
    TooMuch(ProcessRef, u64),
    /// So many messages to that process did not arrive, and whether because of all that this process has sent.
    Lost(ProcessRef, u64, bool),
    /// A message is longer than any may be.
    TooLong { bytes: usize, most: usize },
}

/// Something to receive.
#[derive(Clone)]
pub(super) enum Mail {
    /// A message, decoded: it has been looked at and was not wanted.
    Decoded(PyObjectRef),
    /// A message that cannot be read here, and why.
    Unreadable(String),
    /// A message.
    Message { sender: ProcessNumber, bytes: Vec<u8> },
    /// A long message, by its number, to be fetched.
    Parcel { sender: ProcessNumber, number: u64 },
    /// A monitored process has ended.
    Down { reference: u64, process: ProcessRef, reason: Reason },
    /// An exit signal.
    Exit { process: ProcessRef, reason: Reason },
}

/// Nobody can guess it: an answer that carries it comes from somebody who was told.
pub(super) fn new_reference() -> Result<u64, PostError> {
    let mut bytes = [0; 8];
    crate::process::random(&mut bytes).map_err(PostError::Random)?;
    Ok(u64::from_le_bytes(bytes))
}

/// Something to receive, and from whom.
struct Waiting {
    item: Mail,
    /// Who has sent it, and what it counts in this mailbox; `None` for news.
    from: Option<(ProcessNumber, u64)>,
    /// The monitor that a `Down` belongs to.
    down: Option<u64>,
}

pub(super) struct Post {
    mailbox: Mailbox,
    myself: Option<ProcessRef>,
    pub(super) parent: Option<ProcessRef>,
    mailbox_bytes: u64,
    memory_bytes: u64,
    /// What waits, in the order in which it came, by position.
    waiting: BTreeMap<u64, Waiting>,
    next: u64,
    /// Who has enough of ours, and whether because all together have.
    full: HashMap<ProcessNumber, bool>,
    /// To whom messages of ours were lost, and whether because of all of ours together.
    lost: HashMap<ProcessNumber, bool>,
    /// How many, by question.
    lost_counts: HashMap<u64, u64>,
    /// What was received of whom and the router has not been told: how many messages, and their bytes.
    unsaid: HashMap<ProcessNumber, (u64, u64)>,
    unsaid_bytes: u64,
    /// Somebody has to pause because of what waits here, as far as the router knows.
    pressed: bool,
    answers: HashMap<u64, Option<ProcessRef>>,
    /// Our monitors whose process has not ended, as far as we know. A `Down` of another is not wanted any more.
    monitors: HashSet<u64>,
    /// Where a `Down` waits, by its monitor.
    downs: HashMap<u64, u64>,
    /// Whether exit signals are messages.
    pub(super) traps_exits: bool,
    /// Whom we have named to the router, so that news of them name them fully.
    known: HashMap<ProcessNumber, ProcessRef>,
    pub(super) sender: Option<ProcessNumber>,
    /// How many bytes that had.
    pub(super) received_bytes: u64,
    /// How many bytes the last message had that was sent.
    pub(super) sent_bytes: u64,
    body: Vec<u8>,
}

impl Post {
    pub(super) fn new(mailbox: Mailbox) -> Self {
        Self {
            mailbox,
            myself: None,
            parent: None,
            mailbox_bytes: 0,
            memory_bytes: 0,
            waiting: BTreeMap::new(),
            next: 1,
            full: HashMap::new(),
            lost: HashMap::new(),
            lost_counts: HashMap::new(),
            unsaid: HashMap::new(),
            unsaid_bytes: 0,
            pressed: false,
            answers: HashMap::new(),
            monitors: HashSet::new(),
            downs: HashMap::new(),
            traps_exits: false,
            known: HashMap::new(),
            sender: None,
            received_bytes: 0,
            sent_bytes: 0,
            body: Vec::new(),
        }
    }

    pub(super) fn begin(
        &mut self,
        myself: ProcessRef,
        parent: Option<ProcessRef>,
        mailbox_bytes: u64,
        memory_bytes: u64,
    ) {
        (self.myself, self.parent) = (Some(myself), parent);
        (self.mailbox_bytes, self.memory_bytes) = (mailbox_bytes, memory_bytes);
        self.know(myself);
        parent.into_iter().for_each(|parent| self.know(parent));
    }

    pub(super) fn begun(&self) -> bool {
        self.myself.is_some()
    }

    pub(super) fn myself(&self) -> ProcessRef {
        self.myself.unwrap_or(ProcessRef { number: 0, token: [0; 16] })
    }

    pub(super) fn know(&mut self, process: ProcessRef) {
        let known = self.known.entry(process.number).or_insert(process);
        if process.has_control() {
            *known = process;
        }
    }

    fn named(&self, number: ProcessNumber) -> ProcessRef {
        self.known.get(&number).copied().unwrap_or(ProcessRef { number, token: [0; 16] })
    }

    pub(super) fn wait_for_room(&mut self) -> Waited {
        self.mailbox.wait_for_room()
    }

    /// Put a record in; `false` if there is no room.
    pub(super) fn say(&mut self, said: &ToRouter) -> Result<bool, PostError> {
        let body = postcard::to_stdvec(said).unwrap_or_default();
        Ok(self.mailbox.put(CONTROL, &[&body])?.is_ok())
    }

    /// Whether a message of that length may be sent at all.
    pub(super) fn may_be_sent(&self, bytes: usize) -> Result<(), PostError> {
        let most = (self.mailbox_bytes / 2) as usize;
        if bytes > most { Err(PostError::TooLong { bytes, most }) } else { Ok(()) }
    }

    /// Whether it may be sent to that process, as far as is known.
    pub(super) fn may_send(&mut self, to: ProcessRef, bytes: usize) -> Result<(), PostError> {
        self.may_be_sent(bytes)?;
        if self.mailbox.has_more() {
            self.fetch()?;
        }
        match self.full.get(&to.number) {
            Some(true) => Err(self.too_much(to)),
            Some(false) => Err(PostError::Full(to)),
            None => Ok(()),
        }
    }

    /// The router has no memory for more of this process's messages.
    pub(super) fn too_much(&self, to: ProcessRef) -> PostError {
        PostError::TooMuch(to, self.memory_bytes)
    }

    /// Whether messages to that process were lost, as the router has said, and if so, whether because of all that this process has sent:
    /// how many it says when it is asked.
    pub(super) fn lost_to(&mut self, to: ProcessRef) -> Option<bool> {
        self.lost.remove(&to.number)
    }

    /// Its sender has yet to hear how many.
    pub(super) fn note_lost(&mut self, to: ProcessRef, of_all: bool) {
        self.lost.insert(to.number, of_all);
    }

    /// Put a message in, or word that the parcel is complete; `false` if there is no room.
    pub(super) fn send(&mut self, to: ProcessRef, message: Option<&[u8]>) -> Result<bool, PostError> {
        let put = match message {
            Some(message) => self.mailbox.put(SEND, &[&to.to_bytes(), message])?,
            None => self.mailbox.put(SEND_PARCEL, &[&to.to_bytes()])?,
        };
        Ok(put.is_ok())
    }

    /// Sort in all that has arrived.
    fn fetch(&mut self) -> Result<(), PostError> {
        let mut body = std::mem::take(&mut self.body);
        while let Some(kind) = self.mailbox.take(&mut body)? {
            match kind {
                MESSAGE => self.message(&body),
                MESSAGE_PARCEL => self.parcel(&body),
                NEWS => {
                    if let Ok(news) = postcard::from_bytes(&body) {
                        self.news(news);
                    }
                }
                _ => {} // the router is trusted; a kind that is unknown here is of a later version
            }
        }
        self.body = body;
        Ok(())
    }

    fn message(&mut self, body: &[u8]) {
        let Some((sender, message)) = body.split_first_chunk::<8>() else { return };
        let sender = u64::from_le_bytes(*sender);
        let from = Some((sender, message.len() as u64 + MESSAGE_OVERHEAD));
        self.arrive(Waiting { item: Mail::Message { sender, bytes: message.to_vec() }, from, down: None });
    }

    fn parcel(&mut self, body: &[u8]) {
        let words: Vec<_> = body.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)).collect();
        if let [sender, number, bytes] = *words {
            let from = Some((sender, bytes + MESSAGE_OVERHEAD));
            self.arrive(Waiting { item: Mail::Parcel { sender, number }, from, down: None });
        }
    }

    fn arrive(&mut self, waiting: Waiting) {
        if let Some(reference) = waiting.down {
            self.downs.insert(reference, self.next);
        }
        self.waiting.insert(self.next, waiting);
        self.next += 1;
    }

    fn news(&mut self, news: FromRouter) {
        match news {
            // Of a monitor that was undone while the news was under way.
            FromRouter::Down { reference, .. } if !self.monitors.remove(&reference) => {}
            FromRouter::Down { reference, number, reason } => {
                let item = Mail::Down { reference, process: self.named(number), reason };
                self.arrive(Waiting { item, from: None, down: Some(reference) });
            }
            FromRouter::Exit { number, reason } => {
                let item = Mail::Exit { process: self.named(number), reason };
                self.arrive(Waiting { item, from: None, down: None });
            }
            FromRouter::Full { number, of_all } => drop(self.full.insert(number, of_all)),
            FromRouter::Lost { number, of_all } => drop(self.lost.insert(number, of_all)),
            FromRouter::LostCount { question, messages } => drop(self.lost_counts.insert(question, messages)),
            FromRouter::Pressed(pressed) => self.pressed = pressed,
            FromRouter::Space { number } => drop(self.full.remove(&number)),
            FromRouter::Found { question, process } => {
                process.into_iter().for_each(|process| self.know(process));
                self.answers.insert(question, process);
            }
            FromRouter::GrantEnded(capability) => held::note_end(capability),
        }
    }

    /// What stands at that position, or behind it. Undecoded, it is there afterwards as if it were decoded already: whoever
    /// gets it here decodes it and keeps it.
    pub(super) fn next(&mut self, at: u64) -> Result<Option<(u64, Mail)>, PostError> {
        if self.mailbox.has_more() {
            self.fetch()?;
        }
        Ok(self.waiting.range_mut(at..).next().map(|(position, waiting)| (*position, waiting.item.lend())))
    }

    /// What was looked at stays.
    pub(super) fn keep(&mut self, position: u64, item: Mail) -> Result<(), PostError> {
        if let Some(waiting) = self.waiting.get_mut(&position) {
            waiting.item = item;
        }
        Ok(())
    }

    /// Take something out; whether it was still there.
    pub(super) fn take(&mut self, position: u64) -> Result<bool, PostError> {
        let Some(taken) = self.waiting.remove(&position) else { return Ok(false) };
        self.sender = taken.from.map(|(sender, _)| sender);
        self.received_bytes = taken.from.map_or(0, |(_, bytes)| bytes.saturating_sub(MESSAGE_OVERHEAD));
        if let Some(reference) = taken.down {
            self.downs.remove(&reference);
        }
        if let Some((sender, bytes)) = taken.from {
            let (messages, unsaid) = self.unsaid.entry(sender).or_default();
            *messages += 1;
            *unsaid += bytes;
            self.unsaid_bytes += bytes;
            if self.unsaid_bytes >= self.mailbox_bytes / UNSAID_PART {
                self.say_consumed()?;
            }
        }
        Ok(true)
    }

    /// Tell the router what no longer waits. What there is no room for now is told later.
    fn say_consumed(&mut self) -> Result<(), PostError> {
        let mut unsaid = std::mem::take(&mut self.unsaid).into_iter();
        while let Some((sender, (messages, bytes))) = unsaid.next() {
            if !self.say(&ToRouter::Consumed { sender, messages, bytes })? {
                self.unsaid = unsaid.chain([(sender, (messages, bytes))]).collect();
                return Ok(());
            }
        }
        self.unsaid_bytes = 0;
        Ok(())
    }

    /// Before it sleeps, a process says what it has received: nobody should wait for room in an empty mailbox.
    pub(super) fn wait(&mut self, until: Option<Instant>) -> Waited {
        let enough = if self.pressed { 1 } else { self.mailbox_bytes / (4 * UNSAID_PART) };
        if self.unsaid_bytes >= enough || self.unsaid.len() > UNSAID_SENDERS {
            match self.say_consumed() {
                Ok(()) if self.unsaid.is_empty() => {}
                Ok(()) => return self.mailbox.wait_for_room(),
                Err(_) => return Waited::Maybe,
            }
        }
        self.mailbox.wait(until)
    }

    pub(super) fn mark(&mut self) -> Result<u64, PostError> {
        self.fetch()?;
        Ok(self.next)
    }

    pub(super) fn waiting(&mut self) -> Result<usize, PostError> {
        self.fetch()?;
        Ok(self.waiting.len())
    }

    /// The answer to a question, if it has come.
    pub(super) fn answer(&mut self, question: u64) -> Result<Option<Option<ProcessRef>>, PostError> {
        self.fetch()?;
        Ok(self.answers.remove(&question))
    }

    /// How many messages were lost, once the router has said so.
    pub(super) fn lost_count(&mut self, question: u64) -> Result<Option<u64>, PostError> {
        self.fetch()?;
        Ok(self.lost_counts.remove(&question))
    }

    /// A process is monitored from now on; `false` if there are as many monitors as there may be.
    pub(super) fn watch(&mut self, reference: u64) -> bool {
        self.monitors.len() < TIES && self.monitors.insert(reference)
    }

    /// It is not any more: a `Down` that is there goes, one that is under way will not be taken in.
    pub(super) fn forget_down(&mut self, reference: u64) -> Result<(), PostError> {
        self.fetch()?;
        self.monitors.remove(&reference);
        if let Some(position) = self.downs.remove(&reference) {
            self.waiting.remove(&position);
        }
        Ok(())
    }
}

impl Mail {
    /// A copy if that costs nothing; else what is there, and nothing is left but its place.
    fn lend(&mut self) -> Self {
        match self {
            Self::Message { sender, bytes } => Self::Message { sender: *sender, bytes: std::mem::take(bytes) },
            other => other.clone(),
        }
    }
}
