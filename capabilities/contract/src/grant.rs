//! Which part of an interface a holder may use. A grant can only be narrowed.
//!
//! `Application::grant` of the manifest reader makes the widest grant an application gets, out of `cloison.toml`; every
//! other one comes from [`Grant::narrow`]. What narrowing means is said once, by [`Grant::is_within`]:
//! whatever a narrowed grant lets through, the one it came from would have let through as well.

use crate::expression::Expression;
use crate::interface::FunctionId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One capability's terms. The zone checks them at each call; the broker alone makes them.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Grant {
    /// The functions that may be called. Empty means none.
    pub functions: BTreeSet<FunctionId>,
    /// Functions and bounds on their arguments. All bounds that name a function must hold for its calls.
    pub bounds: Vec<(FunctionId, Bound)>,
    /// How much it may be used.
    pub quota: Quota,
    /// When it ends, in nanoseconds of `CLOCK_MONOTONIC`.
    pub expires_ns: Option<u64>,
    /// Whoever was given it cannot give it on.
    pub personal: bool,
    /// No callables may be passed: the library cannot call back.
    pub quiet: bool,
}

/// What a zone says of a call that passes a callable, where none may be passed.
pub const NO_CALLABLES: &str = "this grant passes no callables (`callbacks = false`)";

/// How much a grant may be used, by all of its holders together.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Quota {
    /// At most this many calls in that time.
    pub rate: Option<Rate>,
    /// At most this many calls altogether.
    pub calls: Option<u64>,
    /// At most this many bytes of arguments and results altogether, beyond the words of a call.
    pub bytes: Option<u64>,
    /// At most so much of the zone's processor time altogether, in nanoseconds.
    pub cpu_ns: Option<u64>,
}

/// What a holder gives up when it passes a grant on. Whatever is `None`, `false` or empty stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Narrowing {
    /// The functions that the holder keeps. A function that was not granted is not granted by this.
    pub functions: Option<BTreeSet<FunctionId>>,
    /// These bounds as well.
    pub bounds: Vec<(FunctionId, Bound)>,
    /// No more use than this.
    pub quota: Quota,
    /// It ends by then, in nanoseconds of `CLOCK_MONOTONIC`.
    pub expires_ns: Option<u64>,
    /// See [`Grant::personal`].
    pub personal: bool,
    /// See [`Grant::quiet`].
    pub quiet: bool,
}

impl Narrowing {
    /// Narrowing by both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let functions = match (&self.functions, &other.functions) {
            (Some(one), Some(another)) => Some(one & another),
            (one, another) => one.as_ref().or(another.as_ref()).cloned(),
        };
        let new = other.bounds.iter().filter(|bound| !self.bounds.contains(bound));
        Self {
            functions,
            bounds: self.bounds.iter().chain(new).cloned().collect(),
            quota: self.quota.and(other.quota),
            expires_ns: both(self.expires_ns, other.expires_ns, u64::min),
            personal: self.personal || other.personal,
            quiet: self.quiet || other.quiet,
        }
    }
}

impl Quota {
    /// Whether anything is counted.
    pub fn is_counted(&self) -> bool {
        *self != Self::default()
    }

    /// What keeps to both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            rate: both(self.rate, other.rate, Rate::and),
            calls: both(self.calls, other.calls, u64::min),
            bytes: both(self.bytes, other.bytes, u64::min),
            cpu_ns: both(self.cpu_ns, other.cpu_ns, u64::min),
        }
    }

    /// Whether whoever keeps to `self` keeps to `wider` as well.
    pub fn is_within(&self, wider: &Self) -> bool {
        wider.rate.is_none_or(|limit| self.rate.is_some_and(|rate| rate.is_within(limit)))
            && at_most(self.calls, wider.calls)
            && at_most(self.bytes, wider.bytes)
            && at_most(self.cpu_ns, wider.cpu_ns)
    }
}

impl Grant {
    /// The grant for these functions, without further terms.
    pub fn new(functions: impl IntoIterator<Item = FunctionId>) -> Self {
        Self { functions: functions.into_iter().collect(), ..Self::default() }
    }

    /// Whether the function may be called at all; its bounds may still refuse the arguments.
    pub fn allows(&self, function: FunctionId) -> bool {
        self.functions.contains(&function)
    }

    /// What must hold for the function's arguments.
    pub fn bounds_of(&self, function: FunctionId) -> impl Iterator<Item = &Bound> {
        self.bounds.iter().filter(move |(of, _)| *of == function).map(|(_, bound)| bound)
    }

    /// The grant that is left. There is no way back: functions that are not in `self` are not in the result either.
    #[must_use]
    pub fn narrow(&self, by: &Narrowing) -> Self {
        let keep = |function: &FunctionId| by.functions.as_ref().is_none_or(|set| set.contains(function));
        let functions: BTreeSet<_> = self.functions.iter().copied().filter(keep).collect();
        let mut bounds = self.bounds.clone();
        for bound in &by.bounds {
            if !bounds.contains(bound) {
                bounds.push(bound.clone());
            }
        }
        bounds.retain(|(function, _)| functions.contains(function));
        Self {
            functions,
            bounds,
            quota: self.quota.and(by.quota),
            expires_ns: both(self.expires_ns, by.expires_ns, u64::min),
            personal: self.personal || by.personal,
            quiet: self.quiet || by.quiet,
        }
    }

    /// Whether everything that this grant lets through, `wider` lets through as well.
    pub fn is_within(&self, wider: &Self) -> bool {
        let bounded = |function: &FunctionId| {
            wider.bounds_of(*function).all(|bound| self.bounds_of(*function).any(|own| own == bound))
        };
        self.functions.is_subset(&wider.functions)
            && self.functions.iter().all(bounded)
            && self.quota.is_within(&wider.quota)
            && at_most(self.expires_ns, wider.expires_ns)
            && (self.personal || !wider.personal)
            && (self.quiet || !wider.quiet)
    }
}

/// A bound on arguments (`where`).
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Bound {
    /// What must hold, over the function's parameters.
    pub expression: Expression,
    /// As it was written.
    pub text: String,
}

/// `"1000/s"`
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Rate {
    /// How many calls.
    pub calls: u64,
    /// In how many milliseconds.
    pub period_ms: u64,
}

impl Rate {
    /// Whether a caller that keeps to `self` keeps to `wider` as well: no more calls, in no less time.
    pub fn is_within(self, wider: Self) -> bool {
        self.calls <= wider.calls && self.period_ms >= wider.period_ms
    }

    /// A rate that keeps to both. `1000/s` and `5000/min` together are `1000/min`: stricter than each, never wider.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { calls: self.calls.min(other.calls), period_ms: self.period_ms.max(other.period_ms) }
    }
}

/// Whether a limit is no higher than another one; without a limit there is no end.
fn at_most(own: Option<u64>, wider: Option<u64>) -> bool {
    wider.is_none_or(|limit| own.is_some_and(|own| own <= limit))
}

fn both<T>(one: Option<T>, other: Option<T>, join: impl Fn(T, T) -> T) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(join(one, other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bound() -> impl Strategy<Value = (FunctionId, Bound)> {
        (0u32..6, 0i128..4).prop_map(|(function, limit)| {
            let expression = Expression::Integer(limit);
            (FunctionId(function), Bound { expression, text: limit.to_string() })
        })
    }

    fn rate() -> impl Strategy<Value = Rate> {
        (1u64..5, 1u64..5).prop_map(|(calls, period_ms)| Rate { calls, period_ms })
    }

    fn functions() -> impl Strategy<Value = BTreeSet<FunctionId>> {
        prop::collection::btree_set((0u32..6).prop_map(FunctionId), 0..6)
    }

    prop_compose! {
        fn quota()(
            rate in prop::option::of(rate()),
            calls in prop::option::of(0u64..9),
            bytes in prop::option::of(0u64..9),
            cpu_ns in prop::option::of(0u64..9),
        ) -> Quota {
            Quota { rate, calls, bytes, cpu_ns }
        }
    }

    prop_compose! {
        fn grant()(
            functions in functions(),
            bounds in prop::collection::vec(bound(), 0..4),
            quota in quota(),
            expires_ns in prop::option::of(0u64..9),
            (personal, quiet) in any::<(bool, bool)>(),
        ) -> Grant {
            Grant { functions, bounds, quota, expires_ns, personal, quiet }
        }
    }

    prop_compose! {
        fn narrowing()(
            functions in prop::option::of(functions()),
            bounds in prop::collection::vec(bound(), 0..4),
            quota in quota(),
            expires_ns in prop::option::of(0u64..9),
            (personal, quiet) in any::<(bool, bool)>(),
        ) -> Narrowing {
            Narrowing { functions, bounds, quota, expires_ns, personal, quiet }
        }
    }

    proptest! {
        #[test]
        fn narrowing_never_widens(grant in grant(), first in narrowing(), second in narrowing()) {
            let once = grant.narrow(&first);
            prop_assert!(once.is_within(&grant));
            prop_assert!(once.narrow(&second).is_within(&grant));
        }

        #[test]
        fn no_sequence_ever_widens(grant in grant(), steps in prop::collection::vec(narrowing(), 0..6)) {
            let mut left = grant.clone();
            for step in &steps {
                let next = left.narrow(step);
                prop_assert!(next.is_within(&left) && next.is_within(&grant));
                left = next;
            }
        }

        #[test]
        fn the_order_does_not_matter(grant in grant(), one in narrowing(), other in narrowing()) {
            let (first, second) = (grant.narrow(&one).narrow(&other), grant.narrow(&other).narrow(&one));
            prop_assert!(first.is_within(&second) && second.is_within(&first));
        }

        #[test]
        fn narrowing_twice_by_the_same_is_narrowing_once(grant in grant(), by in narrowing()) {
            let once = grant.narrow(&by);
            prop_assert_eq!(once.narrow(&by), once);
        }

        #[test]
        fn narrowing_by_both_at_once_is_narrowing_twice(
            grant in grant(), one in narrowing(), other in narrowing(),
        ) {
            let (at_once, twice) = (grant.narrow(&one.and(&other)), grant.narrow(&one).narrow(&other));
            prop_assert!(at_once.is_within(&twice) && twice.is_within(&at_once));
        }

        #[test]
        fn what_was_sent_means_the_same(grant in grant()) {
            let bytes = postcard::to_stdvec(&grant).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Grant>(&bytes).unwrap(), grant);
        }

        #[test]
        fn narrowing_gives_what_was_asked(grant in grant(), by in narrowing()) {
            let narrowed = grant.narrow(&by);
            for function in (0..6).map(FunctionId) {
                let asked = by.functions.as_ref().is_none_or(|set| set.contains(&function));
                prop_assert_eq!(narrowed.allows(function), grant.allows(function) && asked);
                for (of, bound) in &by.bounds {
                    if *of == function && narrowed.allows(function) {
                        prop_assert!(narrowed.bounds_of(function).any(|own| own == bound));
                    }
                }
            }
            prop_assert!(narrowed.quota.is_within(&by.quota));
            prop_assert!(by.expires_ns.is_none_or(|by| narrowed.expires_ns.is_some_and(|ends| ends <= by)));
            prop_assert!(narrowed.personal || !by.personal);
            prop_assert!(narrowed.quiet || !by.quiet);
        }

        #[test]
        fn narrowing_by_nothing_changes_nothing_that_can_be_seen(grant in grant()) {
            let same = grant.narrow(&Narrowing::default());
            prop_assert!(grant.is_within(&same) && same.is_within(&grant));
        }
    }

    #[test]
    fn an_empty_grant_allows_nothing() {
        assert!((0..100).all(|function| !Grant::default().allows(FunctionId(function))));
    }
}
