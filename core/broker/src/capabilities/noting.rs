//! What the audit trail is told about capabilities.

use crate::audit::{AuditEvent, AuditProcess};
use crate::broker::{Broker, Pid};
use crate::capabilities::grants::{GrantKey, denials};
use crate::capabilities::held::Doings;
use crate::processes::process::Process;
use cloison_contract::message::{CallRefusal, CapabilityRef};
use cloison_contract::process::ProcessNumber;
use std::time::Instant;

/// How much of a bound a line shows, in characters: what is said besides has room in it as well.
const BOUND_CHARACTERS: usize = 128;

/// How many calls that a process has refused itself count at once.
const MOST_REFUSED: u32 = 1000;

impl Broker {
    /// Who a process is, for the audit trail.
    pub(crate) fn auditee(&self, pid: Pid) -> Option<AuditProcess> {
        self.processes.get(pid).and_then(Process::running).map(AuditProcess::of)
    }

    /// Tell the audit trail that a process could not be started, whatever the reason: it may be a capability that was not the asker's to give.
    pub(crate) fn note_denied_spawn(&self, pid: Pid, message: &str) {
        self.note_denial(pid, |who| {
            AuditEvent::deny(who, "", message.lines().next().unwrap_or_default()).function("spawn")
        });
    }

    /// Tell the audit trail of a call, or that one was refused, as its zone says. What was refused for its arguments comes behind its call.
    pub(crate) fn note_call(
        &self,
        client: Pid,
        key: GrantKey,
        (zone, function): (usize, u32),
        refused: Option<&CallRefusal>,
        untold: u64,
    ) {
        let function = self.zones[zone].specification.called(function).unwrap_or("?");
        if let Some(why) = refused {
            let limit = |doings: &mut Doings| {
                doings.refused.add_unsaid(untold);
                doings.refused.admit(Instant::now())
            };
            return self.note_doing(client, limit, |who| {
                let event = AuditEvent::deny(who, self.grants.name(key), &self.why_refused(key, function, why));
                event.function(function).grant(self.number_of(key))
            });
        }
        self.note(|| {
            let who = self.auditee(client).unwrap_or_else(|| AuditProcess::new(0, None, ""));
            let event = AuditEvent::call(who, self.grants.name(key), function).grant(self.number_of(key));
            match untold {
                0 => event,
                untold => event.reason(&format!("{untold} calls before it are not in the trail")),
            }
        });
    }

    /// What a zone has refused a call for, in the broker's own words: which limit that is, the zone says, and who has set it, this table. A limit
    /// that is not there is not said.
    fn why_refused(&self, key: GrantKey, function: &str, why: &CallRefusal) -> String {
        let whose = |said: Option<&str>| self.limited(key, function, said).map(|limited| limited.whose());
        let why = match why {
            CallRefusal::NotGranted => return self.why_not_granted(key, function),
            CallRefusal::OutOfBounds { said } => {
                whose(Some(said)).map(|whose| match self.bound_met(key, function, said) {
                    Some(bound) => {
                        format!("its arguments are outside of `{bound}` ({whose}): the library was not called")
                    }
                    None => format!("no callables may be passed ({whose}): the library was not called"),
                })
            }
            CallRefusal::UsedUp(quota) => {
                let denied = denials(*quota).into_iter().flatten().next().map(|(_, denial)| denial.to_string());
                denied.and_then(|denied| Some(format!("{denied} ({})", whose(Some(&denied))?)))
            }
        };
        why.unwrap_or_else(|| {
            "what the grant allows or counts has no room for it: the library was not called".to_owned()
        })
    }

    fn why_not_granted(&self, key: GrantKey, function: &str) -> String {
        let whose = self.limited(key, function, None).map(|limited| format!(" ({})", limited.whose()));
        format!("it is not granted{}", whose.unwrap_or_default())
    }

    /// The bound that a zone says a call has met, as much as there is room for in a line.
    fn bound_met(&self, key: GrantKey, function: &str, said: &str) -> Option<String> {
        let (id, _) = self.interface_of(key)?.function(function)?;
        let text = self.grants.way(key).find_map(|step| step.bound_met(id, said))?;
        Some(match text.char_indices().nth(BOUND_CHARACTERS) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.to_owned(),
        })
    }

    /// A process has called what its grant has not got, and has refused it itself. Only what is so counts: the grant is its own, and has not got
    /// the function.
    pub(crate) fn has_refused(&mut self, pid: Pid, capability: CapabilityRef, function: &str, times: u32) {
        // More than that it says in several words, which others hear in between.
        let times = times.min(MOST_REFUSED);
        let Some(key) = self.grants.find(capability).filter(|_| times > 0) else { return };
        if !self.processes.get(pid).is_some_and(|process| process.held.holds(key)) {
            return;
        }
        // By its name: what its number is in the client's interface, it may not be any more in the one that the zone has now.
        let interface = self.interface_of(key);
        let Some((id, declared)) = interface.as_ref().and_then(|one| one.function(function)) else { return };
        if self.grants.allows(key, id) {
            return;
        }
        self.grants.count_refused(key, times);
        self.note_denial(pid, |who| {
            let reason = self.why_not_granted(key, &declared.name);
            let reason = match times {
                1 => reason,
                times => format!("{reason}: {times} calls"),
            };
            let event = AuditEvent::deny(who, self.grants.name(key), &reason);
            event.function(&declared.name).grant(capability.number)
        });
    }

    /// Tell the audit trail that a process was denied something, within a rate of its own: who is refused something as often as it can would
    /// push everything else out of the trail.
    pub(crate) fn note_denial(&self, pid: Pid, event: impl FnOnce(AuditProcess) -> AuditEvent) {
        self.note_doing(pid, |doings| doings.denied.admit(Instant::now()), event);
    }

    /// Tell the audit trail how often a grant was used since that was last told.
    pub(crate) fn note_use(&mut self, key: GrantKey) {
        let Some(entry) = self.grants.get(key).filter(|_| self.audit.is_some()) else { return };
        let (number, used) = (entry.reference.number, entry.used());
        if let Some((calls, refused)) = self.uses.since(number, used.calls, used.refused) {
            self.note(|| AuditEvent::used(self.grants.name(key), number, calls, refused));
        }
    }

    /// The same of every grant.
    pub(crate) fn note_uses(&mut self) {
        if self.audit.is_some() {
            let keys: Vec<_> = self.grants.iter().map(|(key, _)| key).collect();
            keys.into_iter().for_each(|key| self.note_use(key));
        }
    }

    /// Tell the audit trail what a process does with what it holds, within a rate of its own: one that narrows and lets go as often as it can
    /// would push everything else out of the trail. `limit` says how many were not told before, if this one may be.
    pub(super) fn note_doing(
        &self,
        pid: Pid,
        limit: impl FnOnce(&mut Doings) -> Option<u64>,
        event: impl FnOnce(AuditProcess) -> AuditEvent,
    ) {
        let Some(process) = self.processes.get(pid).filter(|_| self.audit.is_some()) else { return };
        if let Some(unsaid) = limit(&mut process.held.doings.borrow_mut()) {
            let who = process.running().map_or_else(|| AuditProcess::new(0, None, ""), AuditProcess::of);
            self.note(|| event(who).after(unsaid));
        }
    }

    /// Tell the audit trail that another process holds a grant.
    pub(crate) fn note_given(&self, giver: Pid, key: GrantKey, to: ProcessNumber) {
        let limit = |doings: &mut Doings| doings.given.admit(Instant::now());
        self.note_doing(giver, limit, |who| AuditEvent::delegate(who, self.grants.name(key), self.number_of(key), to));
    }

    pub(super) fn note_end(&mut self, key: GrantKey, by: &str) {
        self.note_use(key);
        self.note(|| {
            let derived = self.grants.derived(key);
            AuditEvent::revoke(self.grants.name(key), self.number_of(key), derived, by)
        });
    }
}
