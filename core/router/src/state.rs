//! The tables, and what each record does.

use crate::handle::{Inspection, NewProcess, RouterEvent, Ties};
use crate::parcels::{Filling, Parcel, ParcelCount, Parcels};
use crate::pending::{Amount, PendingMessages, SentMessages};
use cloison_contract::message::{CapabilityRef, ParcelAnswer, ToMicroprocess};
use cloison_contract::process::{
    CONTROL, FromRouter, MESSAGE, MESSAGE_OVERHEAD, MESSAGE_PARCEL, NAME_BYTES, NAMES, NEWS, ProcessNumber, ProcessRef,
    Reason, SEND, SEND_PARCEL, TIES, ToRouter,
};
use cloison_transport::control::{Control, ControlError};
use cloison_transport::mailbox::{RECORD_BYTES, RouterEnd};
use rustix::io::Errno;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::os::fd::AsFd;
use std::sync::Arc;

/// How many pieces of news wait for a process whose inbox is full. It gets them late, and none beyond that many: a process has
/// no more ties than that.
const NEWS_WAITING: usize = 2 * TIES;
/// Beyond so many that wait, exit signals are lost, and beyond so many bytes, ends are told in brief: a process that does not
/// receive costs the router no more than a few megabytes.
const MANY_NEWS: usize = 1024;
const MANY_NEWS_BYTES: usize = 1 << 20;

/// A process, as the router knows it.
#[derive(Debug)]
struct Process {
    /// With control.
    reference: ProcessRef,
    /// Without.
    send_only: ProcessRef,
    mailbox: RouterEnd,
    control: Arc<Control>,
    pending: PendingMessages,
    sent: SentMessages,
    parcels: Parcels,
    /// News for which there was no room, and their bytes.
    news: VecDeque<Vec<u8>>,
    news_bytes: usize,
    traps_exits: bool,
    /// Whom it may link itself to, once, without control over it.
    may_link: Option<ProcessNumber>,
    links: BTreeSet<ProcessNumber>,
    /// Its monitors: which, of whom.
    monitors: BTreeMap<u64, ProcessNumber>,
    /// Whose monitors of it, by asker and reference, and how many there had been before: the order of their `Down`s.
    monitored_by: BTreeMap<(ProcessNumber, u64), u64>,
    names: BTreeSet<String>,
    /// Messages lost because there was no room, by sender, until it asks how many.
    lost: BTreeMap<ProcessNumber, u64>,
    /// Who has lost messages of this one's.
    lost_by: BTreeSet<ProcessNumber>,
    /// What it has said of its end.
    last: Option<Reason>,
    /// Why it is being ended: the first reason counts.
    doom: Option<Reason>,
}

impl Process {
    fn ties(&self) -> usize {
        self.links.len() + self.monitors.len()
    }
}

/// All processes of an application.
#[derive(Debug)]
pub(crate) struct RouterState {
    processes: HashMap<ProcessNumber, Process>,
    names: BTreeMap<String, ProcessNumber>,
    /// How many monitors there have been.
    monitors: u64,
    /// What the broker is to be told.
    pub(crate) events: Vec<RouterEvent>,
    /// Processes with news for which there was no room.
    late: BTreeSet<ProcessNumber>,
    /// Processes in whose inbox there was no room for those who would go on.
    crowded: BTreeSet<ProcessNumber>,
    parcels: ParcelCount,
    /// The body of the record at hand.
    body: Vec<u8>,
}

/// Whether the memory of a parcel is on its way to who has asked for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Handed {
    Over,
    Not,
}

/// No outbox holds more records: each takes 16 bytes at least.
const OUTBOX_RECORDS: usize = 8192;

/// Whether there is more in an outbox.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum More {
    /// It was empty.
    No,
    /// The process has had its turn.
    Yes,
}

impl RouterState {
    /// No processes, and room for that many parcels.
    pub(crate) fn new(most_parcels: usize) -> Self {
        Self {
            processes: HashMap::new(),
            names: BTreeMap::new(),
            monitors: 0,
            events: Vec::new(),
            late: BTreeSet::new(),
            crowded: BTreeSet::new(),
            parcels: ParcelCount::new(most_parcels),
            body: Vec::new(),
        }
    }

    /// Take a process in, linked to or monitored by its parent from its first instruction on.
    pub(crate) fn add(&mut self, new: NewProcess) {
        let NewProcess { reference, mailbox, control, mailbox_bytes, memory_bytes, ties } = new;
        let Ties { link, may_link, monitor } = ties;
        let number = reference.number;
        let process = Process {
            reference,
            send_only: reference.send_only(),
            pending: PendingMessages::new(mailbox_bytes),
            sent: SentMessages::new(memory_bytes),
            parcels: Parcels::default(),
            mailbox,
            control,
            news: VecDeque::new(),
            news_bytes: 0,
            traps_exits: false,
            may_link,
            links: BTreeSet::new(),
            monitors: BTreeMap::new(),
            monitored_by: BTreeMap::new(),
            names: BTreeSet::new(),
            lost: BTreeMap::new(),
            lost_by: BTreeSet::new(),
            last: None,
            doom: None,
        };
        self.processes.insert(number, process);
        if let Some(parent) = link {
            match self.processes.contains_key(&parent) {
                true => self.tie(parent, number),
                // It has ended since: its exit signal is what the child gets.
                false => self.exit_signal(parent, number, Reason::NoProcess),
            }
        }
        if let Some((parent, reference)) = monitor {
            self.watch(parent, number, reference);
        }
    }

    /// Where the process rings.
    pub(crate) fn mailbox(&self, number: ProcessNumber) -> Option<&RouterEnd> {
        self.processes.get(&number).map(|process| &process.mailbox)
    }

    /// Do what up to `records` records of a process's outbox say. `unknown` is called before a receiver is said not to
    /// exist: it may be so new that the broker's word of it has yet to be read.
    pub(crate) fn serve(&mut self, number: ProcessNumber, records: usize, unknown: &mut dyn FnMut(&mut Self)) -> More {
        for _ in 0..records {
            let mut body = std::mem::take(&mut self.body);
            let taken = match self.processes.get_mut(&number) {
                None => return More::No,
                Some(process) => process.mailbox.take(&mut body),
            };
            let obeyed = match taken {
                Ok(None) => {
                    self.body = body;
                    return More::No;
                }
                Ok(Some(SEND)) => self.send(number, &body, unknown),
                Ok(Some(SEND_PARCEL)) => self.send_parcel(number, &body),
                Ok(Some(CONTROL)) => match postcard::from_bytes(&body) {
                    Ok(said) => self.obey(number, said, unknown),
                    Err(_) => None,
                },
                Ok(Some(_)) | Err(_) => None,
            };
            self.body = body;
            if obeyed.is_none() {
                self.violation(number);
                return More::No;
            }
        }
        More::Yes
    }

    /// `None` if the record is no such thing.
    fn send(&mut self, sender: ProcessNumber, body: &[u8], unknown: &mut dyn FnMut(&mut Self)) -> Option<()> {
        let (receiver, message) = ProcessRef::split_from(body)?;
        if self.introduced(receiver, unknown) {
            self.deliver(sender, receiver.number, message);
        }
        Some(())
    }

    fn deliver(&mut self, sender: ProcessNumber, number: ProcessNumber, message: &[u8]) {
        let bytes = message.len() as u64 + MESSAGE_OVERHEAD;
        let flood = self.processes.get(&sender).is_some_and(|sender| sender.sent.is_flood());
        let Some(receiver) = self.receiver(sender, number) else { return };
        let of_all = flood && receiver.pending.has_more_than_little(sender);
        if of_all || receiver.pending.is_flooded_by(sender, bytes) {
            return self.lose(sender, number, of_all);
        }
        match receiver.mailbox.put(MESSAGE, &[&sender.to_le_bytes(), message]) {
            Ok(Ok(())) => self.count(sender, number, bytes),
            Ok(Err(_)) => self.lose(sender, number, false),
            Err(_) => self.violation(number),
        }
    }

    /// Whom a message of that sender is put in for; `None` if it is not to arrive.
    fn receiver(&mut self, sender: ProcessNumber, number: ProcessNumber) -> Option<&mut Process> {
        let receiver = self.processes.get_mut(&number)?;
        if receiver.doom.is_some() {
            return None; // what ends it was there first
        }
        if let Some(lost) = receiver.lost.get_mut(&sender) {
            *lost += 1; // its sender does not know yet that one before it was
            return None;
        }
        Some(receiver)
    }

    /// Note that so much more waits; have its sender pause if that is too much.
    fn count(&mut self, sender: ProcessNumber, number: ProcessNumber, bytes: u64) {
        let of_all = self.processes.get_mut(&sender).is_some_and(|sender| sender.sent.add(bytes));
        let Some(receiver) = self.processes.get_mut(&number) else { return };
        let was_pressed = receiver.pending.is_pressed();
        if receiver.pending.add(sender, bytes, of_all) {
            self.pause(sender, number, was_pressed, of_all);
        }
    }

    fn pause(&mut self, sender: ProcessNumber, number: ProcessNumber, was_pressed: bool, of_all: bool) {
        self.tell(sender, &FromRouter::Full { number, of_all });
        if !was_pressed {
            self.tell(number, &FromRouter::Pressed(true));
        }
    }

    /// A message is lost, and so is any after it until its sender knows: because of all that its sender has sent, or because there is no
    /// room in the mailbox.
    fn lose(&mut self, sender: ProcessNumber, number: ProcessNumber, of_all: bool) {
        let Some(receiver) = self.processes.get_mut(&number) else { return };
        receiver.lost.insert(sender, 1);
        let was_pressed = receiver.pending.is_pressed();
        let tell = receiver.pending.pause(sender, of_all);
        // Nobody will say that something was received: it is news that fill the inbox.
        if receiver.pending.total().messages == 0 {
            self.crowded.insert(number);
        }
        if let Some(sender) = self.processes.get_mut(&sender) {
            sender.lost_by.insert(number);
        }
        self.tell(sender, &FromRouter::Lost { number, of_all });
        if tell {
            self.pause(sender, number, was_pressed, of_all);
        }
    }

    /// So much of a sender's waits no longer. `None` if the receiver has broken the protocol.
    fn consumed(&mut self, number: ProcessNumber, sender: ProcessNumber, amount: Amount) -> Option<()> {
        let receiver = self.processes.get_mut(&number);
        let Some(freed) = receiver.map(|receiver| receiver.pending.consumed(sender, amount)) else { return Some(()) };
        self.received(sender, freed);
        self.resume(number)
    }

    /// Tell those who may go on. Whoever would not find room in the inbox is told when there is some. `None` if the receiver has broken the
    /// protocol.
    fn resume(&mut self, number: ProcessNumber) -> Option<()> {
        self.crowded.remove(&number);
        let Some(receiver) = self.processes.get_mut(&number) else { return Some(()) };
        let was_pressed = receiver.pending.is_pressed();
        let (resumed, more) = receiver.pending.resume(receiver.mailbox.settle().ok()?);
        let relieved = was_pressed && !receiver.pending.is_pressed();
        if more {
            self.crowded.insert(number);
        }
        if relieved {
            self.tell(number, &FromRouter::Pressed(false));
        }
        for sender in resumed {
            self.tell(sender, &FromRouter::Space { number });
        }
        Some(())
    }

    /// So many bytes that a process had sent take no memory any more.
    fn received(&mut self, sender: ProcessNumber, bytes: u64) {
        if let Some(sender) = self.processes.get_mut(&sender) {
            sender.sent.subtract(bytes);
        }
    }

    /// Somebody's message, which was counted, does not arrive.
    fn not_delivered(&mut self, number: ProcessNumber, sender: ProcessNumber, bytes: u64) {
        if self.consumed(number, sender, Amount::one(bytes)).is_none() {
            self.violation(number);
        }
    }

    /// Memory for a long message, or none. `None` if nobody may send that much.
    fn reserve(
        &mut self,
        sender: ProcessNumber,
        process: ProcessRef,
        bytes: u64,
        unknown: &mut dyn FnMut(&mut Self),
    ) -> Option<()> {
        self.give_back(sender);
        if !self.introduced(process, unknown) {
            return self.hand_over(sender, ParcelAnswer::Missing, None).map(drop);
        }
        let number = process.number;
        let receiver = self.processes.get(&number)?;
        let counts = bytes.checked_add(MESSAGE_OVERHEAD)?;
        if bytes == 0 || !receiver.pending.may_ever_hold(bytes) {
            return None;
        }
        if !self.processes.get(&sender)?.sent.has_room_for(counts) {
            return self.hand_over(sender, ParcelAnswer::TooMuch, None).map(drop);
        }
        let room = !receiver.lost.contains_key(&sender) && receiver.pending.has_room_for(sender, counts);
        let Some(parcel) = room.then(|| self.parcels.create(bytes, &receiver.parcels)).flatten() else {
            return self.hand_over(sender, ParcelAnswer::Full, None).map(drop);
        };
        if self.hand_over(sender, ParcelAnswer::Here, Some(&parcel))? == Handed::Over {
            self.processes.get_mut(&sender)?.parcels.filling = Some(Filling { receiver: number, bytes, parcel });
            self.count(sender, number, counts);
        }
        Some(())
    }

    /// A sender has filled what it was given. `None` if it was given nothing, or if it could still write.
    fn send_parcel(&mut self, sender: ProcessNumber, body: &[u8]) -> Option<()> {
        let (to, []) = ProcessRef::split_from(body)? else { return None };
        let Filling { receiver: number, bytes, parcel } = self.processes.get_mut(&sender)?.parcels.filling.take()?;
        if to.number != number || parcel.seal().is_err() {
            return None;
        }
        let counts = bytes + MESSAGE_OVERHEAD;
        let Some(receiver) = self.receiver(sender, number) else {
            self.not_delivered(number, sender, counts);
            return Some(());
        };
        let kept = receiver.parcels.keep(parcel);
        match receiver.mailbox.put(MESSAGE_PARCEL, &[&sender.to_le_bytes(), &kept.to_le_bytes(), &bytes.to_le_bytes()])
        {
            Ok(Ok(())) => {}
            Ok(Err(_)) => {
                receiver.parcels.fetch(kept);
                self.lose(sender, number, false);
                self.not_delivered(number, sender, counts);
            }
            Err(_) => self.violation(number),
        }
        Some(())
    }

    /// What a process was given to fill and has not sent.
    fn give_back(&mut self, number: ProcessNumber) {
        let filling = self.processes.get_mut(&number).and_then(|process| process.parcels.filling.take());
        if let Some(Filling { receiver, bytes, .. }) = filling {
            self.not_delivered(receiver, number, bytes + MESSAGE_OVERHEAD);
        }
    }

    /// Answer a question about a parcel: with that answer and its memory, or that there is no room for it on the way now. `None` if
    /// the process does not read its answers.
    fn hand_over(&mut self, number: ProcessNumber, answer: ParcelAnswer, parcel: Option<&Parcel>) -> Option<Handed> {
        let control = &self.processes.get(&number)?.control;
        let descriptors: Vec<_> = parcel.iter().map(|parcel| parcel.as_fd()).collect();
        match control.try_send(&ToMicroprocess::Parcel(answer), &descriptors) {
            // Too many descriptors are on their way to processes of this user, which is no fault of this one.
            Err(ControlError::System(Errno::TOOMANYREFS)) => {
                control.try_send(&ToMicroprocess::Parcel(ParcelAnswer::Full), &[]).ok().map(|()| Handed::Not)
            }
            // It has ended, and that will be told.
            Err(ControlError::Closed) => Some(Handed::Over),
            sent => sent.ok().map(|()| Handed::Over),
        }
    }

    fn obey(&mut self, number: ProcessNumber, said: ToRouter, unknown: &mut dyn FnMut(&mut Self)) -> Option<()> {
        match said {
            ToRouter::Consumed { sender, messages, bytes } => {
                self.consumed(number, sender, Amount { messages, bytes })?;
            }
            ToRouter::Reserve { process, bytes } => self.reserve(number, process, bytes, unknown)?,
            ToRouter::Fetch(which) => {
                let parcel = self.processes.get_mut(&number)?.parcels.fetch(which);
                let answer = if parcel.is_some() { ParcelAnswer::Here } else { ParcelAnswer::Missing };
                if self.hand_over(number, answer, parcel.as_ref())? == Handed::Not
                    && let Some(parcel) = parcel
                {
                    self.processes.get_mut(&number)?.parcels.put_back(which, parcel);
                }
            }
            ToRouter::CountLost { number: receiver, question } => {
                self.processes.get_mut(&number)?.lost_by.remove(&receiver);
                let lost = self.processes.get_mut(&receiver).and_then(|receiver| receiver.lost.remove(&number));
                self.tell(number, &FromRouter::LostCount { question, messages: lost.unwrap_or(0) });
            }
            ToRouter::Link(other) => {
                if other.number == number {
                } else if !self.controls(number, other, unknown) && !self.was_invited(number, other) {
                    self.exit_signal(other.number, number, Reason::NoProcess);
                } else if self.processes.get(&number)?.ties() >= TIES {
                    self.exit_signal(other.number, number, too_many());
                } else {
                    self.tie(number, other.number);
                }
            }
            ToRouter::Unlink { process: other, question } => {
                self.untie(number, other);
                // A process that an exit signal is ending does not get behind its `unlink`.
                if self.processes.get(&number)?.doom.is_none() {
                    self.tell(number, &FromRouter::Found { question, process: None });
                }
            }
            ToRouter::Monitor { process, reference } => {
                if !self.introduced(process, unknown) {
                    self.down(number, reference, process.number, &Reason::NoProcess);
                } else if self.processes.get(&number)?.ties() >= TIES {
                    self.down(number, reference, process.number, &too_many());
                } else {
                    self.watch(number, process.number, reference);
                }
            }
            ToRouter::Demonitor(reference) => {
                let watched = self.processes.get_mut(&number)?.monitors.remove(&reference);
                if let Some(watched) = watched.and_then(|watched| self.processes.get_mut(&watched)) {
                    watched.monitored_by.remove(&(number, reference));
                }
            }
            ToRouter::TrapExits(traps) => self.processes.get_mut(&number)?.traps_exits = traps,
            ToRouter::Exit { process, reason } => {
                if self.controls(number, process, unknown) {
                    self.exit_signal(number, process.number, reason.shortened());
                }
            }
            ToRouter::Kill(process) => {
                if self.controls(number, process, unknown) {
                    self.kill(process.number, Reason::Killed);
                }
            }
            ToRouter::Register { name, question } => {
                let process = self.processes.get_mut(&number)?;
                let free = !self.names.contains_key(&name)
                    && (1..=NAME_BYTES).contains(&name.len())
                    && process.names.len() < NAMES;
                let found = free.then_some(process.send_only);
                if free {
                    process.names.insert(name.clone());
                    self.names.insert(name, number);
                }
                self.tell(number, &FromRouter::Found { question, process: found });
            }
            ToRouter::Unregister { name, question } => {
                let process = self.processes.get_mut(&number)?;
                let found = process.names.remove(&name).then_some(process.send_only);
                if found.is_some() {
                    self.names.remove(&name);
                }
                self.tell(number, &FromRouter::Found { question, process: found });
            }
            ToRouter::WhereIs { name, question } => {
                let holder = self.names.get(&name).copied();
                let process = holder.and_then(|holder| Some(self.processes.get(&holder)?.send_only));
                self.tell(number, &FromRouter::Found { question, process });
            }
            ToRouter::Last(reason) => {
                self.processes.get_mut(&number)?.last.get_or_insert(reason.shortened());
            }
        }
        Some(())
    }

    /// Whether that process may link to the other one and end it: it has been given control, or it is itself.
    fn controls(&mut self, number: ProcessNumber, reference: ProcessRef, unknown: &mut dyn FnMut(&mut Self)) -> bool {
        self.introduced(reference, unknown) && (reference.has_control() || reference.number == number)
    }

    /// Whether the other one has let it link itself, when it was started; it is asked once.
    fn was_invited(&mut self, number: ProcessNumber, other: ProcessRef) -> bool {
        let exists = self.processes.get(&other.number).is_some_and(|process| process.send_only == other);
        let invited =
            self.processes.get_mut(&number).and_then(|process| process.may_link.take_if(|by| *by == other.number));
        exists && invited.is_some()
    }

    /// Whether there is such a process, with that token.
    fn introduced(&mut self, reference: ProcessRef, unknown: &mut dyn FnMut(&mut Self)) -> bool {
        if !self.processes.contains_key(&reference.number) {
            unknown(self);
        }
        match self.processes.get(&reference.number) {
            Some(process) if [process.reference, process.send_only].contains(&reference) => true,
            Some(_) => {
                tracing::debug!(process = reference.number, "a process uses a reference that nobody has given it");
                false
            }
            None => false,
        }
    }

    fn tie(&mut self, one: ProcessNumber, other: ProcessNumber) {
        for (from, to) in [(one, other), (other, one)] {
            if let Some(process) = self.processes.get_mut(&from) {
                process.links.insert(to);
            }
        }
    }

    fn untie(&mut self, one: ProcessNumber, other: ProcessNumber) {
        for (from, to) in [(one, other), (other, one)] {
            if let Some(process) = self.processes.get_mut(&from) {
                process.links.remove(&to);
            }
        }
    }

    fn watch(&mut self, asker: ProcessNumber, watched: ProcessNumber, reference: u64) {
        let Some(process) = self.processes.get_mut(&asker) else { return };
        if process.monitors.contains_key(&reference) {
            return; // it would lose one of the two, which is its own affair
        }
        process.monitors.insert(reference, watched);
        if let Some(process) = self.processes.get_mut(&watched) {
            process.monitored_by.insert((asker, reference), self.monitors);
            self.monitors += 1;
        }
    }

    fn down(&mut self, asker: ProcessNumber, reference: u64, number: ProcessNumber, reason: &Reason) {
        self.tell(asker, &FromRouter::Down { reference, number, reason: reason.clone() });
    }

    /// See the table in `cloison_contract::process`.
    fn exit_signal(&mut self, from: ProcessNumber, to: ProcessNumber, reason: Reason) {
        let Some(receiver) = self.processes.get(&to) else { return };
        if receiver.traps_exits {
            // Whoever sends exit signals to somebody who does not receive is not heard any more, as with messages.
            if receiver.news.len() < MANY_NEWS {
                self.tell(to, &FromRouter::Exit { number: from, reason });
            }
        // A process that tells itself to end normally means it, as in Erlang.
        } else if !reason.is_normal() || from == to {
            self.kill(to, reason);
        }
    }

    /// Have the broker end a process. The first reason counts.
    pub(crate) fn kill(&mut self, number: ProcessNumber, reason: Reason) {
        let Some(process) = self.processes.get_mut(&number) else { return };
        if process.doom.is_none() {
            process.doom = Some(reason);
            self.events.push(RouterEvent::Kill(number));
        }
    }

    fn violation(&mut self, number: ProcessNumber) {
        self.kill(number, Reason::Broker { text: "it broke the protocol of its mailbox".into() });
    }

    /// A grant of a service is not alive any more, which whoever waits for an answer by it has to hear. One for whom many news wait does not
    /// receive, and hears of it from the service.
    pub(crate) fn grant_ended(&mut self, number: ProcessNumber, capability: CapabilityRef) {
        if self.processes.get(&number).is_some_and(|process| process.news.len() < MANY_NEWS) {
            self.tell(number, &FromRouter::GrantEnded(capability));
        }
    }

    /// Put news into an inbox, or keep them until there is room.
    fn tell(&mut self, number: ProcessNumber, news: &FromRouter) {
        let Some(process) = self.processes.get_mut(&number) else { return };
        let encoded = match news {
            FromRouter::Down { reference, number, reason } if process.news_bytes > MANY_NEWS_BYTES => {
                let reason = reason.clone().brief();
                postcard::to_stdvec(&FromRouter::Down { reference: *reference, number: *number, reason })
            }
            news => postcard::to_stdvec(news),
        };
        let Some(body) = encoded.ok().filter(|body| body.len() <= RECORD_BYTES) else {
            tracing::error!(number, "news that are longer than a record are lost");
            return;
        };
        process.news_bytes += body.len();
        process.news.push_back(body);
        self.tell_late(number);
    }

    fn tell_late(&mut self, number: ProcessNumber) {
        let Some(process) = self.processes.get_mut(&number) else { return };
        while let Some(body) = process.news.pop_front() {
            match process.mailbox.put(NEWS, &[&body]) {
                Ok(Ok(())) => process.news_bytes -= body.len(),
                Ok(Err(_)) if process.news.len() < NEWS_WAITING => {
                    process.news.push_front(body);
                    self.late.insert(number);
                    return;
                }
                Ok(Err(_)) | Err(_) => return self.violation(number),
            }
        }
        self.late.remove(&number);
    }

    /// Try again what there was no room for. Whether something is left.
    pub(crate) fn tell_all_late(&mut self) -> bool {
        for number in self.late.clone() {
            self.tell_late(number);
        }
        for number in self.crowded.clone() {
            if self.resume(number).is_none() {
                self.violation(number);
            }
        }
        !(self.late.is_empty() && self.crowded.is_empty())
    }

    /// A process has ended. What it has sent is delivered, then everybody who is tied to it hears of it.
    pub(crate) fn ended(&mut self, number: ProcessNumber, how: Reason, unknown: &mut dyn FnMut(&mut Self)) {
        while self.serve(number, 1024, unknown) == More::Yes {}
        // What those that it is linked to have said before counts: that exit signals are messages to them, or that they are
        // linked no more. Their bells may not have been heard yet.
        let linked: Vec<_> =
            self.processes.get(&number).into_iter().flat_map(|process| process.links.clone()).collect();
        for other in linked {
            self.serve(other, OUTBOX_RECORDS, unknown);
        }
        self.give_back(number);
        let Some(process) = self.processes.remove(&number) else { return };
        self.late.remove(&number);
        self.crowded.remove(&number);
        for (sender, bytes) in process.pending.by_sender() {
            self.received(sender, bytes);
        }
        let reason = reason(process.doom, process.last, how);
        self.events.push(RouterEvent::Ended { number, reason: reason.clone() });
        for name in process.names {
            self.names.remove(&name);
        }
        for receiver in process.lost_by {
            if let Some(receiver) = self.processes.get_mut(&receiver) {
                receiver.lost.remove(&number);
            }
        }
        for (reference, watched) in process.monitors {
            if let Some(watched) = self.processes.get_mut(&watched) {
                watched.monitored_by.remove(&(number, reference));
            }
        }
        let mut monitored_by: Vec<_> = process.monitored_by.into_iter().collect();
        monitored_by.sort_unstable_by_key(|&(_, before)| before);
        for ((asker, reference), _) in monitored_by {
            if let Some(asker) = self.processes.get_mut(&asker) {
                asker.monitors.remove(&reference);
            }
            self.down(asker, reference, number, &reason);
        }
        for other in process.links {
            if let Some(other) = self.processes.get_mut(&other) {
                other.links.remove(&number);
            }
            self.exit_signal(number, other, reason.clone());
        }
    }

    /// What there is to see of every process.
    pub(crate) fn inspect(&self) -> Vec<Inspection> {
        let of = |(number, process): (&ProcessNumber, &Process)| Inspection {
            number: *number,
            names: process.names.iter().cloned().collect(),
            mailbox_messages: process.pending.total().messages,
            mailbox_bytes: process.pending.total().bytes,
            links: process.links.iter().copied().collect(),
            monitors: process.monitors.values().copied().collect(),
            traps_exits: process.traps_exits,
            receiving: process.mailbox.is_awaited(),
        };
        self.processes.iter().map(of).collect()
    }
}

fn too_many() -> Reason {
    Reason::Broker { text: format!("a process has no more than {TIES} links and monitors") }
}

/// Why a process has ended: what was done to it, what it says, how the kernel saw it. What it says counts if the kernel saw an
/// ordinary end, by whatever status.
fn reason(doom: Option<Reason>, last: Option<Reason>, how: Reason) -> Reason {
    match (doom, last, how) {
        (_, Some(last), Reason::Normal | Reason::Exited { .. } | Reason::MemoryLimit | Reason::Broker { .. }) => last,
        (Some(doom), _, Reason::Crash { .. } | Reason::Killed) => doom,
        (_, _, how) => how,
    }
}
