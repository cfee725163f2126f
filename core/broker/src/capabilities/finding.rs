//! The grant that a process means, and what it is told when it may not have what it asks for.

use crate::application::ApplicationCapability;
use crate::audit::AuditEvent;
use crate::broker::{Broker, Pid};
use crate::capabilities::grants::{GrantEnd, GrantKey};
use crate::processes::process::Process;
use cloison_contract::Interface;
use cloison_contract::message::{CapabilityName, CapabilityRef, End, ToMicroprocess};
use cloison_contract::process::ProcessNumber;
use std::sync::Arc;

/// What keeps somebody from having what was asked for.
pub(super) enum Refused {
    /// It may not, and why.
    Denied(String),
    /// What was asked for makes no sense.
    Invalid(String),
    /// It was taken back.
    Ended(End),
}

impl From<Refused> for ToMicroprocess {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Denied(message) => Self::Denied { message },
            Refused::Invalid(message) => Self::Invalid { message },
            Refused::Ended(end) => Self::Because(end),
        }
    }
}

impl Broker {
    /// The grant that a process means, if it holds it and it is alive.
    pub(super) fn held_by(&self, pid: Pid, name: &CapabilityName) -> Result<GrantKey, Refused> {
        let Some(process) = self.processes.get(pid) else {
            return Err(Refused::Denied("there is no such process".into()));
        };
        let key = match name {
            CapabilityName::Named(name) => match process.held.names.get(name) {
                Some(key) => *key,
                None => return Err(Refused::Denied(self.not_held(process, name))),
            },
            CapabilityName::Referred(reference) => {
                let found = self.grants.find(*reference).filter(|key| process.held.held.contains_key(key));
                found.ok_or_else(|| {
                    let number = process.running().map_or(0, |running| running.reference.number);
                    Refused::Denied(not_held(number))
                })?
            }
        };
        match self.grants.end_of(key) {
            Some(end) => Err(Refused::Ended(told(end))),
            None => Ok(key),
        }
    }

    /// Why a microprocess holds nothing of that name.
    pub(super) fn not_held(&self, process: &Process, name: &str) -> String {
        let running = process.running().filter(|_| self.application.capabilities.contains_key(name));
        let Some(running) = running else {
            self.record_missing(name);
            return self.denial(name);
        };
        let function = running.function.rsplit(':').next().unwrap_or_default();
        format!(
            "process {} was not given the capability {name:?}\nhint: spawn({function}, …, capabilities=[{name:?}])",
            running.reference.number
        )
    }

    pub(crate) fn number_of(&self, key: GrantKey) -> u64 {
        self.grants.get(key).map_or(0, |entry| entry.reference.number)
    }

    /// What a process is told that was refused something; the audit trail hears of it.
    pub(super) fn refused(&self, pid: Pid, name: &CapabilityName, refused: Refused) -> ToMicroprocess {
        self.note_denial(pid, |who| {
            let (named, number) = match name {
                CapabilityName::Named(name) => (name.as_str(), None),
                CapabilityName::Referred(reference) => {
                    let known = self.grants.find(*reference);
                    (known.map_or("", |key| self.grants.name(key)), Some(reference.number))
                }
            };
            let reason = match &refused {
                Refused::Denied(message) | Refused::Invalid(message) => message.lines().next().unwrap_or_default(),
                Refused::Ended(end) => ended(end),
            };
            let event = AuditEvent::deny(who, named, reason);
            number.into_iter().fold(event, AuditEvent::grant)
        });
        refused.into()
    }

    /// What a capability is.
    pub(crate) fn describe(&mut self, pid: Pid, name: &CapabilityName) -> ToMicroprocess {
        let key = match self.held_by(pid, name) {
            Ok(key) => key,
            Err(refused) => return self.refused(pid, name, refused),
        };
        self.record_need(key);
        if self.grants.service(key).is_some()
            && let Some(process) = self.processes.get_mut(pid)
        {
            process.held.may_call(key);
        }
        if let (Some(service), Some(entry)) = (self.grants.service(key), self.grants.get(key)) {
            return ToMicroprocess::DescribedService {
                capability: entry.reference,
                name: service.name.clone(),
                functions: service.functions.clone(),
                grant: self.grants.effective(key),
                server: service.server,
            };
        }
        let name = self.grants.name(key);
        let (Some(capability), Some(entry)) = (self.of_manifest(key), self.grants.get(key)) else {
            return ToMicroprocess::Denied { message: self.denial(name) };
        };
        ToMicroprocess::Described {
            capability: entry.reference,
            name: name.to_owned(),
            interface: Box::new((*self.zones[capability.zone].specification.interface).clone()),
            edition: self.zones[capability.zone].edition,
            grant: self.grants.effective(key),
            allow_location: capability.allow_location.clone(),
            recorded: self.recorder.is_some(),
        }
    }

    /// The grant for which a channel is to be opened, and its zone.
    pub(crate) fn to_open(
        &self,
        pid: Pid,
        capability: CapabilityRef,
    ) -> Result<(GrantKey, usize), Box<ToMicroprocess>> {
        let name = CapabilityName::Referred(capability);
        let key = self.held_by(pid, &name).map_err(|refused| Box::new(self.refused(pid, &name, refused)))?;
        match self.zone_of(key) {
            Some(zone) => Ok((key, zone)),
            None => {
                let name = self.grants.name(key);
                let message = match self.grants.service(key) {
                    Some(_) => format!(
                        "{name:?} is a service of another process, which has no zone: look its functions up where they are called"
                    ),
                    None => self.denial(name),
                };
                Err(Box::new(ToMicroprocess::Denied { message }))
            }
        }
    }

    /// The capability of `cloison.toml` that a grant comes from; none for a service, whatever that is called.
    pub(crate) fn of_manifest(&self, key: GrantKey) -> Option<&ApplicationCapability> {
        match self.grants.service(key) {
            Some(_) => None,
            None => self.application.capabilities.get(self.grants.name(key)),
        }
    }

    /// The zone that a grant is about.
    pub(crate) fn zone_of(&self, key: GrantKey) -> Option<usize> {
        Some(self.of_manifest(key)?.zone)
    }

    /// What it offers: its zone's interface, or what stands for that of a service.
    pub(crate) fn interface_of(&self, key: GrantKey) -> Option<Arc<Interface>> {
        match self.zone_of(key) {
            Some(zone) => Some(self.zones[zone].specification.interface.clone()),
            None => self.service_interface(key).map(Arc::new),
        }
    }

    /// Where it is said what may be called, for people: a line of `cloison.toml`, or who serves it.
    pub(crate) fn location_of(&self, key: GrantKey) -> String {
        match self.grants.service(key) {
            Some(service) => format!("process {}", service.server.number),
            None => self.of_manifest(key).map(|one| one.allow_location.clone()).unwrap_or_default(),
        }
    }
}

pub(super) fn told(end: GrantEnd) -> End {
    match end {
        GrantEnd::Expired => End::Expired,
        GrantEnd::Revoked => End::Revoked,
        GrantEnd::ServerGone => End::ServiceEnded,
    }
}

pub(super) fn ended(end: &End) -> &'static str {
    match end {
        End::Expired => "it has expired",
        End::ServiceEnded => "the service has ended",
        _ => "it has been revoked",
    }
}

/// Why a process cannot use a capability that it names.
pub(crate) fn not_held(number: ProcessNumber) -> String {
    format!(
        "process {number} does not hold this capability: it was given back or revoked, or never given to it\n\
         hint: whoever holds it sends it in a message, or gives it with spawn(…, capabilities=[…])"
    )
}
