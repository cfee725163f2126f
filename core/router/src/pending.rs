//! How much of whom waits in one mailbox, how much of one process's waits in all of them, and who has to pause.
//!
//! A sender pauses once it has filled its share: half of the mailbox divided by how many senders have something waiting there.
//! So a sender alone may fill half, whoever comes later finds room, and the one that floods pauses first. It goes on when half of
//! the share that it had to pause for is free again, and no more go on at once than find room for a message each.
//!
//! What a process has sent and nobody has received takes memory that others have to hold. Once that is more than the process may have
//! itself ([`SentMessages`]), its share of each mailbox is [`LITTLE`]. So all mailboxes together hold little more than the memory limits of
//! those who send, and receivers that do not receive do not keep anybody from answering others.

use cloison_contract::process::{MESSAGE_OVERHEAD, ProcessNumber};
use cloison_transport::mailbox::{OUTBOX_BYTES, RECORD_BYTES};
use std::collections::BTreeMap;

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
    /// Who has been told to pause, and whether because its share is a little one.
    paused: BTreeMap<ProcessNumber, bool>,
}

impl PendingMessages {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, total: Amount::default(), senders: BTreeMap::new(), paused: BTreeMap::new() }
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

    fn share_of(&self, little: bool) -> u64 {
        if little { self.share().min(LITTLE) } else { self.share() }
    }

    fn of(&self, sender: ProcessNumber) -> u64 {
        self.senders.get(&sender).map_or(0, |waiting| waiting.bytes)
    }

    /// Note a message; whether its sender, whose share may be a little one, has to be told to pause.
    pub(crate) fn add(&mut self, sender: ProcessNumber, bytes: u64, little: bool) -> bool {
        self.total.add(Amount::one(bytes));
        self.senders.entry(sender).or_default().add(Amount::one(bytes));
        self.of(sender) > self.share_of(little) && self.pause(sender, little)
    }

    /// Whether a sender that has been told to pause has more than a little here.
    pub(crate) fn has_more_than_little(&self, sender: ProcessNumber) -> bool {
        self.paused.contains_key(&sender) && self.of(sender) > LITTLE
    }

    /// Whether so much more of a sender's would be more than any that heeds what it is told can send.
    pub(crate) fn is_flooded_by(&self, sender: ProcessNumber, bytes: u64) -> bool {
        self.paused.contains_key(&sender) && self.of(sender) + bytes > self.limit + UNDER_WAY_BYTES
    }

    /// Whether a message of that length may be sent at all.
    pub(crate) fn may_ever_hold(&self, bytes: u64) -> bool {
        bytes <= self.limit / 2
    }

    /// Whether there is room for so much more of a sender's, which asks first.
    pub(crate) fn has_room_for(&self, sender: ProcessNumber, bytes: u64) -> bool {
        !self.paused.contains_key(&sender) && self.total.bytes + bytes <= self.limit
    }

    /// Have the sender, whose share may be a little one, pause, whatever waits. Whether it has to be told: it is told once, and once
    /// more when its share has become a little one.
    pub(crate) fn pause(&mut self, sender: ProcessNumber, little: bool) -> bool {
        match self.paused.get(&sender) {
            Some(was_little) if *was_little || !little => false,
            _ => {
                self.paused.insert(sender, little);
                true
            }
        }
    }

    /// Note that so much of a sender's waits no longer; how many bytes that are.
    pub(crate) fn consumed(&mut self, sender: ProcessNumber, amount: Amount) -> u64 {
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
        freed.bytes
    }

    /// Who goes on, if so many messages find room: each may send one at once. And whether others would go on if there were more room.
    pub(crate) fn resume(&mut self, rooms: usize) -> (Vec<ProcessNumber>, bool) {
        let free = |(sender, little): (&ProcessNumber, &bool)| {
            (self.of(*sender) <= self.share_of(*little) / 2).then_some(*sender)
        };
        let mut resumed: Vec<_> = self.paused.iter().filter_map(free).collect();
        let more = resumed.len() > rooms;
        resumed.truncate(rooms);
        for sender in &resumed {
            self.paused.remove(sender);
        }
        (resumed, more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who goes on after so much of a sender's was received, with room for everybody.
    fn consume(pending: &mut PendingMessages, sender: ProcessNumber, bytes: u64) -> Vec<ProcessNumber> {
        assert_eq!(pending.consumed(sender, Amount::one(bytes)), bytes);
        let (resumed, more) = pending.resume(usize::MAX);
        assert!(!more);
        resumed
    }

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
        let resumed: Vec<_> = (0..11).map(|_| consume(&mut pending, 1, 50)).collect();
        assert_eq!(resumed.iter().position(|resumed| resumed == &[1]), Some(5));
        assert_eq!(resumed.iter().flatten().count(), 1);
        assert_eq!(pending.total(), Amount::default());
    }

    #[test]
    fn nobody_frees_more_than_there_is() {
        let mut pending = PendingMessages::new(1000);
        pending.add(1, 100, false);
        pending.add(3, 40, false);
        assert_eq!(pending.consumed(2, Amount::one(50)), 0);
        assert_eq!(pending.consumed(3, Amount { messages: 0, bytes: 40 }), 40);
        assert_eq!(pending.consumed(1, Amount { messages: u64::MAX, bytes: 1 }), 1);
        assert_eq!(pending.total(), Amount { messages: 0, bytes: 99 });
        assert_eq!(pending.consumed(1, Amount { messages: 0, bytes: u64::MAX }), 99);
        assert_eq!(pending.total(), Amount::default());
    }

    #[test]
    fn whoever_ran_empty_while_paused_goes_on() {
        let mut pending = PendingMessages::new(1000);
        assert!(pending.pause(4, false) && !pending.pause(4, false));
        pending.add(5, 1, false);
        assert_eq!(consume(&mut pending, 5, 1), [4]);
    }

    #[test]
    fn no_more_go_on_than_find_room() {
        let mut pending = PendingMessages::new(1000);
        for sender in 1..=5 {
            pending.pause(sender, false);
        }
        assert_eq!(pending.resume(0), (vec![], true));
        assert_eq!(pending.resume(2), (vec![1, 2], true));
        assert_eq!(pending.resume(3), (vec![3, 4, 5], false));
        assert!(!pending.is_pressed());
    }

    /// With more than a little here, what it sent next would be lost.
    #[test]
    fn who_pauses_for_all_that_it_has_sent_goes_on_when_half_of_a_little_is_free() {
        let mut pending = PendingMessages::new(1 << 20);
        assert!(!pending.add(1, 4 * LITTLE, false));
        assert!(pending.add(1, 64, true) && pending.has_more_than_little(1));
        assert!(consume(&mut pending, 1, 64).is_empty());
        assert!(
            consume(&mut pending, 1, 3 * LITTLE).is_empty(),
            "less than half of a share, and more than half of a little"
        );
        assert_eq!(consume(&mut pending, 1, LITTLE / 2), [1]);
        // The share becomes a little one while it pauses.
        assert!(
            pending.pause(2, false) && pending.pause(2, true) && !pending.pause(2, true) && !pending.pause(2, false)
        );
        pending.add(2, LITTLE, true);
        assert!(consume(&mut pending, 1, 1).is_empty());
        assert_eq!(consume(&mut pending, 2, LITTLE / 2), [2]);
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
        assert!(pending.has_more_than_little(1), "it has been told");
        assert!(!pending.has_more_than_little(2), "it has not");
        assert!(pending.pause(3, true) && !pending.has_more_than_little(3));
    }
}
