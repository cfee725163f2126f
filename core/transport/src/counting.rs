//! Counting a call on the accounts of a grant and of all that it was narrowed from. Whoever admits calls does it: a zone its clients' calls,
//! the broker those of services that are written in Python.
//!
//! Of everything that is counted all is taken, or nothing but a turn at a rate. Several may count on the same accounts at once.

use crate::account::{Account, AccountState};
use crate::status::monotonic;
use cloison_contract::grant::{Quota, Rate};
use std::cell::{Cell, OnceCell};

/// Why a call may not be made.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Denial {
    /// No more bytes may be carried.
    #[error("all {0} bytes of this grant have been carried")]
    Bytes(u64),
    /// The number of calls is used up.
    #[error("all {0} calls of this grant have been made")]
    Calls(u64),
    /// The zone's processor time is used up.
    #[error("all {} ms of processor time of this grant have been used", .0 / NANOSECONDS_PER_MS)]
    Cpu(u64),
    /// Its time is over.
    #[error("the grant has expired")]
    Expired,
    /// Not in the grant, or not offered to Python at all.
    #[error("not in this grant")]
    Function,
    /// Too many calls in too little time.
    #[error("more than {calls} calls in {period_ms} ms")]
    Rate {
        /// See [`Rate::calls`].
        calls: u64,
        /// See [`Rate::period_ms`].
        period_ms: u64,
    },
}

impl Denial {
    /// The quota that has no room left, alone; absent where it is something else.
    pub fn quota(&self) -> Option<Quota> {
        let quota = match *self {
            Self::Bytes(most) => Quota { bytes: Some(most), ..Quota::default() },
            Self::Calls(most) => Quota { calls: Some(most), ..Quota::default() },
            Self::Cpu(most) => Quota { cpu_ns: Some(most), ..Quota::default() },
            Self::Rate { calls, period_ms } => Quota { rate: Some(Rate { calls, period_ms }), ..Quota::default() },
            Self::Expired | Self::Function => return None,
        };
        Some(quota)
    }
}

/// What calls are counted on: an account that several processes share, or numbers of the one that counts.
pub trait CallCounts {
    /// Count one more call, if that does not make more than `most`.
    fn take_call(&self, most: Option<u64>) -> bool;
    /// Count one call less: it was taken, and then not made.
    fn give_call_back(&self);
    /// How many bytes calls have carried.
    fn carried(&self) -> u64;
    /// Count bytes that a call brings, if that does not make more than `most`.
    fn take_carried(&self, bytes: u64, most: Option<u64>) -> bool;
    /// Count bytes less: they were taken for a call that was not made.
    fn give_carried_back(&self, bytes: u64);
    /// How long calls have run, in nanoseconds of processor time.
    fn cpu_ns(&self) -> u64;
    /// Set when the next call is due, in nanoseconds of `CLOCK_MONOTONIC`, to what `next` makes of it.
    ///
    /// # Errors
    /// That of `next`; nothing is set then.
    fn advance(&self, next: impl Fn(u64) -> Result<u64, Denial>) -> Result<(), Denial>;
}

impl CallCounts for Account {
    #[inline]
    fn take_call(&self, most: Option<u64>) -> bool {
        Self::take_call(self, most)
    }

    #[inline]
    fn give_call_back(&self) {
        Self::give_call_back(self);
    }

    #[inline]
    fn carried(&self) -> u64 {
        Self::carried(self)
    }

    #[inline]
    fn take_carried(&self, bytes: u64, most: Option<u64>) -> bool {
        Self::take_carried(self, bytes, most)
    }

    #[inline]
    fn give_carried_back(&self, bytes: u64) {
        Self::give_carried_back(self, bytes);
    }

    #[inline]
    fn cpu_ns(&self) -> u64 {
        Self::cpu_ns(self)
    }

    #[inline]
    fn advance(&self, next: impl Fn(u64) -> Result<u64, Denial>) -> Result<(), Denial> {
        Self::advance(self, next)
    }
}

impl CallCounts for Cell<AccountState> {
    fn take_call(&self, most: Option<u64>) -> bool {
        let state = self.get();
        let calls = sum(state.calls, 1, most);
        self.set(AccountState { calls: calls.unwrap_or(state.calls), ..state });
        calls.is_some()
    }

    fn give_call_back(&self) {
        let state = self.get();
        self.set(AccountState { calls: state.calls.saturating_sub(1), ..state });
    }

    fn carried(&self) -> u64 {
        self.get().bytes
    }

    fn take_carried(&self, bytes: u64, most: Option<u64>) -> bool {
        let state = self.get();
        let carried = sum(state.bytes, bytes, most);
        self.set(AccountState { bytes: carried.unwrap_or(state.bytes), ..state });
        carried.is_some()
    }

    fn give_carried_back(&self, bytes: u64) {
        let state = self.get();
        self.set(AccountState { bytes: state.bytes.saturating_sub(bytes), ..state });
    }

    fn cpu_ns(&self) -> u64 {
        self.get().cpu_ns
    }

    fn advance(&self, next: impl Fn(u64) -> Result<u64, Denial>) -> Result<(), Denial> {
        let state = self.get();
        self.set(AccountState { ready_at: next(state.ready_at)?, ..state });
        Ok(())
    }
}

/// What a count becomes, if that is not more than `most`.
fn sum(taken: u64, count: u64, most: Option<u64>) -> Option<u64> {
    taken.checked_add(count).filter(|sum| most.is_none_or(|most| *sum <= most))
}

/// Count a call that brings so many bytes, if that is not too much for any of the accounts.
///
/// `counted` is what each grant on the way allows, and what it is counted on.
///
/// # Errors
/// The first quota that has no room for it. Nothing is taken then, but turns at rates that were looked at before.
#[inline]
pub fn count<'a, C: CallCounts + 'a>(
    counted: impl Iterator<Item = (Quota, &'a C)> + Clone,
    bytes: u64,
) -> Result<(), Denial> {
    for (index, (quota, account)) in counted.clone().enumerate() {
        if let Err(denial) = take(quota, account, bytes) {
            give_back(counted.take(index), bytes);
            return Err(denial);
        }
    }
    // One look at the clock for all of them.
    let now = OnceCell::new();
    for (quota, account) in counted.clone() {
        if let Some(rate) = quota.rate
            && let Err(denial) = account.advance(|ready_at| after(rate, ready_at, *now.get_or_init(now_ns)))
        {
            give_back(counted, bytes);
            return Err(denial);
        }
    }
    Ok(())
}

/// A call that was counted is not made after all. What it has used of a rate stays used.
pub fn give_back<'a, C: CallCounts + 'a>(counted: impl Iterator<Item = (Quota, &'a C)>, bytes: u64) {
    counted.for_each(|(_, account)| {
        account.give_call_back();
        account.give_carried_back(bytes);
    });
}

/// Count a call and what it brings, if that is not too much.
#[inline]
fn take(quota: Quota, account: &impl CallCounts, bytes: u64) -> Result<(), Denial> {
    if let Some(most) = quota.cpu_ns.filter(|most| account.cpu_ns() >= *most) {
        return Err(Denial::Cpu(most));
    }
    if !account.take_call(quota.calls) {
        return Err(Denial::Calls(quota.calls.unwrap_or(u64::MAX)));
    }
    // What carries nothing is refused, too, once all is used up by results.
    let used_up = quota.bytes.is_some_and(|most| account.carried() >= most);
    if used_up || !account.take_carried(bytes, quota.bytes) {
        account.give_call_back();
        return Err(Denial::Bytes(quota.bytes.unwrap_or(u64::MAX)));
    }
    Ok(())
}

/// Now, in nanoseconds of `CLOCK_MONOTONIC`.
pub fn now_ns() -> u64 {
    u64::try_from(monotonic().as_nanos()).unwrap_or(u64::MAX)
}

const NANOSECONDS_PER_MS: u64 = 1_000_000;

/// When the next call is due after one that comes at `now`, by the generic cell rate algorithm (ITU-T I.371): calls are due
/// one interval apart, and a burst may run ahead of that by as many intervals as a full period has.
pub fn after(rate: Rate, ready_at: u64, now: u64) -> Result<u64, Denial> {
    let denied = Denial::Rate { calls: rate.calls, period_ms: rate.period_ms };
    if rate.calls == 0 {
        return Err(denied);
    }
    // Rounded up: rather a little too slow than too fast.
    let interval = rate.period_ms.saturating_mul(NANOSECONDS_PER_MS).div_ceil(rate.calls);
    let ahead = interval.saturating_mul(rate.calls - 1);
    if ready_at > now.saturating_add(ahead) {
        return Err(denied);
    }
    Ok(ready_at.max(now).saturating_add(interval))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account;

    const SECOND: u64 = 1000 * NANOSECONDS_PER_MS;

    /// How many of 30 calls at that time pass.
    fn burst(rate: Rate, ready_at: &mut u64, now: u64) -> usize {
        let mut admit = || after(rate, *ready_at, now).map(|next| *ready_at = next).is_ok();
        (0..30).filter(|_| admit()).count()
    }

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let rate = Rate { calls: 10, period_ms: 1000 };
        let (start, mut ready_at) = (7 * SECOND, 0);
        assert_eq!(burst(rate, &mut ready_at, start), 10);
        assert_eq!(burst(rate, &mut ready_at, start + 99 * NANOSECONDS_PER_MS), 0);
        assert_eq!(burst(rate, &mut ready_at, start + 100 * NANOSECONDS_PER_MS), 1);
        assert_eq!(burst(rate, &mut ready_at, start + 150 * NANOSECONDS_PER_MS), 0);
        assert_eq!(burst(rate, &mut ready_at, start + 3600 * SECOND), 10);
    }

    #[test]
    fn odd_rates_never_give_more() {
        for calls in [1, 3, 7, 999] {
            let rate = Rate { calls, period_ms: 1000 };
            let mut ready_at = 0;
            let passed = (0..100_000u64)
                .filter(|step| {
                    after(rate, ready_at, SECOND + step * SECOND / 10_000).map(|next| ready_at = next).is_ok()
                })
                .count() as u64;
            // Ten seconds, and the burst at the start.
            assert!(passed <= calls * 11 && passed >= calls * 10, "{passed} of {calls}/s");
        }
    }

    /// The same calls are counted alike on a page and on numbers of one process.
    #[test]
    fn a_page_and_memory_of_one_s_own_count_alike() {
        let quotas = [
            Quota { calls: Some(4), bytes: Some(100), ..Quota::default() },
            Quota { rate: Some(Rate { calls: 3, period_ms: 3_600_000 }), cpu_ns: Some(1), ..Quota::default() },
        ];
        let pages = [(); 2].map(|()| Account::open(&account::create().unwrap()).unwrap());
        let cells = [(); 2].map(|()| Cell::<AccountState>::default());
        for (bytes, expected) in [
            (60, Ok(())),
            (60, Err(Denial::Bytes(100))),
            (u64::MAX, Err(Denial::Bytes(100))),
            (30, Ok(())),
            (0, Ok(())),
            (1, Err(Denial::Rate { calls: 3, period_ms: 3_600_000 })),
        ] {
            assert_eq!(count(std::iter::zip(quotas, &pages), bytes), expected, "{bytes}");
            assert_eq!(count(std::iter::zip(quotas, &cells), bytes), expected, "{bytes}");
        }
        for (page, cell) in std::iter::zip(&pages, &cells) {
            let (page, cell) = (page.state(), cell.get());
            assert_eq!(AccountState { ready_at: 0, ..page }, AccountState { ready_at: 0, ..cell });
            assert_eq!((page.calls, page.bytes, page.ready_at > 0), (3, 90, cell.ready_at > 0));
        }
    }

    #[test]
    fn what_takes_longer_than_it_may_makes_no_more_calls() {
        let used = Cell::new(AccountState { cpu_ns: 5, ..AccountState::default() });
        let quota = Quota { cpu_ns: Some(5), ..Quota::default() };
        assert_eq!(count([(quota, &used)].into_iter(), 0), Err(Denial::Cpu(5)));
    }

    #[test]
    fn no_calls_a_second_is_none_at_all() {
        assert!(after(Rate { calls: 0, period_ms: 0 }, 0, 10 * SECOND).is_err());
    }
}
