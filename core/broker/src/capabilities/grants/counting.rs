//! What is used of grants: an account for each while channels count on it, numbers when none does, and calls of services, which have no
//! channel.

use super::{GrantEntry, GrantKey, GrantTable};
use cloison_contract::grant::Quota;
use cloison_transport::ChannelError;
use cloison_transport::account::{self, Account, AccountState};
use cloison_transport::counting::{self, Denial};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use std::os::fd::OwnedFd;
use std::time::Instant;

/// Of the descriptors that this process may have, accounts may take one in so many.
const ACCOUNTS_PART: u64 = 4;

#[derive(Debug)]
pub(super) struct KeptAccount {
    descriptor: OwnedFd,
    view: Account,
}

/// Whose accounts a channel counts on, and what is counted on each.
pub(crate) type ChannelAccounts<'a> = (Vec<GrantKey>, Vec<(Quota, &'a OwnedFd)>);

impl GrantTable {
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
            self.count_refused(key, 1);
        }
        counted
    }

    /// Those grants on which a call of a service counts, by that one.
    pub(crate) fn counted_on(&self, key: GrantKey) -> Vec<GrantKey> {
        self.counting(key)
    }

    /// A call of a service that was counted on those grants, with so many bytes, is not made after all. What it has used of a rate stays used.
    pub(crate) fn give_call_back(&self, counted: &[GrantKey], bytes: u64) {
        let past = |key: &GrantKey| self.entries.get(*key).map(|entry| (entry.quota(), &entry.past));
        counting::give_back(counted.iter().filter_map(past), bytes);
    }

    /// A call of a service that was counted on those grants has had an answer of so many bytes, and has taken so much processor time. What is too
    /// much of either keeps the next call from being made.
    pub(crate) fn add_served(&self, counted: &[GrantKey], bytes: u64, cpu_ns: u64) {
        for entry in counted.iter().filter_map(|key| self.entries.get(*key)) {
            let past = entry.past.get();
            let (bytes, cpu_ns) = (past.bytes.saturating_add(bytes), past.cpu_ns.saturating_add(cpu_ns));
            entry.past.set(AccountState { bytes, cpu_ns, ..past });
        }
    }

    /// So many calls were refused of which no zone knows.
    pub(crate) fn count_refused(&self, key: GrantKey, times: u32) {
        let Some(entry) = self.entries.get(key) else { return };
        match &entry.account {
            Some(account) => account.view.add_refused(u64::from(times)),
            None => {
                let past = entry.past.get();
                entry.past.set(AccountState { refused: past.refused.saturating_add(u64::from(times)), ..past });
            }
        }
    }
}

impl GrantEntry {
    /// What was used of it.
    pub(crate) fn used(&self) -> AccountState {
        self.account.as_ref().map_or(self.past.get(), |account| account.view.state())
    }
}

/// How many accounts may be open: each takes a descriptor, and others need theirs.
fn most_accounts() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX) / ACCOUNTS_PART
}
