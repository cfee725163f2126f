//! Replacing a zone in an application that runs: another library file, or another manifest.
//!
//! ```text
//!  asked ──▶ checked as at the start ──▶ an instance of the new zone is started, and sealed ──▶ ready: the switch ──▶ old instances end
//!              │ refused                    │ failed                                              their last calls, and end
//!              ▼                            ▼
//!            everything is as it was
//! ```
//!
//! Until the switch nothing has changed. The switch is one step of the loop: the capabilities of the old zone are of the new one from then
//! on, with what they and all that was narrowed from them allow put into the terms of its interface. What cannot be put so is a reason not to
//! begin. No function is granted that was not: what the new manifest offers beyond the old one is granted when the application starts anew.
//!
//! The old zone stays in the table, **retired**, for its instances. Their channels are closed ([`Channel::close`]): a client posts no call
//! there any more, but for calls inside of one that goes on, and opens another channel instead. A channel on which nothing is under
//! way is ended here, with [`End::Replaced`]; when an instance has none any more, it is ended. What has not ended after as long as the longest
//! call may take is ended as well.
//!
//! Plans that a client has made from the old interface are of no use for the new one. Each interface has a number, its **edition**, which the
//! client says when it opens a channel; if there is another one by now, it gets no channel, asks for the description again, and makes its call by
//! that.
//!
//! [`Channel::close`]: cloison_transport::channel::Channel::close

use crate::application::{ApplicationCapability, LoadError, ZoneSpecification};
use crate::audit::AuditEvent;
use crate::broker::Broker;
use crate::capabilities::grants::GrantKey;
use crate::capabilities::profiles::LoadedProfile;
use crate::inspection::{ReplaceRequest, ReplacementState};
use crate::zones::zone::{ANSWER_DEADLINE, Cause, Instance, InstanceId, ZoneEntry};
use cloison_contract::grant::Bound;
use cloison_contract::interface::Instances;
use cloison_contract::message::{ChannelId, End, ToMicroprocess};
use cloison_contract::{FunctionId, Grant, Interface};
use cloison_manifest::application::bound_again;
use cloison_manifest::difference::{GrantChange, GrantDifference};
use cloison_manifest::version::InterfaceVersion;
use cloison_transport::terms::TermsState;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often it is looked whether calls in instances of a retired zone have ended. What is under way at neither of two looks is over.
const LOOK: Duration = Duration::from_millis(20);
/// How many reasons not to begin are named.
const MOST_REASONS: usize = 8;

/// A zone whose instances only end what they have begun.
#[derive(Debug)]
pub(crate) struct Retirement {
    /// Then what is left is ended.
    until: Instant,
    look_at: Instant,
    /// On which channels nothing was under way at the last look, and the number of their last request.
    quiet: BTreeMap<ChannelId, u32>,
}

impl Retirement {
    fn of(specification: &ZoneSpecification, now: Instant) -> Self {
        let interface = &specification.interface;
        let callables = interface.functions.iter().filter_map(|function| function.callables);
        let callables = callables.fold(interface.sandbox.callables, Duration::max);
        let until = now + interface.longest_deadline() + callables + ANSWER_DEADLINE;
        Self { until, look_at: now + LOOK, quiet: BTreeMap::new() }
    }
}

/// The replacement of a zone.
#[derive(Debug)]
pub(crate) struct Replacement {
    number: u64,
    /// Their positions among the zones.
    old: usize,
    new: usize,
    progress: Stage,
}

#[derive(Debug)]
enum Stage {
    Starting,
    Failed(String),
    Replaced,
}

/// Why a replacement has not begun.
#[derive(Debug)]
pub(crate) enum NotBegun {
    /// A sentence, and what would help.
    Refused(String),
    /// More would be granted, and nobody has said that this is meant. What that is.
    Widens(String),
}

impl From<String> for NotBegun {
    fn from(message: String) -> Self {
        Self::Refused(message)
    }
}

/// What is said of functions of one interface, in the terms of another one.
struct Translation<'a> {
    old: &'a Interface,
    new: &'a Interface,
}

impl<'a> Translation<'a> {
    fn name(&self, id: FunctionId) -> &'a str {
        self.old.functions.get(id.0 as usize).map_or("?", |function| &function.name)
    }

    /// The function of the same name that may be granted.
    fn function(&self, id: FunctionId) -> Option<FunctionId> {
        let (id, function) = self.new.function(self.name(id))?;
        (!function.internal).then_some(id)
    }

    fn functions(&self, ids: &BTreeSet<FunctionId>) -> BTreeSet<FunctionId> {
        ids.iter().filter_map(|id| self.function(*id)).collect()
    }

    /// Bounds, what is wrong with those that make no sense, and which ones ask for something else by the new interface. One of a function that is
    /// not there holds for nothing.
    fn bounds(&self, bounds: &[(FunctionId, Bound)]) -> TranslatedBounds {
        let TranslatedBounds { mut found, mut wrong, mut changed } = TranslatedBounds::default();
        for (id, bound) in bounds {
            let name = self.name(*id);
            let Some((id, function)) = self.new.function(name) else { continue };
            match bound_again(self.new, function, &bound.text) {
                Ok(again) => {
                    if !GrantDifference::is_same_bound((self.old, bound), (self.new, &again)) {
                        changed.push(format!("the bound `{}` of {name} asks for something else", bound.text));
                    }
                    found.push((id, again));
                }
                Err(message) => wrong.push(format!("the bound `{}` of {name}: {message}", bound.text)),
            }
        }
        TranslatedBounds { found, wrong, changed }
    }

    fn grant(&self, grant: &Grant) -> Grant {
        let bounds = self.bounds(&grant.bounds).found;
        Grant { functions: self.functions(&grant.functions), bounds, ..grant.clone() }
    }
}

/// What becomes of bounds by another interface.
#[derive(Debug, Default)]
struct TranslatedBounds {
    found: Vec<(FunctionId, Bound)>,
    wrong: Vec<String>,
    changed: Vec<String>,
}

/// What all grants and profiles of a zone say by another interface.
#[derive(Debug, Default)]
struct Restated {
    statements: Vec<Statement>,
    profiles: BTreeMap<String, LoadedProfile>,
    /// Why it cannot be said.
    obstacles: Vec<String>,
    /// What is said in the same words and is something else.
    changed: Vec<String>,
}

/// What a grant says itself: its functions, if it names them, and its bounds.
type Statement = (GrantKey, Option<BTreeSet<FunctionId>>, Vec<(FunctionId, Bound)>);

impl Broker {
    /// Begin to replace a zone, if that can be done and may be. The number by which to ask how it goes on.
    pub(crate) fn replace(&mut self, request: &ReplaceRequest) -> Result<u64, NotBegun> {
        if let Some(Replacement { progress: Stage::Starting, old, .. }) = &self.replacement {
            let name = &self.zones[*old].specification.interface.name;
            return Err(format!("zone {name:?} is being replaced, and one after the other is\nhint: try again").into());
        }
        if self.recorder.is_some() {
            // What zones have said by then is about functions of the old one.
            return Err("the application is recorded, and a recording is about one manifest of a zone\nhint: replace it when the recording has ended".to_owned().into());
        }
        let old = self.zone_named(&request.zone)?;
        let new = self.read_again(old, request.manifest.as_deref())?;
        self.check_replacement(old, &new)?;
        self.check_widening(old, &new, request.may_widen)?;
        let entry = self.entry(old, new);
        let position = self.free_zone(entry);
        let scope = self.zones[position].common_scope();
        if let Err(message) = self.start_instance(position, scope, Instant::now()) {
            self.retire(position, Instant::now());
            return Err(message.into());
        }
        let number = self.replacement.as_ref().map_or(0, |last| last.number) + 1;
        self.replacement = Some(Replacement { number, old, new: position, progress: Stage::Starting });
        Ok(number)
    }

    /// How far the replacement of that number is.
    pub(crate) fn replacement_state(&self, number: u64) -> Option<ReplacementState> {
        let replacement = self.replacement.as_ref().filter(|replacement| replacement.number == number)?;
        Some(match &replacement.progress {
            Stage::Starting => ReplacementState::Starting,
            Stage::Failed(message) => ReplacementState::Failed { message: message.clone() },
            Stage::Replaced => {
                let of = self.instances.values().filter(|instance| instance.zone == replacement.old);
                let calls = |instance: &Instance| {
                    instance.channels.keys().filter(|channel| quiet(instance, **channel).is_none()).count()
                };
                let (instances, calls) =
                    of.fold((0, 0), |(instances, sum), instance| (instances + 1, sum + calls(instance)));
                ReplacementState::Replaced { instances, calls: calls as u64 }
            }
        })
    }

    /// The zone of that capability, or the only one of that name.
    fn zone_named(&self, name: &str) -> Result<usize, String> {
        if let Some(capability) = self.application.capabilities.get(name) {
            return Ok(capability.zone);
        }
        let called = |zone: &usize| self.zones[*zone].specification.interface.name == name;
        let zones: BTreeSet<usize> = self.application.capabilities.values().map(|one| one.zone).collect();
        let found: Vec<_> = zones.into_iter().filter(called).collect();
        match found[..] {
            [zone] => Ok(zone),
            [] => {
                let names: Vec<_> = self.application.capabilities.keys().map(String::as_str).collect();
                Err(format!("the application has no zone {name:?}\nhint: its capabilities are {}", names.join(", ")))
            }
            _ => Err(format!("several zones are called {name:?}\nhint: name one by its capability")),
        }
    }

    /// The names of the capabilities of that zone.
    fn capabilities_of(&self, zone: usize) -> BTreeSet<String> {
        let its = self.application.capabilities.iter().filter(|(_, capability)| capability.zone == zone);
        its.map(|(name, _)| name.clone()).collect()
    }

    /// The zone's manifest, read anew, or another one.
    fn read_again(&self, zone: usize, manifest: Option<&Path>) -> Result<ZoneSpecification, String> {
        let old = &self.zones[zone].specification;
        let name = &old.interface.name;
        let read = match (manifest, &old.service) {
            (_, Some(service)) if service.service.is_of_host() => {
                return Err(format!(
                    "zone {name:?} is a service of Cloison's own\nhint: it is another one when the application is started by another Cloison"
                ));
            }
            (Some(_), Some(_)) => {
                return Err(format!(
                    "zone {name:?} is configured by cloison.toml, and cannot have another manifest\nhint: without one its library is loaded anew"
                ));
            }
            (Some(path), None) => ZoneSpecification::read(path),
            (None, _) => old.again(),
        };
        read.map_err(|error| match error {
            LoadError::Manifests(mistakes) => format!("the manifest has mistakes\n{}", mistakes.to_string().trim_end()),
            other => other.to_string(),
        })
    }

    /// Whether that can come in the place of the zone.
    fn check_replacement(&self, zone: usize, new: &ZoneSpecification) -> Result<(), String> {
        let (was, is) = (&self.zones[zone].specification.interface, &new.interface);
        if was.name != is.name {
            return Err(format!("{} is of a zone {:?}, and this one is called {:?}", is.source, is.name, was.name));
        }
        let version = InterfaceVersion::parse(&is.version);
        for (name, capability) in self.application.capabilities.iter().filter(|(_, one)| one.zone == zone) {
            let Some(wanted) = &capability.wanted else { continue };
            if !version.is_some_and(|version| wanted.takes(version)) {
                return Err(format!(
                    "{} has version {} of its interface, and \"{wanted}\" is asked for by [capabilities.{name}] ({})",
                    is.source, is.version, capability.allow_location
                ));
            }
        }
        if let Some(file) = self.application.changeable(&new.files()) {
            return Err(format!(
                "a program could change {}, and with it what it is granted\nhint: give a file that is in no folder that a capability lets a program write",
                file.display()
            ));
        }
        if let Some((rule, file)) = self.application.changed_by(new) {
            return Err(format!(
                "its library may write {rule} ({}), so it could change {}\nhint: let it write a folder in which nothing is that the \
                 application is made of, and neither its logs nor its audit trail",
                is.source,
                file.display()
            ));
        }
        let obstacles = self.restated(zone, is).obstacles;
        if obstacles.is_empty() {
            return Ok(());
        }
        let mut message = format!("{} does not go with what is granted:", is.source);
        for obstacle in obstacles.iter().take(MOST_REASONS) {
            let _ = write!(message, "\n  {obstacle}");
        }
        if obstacles.len() > MOST_REASONS {
            let _ = write!(message, "\n  and {} more", obstacles.len() - MOST_REASONS);
        }
        message += "\nhint: `cloison revoke` what nobody needs, or start the application anew";
        Err(message)
    }

    /// Whether more is granted than by the old zone, without anybody having said that this is meant.
    fn check_widening(&self, zone: usize, new: &ZoneSpecification, may_widen: bool) -> Result<(), NotBegun> {
        let old = &self.zones[zone].specification;
        let translation = Translation { old: &old.interface, new: &new.interface };
        let granted = &self.zones[zone].granted;
        // A zone for all reaches what all capabilities need together, another one what its client's grant needs.
        let limited = |interface: &Interface, functions: &BTreeSet<FunctionId>, all: &BTreeSet<FunctionId>| {
            let mut interface = interface.clone();
            let shared = interface.sandbox.instances == Instances::Shared;
            interface.sandbox = interface.sandbox.under(if shared { all } else { functions });
            interface
        };
        // The same folder, however the two manifests were named.
        let real = |folder: &Path| folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let (was, is) = (real(&old.folder), real(&new.folder));
        let all = translation.functions(granted);
        let between = |(name, one): (&String, &ApplicationCapability), was_granted: &Grant| {
            let is_granted = translation.grant(was_granted);
            GrantDifference::of_zones(
                (name, &one.allow_location),
                (&limited(&old.interface, &was_granted.functions, granted), was_granted, &was),
                (&limited(&new.interface, &is_granted.functions, &all), &is_granted, &is),
            )
        };
        let mut difference = GrantDifference::default();
        for (name, one) in self.application.capabilities.iter().filter(|(_, one)| one.zone == zone) {
            let mut its = between((name, one), &one.grant);
            // Whoever holds it narrowed may hold any part of it: what one function alone reaches must not become more either, though
            // another one reached that before.
            for function in &one.grant.functions {
                let alone = Grant { functions: BTreeSet::from([*function]), ..one.grant.clone() };
                for mut change in between((name, one), &alone).more {
                    if !its.more.iter().any(|known| known.what == change.what) {
                        change.what =
                            format!("{}, for who may call {} alone", change.what, translation.name(*function));
                        its.more.push(change);
                    }
                }
            }
            difference = difference.and(its);
        }
        for what in self.restated(zone, &new.interface).changed {
            difference.more.push(GrantChange { profile: None, capability: None, declared: None, what });
        }
        match difference.grants_more() && !may_widen {
            true => Err(NotBegun::Widens(difference.text("the zone as it runs", &new.interface.source))),
            false => Ok(()),
        }
    }

    /// What every grant of a zone's capabilities says, and every profile, in the terms of another interface.
    fn restated(&self, zone: usize, new: &Interface) -> Restated {
        let old = &*self.zones[zone].specification.interface;
        let translation = Translation { old, new };
        let names = self.capabilities_of(zone);
        let Restated { mut statements, mut obstacles, mut changed, .. } = Restated::default();
        for (key, entry) in self.grants.iter() {
            if self.grants.service(key).is_some() || !names.contains(self.grants.name(key)) {
                continue;
            }
            let own = self.grants.own_terms(key);
            let functions = match self.grants.narrowing(key) {
                None => Some(own.functions),
                Some(by) => by.functions.clone(),
            };
            // What is not alive does not come alive again, and nobody calls by it.
            let is_alive = self.grants.end_of(key).is_none();
            let what = || {
                let name = self.grants.name(key);
                format!("the grant #{} of the capability {name:?} ({})", entry.reference.number, self.location_of(key))
            };
            for id in functions.iter().flatten().filter(|id| is_alive && self.grants.allows(key, **id)) {
                if translation.function(*id).is_none() {
                    obstacles.push(format!("{} allows {}, which it does not offer", what(), translation.name(*id)));
                }
            }
            let bounds = translation.bounds(&own.bounds);
            let said =
                |texts: Vec<String>| texts.into_iter().filter(|_| is_alive).map(|text| format!("{}: {text}", what()));
            obstacles.extend(said(bounds.wrong));
            changed.extend(said(bounds.changed));
            statements.push((key, functions.map(|functions| translation.functions(&functions)), bounds.found));
        }
        let mut profiles = self.application.profiles.clone();
        for profile in profiles.values_mut() {
            for (_, kept) in profile.capabilities.iter_mut().filter(|(name, _)| names.contains(*name)) {
                let bounds = translation.bounds(&kept.narrowing.bounds);
                let said = |texts: Vec<String>| {
                    texts.into_iter().map(|text| format!("the profile at {}: {text}", kept.location))
                };
                obstacles.extend(said(bounds.wrong));
                changed.extend(said(bounds.changed));
                kept.narrowing.bounds = bounds.found;
                kept.narrowing.functions = kept.narrowing.functions.take().map(|ids| translation.functions(&ids));
            }
        }
        Restated { statements, profiles, obstacles, changed }
    }

    /// What is to come in the place of a zone.
    fn entry(&self, old: usize, specification: ZoneSpecification) -> ZoneEntry {
        let before = &self.zones[old];
        let translation = Translation { old: &before.specification.interface, new: &specification.interface };
        ZoneEntry {
            granted: translation.functions(&before.granted),
            edition: before.edition + u64::from(before.specification.interface != specification.interface),
            specification,
            backoff: BTreeMap::new(),
            failure: None,
            waiting: Vec::new(),
            account: None,
            retired: None,
        }
    }

    /// Enter it among the zones, where one was that is gone for good, or behind them. Its position.
    fn free_zone(&mut self, entry: ZoneEntry) -> usize {
        let specification = entry.specification.clone();
        let free = |zone: &usize| {
            self.zones[*zone].retired.is_some() && !self.instances.values().any(|instance| instance.zone == *zone)
        };
        match (0..self.zones.len()).find(free) {
            Some(zone) => {
                self.zones[zone] = entry;
                self.application.zones[zone] = specification;
                zone
            }
            None => {
                self.zones.push(entry);
                self.application.zones.push(specification);
                self.zones.len() - 1
            }
        }
    }

    fn retire(&mut self, zone: usize, now: Instant) {
        let retirement = Retirement::of(&self.zones[zone].specification, now);
        self.zones[zone].retired = Some(retirement);
    }

    /// The instance of a zone is ready: if it is to come in the place of another one, it does.
    pub(crate) fn replacement_ready(&mut self, zone: usize, id: InstanceId) {
        let starting = self.replacement.as_ref().filter(|one| matches!(one.progress, Stage::Starting));
        let Some(old) = starting.filter(|one| one.new == zone).map(|one| one.old) else { return };
        // Somebody may have narrowed something meanwhile.
        if let Err(message) = self.check_replacement(old, &self.zones[zone].specification) {
            self.replacement_failed(zone, &message);
            return self.end_instance(id, Cause::Unneeded);
        }
        self.switch(old, zone);
        if let Some(replacement) = &mut self.replacement {
            replacement.progress = Stage::Replaced;
        }
        // One that is for nobody was there to show that it starts.
        if self.zones[zone].specification.interface.sandbox.instances != Instances::Shared {
            self.end_instance(id, Cause::Unneeded);
        }
    }

    /// The instance of a zone has ended before it was ready, and why.
    pub(crate) fn replacement_failed(&mut self, zone: usize, message: &str) {
        let Some(replacement) = &mut self.replacement else { return };
        if matches!(replacement.progress, Stage::Starting) && replacement.new == zone {
            replacement.progress = Stage::Failed(message.to_owned());
            self.retire(zone, Instant::now());
        }
    }

    /// From now on calls go to the new zone.
    fn switch(&mut self, old: usize, new: usize) {
        let now = Instant::now();
        let interface = self.zones[new].specification.interface.clone();
        let Restated { statements, profiles, .. } = self.restated(old, &interface);
        for (key, functions, bounds) in statements {
            self.grants.restate(key, functions, bounds);
        }
        self.application.profiles = profiles;
        let was = self.zones[old].specification.interface.clone();
        let translation = Translation { old: &was, new: &interface };
        for capability in self.application.capabilities.values_mut().filter(|one| one.zone == old) {
            capability.grant = translation.grant(&capability.grant);
            capability.zone = new;
        }
        self.note(|| AuditEvent::replace(&interface.name, &changed(&was, &interface)));
        tracing::info!(zone = interface.name, "zone replaced");
        self.retire(old, now);
        let waiting = std::mem::take(&mut self.zones[old].waiting);
        match self.zones[old].edition == self.zones[new].edition {
            true => self.zones[new].waiting = waiting,
            // They have asked by the old interface.
            false => {
                for waiting in waiting {
                    let answer = ToMicroprocess::Because(End::Replaced { unfinished: false });
                    self.answer(waiting.client, &answer, &[]);
                }
            }
        }
        let of = |(_, instance): &(InstanceId, &Instance)| instance.zone == old && instance.ending.is_none();
        for (_, instance) in self.instances.iter().filter(of) {
            instance.channels.values().for_each(|attached| attached.channel.close());
        }
        let ids: Vec<_> = self.instances.iter().filter(of).map(|(id, _)| id).collect();
        ids.into_iter().for_each(|id| self.end_if_superfluous(id));
    }

    /// A client has seen that its channel leads to a zone that was replaced, and asks why it ended.
    pub(crate) fn leave_replaced(&mut self, client: crate::Pid, channel: ChannelId) {
        let Some(process) = self.processes.get_mut(client) else { return };
        let Some(held) = process.channels.get(&channel) else { return };
        let Some(instance) = self.instances.get_mut(held.instance) else { return };
        if self.zones[instance.zone].retired.is_some() {
            process.channels.remove(&channel);
            process.remember_end(channel, End::Replaced { unfinished: false });
            instance.let_go(channel, TermsState::Ended, Instant::now());
        }
    }

    /// When to look next whether calls in retired zones have ended.
    pub(crate) fn next_look_at_replaced(&self) -> Option<Instant> {
        let serving = self.instances.values().filter(|one| one.ending.is_none() && !one.channels.is_empty());
        serving.filter_map(|instance| Some(self.zones[instance.zone].retired.as_ref()?.look_at)).min()
    }

    /// End the channels to retired zones on which nothing is under way any more, or that have had their time.
    pub(crate) fn look_at_replaced(&mut self, now: Instant) {
        let mut ending = Vec::new();
        for (position, zone) in self.zones.iter_mut().enumerate() {
            let Some(retirement) = zone.retired.as_mut().filter(|retirement| retirement.look_at <= now) else {
                continue;
            };
            retirement.look_at = now + LOOK;
            let before = std::mem::take(&mut retirement.quiet);
            for (id, instance) in self.instances.iter().filter(|(_, one)| one.zone == position && one.ending.is_none())
            {
                for channel in instance.channels.keys().copied() {
                    let quiet = quiet(instance, channel);
                    let is_over = quiet.is_some() && before.get(&channel).copied() == quiet;
                    retirement.quiet.extend(quiet.map(|number| (channel, number)));
                    if is_over || now >= retirement.until {
                        ending.push((id, channel, quiet));
                    }
                }
            }
        }
        for (id, channel, quiet) in ending {
            self.end_replaced(id, channel, quiet, now);
        }
    }

    /// End a channel to a retired zone; `quiet` is the number of its last request, if that has been answered.
    fn end_replaced(&mut self, id: InstanceId, channel: ChannelId, quiet: Option<u32>, now: Instant) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        let Some(client) = instance.channels.get(&channel).map(|attached| attached.client) else { return };
        instance.let_go(channel, TermsState::Ended, now);
        // What is posted from now on no zone begins. What was posted just before it may have.
        let posted = instance.leaving.get(&channel).map(|leaving| leaving.attached.channel.posted());
        if let Some(process) = self.processes.get_mut(client) {
            process.channels.remove(&channel);
            process.remember_end(channel, End::Replaced { unfinished: quiet.is_none() || posted != quiet });
        }
    }
}

/// The number of a channel's last request, if nothing is under way there, as far as client and zone say.
fn quiet(instance: &Instance, channel: ChannelId) -> Option<u32> {
    let answered = instance.channels.get(&channel)?.channel.answered()?;
    // The process of a single call may answer before it has ended.
    (!instance.status.all_running().any(|running| running.channel == channel)).then_some(answered)
}

/// What is other in the new interface, for the audit trail.
fn changed(old: &Interface, new: &Interface) -> String {
    let mut what = match old == new {
        true => "its library was loaded anew".to_owned(),
        false => format!("by {}", new.source),
    };
    if old.version != new.version {
        let _ = write!(what, ", version {} (was {})", new.version, old.version);
    }
    what
}
