//! Which limit a call has met, and who has set it: a line of `cloison.toml`, a profile, a process, or whoever runs the application.
//!
//! A zone, and a process itself, refuse calls by what is left of a grant after every narrowing, and know nothing of the steps. So a process
//! that was refused something asks here, and says it in the error's text; `cloison why` says the same.

use crate::broker::{Broker, Pid};
use crate::capabilities::grants::GrantKey;
use cloison_contract::Interface;
use cloison_contract::message::{CapabilityRef, LIMIT_TEXT_BYTES, ToMicroprocess};

/// How one who has set a limit is called, and where that was.
pub(crate) struct Limited {
    /// `process 3`; nobody where that is a line of `cloison.toml`, or the service's own.
    pub(crate) by: Option<String>,
    /// The step: the grant's number.
    pub(crate) number: u64,
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
        let limited = self.limited(key, function, said);
        let (by, number) = limited.map_or((None, capability.number), |Limited { by, number }| (by, number));
        ToMicroprocess::Limited { by, number, location: self.location_of(key) }
    }

    /// The first step, from the root on, that leaves the function out or that has such a bound or quota.
    pub(crate) fn limited(&self, key: GrantKey, function: &str, said: Option<&str>) -> Option<Limited> {
        let interface = self.interface_of(key)?;
        let (id, _) = interface.function(function)?;
        let mut way: Vec<_> = self.grants.way(key).collect();
        way.reverse();
        way.into_iter().find_map(|step| {
            let number = step.reference.number;
            let key = self.grants.numbered(number)?;
            if !step.limits(id, said) {
                return None;
            }
            let before = self.grants.limits_before(key);
            let by = match step.minter {
                _ if before.is_some_and(|before| !before.concern(function, said)) => Some(OPERATOR.to_owned()),
                Some(minter) if self.grants.parent(key).is_some() => {
                    Some(self.narrower(step, self.grants.name(key), minter))
                }
                _ => None,
            };
            Some(Limited { by, number })
        })
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
