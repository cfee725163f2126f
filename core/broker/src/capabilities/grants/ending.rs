//! How a grant ends: it is taken back, its time is over, its server is gone, or nobody holds it any more.

use super::{GrantEntry, GrantKey, GrantTable};
use cloison_contract::process::ProcessNumber;
use std::time::Instant;

/// Why a grant is not alive any more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum GrantEnd {
    /// Somebody has taken it back.
    Revoked,
    /// Its time is over.
    Expired,
    /// The microprocess has ended that serves it.
    ServerGone,
}

impl GrantTable {
    /// Why it is not alive, if it is not: by itself, or by what it comes from.
    pub(crate) fn end_of(&self, key: GrantKey) -> Option<GrantEnd> {
        if !self.entries.contains_key(key) {
            return Some(GrantEnd::Revoked);
        }
        self.way(key).find_map(|entry| entry.ended)
    }

    /// Whether that process may take it back: who has narrowed it, or something that it comes from.
    pub(crate) fn may_revoke(&self, key: GrantKey, process: ProcessNumber) -> bool {
        self.way(key).any(|entry| entry.minter == Some(process))
    }

    /// From now on neither it nor anything that comes from it is alive. Whether that is news.
    pub(crate) fn end(&mut self, key: GrantKey, end: GrantEnd) -> bool {
        let Some(entry) = self.entries.get_mut(key) else { return false };
        let first = entry.ended.is_none();
        entry.ended.get_or_insert(end);
        if let Some(at) = entry.expires.take() {
            self.expiries.remove(&(at, key));
        }
        // Nobody can call it any more: it takes none of its server's places, whoever still holds it.
        if let Some(minter) = entry.minter {
            self.is_offered_no_more(minter, key);
        }
        first
    }

    fn is_offered_no_more(&mut self, minter: ProcessNumber, key: GrantKey) {
        if let Some(offered) = self.offered.get_mut(&minter) {
            offered.remove(&key);
            if offered.is_empty() {
                self.offered.remove(&minter);
            }
        }
    }

    /// When the next one expires.
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.expiries.first().map(|(at, _)| *at)
    }

    /// End the next one whose time is over by then.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<GrantKey> {
        let (at, key) = *self.expiries.first()?;
        if at > now {
            return None;
        }
        self.expiries.pop_first();
        self.end(key, GrantEnd::Expired);
        Some(key)
    }

    /// Another process holds it.
    pub(crate) fn held(&mut self, key: GrantKey) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.holders += 1;
        }
    }

    /// A process does not hold it any more. Without holders and without any that come from it, it goes.
    pub(crate) fn let_go(&mut self, key: GrantKey, holder: Option<ProcessNumber>) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.holders = entry.holders.saturating_sub(1);
            if holder.is_some() && entry.minter == holder && entry.holders > 0 {
                self.count_no_more(key);
            }
        }
        let mut next = Some(key);
        while let Some(one) = next {
            let unneeded = |entry: &GrantEntry| entry.holders == 0 && entry.children == 0 && entry.minter.is_some();
            if !self.entries.get(one).is_some_and(unneeded) {
                return;
            }
            next = self.parent(one);
            self.count_derived(next, |derived| derived.saturating_sub(1));
            self.remove(one);
            if let Some(parent) = next.and_then(|parent| self.entries.get_mut(parent)) {
                parent.children -= 1;
            }
        }
    }

    fn remove(&mut self, key: GrantKey) {
        self.count_no_more(key);
        let Some(entry) = self.entries.remove(key) else { return };
        self.numbers.remove(&entry.reference.number);
        self.before.remove(&key);
        self.bound_bytes -= entry.bound_bytes;
        self.accounts -= u64::from(entry.account.is_some());
        if let Some(at) = entry.expires {
            self.expiries.remove(&(at, key));
        }
        let Some(minter) = entry.minter else { return };
        self.leases.remove(&(minter, key));
        self.is_offered_no_more(minter, key);
    }
}

impl GrantTable {
    /// The number of the one that has ended, of this one and all that it comes from: the first, from the root on.
    pub(crate) fn ended_above(&self, key: GrantKey) -> Option<u64> {
        self.way(key).filter(|entry| entry.ended.is_some()).last().map(|entry| entry.reference.number)
    }
}

impl GrantEntry {
    /// When it ends by itself.
    pub(crate) fn expires(&self) -> Option<Instant> {
        self.expires
    }
}

/// A moment as zones see it on their clock.
pub(super) fn monotonic_ns(at: Instant, now: Instant) -> u64 {
    let clock = cloison_transport::status::monotonic() + at.saturating_duration_since(now);
    u64::try_from(clock.as_nanos()).unwrap_or(u64::MAX)
}
