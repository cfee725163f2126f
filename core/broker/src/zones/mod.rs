//! What the broker does with zones.
//!
//! | module | subject |
//! |---|---|
//! | [`zone`] | zone instances: start, attach, deadlines, end, back-off |
//! | `replacement` | another manifest or library in a zone's place while the application runs |
//! | `telling` | what they say of calls: for the audit trail, and where the application is recorded |
//! | [`backoff`] | when a zone that keeps ending may start again: pure |
//! | [`library`] | finds a zone's library as the dynamic loader would, checks its hash, lists its symbols |

pub mod backoff;
pub mod library;
pub(crate) mod replacement;
mod telling;
pub mod zone;

use crate::application::ZoneSpecification;
use crate::audit::Audit;
use crate::audit::{AuditEvent, AuditProcess};
use crate::broker::{Broker, EventSource, FROM_ZONE_BYTES, MESSAGES_PER_TURN, Pid};
use crate::capabilities::grants::GrantKey;
use crate::child::Exit;
use crate::family::{Family, TAKING_DOWN};
use crate::launch::Launcher;
use crate::processes::process::{HeldChannel, Running};
use crate::processes::signal_name;
use crate::services::ConfiguredService;
use crate::zones::backoff::Backoff;
use crate::zones::zone::{
    Attached, Cause, EndingInstance, Health, Instance, InstanceId, InstanceScope, START_DEADLINE, Waiting,
};
use cloison_contract::Interface;
use cloison_contract::host::HostService;
use cloison_contract::interface::Instances;
use cloison_contract::message::{
    CapabilityRef, ChannelId, ClientName, End, FromZone, Layer, Telling, ToMicroprocess, ToZone,
};
use cloison_contract::printable;
use cloison_contract::spelling::did_you_mean;
use cloison_contract::types::TypeKind;
use cloison_manifest::bundled;
use cloison_transport::account;
use cloison_transport::channel::Channel;
use cloison_transport::control::{Control, ControlError};
use cloison_transport::status::{StatusPage, monotonic};
use cloison_transport::terms::TermsState;
use rustix::process::Signal;
use std::collections::BTreeMap;
use std::io::stderr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// A client waits this long for a zone that must not start yet; longer waits are answered at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// How much of a refused request is logged.
const REFUSAL_CHARACTERS: usize = 1000;

impl Broker {
    /// Why a microprocess may not open another channel, if it may not.
    fn too_many_channels(&self, client: Pid, grant: GrantKey) -> Option<String> {
        let process = self.processes.get(client)?;
        let running = process.running()?;
        let (most, number) = (running.most_channels, running.reference.number);
        let others = process.channels.values().filter(|held| held.grant != grant).count();
        (others >= most as usize).then(|| {
            let what = match most {
                0 => format!("process {number} may call no capability"),
                _ => format!("process {number} has call channels of {others} capabilities open, which is the most"),
            };
            format!("{what}\nhint: {}", self.where_limited(running, "channels"))
        })
    }

    pub(crate) fn denial(&self, name: &str) -> String {
        let name: String = name.chars().filter(|character| !character.is_control()).take(100).collect();
        let manifest = self.application.manifest.display();
        let has = match self.application.in_use {
            true => "has no",
            false if self.application.manifest.is_file() => "is not in use, so there is no",
            false => "does not exist, so there is no",
        };
        // A folder brings its manifest; for any other program somebody has to name it.
        let named = if self.application.beside.is_some() {
            format!(", and `cloison run --manifest {manifest}`")
        } else {
            String::new()
        };
        let known = self.application.capabilities.keys().map(String::as_str);
        let meant = did_you_mean(&name, known).or_else(|| did_you_mean(&name, bundled::names()));
        let meant = meant.filter(|meant| *meant != name);
        let meant = meant.map(|meant| format!("; did you mean {meant:?}?")).unwrap_or_default();
        format!(
            "no capability {name:?} was granted: {manifest} {has} [capabilities.{name}]; it would need `zone = \"…\"` and `allow = [\"…\"]` there{named}{meant}"
        )
    }

    /// A client asks for a channel by that interface: now, or when there is an instance to serve it.
    pub(crate) fn open(&mut self, client: Pid, capability: CapabilityRef, edition: u64) {
        let (grant, zone) = match self.to_open(client, capability) {
            Ok(found) => found,
            Err(answer) => return self.answer(client, &answer, &[]),
        };
        if edition != self.zones[zone].edition {
            // What it would post has another meaning by now. It asks what is offered, and again.
            return self.answer(client, &ToMicroprocess::Because(End::Replaced { unfinished: false }), &[]);
        }
        if let Some(message) = self.too_many_channels(client, grant) {
            return self.answer(client, &ToMicroprocess::Denied { message }, &[]);
        }
        // One channel for each capability and client. Otherwise one client could take every place of a shared zone.
        self.give_up(client, |held| held.grant == grant);
        let waiting = Waiting { client, grant };
        if !self.zones[zone].waiting.contains(&waiting) {
            self.zones[zone].waiting.push(waiting);
        }
        self.serve_waiting(zone, Instant::now());
    }

    /// Give channels to the clients that wait for this zone, and start instances where there are none.
    pub(crate) fn serve_waiting(&mut self, zone: usize, now: Instant) {
        for waiting in std::mem::take(&mut self.zones[zone].waiting) {
            // It may have been revoked while its client waited.
            if let Some(end) = self.end_of_grant(waiting.grant) {
                self.answer(waiting.client, &ToMicroprocess::Because(end), &[]);
                continue;
            }
            let scope = self.scope(zone, &waiting);
            if let Some((blamed, wait)) = self.zones[zone].wait(waiting.client, now) {
                match wait > PATIENCE {
                    true => self.unavailable(waiting.client, self.looping(zone, blamed, wait)),
                    false => self.zones[zone].waiting.push(waiting), // the wait's end is one of our checks
                }
                continue;
            }
            let of = |instance: &&Instance| instance.zone == zone && instance.scope == scope;
            let found = self.instances.iter().filter(|(_, instance)| of(instance));
            let serving = found.clone().find(|(_, instance)| instance.can_serve(&waiting) && instance.has_room());
            // One that is not ready yet, or about to be ended, is waited for; if all are full, there is another one.
            let mut others = found.map(|(_, instance)| instance);
            match serving {
                Some((id, _)) => self.attach(id, &waiting),
                None if others.any(|instance| instance.has_room() || instance.ending.is_some()) => {
                    self.zones[zone].waiting.push(waiting);
                }
                None => match self.start_instance(zone, scope, now) {
                    Ok(()) => self.zones[zone].waiting.push(waiting),
                    Err(message) => self.unavailable(waiting.client, message),
                },
            }
        }
    }

    /// Which instances can serve somebody who waits: by what is left of the grant now.
    fn scope(&self, zone: usize, waiting: &Waiting) -> InstanceScope {
        self.zones[zone].scope(waiting.client, &self.grants.effective(waiting.grant))
    }

    /// Start an instance of that zone for no client, to see whether it starts.
    pub fn start_zone(&mut self, zone: usize) -> Result<(), String> {
        self.start_instance(zone, self.zones[zone].common_scope(), Instant::now())
    }

    /// The layers of an instance of that zone; `None` while it is starting or ending.
    pub fn zone_layers(&self, zone: usize) -> Result<Option<Vec<Layer>>, String> {
        match self.instances.values().find(|instance| instance.zone == zone) {
            Some(instance) => Ok((instance.ready && instance.ending.is_none()).then(|| instance.family.layers.clone())),
            None => Err(self.zones[zone].failure.clone().unwrap_or_else(|| "the zone has ended".into())),
        }
    }

    fn looping(&self, zone: usize, blamed: Option<Pid>, wait: Duration) -> String {
        let zone = &self.zones[zone];
        let name = &zone.specification.interface.name;
        let count = zone.backoff.get(&blamed).map_or(0, Backoff::recent);
        let wait = wait.as_secs_f64();
        let shared = zone.specification.interface.sandbox.instances == Instances::Shared;
        let message = match blamed {
            Some(_) if shared => format!(
                "calls of this process have ended zone {name:?} {count} times in a short time; it is served again in {wait:.1} s"
            ),
            _ => format!("zone {name:?} has ended {count} times in a short time and starts again in {wait:.1} s"),
        };
        let interface = &zone.specification.interface;
        // An object would not outlive the call that made it.
        let has_handles = interface.types.iter().any(|one| matches!(one.kind, TypeKind::Handle(_)));
        let advice = match (interface.sandbox.instances, has_handles) {
            (Instances::PerCall, _) | (Instances::PerClient, true) => return message,
            (Instances::PerClient, false) => "`instances = \"per-call\"`, a crash costs its own call alone",
            (Instances::Shared, false) => {
                "`instances = \"per-client\"`, a crash costs its own client alone, and with `\"per-call\"` its own call alone"
            }
            (Instances::Shared, true) => "`instances = \"per-client\"`, a crash costs its own client alone",
        };
        format!("{message}; with {advice}: [sandbox] of {}", interface.source)
    }

    fn unavailable(&mut self, client: Pid, message: String) {
        self.answer(client, &ToMicroprocess::Unavailable { message }, &[]);
    }

    pub(crate) fn start_instance(&mut self, zone: usize, scope: InstanceScope, now: Instant) -> Result<(), String> {
        let specification = self.zones[zone].specification.clone();
        let cannot = |error: &dyn std::fmt::Display| format!("the zone cannot be started: {error}");
        let (status, page) = StatusPage::create().map_err(|error| cannot(&error))?;
        let (control, family) = match &specification.service {
            Some(service) if service.service.is_of_host() => {
                self.start_service(zone, service, &specification.interface, &page)
            }
            _ => self.start_library(&specification.reaching(scope.reach.clone()), &page),
        }?;
        let reactor = &mut self.reactor;
        let inserted = self.instances.try_insert_with_key(|id| {
            self.zones[zone].failure = None;
            reactor.add(&control, EventSource::Zone(id)).map(|registration| Instance {
                zone,
                scope,
                control,
                registration,
                worker: None,
                family,
                status,
                ready: false,
                unneeded: false,
                ending: None,
                started: now,
                channels: BTreeMap::new(),
                leaving: BTreeMap::new(),
                check_at: Some(now + START_DEADLINE),
            })
        });
        inserted.map(|_| ()).map_err(|error| format!("the zone cannot be watched: {error}"))
    }

    /// A process that loads a library.
    fn start_library(&self, zone: &ZoneSpecification, page: &OwnedFd) -> Result<(Control, Family), String> {
        let library = library::open(&zone.interface, &zone.folder).map_err(|error| error.to_string())?;
        let load = ToZone::Load { interface: Box::new(zone.placed()) };
        let further = library.needs.iter().chain(&library.preload);
        let further = further.map(|file| (ToZone::Library, vec![file.file.as_fd()]));
        let started = self.binaries.zone().map_err(|error| format!("the zone cannot be started: {error}"))?;
        let load = (load, vec![library.file.as_fd(), page.as_fd()]);
        let folders = zone.service.iter().flat_map(ConfiguredService::messages);
        first_messages(started, &std::iter::once(load).chain(further).chain(folders).collect::<Vec<_>>())
    }

    /// A process that is a host service.
    fn start_service(
        &mut self,
        zone: usize,
        service: &ConfiguredService,
        interface: &Interface,
        page: &OwnedFd,
    ) -> Result<(Control, Family), String> {
        let cannot = |error: &dyn std::fmt::Display| format!("the zone cannot be started: {error}");
        let account = match self.zones[zone].account.take() {
            Some(account) => account,
            None => account::create().map_err(|error| cannot(&error))?,
        };
        let account = &*self.zones[zone].account.insert(account);
        let first =
            ToZone::Serve { interface: Box::new(interface.clone()), service: Box::new(service.service.clone()) };
        let serve = (first, vec![page.as_fd(), account.as_fd()]);
        let log = match (&service.service, &service.log) {
            (HostService::Log(_), Some(log)) => {
                let opened = log.open().map_err(|error| format!("{}: {error}", log.path().display()))?;
                Some(opened)
            }
            (HostService::Log(_), None) => Some(stderr().as_fd().try_clone_to_owned().map_err(|error| cannot(&error))?),
            _ => None,
        };
        let log = log.iter().map(|log| (ToZone::Log, vec![log.as_fd()]));
        let started = self.binaries.host().map_err(|error| cannot(&error))?;
        let messages = std::iter::once(serve).chain(service.messages()).chain(log);
        first_messages(started, &messages.collect::<Vec<_>>())
    }

    fn attach(&mut self, id: InstanceId, waiting: &Waiting) {
        let Some(process) = self.processes.get_mut(waiting.client) else { return };
        let instance = &mut self.instances[id];
        if instance.channels.len() + instance.leaving.len() >= cloison_transport::server::MAX_CHANNELS {
            let message = format!(
                "this zone serves {} clients already, which is the most\nhint: `instances = \"per-client\"` in its [sandbox]",
                instance.channels.len()
            );
            return self.unavailable(waiting.client, message);
        }
        let call_bytes = self.zones[instance.zone].specification.interface.sandbox.call_bytes;
        let (channel, descriptors) = match Channel::create(call_bytes) {
            Ok(made) => made,
            Err(error) => return self.unavailable(waiting.client, format!("no memory for a call channel: {error}")),
        };
        let grant = self.grants.effective(waiting.grant);
        let (counts_on, accounts) = match self.grants.accounts(waiting.grant) {
            Ok(accounts) => accounts,
            Err(error) => return self.unavailable(waiting.client, format!("no memory for an account: {error}")),
        };
        self.last_channel += 1;
        let name = ChannelId(self.last_channel);
        let both = [descriptors.channel.as_fd(), descriptors.terms.as_fd()];
        let for_zone: Vec<_> =
            both.iter().copied().chain(accounts.iter().map(|(_, account)| account.as_fd())).collect();
        let quotas = accounts.iter().map(|(quota, _)| *quota).collect();
        let tells = self.audit.as_ref().map_or(Telling::Nothing, Audit::asks);
        let records = self.recorder.is_some();
        let says = self.zones[instance.zone].specification.service.as_ref();
        let says = says.is_some_and(|one| matches!(one.service, HostService::Log(_)));
        let running = process.running().filter(|_| says);
        let client =
            running.map(|running| ClientName { number: running.reference.number, function: running.function.clone() });
        match instance
            .control
            .try_send(&ToZone::Attach { channel: name, grant, quotas, tells, records, client }, &for_zone)
        {
            Ok(()) => {}
            Err(ControlError::Closed) => {
                // Its end will be seen, and the client be served by the next one.
                let zone = instance.zone;
                self.grants.channel_gone(&counts_on);
                return self.zones[zone].waiting.push(waiting.clone());
            }
            Err(error) => {
                self.grants.channel_gone(&counts_on);
                return self.unavailable(waiting.client, format!("the zone cannot be reached: {error}"));
            }
        }
        instance.status.ring();
        let attached = Attached { client: waiting.client, grant: waiting.grant, channel, counts_on };
        instance.channels.insert(name, attached);
        instance.check_at.get_or_insert(Instant::now());
        process.channels.insert(name, HeldChannel { instance: id, grant: waiting.grant });
        self.answer(waiting.client, &ToMicroprocess::Opened { channel: name }, &both);
    }

    /// A client says that a call has taken too long, and has given its channel up.
    pub(crate) fn overdue(&mut self, client: Pid, channel: ChannelId) {
        let held = self.processes.get_mut(client).and_then(|process| process.channels.remove(&channel));
        if let Some(held) = held {
            self.detach(held.instance, channel);
        }
        self.check_zones(Instant::now());
    }

    /// A client does not want its call to wait any more. Only host services listen while they wait.
    pub(crate) fn interrupt(&mut self, client: Pid, channel: ChannelId) {
        let held = self.processes.get(client).and_then(|process| process.channels.get(&channel));
        let Some(instance) = held.and_then(|held| self.instances.get(held.instance)) else { return };
        let service = self.zones[instance.zone].specification.service.as_ref();
        // Whatever it has not read yet ends its waits as well.
        if service.is_some_and(|one| one.service.is_of_host()) && !instance.control.has_unread() {
            // If it cannot be told, the client gives up.
            let _ = instance.control.try_send(&ToZone::Interrupt { channel }, &[]);
            instance.status.ring();
        }
    }

    /// Close those channels of a client.
    pub(crate) fn give_up(&mut self, client: Pid, which: impl Fn(&HeldChannel) -> bool) {
        let Some(process) = self.processes.get_mut(client) else { return };
        let (gone, kept) = std::mem::take(&mut process.channels).into_iter().partition(|(_, held)| which(held));
        process.channels = kept;
        self.detach_all(gone);
    }

    fn detach_all(&mut self, channels: BTreeMap<ChannelId, HeldChannel>) {
        for (channel, held) in channels {
            self.detach(held.instance, channel);
        }
    }

    /// A client has ended.
    pub(crate) fn client_gone(&mut self, client: Pid, channels: BTreeMap<ChannelId, HeldChannel>) {
        for zone in &mut self.zones {
            zone.waiting.retain(|waiting| waiting.client != client);
            zone.backoff.remove(&Some(client));
        }
        self.detach_all(channels);
        let own = self.instances.iter().filter(|(_, instance)| instance.scope.owner == Some(client));
        for id in own.map(|(id, _)| id).collect::<Vec<_>>() {
            self.end_instance(id, Cause::Unneeded);
        }
    }

    /// Make a zone forget a client; if it does not confirm that in time, it is ended.
    fn detach(&mut self, id: InstanceId, channel: ChannelId) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        instance.let_go(channel, TermsState::Ended, Instant::now());
    }

    pub(crate) fn hear_zone(&mut self, id: InstanceId) {
        self.hear_at_most(id, MESSAGES_PER_TURN);
    }

    /// Read what an instance has sent, so many messages at most.
    pub(super) fn hear_at_most(&mut self, id: InstanceId, most: usize) {
        for _ in 0..most {
            let Some(instance) = self.instances.get(id).filter(|instance| instance.ending.is_none()) else { return };
            match instance.control.try_receive::<FromZone>() {
                Ok(Some((message, descriptors))) => self.zone_says(id, message, descriptors),
                Ok(None) => return,
                Err(error) => {
                    if !matches!(error, ControlError::Closed) {
                        let what = "a zone breaks the protocol and is ended";
                        self.complain(|unsaid| tracing::warn!(unsaid, %error, "{what}"));
                    }
                    return self.end_instance(id, Cause::Itself);
                }
            }
        }
    }

    /// Messages that it sent before its end are read first: they may say why it cannot serve.
    pub(crate) fn zone_ended(&mut self, id: InstanceId) {
        while let Some(instance) = self.instances.get(id).filter(|instance| instance.ending.is_none()) {
            match instance.control.try_receive::<FromZone>() {
                Ok(Some((message, descriptors))) => self.zone_says(id, message, descriptors),
                _ => return self.end_instance(id, Cause::Itself),
            }
        }
        self.bury(id);
    }

    fn zone_says(&mut self, id: InstanceId, message: FromZone, descriptors: Vec<OwnedFd>) {
        let instance = &mut self.instances[id];
        let zone = instance.zone;
        match message {
            FromZone::Split { worker, init } => {
                let watched = instance
                    .family
                    .adopt(worker, init)
                    .and_then(|worker| self.reactor.add(worker, EventSource::ZoneEnd(id)));
                match watched {
                    Ok(registration) => {
                        instance.worker = Some(registration);
                        if instance.unneeded {
                            self.end_instance(id, Cause::Unneeded);
                        }
                    }
                    Err(error) => {
                        self.complain(
                            |unsaid| tracing::warn!(unsaid, %error, "a zone names processes that are not ours"),
                        );
                        self.end_instance(id, Cause::Itself);
                    }
                }
            }
            FromZone::Jailed(jailed) => {
                if instance.family.jailed(jailed).is_err() {
                    self.end_instance(id, Cause::Itself);
                }
            }
            FromZone::Ready { .. } if instance.ready || instance.worker.is_none() => {
                self.end_instance(id, Cause::Itself)
            }
            FromZone::Ready { layers } => {
                instance.family.layers = layers;
                instance.ready = true;
                instance.check_at = None;
                self.replacement_ready(zone, id);
                self.serve_waiting(zone, Instant::now());
                // Whoever it was started for may need another one by now.
                self.end_if_superfluous(id);
            }
            // What its page says is looked at when all messages of this turn are read.
            FromZone::Due => instance.check_at = Some(Instant::now()),
            FromZone::Failed { step, message, hint, errno: _ } => {
                let name = &self.zones[zone].specification.interface.name;
                let hint = hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
                let message = format!("zone {name:?} cannot start, at step {step}: {message}{hint}");
                self.zones[zone].failure = Some(message);
                self.end_instance(id, Cause::Itself);
            }
            FromZone::CallbackTimeout { channel } => {
                // The signal does not say whose callable it is; the terms do. It ignores both if its own clock says otherwise.
                if let Some(attached) = instance.channels.get(&channel) {
                    attached.channel.note_callback_timeout();
                    let client = attached.client;
                    self.signal(client, Signal::URG);
                }
            }
            FromZone::Called { channel, function, refused, untold } => {
                if !self.called_in(id, channel, function, refused.as_ref(), untold) {
                    self.end_instance(id, Cause::Itself); // nobody has asked it
                }
            }
            FromZone::Observed { channel, observation } => {
                if !self.observed_in(id, channel, observation) {
                    self.end_instance(id, Cause::Itself); // nobody has asked it
                }
            }
            FromZone::Refused { count, text } => {
                let text = printable::line(&text.chars().take(REFUSAL_CHARACTERS).collect::<String>());
                self.complain(|unsaid| tracing::info!(unsaid, refused = count, "{text}"));
            }
            FromZone::Full => self.renew_log(zone),
            FromZone::Run { command, arguments, folder } => {
                self.start_run(id, (command, arguments, folder), descriptors);
            }
            FromZone::Detached { channel } => {
                if let Some(leaving) = instance.leaving.remove(&channel) {
                    leaving.attached.channel.release();
                    self.grants.channel_gone(&leaving.attached.counts_on);
                }
                self.end_if_superfluous(id);
                self.serve_waiting(zone, Instant::now());
            }
        }
    }

    /// Gives all instances of a service for logs another file, if theirs is full.
    fn renew_log(&mut self, zone: usize) {
        let service = self.zones[zone].specification.service.as_ref();
        let Some(log) = service.and_then(|service| service.log.as_ref()) else { return };
        let path = log.path();
        match log.renew() {
            Ok(file) => {
                for instance in self.instances.values().filter(|instance| instance.zone == zone && instance.ready) {
                    // One that cannot be told asks again.
                    let _ = instance.control.try_send(&ToZone::Log, &[file.as_fd()]);
                    instance.status.ring();
                }
            }
            Err(error) => self.complain(
                |unsaid| tracing::warn!(unsaid, path = %path.display(), %error, "a log is full, and no other file can be begun"),
            ),
        }
    }

    /// A zone that had more clients than one instance serves needs fewer again, and a client no more instances of its own than it has
    /// channels, but for one; none of these is in a sandbox that nothing it holds needs any more.
    pub(crate) fn end_if_superfluous(&mut self, id: InstanceId) {
        let Some(instance) = self.instances.get(id).filter(|instance| instance.is_idle()) else { return };
        if self.zones[instance.zone].retired.is_some() {
            return self.end_instance(id, Cause::Unneeded); // it has ended what it had begun
        }
        let (zone, owner) = (instance.zone, instance.scope.owner);
        if owner.is_some() && self.zones[zone].waiting.iter().any(|one| self.scope(zone, one) == instance.scope) {
            return; // the channel that has just been given up is opened again
        }
        let stays = |(other, instance): (InstanceId, &Instance)| {
            other != id && instance.zone == zone && instance.scope.owner == owner && instance.ending.is_none()
        };
        let needless = owner.is_some_and(|owner| !self.may_need(owner, zone, &instance.scope));
        if needless || self.instances.iter().any(stays) {
            self.end_instance(id, Cause::Unneeded);
        }
    }

    /// The same of every client's own instances: somebody may hold less now.
    pub(crate) fn end_superfluous(&mut self) {
        let differ = |zone: usize| !self.zones[zone].specification.interface.sandbox.needed.is_empty();
        let own = self
            .instances
            .iter()
            .filter(|(_, instance)| instance.scope.owner.is_some() && instance.is_idle() && differ(instance.zone));
        own.map(|(id, _)| id).collect::<Vec<_>>().into_iter().for_each(|id| self.end_if_superfluous(id));
    }

    /// Whether something that a client holds would have its calls run in an instance of that scope.
    fn may_need(&self, client: Pid, zone: usize, scope: &InstanceScope) -> bool {
        let sandbox = &self.zones[zone].specification.interface.sandbox;
        // Where all are confined alike, nobody has to go through what may be thousands of grants.
        if sandbox.needed.is_empty() {
            return true;
        }
        let Some(process) = self.processes.get(client) else { return false };
        let mut its = process.held.iter().map(|(key, _)| key).filter(|key| self.zone_of(*key) == Some(zone));
        its.any(|key| {
            self.end_of_grant(key).is_none() && sandbox.reach(&self.grants.effective(key).functions) == scope.reach
        })
    }

    /// End an instance. What it takes down may be large, so its end is an event like any other ([`Broker::bury`]), and no
    /// other instance takes its place before.
    ///
    /// While a launcher has not said which processes it has made, nobody could end those, nor wait for them: what nobody needs any
    /// more is ended when it has said so, which is soon, or when its time to start is over.
    pub(crate) fn end_instance(&mut self, id: InstanceId, cause: Cause) {
        let Some(instance) = self.instances.get_mut(id).filter(|instance| instance.ending.is_none()) else { return };
        if cause == Cause::Unneeded && instance.family.launcher().is_some() {
            instance.unneeded = true;
            return;
        }
        self.reactor.remove(instance.registration, &instance.control);
        instance.check_at = None;
        self.look_at_zone(id);
        self.hear_of_calls(id);
        let Some(instance) = self.instances.get_mut(id) else { return };
        // If it has ended by itself, its own end is what counts; the kill comes too late to change it.
        instance.family.kill();
        let init = instance.family.init().map(|init| self.reactor.add(init, EventSource::ZoneEnd(id)));
        let watched = instance.worker.is_some() || instance.family.worker().is_none();
        let ended = match init.transpose() {
            Ok(init) if watched => {
                instance.ending = Some(EndingInstance { cause, init, told: false, channels: Vec::new() });
                matches!(cause, Cause::Overdue | Cause::Revoked).then_some(Exit::Signaled(libc::SIGKILL))
            }
            // The reactor cannot take one of them, so the broker waits here: it would never learn of the end otherwise.
            init => {
                let init = init.ok().flatten();
                instance.ending = Some(EndingInstance { cause, init, told: false, channels: Vec::new() });
                instance.family.end(Instant::now() + TAKING_DOWN)
            }
        };
        if let Some(ended) = ended {
            self.tell_end(id, ended); // how it ends does not matter any more
        }
        self.bury(id);
    }

    /// Tell the clients of an instance that it has ended, once.
    fn tell_end(&mut self, id: InstanceId, ended: Exit) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        let Some(ending) = instance.ending.as_mut().filter(|ending| !ending.told) else { return };
        ending.told = true;
        let cause = ending.cause;
        let zone = &mut self.zones[instance.zone];
        let end = instance.end_of(&zone.specification, ended, cause, None);
        if !matches!(cause, Cause::Revoked | Cause::Unneeded) {
            let blamed = instance.blamed();
            if let Some(audit) = &self.audit {
                let client = blamed.and_then(|client| self.processes.get(client)?.running());
                audit.note(crash(&zone.specification.interface.name, &end, client));
            }
            // One that is gone does not do it again.
            if blamed.is_none_or(|client| self.processes.contains_key(client)) {
                zone.backoff.entry(blamed).or_default().ended(Instant::now());
            }
        }
        // What it ran it can count no more.
        for running in instance.status.all_running() {
            let leaving = || instance.leaving.get(&running.channel).map(|leaving| &leaving.attached);
            if let Some(attached) = instance.channels.get(&running.channel).or_else(leaving) {
                let elapsed = monotonic().saturating_sub(running.since).as_nanos();
                self.grants.add_cpu(&attached.counts_on, u64::try_from(elapsed).unwrap_or(u64::MAX));
            }
        }
        let mut channels = Vec::new();
        for (channel, attached) in std::mem::take(&mut instance.channels) {
            let end = instance.end_of(&zone.specification, ended, cause, Some(channel));
            if let Some(process) = self.processes.get_mut(attached.client) {
                process.channels.remove(&channel);
                process.remember_end(channel, end);
            }
            attached.channel.end(TermsState::Ended);
            channels.push(attached);
        }
        if let Some(ending) = &mut instance.ending {
            ending.channels = channels;
        }
        let (zone, scope, ready) = (instance.zone, instance.scope.clone(), instance.ready);
        tracing::info!(zone = self.zones[zone].specification.interface.name, ?end, "zone ended");
        if !ready {
            self.start_failed(zone, &scope, &end);
        }
    }

    /// Look which processes of an instance that is being ended are gone: with the worker, its clients learn of it; with all
    /// of them, another instance may start for those who wait.
    fn bury(&mut self, id: InstanceId) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        let Some(ending) = instance.ending.as_mut() else { return };
        let worker = instance.family.ended_worker();
        if let (Some((worker, _)), Some(registration)) = (&worker, instance.worker.take_if(|_| worker.is_some())) {
            self.reactor.remove(registration, worker);
        }
        if let (Some(init), Some(registration)) = (instance.family.ended_init(), ending.init) {
            self.reactor.remove(registration, &init);
        }
        let gone = instance.family.gone();
        if let Some((_, ended)) = worker {
            self.tell_end(id, ended);
        }
        if !gone {
            return;
        }
        self.tell_end(id, Exit::Exited(1)); // it has never said which process it is
        let Some(instance) = self.instances.remove(id) else { return };
        let ended = instance.ending.into_iter().flat_map(|ending| ending.channels);
        let leaving = instance.leaving.into_values().map(|leaving| leaving.attached);
        for attached in ended.chain(leaving) {
            attached.channel.release();
            self.grants.channel_gone(&attached.counts_on);
        }
        self.serve_waiting(instance.zone, Instant::now());
    }

    /// Tells the clients that wait for an instance why it ended before it was ready: the next start would end in the same way.
    fn start_failed(&mut self, zone: usize, scope: &InstanceScope, end: &End) {
        let message = self.zones[zone].failure.clone().unwrap_or_else(|| self.ended_early(zone, end));
        let (concerned, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.zones[zone].waiting)
            .into_iter()
            .partition(|waiting| self.scope(zone, waiting) == *scope);
        self.zones[zone].waiting = others;
        concerned.into_iter().for_each(|waiting| self.unavailable(waiting.client, message.clone()));
        self.replacement_failed(zone, &message);
        self.zones[zone].failure = Some(message);
    }

    fn ended_early(&self, zone: usize, end: &End) -> String {
        let how = match end {
            End::Signaled { signal, .. } => format!("was ended by signal {signal} ({})", signal_name(*signal)),
            End::Exited { code, .. } => format!("exited with status {code}"),
            _ => "did not get ready in time".into(),
        };
        let name = &self.zones[zone].specification.interface.name;
        format!(
            "zone {name:?} {how} before it was ready\nhint: the library's constructors run inside the sandbox; `cloison doctor` shows what is enforced"
        )
    }

    /// Read what an instance has sent. True if it has answered what it was asked.
    fn has_answered(&mut self, id: InstanceId) -> bool {
        self.hear_zone(id);
        self.instances.get(id).is_none_or(|instance| instance.leaving.is_empty())
    }

    /// When [`Broker::check_zones`] has something to do next.
    pub(crate) fn next_check(&self) -> Option<Instant> {
        let now = Instant::now();
        let waits = self.zones.iter().filter(|zone| !zone.waiting.is_empty());
        let waits = waits.flat_map(|zone| zone.backoff.values()).filter_map(|backoff| backoff.wait(now));
        let waits = waits.map(|wait| now + wait);
        let checks = self.instances.values().filter(|instance| instance.ending.is_none());
        checks.filter_map(|instance| instance.check_at).chain(waits).chain(self.next_look_at_replaced()).min()
    }

    /// Check the instances that are due, and start instances for clients that wait for one.
    pub(crate) fn check_zones(&mut self, now: Instant) {
        let due: Vec<_> = self
            .instances
            .iter()
            .filter(|(_, instance)| instance.ending.is_none() && instance.check_at.is_some_and(|at| at <= now))
            .map(|(id, instance)| (id, instance.check(&self.zones[instance.zone].specification, now)))
            .collect();
        for (id, health) in due {
            match health {
                Health::Fine(next) => self.instances[id].check_at = next,
                // It may have answered already, in its socket.
                Health::Silent if self.has_answered(id) => {}
                Health::Overdue | Health::Stuck => self.end_instance(id, Cause::Overdue),
                Health::Unwanted => self.end_instance(id, Cause::Revoked),
                Health::Silent => self.end_instance(id, Cause::Itself),
            }
        }
        self.look_at_replaced(now);
        for zone in 0..self.zones.len() {
            if !self.zones[zone].waiting.is_empty() {
                self.serve_waiting(zone, now);
            }
        }
    }
}

/// What the audit trail says of a zone's end: what ran, as far as the zone has said, and for whom.
fn crash(zone: &str, end: &End, client: Option<&Running>) -> AuditEvent {
    let (reason, ran) = match end {
        End::DeadlineExceeded { ran } => ("a call took too long".to_owned(), ran.as_ref()),
        End::Exited { code, ran } => (format!("it exited with status {code}"), ran.as_ref()),
        End::Replaced { .. } => ("it was replaced".to_owned(), None),
        End::Expired | End::Narrowed | End::Revoked | End::ServiceEnded | End::Unwanted { .. } => {
            ("its grant was taken back".to_owned(), None)
        }
        End::Signaled { signal, ran } => {
            (format!("it was ended by signal {signal} ({})", signal_name(*signal)), ran.as_ref())
        }
    };
    let event = AuditEvent::crash(zone, &reason);
    let event = ran.into_iter().fold(event, |event, ran| event.function(&ran.function));
    client.into_iter().fold(event, |event, client| event.process(AuditProcess::of(client)))
}

/// Sends a new process its first messages.
fn first_messages(
    (control, launcher): (Control, Launcher),
    messages: &[(ToZone, Vec<BorrowedFd<'_>>)],
) -> Result<(Control, Family), String> {
    let control = control.receiving_at_most(FROM_ZONE_BYTES);
    let family = Family::new(launcher);
    for (message, descriptors) in messages {
        control.try_send(message, descriptors).map_err(|error| format!("the zone cannot be started: {error}"))?;
    }
    Ok((control, family))
}
