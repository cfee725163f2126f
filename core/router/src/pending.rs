//! How much of whom waits in one mailbox, and who has to pause.
//!
//! A sender pauses once it has filled its share: half of the mailbox divided by how many senders have something waiting there.
//! So a sender alone may fill half, whoever comes later finds room, and the one that floods pauses first. It goes on when half of
//! its share is free again.

use cloison_contract::process::{MESSAGE_OVERHEAD, ProcessNumber};
use cloison_transport::mailbox::{OUTBOX_BYTES, RECORD_BYTES};
use std::collections::{BTreeMap, BTreeSet};

/// What a sender may have put into its outbox before it can hear that it has to pause. A message there takes 32 bytes more than
/// its own, and counts for [`MESSAGE_OVERHEAD`] more.
const UNDER_WAY_BYTES: u64 = OUTBOX_BYTES * MESSAGE_OVERHEAD / 32 + RECORD_BYTES as u64;

/// What waits in one mailbox.
#[derive(Debug)]
pub(crate) struct PendingMessages {
    limit: u64,
    total: u64,
    senders: BTreeMap<ProcessNumber, u64>,
    /// Who has been told to pause.
    paused: BTreeSet<ProcessNumber>,
}

impl PendingMessages {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, total: 0, senders: BTreeMap::new(), paused: BTreeSet::new() }
    }

    /// Bytes that wait.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Whether somebody has to pause.
    pub(crate) fn is_pressed(&self) -> bool {
        !self.paused.is_empty()
    }

    fn share(&self) -> u64 {
        self.limit / 2 / (self.senders.len().max(1) as u64)
    }

    fn of(&self, sender: ProcessNumber) -> u64 {
        self.senders.get(&sender).copied().unwrap_or(0)
    }

    /// Note a message; whether its sender has to be told to pause.
    pub(crate) fn add(&mut self, sender: ProcessNumber, bytes: u64) -> bool {
        self.total += bytes;
        *self.senders.entry(sender).or_default() += bytes;
        self.of(sender) > self.share() && self.pause(sender)
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
        !self.paused.contains(&sender) && self.total + bytes <= self.limit
    }

    /// Have the sender pause, whatever waits. Whether it has to be told.
    pub(crate) fn pause(&mut self, sender: ProcessNumber) -> bool {
        self.paused.insert(sender)
    }

    /// Note that so much of a sender's waits no longer; who may go on.
    pub(crate) fn consumed(&mut self, sender: ProcessNumber, bytes: u64) -> Vec<ProcessNumber> {
        if let Some(waiting) = self.senders.get_mut(&sender) {
            let bytes = bytes.min(*waiting);
            *waiting -= bytes;
            self.total -= bytes;
            if *waiting == 0 {
                self.senders.remove(&sender);
            }
        }
        let enough = self.share() / 2;
        let resumed: Vec<_> = self.paused.iter().copied().filter(|sender| self.of(*sender) <= enough).collect();
        for sender in &resumed {
            self.paused.remove(sender);
        }
        resumed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flooder_pauses_and_others_find_room() {
        let mut pending = PendingMessages::new(1000);
        let sent = (1..).take_while(|_| !pending.add(1, 50)).count();
        assert_eq!(sent, 10, "half of the mailbox, and the one that is too many");
        assert!(!pending.add(1, 50), "it is told once");
        assert!(!pending.add(2, 50) && !pending.add(3, 50));
        assert_eq!(pending.total(), 700);
    }

    #[test]
    fn it_goes_on_when_half_of_its_share_is_free() {
        let mut pending = PendingMessages::new(1000);
        while !pending.add(1, 50) {}
        let resumed: Vec<_> = (0..11).map(|_| pending.consumed(1, 50)).collect();
        assert_eq!(resumed.iter().position(|resumed| resumed == &[1]), Some(5));
        assert_eq!(resumed.iter().flatten().count(), 1);
        assert_eq!(pending.total(), 0);
    }

    #[test]
    fn nobody_frees_more_than_there_is() {
        let mut pending = PendingMessages::new(1000);
        pending.add(1, 100);
        assert!(pending.consumed(2, 50).is_empty());
        pending.consumed(1, u64::MAX);
        assert_eq!(pending.total(), 0);
    }

    #[test]
    fn whoever_ran_empty_while_paused_goes_on() {
        let mut pending = PendingMessages::new(1000);
        assert!(pending.pause(4) && !pending.pause(4));
        pending.add(5, 1);
        assert_eq!(pending.consumed(5, 1), [4]);
    }
}
