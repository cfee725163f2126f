//! What a grant allows: what every step on the way from its root leaves.

use super::ending::monotonic_ns;
use super::{GrantEntry, GrantKey, GrantTable, Narrower, Origin, OwnLimits};
use crate::capabilities::lines::GrantTerm;
use cloison_contract::grant::{Bound, NO_CALLABLES, Narrowing, Quota, Rate};
use cloison_contract::message::LIMIT_TEXT_BYTES;
use cloison_contract::{FunctionId, Grant, Interface};
use cloison_transport::counting::Denial;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

impl GrantTable {
    /// Whether that function may be called by it, as far as that is a question of functions.
    pub(crate) fn allows(&self, key: GrantKey, function: FunctionId) -> bool {
        self.entries.contains_key(key)
            && self.way(key).all(|entry| match &entry.origin {
                Origin::Root { grant, .. } | Origin::Service { grant, .. } => grant.allows(function),
                Origin::Narrowed { by, .. } => by.functions.as_ref().is_none_or(|set| set.contains(&function)),
            })
    }

    /// What must hold for the arguments of that function: the bounds of every step of the way, those of the root first.
    pub(crate) fn bounds_of(&self, key: GrantKey, function: FunctionId) -> Vec<Bound> {
        let mut steps: Vec<_> = self.way(key).map(|entry| &entry.origin).collect();
        steps.reverse();
        let mut bounds: Vec<Bound> = Vec::new();
        for step in steps {
            let own = match step {
                Origin::Root { grant, .. } | Origin::Service { grant, .. } => &grant.bounds,
                Origin::Narrowed { by, .. } => &by.bounds,
            };
            for (_, bound) in own.iter().filter(|(of, _)| *of == function) {
                if !bounds.contains(bound) {
                    bounds.push(bound.clone());
                }
            }
        }
        bounds
    }

    /// What is left after every narrowing on the way.
    pub(crate) fn effective(&self, key: GrantKey) -> Grant {
        let mut steps: Vec<_> = self.way(key).map(|entry| &entry.origin).collect();
        steps.reverse();
        let mut grant = Grant::default();
        for step in steps {
            match step {
                Origin::Root { grant: root, .. } | Origin::Service { grant: root, .. } => grant = (**root).clone(),
                Origin::Narrowed { by, .. } => grant = grant.narrow(by),
            }
        }
        grant
    }

    /// What it was narrowed by; nothing if `cloison.toml` grants it, or its own process.
    pub(crate) fn narrowing(&self, key: GrantKey) -> Option<&Narrowing> {
        match &self.entries.get(key)?.origin {
            Origin::Root { .. } | Origin::Service { .. } => None,
            Origin::Narrowed { by, .. } => Some(by),
        }
    }

    /// What this one adds to what it comes from, as a grant of no function.
    pub(crate) fn own_terms(&self, key: GrantKey) -> Grant {
        match self.entries.get(key).map(|entry| &entry.origin) {
            None => Grant::default(),
            Some(Origin::Root { grant, .. } | Origin::Service { grant, .. }) => (**grant).clone(),
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

    /// What this one has itself, by the names of that interface.
    pub(crate) fn own_limits(&self, key: GrantKey, interface: &Interface) -> Option<OwnLimits> {
        let own = self.own_terms(key);
        let functions = match &self.entries.get(key)?.origin {
            Origin::Root { grant, .. } | Origin::Service { grant, .. } => Some(&grant.functions),
            Origin::Narrowed { by, .. } => by.functions.as_ref(),
        };
        let name = |id: &FunctionId| interface.functions.get(id.0 as usize).map(|function| function.name.clone());
        Some(OwnLimits {
            functions: functions.map(|functions| functions.iter().filter_map(name).collect()),
            bounds: own.bounds.iter().filter_map(|(id, bound)| Some((name(id)?, bound.text.clone()))).collect(),
            quota: own.quota,
            quiet: own.quiet,
        })
    }

    /// Keep what one has had itself until it goes; what was kept first stays.
    pub(crate) fn remember_limits(&mut self, key: GrantKey, limits: OwnLimits) {
        self.before.entry(key).or_insert(limits);
    }

    /// What was kept.
    pub(crate) fn limits_before(&self, key: GrantKey) -> Option<&OwnLimits> {
        self.before.get(&key)
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
            Origin::Root { grant, .. } | Origin::Service { grant, .. } => **grant = grant.narrow(&by),
            Origin::Narrowed { by: own, .. } => **own = own.and(&by),
        }
    }
}

impl OwnLimits {
    /// What of them a call of that function has met; `said` is what was said of its bound or quota, absent where it is not granted.
    pub(crate) fn met(&self, function: &str, said: Option<&str>) -> Option<GrantTerm> {
        let Some(said) = said else {
            let lacks = self.functions.as_ref().is_some_and(|functions| !functions.contains(function));
            return lacks.then_some(GrantTerm::Functions);
        };
        let bound = self.bounds.iter().any(|(of, text)| of == function && is_about(said, text));
        bound.then_some(GrantTerm::Bound).or_else(|| refusing((self.quota, self.quiet), said))
    }
}

/// Whether that is what a zone says of this bound: its text in backquotes comes first. Another one may begin with the same words. Of a long
/// one no more than its beginning is passed on.
fn is_about(said: &str, bound: &str) -> bool {
    let Some(quoted) = said.strip_prefix('`') else { return false };
    let is_cut = said.len() + char::MAX_LEN_UTF8 > LIMIT_TEXT_BYTES;
    match quoted.strip_prefix(bound) {
        Some(rest) => rest.starts_with('`') || is_cut && rest.is_empty(),
        None => is_cut && bound.starts_with(quoted),
    }
}

/// What zones say of a bound that does not hold begins so.
pub(crate) fn of_bound(text: &str) -> String {
    format!("`{text}`")
}

/// The quota of these that refuses a call, or that no callables may be passed, if that is what is said of it.
fn refusing((quota, quiet): (Quota, bool), said: &str) -> Option<GrantTerm> {
    if said == NO_CALLABLES {
        return quiet.then_some(GrantTerm::Callables);
    }
    let denials = denials(quota);
    let mut met = denials.into_iter().flatten().filter(|(_, denial)| said.ends_with(&denial.to_string()));
    met.next().map(|(term, _)| term)
}

/// What is said of a call that is refused by what is counted.
pub(crate) fn denials(quota: Quota) -> [Option<(GrantTerm, Denial)>; 4] {
    let Quota { rate, calls, bytes, cpu_ns } = quota;
    [
        calls.map(|most| (GrantTerm::Calls, Denial::Calls(most))),
        bytes.map(|most| (GrantTerm::Bytes, Denial::Bytes(most))),
        cpu_ns.map(|most| (GrantTerm::Cpu, Denial::Cpu(most))),
        rate.map(|Rate { calls, period_ms }| (GrantTerm::Rate, Denial::Rate { calls, period_ms })),
    ]
}

impl GrantEntry {
    /// What says that it is narrower, if its minter has narrowed it and that is known.
    pub(crate) fn narrower(&self) -> Option<&Narrower> {
        self.narrower.as_ref()
    }

    /// What of this step a call of that function has met: see [`OwnLimits::met`].
    pub(crate) fn met(&self, function: FunctionId, said: Option<&str>) -> Option<GrantTerm> {
        let (functions, bounds) = match &self.origin {
            Origin::Root { grant, .. } | Origin::Service { grant, .. } => (Some(&grant.functions), &grant.bounds),
            Origin::Narrowed { by, .. } => (by.functions.as_ref(), &by.bounds),
        };
        let Some(said) = said else {
            return functions.is_some_and(|functions| !functions.contains(&function)).then_some(GrantTerm::Functions);
        };
        let bound = bounds.iter().any(|(of, bound)| *of == function && is_about(said, &bound.text));
        let quiet = match &self.origin {
            Origin::Root { grant, .. } | Origin::Service { grant, .. } => grant.quiet,
            Origin::Narrowed { by, .. } => by.quiet,
        };
        bound.then_some(GrantTerm::Bound).or_else(|| refusing((self.quota(), quiet), said))
    }

    /// The bound of that function that a zone says a call has met.
    pub(crate) fn bound_met(&self, function: FunctionId, said: &str) -> Option<&str> {
        self.bounds_of(function).map(|bound| bound.text.as_str()).find(|text| is_about(said, text))
    }

    /// The bounds that this step sets for that function.
    pub(crate) fn bounds_of(&self, function: FunctionId) -> impl Iterator<Item = &Bound> {
        let bounds = match &self.origin {
            Origin::Root { grant, .. } | Origin::Service { grant, .. } => &grant.bounds,
            Origin::Narrowed { by, .. } => &by.bounds,
        };
        bounds.iter().filter(move |(of, _)| *of == function).map(|(_, bound)| bound)
    }

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
}

#[cfg(test)]
mod tests {
    use super::{LIMIT_TEXT_BYTES, is_about};

    #[test]
    fn a_bound_is_not_one_that_begins_like_it() {
        assert!(is_about("`len <= 1` does not hold", "len <= 1"));
        assert!(!is_about("`len <= 10` does not hold", "len <= 1"));
        assert!(!is_about("`name == 2 && len <= 1` does not hold", "len <= 1"));
        assert!(!is_about("", "len <= 1"));
    }

    #[test]
    fn a_long_bound_is_known_by_its_beginning() {
        let long = format!("name == \"{}\"", "é".repeat(LIMIT_TEXT_BYTES));
        let said = format!("`{long}` does not hold");
        let cut = &said[..said.floor_char_boundary(LIMIT_TEXT_BYTES)];
        assert!(is_about(&said, &long) && is_about(cut, &long));
        assert!(!is_about(cut, "name == 1"));
        assert!(!is_about("`name ==", &long), "it is said as a whole, and is another one");
    }
}
