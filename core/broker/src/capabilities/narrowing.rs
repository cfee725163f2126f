//! What comes of a capability that is narrowed, and who has narrowed it.

use crate::audit::AuditEvent;
use crate::broker::{Broker, Pid};
use crate::capabilities::finding::Refused;
use crate::capabilities::grants::{GrantEntry, GrantKey, GrantTable, Narrower};
use crate::capabilities::limiting::OPERATOR;
use crate::capabilities::lines::GrantTerm;
use crate::processes::process::Process;
use cloison_contract::Grant;
use cloison_contract::grant::Narrowing;
use cloison_contract::message::{CapabilityName, CapabilityRef, End, NarrowRequest, ToMicroprocess};
use cloison_contract::process::ProcessNumber;
use cloison_manifest::{application, explain};
use std::time::{Duration, Instant};

impl Broker {
    /// What narrowing a grant by that means, or why it makes no sense.
    pub(crate) fn narrowing(&self, key: GrantKey, by: &NarrowRequest) -> Result<Narrowing, String> {
        let interface = self.interface_of(key).ok_or("there is nothing to narrow")?;
        let grant = self.grants.effective(key);
        let narrowing = application::narrowing(by, &interface, &grant)?;
        if self.grants.service(key).is_some() {
            may_be_judged(&grant.narrow(&narrowing))?;
        }
        Ok(narrowing)
    }

    /// Make another capability of it, that allows less. `at` is the line of the program that does so, as the program says.
    pub(crate) fn narrow(
        &mut self,
        pid: Pid,
        capability: CapabilityRef,
        by: &NarrowRequest,
        at: &str,
    ) -> ToMicroprocess {
        match self.narrowed(pid, capability, by, at) {
            Ok(key) => match self.grants.get(key) {
                Some(entry) => {
                    let edition = self.zone_of(key).map_or(0, |zone| self.zones[zone].edition);
                    let (capability, grant) = (entry.reference, self.grants.effective(key));
                    ToMicroprocess::Narrowed { capability, grant, edition }
                }
                None => ToMicroprocess::Because(End::Revoked),
            },
            Err(refused) => self.refused(pid, &CapabilityName::Referred(capability), refused),
        }
    }

    fn narrowed(
        &mut self,
        pid: Pid,
        capability: CapabilityRef,
        by: &NarrowRequest,
        at: &str,
    ) -> Result<GrantKey, Refused> {
        let from = self.held_by(pid, &CapabilityName::Referred(capability))?;
        let Some(number) = self.processes.get(pid).and_then(Process::running).map(|running| running.reference.number)
        else {
            return Err(Refused::Denied("a process that runs nothing narrows nothing".into()));
        };
        let narrowing = self.narrowing(from, by).map_err(Refused::Invalid)?;
        self.record_functions(
            from,
            by.functions.iter().flatten().chain(by.bounds.iter().map(|(function, _)| function)),
        );
        let expires = by.expires_ms.map(Duration::from_millis);
        let key = self.enter_narrowed(from, narrowing, (expires, by.is_lease), number).map_err(Refused::Denied)?;
        self.grants.is_said_at(key, at);
        self.hold(pid, key);
        Ok(key)
    }

    /// Enter what `minter` has made of a grant: when it expires, and whether it is a lease. It has no holder yet.
    pub(super) fn enter_narrowed(
        &mut self,
        from: GrantKey,
        by: Narrowing,
        (expires, is_lease): (Option<Duration>, bool),
        minter: ProcessNumber,
    ) -> Result<GrantKey, String> {
        let mut token = [0; 16];
        self.random(&mut token).map_err(|error| format!("there is no random token: {error}"))?;
        let narrowed = self.grants.narrow(from, by, expires, is_lease, minter, token);
        let key = narrowed.map_err(|error| error.to_string())?;
        if let Some(pid) = self.numbers.get(&minter) {
            self.note_doing(
                *pid,
                |doings| doings.own.admit(Instant::now()),
                |who| {
                    let by = self.grants.narrowing(key).cloned().unwrap_or_default();
                    let terms = self.terms_of(key, &by, expires);
                    let event = AuditEvent::narrow(self.grants.name(key), self.number_of(key), &terms);
                    event.process(who).parent(self.number_of(from))
                },
            );
        }
        Ok(key)
    }

    /// Who has narrowed a grant of that name by that term, for people, and the line where that is said, if it is known. `function` is the one
    /// that it is about.
    pub(crate) fn narrower(
        &self,
        entry: &GrantEntry,
        name: &str,
        minter: ProcessNumber,
        (term, function): (GrantTerm, &str),
    ) -> (String, Option<String>) {
        let profile = match entry.narrower() {
            None => return (format!("process {minter}"), None),
            Some(Narrower::Line(line)) => return (format!("process {minter} ({line})"), Some(line.to_string())),
            Some(Narrower::Profile(profile)) => profile,
        };
        let loaded = self.application.profiles.get(&**profile);
        let kept = loaded.and_then(|loaded| loaded.capabilities.get(name));
        let location = kept.map(|kept| kept.lines.of(term, function));
        (format!("the profile {profile:?} ({})", location.as_deref().unwrap_or_default()), location)
    }

    /// What narrowing a grant by that leaves, in words.
    fn terms_of(&self, key: GrantKey, by: &Narrowing, expires: Option<Duration>) -> String {
        let interface = self.interface_of(key);
        let terms = interface.map(|interface| explain::narrowing(&interface, by)).unwrap_or_default();
        let expires = expires.map(|after| format!("for {}", explain::time(after)));
        terms.into_iter().chain(expires).collect::<Vec<_>>().join("; ")
    }

    /// Narrow a grant as it is, at the word of whoever runs the application. Channels of it end: the next call of each holder goes by the
    /// new terms.
    pub(crate) fn narrow_grant(&mut self, key: GrantKey, by: &Narrowing, expires_ms: Option<u64>) {
        let expires = expires_ms.map(Duration::from_millis);
        if let Some(interface) = self.interface_of(key) {
            self.remember_limits(key, &interface);
        }
        self.grants.narrow_itself(key, by, expires);
        self.note(|| {
            let event =
                AuditEvent::narrow(self.grants.name(key), self.number_of(key), &self.terms_of(key, by, expires));
            event.reason(OPERATOR)
        });
        let below = |held: GrantKey, grants: &GrantTable| {
            std::iter::successors(Some(held), |one| grants.parent(*one)).any(|one| one == key)
        };
        self.cut_channels(|held, grants| below(held, grants).then_some(End::Narrowed));
    }
}

/// The most bounds of one function of a service: its process is told all of them at each call.
const SERVICE_BOUNDS: usize = 64;

/// Whether a service's process can judge the bounds of a grant.
fn may_be_judged(grant: &Grant) -> Result<(), String> {
    match grant.functions.iter().any(|function| grant.bounds_of(*function).count() > SERVICE_BOUNDS) {
        true => {
            Err(format!("a function of a service has {SERVICE_BOUNDS} bounds at most, those counted that held before"))
        }
        false => Ok(()),
    }
}
