//! What an application does while it is recorded (`cloison run --record`), collected for `cloison_manifest::recording`.
//!
//! Who says what: zones say which functions were called with what, and host services what they were asked for
//! ([`cloison_contract::observation`]); the broker sees itself which capabilities were asked for, how many processes there were, and what
//! the kernel counts of each. Programs say where they first looked a function up, and that is for people: it stands in comments, escaped
//! and cut.
//!
//! All that is kept is finite: of functions, parameters and roots there are as many as in the manifests; places are a few of each; of
//! what a service was asked for there are 4096 different things at most.

mod watch;

use crate::application::{ApplicationCapability, LoadedApplication, ZoneSpecification};
use crate::broker::{Broker, Pid};
use crate::capabilities::grants::GrantKey;
use crate::family::TAKING_DOWN;
use crate::inspection::kernel;
use crate::processes::process::Process;
use crate::zones::zone::InstanceId;
use cloison_contract::host::HostService;
use cloison_contract::interface::FileRule;
use cloison_contract::message::{CapabilityRef, ChannelId};
use cloison_contract::observation::{MOST_USES, NAME_BYTES, Observation, ServiceUse};
use cloison_contract::{FunctionId, Interface};
use cloison_manifest::recording::zone::ZoneUse;
use cloison_manifest::recording::{CapabilityUse, Lack, Recording};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use watch::FileWatch;

/// How often the kernel is asked how much memory processes have had.
const LOOK: Duration = Duration::from_millis(10);
/// How many names of capabilities that are not there are remembered.
const MOST_MISSING: usize = 8;
/// How much is remembered of what nothing gives.
const MOST_LACKS: usize = 64;
/// What is called like a service where a place to listen at is lacking.
const LISTEN: &str = "listen";
/// What SQLite needs where it changes a database: its journal is a file that comes and goes.
const CHANGING: [&str; 4] = ["read", "write", "create", "delete"];

/// A recording that goes on.
#[derive(Debug)]
pub(crate) struct RunRecorder {
    recording: RefCell<Recording>,
    /// What each zone needed.
    zones: RefCell<BTreeMap<usize, ZoneUse>>,
    /// The zone whose sandbox is recorded, and its files.
    watch: Option<(usize, FileWatch)>,
    /// The files of each capability's databases: SQLite opens them, and says nothing of it.
    databases: Vec<DatabaseWatch>,
    began: Instant,
    looked: Instant,
}

/// Databases of one capability.
#[derive(Debug)]
struct DatabaseWatch {
    capability: String,
    /// Of each root where the program sees it, and the folder.
    roots: Vec<(String, PathBuf)>,
    /// `None` if they cannot be watched.
    watch: Option<FileWatch>,
}

impl DatabaseWatch {
    /// Watch those of that capability, if it has any.
    fn begin(application: &LoadedApplication, name: &str, capability: &ApplicationCapability) -> Option<Self> {
        let service = application.zones[capability.zone].service.as_ref()?;
        let HostService::Sqlite(sqlite) = &service.service else { return None };
        let roots = sqlite.roots.iter().zip(&service.folders);
        let roots: Vec<_> = roots.map(|(root, folder)| (root.at.clone(), folder.real.clone())).collect();
        let rule = |(_, folder): &(String, PathBuf)| Some(FileRule { path: folder.to_str()?.to_owned(), write: true });
        let rules: Option<Vec<_>> = roots.iter().map(rule).collect();
        let watch = rules.and_then(|rules| FileWatch::begin(&rules).ok());
        Some(Self { capability: name.to_owned(), roots, watch })
    }

    /// What was done with them.
    fn uses(self) -> Vec<ServiceUse> {
        let Some(files) = self.watch.and_then(|watch| watch.uses().0) else {
            let whole = |at: &String| {
                CHANGING.map(|right| ServiceUse::Right {
                    at: at.clone(),
                    folder: String::new(),
                    right: right.to_owned(),
                })
            };
            return self.roots.iter().flat_map(|(at, _)| whole(at)).collect();
        };
        let mut uses = Vec::new();
        // SQLite opens folders, too, so that a new name is on the disk.
        for (file, changed) in files.into_iter().filter(|(file, _)| !Path::new(file).is_dir()) {
            let inside = |(at, folder): &(String, PathBuf)| {
                Some((at.clone(), Path::new(&file).strip_prefix(folder).ok()?.parent()?.to_str()?.to_owned()))
            };
            let Some((at, folder)) = self.roots.iter().find_map(inside) else { continue };
            let rights = if changed { &CHANGING[..] } else { &CHANGING[..1] };
            uses.extend(rights.iter().map(|right| ServiceUse::Right {
                at: at.clone(),
                folder: folder.clone(),
                right: (*right).to_owned(),
            }));
        }
        uses
    }
}

impl RunRecorder {
    /// Of that application, if it is recorded.
    ///
    /// # Errors
    ///
    /// Its zone's files cannot be watched, or it has no such zone.
    pub(crate) fn begin(application: &LoadedApplication) -> io::Result<Option<Self>> {
        if application.recorded.is_none() {
            return Ok(None);
        }
        let watch = application.recorded_zone.as_deref().map(|manifest| {
            let real = manifest.canonicalize()?;
            let is = |zone: &ZoneSpecification| {
                zone.service.is_none() && Path::new(&zone.interface.source).canonicalize().is_ok_and(|one| one == real)
            };
            let zone = application.zones.iter().position(is).ok_or_else(|| {
                let message = format!("{}: no capability of the application is of this zone", manifest.display());
                io::Error::new(io::ErrorKind::NotFound, message)
            })?;
            let files: Vec<_> = application.zones[zone].placed().sandbox.every_file().cloned().collect();
            Ok::<_, io::Error>((zone, FileWatch::begin(&files)?))
        });
        let databases = application.capabilities.iter();
        let databases = databases.filter_map(|(name, one)| DatabaseWatch::begin(application, name, one)).collect();
        let (watch, now) = (watch.transpose()?, Instant::now());
        let (recording, zones) = (RefCell::default(), RefCell::default());
        Ok(Some(Self { recording, zones, watch, databases, began: now, looked: now }))
    }

    fn capability(&self, name: &str, note: impl FnOnce(&mut CapabilityUse)) {
        note(self.recording.borrow_mut().capabilities.entry(name.to_owned()).or_default());
    }
}

impl Broker {
    /// End the recording: what the application has done, with all that zones have said by now. `None` if it is not recorded.
    pub fn recorded(&mut self) -> Option<Recording> {
        self.recorder.as_ref()?;
        let processes: Vec<_> = self.processes.keys().collect();
        processes.into_iter().for_each(|pid| self.hear_process(pid));
        let instances: Vec<_> = self.instances.keys().collect();
        instances.into_iter().for_each(|id| self.hear_of_calls(id));
        let recorder = self.recorder.take()?;
        let mut recording = recorder.recording.into_inner();
        for databases in recorder.databases {
            if let Some(used) = recording.capabilities.get_mut(&databases.capability) {
                used.service.extend(databases.uses());
            }
        }
        recording.peaks.ran = recorder.began.elapsed();
        Some(recording)
    }

    /// End the recording of a zone's sandbox: its interface where it stands, and what it needed. All zones are ended for that, as what
    /// is open is closed by then. `None` if none is recorded.
    pub fn recorded_zone(&mut self) -> Option<(Interface, ZoneUse)> {
        self.recorder.as_ref()?.watch.as_ref()?;
        let instances: Vec<_> = self.instances.keys().collect();
        for id in instances {
            self.look_at_zone(id);
            self.instances[id].family.end(Instant::now() + TAKING_DOWN);
            self.hear_of_calls(id);
        }
        let recorder = self.recorder.take()?;
        let (zone, watch) = recorder.watch?;
        let mut used = recorder.zones.into_inner().remove(&zone).unwrap_or_default();
        (used.files, used.unseen) = watch.uses();
        Some((self.application.zones[zone].placed(), used))
    }

    /// The interfaces of its capabilities, as a recording is about them.
    pub fn interfaces(&self) -> BTreeMap<String, &Interface> {
        let interface = |(name, capability): (&String, &ApplicationCapability)| {
            (name.clone(), &*self.application.zones[capability.zone].interface)
        };
        self.application.capabilities.iter().map(interface).collect()
    }

    /// A zone says what a client has done; whether that can be: the application is recorded.
    pub(crate) fn observed_in(&self, id: InstanceId, channel: ChannelId, observation: Observation) -> bool {
        let Some(recorder) = &self.recorder else { return false };
        let Some(instance) = self.instances.get(id) else { return true };
        if let Observation::Took(nanoseconds) = observation {
            let mut zones = recorder.zones.borrow_mut();
            let used = zones.entry(instance.zone).or_default();
            used.longest_call = used.longest_call.max(Duration::from_nanos(nanoseconds));
            return true;
        }
        let attached = instance.channels.get(&channel);
        let attached = attached.or_else(|| instance.leaving.get(&channel).map(|leaving| &leaving.attached));
        let Some(attached) = attached else { return true };
        let Some(capability) = self.of_manifest(attached.grant) else { return true };
        let interface = &self.application.zones[capability.zone].interface;
        recorder.capability(self.grants.name(attached.grant), |used| {
            let granted = |function: u32| capability.grant.allows(FunctionId(function));
            let declared = |function: u32| interface.functions.get(function as usize).filter(|_| granted(function));
            match observation {
                Observation::Call { function } => {
                    if let Some(declared) = declared(function) {
                        used.functions.entry(declared.name.clone()).or_default();
                    }
                }
                Observation::Argument { function, parameter, value } => {
                    let position = parameter as usize;
                    if let Some(declared) = declared(function).filter(|one| position < one.parameters.len()) {
                        let function = used.functions.entry(declared.name.clone()).or_default();
                        function.arguments.entry(position).or_default().add(&value);
                    }
                }
                Observation::Took(_) => {}
                Observation::Service(service) => {
                    if used.service.len() < MOST_USES && service.is_short() {
                        used.service.insert(service);
                    }
                }
            }
        });
        true
    }

    /// A process has asked for a capability, or hands it on: it needs it, whatever it does with it.
    pub(crate) fn record_need(&self, key: GrantKey) {
        if let (Some(recorder), Some(_)) = (&self.recorder, self.of_manifest(key)) {
            recorder.capability(self.grants.name(key), |_| ());
        }
    }

    /// A process asks for a capability that nothing offers.
    pub(crate) fn record_missing(&self, name: &str) {
        let Some(recorder) = &self.recorder else { return };
        let missing = &mut recorder.recording.borrow_mut().missing;
        if missing.len() < MOST_MISSING && name.len() <= NAME_BYTES {
            missing.insert(name.to_owned());
        }
    }

    /// A process was asked for something of the machine that nothing gives it.
    pub(crate) fn record_lack(&self, lack: Lack) {
        let Some(recorder) = &self.recorder else { return };
        let lacks = &mut recorder.recording.borrow_mut().lacks;
        let is_known = lack.service == LISTEN || HostService::NAMES.contains(&lack.service.as_str());
        if is_known && lacks.len() < MOST_LACKS && lack.service.len() <= NAME_BYTES && lack.what.len() <= NAME_BYTES {
            lacks.insert(lack);
        }
    }

    /// A process narrows a capability to these functions, which takes that they are granted.
    pub(crate) fn record_functions<'n>(&self, key: GrantKey, names: impl Iterator<Item = &'n String>) {
        let (Some(recorder), Some(capability)) = (&self.recorder, self.of_manifest(key)) else { return };
        let interface = &self.application.zones[capability.zone].interface;
        recorder.capability(self.grants.name(key), |used| {
            let granted = |name: &&String| interface.function(name).is_some_and(|(id, _)| capability.grant.allows(id));
            for name in names.filter(granted) {
                used.functions.entry(name.clone()).or_default();
            }
        });
    }

    /// A process says where it has looked up a function.
    pub(crate) fn record_place(&self, pid: Pid, reference: CapabilityRef, function: &str, at: &str) {
        let (Some(recorder), Some(key)) = (&self.recorder, self.grants.find(reference)) else { return };
        let Some(process) = self.processes.get(pid).filter(|process| process.held.holds(key)) else { return };
        let Some(capability) = self.of_manifest(key) else { return };
        let interface = &self.application.zones[capability.zone].interface;
        if at.len() > NAME_BYTES || interface.function(function).is_none() {
            return;
        }
        let place = match process.running() {
            _ if !at.is_empty() => at.to_owned(),
            Some(running) => format!("process {}, {}", running.reference.number, running.function),
            None => return,
        };
        let is_service = self.application.zones[capability.zone].service.is_some();
        recorder.capability(self.grants.name(key), |used| {
            // A place alone is no call: which functions are called the zone says.
            used.note_place((!is_service).then_some(function), place);
        });
    }

    /// When to look at processes again.
    pub(crate) fn next_recording(&self) -> Option<Instant> {
        self.recorder.as_ref().map(|recorder| recorder.looked + LOOK)
    }

    /// Look at what all processes have used up, if it is time.
    pub(crate) fn look_at_peaks(&mut self, now: Instant) {
        let Some(recorder) = self.recorder.as_mut().filter(|recorder| now >= recorder.looked + LOOK) else { return };
        recorder.looked = now;
        let all: Vec<_> = self.processes.keys().collect();
        all.into_iter().for_each(|pid| self.look_at_peak(pid));
        let instances: Vec<_> = self.instances.keys().collect();
        instances.into_iter().for_each(|id| self.look_at_zone(id));
        if let Some(recorder) = &mut self.recorder {
            let databases = recorder.databases.iter_mut().filter_map(|databases| databases.watch.as_mut());
            let zone = recorder.watch.iter_mut().map(|(_, watch)| watch);
            for watch in zone.chain(databases) {
                watch.look();
            }
        }
    }

    /// Look at what an instance of a zone has used up. It is still there, or what it was seen with before counts.
    pub(crate) fn look_at_zone(&self, id: InstanceId) {
        let (Some(recorder), Some(instance)) = (&self.recorder, self.instances.get(id)) else { return };
        let Some(worker) = instance.family.worker() else { return };
        let (memory, descriptors) = kernel::room(worker.pid());
        let mut zones = recorder.zones.borrow_mut();
        let used = zones.entry(instance.zone).or_default();
        used.memory_bytes = used.memory_bytes.max(memory);
        used.descriptors = used.descriptors.max(descriptors);
    }

    /// Look at what a process has used up, which may have ended and not been waited for.
    pub(crate) fn look_at_peak(&self, pid: Pid) {
        let Some(recorder) = &self.recorder else { return };
        let running = self.processes.get(pid).and_then(Process::running).map(|running| running.children);
        let (Some(children), Some(os_pid), Some(process)) = (running, self.os_pid(pid), self.processes.get(pid)) else {
            return;
        };
        let at_once = self.processes.values().filter(|process| process.running().is_some()).count();
        let (memory, cpu) = kernel::peak(os_pid);
        let mut recording = recorder.recording.borrow_mut();
        let peaks = &mut recording.peaks;
        peaks.memory_bytes = peaks.memory_bytes.max(memory);
        peaks.cpu = peaks.cpu.max(cpu);
        peaks.children = peaks.children.max(children);
        peaks.channels = peaks.channels.max(process.channels.len() as u32);
        peaks.processes = peaks.processes.max(at_once as u32);
    }
}
