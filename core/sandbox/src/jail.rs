//! Entering the jail: one straight line of steps.

use crate::error::Error;
use crate::launch::{self, Pids, Split};
use crate::layer::{self, LayerName, Report};
use crate::policy::{self, Reach};
use crate::root::Root;
use crate::spec::{Layers, Role, Spec, private};
use crate::sys::{self, SingleThreaded};
use crate::{credentials, fence};
use cloison_contract::host::FilesRights;
use cloison_contract::interface::FileRule;
use cloison_contract::message::{Jailed, Layer};
use rustix::process::{DumpableBehavior, Signal};
use std::ffi::{CStr, CString};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

/// A process inside the walls. What may be done next depends on the stage.
#[derive(Debug)]
pub struct Jail<S> {
    pub(crate) layers: Vec<Layer>,
    pub(crate) pids: Pids,
    pub(crate) requested: Layers,
    pub(crate) may_be_missing: Vec<String>,
    pub(crate) stage: S,
}

/// The stage of a template: it may fork, and install one more filter in what it forks.
#[derive(Clone, Debug)]
pub struct Template(());

impl Template {
    pub(crate) fn new() -> Self {
        Template(())
    }
}

/// The stage of a zone before its seal: the library may be loaded.
#[derive(Debug)]
pub struct Loading {
    pub(crate) library: PathBuf,
    pub(crate) further: Vec<PathBuf>,
    pub(crate) files: Vec<FileRule>,
    pub(crate) connect: Vec<u16>,
    pub(crate) folders: Vec<(PathBuf, FilesRights)>,
    pub(crate) threads: u32,
    pub(crate) per_call: bool,
}

impl Loading {
    /// The folders that a capability gives.
    pub(crate) fn given(&self) -> impl Iterator<Item = (&Path, FilesRights)> {
        self.folders.iter().map(|(at, rights)| (at.as_path(), *rights))
    }

    /// What its policies depend on.
    pub(crate) fn needs(&self, pids: Pids) -> policy::Needs<'_> {
        let (threads, per_call) = (self.threads, self.per_call);
        let folders = Reach::of(self.folders.iter().map(|(_, rights)| *rights));
        let network = !self.connect.is_empty();
        policy::Needs { files: &self.files, folders, network, threads, per_call, apart: pids.is_apart() }
    }
}

/// The stage of a zone between the two halves of its seal: threads may be made that will serve calls.
#[derive(Debug)]
pub struct Fenced(pub(crate) Loading);

/// The stage of a zone after its seal: calls may be served.
#[derive(Debug)]
pub struct Sealed(pub(crate) ());

/// The stage of a host service: it loads nothing, so there is nothing more to give up.
#[derive(Debug)]
pub struct Enclosed(pub(crate) ());

/// The stage of a program of the machine: it may be started, and nothing else is left to do.
#[derive(Debug)]
pub struct Confined(pub(crate) ());

/// A program, and what it is started with.
#[derive(Debug)]
pub struct Execute<'a> {
    /// Its file: what is open there is what runs, whatever its path leads to.
    pub program: BorrowedFd<'a>,
    /// Its descriptors 0, 1 and 2; it has no others.
    pub streams: [BorrowedFd<'a>; 3],
    /// Its arguments, the first of which is its name.
    pub arguments: Vec<CString>,
    /// `NAME=VALUE`
    pub environment: Vec<CString>,
}

impl Jail<Confined> {
    /// Goes to where the program is to begin, an absolute path inside.
    ///
    /// # Errors
    ///
    /// The kernel's: there is no such folder, or it may not be entered.
    pub fn enter_folder(&self, folder: &CStr) -> std::io::Result<()> {
        Ok(rustix::process::chdir(folder)?)
    }

    /// Becomes the program, where this process is. If this returns, that was not possible, and descriptors 0, 1 and 2 may be the program's
    /// already: there is nothing left to do but to say so by another one, and to [end](crate::end).
    pub fn execute(self, what: &Execute<'_>) -> std::io::Error {
        sys::execute(what)
    }
}

impl<S> Jail<S> {
    /// Which layers are in force.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// What is said to the broker first.
    pub fn jailed(&self) -> Jailed {
        Jailed { layers: self.layers.clone(), worker: self.pids.worker, init: self.pids.init }
    }
}

impl Jail<Loading> {
    /// Where the library's file is in here: load this and nothing else.
    pub fn library(&self) -> &Path {
        &self.stage.library
    }

    /// Where those are that go with it, in the order in which they were named.
    pub fn further(&self) -> &[PathBuf] {
        &self.stage.further
    }
}

/// Enters the jail. Returns in the worker, once; the process that called ends with status 0, unless it fails earlier
/// or stays the worker because there are no namespaces to be had.
///
/// `lifeline` is the control socket: when its other end closes, the jail ends. Without a pid namespace (see the
/// report) nobody watches it but the worker itself.
///
/// `announce` is told the worker's number and init's, as the broker numbers them, before anything else can fail. It is
/// called once, in the launcher, ahead of whatever the worker does. Init may have a number and be dead already.
///
/// # Errors
///
/// Whatever step fails says so in the process that is meant to go on: exactly one process returns.
pub fn enter<R: Role>(
    spec: Spec<'_, R>,
    lifeline: BorrowedFd<'_>,
    announce: &dyn Fn(i32, Option<i32>),
) -> Result<Jail<R::Stage>, Error> {
    let mut report = Report::new(&spec.may_be_missing);
    let (zone, service) = (spec.role.zone(), spec.role.service());

    // The sandbox has no use for the user's variables, and LD_… ones would steer the loader.
    no_environment(&mut report)?;
    // unshare, setresuid, Landlock and seccomp hold for one thread; another one would stay outside.
    let alone = SingleThreaded::find().ok_or(Error::Threads)?;
    // Whatever the broker had open by accident would be a hole that no later layer closes.
    close_undeclared(&spec, lifeline, &alone, &mut report)?;
    // When memory runs out, the kernel should take us rather than the broker. Best effort: it needs /proc.
    let _ = std::fs::write("/proc/self/oom_score_adj", "500");

    let (pids, root) = if spec.layers.has(Layers::NAMESPACES) {
        launch::split(
            lifeline,
            Root::plan(zone, service)?,
            Split {
                worker_is_all: zone.is_some() || service.is_some(),
                network: fence::Network::of(zone, service).is_some(),
            },
            announce,
            &alone,
            &mut report,
        )?
    } else {
        layer::NAMESPACES.into_iter().for_each(|name| report.off(name));
        let pids = Pids::alone();
        announce(pids.worker, None);
        (pids, Root::plan(zone, service)?)
    };
    let findings = confine(&spec, pids, root, &alone, &mut report)?;

    let stage = spec.role.stage(findings);
    let Spec { layers: requested, may_be_missing, .. } = spec;
    Ok(Jail { layers: report.into_layers(), pids, requested, may_be_missing, stage })
}

/// The worker's steps. Gives the paths of libraries inside.
fn confine<R: Role>(
    spec: &Spec<'_, R>,
    pids: Pids,
    root: Root<'_>,
    alone: &SingleThreaded,
    report: &mut Report,
) -> Result<private::JailFindings, Error> {
    let asked = spec.layers;
    let (zone, service) = (spec.role.zone(), spec.role.service());

    // Out of the terminal's session: no controlling terminal to type into, no Ctrl-C meant for others. It fails only
    // for the leader of a group, which has that already.
    let _ = rustix::process::setsid();
    // Keys of the user who started the broker are not ours to read.
    match sys::new_session_keyring() {
        Ok(()) => report.on(LayerName::Keyring, "a session keyring of its own, empty"),
        Err(error) => report.unavailable(LayerName::Keyring, error.to_string())?,
    }
    // While capabilities last: give up all that could ever be regained.
    if asked.has(Layers::CREDENTIALS) {
        credentials::forbid_capabilities()?;
    }
    // Before the first file is made: in a user namespace only the mapped uid can own one.
    if asked.has(Layers::CREDENTIALS) || pids.is_apart() {
        credentials::become_nobody(pids.is_apart(), alone)?;
    }
    let mut libraries = root.libraries_outside();
    if pids.is_apart() {
        // Hides the name of the machine; this one is the same everywhere.
        rustix::system::sethostname(b"cloison").map_err(|error| Error::process("the host name", error))?;
        rustix::system::setdomainname(b"").map_err(|error| Error::process("the domain name", error))?;
        if asked.has(Layers::ROOT) {
            libraries = root.libraries_inside();
            // An empty root: what is not there cannot be opened.
            root.enter(alone)?;
        }
    }
    let scratch = service.is_some_and(|service| service.scratch.is_some())
        || zone.is_some_and(|zone| zone.scratch_bytes.is_some());
    if scratch && !(pids.is_apart() && asked.has(Layers::ROOT)) {
        return Err(Error::Scratch);
    }
    // A program that is started here is to end with its processes, and to see nothing else.
    if spec.role.is_command() && !(pids.is_apart() && asked.has(Layers::ROOT)) {
        return Err(Error::Apart);
    }
    if let Some(one) = zone.and_then(|zone| zone.folders.first())
        && !(pids.is_apart() && asked.has(Layers::ROOT))
    {
        let message = "there is no place for it without a root of the zone's own".into();
        return Err(Error::Folder { path: one.at.into(), message });
    }
    if asked.has(Layers::CREDENTIALS) {
        report.on(LayerName::Capabilities, credentials::drop_capabilities(pids.is_apart())?);
    } else {
        report.off(LayerName::Capabilities);
    }
    // A second way to end with the broker, in case init is dead or missing. It is set only now because changes of identity clear it.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| Error::process("PR_SET_PDEATHSIG", error))?;
    // No core dumps, no ptrace, no /proc/PID/mem by other processes of the same user.
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|error| Error::process("PR_SET_DUMPABLE", error))?;
    // Landlock and seccomp require it, and set-uid programs have no effect afterwards.
    rustix::thread::set_no_new_privs(true).map_err(|error| Error::NoNewPrivileges(error.into()))?;
    report.on(LayerName::NoNewPrivileges, "");
    if spec.role.is_command() {
        // It may be a compiler.
        report.off(LayerName::Memory);
    } else {
        deny_write_execute(asked, report)?;
    }
    // Whatever path leads where, only what was declared may be opened.
    let rules = match service {
        Some(service) => fence::service_rules(service),
        None if spec.role.is_command() => fence::command_rules(zone, &libraries),
        None => fence::loading_rules(zone, &libraries),
    };
    fence::put_up(asked, &rules, fence::Network::of(zone, service), report)?;
    // One process must not use up what all processes of the machine share.
    if asked.has(Layers::RLIMITS) {
        report.on(LayerName::Rlimits, spec.limits.apply(pids.is_apart())?);
    } else {
        report.off(LayerName::Rlimits);
    }
    // Last, because it forbids what came before.
    match (zone, service) {
        (None, None) => policy::install(asked, &policy::TEMPLATE, report)?,
        (None, Some(service)) => policy::install(asked, &service.policy(), report)?,
        (Some(_), _) if spec.role.is_command() => policy::install(asked, &policy::command(), report)?,
        (Some(zone), _) => {
            let files = zone.opens();
            policy::install(asked, &policy::loading(&zone.needs(&files, pids.is_apart())), report)?;
        }
    }
    let mut libraries = libraries.into_iter();
    Ok(private::JailFindings { library: libraries.next().unwrap_or_default(), further: libraries.collect() })
}

/// The environment has to be empty; emptying it here would leave its bytes on the stack.
fn no_environment(report: &mut Report) -> Result<(), Error> {
    match std::env::vars_os().next() {
        None => report.on(LayerName::Environment, "empty"),
        Some((name, _)) => return Err(Error::Environment(name.to_string_lossy().into_owned())),
    }
    Ok(())
}

/// Closes what was not declared. A folder among the declared ones would be a way out through `..`; those of a host service, and those that a library's
/// zone is given, are replaced by what is mounted inside before anybody walks from them.
fn close_undeclared<R>(
    spec: &Spec<'_, R>,
    lifeline: BorrowedFd<'_>,
    alone: &SingleThreaded,
    report: &mut Report,
) -> Result<(), Error>
where
    R: Role,
{
    if !spec.layers.has(Layers::DESCRIPTORS) {
        report.off(LayerName::Descriptors);
        return Ok(());
    }
    let libraries = spec.role.zone().into_iter().flat_map(|zone| zone.libraries());
    let given = || {
        let service = spec.role.service().into_iter().flat_map(|one| one.descriptors());
        service.chain(spec.role.zone().into_iter().flat_map(|one| one.descriptors()))
    };
    let folders: Vec<i32> = given().map(sys::number).collect();
    let declared = spec.descriptors.iter().copied().chain(libraries).chain([lifeline]);
    let declared = declared.chain(given());
    let mut keep: Vec<i32> = declared.map(sys::number).chain([0, 1, 2]).collect();
    keep.sort_unstable();
    keep.dedup();
    close_all_but(&keep, alone).map_err(Error::Close)?;
    for &number in &keep {
        if sys::is_folder(number) && !folders.contains(&number) {
            return Err(Error::DirectoryDescriptor(number));
        }
    }
    report.on(LayerName::Descriptors, format!("{} declared", keep.len()));
    Ok(())
}

/// Closes every descriptor that is not in the sorted list.
pub(crate) fn close_all_but(keep: &[i32], alone: &SingleThreaded) -> std::io::Result<()> {
    let mut next = 0;
    for &number in keep {
        let number = number as u32;
        if number > next {
            sys::close_range(next, number - 1, alone)?;
        }
        next = number + 1;
    }
    sys::close_range(next, u32::MAX, alone)
}

/// Written memory never becomes code. Seccomp says the same of each call; this holds where a filter has a hole.
fn deny_write_execute(asked: Layers, report: &mut Report) -> Result<(), Error> {
    if !asked.has(Layers::MEMORY) {
        report.off(LayerName::Memory);
        return Ok(());
    }
    match sys::deny_write_execute() {
        Ok(()) => report.on(LayerName::Memory, "written memory never becomes code"),
        Err(error) => report.unavailable(LayerName::Memory, format!("needs Linux 6.3 ({error})"))?,
    }
    Ok(())
}
