//! How a capability ends, for all or for one holder, and the channels that are cut with it.

use crate::audit::AuditEvent;
use crate::broker::{Broker, Pid};
use crate::capabilities::finding::{Refused, told};
use crate::capabilities::grants::{GrantEnd, GrantKey, GrantTable};
use crate::capabilities::held::HeldCapabilities;
use crate::processes::process::{HeldChannel, Process};
use cloison_contract::message::{CapabilityName, CapabilityRef, ChannelId, End, ToMicroprocess};
use cloison_contract::process::ProcessNumber;
use cloison_transport::terms::TermsState;
use std::time::Instant;

/// How many ends of channels are kept for a client until it asks.
const REMEMBERED_ENDS: usize = 64;

impl Broker {
    /// Take it back, from everybody.
    pub(crate) fn revoke(&mut self, pid: Pid, capability: CapabilityRef) -> ToMicroprocess {
        let key = match self.held_by(pid, &CapabilityName::Referred(capability)) {
            Ok(key) => key,
            // It is what was wanted.
            Err(Refused::Ended(_)) => return ToMicroprocess::Done,
            Err(refused) => return self.refused(pid, &CapabilityName::Referred(capability), refused),
        };
        let number = self.processes.get(pid).and_then(Process::running).map(|running| running.reference.number);
        if !number.is_some_and(|number| self.grants.may_revoke(key, number)) {
            let name = self.grants.name(key);
            let minter = self.grants.get(key).and_then(|entry| entry.minter);
            let who = minter.map_or("`cloison revoke`, by whoever runs the application".into(), |minter| {
                format!("process {minter}")
            });
            let message = format!(
                "the capability {name:?} is not this process's to revoke: {who} can\nhint: what `narrow` makes, its maker can revoke"
            );
            return self.refused(pid, &CapabilityName::Referred(capability), Refused::Denied(message));
        }
        let by = number.map_or_else(String::new, |number| format!("process {number}"));
        self.end_grant(key, &by);
        ToMicroprocess::Done
    }

    /// Why a grant is not alive, if it is not.
    pub(crate) fn end_of_grant(&self, key: GrantKey) -> Option<End> {
        self.grants.end_of(key).map(told)
    }

    /// Take a grant back, whoever holds it; `by` says at whose word. Whether it was alive.
    pub(crate) fn end_grant(&mut self, key: GrantKey, by: &str) -> bool {
        let was_alive = self.grants.end_of(key).is_none();
        if self.grants.end(key, GrantEnd::Revoked) && was_alive {
            match self.grants.service(key) {
                Some(_) => self.tell_ended(),
                None => self.cut_dead_channels(),
            }
            self.note_end(key, by);
        }
        was_alive
    }

    /// A process has ended, and with it what it served.
    pub(super) fn end_services(&mut self, server: ProcessNumber) {
        let services = self.grants.services_of(server);
        for service in &services {
            if self.grants.end(*service, GrantEnd::ServerGone) {
                self.note_end(*service, "its server has ended");
            }
        }
        if !services.is_empty() {
            self.tell_ended();
        }
    }

    /// End those whose time is over.
    pub(crate) fn expire_grants(&mut self, now: Instant) {
        let mut any = false;
        while let Some(key) = self.grants.expire(now) {
            any = true;
            self.note_use(key);
            self.note(|| AuditEvent::expire(self.grants.name(key), self.number_of(key)));
        }
        if any {
            self.cut_dead_channels();
            self.tell_ended();
        }
    }

    pub(super) fn cut_dead_channels(&mut self) {
        self.cut_channels(|held, grants| grants.end_of(held).map(told));
    }

    /// End every channel whose grant `ends`. Calls in flight end for their clients now; for their zones see `Instance::check`.
    pub(super) fn cut_channels(&mut self, ends: impl Fn(GrantKey, &GrantTable) -> Option<End>) {
        let now = Instant::now();
        let grants = &self.grants;
        for process in self.processes.values_mut() {
            let ending =
                process.channels.iter().filter_map(|(channel, held)| Some((*channel, ends(held.grant, grants)?)));
            for (channel, end) in ending.collect::<Vec<_>>() {
                let Some(held) = process.channels.remove(&channel) else { continue };
                process.remember_end(channel, end);
                if let Some(instance) = self.instances.get_mut(held.instance) {
                    instance.let_go(channel, TermsState::Revoked, now);
                }
            }
        }
        self.check_zones(now);
        self.end_superfluous();
    }

    /// A process does not hold a capability any more that it was given so many times.
    pub(crate) fn release(&mut self, pid: Pid, capability: CapabilityRef, times: u32) {
        let Some(key) = self.grants.find(capability) else { return };
        let Some(process) = self.processes.get_mut(pid) else { return };
        let Some(holding) = process.held.held.get_mut(&key) else { return };
        holding.times = holding.times.saturating_sub(times);
        // What it has by a name no message takes from it.
        if holding.times > 0 || holding.named {
            return;
        }
        process.held.remove(key);
        let number = process.running().map(|running| running.reference.number);
        self.give_up(pid, |held: &HeldChannel| held.grant == key);
        self.note_use(key);
        self.note_doing(
            pid,
            |doings| doings.own.admit(Instant::now()),
            |who| AuditEvent::release(who, self.grants.name(key), capability.number),
        );
        self.let_go(key, number);
        self.end_superfluous();
    }

    /// A process has ended: what it has lent falls back. However much that is, channels are gone through once.
    pub(crate) fn end_leases(&mut self, lender: ProcessNumber) {
        let (mut ended, mut services) = (Vec::new(), false);
        for lease in self.grants.leases_of(lender) {
            let was_alive = self.grants.end_of(lease).is_none();
            if self.grants.end(lease, GrantEnd::Revoked) && was_alive {
                services |= self.grants.service(lease).is_some();
                ended.push(lease);
            }
        }
        if ended.is_empty() {
            return;
        }
        self.cut_dead_channels();
        if services {
            self.tell_ended();
        }
        ended.into_iter().for_each(|lease| self.note_end(lease, "its lender has ended"));
    }

    /// A process has ended: it holds nothing any more, and serves nothing. The router has been told of the end before: what the process had
    /// answered arrives before those who wait hear that the service has ended.
    pub(crate) fn drop_holdings(&mut self, number: Option<ProcessNumber>, held: HeldCapabilities) {
        number.into_iter().for_each(|number| self.end_services(number));
        for key in held.held.into_keys() {
            self.note_use(key);
            self.let_go(key, number);
        }
    }

    /// A grant has a holder less. What nobody has any more the audit trail's counts forget.
    pub(super) fn let_go(&mut self, key: GrantKey, holder: Option<ProcessNumber>) {
        let number = self.number_of(key);
        self.grants.let_go(key, holder);
        if self.grants.get(key).is_none() {
            self.uses.forget(number);
        }
    }
}

impl Process {
    /// Keep why a channel has ended until the process asks.
    pub(crate) fn remember_end(&mut self, channel: ChannelId, end: End) {
        self.ends.insert(channel, end);
        while self.ends.len() > REMEMBERED_ENDS {
            self.ends.pop_first(); // a client that never asks must not make this grow
        }
    }
}
