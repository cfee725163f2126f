//! What one manifest of an application grants that another one does not, for whoever reviews a change.
//!
//! | a change is | if |
//! |---|---|
//! | less | everything that may be done now, could be done before |
//! | other | it lets nobody do anything more or less: another entry point, another place for the same folder |
//! | more | anything else, and with it whatever this cannot tell to be narrower |
//!
//! What is compared is what the manifests say, and nothing of the machine: a path is the text of a path. All that can be granted
//! is taken apart field by field and without `..`, so that a new field does not compile until somebody has said here what
//! it grants. The words are those of [`mod@crate::explain`].

mod bounds;
mod library;
mod pairs;
mod profiles;
mod services;

use crate::application::{Application, AuditSettings, CapabilityRequest, ServiceRequest};
use crate::diagnostic::Diagnostics;
use crate::explain::{self, Measure};
use cloison_contract::grant::{Bound, Grant, Narrowing, Rate};
use cloison_contract::interface::{FunctionId, Instances, Interface};
use cloison_contract::printable;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Component, Path, PathBuf};

/// An application as its manifests say it is.
#[derive(Debug)]
pub struct DeclaredApplication {
    application: Application,
    /// By the names of capabilities.
    zones: BTreeMap<String, (Interface, Grant)>,
    /// What profiles leave of capabilities, by the names of both.
    narrowings: BTreeMap<(String, String), Narrowing>,
}

impl DeclaredApplication {
    /// `interfaces` are those of the zones, by the names of the capabilities that have them. A capability without one grants nothing.
    ///
    /// # Errors
    /// A capability asks for what its zone does not offer, or a profile for what the application is not granted.
    pub fn new(application: Application, interfaces: BTreeMap<String, Interface>) -> Result<Self, Diagnostics> {
        let mut mistakes = Diagnostics::default();
        let mut zones = BTreeMap::new();
        for (name, interface) in interfaces {
            match application.grant(&name, &interface) {
                Ok(grant) => {
                    zones.insert(name, (interface, grant));
                }
                Err(found) => mistakes.extend(found),
            }
        }
        let mut narrowings = BTreeMap::new();
        for (profile, declared) in &application.profiles {
            for capability in declared.capabilities.keys() {
                let Some((interface, grant)) = zones.get(capability) else { continue };
                match application.profile_narrowing(profile, capability, interface, grant) {
                    Ok(narrowing) => {
                        narrowings.insert((profile.clone(), capability.clone()), narrowing);
                    }
                    Err(found) => mistakes.extend(found),
                }
            }
        }
        let mut declared = Self { application, zones, narrowings };
        declared.limit_sandboxes();
        if mistakes.has_errors() { Err(mistakes) } else { Ok(declared) }
    }

    /// Leave of each sandbox what its capability's calls run in. A zone for all has what all of its capabilities need.
    fn limit_sandboxes(&mut self) {
        let zone = |name: &str| self.application.capabilities.get(name).map(|request| plain(&request.zone.text));
        let needing = |name: &String| -> BTreeSet<FunctionId> {
            let shared = self.zones[name].0.sandbox.instances == Instances::Shared;
            let counts = |other: &str| other == name || shared && zone(other) == zone(name);
            let grants = self.zones.iter().filter(|(other, _)| counts(other));
            grants.flat_map(|(_, (_, grant))| grant.functions.iter().copied()).collect()
        };
        let all: Vec<_> = self.zones.keys().map(needing).collect();
        for ((interface, _), functions) in self.zones.values_mut().zip(&all) {
            let sandbox = std::mem::take(&mut interface.sandbox);
            interface.sandbox = sandbox.under(functions);
        }
    }

    fn capability(&self, name: &str) -> Option<DeclaredCapability<'_>> {
        let (request, (interface, grant)) = (self.application.capabilities.get(name)?, self.zones.get(name)?);
        let declared = format!("{}:{}", self.application.source.name, request.allow_location.line);
        Some(DeclaredCapability { request, interface, grant, declared })
    }
}

/// One capability of it.
struct DeclaredCapability<'a> {
    request: &'a CapabilityRequest,
    interface: &'a Interface,
    grant: &'a Grant,
    /// `FILE:LINE`
    declared: String,
}

impl DeclaredCapability<'_> {
    /// All that it gives, a sentence each, and last within which limits.
    fn whole(&self, name: &str) -> (Vec<String>, Option<String>) {
        let terms = (self.grant, self.request.expires);
        let permission = match &self.request.service {
            None => explain::library(name, &self.declared, self.interface, terms),
            Some(service) => {
                explain::service(name, &self.declared, self.interface, terms, &service.service, &written(service))
            }
        };
        let mut may = permission.may;
        if self.request.service.is_none() && !permission.functions.is_empty() {
            // All of them, however many they are.
            may[0] = explain::call(&named(&permission.functions), self.interface);
        }
        let within = permission.within.join("; ");
        (may, (!within.is_empty()).then(|| format!("within: {within}")))
    }

    /// It is granted, and was not.
    fn is_added(&self, findings: &mut Findings, name: &str) {
        let (may, within) = self.whole(name);
        if may.iter().all(|what| explain::gives_nothing(what)) {
            return findings.more("hold it, although it gives nothing".to_owned());
        }
        may.into_iter().chain(within).for_each(|what| findings.more(what));
    }

    /// It was granted, and is not.
    fn is_gone(&self, findings: &mut Findings, name: &str) {
        let (may, _) = self.whole(name);
        let (nothing, may): (Vec<_>, Vec<_>) = may.into_iter().partition(|what| explain::gives_nothing(what));
        if may.is_empty() && !nothing.is_empty() {
            findings.less("it is gone, and has given nothing".to_owned());
        }
        may.into_iter().for_each(|what| findings.lost(what));
    }
}

/// What has changed from one manifest to another one.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct GrantDifference {
    /// What is granted now and was not before.
    pub more: Vec<GrantChange>,
    /// What was granted before and is not now.
    pub less: Vec<GrantChange>,
    /// What grants nothing either way.
    pub other: Vec<GrantChange>,
}

/// One change.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct GrantChange {
    /// The profile whose microprocesses it is about, if not all.
    pub profile: Option<String>,
    /// The capability that it is about, if not the whole application.
    pub capability: Option<String>,
    /// Where that is granted, as `FILE:LINE`: in the new manifest, unless it is there no longer.
    pub declared: Option<String>,
    /// What it is.
    pub what: String,
}

impl GrantDifference {
    /// What `new` grants beyond `old`, what less, and what else is different.
    pub fn between(old: &DeclaredApplication, new: &DeclaredApplication) -> Self {
        let mut findings = Findings::default();
        let names: BTreeSet<&String> = old.zones.keys().chain(new.zones.keys()).collect();
        for name in names {
            let (before, after) = (old.capability(name), new.capability(name));
            let declared = after.as_ref().or(before.as_ref()).map(|capability| capability.declared.clone());
            (findings.capability, findings.declared) = (Some(name.clone()), declared);
            match (before, after) {
                (Some(before), Some(after)) => capability(&mut findings, name, &before, &after),
                (before, after) => {
                    before.iter().for_each(|before| before.is_gone(&mut findings, name));
                    after.iter().for_each(|after| after.is_added(&mut findings, name));
                }
            }
        }
        (findings.capability, findings.declared) = (None, None);
        profiles::compare(&mut findings, old, new);
        (findings.profile, findings.capability, findings.declared) = (None, None, None);
        application(&mut findings, &old.application, &new.application);
        findings.difference
    }

    /// What a capability lets its zone do by another manifest or library, in whose place those come that the zone has now. `declared` is where the
    /// capability is granted; each side is an interface, whose sandbox is what its calls run in, what is granted of it, and the manifest's folder.
    pub fn of_zones(
        (name, declared): (&str, &str),
        old: (&Interface, &Grant, &Path),
        new: (&Interface, &Grant, &Path),
    ) -> Self {
        let mut findings =
            Findings { capability: Some(name.to_owned()), declared: Some(declared.to_owned()), ..Findings::default() };
        let [old, new] = [old, new].map(|(interface, grant, folder)| {
            let beside = folder.to_owned();
            library::ZoneTerms { interface, grant, beside }
        });
        library::replaced(&mut findings, &old, &new);
        findings.difference
    }

    /// Whether a bound asks for the same by two interfaces, for which it was read each. What cannot be told to be the same is not.
    pub fn is_same_bound(old: (&Interface, &Bound), new: (&Interface, &Bound)) -> bool {
        library::means_the_same(old, new)
    }

    /// All of them together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.more.extend(other.more);
        self.less.extend(other.less);
        self.other.extend(other.other);
        self
    }

    /// Whether more is granted.
    pub fn grants_more(&self) -> bool {
        !self.more.is_empty()
    }

    /// All of it for people to read. `old` and `new` are what the two are called.
    pub fn text(&self, old: &str, new: &str) -> String {
        let mut text = String::new();
        // A name with an end of line in it is not to look like a line of ours.
        let mut line = |depth: usize, words: &str| {
            let _ = writeln!(text, "{:1$}{2}", "", 2 * depth, printable::line(words));
        };
        if *self == Self::default() {
            line(0, &format!("{new} grants what {old} grants."));
            return text;
        }
        if self.more.is_empty() {
            line(0, &format!("{new} grants no more than {old}."));
        }
        let groups = [
            (format!("{new} grants more than {old}:"), &self.more),
            (format!("{new} grants less than {old}:"), &self.less),
            ("Other changes:".to_owned(), &self.other),
        ];
        for (title, changes) in groups.iter().filter(|(_, changes)| !changes.is_empty()) {
            line(0, title);
            let mut before = (None, None);
            for GrantChange { profile, capability, declared, what } in *changes {
                let about = (profile.as_deref(), capability.as_deref());
                let of = match about {
                    (None, None) => None,
                    (None, Some(name)) => Some(format!("by the capability {name}")),
                    (Some(profile), None) => Some(format!("in microprocesses of the profile {profile}")),
                    (Some(profile), Some(name)) => {
                        Some(format!("in microprocesses of the profile {profile}, by the capability {name}"))
                    }
                };
                if let Some(of) = of.as_ref().filter(|_| before != about) {
                    line(1, &format!("{of} ({})", declared.as_deref().unwrap_or_default()));
                }
                before = about;
                line(if of.is_some() { 2 } else { 1 }, what);
            }
        }
        text
    }
}

/// A capability that both have.
fn capability(findings: &mut Findings, name: &str, old: &DeclaredCapability<'_>, new: &DeclaredCapability<'_>) {
    let same = match (&old.request.service, &new.request.service) {
        (None, None) => library::file(old) == library::file(new),
        (Some(old), Some(new)) => old.service.name() == new.service.name(),
        (None, Some(_)) | (Some(_), None) => false,
    };
    if !same {
        old.is_gone(findings, name);
        new.is_added(findings, name);
        return;
    }
    // The service is compared below, `allow` and `where` as the grant that they make.
    let CapabilityRequest {
        zone,
        version,
        allow,
        allow_location: _,
        bounds: _,
        quota: _,
        expires: _,
        personal: _,
        quiet: _,
        locations: _,
        service,
    } = new.request;
    if plain(&old.request.zone.text) != plain(&zone.text) {
        findings.other(format!("it is of the zone {} (was {})", zone.text, old.request.zone.text));
    }
    library::versions(findings, old, version.as_ref());
    library::allowed(findings, old, new, allow);
    library::terms(findings, old, new);
    match (&old.request.service, service) {
        (Some(old), Some(new)) => services::compare(findings, old, new),
        _ => library::compare(findings, old, new),
    }
}

/// What is so for the whole application.
fn application(findings: &mut Findings, old: &Application, new: &Application) {
    let Application {
        source: _,
        entry,
        site_packages,
        may_be_missing,
        // Compared one by one.
        capabilities: _,
        profiles: _,
        limits,
        clock,
        seed,
        audit,
    } = new;
    let folders = |list: &[String]| list.iter().map(|folder| plain(folder)).collect::<Vec<_>>();
    let (before, after) = (folders(&old.site_packages), folders(site_packages));
    findings.list(&before, &after, PathBuf::eq, |folder| format!("import modules from {}", folder.display()));
    if before != after && before.iter().collect::<BTreeSet<_>>() == after.iter().collect::<BTreeSet<_>>() {
        findings.other(format!("its modules are looked for in this order: {}", named(site_packages)));
    }
    findings.list(&old.may_be_missing, may_be_missing, String::eq, |layer| {
        format!("run without the layer {layer} of the sandbox where the kernel has not got it")
    });
    findings.measures("limits", explain::measures(&old.limits), explain::measures(limits));
    let run = |entry: &Option<crate::application::EntryPoint>| match entry {
        Some(entry) => format!("{}:{}", entry.module, entry.qualname),
        None => "__main__.py".to_owned(),
    };
    let (before, after) = (run(&old.entry), run(entry));
    if before != after {
        findings.other(format!("it runs {after} (was {before})"));
    }
    if old.clock != *clock {
        findings.other("its clock is set in another way".to_owned());
    }
    let trail = |audit: &Option<AuditSettings>| {
        audit.as_ref().map(|one| (one.file.as_ref().map(|file| file.text.clone()), one.file_bytes, one.keep, one.calls))
    };
    match (trail(&old.audit), trail(audit)) {
        (None, None) => {}
        (Some(before), Some(after)) if before == after => {}
        (Some(_), None) => findings.more("no longer have an audit trail".to_owned()),
        (None, Some(_)) => findings.other("it has an audit trail".to_owned()),
        (Some(_), Some(_)) => findings.other("its audit trail is written in another way".to_owned()),
    }
    if old.seed != *seed {
        let random = |seed: Option<u64>| seed.map_or("the kernel".to_owned(), |seed| format!("the seed {seed}"));
        findings.other(format!("its randomness comes from {} (was {})", random(*seed), random(old.seed)));
    }
}

/// What has been found so far, and of what it is being looked for.
#[derive(Default)]
struct Findings {
    difference: GrantDifference,
    profile: Option<String>,
    capability: Option<String>,
    declared: Option<String>,
}

impl Findings {
    fn change(&self, what: String) -> GrantChange {
        let (profile, capability, declared) = (self.profile.clone(), self.capability.clone(), self.declared.clone());
        GrantChange { profile, capability, declared, what }
    }

    fn more(&mut self, what: String) {
        let change = self.change(what);
        self.difference.more.push(change);
    }

    fn less(&mut self, what: String) {
        let change = self.change(what);
        self.difference.less.push(change);
    }

    fn other(&mut self, what: String) {
        let change = self.change(what);
        self.difference.other.push(change);
    }

    /// What is granted no longer.
    fn lost(&mut self, what: String) {
        self.less(format!("no longer {what}"));
    }

    /// Less if the one that is there now is within the one that was.
    fn narrowed(&mut self, within: bool, what: String) {
        if within { self.less(what) } else { self.more(what) }
    }

    /// Numbers of which more is more.
    fn numbers(&mut self, old: &[u128], new: &[u128], what: String) {
        let within = old.len() == new.len() && old.iter().zip(new).all(|(old, new)| new <= old);
        if old != new {
            self.narrowed(within, what);
        }
    }

    /// The same limits, as they were and as they are.
    fn measures(&mut self, of: &str, old: Vec<Measure>, new: Vec<Measure>) {
        for ((name, old, was), (_, new, is)) in old.into_iter().zip(new) {
            self.numbers(&[old], &[new], format!("{of}: {name}: {is} (was {was})"));
        }
    }

    /// A limit that may be absent, in which case there is none.
    fn terms<T: Copy + Eq>(
        &mut self,
        old: Option<T>,
        new: Option<T>,
        within: impl Fn(T, T) -> bool,
        says: impl Fn(T) -> String,
    ) {
        match (old, new) {
            (None, None) => {}
            (Some(old), None) => self.more(format!("no longer only {}", says(old))),
            (None, Some(new)) => self.less(format!("only {}", says(new))),
            (Some(old), Some(new)) if old == new => {}
            (Some(old), Some(new)) => self.narrowed(within(new, old), format!("{} (was {})", says(new), says(old))),
        }
    }

    fn rate(&mut self, old: Option<Rate>, new: Option<Rate>) {
        self.terms(old, new, Rate::is_within, explain::rate);
    }

    /// Something of a size that may be absent, in which case there is nothing.
    fn amount(&mut self, old: Option<u64>, new: Option<u64>, says: impl Fn(u64) -> String) {
        match (old, new) {
            (None, None) => {}
            (Some(old), None) => self.lost(says(old)),
            (None, Some(new)) => self.more(says(new)),
            (Some(old), Some(new)) => {
                self.numbers(&[old.into()], &[new.into()], format!("{} (was {})", says(new), explain::size(old)));
            }
        }
    }

    /// Entries whose order means nothing, each of which lets something through. `covers` says whether the first lets everything
    /// through that the second does.
    fn list<T>(&mut self, old: &[T], new: &[T], covers: impl Fn(&T, &T) -> bool, says: impl Fn(&T) -> String) {
        let inside = |outer: &T, list: &[T]| {
            let all: Vec<_> = list.iter().filter(|inner| covers(outer, inner)).map(&says).collect();
            all.join("; ")
        };
        for entry in new.iter().filter(|entry| !old.iter().any(|old| covers(old, entry))) {
            let was = inside(entry, old);
            self.more(if was.is_empty() { says(entry) } else { format!("{} (was {was})", says(entry)) });
        }
        for entry in old.iter().filter(|entry| !new.iter().any(|new| covers(new, entry))) {
            let now = inside(entry, new);
            match now.is_empty() {
                true => self.lost(says(entry)),
                false => self.less(format!("{now} (was {})", says(entry))),
            }
        }
    }
}

/// `a, b and c`
fn named(names: &[String]) -> String {
    explain::and(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The folders, files or programs of a service, as they are written.
fn written(service: &ServiceRequest) -> Vec<String> {
    service.folders.iter().chain(&service.files).map(|written| written.text.clone()).collect()
}

/// A path without what means nothing in it: `./data/` is `data`. `..` stays, as a link may lead elsewhere.
fn plain(path: &str) -> PathBuf {
    Path::new(path).components().filter(|part| *part != Component::CurDir).collect()
}
