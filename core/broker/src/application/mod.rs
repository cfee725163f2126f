//! An application on disk: its manifest, the zones it names, the folders its modules are in.
//!
//! | module | subject |
//! |---|---|
//! | [`request`] | what somebody asks to be run, and which manifest and folders count for it |
//! | [`files`] | reads manifests and scripts: regular files, of a size |
//! | [`sources`] | finds modules below the application's own folders, and nowhere else |
//! | [`folder`] | the application's own folders, to be looked at |
//! | [`explain`] | what an application may do, in plain words, and what its manifests say, to be compared |

pub mod explain;
pub mod files;
pub mod folder;
pub mod request;
pub mod sources;

use crate::application::request::{Program, RunRequest, Unasked};
use crate::application::sources::Sources;
use crate::audit::AuditRequest;
use crate::capabilities::TermLines;
use crate::capabilities::profiles::LoadedProfile;
use crate::services::{ConfiguredService, HostFolder, LogFile};
use crate::zones::library;
use cloison_contract::call::{BATCH, CLOSE, HELD, SYNC};
use cloison_contract::deterministic::{Clock, Deterministic};
use cloison_contract::host::HostService;
use cloison_contract::interface::{Instances, LibraryReach};
use cloison_contract::message::{Mount, Run, ServiceOffer};
use cloison_contract::{FunctionId, Grant, Interface};
use cloison_manifest::application::{
    self, Application, ApplicationLimits, CapabilityRequest, ClockRequest, Profile, Written,
};
use cloison_manifest::diagnostic::{Diagnostic, Diagnostics, SourceFile};
use cloison_manifest::version::WantedVersion;
use cloison_manifest::{bundled, manifest};
use rustix::time::{ClockId, clock_gettime};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The name of an application's manifest.
pub const MANIFEST: &str = "cloison.toml";

/// Everything the broker has to know before it starts a process.
#[derive(Debug)]
pub struct LoadedApplication {
    /// What the first microprocess runs.
    pub run: Run,
    /// The modules that the template imports.
    pub preload: Vec<String>,
    /// The folders that modules come from, in order.
    pub roots: Vec<PathBuf>,
    /// Those of them that a manifest names (`site_packages`): they lie below its folder, wherever links lead.
    pub sites: Vec<PathBuf>,
    /// What each microprocess may use.
    pub limits: ApplicationLimits,
    /// Its clock and its randomness.
    pub deterministic: Deterministic,
    /// Layers that microprocesses can do without.
    pub may_be_missing: Vec<String>,
    /// The capabilities, by the names that Python uses.
    pub capabilities: BTreeMap<String, ApplicationCapability>,
    /// The zones, to which capabilities refer by position.
    pub zones: Vec<ZoneSpecification>,
    /// What microprocesses get that are started with a profile, by its name.
    pub profiles: BTreeMap<String, LoadedProfile>,
    /// Where it is written down what becomes of its authority, if that is asked for.
    pub audit: Option<AuditRequest>,
    /// The path of `cloison.toml`, or where it would be.
    pub manifest: PathBuf,
    /// Whether there is a manifest, and it is used.
    pub in_use: bool,
    /// The folder beside a program that the program may not import from.
    pub beside: Option<PathBuf>,
    /// The text of the manifest with what else is offered, if the application is recorded. No key of a manifest sets it.
    pub recorded: Option<String>,
    /// The manifest of the zone whose sandbox is recorded, if one is.
    pub recorded_zone: Option<PathBuf>,
}

/// What an application is loaded for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// To be run.
    Run,
    /// To say what it may do: variables that hold its secrets need not be set.
    Show,
    /// To look for mistakes: its manifest need not say what to run.
    Check,
}

/// A capability of the application.
#[derive(Clone, Debug)]
pub struct ApplicationCapability {
    /// Position in [`LoadedApplication::zones`].
    pub zone: usize,
    /// Which part of the zone's interface may be used.
    pub grant: Grant,
    /// It ends so long after the application's start.
    pub expires: Option<Duration>,
    /// The line of `allow`, as `FILE:LINE`.
    pub allow_location: String,
    /// Those of all its terms, which denials name.
    pub lines: TermLines,
    /// Which versions of the zone's interface are asked for; all, if none are.
    pub wanted: Option<WantedVersion>,
}

/// A zone that may be started.
#[derive(Clone, Debug)]
pub struct ZoneSpecification {
    /// What it offers.
    pub interface: Arc<Interface>,
    /// The manifest's folder.
    pub folder: PathBuf,
    /// If it is a host service, with what.
    pub service: Option<ConfiguredService>,
}

/// Why an application cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be read.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The manifests have mistakes.
    #[error("the manifests have mistakes")]
    Manifests(Diagnostics),
    /// There is nothing to run.
    #[error("{0}")]
    Nothing(String),
    /// A manifest that nobody has named would grant something.
    #[error("{0}")]
    Unasked(Box<Unasked>),
}

impl LoadedApplication {
    /// Load the application at `path`: a folder, or its `cloison.toml`.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        RunRequest::new(Program::Path(path)).load()
    }

    /// What a manifest would give that had this text, with nothing to run. `manifest` is its path.
    pub fn of_text(manifest: &Path, text: &str) -> Result<Self, LoadError> {
        let application = application::parse(&manifest.display().to_string(), text).map_err(LoadError::Manifests)?;
        let run = Run::Script { path: String::new(), source: String::new(), argv: Vec::new() };
        let mut loaded = Self::empty(run, manifest.to_owned());
        loaded.apply(parent(manifest), &application, Purpose::Show)?;
        Ok(loaded)
    }

    /// A run without any manifest.
    pub fn empty(run: Run, manifest: PathBuf) -> Self {
        Self {
            run,
            preload: Vec::new(),
            roots: Vec::new(),
            sites: Vec::new(),
            limits: ApplicationLimits::default(),
            deterministic: Deterministic::default(),
            may_be_missing: Vec::new(),
            capabilities: BTreeMap::new(),
            zones: Vec::new(),
            profiles: BTreeMap::new(),
            audit: None,
            manifest,
            in_use: false,
            beside: None,
            recorded: None,
            recorded_zone: None,
        }
    }

    /// The folders that modules come from, opened. A folder that the manifest names is found below the manifest's own, and no
    /// link leads out of that.
    pub fn sources(&self) -> Result<Sources, (PathBuf, io::Error)> {
        let mut sources = Sources::default();
        let beside = self.manifest.parent().unwrap_or(Path::new(""));
        for root in &self.roots {
            let within = root.strip_prefix(beside).ok().filter(|_| self.sites.contains(root));
            let added = match within {
                Some(site) => sources.add_within(beside, site),
                None => sources.add(root),
            };
            added.map_err(|error| (root.clone(), error))?;
        }
        // What a capability gives is given to who holds it.
        let services = self.zones.iter().filter_map(|zone| zone.service.as_ref());
        for service in services {
            service.folders.iter().for_each(|folder| sources.hide(&folder.real));
            // A secret is its capability's alone.
            service.material.secret_files.iter().for_each(|file| sources.hide(&file.real));
            // What other processes have written is not a program's to read.
            service.log.iter().flat_map(|log| log.real_names()).for_each(|file| sources.hide(&file));
        }
        self.audit_files().iter().for_each(|file| sources.hide(file));
        Ok(sources)
    }

    /// The files of its audit trail, as the kernel calls them.
    fn audit_files(&self) -> Vec<PathBuf> {
        let files = self.audit.iter().filter_map(|audit| audit.file.as_ref());
        files.flat_map(|file| file.real_names().chain([file.real_lock_name()])).collect()
    }

    /// The functions of a zone that its capabilities grant, all together.
    pub(crate) fn granted(&self, zone: usize) -> BTreeSet<FunctionId> {
        let its = self.capabilities.values().filter(|capability| capability.zone == zone);
        its.flat_map(|capability| capability.grant.functions.iter().copied()).collect()
    }

    /// What of a capability's zone its calls run in, as far as `cloison.toml` says: a zone for all has what all of its
    /// capabilities need.
    pub(crate) fn limited(&self, capability: &ApplicationCapability) -> ZoneSpecification {
        let zone = &self.zones[capability.zone];
        let sandbox = &zone.interface.sandbox;
        let reach = match sandbox.instances {
            Instances::Shared => sandbox.reach(&self.granted(capability.zone)),
            Instances::PerCall | Instances::PerClient => sandbox.reach(&capability.grant.functions),
        };
        zone.reaching(reach)
    }

    /// Where a process sees files that holds these capabilities.
    pub(crate) fn mounts(&self, holds: impl Fn(&str) -> bool) -> Vec<Mount> {
        let held = self.capabilities.iter().filter(|(name, _)| holds(name));
        let mounts = held.filter_map(|(name, capability)| {
            Some(self.zones[capability.zone].service.as_ref()?.mounts(name, &capability.allow_location))
        });
        mounts.flatten().collect()
    }

    /// What the standard library of a process finds that holds these capabilities.
    pub(crate) fn offers(&self, holds: impl Fn(&str) -> bool) -> Vec<ServiceOffer> {
        let held = self.capabilities.iter().filter(|(name, _)| holds(name));
        let offer = |(name, capability): (&String, &ApplicationCapability)| {
            self.zones[capability.zone].service.as_ref()?.offer(name, &capability.allow_location)
        };
        held.filter_map(offer).collect()
    }

    /// Take what a manifest in `folder` says.
    pub(crate) fn apply(
        &mut self,
        folder: &Path,
        application: &Application,
        purpose: Purpose,
    ) -> Result<(), LoadError> {
        self.in_use = true;
        self.limits = application.limits;
        self.deterministic = Deterministic { clock: application.clock.map(set), seed: application.seed };
        self.may_be_missing.clone_from(&application.may_be_missing);
        self.sites.extend(application.site_packages.iter().map(|site| folder.join(site)));
        self.roots.extend_from_slice(&self.sites);
        let mut mistakes = Diagnostics::default();
        let mut known: BTreeMap<PathBuf, usize> = BTreeMap::new();
        for (name, request) in &application.capabilities {
            let zone = &request.zone;
            let key = folder.join(&zone.text);
            let shared = known.get(&key).filter(|_| request.service.is_none());
            let position = match shared {
                Some(position) => *position,
                None => match specification(&application.source, folder, request, purpose) {
                    Ok(specification) => {
                        self.zones.push(specification);
                        known.insert(key, self.zones.len() - 1);
                        self.zones.len() - 1
                    }
                    Err(found) => {
                        found.iter().cloned().for_each(|mistake| mistakes.push(mistake));
                        continue;
                    }
                },
            };
            match application.grant(name, &self.zones[position].interface) {
                Ok(grant) => {
                    let allow_location = format!("{}:{}", self.manifest.display(), request.allow_location.line);
                    self.capabilities.insert(
                        name.clone(),
                        ApplicationCapability {
                            zone: position,
                            grant,
                            expires: request.expires,
                            allow_location,
                            lines: TermLines::of_capability(&self.manifest, application, request),
                            wanted: request.version.as_ref().map(|version| version.wanted.clone()),
                        },
                    );
                }
                Err(found) => found.iter().cloned().for_each(|mistake| mistakes.push(mistake)),
            }
        }
        self.take_profiles(application, &mut mistakes);
        self.keep_secrets(&application.source, &mut mistakes);
        self.keep_manifests(folder, application, &mut mistakes);
        self.take_audit(folder, application, &mut mistakes);
        self.keep_logs(application, &mut mistakes);
        if mistakes.has_errors() { Err(LoadError::Manifests(mistakes)) } else { Ok(()) }
    }

    /// The profiles of the manifest, whose capabilities are there already.
    fn take_profiles(&mut self, application: &Application, mistakes: &mut Diagnostics) {
        let granted = |name: &str| {
            let capability = self.capabilities.get(name)?;
            Some((&*self.zones[capability.zone].interface, &capability.grant))
        };
        let load = |(name, profile): (&String, &Profile)| {
            let loaded = LoadedProfile::load((name, profile), application, &self.manifest, granted, mistakes);
            (name.clone(), loaded)
        };
        self.profiles = application.profiles.iter().map(load).collect();
    }

    /// The files that say or do what is granted, as the kernel calls them: the manifest, those of zones, libraries that these load, and programs
    /// that may be started. What is named is in `beside`.
    fn made_of(&self, beside: &Path) -> Vec<PathBuf> {
        let zones = self.zones.iter().filter(|zone| zone.service.is_none());
        let mut files = vec![self.manifest.clone()];
        files.extend(zones.flat_map(ZoneSpecification::files));
        for service in self.zones.iter().filter_map(|zone| zone.service.as_ref()) {
            if let HostService::Process(process) = &service.service {
                let named = process.commands.iter().flat_map(|command| command.programs.iter().chain([&command.path]));
                files.extend(named.map(|path| beside.join(path)));
            }
        }
        files.iter().filter_map(|file| file.canonicalize().ok()).collect()
    }

    /// What a library by another manifest of a zone could change and may not, as at the start: what the application is made of, its logs, and
    /// its audit trail. The path by which it could, and the file.
    pub(crate) fn changed_by(&self, new: &ZoneSpecification) -> Option<(String, PathBuf)> {
        let mut files = self.made_of(parent(&self.manifest));
        files.extend(new.files().iter().filter_map(|file| file.canonicalize().ok()));
        files.extend(self.audit_files());
        let logs = self.zones.iter().filter_map(|zone| zone.service.as_ref()?.log.as_ref());
        files.extend(logs.flat_map(LogFile::real_names));
        let (rule, file) = new.changes(&files)?;
        Some((rule, file.clone()))
    }

    /// No program changes what it is granted: in no folder that it may change is what the application is made of.
    fn keep_manifests(&self, beside: &Path, application: &Application, mistakes: &mut Diagnostics) {
        let real = self.made_of(beside);
        for (name, request) in &application.capabilities {
            let Some(capability) = self.capabilities.get(name) else { continue };
            let zone = &self.zones[capability.zone];
            if let Some((rule, file)) = zone.changes(&real) {
                let message = format!(
                    "its library may write {rule} ({}), so it could change {}, and with it what is granted",
                    zone.interface.source,
                    file.display()
                );
                let hint = "let it write a folder in which nothing is that the application is made of";
                mistakes.push(Diagnostic::error(&application.source, request.zone.span.clone(), message).hint(hint));
            }
        }
        for (name, request) in &application.capabilities {
            let (Some(asked), Some(capability)) = (&request.service, self.capabilities.get(name)) else { continue };
            let Some(service) = &self.zones[capability.zone].service else { continue };
            for ((root, folder), written) in asked.service.roots().iter().zip(&service.folders).zip(&asked.folders) {
                let Some(file) = real.iter().find(|file| root.rights.changes() && folder.encloses(file)) else {
                    continue;
                };
                let message =
                    format!("a program could change {} there, and with it what it is granted", file.display());
                let hint = "give a folder that is below the application's, or beside it";
                mistakes.push(Diagnostic::error(&application.source, written.span.clone(), message).hint(hint));
            }
        }
    }

    /// Whether a program, or a library that it calls, could change one of these files.
    pub fn could_change(&self, files: &[PathBuf]) -> bool {
        self.changeable(files).is_some() || self.zones.iter().any(|zone| zone.changes(files).is_some())
    }

    /// The first of these files that a program could change, by a folder that a capability gives it.
    pub(crate) fn changeable(&self, files: &[PathBuf]) -> Option<PathBuf> {
        let services = self.zones.iter().filter_map(|zone| zone.service.as_ref());
        let folders: Vec<_> = services
            .flat_map(|service| service.service.roots().iter().zip(&service.folders))
            .filter(|(root, _)| root.rights.changes())
            .collect();
        // Where a file is, and where a link to it is.
        let places = |file: &PathBuf| [std::path::absolute(file).ok(), file.canonicalize().ok()];
        let mut places = files.iter().flat_map(places).flatten();
        places.find(|file| folders.iter().any(|(_, folder)| folder.encloses(file)))
    }

    /// The audit trail that the manifest asks for.
    fn take_audit(&mut self, folder: &Path, application: &Application, mistakes: &mut Diagnostics) {
        let Some(settings) = &application.audit else { return };
        let find = |written: &Written| {
            LogFile::find(written, (settings.file_bytes, settings.keep), &application.source, folder)
        };
        match settings.file.as_ref().map(find).transpose() {
            Ok(file) => {
                let name = crate::processes::spawning::describe(&self.run);
                self.audit = Some(AuditRequest { application: name, file, calls: settings.calls });
            }
            Err(found) => found.iter().cloned().for_each(|mistake| mistakes.push(mistake)),
        }
    }

    /// No program changes what is in a log but by writing records, nor what is in the audit trail, and no two of them rename the same
    /// file.
    fn keep_logs(&self, application: &Application, mistakes: &mut Diagnostics) {
        let trail = application.audit.as_ref().and_then(|settings| settings.file.as_ref());
        let trail = trail.zip(self.audit.as_ref()).map(|(written, _)| (written, self.audit_files(), "the audit trail"));
        let logs = application.capabilities.iter().filter_map(|(name, request)| {
            let capability = self.capabilities.get(name)?;
            let log = self.zones[capability.zone].service.as_ref()?.log.as_ref()?;
            Some((request.service.as_ref()?.files.first()?, log.real_names().collect::<Vec<_>>(), "its log"))
        });
        let (mut known, trail_files) = (BTreeSet::new(), self.audit_files());
        for (written, files, what) in trail.into_iter().chain(logs) {
            let folders = self.zones.iter().filter_map(|zone| zone.service.as_ref());
            let folders = folders.flat_map(|service| service.service.roots().iter().zip(&service.folders));
            let mut changing = folders.filter(|(root, _)| root.rights.changes());
            let enclosing = changing.find(|(_, folder)| files.first().is_some_and(|file| folder.encloses(file)));
            let library = self.zones.iter().find_map(|zone| zone.changes(&files));
            let (message, hint) = match (enclosing, library) {
                (Some((root, _)), _) => (
                    format!("a program could change {what} there, by the root `{}`", root.at),
                    "write it to a folder that no root gives, or let the root be one that changes nothing",
                ),
                (None, Some((rule, _))) => (
                    format!("a library could change {what} there, which may write {rule}"),
                    "write it to a folder that no library may write",
                ),
                (None, None) if files.iter().any(|file| !known.insert(file.clone())) => {
                    let other = match trail_files.iter().any(|file| files.contains(file)) {
                        true => "the audit trail is written there",
                        false => "another capability writes there",
                    };
                    (format!("{other} as well"), "each has a file of its own")
                }
                (None, None) => continue,
            };
            mistakes.push(Diagnostic::error(&application.source, written.span.clone(), message).hint(hint));
        }
    }

    /// No program has the file of a secret in a folder that it may look at or change.
    fn keep_secrets(&self, source: &Arc<SourceFile>, mistakes: &mut Diagnostics) {
        let services = || self.zones.iter().filter_map(|zone| zone.service.as_ref());
        for file in services().flat_map(|service| &service.material.secret_files) {
            if let Some(folder) = services().flat_map(|service| &service.folders).find(|one| one.encloses(&file.real)) {
                let message =
                    format!("this secret is below {}, which `roots` of a capability give", folder.path.display());
                let hint = "put it where no program can read it, or into the environment";
                mistakes.push(Diagnostic::error(source, file.written.span.clone(), message).hint(hint));
            }
        }
    }
}

impl ZoneSpecification {
    /// Read a `.zone.toml`.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        let read = files::read_text(path, files::MANIFEST_BYTES);
        let text = read.map_err(|error| LoadError::File { path: path.to_owned(), error })?;
        let interface = manifest::parse(&path.display().to_string(), &text).map_err(LoadError::Manifests)?;
        Ok(Self { interface: Arc::new(interface), folder: parent(path).to_owned(), service: None })
    }

    /// Its manifest, and the libraries that this names by their paths.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let library = &self.interface.library;
        let named = std::iter::once(library.location.text())
            .chain(library.needs.iter().chain(&library.preload).map(String::as_str));
        let named = named.filter(|name| name.contains('/')).map(|name| self.folder.join(name));
        let manifest = Path::new(&self.interface.source).file_name().map(|name| self.folder.join(name));
        manifest.into_iter().chain(named).collect()
    }

    /// The same zone, from a manifest that is read anew.
    pub(crate) fn again(&self) -> Result<Self, LoadError> {
        let is_bundled = bundled::find(&self.interface.name).is_some_and(|(file, _)| file == self.interface.source);
        match is_bundled || self.service.is_some() {
            true => Ok(self.clone()), // what comes with Cloison is as it was
            false => Self::read(Path::new(&self.interface.source)),
        }
    }

    /// The path by which its library could change one of these files, whatever its clients are granted, and the file. None for a service:
    /// that has roots.
    fn changes<'a>(&self, files: &'a [PathBuf]) -> Option<(String, &'a PathBuf)> {
        if self.service.is_some() {
            return None;
        }
        let placed = self.placed();
        let mut written = placed.sandbox.every_file().filter(|rule| rule.write);
        written.find_map(|rule| {
            let folder = HostFolder::open(PathBuf::from(&rule.path)).ok();
            let real = Path::new(&rule.path).canonicalize().ok();
            let reaches = |file: &&PathBuf| match &folder {
                Some(folder) => folder.encloses(file),
                None => real.as_ref() == Some(*file),
            };
            Some((rule.path.clone(), files.iter().find(reaches)?))
        })
    }

    /// The function of that number, as requests name it.
    pub(crate) fn called(&self, function: u32) -> Option<&str> {
        Some(match function {
            BATCH => "batch",
            CLOSE => "close",
            HELD => "closed",
            SYNC => "sync",
            index => &self.interface.functions.get(index as usize)?.name,
        })
    }

    /// The same zone with a library that reaches this, and nothing else.
    pub(crate) fn reaching(&self, reach: LibraryReach) -> Self {
        let mut interface = (*self.interface).clone();
        interface.sandbox = interface.sandbox.reaching(reach);
        Self { interface: Arc::new(interface), folder: self.folder.clone(), service: self.service.clone() }
    }

    /// What it offers where it stands: what begins with `$here` is below the manifest's folder, wherever links lead to that.
    pub fn placed(&self) -> Interface {
        let mut interface = (*self.interface).clone();
        interface.sandbox = library::placed(interface.sandbox, &self.folder);
        interface
    }

    /// A binding that comes with Cloison.
    pub fn bundled(name: &str) -> Option<Result<Self, LoadError>> {
        let (file, text) = bundled::find(name)?;
        let interface = manifest::parse(file, text).map_err(LoadError::Manifests);
        Some(interface.map(|interface| Self {
            interface: Arc::new(interface),
            folder: PathBuf::from("/"),
            service: None,
        }))
    }
}

/// The zone that a capability asks for, with what it configures of a service.
fn specification(
    source: &Arc<SourceFile>,
    folder: &Path,
    request: &CapabilityRequest,
    purpose: Purpose,
) -> Result<ZoneSpecification, Diagnostics> {
    let mut loaded = zone(source, folder, request)?;
    if let Some(service) = &request.service {
        let interface = Arc::make_mut(&mut loaded.interface);
        loaded.service = Some(ConfiguredService::new(service, source, folder, interface, purpose)?);
    }
    Ok(loaded)
}

/// The zone that `cloison.toml` names: a bundled binding, or a path to a manifest.
pub(crate) fn zone(
    source: &Arc<SourceFile>,
    folder: &Path,
    request: &CapabilityRequest,
) -> Result<ZoneSpecification, Diagnostics> {
    let (zone, span) = (request.zone.text.as_str(), request.zone.span.clone());
    let mistake = |message: String, hint: &str| {
        let mut diagnostics = Diagnostics::default();
        diagnostics.push(Diagnostic::error(source, span.clone(), message).hint(hint));
        diagnostics
    };
    let loaded = match ZoneSpecification::bundled(zone) {
        Some(loaded) => loaded,
        None if zone.ends_with(".toml") => ZoneSpecification::read(&folder.join(zone)),
        None => {
            // Whoever has read the manifest has seen that.
            return Err(mistake(
                format!("there is no bundled binding `{zone}`"),
                "a manifest is a path that ends in .zone.toml",
            ));
        }
    };
    loaded.map_err(|error| match error {
        LoadError::Manifests(diagnostics) => diagnostics,
        other => mistake(other.to_string(), "the path is relative to the folder of cloison.toml"),
    })
}

/// A clock that begins now.
fn set(request: ClockRequest) -> Clock {
    let nanoseconds = |clock| {
        let now = clock_gettime(clock);
        now.tv_sec.saturating_mul(1_000_000_000).saturating_add(now.tv_nsec)
    };
    Clock {
        start_ns: request.start_ns.unwrap_or_else(|| nanoseconds(ClockId::Realtime)),
        origin_ns: u64::try_from(nanoseconds(ClockId::Monotonic)).unwrap_or_default(),
        rate_millionths: request.rate_millionths,
    }
}

pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
