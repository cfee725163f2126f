//! Which limit a call has met, and who has set it: a line of `cloison.toml`, one of a profile there, a process, or whoever runs the
//! application.
//!
//! A zone, and a process itself, refuse calls by what is left of a grant after every narrowing, and know nothing of the steps. So a process
//! that was refused something asks here, and says it in the error's text; `cloison why` says the same.

use crate::broker::{Broker, Pid};
use crate::capabilities::grants::{GrantEntry, GrantKey};
use crate::capabilities::lines::GrantTerm;
use cloison_contract::message::{CapabilityRef, LIMIT_TEXT_BYTES, ToMicroprocess};
use cloison_contract::{FunctionId, Interface};

/// How one who has set a limit is called, and where that was.
pub(crate) struct Limited {
    /// `process 3`; nobody where that is a line of `cloison.toml`, or the service's own.
    pub(crate) by: Option<String>,
    /// The step: the grant's number.
    pub(crate) number: u64,
    /// The line that says so; who serves it, if that is a microprocess.
    pub(crate) location: String,
}

impl Limited {
    /// The step, and who has set the limit there, in brackets behind it.
    pub(crate) fn whose(&self) -> String {
        match &self.by {
            None => format!("#{}, {}", self.number, self.location),
            Some(by) => format!("#{}, as {by} has narrowed it", self.number),
        }
    }
}

impl Broker {
    /// What a process is told that was refused a call of that function; `said` is what its zone has said of the bound or the quota, and
    /// absent where the function is not granted.
    pub(crate) fn tell_limit(
        &self,
        pid: Pid,
        capability: CapabilityRef,
        function: &str,
        said: Option<&str>,
    ) -> ToMicroprocess {
        if said.is_some_and(|said| said.len() > LIMIT_TEXT_BYTES) {
            return ToMicroprocess::Invalid { message: "what its zone has said is longer than that may be".into() };
        }
        let held = |key: &GrantKey| self.processes.get(pid).is_some_and(|process| process.held.holds(*key));
        let Some(key) = self.grants.find(capability).filter(held) else {
            return ToMicroprocess::Invalid { message: "this process does not hold it".into() };
        };
        match self.limited(key, function, said) {
            Some(Limited { by, number, location }) => ToMicroprocess::Limited { by, number, location },
            None => ToMicroprocess::Limited { by: None, number: capability.number, location: self.location_of(key) },
        }
    }

    /// The first step, from the root on, that leaves the function out or that has such a bound or quota.
    pub(crate) fn limited(&self, key: GrantKey, function: &str, said: Option<&str>) -> Option<Limited> {
        let interface = self.interface_of(key)?;
        let (id, _) = interface.function(function)?;
        let mut way: Vec<_> = self.grants.way(key).collect();
        way.reverse();
        way.into_iter().find_map(|step| self.limited_by(step, (id, function), said))
    }

    /// The same of one step.
    pub(crate) fn limited_by(
        &self,
        step: &GrantEntry,
        (id, function): (FunctionId, &str),
        said: Option<&str>,
    ) -> Option<Limited> {
        let number = step.reference.number;
        let key = self.grants.numbered(number)?;
        let term = step.met(id, said)?;
        let before = self.grants.limits_before(key);
        if before.is_some_and(|before| before.met(function, said).is_none()) {
            return Some(Limited { by: Some(OPERATOR.to_owned()), number, location: self.location_of(key) });
        }
        Some(self.set_by(step, key, term, function))
    }

    /// Who has set a term of a step, and where, if it was not whoever runs the application.
    pub(crate) fn set_by(&self, step: &GrantEntry, key: GrantKey, term: GrantTerm, function: &str) -> Limited {
        let number = step.reference.number;
        let narrower = step.minter.filter(|_| self.grants.parent(key).is_some());
        let Some(minter) = narrower else {
            let of_manifest = self.of_manifest(key).map(|one| one.lines.of(term, function));
            return Limited { by: None, number, location: of_manifest.unwrap_or_else(|| self.location_of(key)) };
        };
        let (by, location) = self.narrower(step, self.grants.name(key), minter, (term, function));
        Limited { by: Some(by), number, location: location.unwrap_or_else(|| self.location_of(key)) }
    }

    /// Remember what a grant has itself before whoever runs the application narrows it.
    pub(super) fn remember_limits(&mut self, key: GrantKey, interface: &Interface) {
        if let Some(limits) = self.grants.own_limits(key, interface) {
            self.grants.remember_limits(key, limits);
        }
    }
}

/// Who narrows a grant by `cloison narrow`.
pub(crate) const OPERATOR: &str = "whoever runs the application";
