//! Who may do what: the capabilities of `cloison.toml`, and everything that was narrowed from them. A table, and nothing of processes.
//!
//! ```text
//! cloison.toml ──▶ grant 1  zlib                         minted by nobody
//!                    ├── grant 7   narrow(calls=100)     minted by process 1, held by 1 and 3
//!                    │     └── grant 9  narrow(…)        minted by process 3, held by 4
//!                    └── grant 8   …
//! ```
//!
//! An entry stores what it was narrowed by, not what is left: that is worked out on the way from the root when somebody asks
//! ([`GrantTable::effective`]), so that many cost little. A grant is **alive** as long as neither it nor one that it comes from was
//! revoked or has expired; revoking marks one entry, whatever has come of it. An entry goes when nobody holds it and nothing
//! comes from it any more.
//!
//! A service that a microprocess serves is a root, too, minted by that process: it ends with it.
//!
//! What was used is counted on an account of the entry's own, and on those of all entries that it comes from and that count
//! something: narrowing a right to 100 calls three times gives 100 calls, not 300.
//!
//! | module | subject |
//! |---|---|
//! | this one | the table and its entries: how they come, and how they are found |
//! | `terms` | what a grant allows |
//! | `counting` | what is used of it |
//! | `limits` | how many there may be |
//! | `ending` | how it ends |

mod counting;
mod ending;
mod limits;
mod terms;
#[cfg(test)]
mod tests;

use cloison_contract::grant::{Narrowing, Quota};
use cloison_contract::message::CapabilityRef;
use cloison_contract::offered::OfferedFunction;
use cloison_contract::process::{ProcessNumber, ProcessRef};
use cloison_contract::{FunctionId, Grant};
use cloison_transport::account::AccountState;
use counting::KeptAccount;
pub(crate) use ending::GrantEnd;
use ending::monotonic_ns;
use limits::Minted;
pub(crate) use limits::{MOST_HELD, MOST_HELD_OF_BRANCH, MOST_HELD_OF_ONE, MOST_SERVICES, MOST_STEPS, TooMany};
use slotmap::{KeyData, SlotMap};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::time::{Duration, Instant};
pub(crate) use terms::{denials, of_bound};

slotmap::new_key_type! {
    /// One grant in one broker's life.
    pub(crate) struct GrantKey;
}

/// Every grant of an application.
#[derive(Debug, Default)]
pub(crate) struct GrantTable {
    entries: SlotMap<GrantKey, GrantEntry>,
    numbers: HashMap<u64, GrantKey>,
    roots: BTreeMap<String, GrantKey>,
    expiries: BTreeSet<(Instant, GrantKey)>,
    last_number: u64,
    /// What each process has made that counts for it.
    minted: HashMap<ProcessNumber, Minted>,
    /// The services of each process, whoever holds them.
    offered: HashMap<ProcessNumber, BTreeSet<GrantKey>>,
    /// The leases of each process.
    leases: BTreeSet<(ProcessNumber, GrantKey)>,
    bound_bytes: u64,
    /// What those had themselves that whoever runs the application has narrowed, before that.
    before: HashMap<GrantKey, OwnLimits>,
    /// How many accounts are open.
    accounts: u64,
}

/// One grant.
#[derive(Debug)]
pub(crate) struct GrantEntry {
    /// Its number and its token.
    pub(crate) reference: CapabilityRef,
    origin: Origin,
    /// Who has narrowed it, or offers it; nobody for what `cloison.toml` grants.
    pub(crate) minter: Option<ProcessNumber>,
    narrower: Option<Narrower>,
    /// Since when it has been there.
    pub(crate) since: Instant,
    /// Why it is not alive any more, as far as that is its own doing.
    ended: Option<GrantEnd>,
    expires: Option<Instant>,
    /// How many processes hold it.
    holders: u32,
    /// How many grants come from it directly.
    children: u32,
    /// How many come from it, directly and not. Whoever ends it says so, and looks at no other entry for that.
    derived: u64,
    /// How many there are on the way to its root.
    steps: usize,
    /// Whether it counts for its minter.
    counts: bool,
    bound_bytes: u64,
    /// What is being used of it, while there are channels that it counts for, and how many those are.
    account: Option<KeptAccount>,
    channels: u32,
    /// What was used of it by channels that have ended, and by calls of a service, which have none.
    past: Cell<AccountState>,
}

/// 10,000 of them, with what each was narrowed by and who holds it, are to take 10 MB of the broker's memory at most.
const _: () = assert!(size_of::<GrantEntry>() <= 256);

/// There are few roots and many that come of them: what only a root has stands elsewhere, or each entry would have room for it.
#[derive(Debug)]
enum Origin {
    /// Of `cloison.toml`.
    Root { name: String, grant: Box<Grant> },
    /// A microprocess's own.
    Service { service: Box<OfferedService>, grant: Box<Grant> },
    /// Of another one.
    Narrowed { from: GrantKey, by: Box<Narrowing> },
}

/// What says that a grant is narrower than what it comes from.
#[derive(Debug)]
pub(crate) enum Narrower {
    /// That line of the minter's program, as the program says: harmless, but for people alone.
    Line(Rc<str>),
    /// The profile by which the minter has spawned its holder.
    Profile(Rc<str>),
}

/// What one step of the way adds to what it comes from, by names, which stay the same when a zone is replaced.
#[derive(Debug)]
pub(crate) struct OwnLimits {
    /// The functions, if it says which.
    pub(crate) functions: Option<BTreeSet<String>>,
    /// The bounds, each with its function.
    pub(crate) bounds: Vec<(String, String)>,
    /// What is counted.
    pub(crate) quota: Quota,
    /// No callables may be passed.
    pub(crate) quiet: bool,
}

/// Functions that a microprocess answers calls of.
#[derive(Clone, Debug)]
pub(crate) struct OfferedService {
    /// Who serves them.
    pub(crate) server: ProcessRef,
    /// What the server calls it.
    pub(crate) name: String,
    /// The functions, in the order of their numbers.
    pub(crate) functions: Vec<OfferedFunction>,
}

impl OfferedService {
    /// The number of that function.
    pub(crate) fn function(&self, name: &str) -> Option<FunctionId> {
        let index = self.functions.iter().position(|function| function.name == name)?;
        u32::try_from(index).ok().map(FunctionId)
    }
}

impl GrantTable {
    /// What `cloison.toml` grants under that name.
    pub(crate) fn mint(
        &mut self,
        name: &str,
        mut grant: Grant,
        expires: Option<Duration>,
        token: [u8; 16],
    ) -> GrantKey {
        let now = Instant::now();
        let expires = expires.and_then(|after| now.checked_add(after));
        grant.expires_ns = expires.map(|at| monotonic_ns(at, now));
        let origin = Origin::Root { name: name.to_owned(), grant: Box::new(grant) };
        let key = self.insert(origin, None, expires, 0, token);
        self.roots.insert(name.to_owned(), key);
        key
    }

    /// What is left of one after that, as `minter`'s doing. It has no holder yet.
    pub(crate) fn narrow(
        &mut self,
        from: GrantKey,
        mut by: Narrowing,
        expires: Option<Duration>,
        is_lease: bool,
        minter: ProcessNumber,
        token: [u8; 16],
    ) -> Result<GrantKey, TooMany> {
        let Some(parent) = self.entries.get(from) else { return Err(TooMany::Steps) };
        let steps = parent.steps + 1;
        if steps > MOST_STEPS {
            return Err(TooMany::Steps);
        }
        let bound_bytes = by.bounds.iter().map(|(_, bound)| bound.text.len() as u64).sum();
        self.may_make(minter, bound_bytes)?;
        let now = Instant::now();
        let expires = expires.and_then(|after| now.checked_add(after));
        by.expires_ns = expires.map(|at| monotonic_ns(at, now));
        let origin = Origin::Narrowed { from, by: Box::new(by) };
        let key = self.insert(origin, Some(minter), expires, steps, token);
        self.entries[from].children += 1;
        self.count_derived(Some(from), |derived| derived + 1);
        if is_lease {
            self.leases.insert((minter, key));
        }
        self.count_for(minter, key, bound_bytes);
        Ok(key)
    }

    /// What a process offers itself. It has no holder yet.
    pub(crate) fn offer(&mut self, service: OfferedService, token: [u8; 16]) -> Result<GrantKey, TooMany> {
        let minter = service.server.number;
        if self.offered.get(&minter).is_some_and(|offered| offered.len() >= MOST_SERVICES) {
            return Err(TooMany::Services);
        }
        let name_bytes = service.functions.iter().map(name_bytes).sum();
        self.may_make(minter, name_bytes)?;
        let grant = Grant::new((0..service.functions.len() as u32).map(FunctionId));
        let origin = Origin::Service { service: Box::new(service), grant: Box::new(grant) };
        let key = self.insert(origin, Some(minter), None, 0, token);
        self.offered.entry(minter).or_default().insert(key);
        self.count_for(minter, key, name_bytes);
        Ok(key)
    }

    fn insert(
        &mut self,
        origin: Origin,
        minter: Option<ProcessNumber>,
        expires: Option<Instant>,
        steps: usize,
        token: [u8; 16],
    ) -> GrantKey {
        self.last_number += 1;
        let reference = CapabilityRef { number: self.last_number, token };
        let key = self.entries.insert(GrantEntry {
            reference,
            origin,
            minter,
            narrower: None,
            since: Instant::now(),
            ended: None,
            expires,
            holders: 0,
            children: 0,
            derived: 0,
            steps,
            counts: false,
            bound_bytes: 0,
            account: None,
            channels: 0,
            past: Cell::default(),
        });
        self.numbers.insert(reference.number, key);
        self.expiries.extend(expires.map(|at| (at, key)));
        key
    }

    /// The grant of that name of `cloison.toml`.
    pub(crate) fn root(&self, name: &str) -> Option<GrantKey> {
        self.roots.get(name).copied()
    }

    /// How many grants come from it, directly and not.
    pub(crate) fn derived(&self, key: GrantKey) -> u64 {
        self.entries.get(key).map_or(0, |entry| entry.derived)
    }

    /// One more comes from that one, and from what it comes from; or one less.
    fn count_derived(&mut self, from: Option<GrantKey>, count: impl Fn(u64) -> u64) {
        let mut next = from;
        while let Some(entry) = next.and_then(|key| self.entries.get_mut(key)) {
            entry.derived = count(entry.derived);
            next = match &entry.origin {
                Origin::Root { .. } | Origin::Service { .. } => None,
                Origin::Narrowed { from, .. } => Some(*from),
            };
        }
    }

    /// All of them.
    pub(crate) fn roots(&self) -> impl Iterator<Item = (&str, GrantKey)> {
        self.roots.iter().map(|(name, key)| (name.as_str(), *key))
    }

    /// Every grant.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (GrantKey, &GrantEntry)> {
        self.entries.iter()
    }

    pub(crate) fn get(&self, key: GrantKey) -> Option<&GrantEntry> {
        self.entries.get(key)
    }

    /// The grant that somebody names. Whether that one holds it is another question.
    pub(crate) fn find(&self, reference: CapabilityRef) -> Option<GrantKey> {
        let key = *self.numbers.get(&reference.number)?;
        (self.entries.get(key)?.reference.token == reference.token).then_some(key)
    }

    /// The grant of that number, for operators.
    pub(crate) fn numbered(&self, number: u64) -> Option<GrantKey> {
        self.numbers.get(&number).copied()
    }

    /// The grant, the one that it comes from, and so on to the root.
    pub(crate) fn way(&self, key: GrantKey) -> impl Iterator<Item = &GrantEntry> {
        std::iter::successors(self.entries.get(key), |entry| match &entry.origin {
            Origin::Root { .. } | Origin::Service { .. } => None,
            Origin::Narrowed { from, .. } => self.entries.get(*from),
        })
    }

    /// What it comes from.
    pub(crate) fn parent(&self, key: GrantKey) -> Option<GrantKey> {
        match &self.entries.get(key)?.origin {
            Origin::Root { .. } | Origin::Service { .. } => None,
            Origin::Narrowed { from, .. } => Some(*from),
        }
    }

    /// The name of the capability that it comes from.
    pub(crate) fn name(&self, key: GrantKey) -> &str {
        let root = self.way(key).last();
        root.and_then(|root| match &root.origin {
            Origin::Root { name, .. } => Some(name.as_str()),
            Origin::Service { service, .. } => Some(service.name.as_str()),
            Origin::Narrowed { .. } => None,
        })
        .unwrap_or_default()
    }

    /// The service that it is about, if a microprocess serves it.
    pub(crate) fn service(&self, key: GrantKey) -> Option<&OfferedService> {
        match &self.way(key).last()?.origin {
            Origin::Service { service, .. } => Some(service),
            Origin::Root { .. } | Origin::Narrowed { .. } => None,
        }
    }

    /// A profile says how it is narrowed, and not the program.
    pub(crate) fn is_by_profile(&mut self, key: GrantKey, profile: &str) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.narrower = Some(Narrower::Profile(profile.into()));
        }
    }

    /// The leases that a process has made.
    pub(crate) fn leases_of(&self, process: ProcessNumber) -> Vec<GrantKey> {
        let first = GrantKey::from(KeyData::from_ffi(0));
        let its = self.leases.range((process, first)..).take_while(|(minter, _)| *minter == process);
        its.map(|(_, key)| *key).collect()
    }

    /// The services that a process offers.
    pub(crate) fn services_of(&self, process: ProcessNumber) -> Vec<GrantKey> {
        self.offered.get(&process).into_iter().flatten().copied().collect()
    }
}

/// What one function of a service counts: its name, and those of its parameters, each of which takes a little more than that.
fn name_bytes(function: &OfferedFunction) -> u64 {
    let parameters: u64 =
        function.parameters.iter().map(|parameter| parameter.name.len() as u64 + PARAMETER_BYTES).sum();
    function.name.len() as u64 + parameters
}

/// What a parameter counts beside its name.
const PARAMETER_BYTES: u64 = 4;
