//! How much of whom waits in one mailbox, how much of one process's waits in all of them, and who has to pause.
//!
//! A sender pauses once it has filled its share: half of the mailbox divided by how many senders have something waiting there.
//! So a sender alone may fill half, whoever comes later finds room, and the one that floods pauses first. It goes on when half of
//! its share is free again.
//!
//! What a process has sent and nobody has received takes memory that others have to hold. Once that is more than the process may have
//! itself ([`SentMessages`]), its share of each mailbox is [`LITTLE`]. So all mailboxes together hold little more than the memory limits of
//! those who send, and receivers that do not receive do not keep anybody from answering others.

use cloison_contract::process::{MESSAGE_OVERHEAD, ProcessNumber};
use cloison_transport::mailbox::{OUTBOX_BYTES, RECORD_BYTES};
use std::collections::{BTreeMap, BTreeSet};

/// What a sender may have put into its outbox before it can hear that it has to pause. A message there takes 32 bytes more than
/// its own, and counts for [`MESSAGE_OVERHEAD`] more.
const UNDER_WAY_BYTES: u64 = OUTBOX_BYTES * MESSAGE_OVERHEAD / 32 + RECORD_BYTES as u64;

/// Messages, and their bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Amount {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
}

impl Amount {
    /// One message.
    pub(crate) fn one(bytes: u64) -> Self {
        Self { messages: 1, bytes }
    }

    fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.bytes += other.bytes;
    }

    fn subtract(&mut self, other: Self) {
        self.messages = self.messages.saturating_sub(other.messages);
        self.bytes = self.bytes.saturating_sub(other.bytes);
    }
}

/// The share of who has sent more than it may.
pub(crate) const LITTLE: u64 = 64 << 10;

/// What of one process's waits in all mailboxes.
#[derive(Debug)]
pub(crate) struct SentMessages {
    limit: u64,
    bytes: u64,
}

impl SentMessages {
    /// Of a process that may have so much memory.
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, bytes: 0 }
    }

    /// Note so many bytes more; whether that is too much.
    pub(crate) fn add(&mut self, bytes: u64) -> bool {
        self.bytes += bytes;
        self.bytes > self.limit
    }

    /// Note that so many wait no longer.
    pub(crate) fn subtract(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Whether there is room for so much more, which is asked for first.
    pub(crate) fn has_room_for(&self, bytes: u64) -> bool {
        self.bytes.saturating_add(bytes) <= self.limit
    }

    /// Whether it is more than who heeds what it is told can send.
    pub(crate) fn is_flood(&self) -> bool {
        self.bytes > self.limit + UNDER_WAY_BYTES
    }
}

/// What waits in one mailbox.
#[derive(Debug)]
pub(crate) struct PendingMessages {
    limit: u64,
    total: Amount,
    senders: BTreeMap<ProcessNumber, Amount>,
    /// Who has been told to pause.
    paused: BTreeSet<ProcessNumber>,
}

impl PendingMessages {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, total: Amount::default(), senders: BTreeMap::new(), paused: BTreeSet::new() }
    }

    /// What waits.
    pub(crate) fn total(&self) -> Amount {
        self.total
    }

    /// How many bytes of whom.
    pub(crate) fn by_sender(&self) -> impl Iterator<Item = (ProcessNumber, u64)> {
        self.senders.iter().map(|(sender, waiting)| (*sender, waiting.bytes))
    }

    /// Whether somebody has to pause.
    pub(crate) fn is_pressed(&self) -> bool {
        !self.paused.is_empty()
    }

    fn share(&self) -> u64 {
        self.limit / 2 / (self.senders.len().max(1) as u64)
    }

    fn of(&self, sender: ProcessNumber) -> u64 {
        self.senders.get(&sender).map_or(0, |waiting| waiting.bytes)
    }

    /// Note a message; whether its sender, whose share may be a little one, has to be told to pause.
    pub(crate) fn add(&mut self, sender: ProcessNumber, bytes: u64, little: bool) -> bool {
        self.total.add(Amount::one(bytes));
        self.senders.entry(sender).or_default().add(Amount::one(bytes));
        let share = if little { self.share().min(LITTLE) } else { self.share() };
        self.of(sender) > share && self.pause(sender)
    }

    /// Whether so much more of a sender's would be more than a little.
    pub(crate) fn is_more_than_little(&self, sender: ProcessNumber, bytes: u64) -> bool {
        self.of(sender) + bytes > LITTLE
    }

    /// Whether so much more of a sender's would be more than any that heeds what it is told can send.
    pub(crate) fn is_flooded_by(&self, sender: ProcessNumber, bytes: u64) -> bool {
        self.paused.contains(&sender) && self.of(sender) + bytes > self.limit + UNDER_WAY_BYTES
    }

    /// Whether a message of that length may be sent at all.
    pub(crate) fn may_ever_hold(&self, bytes: u64) -> bool {
        bytes <= self.limit / 2
    }

    /// Whether there is room for so much more of a sender's, which asks first.
    pub(crate) fn has_room_for(&self, sender: ProcessNumber, bytes: u64) -> bool {
        !self.paused.contains(&sender) && self.total.bytes + bytes <= self.limit
    }

    /// Have the sender pause, whatever waits. Whether it has to be told.
    pub(crate) fn pause(&mut self, sender: ProcessNumber) -> bool {
        self.paused.insert(sender)
    }

    /// Note that so much of a sender's waits no longer; how many bytes that are, and who may go on.
    pub(crate) fn consumed(&mut self, sender: ProcessNumber, amount: Amount) -> (u64, Vec<ProcessNumber>) {
        let mut freed = Amount::default();
        if let Some(waiting) = self.senders.get_mut(&sender) {
            let before = *waiting;
            waiting.subtract(amount);
            // Each message has bytes, whatever the receiver says.
            if waiting.bytes == 0 {
                self.senders.remove(&sender);
            }
            freed = before;
            freed.subtract(self.senders.get(&sender).copied().unwrap_or_default());
            self.total.subtract(freed);
        }
        let enough = self.share() / 2;
        let resumed: Vec<_> = self.paused.iter().copied().filter(|sender| self.of(*sender) <= enough).collect();
        for sender in &resumed {
            self.paused.remove(sender);
        }
        (freed.bytes, resumed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flooder_pauses_and_others_find_room() {
        let mut pending = PendingMessages::new(1000);
        let sent = (1..).take_while(|_| !pending.add(1, 50, false)).count();
        assert_eq!(sent, 10, "half of the mailbox, and the one that is too many");
        assert!(!pending.add(1, 50, false), "it is told once");
        assert!(!pending.add(2, 50, false) && !pending.add(3, 50, false));
        assert_eq!(pending.total(), Amount { messages: 14, bytes: 700 });
    }

    #[test]
    fn it_goes_on_when_half_of_its_share_is_free() {
        let mut pending = PendingMessages::new(1000);
        while !pending.add(1, 50, false) {}
        let resumed: Vec<_> = (0..11).map(|_| pending.consumed(1, Amount::one(50)).1).collect();
        assert_eq!(resumed.iter().position(|resumed| resumed == &[1]), Some(5));
        assert_eq!(resumed.iter().flatten().count(), 1);
        assert_eq!(pending.total(), Amount::default());
    }

    #[test]
    fn nobody_frees_more_than_there_is() {
        let mut pending = PendingMessages::new(1000);
        pending.add(1, 100, false);
        pending.add(3, 40, false);
        assert_eq!(pending.consumed(2, Amount::one(50)), (0, vec![]));
        assert_eq!(pending.consumed(3, Amount { messages: 0, bytes: 40 }).0, 40);
        assert_eq!(pending.consumed(1, Amount { messages: u64::MAX, bytes: 1 }).0, 1);
        assert_eq!(pending.total(), Amount { messages: 0, bytes: 99 });
        assert_eq!(pending.consumed(1, Amount { messages: 0, bytes: u64::MAX }).0, 99);
        assert_eq!(pending.total(), Amount::default());
    }

    #[test]
    fn whoever_ran_empty_while_paused_goes_on() {
        let mut pending = PendingMessages::new(1000);
        assert!(pending.pause(4) && !pending.pause(4));
        pending.add(5, 1, false);
        assert_eq!(pending.consumed(5, Amount::one(1)), (1, vec![4]));
    }

    #[test]
    fn who_has_sent_more_than_its_memory_holds_has_little_everywhere() {
        let mut sent = SentMessages::new(1000);
        assert!(!sent.add(600) && !sent.has_room_for(401) && sent.has_room_for(400));
        assert!(sent.add(500) && !sent.is_flood(), "what was under way when it was told arrives");
        assert!(sent.add(UNDER_WAY_BYTES) && sent.is_flood());
        sent.subtract(UNDER_WAY_BYTES + 600);
        assert!(!sent.add(100) && !sent.is_flood());

        let mut pending = PendingMessages::new(1 << 20);
        assert!(!pending.add(1, LITTLE, true) && !pending.add(2, LITTLE + 1, false));
        assert!(pending.add(1, 1, true));
        assert!(pending.is_more_than_little(1, 1) && !pending.is_more_than_little(3, LITTLE));
    }
}
