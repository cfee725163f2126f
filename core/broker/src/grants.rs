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

use cloison_contract::grant::{Bound, Narrowing, Quota};
use cloison_contract::message::CapabilityRef;
use cloison_contract::process::{ProcessNumber, ProcessRef};
use cloison_contract::{FunctionId, Grant};
use cloison_transport::ChannelError;
use cloison_transport::account::{self, Account, AccountState};
use cloison_transport::counting::{self, Denial};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use slotmap::SlotMap;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

slotmap::new_key_type! {
    /// One grant in one broker's life.
    pub(crate) struct GrantKey;
}

/// How often a grant can be narrowed one after the other: the longest way to a root.
pub(crate) const MOST_STEPS: usize = 32;
/// How many grants one process may have made that are still there: those count that it holds itself, and those that nobody holds but for the
/// sake of what comes from them. What others alone hold counts for them.
pub(crate) const MOST_GRANTS: u32 = 10_000;
/// How many services one process may offer at once.
pub(crate) const MOST_SERVICES: usize = 256;
/// How many grants others may have given to one process, and how many of them the same process.
pub(crate) const MOST_HELD: usize = 10_000;
pub(crate) const MOST_HELD_OF_ONE: u32 = 1000;
/// How many grants an application may have.
const MOST_OF_APPLICATION: usize = 100_000;
/// How many bytes of bounds, and of services' names of functions, may be in the grants that one process has made and that count for it, and in
/// all of an application. Read, a bound takes some thirty times its text; a short name as much.
const BOUND_BYTES: u64 = 256 << 10;
const BOUND_BYTES_OF_APPLICATION: u64 = 4 << 20;
/// Of the descriptors that this process may have, accounts may take one in so many.
const ACCOUNTS_PART: u64 = 4;

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
    /// How many accounts are open.
    accounts: u64,
}

/// What one process has made.
#[derive(Debug, Default)]
struct Minted {
    grants: u32,
    bound_bytes: u64,
}

/// One grant.
#[derive(Debug)]
pub(crate) struct GrantEntry {
    /// Its number and its token.
    pub(crate) reference: CapabilityRef,
    origin: Origin,
    /// Who has narrowed it, or offers it; nobody for what `cloison.toml` grants.
    pub(crate) minter: Option<ProcessNumber>,
    /// The profile by which it was narrowed when the minter has spawned its holder.
    pub(crate) profile: Option<String>,
    /// Since when it has been there.
    pub(crate) since: Instant,
    /// Why it is not alive any more, as far as that is its own doing.
    ended: Option<GrantEnd>,
    expires: Option<Instant>,
    /// How many processes hold it.
    holders: u32,
    /// How many grants come from it directly.
    children: u32,
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

#[derive(Debug)]
enum Origin {
    /// Of `cloison.toml`.
    Root { name: String, grant: Grant },
    /// A microprocess's own.
    Service { service: Box<OfferedService>, grant: Grant },
    /// Of another one.
    Narrowed { from: GrantKey, by: Box<Narrowing> },
}

/// Functions that a microprocess answers calls of.
#[derive(Clone, Debug)]
pub(crate) struct OfferedService {
    /// Who serves them.
    pub(crate) server: ProcessRef,
    /// What the server calls it.
    pub(crate) name: String,
    /// The functions, in the order of their numbers.
    pub(crate) functions: Vec<String>,
}

impl OfferedService {
    /// The number of that function.
    pub(crate) fn function(&self, name: &str) -> Option<FunctionId> {
        let index = self.functions.iter().position(|function| function == name)?;
        u32::try_from(index).ok().map(FunctionId)
    }
}

#[derive(Debug)]
struct KeptAccount {
    descriptor: OwnedFd,
    view: Account,
}

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

/// Why a grant could not be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum TooMany {
    #[error("it was narrowed {MOST_STEPS} times one after the other, which is the most")]
    Steps,
    #[error(
        "this process has made {MOST_GRANTS} capabilities that are still there, which is the most: those count no more that nothing holds, not even a name in this program"
    )]
    Grants,
    #[error(
        "an application has {MOST_OF_APPLICATION} capabilities, which is the most: those count no more that nothing holds"
    )]
    Application,
    #[error(
        "the bounds (`where`) of this process's capabilities, and the names of its services' functions, are too long together: {BOUND_BYTES} bytes are the most, and {BOUND_BYTES_OF_APPLICATION} of the whole application"
    )]
    Bounds,
    #[error(
        "this process offers {MOST_SERVICES} services already, which is the most\nhint: revoke those that nobody needs"
    )]
    Services,
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
        let origin = Origin::Root { name: name.to_owned(), grant };
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
        let name_bytes = service.functions.iter().map(|function| function.len() as u64).sum();
        self.may_make(minter, name_bytes)?;
        let grant = Grant::new((0..service.functions.len() as u32).map(FunctionId));
        let origin = Origin::Service { service: Box::new(service), grant };
        let key = self.insert(origin, Some(minter), None, 0, token);
        self.offered.entry(minter).or_default().insert(key);
        self.count_for(minter, key, name_bytes);
        Ok(key)
    }

    /// Whether a process may make one more, with so many bytes of bounds or names.
    fn may_make(&self, minter: ProcessNumber, bound_bytes: u64) -> Result<(), TooMany> {
        if self.entries.len() >= MOST_OF_APPLICATION {
            return Err(TooMany::Application);
        }
        let (grants, bytes) = self.minted.get(&minter).map_or((0, 0), |minted| (minted.grants, minted.bound_bytes));
        if grants >= MOST_GRANTS {
            return Err(TooMany::Grants);
        }
        match bytes + bound_bytes > BOUND_BYTES || self.bound_bytes + bound_bytes > BOUND_BYTES_OF_APPLICATION {
            true => Err(TooMany::Bounds),
            false => Ok(()),
        }
    }

    /// A process has made that one.
    fn count_for(&mut self, minter: ProcessNumber, key: GrantKey, bound_bytes: u64) {
        let minted = self.minted.entry(minter).or_default();
        minted.grants += 1;
        minted.bound_bytes += bound_bytes;
        self.bound_bytes += bound_bytes;
        self.entries[key].counts = true;
        self.entries[key].bound_bytes = bound_bytes;
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
            profile: None,
            since: Instant::now(),
            ended: None,
            expires,
            holders: 0,
            children: 0,
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
        let comes = |one: GrantKey| std::iter::successors(self.parent(one), |up| self.parent(*up)).any(|up| up == key);
        self.entries.keys().filter(|one| comes(*one)).count() as u64
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

    /// Whether that function may be called by it, as far as that is a question of functions.
    pub(crate) fn allows(&self, key: GrantKey, function: FunctionId) -> bool {
        self.entries.contains_key(key)
            && self.way(key).all(|entry| match &entry.origin {
                Origin::Root { grant, .. } | Origin::Service { grant, .. } => grant.allows(function),
                Origin::Narrowed { by, .. } => by.functions.as_ref().is_none_or(|set| set.contains(&function)),
            })
    }

    /// Why it is not alive, if it is not: by itself, or by what it comes from.
    pub(crate) fn end_of(&self, key: GrantKey) -> Option<GrantEnd> {
        if !self.entries.contains_key(key) {
            return Some(GrantEnd::Revoked);
        }
        self.way(key).find_map(|entry| entry.ended)
    }

    /// What is left after every narrowing on the way.
    pub(crate) fn effective(&self, key: GrantKey) -> Grant {
        let mut steps: Vec<_> = self.way(key).map(|entry| &entry.origin).collect();
        steps.reverse();
        let mut grant = Grant::default();
        for step in steps {
            match step {
                Origin::Root { grant: root, .. } | Origin::Service { grant: root, .. } => grant = root.clone(),
                Origin::Narrowed { by, .. } => grant = grant.narrow(by),
            }
        }
        grant
    }

    /// What is counted of a channel's use, and on which accounts: those of the grant first, then those of what it comes from. The channel has them
    /// until [`GrantTable::channel_gone`] gets the keys.
    pub(crate) fn accounts(&mut self, key: GrantKey) -> Result<ChannelAccounts<'_>, ChannelError> {
        let keys = self.counting(key);
        for (index, one) in keys.iter().enumerate() {
            if let Err(error) = self.open_account(*one) {
                self.channel_gone(&keys[..index]);
                return Err(error);
            }
        }
        let each = |one: &GrantKey| {
            let entry = &self.entries[*one];
            Some((entry.quota(), &entry.account.as_ref()?.descriptor))
        };
        let accounts = keys.iter().filter_map(each).collect();
        Ok((keys, accounts))
    }

    /// One more channel counts on that grant's account.
    fn open_account(&mut self, key: GrantKey) -> Result<(), ChannelError> {
        let entry = &mut self.entries[key];
        if entry.account.is_none() {
            if self.accounts >= most_accounts() {
                return Err(Errno::MFILE.into());
            }
            let descriptor = account::create()?;
            let view = Account::open(&descriptor)?;
            view.restore(&entry.past.get());
            entry.account = Some(KeptAccount { descriptor, view });
            self.accounts += 1;
        }
        entry.channels += 1;
        Ok(())
    }

    /// A channel is gone, and its zone counts nothing on these accounts any more. What nobody counts on is kept as numbers.
    pub(crate) fn channel_gone(&mut self, keys: &[GrantKey]) {
        for key in keys {
            let Some(entry) = self.entries.get_mut(*key) else { continue };
            entry.channels = entry.channels.saturating_sub(1);
            if entry.channels == 0
                && let Some(account) = entry.account.take()
            {
                entry.past.set(account.view.state());
                self.accounts -= 1;
            }
        }
    }

    /// A call has taken so long that its zone was ended before it could count that.
    pub(crate) fn add_cpu(&mut self, keys: &[GrantKey], nanoseconds: u64) {
        for account in keys.iter().filter_map(|key| self.entries.get(*key)?.account.as_ref()) {
            account.view.add_cpu(nanoseconds);
        }
    }

    /// What it was narrowed by; nothing if `cloison.toml` grants it, or its own process.
    pub(crate) fn narrowing(&self, key: GrantKey) -> Option<&Narrowing> {
        match &self.entries.get(key)?.origin {
            Origin::Root { .. } | Origin::Service { .. } => None,
            Origin::Narrowed { by, .. } => Some(by),
        }
    }

    /// Those of the way on which its use is counted: the grant itself first.
    fn counting(&self, key: GrantKey) -> Vec<GrantKey> {
        let own = self.entries.contains_key(key).then_some(key);
        let way = std::iter::successors(own, |one| self.parent(*one));
        way.filter(|one| *one == key || self.entries[*one].quota().is_counted()).collect()
    }

    /// Count a call of a service that carries so many bytes, on all that count something; what it is refused is counted on its own. No channel
    /// counts on those, so no account is opened.
    pub(crate) fn count_call(&self, key: GrantKey, bytes: u64) -> Result<(), Denial> {
        let now = Instant::now();
        let keys = self.counting(key);
        let account = |one: &GrantKey| self.entries.get(*one).map(|entry| (entry.quota(), &entry.past));
        let counted = match self.way(key).any(|entry| entry.expires.is_some_and(|at| at <= now)) {
            true => Err(Denial::Expired),
            false => counting::count(keys.iter().filter_map(account), bytes),
        };
        if counted.is_err() {
            self.count_refused(key);
        }
        counted
    }

    /// A call of a service was refused.
    pub(crate) fn count_refused(&self, key: GrantKey) {
        if let Some(entry) = self.entries.get(key) {
            let past = entry.past.get();
            entry.past.set(AccountState { refused: past.refused.saturating_add(1), ..past });
        }
    }

    /// What this one adds to what it comes from, as a grant of no function.
    pub(crate) fn own_terms(&self, key: GrantKey) -> Grant {
        match self.entries.get(key).map(|entry| &entry.origin) {
            None => Grant::default(),
            Some(Origin::Root { grant, .. } | Origin::Service { grant, .. }) => grant.clone(),
            Some(Origin::Narrowed { by, .. }) => Grant {
                functions: Default::default(),
                bounds: by.bounds.clone(),
                quota: by.quota,
                expires_ns: by.expires_ns,
                personal: by.personal,
                quiet: by.quiet,
            },
        }
    }

    /// Say what one allows in the terms of another interface: which functions, if it says so itself, and its own bounds.
    pub(crate) fn restate(
        &mut self,
        key: GrantKey,
        functions: Option<BTreeSet<FunctionId>>,
        bounds: Vec<(FunctionId, Bound)>,
    ) {
        match self.entries.get_mut(key).map(|entry| &mut entry.origin) {
            Some(Origin::Root { grant, .. }) => {
                grant.functions = functions.unwrap_or_default();
                grant.bounds = bounds;
            }
            Some(Origin::Narrowed { by, .. }) => (by.functions, by.bounds) = (functions, bounds),
            Some(Origin::Service { .. }) | None => {}
        }
    }

    /// Narrow one as it is, for all who hold it and for all that was narrowed from it.
    pub(crate) fn narrow_itself(&mut self, key: GrantKey, by: &Narrowing, expires: Option<Duration>) {
        let now = Instant::now();
        let Some(entry) = self.entries.get_mut(key) else { return };
        let sooner =
            expires.and_then(|after| now.checked_add(after)).filter(|at| entry.expires.is_none_or(|old| *at < old));
        let mut by = by.clone();
        if let Some(at) = sooner {
            by.expires_ns = Some(monotonic_ns(at, now));
            if let Some(old) = entry.expires.replace(at) {
                self.expiries.remove(&(old, key));
            }
            self.expiries.insert((at, key));
        }
        match &mut entry.origin {
            Origin::Root { grant, .. } | Origin::Service { grant, .. } => *grant = grant.narrow(&by),
            Origin::Narrowed { by: own, .. } => **own = own.and(&by),
        }
    }

    /// A profile says how it is narrowed, and not the program.
    pub(crate) fn is_by_profile(&mut self, key: GrantKey, profile: &str) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.profile = Some(profile.to_owned());
        }
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
        self.bound_bytes -= entry.bound_bytes;
        self.accounts -= u64::from(entry.account.is_some());
        if let Some(at) = entry.expires {
            self.expiries.remove(&(at, key));
        }
        let Some(minter) = entry.minter else { return };
        self.leases.remove(&(minter, key));
        if let Some(offered) = self.offered.get_mut(&minter) {
            offered.remove(&key);
            if offered.is_empty() {
                self.offered.remove(&minter);
            }
        }
    }

    /// It does not count for its minter any more.
    fn count_no_more(&mut self, key: GrantKey) {
        let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.counts) else { return };
        entry.counts = false;
        if let Some(minter) = entry.minter
            && let Some(minted) = self.minted.get_mut(&minter)
        {
            minted.grants -= 1;
            minted.bound_bytes -= entry.bound_bytes;
            if minted.grants == 0 {
                self.minted.remove(&minter);
            }
        }
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
        first
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

    /// The leases that a process has made.
    pub(crate) fn leases_of(&self, process: ProcessNumber) -> Vec<GrantKey> {
        let its = self.leases.iter().filter(|(minter, _)| *minter == process);
        its.map(|(_, key)| *key).collect()
    }

    /// The services that a process offers.
    pub(crate) fn services_of(&self, process: ProcessNumber) -> Vec<GrantKey> {
        self.offered.get(&process).into_iter().flatten().copied().collect()
    }
}

impl GrantEntry {
    /// What this one counts, whatever those count that it comes from.
    pub(crate) fn quota(&self) -> Quota {
        match &self.origin {
            Origin::Root { grant, .. } | Origin::Service { grant, .. } => grant.quota,
            Origin::Narrowed { by, .. } => by.quota,
        }
    }

    /// Whether whoever was given it cannot give it on.
    pub(crate) fn is_personal(&self) -> bool {
        match &self.origin {
            Origin::Root { grant, .. } | Origin::Service { grant, .. } => grant.personal,
            Origin::Narrowed { by, .. } => by.personal,
        }
    }

    /// When it ends by itself.
    pub(crate) fn expires(&self) -> Option<Instant> {
        self.expires
    }

    /// What was used of it.
    pub(crate) fn used(&self) -> AccountState {
        self.account.as_ref().map_or(self.past.get(), |account| account.view.state())
    }
}

/// How many accounts may be open: each takes a descriptor, and others need theirs.
fn most_accounts() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX) / ACCOUNTS_PART
}

/// Whose accounts a channel counts on, and what is counted on each.
pub(crate) type ChannelAccounts<'a> = (Vec<GrantKey>, Vec<(Quota, &'a OwnedFd)>);

/// A moment as zones see it on their clock.
fn monotonic_ns(at: Instant, now: Instant) -> u64 {
    let clock = cloison_transport::status::monotonic() + at.saturating_duration_since(now);
    u64::try_from(clock.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(table: &mut GrantTable) -> GrantKey {
        let key = table.mint("zlib", Grant::new([FunctionId(0), FunctionId(1)]), None, [1; 16]);
        table.held(key);
        key
    }

    fn narrow(table: &mut GrantTable, from: GrantKey, calls: u64, minter: ProcessNumber) -> GrantKey {
        let by = Narrowing { quota: Quota { calls: Some(calls), ..Quota::default() }, ..Narrowing::default() };
        let key = table.narrow(from, by, None, false, minter, [2; 16]).unwrap();
        table.held(key);
        key
    }

    #[test]
    fn what_is_left_is_what_every_step_leaves() {
        let mut table = GrantTable::default();
        let root = root(&mut table);
        let some = narrow(&mut table, root, 10, 1);
        let by = Narrowing { functions: Some([FunctionId(1)].into()), ..Narrowing::default() };
        let one = table.narrow(some, by, None, false, 3, [3; 16]).unwrap();
        let left = table.effective(one);
        assert_eq!((left.functions.len(), left.quota.calls), (1, Some(10)));
        assert!(left.is_within(&table.effective(some)) && left.is_within(&table.effective(root)));
        assert_eq!(table.name(one), "zlib");
        let counted: Vec<_> = table.accounts(one).unwrap().1.iter().map(|(quota, _)| quota.calls).collect();
        assert_eq!(counted, [None, Some(10)]);
    }

    #[test]
    fn revoking_reaches_all_that_comes_of_it_and_nothing_else() {
        let mut table = GrantTable::default();
        let root = root(&mut table);
        let (one, other) = (narrow(&mut table, root, 1, 1), narrow(&mut table, root, 2, 1));
        let below = narrow(&mut table, one, 1, 4);
        assert!(table.may_revoke(below, 1) && table.may_revoke(below, 4));
        assert!(!table.may_revoke(one, 4) && !table.may_revoke(root, 1));
        assert!(table.end(one, GrantEnd::Revoked) && !table.end(one, GrantEnd::Revoked));
        assert_eq!([root, one, other, below].map(|key| table.end_of(key).is_some()), [false, true, false, true]);
    }

    #[test]
    fn who_has_no_token_finds_nothing() {
        let mut table = GrantTable::default();
        let root = root(&mut table);
        let reference = table.get(root).unwrap().reference;
        assert_eq!(table.find(reference), Some(root));
        assert_eq!(table.find(CapabilityRef { token: [9; 16], ..reference }), None);
        assert_eq!(table.find(CapabilityRef { number: 2, ..reference }), None);
    }

    #[test]
    fn what_nobody_holds_goes_with_all_that_it_came_from() {
        let mut table = GrantTable::default();
        let root = root(&mut table);
        let one = narrow(&mut table, root, 1, 1);
        let below = narrow(&mut table, one, 1, 1);
        table.let_go(one, Some(1));
        assert!(table.get(one).is_some(), "something comes from it");
        table.let_go(below, Some(1));
        assert!(table.get(one).is_none() && table.get(below).is_none());
        table.let_go(root, None);
        assert!(table.get(root).is_some(), "what cloison.toml grants stays");
        assert!(table.minted.is_empty() && table.numbers.len() == 1);
        assert_eq!(table.end_of(one), Some(GrantEnd::Revoked));
    }

    #[test]
    fn there_are_limits() {
        let mut table = GrantTable::default();
        let root = root(&mut table);
        let mut last = root;
        for _ in 0..MOST_STEPS {
            last = narrow(&mut table, last, 1, 1);
        }
        assert_eq!(table.narrow(last, Narrowing::default(), None, false, 1, [0; 16]), Err(TooMany::Steps));
        for _ in 0..MOST_GRANTS {
            narrow(&mut table, root, 1, 2);
        }
        assert_eq!(table.narrow(root, Narrowing::default(), None, false, 2, [0; 16]), Err(TooMany::Grants));
        // That is that process's affair alone.
        narrow(&mut table, root, 1, 3);
    }

    /// A profile is one more narrowing: its spawner may take it back, the process that has it may not, nor give it on.
    #[test]
    fn what_a_profile_has_narrowed_is_its_spawners() {
        let mut table = GrantTable::default();
        let root = root(&mut table);
        let spawners = narrow(&mut table, root, 10, 1);
        let quota = Quota { calls: Some(100), ..Quota::default() };
        let by = Narrowing { personal: true, quota, ..Narrowing::default() };
        let key = table.narrow(spawners, by.clone(), None, false, 2, [4; 16]).unwrap();
        table.is_by_profile(key, "worker");
        table.held(key);
        assert_eq!(table.get(key).unwrap().profile.as_deref(), Some("worker"));
        assert_eq!((table.narrowing(key), table.narrowing(root)), (Some(&by), None));
        assert_eq!(table.effective(key).quota.calls, Some(10), "no more than its spawner has");
        assert!(table.may_revoke(key, 2) && !table.may_revoke(key, 3));
        table.let_go(key, None);
        assert!(table.get(key).is_none() && !table.minted.contains_key(&2), "it goes with the process");
    }

    #[test]
    fn what_others_alone_hold_does_not_count_for_its_maker() {
        let mut table = GrantTable::default();
        let root = root(&mut table);
        let key = narrow(&mut table, root, 1, 2);
        table.held(key);
        assert_eq!(table.minted[&2].grants, 1);
        table.let_go(key, Some(2));
        assert!(table.minted.is_empty() && table.get(key).is_some());
        table.let_go(key, Some(7));
        assert!(table.get(key).is_none());
        // What is only there because something comes from it does.
        let (one, _below) = {
            let one = narrow(&mut table, root, 1, 2);
            (one, narrow(&mut table, one, 1, 3))
        };
        table.let_go(one, Some(2));
        assert_eq!(table.minted[&2].grants, 1);
    }

    #[test]
    fn long_bounds_are_bounded_and_given_back() {
        let mut table = GrantTable::default();
        let root = root(&mut table);
        let bound = cloison_contract::grant::Bound {
            expression: cloison_contract::expression::Expression::Integer(1),
            text: "x".repeat(1000),
        };
        let by = Narrowing { bounds: vec![(FunctionId(0), bound); 64], ..Narrowing::default() };
        let mut made = Vec::new();
        while let Ok(key) = table.narrow(root, by.clone(), None, false, 1, [0; 16]) {
            table.held(key);
            made.push(key);
        }
        assert_eq!(made.len(), 4);
        assert_eq!(table.narrow(root, by.clone(), None, false, 1, [0; 16]), Err(TooMany::Bounds));
        made.iter().for_each(|key| table.let_go(*key, Some(1)));
        assert_eq!((table.bound_bytes, table.minted.len()), (0, 0));
    }

    #[test]
    fn an_account_is_open_while_a_channel_counts_on_it_and_nothing_is_lost() {
        let mut table = GrantTable::default();
        let root = root(&mut table);
        let key = narrow(&mut table, root, 5, 1);
        for used in 1..=3 {
            let (keys, accounts) = table.accounts(key).unwrap();
            assert_eq!((keys.len(), accounts.len()), (1, 1));
            let zone = Account::open(accounts[0].1).unwrap();
            assert!(zone.take_call(Some(5)));
            assert_eq!((zone.calls(), table.accounts), (used, 1));
            table.channel_gone(&keys);
            assert_eq!((table.get(key).unwrap().used().calls, table.accounts), (used, 0));
        }
    }

    #[test]
    fn an_expired_one_is_not_alive() {
        let mut table = GrantTable::default();
        let root = root(&mut table);
        let key = table.narrow(root, Narrowing::default(), Some(Duration::from_secs(60)), false, 1, [0; 16]).unwrap();
        assert_eq!(table.expire(Instant::now()), None);
        assert!(table.effective(key).expires_ns.is_some());
        assert_eq!(table.expire(Instant::now() + Duration::from_secs(61)), Some(key));
        assert_eq!(table.end_of(key), Some(GrantEnd::Expired));
        assert_eq!(table.next_expiry(), None);
    }

    fn offer(table: &mut GrantTable, server: ProcessNumber) -> GrantKey {
        let server = ProcessRef { number: server, token: [5; 16] };
        let service = OfferedService { server, name: "Counter".into(), functions: vec!["add".into(), "value".into()] };
        let key = table.offer(service, [4; 16]).unwrap();
        table.held(key);
        key
    }

    #[test]
    fn a_service_is_a_root_that_its_process_has_minted() {
        let mut table = GrantTable::default();
        let zlib = root(&mut table);
        let service = offer(&mut table, 3);
        let by = Narrowing { functions: Some([FunctionId(1)].into()), ..Narrowing::default() };
        let narrowed = table.narrow(service, by, None, false, 4, [3; 16]).unwrap();
        table.held(narrowed);
        assert_eq!(table.name(narrowed), "Counter");
        assert!(table.service(zlib).is_none());
        let found = table.service(narrowed).unwrap();
        assert_eq!(
            (found.server.number, found.function("value"), found.function("no")),
            (3, Some(FunctionId(1)), None)
        );
        assert!(table.allows(service, FunctionId(0)) && !table.allows(service, FunctionId(2)));
        assert!(!table.allows(narrowed, FunctionId(0)) && table.allows(narrowed, FunctionId(1)));
        assert!(table.may_revoke(narrowed, 3) && table.may_revoke(narrowed, 4) && !table.may_revoke(service, 4));
        assert_eq!((table.services_of(3), table.services_of(4)), (vec![service], Vec::new()));
        // No name of a service leads to it: those are what cloison.toml grants.
        assert_eq!(table.root("Counter"), None);
        table.end(service, GrantEnd::ServerGone);
        assert_eq!(table.end_of(narrowed), Some(GrantEnd::ServerGone));
        table.let_go(service, Some(3));
        table.let_go(narrowed, Some(4));
        assert!(table.get(service).is_none() && table.minted.is_empty() && table.offered.is_empty());
        assert_eq!(table.bound_bytes, 0);
    }

    #[test]
    fn calls_of_a_service_are_counted_on_all_that_they_come_from() {
        let mut table = GrantTable::default();
        let service = offer(&mut table, 3);
        let three = narrow(&mut table, service, 3, 3);
        let (one, other) = (narrow(&mut table, three, 2, 4), narrow(&mut table, three, 2, 4));
        let made = [one, one, one, other, other].map(|key| table.count_call(key, 10));
        assert_eq!(made, [Ok(()), Ok(()), Err(Denial::Calls(2)), Ok(()), Err(Denial::Calls(3))]);
        let used = |key| table.get(key).unwrap().used();
        assert_eq!((used(one).calls, used(one).refused, used(one).bytes), (2, 1, 20));
        assert_eq!((used(other).calls, used(other).refused), (1, 1));
        assert_eq!((used(three).calls, used(three).refused, used(service).calls), (3, 0, 0));
        assert_eq!(table.accounts, 0, "they take no descriptor");
        let brief = table.narrow(service, Narrowing::default(), Some(Duration::ZERO), false, 3, [0; 16]).unwrap();
        assert_eq!(table.count_call(brief, 0), Err(Denial::Expired));
    }

    #[test]
    fn a_process_offers_so_many_services() {
        let mut table = GrantTable::default();
        let keys: Vec<_> = (0..MOST_SERVICES).map(|_| offer(&mut table, 3)).collect();
        let server = ProcessRef { number: 3, token: [5; 16] };
        let more = OfferedService { server, name: "Counter".into(), functions: Vec::new() };
        assert_eq!(table.offer(more.clone(), [0; 16]), Err(TooMany::Services));
        // What others alone hold is one of its services still.
        table.held(keys[0]);
        table.let_go(keys[0], Some(3));
        assert_eq!(table.minted[&3].grants as usize, MOST_SERVICES - 1);
        assert_eq!(table.offer(more.clone(), [0; 16]), Err(TooMany::Services));
        table.let_go(keys[0], Some(4));
        assert!(table.offer(more, [0; 16]).is_ok());
        let long = OfferedService { server, name: "Long".into(), functions: vec!["x".repeat(64); 256] };
        let long = OfferedService { server: ProcessRef { number: 5, ..server }, ..long };
        let offered = (0..MOST_SERVICES).take_while(|_| table.offer(long.clone(), [0; 16]).is_ok()).count();
        assert_eq!(offered as u64, BOUND_BYTES / (64 * 256));
        assert_eq!(table.offer(long, [0; 16]), Err(TooMany::Bounds));
    }
}
