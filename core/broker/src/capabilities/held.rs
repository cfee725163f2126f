//! The capabilities that a microprocess has. That stands here and nowhere else: only the broker changes it.

use crate::capabilities::grants::{GrantKey, MOST_HELD, MOST_HELD_OF_ONE};
use cloison_contract::process::ProcessNumber;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// The capabilities that a microprocess has.
#[derive(Debug, Default)]
pub(crate) struct HeldCapabilities {
    /// Those that it knows by a name of `cloison.toml`.
    pub(super) names: BTreeMap<String, GrantKey>,
    pub(super) held: BTreeMap<GrantKey, Holding>,
    /// How many of them each process has given to it.
    pub(super) givers: BTreeMap<ProcessNumber, u32>,
    /// Those of services of which it has asked what they are: calls may be under way.
    calling: BTreeSet<GrantKey>,
}

/// How a microprocess has come to a grant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holding {
    /// How often it was given it in messages.
    pub(super) times: u32,
    /// It has it by a name, or has spawned with it: that it keeps.
    pub(super) named: bool,
    /// Who has given it first; nobody for what the program has from `cloison.toml`.
    pub(crate) giver: Option<ProcessNumber>,
    /// Since when.
    pub(crate) since: Instant,
}

impl HeldCapabilities {
    /// Whether one goes by that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// The names, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// Whether that grant is held.
    pub(crate) fn holds(&self, key: GrantKey) -> bool {
        self.held.contains_key(&key)
    }

    /// Calls of a service may be under way by that one.
    pub(super) fn may_call(&mut self, key: GrantKey) {
        if self.holds(key) {
            self.calling.insert(key);
        }
    }

    /// Those by which calls of services may be under way, and that have ended. They are named once.
    pub(crate) fn no_more_calls(&mut self, ended: impl Fn(GrantKey) -> bool) -> BTreeSet<GrantKey> {
        self.calling.extract_if(.., |key| ended(*key)).collect()
    }

    /// All that it holds.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (GrantKey, &Holding)> {
        self.held.iter().map(|(key, holding)| (*key, holding))
    }

    /// It is given one, by a name or in a message. Whether that is new.
    pub(super) fn add(&mut self, key: GrantKey, named: bool, giver: Option<ProcessNumber>) -> bool {
        let is_new = !self.held.contains_key(&key);
        let new = Holding { times: 0, named: false, giver, since: Instant::now() };
        let holding = self.held.entry(key).or_insert(new);
        match named {
            true => holding.named = true,
            false => holding.times = holding.times.saturating_add(1),
        }
        if let Some(giver) = giver.filter(|_| is_new) {
            *self.givers.entry(giver).or_default() += 1;
        }
        is_new
    }

    /// It does not hold that one any more.
    pub(super) fn remove(&mut self, key: GrantKey) {
        self.names.retain(|_, named| *named != key);
        self.calling.remove(&key);
        if let Some(giver) = self.held.remove(&key).and_then(|holding| holding.giver)
            && let Some(count) = self.givers.get_mut(&giver)
        {
            *count -= 1;
            if *count == 0 {
                self.givers.remove(&giver);
            }
        }
    }

    /// Why that process cannot give it another one, if it cannot.
    pub(super) fn is_full(&self, giver: ProcessNumber) -> Option<&'static str> {
        let of_one = self.givers.get(&giver).copied().unwrap_or(0);
        let of_others: u32 = self.givers.values().sum();
        match (of_one >= MOST_HELD_OF_ONE, of_others as usize >= MOST_HELD) {
            (true, _) => Some("of this process"),
            (false, true) => Some("of others"),
            (false, false) => None,
        }
    }
}
