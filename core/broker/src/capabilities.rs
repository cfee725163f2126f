//! What the broker does with the capabilities of its microprocesses: says what they are, narrows them, lets others hold them, takes them back.
//!
//! A microprocess names a grant by number and token; whether it holds that grant stands in its [`HeldCapabilities`], which nobody but the broker
//! changes. So a name that is overheard, guessed or sent once more is worth nothing to anybody else.

use crate::application::ApplicationCapability;
use crate::audit::{AuditEvent, AuditProcess};
use crate::broker::{Broker, Pid};
use crate::grants::{GrantEnd, GrantEntry, GrantKey, GrantTable, MOST_HELD, MOST_HELD_OF_ONE};
use crate::process::{HeldChannel, Process};
use crate::profiles;
use cloison_contract::Interface;
use cloison_contract::grant::Narrowing;
use cloison_contract::message::{CapabilityName, CapabilityRef, ChannelId, End, NarrowRequest, Spawn, ToMicroprocess};
use cloison_contract::process::{ProcessNumber, ProcessRef};
use cloison_manifest::{application, explain};
use cloison_transport::terms::TermsState;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The capabilities that a microprocess has.
#[derive(Debug, Default)]
pub(crate) struct HeldCapabilities {
    /// Those that it knows by a name of `cloison.toml`.
    names: BTreeMap<String, GrantKey>,
    held: BTreeMap<GrantKey, Holding>,
    /// How many of them each process has given to it.
    givers: BTreeMap<ProcessNumber, u32>,
    /// Those of services of which it has asked what they are: calls may be under way.
    calling: BTreeSet<GrantKey>,
}

/// How a microprocess has come to a grant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holding {
    /// How often it was given it in messages.
    times: u32,
    /// It has it by a name, or has spawned with it: that it keeps.
    named: bool,
    /// Who has given it first; nobody for what the program has from `cloison.toml`.
    pub(crate) giver: Option<ProcessNumber>,
    /// Since when.
    pub(crate) since: Instant,
}

impl HeldCapabilities {
    /// Whether one goes by that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// The names, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// Whether that grant is held.
    pub(crate) fn holds(&self, key: GrantKey) -> bool {
        self.held.contains_key(&key)
    }

    /// Calls of a service may be under way by that one.
    fn may_call(&mut self, key: GrantKey) {
        if self.holds(key) {
            self.calling.insert(key);
        }
    }

    /// Those by which calls of services may be under way, and that have ended. They are named once.
    pub(crate) fn no_more_calls(&mut self, ended: impl Fn(GrantKey) -> bool) -> BTreeSet<GrantKey> {
        self.calling.extract_if(.., |key| ended(*key)).collect()
    }

    /// All that it holds.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (GrantKey, &Holding)> {
        self.held.iter().map(|(key, holding)| (*key, holding))
    }

    /// It is given one, by a name or in a message. Whether that is new.
    fn add(&mut self, key: GrantKey, named: bool, giver: Option<ProcessNumber>) -> bool {
        let is_new = !self.held.contains_key(&key);
        let new = Holding { times: 0, named: false, giver, since: Instant::now() };
        let holding = self.held.entry(key).or_insert(new);
        match named {
            true => holding.named = true,
            false => holding.times = holding.times.saturating_add(1),
        }
        if let Some(giver) = giver.filter(|_| is_new) {
            *self.givers.entry(giver).or_default() += 1;
        }
        is_new
    }

    /// It does not hold that one any more.
    fn remove(&mut self, key: GrantKey) {
        self.names.retain(|_, named| *named != key);
        self.calling.remove(&key);
        if let Some(giver) = self.held.remove(&key).and_then(|holding| holding.giver)
            && let Some(count) = self.givers.get_mut(&giver)
        {
            *count -= 1;
            if *count == 0 {
                self.givers.remove(&giver);
            }
        }
    }

    /// Why that process cannot give it another one, if it cannot.
    fn is_full(&self, giver: ProcessNumber) -> Option<&'static str> {
        let of_one = self.givers.get(&giver).copied().unwrap_or(0);
        let of_others: u32 = self.givers.values().sum();
        match (of_one >= MOST_HELD_OF_ONE, of_others as usize >= MOST_HELD) {
            (true, _) => Some("of this process"),
            (false, true) => Some("of others"),
            (false, false) => None,
        }
    }
}

/// One capability that a new process is to hold.
#[derive(Debug)]
pub(crate) struct GivenCapability {
    /// The name that it goes by there, if by one.
    name: Option<String>,
    grant: GrantKey,
    /// The process's profile has given it, and is still to narrow it.
    by_profile: bool,
}

/// What keeps somebody from having what was asked for.
enum Refused {
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
    fn given_by_profile(&self, parent: Pid, name: &str) -> Result<Vec<GivenCapability>, String> {
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

    fn to_give(&self, pid: Pid, name: &CapabilityName) -> Result<GrantKey, String> {
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
            if held.add(key, named, Some(giver)) {
                self.grants.held(key);
                if let Some(pid) = self.numbers.get(&giver) {
                    self.note_given(*pid, key, to);
                }
            }
        }
        held
    }

    /// The grant that a process means, if it holds it and it is alive.
    fn held_by(&self, pid: Pid, name: &CapabilityName) -> Result<GrantKey, Refused> {
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
    fn not_held(&self, process: &Process, name: &str) -> String {
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

    /// Who a process is, for the audit trail.
    pub(crate) fn auditee(&self, pid: Pid) -> Option<AuditProcess> {
        self.processes.get(pid).and_then(Process::running).map(AuditProcess::of)
    }

    /// What a process is told that was refused something; the audit trail hears of it.
    fn refused(&self, pid: Pid, name: &CapabilityName, refused: Refused) -> ToMicroprocess {
        self.note_denial(|| {
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
            let who = self.auditee(pid).unwrap_or_else(|| AuditProcess::new(0, None, ""));
            let event = AuditEvent::deny(who, named, reason);
            number.into_iter().fold(event, AuditEvent::grant)
        });
        refused.into()
    }

    /// Tell the audit trail that a process could not be started, whatever the reason: it may be a capability that was not the asker's to give.
    pub(crate) fn note_denied_spawn(&self, pid: Pid, message: &str) {
        self.note_denial(|| {
            let who = self.auditee(pid).unwrap_or_else(|| AuditProcess::new(0, None, ""));
            AuditEvent::deny(who, "", message.lines().next().unwrap_or_default()).function("spawn")
        });
    }

    /// Tell the audit trail of a call, as its zone says.
    pub(crate) fn note_call(&self, client: Pid, key: GrantKey, zone: usize, function: u32, untold: u64) {
        self.note(|| {
            let interface = &self.zones[zone].specification.interface;
            let function = interface.functions.get(function as usize).map_or("?", |function| function.name.as_str());
            let who = self.auditee(client).unwrap_or_else(|| AuditProcess::new(0, None, ""));
            let event = AuditEvent::call(who, self.grants.name(key), function).grant(self.number_of(key));
            match untold {
                0 => event,
                untold => event.reason(&format!("{untold} calls before it are not in the trail")),
            }
        });
    }

    /// Tell the audit trail of a denial, within a rate: who is refused something as often as it can would push everything else out of the trail.
    pub(crate) fn note_denial(&self, event: impl FnOnce() -> AuditEvent) {
        if let Some(unsaid) = self.denials.borrow_mut().admit(Instant::now()) {
            self.note(|| event().after(unsaid));
        }
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
                minter: entry.minter.unwrap_or(service.server.number),
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
            minter: entry.minter,
            interface: Box::new((*self.zones[capability.zone].specification.interface).clone()),
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

    /// What narrowing a grant by that means, or why it makes no sense.
    pub(crate) fn narrowing(&self, key: GrantKey, by: &NarrowRequest) -> Result<Narrowing, String> {
        let interface = self.interface_of(key).ok_or("there is nothing to narrow")?;
        let of_zones = !by.bounds.is_empty() || by.cpu_ms.is_some() || by.quiet;
        if of_zones && self.grants.service(key).is_some() {
            return Err("`where`, `cpu` and `callbacks` are about zones: a service that a process serves checks its arguments itself\n\
                        hint: functions, calls, bytes, rate, expires and delegate narrow a service"
                .into());
        }
        application::narrowing(by, &interface, &self.grants.effective(key))
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

    /// Make another capability of it, that allows less.
    pub(crate) fn narrow(&mut self, pid: Pid, capability: CapabilityRef, by: &NarrowRequest) -> ToMicroprocess {
        match self.narrowed(pid, capability, by) {
            Ok(key) => match self.grants.get(key) {
                Some(entry) => {
                    ToMicroprocess::Narrowed { capability: entry.reference, grant: self.grants.effective(key) }
                }
                None => ToMicroprocess::Because(End::Revoked),
            },
            Err(refused) => self.refused(pid, &CapabilityName::Referred(capability), refused),
        }
    }

    fn narrowed(&mut self, pid: Pid, capability: CapabilityRef, by: &NarrowRequest) -> Result<GrantKey, Refused> {
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
        self.hold(pid, key);
        Ok(key)
    }

    /// Enter what `minter` has made of a grant: when it expires, and whether it is a lease. It has no holder yet.
    fn enter_narrowed(
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
        self.note(|| {
            let terms = self.interface_of(key).zip(self.grants.narrowing(key));
            let terms = terms.map(|(interface, by)| explain::narrowing(&interface, by)).unwrap_or_default();
            let who = self.auditee_numbered(minter);
            AuditEvent::narrow(who, self.grants.name(key), self.number_of(key), self.number_of(from), &terms.join("; "))
        });
        Ok(key)
    }

    /// Whether a process may give on what it holds: nobody does who was given it with `delegate=False`.
    fn may_give(&self, pid: Pid, key: GrantKey) -> Result<(), String> {
        let giver = self.processes.get(pid).and_then(Process::running).map(|running| running.reference.number);
        let keeps = self.grants.way(key).find(|entry| entry.is_personal() && entry.minter != giver);
        keeps.map_or(Ok(()), |entry| {
            let name = self.grants.name(key);
            Err(match entry.minter {
                Some(minter) => {
                    let how = if entry.profile.is_some() { "delegate = false" } else { "delegate=False" };
                    let who = self.narrower(entry, name, minter);
                    format!("the capability {name:?} cannot be given on: {who} has narrowed it with `{how}`")
                }
                None => {
                    let location = self.application.capabilities.get(name).map(|one| one.allow_location.as_str());
                    let location = location.unwrap_or_default();
                    format!("the capability {name:?} cannot be given on: `delegate = false` at {location}")
                }
            })
        })
    }

    /// Who has narrowed a grant of that name, for people.
    pub(crate) fn narrower(&self, entry: &GrantEntry, name: &str, minter: ProcessNumber) -> String {
        let Some(profile) = &entry.profile else { return format!("process {minter}") };
        let loaded = self.application.profiles.get(profile);
        let kept = loaded.and_then(|loaded| loaded.capabilities.get(name));
        let location = kept.map(|kept| kept.location.as_str()).unwrap_or_default();
        format!("the profile {profile:?} ({location})")
    }

    /// Let another process hold it as well.
    pub(crate) fn give(&mut self, pid: Pid, capability: CapabilityRef, to: ProcessRef) -> ToMicroprocess {
        let name = CapabilityName::Referred(capability);
        let key = match self.held_by(pid, &name) {
            Ok(key) => key,
            Err(refused) => return self.refused(pid, &name, refused),
        };
        if let Err(message) = self.may_give(pid, key) {
            return self.refused(pid, &name, Refused::Denied(message));
        }
        let Some(running) = self.processes.get(pid).and_then(Process::running) else {
            return ToMicroprocess::Denied { message: "a process that runs nothing gives nothing".into() };
        };
        let giver = running.reference.number;
        // To one that has ended, or that the giver was not introduced to, the message is lost, too.
        let Some(receiver) = self.numbers.get(&to.number).copied() else { return ToMicroprocess::Done };
        let Some(process) = self.processes.get_mut(receiver) else { return ToMicroprocess::Done };
        if !process.running().is_some_and(|running| running.reference.is_same(to)) {
            return ToMicroprocess::Done;
        }
        if let Some(whose) = process.held.is_full(giver).filter(|_| !process.held.holds(key)) {
            let message = format!(
                "process {} holds as many capabilities {whose} as it may: {MOST_HELD_OF_ONE} of one process, {MOST_HELD} of all\n\
                 hint: those count no more that nothing in that process names",
                to.number
            );
            return self.refused(pid, &name, Refused::Denied(message));
        }
        if process.held.add(key, false, Some(giver)) {
            self.grants.held(key);
            self.note_given(pid, key, to.number);
        }
        ToMicroprocess::Done
    }

    /// Tell the audit trail that another process holds a grant.
    pub(crate) fn note_given(&self, giver: Pid, key: GrantKey, to: ProcessNumber) {
        self.note(|| {
            let who = self.auditee(giver).unwrap_or_else(|| AuditProcess::new(0, None, ""));
            AuditEvent::delegate(who, self.grants.name(key), self.number_of(key), to)
        });
    }

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

    fn note_end(&mut self, key: GrantKey, by: &str) {
        self.note_use(key);
        self.note(|| {
            let derived = self.grants.derived(key);
            AuditEvent::revoke(self.grants.name(key), self.number_of(key), derived, by)
        });
    }

    /// A process has ended, and with it what it served.
    fn end_services(&mut self, server: ProcessNumber) {
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

    /// Narrow a grant as it is. Channels of it end: the next call of each holder goes by the new terms.
    pub(crate) fn narrow_grant(&mut self, key: GrantKey, by: &Narrowing, expires_ms: Option<u64>) {
        self.grants.narrow_itself(key, by, expires_ms.map(Duration::from_millis));
        let below = |held: GrantKey, grants: &GrantTable| {
            std::iter::successors(Some(held), |one| grants.parent(*one)).any(|one| one == key)
        };
        self.cut_channels(|held, grants| below(held, grants).then_some(End::Narrowed));
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

    fn cut_dead_channels(&mut self) {
        self.cut_channels(|held, grants| grants.end_of(held).map(told));
    }

    /// End every channel whose grant `ends`. Calls in flight end for their clients now; for their zones see `Instance::check`.
    fn cut_channels(&mut self, ends: impl Fn(GrantKey, &GrantTable) -> Option<End>) {
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
        self.note(|| {
            let who = self.auditee(pid).unwrap_or_else(|| AuditProcess::new(0, None, ""));
            AuditEvent::release(who, self.grants.name(key), capability.number)
        });
        self.let_go(key, number);
        self.end_superfluous();
    }

    /// A process has ended: it holds nothing any more, and what it has lent falls back.
    pub(crate) fn drop_holdings(&mut self, number: Option<ProcessNumber>, held: HeldCapabilities) {
        for lease in number.map(|number| self.grants.leases_of(number)).unwrap_or_default() {
            self.end_grant(lease, "its lender has ended");
        }
        number.into_iter().for_each(|number| self.end_services(number));
        for key in held.held.into_keys() {
            self.note_use(key);
            self.let_go(key, number);
        }
    }
}

impl Broker {
    /// A grant has a holder less. What nobody has any more the audit trail's counts forget.
    fn let_go(&mut self, key: GrantKey, holder: Option<ProcessNumber>) {
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

/// How many ends of channels are kept for a client until it asks.
const REMEMBERED_ENDS: usize = 64;

fn told(end: GrantEnd) -> End {
    match end {
        GrantEnd::Expired => End::Expired,
        GrantEnd::Revoked => End::Revoked,
        GrantEnd::ServerGone => End::ServiceEnded,
    }
}

fn ended(end: &End) -> &'static str {
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
