//! The capabilities that a microprocess has. That stands here and nowhere else: only the broker changes it.

use crate::capabilities::grants::{GrantKey, MOST_HELD, MOST_HELD_OF_BRANCH, MOST_HELD_OF_ONE};
use crate::limiter::Limiter;
use cloison_contract::process::ProcessNumber;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

/// How many processes a lineage names. Whoever comes after them counts as the last of these.
const LONGEST_LINEAGE: usize = 64;

/// Who has started a process, from the program on, and that process: what is known of who has ended as well.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lineage(Arc<[ProcessNumber]>);

impl Lineage {
    /// That of a process that this one starts.
    pub(crate) fn of_child(&self, child: ProcessNumber) -> Self {
        match self.0.len() < LONGEST_LINEAGE {
            true => Self(self.0.iter().copied().chain([child]).collect()),
            false => self.clone(),
        }
    }

    /// The branch of the tree of processes on which this one is, as another one sees it: by its first process with which the other one has
    /// nothing to do. However many processes somebody starts, they are one branch for all whom it has not started.
    fn branch_from(&self, other: &Self) -> Option<ProcessNumber> {
        let parting = self.0.iter().zip(&*other.0).take_while(|(own, others)| own == others).count();
        self.0.get(parting).or(self.0.last()).copied()
    }
}

/// Who gives somebody a grant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Giver {
    /// Who it is.
    pub(super) number: ProcessNumber,
    /// Its branch, as the receiver sees it.
    branch: ProcessNumber,
}

impl Giver {
    pub(super) fn new(number: ProcessNumber, own: &Lineage, receiver: &Lineage) -> Self {
        Self { number, branch: own.branch_from(receiver).unwrap_or(number) }
    }

    /// Who spawns the receiver.
    pub(super) fn spawner(number: ProcessNumber) -> Self {
        Self { number, branch: number }
    }
}

/// The capabilities that a microprocess has.
#[derive(Debug, Default)]
pub(crate) struct HeldCapabilities {
    /// Those that it knows by a name of `cloison.toml`.
    pub(super) names: BTreeMap<String, GrantKey>,
    pub(super) held: BTreeMap<GrantKey, Holding>,
    /// How many of them each process has given to it.
    pub(super) givers: BTreeMap<ProcessNumber, u32>,
    /// How many of them each branch of the tree of processes has given to it, by its first process.
    branches: BTreeMap<ProcessNumber, u32>,
    /// Those of services of which it has asked what they are: calls may be under way.
    calling: BTreeSet<GrantKey>,
    /// What the audit trail hears of what its process does with them.
    pub(crate) doings: RefCell<Doings>,
}

/// How many lines of each kind the audit trail has of one process in ten seconds; of the others how many they were.
const MOST_LINES: u32 = 1000;

/// What the audit trail has heard of what a process does with its capabilities. What it makes and lets go of is free, and so does not
/// take the place of what it gives to others.
#[derive(Debug)]
pub(crate) struct Doings {
    /// What it narrows and lets go of.
    pub(super) own: Limiter,
    /// What it gives to others.
    pub(super) given: Limiter,
    /// What zones refuse it.
    pub(super) refused: Limiter,
    /// What the broker refuses it.
    pub(super) denied: Limiter,
    /// What it says, of its own services, that others were refused.
    pub(super) served: Limiter,
}

impl Default for Doings {
    fn default() -> Self {
        let limiter = || Limiter::of(MOST_LINES);
        Self { own: limiter(), given: limiter(), refused: limiter(), denied: limiter(), served: limiter() }
    }
}

impl Doings {
    /// How many of them are in no line. The line about the end of the process says so.
    pub(crate) fn take_unsaid(&mut self) -> u64 {
        let Self { own, given, refused, denied, served } = self;
        [own, given, refused, denied, served].into_iter().map(Limiter::take_unsaid).sum()
    }
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
    /// The branch that this one is on.
    branch: Option<ProcessNumber>,
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
    pub(super) fn add(&mut self, key: GrantKey, named: bool, giver: Option<Giver>) -> bool {
        let is_new = !self.held.contains_key(&key);
        let (number, branch) = (giver.map(|giver| giver.number), giver.map(|giver| giver.branch));
        let new = Holding { times: 0, named: false, giver: number, branch, since: Instant::now() };
        let holding = self.held.entry(key).or_insert(new);
        match named {
            true => holding.named = true,
            false => holding.times = holding.times.saturating_add(1),
        }
        if let Some(giver) = giver.filter(|_| is_new) {
            *self.givers.entry(giver.number).or_default() += 1;
            *self.branches.entry(giver.branch).or_default() += 1;
        }
        is_new
    }

    /// It does not hold that one any more.
    pub(super) fn remove(&mut self, key: GrantKey) {
        self.names.retain(|_, named| *named != key);
        self.calling.remove(&key);
        let Some(holding) = self.held.remove(&key) else { return };
        one_less(&mut self.givers, holding.giver);
        one_less(&mut self.branches, holding.branch);
    }

    /// Of whom it holds so many that this one cannot give it that many more, if that is so.
    pub(super) fn is_full(&self, giver: Giver, more: usize) -> Option<&'static str> {
        let of_one = self.givers.get(&giver.number).copied().unwrap_or(0) as usize;
        let of_branch = self.branches.get(&giver.branch).copied().unwrap_or(0) as usize;
        let of_others: u32 = self.branches.values().sum();
        let has_room = |held: usize, most: usize| more == 0 || held.saturating_add(more) <= most;
        match (
            has_room(of_one, MOST_HELD_OF_ONE),
            has_room(of_branch, MOST_HELD_OF_BRANCH),
            has_room(of_others as usize, MOST_HELD),
        ) {
            (false, ..) => Some("of this process"),
            (true, false, _) => Some("of this process and of others that the same one has started"),
            (true, true, false) => Some("of others"),
            (true, true, true) => None,
        }
    }
}

fn one_less(counts: &mut BTreeMap<ProcessNumber, u32>, of: Option<ProcessNumber>) {
    if let Some(of) = of
        && let Some(count) = counts.get_mut(&of)
    {
        *count -= 1;
        if *count == 0 {
            counts.remove(&of);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use slotmap::SlotMap;

    /// However many processes somebody starts, and lets start: they fill no more of another one's capabilities than one branch may.
    #[test]
    fn a_branch_fills_its_share_alone() {
        let program = Lineage::default().of_child(1);
        let (receiver, hostile, honest) = (program.of_child(2), program.of_child(3), program.of_child(4));
        let (mut keys, mut held) = (SlotMap::<GrantKey, ()>::with_key(), HeldCapabilities::default());
        let mut give = |held: &mut HeldCapabilities, number, lineage: &Lineage| {
            let giver = Giver::new(number, lineage, &receiver);
            let has_room = held.is_full(giver, 1).is_none();
            has_room.then(|| assert!(held.add(keys.insert(()), false, Some(giver))));
            has_room
        };
        let mut given = 0;
        for child in 100..200 {
            let (own, grandchild) = (hostile.of_child(child), hostile.of_child(child).of_child(child + 1000));
            given += (0..200).filter(|_| give(&mut held, child, &own)).count();
            given += (0..200).filter(|_| give(&mut held, child + 1000, &grandchild)).count();
        }
        assert_eq!(given, MOST_HELD_OF_BRANCH);
        assert_eq!(
            (0..2000).filter(|_| give(&mut held, 4, &honest)).count(),
            MOST_HELD_OF_ONE,
            "its own share is there"
        );
        assert!(give(&mut held, 1, &program), "and who has started all");
        held.iter().map(|(key, _)| key).collect::<Vec<_>>().into_iter().for_each(|key| held.remove(key));
        assert!(held.givers.is_empty() && held.branches.is_empty());
    }

    /// Each process that starts the next one and ends: what is kept of them has an end.
    #[test]
    fn a_long_line_of_processes_is_one_branch() {
        let start = Lineage::default().of_child(1);
        let mut last = start.clone();
        (2..10_000).for_each(|number| last = last.of_child(number));
        assert_eq!((last.0.len(), last.branch_from(&start)), (LONGEST_LINEAGE, Some(2)));
        assert_eq!(start.branch_from(&last), Some(1));
    }
}
