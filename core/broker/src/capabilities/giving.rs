//! Who gets a capability: the program by `cloison.toml`, a new process by its spawner and its profile, any process by a message.

use crate::audit::AuditEvent;
use crate::broker::{Broker, Pid};
use crate::capabilities::finding::{Refused, ended};
use crate::capabilities::grants::{GrantKey, MOST_HELD, MOST_HELD_OF_BRANCH, MOST_HELD_OF_ONE, Narrower};
use crate::capabilities::held::{Giver, HeldCapabilities};
use crate::capabilities::lines::GrantTerm;
use crate::capabilities::profiles;
use crate::processes::process::Process;
use cloison_contract::message::{CapabilityName, CapabilityRef, GIVEN_AT_ONCE, Spawn, ToMicroprocess};
use cloison_contract::process::{ProcessNumber, ProcessRef};
use std::collections::BTreeSet;

/// One capability that a new process is to hold.
#[derive(Debug)]
pub(crate) struct GivenCapability {
    /// The name that it goes by there, if by one.
    name: Option<String>,
    grant: GrantKey,
    /// The process's profile has given it, and is still to narrow it.
    by_profile: bool,
}

impl Broker {
    /// Enter what `cloison.toml` grants.
    pub(crate) fn mint_capabilities(&mut self) -> std::io::Result<()> {
        let granted: Vec<_> =
            self.application.capabilities.iter().map(|(name, one)| (name.clone(), one.clone())).collect();
        for (name, capability) in granted {
            let mut token = [0; 16];
            self.random(&mut token)?;
            self.grants.mint(&name, capability.grant, capability.expires, token);
        }
        if let Some(audit) = &self.audit {
            for permission in self.application.permissions() {
                let terms: Vec<_> = permission.may.iter().chain(&permission.within).map(String::as_str).collect();
                let number = self.grants.root(&permission.capability).map_or(0, |key| self.number_of(key));
                audit.note(AuditEvent::mint(&permission.capability, number, &terms.join("; ")));
            }
        }
        Ok(())
    }

    /// What the program itself holds: everything.
    pub(crate) fn all_capabilities(&mut self) -> HeldCapabilities {
        let roots: Vec<_> = self.grants.roots().map(|(name, key)| (name.to_owned(), key)).collect();
        let mut held = HeldCapabilities::default();
        for (name, key) in roots {
            held.add(key, true, None);
            held.names.insert(name, key);
            self.grants.held(key);
        }
        held
    }

    /// What a process is to hold that `parent` spawns, as far as `parent` may give it. What its profile narrows is not narrowed yet.
    pub(crate) fn capabilities_for_child(&self, parent: Pid, spawn: &Spawn) -> Result<Vec<GivenCapability>, String> {
        let mut capabilities: Vec<GivenCapability> = match &spawn.profile {
            Some(profile) => self.given_by_profile(parent, profile)?,
            None => Vec::new(),
        };
        for asked in &spawn.capabilities {
            let grant = self.to_give(parent, asked)?;
            let name = match asked {
                CapabilityName::Named(name) => name.clone(),
                CapabilityName::Referred(_) => self.grants.name(grant).to_owned(),
            };
            match capabilities.iter().find(|other| other.name.as_deref() == Some(&name)) {
                None => {}
                // It has one of that name by its profile, and no more of it for being asked for by name.
                Some(other) if other.by_profile && matches!(asked, CapabilityName::Named(_)) => continue,
                Some(_) => {
                    return Err(format!(
                        "two of the capabilities are called {name:?}: the process could not tell them apart\nhint: pass one of them as an argument"
                    ));
                }
            }
            capabilities.push(GivenCapability { name: Some(name), grant, by_profile: false });
        }
        for reference in &spawn.given {
            let grant = self.to_give(parent, &CapabilityName::Referred(*reference))?;
            capabilities.push(GivenCapability { name: None, grant, by_profile: false });
        }
        capabilities.iter().for_each(|given| self.record_need(given.grant));
        Ok(capabilities)
    }

    /// What a profile gives out of what `parent` holds: of each of its capabilities, what `parent` holds under that name.
    pub(super) fn given_by_profile(&self, parent: Pid, name: &str) -> Result<Vec<GivenCapability>, String> {
        let profile = profiles::find(&self.application.profiles, name, &self.application.manifest)?;
        let given = profile.capabilities.iter().map(|(capability, kept)| {
            let grant = self.to_give(parent, &CapabilityName::Named(capability.clone())).map_err(|why| {
                format!("the profile {name:?} gives the capability {capability:?} ({}): {why}", kept.location)
            })?;
            Ok(GivenCapability { name: Some(capability.clone()), grant, by_profile: true })
        });
        given.collect()
    }

    /// Narrow what a profile narrows, for the one process that `spawner` starts: what that uses up others have still. `spawner` counts as who has
    /// narrowed it. If one of them cannot be had, nothing of the others stays.
    pub(crate) fn narrow_by_profile(
        &mut self,
        mut given: Vec<GivenCapability>,
        profile: Option<&str>,
        spawner: ProcessNumber,
    ) -> Result<Vec<GivenCapability>, String> {
        let Some(name) = profile else { return Ok(given) };
        let mut made = Vec::new();
        for one in given.iter_mut().filter(|one| one.by_profile) {
            let capability = one.name.as_deref().unwrap_or_default();
            let profile = self.application.profiles.get(name);
            let kept = profile.and_then(|profile| profile.capabilities.get(capability));
            let Some(kept) = kept.filter(|kept| kept.narrows()).cloned() else { continue };
            match self.enter_narrowed(one.grant, kept.narrowing, (kept.expires, false), spawner) {
                Ok(key) => {
                    self.grants.is_by_profile(key, name);
                    one.grant = key;
                    made.push(key);
                }
                Err(why) => {
                    made.into_iter().for_each(|key| self.let_go(key, Some(spawner)));
                    return Err(format!("the profile {name:?} narrows {capability:?} ({}): {why}", kept.location));
                }
            }
        }
        Ok(given)
    }

    pub(super) fn to_give(&self, pid: Pid, name: &CapabilityName) -> Result<GrantKey, String> {
        let key = self.held_by(pid, name).map_err(|refused| match refused {
            Refused::Denied(message) | Refused::Invalid(message) => message,
            Refused::Ended(end) => format!("a capability cannot be given: {}", ended(&end)),
        })?;
        self.may_give(pid, key)?;
        Ok(key)
    }

    /// A new process holds what it was given.
    pub(crate) fn take_over(
        &mut self,
        capabilities: Vec<GivenCapability>,
        (giver, to): (ProcessNumber, ProcessNumber),
    ) -> HeldCapabilities {
        let mut held = HeldCapabilities::default();
        for GivenCapability { name, grant: key, by_profile: _ } in capabilities {
            let named = name.is_some();
            held.names.extend(name.map(|name| (name, key)));
            if held.add(key, named, Some(Giver::spawner(giver))) {
                self.grants.held(key);
                if let Some(pid) = self.numbers.get(&giver) {
                    self.note_given(*pid, key, to);
                }
            }
        }
        held
    }

    /// A process holds what it has just made.
    pub(crate) fn hold(&mut self, pid: Pid, key: GrantKey) {
        self.grants.held(key);
        let is_service = self.grants.service(key).is_some();
        if let Some(process) = self.processes.get_mut(pid) {
            process.held.add(key, false, None);
            if is_service {
                process.held.may_call(key);
            }
        }
    }

    /// Whether a process may give on what it holds: nobody does who was given it with `delegate=False`.
    pub(super) fn may_give(&self, pid: Pid, key: GrantKey) -> Result<(), String> {
        let giver = self.processes.get(pid).and_then(Process::running).map(|running| running.reference.number);
        let keeps = self.grants.way(key).find(|entry| entry.is_personal() && entry.minter != giver);
        keeps.map_or(Ok(()), |entry| {
            let name = self.grants.name(key);
            Err(match entry.minter {
                Some(minter) => {
                    let how = if matches!(entry.narrower(), Some(Narrower::Profile(_))) {
                        "delegate = false"
                    } else {
                        "delegate=False"
                    };
                    let (who, _) = self.narrower(entry, name, minter, (GrantTerm::Delegate, ""));
                    format!("the capability {name:?} cannot be given on: {who} has narrowed it with `{how}`")
                }
                None => {
                    let capability = self.application.capabilities.get(name);
                    let location = capability.map(|one| one.lines.of(GrantTerm::Delegate, "")).unwrap_or_default();
                    format!("the capability {name:?} cannot be given on: `delegate = false` at {location}")
                }
            })
        })
    }

    /// Let another process hold these as well, all of them or none.
    pub(crate) fn give(&mut self, pid: Pid, capabilities: &[CapabilityRef], to: ProcessRef) -> ToMicroprocess {
        if capabilities.len() > GIVEN_AT_ONCE {
            return ToMicroprocess::Denied {
                message: format!("{GIVEN_AT_ONCE} capabilities at most are given at once"),
            };
        }
        let mut keys = Vec::with_capacity(capabilities.len());
        for capability in capabilities {
            let name = CapabilityName::Referred(*capability);
            match self.held_by(pid, &name) {
                Ok(key) => match self.may_give(pid, key) {
                    Ok(()) => keys.push(key),
                    Err(message) => return self.refused(pid, &name, Refused::Denied(message)),
                },
                Err(refused) => return self.refused(pid, &name, refused),
            }
        }
        let Some(running) = self.processes.get(pid).and_then(Process::running) else {
            return ToMicroprocess::Denied { message: "a process that runs nothing gives nothing".into() };
        };
        // To one that has ended, or that the giver was not introduced to, the message is lost, too.
        let Some(receiver) = self.numbers.get(&to.number).copied() else { return ToMicroprocess::Done };
        let Some(process) = self.processes.get(receiver) else { return ToMicroprocess::Done };
        let Some(receiving) = process.running().filter(|running| running.reference.is_same(to)) else {
            return ToMicroprocess::Done;
        };
        let giver = Giver::new(running.reference.number, &running.lineage, &receiving.lineage);
        let new: BTreeSet<_> = keys.iter().filter(|key| !process.held.holds(**key)).collect();
        if let Some(whose) = process.held.is_full(giver, new.len()) {
            let message = format!(
                "process {} holds as many capabilities {whose} as it may: {MOST_HELD_OF_ONE} of one process, {MOST_HELD_OF_BRANCH} of those that \
                 the same one has started, {MOST_HELD} of all\nhint: those count no more that nothing in that process names",
                to.number
            );
            let first = capabilities.first().copied().unwrap_or(CapabilityRef { number: 0, token: [0; 16] });
            return self.refused(pid, &CapabilityName::Referred(first), Refused::Denied(message));
        }
        for key in keys {
            let Some(process) = self.processes.get_mut(receiver) else { break };
            if process.held.add(key, false, Some(giver)) {
                self.grants.held(key);
                self.note_given(pid, key, to.number);
            }
        }
        ToMicroprocess::Done
    }
}
