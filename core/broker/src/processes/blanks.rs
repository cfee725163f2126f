//! Microprocesses that have been forked before anybody asked for them: how many of them there should be. Each template has a
//! pool of them.
//!
//! A program that spawns nothing has none. Each time one is wanted and none is there, twice as many are kept from then on; after
//! a while without a spawn they go again.

use crate::Pid;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The most blanks that are kept in a pool.
pub(crate) const MOST_BLANKS: usize = 16;
/// How many forks a template may have at once, with so many microprocesses that run something: the two templates have a pool of
/// blanks each, and one of them is a fork of the other.
pub(crate) fn forks_at_once(processes: u32) -> u32 {
    processes.saturating_add(2 * MOST_BLANKS as u32 + 1)
}

/// How many are kept after the first spawn.
const FEWEST: usize = 2;
/// After how long without a spawn they are no longer kept.
const IDLE: Duration = Duration::from_secs(10);

/// The pool.
#[derive(Debug, Default)]
pub(crate) struct Blanks {
    /// Forked, or asked for.
    there: VecDeque<Pid>,
    wanted: usize,
    last_taken: Option<Instant>,
}

impl Blanks {
    /// The one that has been there for longest, if there is one.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Pid> {
        self.last_taken = Some(now);
        let taken = self.there.pop_front();
        self.wanted = match taken {
            Some(_) => self.wanted.max(FEWEST),
            None => (self.wanted * 2).clamp(FEWEST, MOST_BLANKS),
        };
        taken
    }

    /// One that had better go, if there is one: the newest.
    pub(crate) fn spare(&mut self) -> Option<Pid> {
        self.there.pop_back()
    }

    /// Note another one.
    pub(crate) fn put(&mut self, pid: Pid) {
        self.there.push_back(pid);
    }

    /// One has ended. If nobody had taken it, others might end the same way: none is kept until one is wanted again.
    pub(crate) fn forget(&mut self, pid: Pid) {
        let count = self.there.len();
        self.there.retain(|other| *other != pid);
        if self.there.len() < count {
            self.wanted = self.there.len();
        }
    }

    /// The same demand, for another pool: those that are here are not wanted any more, and are returned too.
    pub(crate) fn hand_over(&mut self) -> (Self, VecDeque<Pid>) {
        let Self { there, wanted, last_taken } = std::mem::take(self);
        (Self { there: VecDeque::new(), wanted, last_taken }, there)
    }

    /// Whether there should be one more.
    pub(crate) fn is_short(&self) -> bool {
        self.there.len() < self.wanted
    }

    /// When to look whether they are still wanted.
    pub(crate) fn next_check(&self) -> Option<Instant> {
        self.last_taken.filter(|_| self.wanted > 0).map(|taken| taken + IDLE)
    }

    /// Those that are no longer wanted.
    pub(crate) fn unwanted(&mut self, now: Instant) -> VecDeque<Pid> {
        match self.next_check() {
            Some(at) if at <= now => {
                self.wanted = 0;
                std::mem::take(&mut self.there)
            }
            _ => VecDeque::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_that_end_by_themselves_are_not_replaced() {
        let start = Instant::now();
        let mut keys = slotmap::SlotMap::<Pid, ()>::with_key();
        let mut blanks = Blanks::default();
        let taken = keys.insert(());
        blanks.put(taken);
        assert_eq!(blanks.take(start), Some(taken));
        blanks.forget(taken);
        assert!(blanks.is_short(), "one that was taken has ended");
        let ended = keys.insert(());
        blanks.put(ended);
        blanks.forget(ended);
        assert!(!blanks.is_short());
        blanks.take(start);
        assert!(blanks.is_short(), "it is tried again when one is wanted");
    }

    #[test]
    fn it_follows_demand() {
        let start = Instant::now();
        let mut blanks = Blanks::default();
        assert!(!blanks.is_short() && blanks.next_check().is_none(), "nobody has spawned anything");
        for _ in 0..10 {
            assert_eq!(blanks.take(start), None);
        }
        let mut keys = slotmap::SlotMap::<Pid, ()>::with_key();
        let mut put = 0;
        while blanks.is_short() {
            blanks.put(keys.insert(()));
            put += 1;
        }
        assert_eq!(put, MOST_BLANKS);
        assert!(blanks.take(start).is_some() && blanks.is_short());
        assert!(blanks.unwanted(start).is_empty());
        let (mut other, unwanted) = blanks.hand_over();
        assert_eq!(unwanted.len(), MOST_BLANKS - 1);
        assert!(!blanks.is_short() && blanks.next_check().is_none(), "nobody wants anything of it any more");
        while other.is_short() {
            other.put(keys.insert(()));
        }
        let mut blanks = other;
        assert_eq!(blanks.unwanted(start + IDLE).len(), MOST_BLANKS);
        assert!(!blanks.is_short() && blanks.next_check().is_none());
    }
}
