//! Whether a client may make this call: its grant, as data that is quick to look at.
//!
//! Order of the questions, cheapest first: is the grant alive (the terms page, asked in [`crate::serve`]), is the function
//! in it, are calls left, is it not too soon, and, once the arguments are known, do the bounds hold.
//! A grant with no bounds and no rate costs a few nanoseconds a call; a rate costs one look at the clock.
//!
//! A call that a bound refuses does not count ([`ClientPolicy::give_back`]).
//!
//! What has been used stands in an [`Account`] that outlives the channel and this process.

use crate::marshal::plan::{any, expression_fits};
use cloison_contract::expression::Expression;
use cloison_contract::grant::{Bound, Rate};
use cloison_contract::interface::Interface;
use cloison_contract::shape::Shape;
use cloison_contract::{FunctionId, Grant};
use cloison_transport::account::Account;
use cloison_transport::status::monotonic;

/// Why a call may not be made.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Denial {
    /// The number of calls is used up.
    #[error("all {0} calls of this grant have been made")]
    Calls(u64),
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

/// Why a grant makes no sense.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadGrant {
    /// A bound names something that does not exist.
    #[error("the bound `{0}` names something that does not exist")]
    Bound(String),
    /// It counts calls, and came without an account to count them in.
    #[error("calls are counted, and there is no account to count them in")]
    NoAccount,
}

/// The bounds of one function.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// Those that can be judged before any room is made for results.
    pub early: Vec<Bound>,
    /// Those that name a capacity.
    pub late: Vec<Bound>,
}

/// One client's grant.
#[derive(Debug)]
pub struct ClientPolicy {
    /// One bit for each function.
    functions: Vec<u64>,
    /// By function; shorter than the interface when the rest has none.
    bounds: Vec<Bounds>,
    limited: Option<Limited>,
}

/// What a grant counts.
#[derive(Debug)]
struct Limited {
    calls: Option<u64>,
    rate: Option<Rate>,
    account: Account,
}

impl ClientPolicy {
    /// Makes a grant quick to look at.
    pub fn new(grant: &Grant, interface: &Interface, account: Option<Account>) -> Result<Self, BadGrant> {
        let mut functions = vec![0_u64; interface.functions.len().div_ceil(64)];
        for function in &grant.functions {
            let index = function.0 as usize;
            if interface.functions.get(index).is_some_and(|function| !function.internal) {
                functions[index / 64] |= 1 << (index % 64);
            }
        }
        let mut bounds = Vec::new();
        for (function, bound) in &grant.bounds {
            let index = function.0 as usize;
            let Some(declared) = interface.functions.get(index) else {
                return Err(BadGrant::Bound(bound.text.clone()));
            };
            if !expression_fits(interface, declared, &bound.expression) {
                return Err(BadGrant::Bound(bound.text.clone()));
            }
            let late = any(&bound.expression, |part| match part {
                Expression::Parameter(at) => matches!(declared.parameters[*at].shape, Shape::CapacityOf(_)),
                Expression::Dereference(_) => true,
                _ => false,
            });
            if bounds.len() <= index {
                bounds.resize_with(index + 1, Bounds::default);
            }
            let list: &mut Bounds = &mut bounds[index];
            if late { list.late.push(bound.clone()) } else { list.early.push(bound.clone()) }
        }
        let limited = match (grant.calls, grant.rate, account) {
            (None, None, _) => None,
            (calls, rate, Some(account)) => Some(Limited { calls, rate, account }),
            (_, _, None) => return Err(BadGrant::NoAccount),
        };
        Ok(Self { functions, bounds, limited })
    }

    /// Whether the function may be called now. Counts the call.
    #[inline]
    pub fn admit(&self, function: FunctionId) -> Result<(), Denial> {
        let index = function.0 as usize;
        if self.functions.get(index / 64).is_none_or(|bits| bits >> (index % 64) & 1 == 0) {
            return Err(Denial::Function);
        }
        match &self.limited {
            Some(limited) => limited.admit(),
            None => Ok(()),
        }
    }

    /// Gives back a call that was counted and is not made, since a bound refuses its arguments. What it has used of a rate stays
    /// used, so that guessing what a bound lets through is no faster than calling.
    #[cold]
    pub fn give_back(&self) {
        if let Some(limited) = &self.limited {
            limited.account.give_call_back();
        }
    }

    /// What must hold for the arguments of that function.
    #[inline]
    pub fn bounds(&self, function: FunctionId) -> Option<&Bounds> {
        self.bounds.get(function.0 as usize)
    }
}

impl Limited {
    fn admit(&self) -> Result<(), Denial> {
        if let Some(granted) = self.calls.filter(|granted| self.account.calls() >= *granted) {
            return Err(Denial::Calls(granted));
        }
        if let Some(rate) = self.rate {
            let now = u64::try_from(monotonic().as_nanos()).unwrap_or(u64::MAX);
            self.account.advance(|ready_at| after(rate, ready_at, now))?;
        }
        self.account.count();
        Ok(())
    }
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

    #[test]
    fn no_calls_a_second_is_none_at_all() {
        assert!(after(Rate { calls: 0, period_ms: 0 }, 0, 10 * SECOND).is_err());
    }

    #[test]
    fn an_account_is_not_renewed() {
        let page = cloison_transport::account::create().unwrap();
        for left in [2, 0] {
            let account = Account::open(&page).unwrap();
            let limited = Limited { calls: Some(2), rate: None, account };
            assert_eq!((0..5).filter(|_| limited.admit().is_ok()).count(), left);
        }
    }

    #[test]
    fn a_call_that_is_given_back_can_be_made() {
        let page = cloison_transport::account::create().unwrap();
        let account = Account::open(&page).unwrap();
        let limited = Limited { calls: Some(1), rate: None, account };
        let policy = ClientPolicy { functions: vec![1], bounds: Vec::new(), limited: Some(limited) };
        for _ in 0..3 {
            assert_eq!(policy.admit(FunctionId(0)), Ok(()));
            assert_eq!(policy.admit(FunctionId(0)), Err(Denial::Calls(1)));
            policy.give_back();
        }
        // No more comes back than was counted.
        policy.give_back();
        assert_eq!([(); 2].map(|()| policy.admit(FunctionId(0)).is_ok()), [true, false]);
    }
}
