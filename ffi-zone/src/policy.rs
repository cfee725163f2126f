//! Whether a client may make this call: its grant, as data that is quick to look at.
//!
//! Order of the questions, cheapest first: is the grant alive (the terms page, asked in [`crate::serve`]), is the function
//! in it, are calls left, is it not too soon, and, once the arguments are known, do the bounds hold.
//! A grant with no bounds and no rate costs a few nanoseconds a call; a rate costs one look at the clock.

use crate::plan::{any, expression_fits};
use cloison_capabilities::expression::Expression;
use cloison_capabilities::grant::{Bound, Rate};
use cloison_capabilities::interface::{Interface, Role};
use cloison_capabilities::{FunctionId, Grant};
use std::time::Instant;

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

/// A grant whose bounds name something that is not there.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the bound `{0}` names something that does not exist")]
pub struct BadBound(pub String);

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
pub struct Policy {
    /// One bit for each function.
    functions: Vec<u64>,
    /// By function; shorter than the interface when the rest has none.
    bounds: Vec<Bounds>,
    calls: Option<(u64, u64)>,
    bucket: Option<Bucket>,
}

impl Policy {
    /// Makes a grant quick to look at.
    pub fn new(grant: &Grant, interface: &Interface) -> Result<Self, BadBound> {
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
            let Some(declared) = interface.functions.get(index) else { return Err(BadBound(bound.text.clone())) };
            if !expression_fits(interface, declared, &bound.expression) {
                return Err(BadBound(bound.text.clone()));
            }
            let late = any(&bound.expression, |part| match part {
                Expression::Parameter(at) => matches!(declared.parameters[*at].role, Role::CapacityOf { .. }),
                Expression::Cell(_) => true,
                _ => false,
            });
            if bounds.len() <= index {
                bounds.resize_with(index + 1, Bounds::default);
            }
            let list: &mut Bounds = &mut bounds[index];
            if late { list.late.push(bound.clone()) } else { list.early.push(bound.clone()) }
        }
        let calls = grant.calls.map(|calls| (calls, calls));
        Ok(Self { functions, bounds, calls, bucket: grant.rate.map(Bucket::new) })
    }

    /// Whether the function may be called now. Counts the call.
    #[inline]
    pub fn admit(&mut self, function: FunctionId) -> Result<(), Denial> {
        let index = function.0 as usize;
        if self.functions.get(index / 64).is_none_or(|bits| bits >> (index % 64) & 1 == 0) {
            return Err(Denial::Function);
        }
        if let Some((granted, 0)) = self.calls {
            return Err(Denial::Calls(granted));
        }
        if let Some(bucket) = &mut self.bucket {
            bucket.admit(Instant::now())?;
        }
        if let Some((_, left)) = &mut self.calls {
            *left -= 1;
        }
        Ok(())
    }

    /// What must hold for the arguments of that function.
    #[inline]
    pub fn bounds(&self, function: FunctionId) -> Option<&Bounds> {
        self.bounds.get(function.0 as usize)
    }
}

/// A token bucket in exact arithmetic: it holds `calls × period` units, a call takes `period` of them, and `calls`
/// units come back each nanosecond.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    units: u128,
    at: Instant,
}

const NANOSECONDS_PER_MS: u128 = 1_000_000;

impl Bucket {
    fn new(rate: Rate) -> Self {
        Self { rate, units: Self::size(rate), at: Instant::now() }
    }

    fn size(rate: Rate) -> u128 {
        u128::from(rate.calls) * u128::from(rate.period_ms) * NANOSECONDS_PER_MS
    }

    fn admit(&mut self, now: Instant) -> Result<(), Denial> {
        let passed = now.saturating_duration_since(self.at).as_nanos();
        let gained = passed.saturating_mul(u128::from(self.rate.calls));
        self.at = now;
        self.units = self.units.saturating_add(gained).min(Self::size(self.rate));
        let price = u128::from(self.rate.period_ms) * NANOSECONDS_PER_MS;
        if self.rate.calls == 0 || self.units < price {
            return Err(Denial::Rate { calls: self.rate.calls, period_ms: self.rate.period_ms });
        }
        self.units -= price;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bucket_lets_a_burst_through_and_then_the_rate() {
        let mut bucket = Bucket::new(Rate { calls: 10, period_ms: 1000 });
        let start = bucket.at;
        let passed = (0..30).filter(|_| bucket.admit(start).is_ok()).count();
        assert_eq!(passed, 10);
        assert!(bucket.admit(start + Duration::from_millis(99)).is_err());
        assert!(bucket.admit(start + Duration::from_millis(100)).is_ok());
        assert!(bucket.admit(start + Duration::from_millis(150)).is_err());
        let later = start + Duration::from_secs(3600);
        assert_eq!((0..30).filter(|_| bucket.admit(later).is_ok()).count(), 10);
    }

    #[test]
    fn no_calls_a_second_is_none_at_all() {
        let mut bucket = Bucket::new(Rate { calls: 0, period_ms: 0 });
        assert!(bucket.admit(bucket.at + Duration::from_secs(10)).is_err());
    }
}
