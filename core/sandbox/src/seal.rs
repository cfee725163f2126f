//! The seal: a process gives up the rights that it needed only to get ready.

use crate::error::Error;
use crate::fence;
use crate::fork_server::ForkServer;
use crate::jail::{Fenced, Jail, Loading, Sealed, Template};
use crate::launch::Pids;
use crate::layer::{LayerName, Report};
use crate::limits;
use crate::policy;
use crate::spec::Layers;
use crate::sys::{self, SingleThreaded};
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;
use rustix::process::Signal;
use seccompiler::BpfProgram;

impl Jail<Template> {
    /// What each forked child will put on, made ready once.
    pub fn microprocess_seal(&self) -> MicroprocessSeal {
        let filter = match self.requested.has(Layers::SECCOMP) {
            true => Some(policy::MICROPROCESS.compile()),
            false => None,
        };
        MicroprocessSeal { filter }
    }
}

/// The seal of a microprocess: limits of its own, and a filter that takes away forking and further filters.
#[derive(Clone, Debug)]
pub struct MicroprocessSeal {
    filter: Option<BpfProgram>,
}

/// Have the kernel kill this process when its parent ends. A fork does not inherit that, so each child of a template asks for it.
///
/// # Errors
///
/// The kernel refused; the process has to end.
pub fn end_with_parent() -> Result<(), Error> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| Error::process("PR_SET_PDEATHSIG", error))
}

/// What one microprocess may use up. Absent means as much as the template.
#[derive(Clone, Copy, Debug, Default)]
pub struct MicroprocessLimits {
    /// Private writable memory, what came from the template included.
    pub data_bytes: Option<u64>,
    /// Address space (`RLIMIT_AS`): everything mapped, channels and what is mapped only to be read included. It should be
    /// finite: page tables are kernel memory, and the limit on private memory does not see them.
    pub address_space_bytes: Option<u64>,
    /// Processor time.
    pub cpu_seconds: Option<u64>,
    /// Descriptors.
    pub descriptors: Option<u32>,
}

impl MicroprocessSeal {
    /// To be called in the child, before anything of the application runs. There is no way back.
    ///
    /// # Errors
    ///
    /// A limit or the filter could not be set; the child has to end.
    pub fn apply(&self, limits: &MicroprocessLimits) -> Result<(), Error> {
        end_with_parent()?;
        limits::set(libc::RLIMIT_DATA, limits.data_bytes, "RLIMIT_DATA")?;
        limits::set(libc::RLIMIT_AS, limits.address_space_bytes, "RLIMIT_AS")?;
        limits::set_cpu_seconds(limits.cpu_seconds)?;
        limits::set(libc::RLIMIT_NOFILE, limits.descriptors.map(u64::from), "RLIMIT_NOFILE")?;
        match &self.filter {
            Some(filter) => {
                let mut filter = filter.clone();
                policy::fill_in_own_pid(&mut filter, rustix::process::getpid().as_raw_pid());
                policy::apply(policy::MICROPROCESS.name, &filter)
            }
            None => Ok(()),
        }
    }
}

impl Jail<Loading> {
    /// Gives up the loader's files: the first half of the seal. Threads that serve calls are made behind it, since before ABI 8
    /// Landlock's rules hold for the thread that puts them up and those that it makes from then on. (One that a constructor has
    /// made keeps the loader's files, and gets the filter, which goes to all threads.)
    ///
    /// # Errors
    ///
    /// Landlock refused, or did nothing; the zone has to end.
    pub fn fence(self) -> Result<Jail<Fenced>, Error> {
        let Jail { layers, pids, requested, may_be_missing, stage } = self;
        let mut report = Report::resume(layers, &may_be_missing);
        // Rules only add up: what the first set allowed for loading, this one no longer does.
        let network = fence::Network::of_library(&stage.connect);
        fence::put_up(requested, &fence::sealed_rules(&stage.files, stage.given()), network, &mut report)?;
        // Before seccomp, while opening is still Landlock's to refuse.
        look_at_rules(&stage, &report)?;
        Ok(Jail { layers: report.into_layers(), pids, requested, may_be_missing, stage: Fenced(stage) })
    }

    /// Gives up what loading needed: the loader's files, opening, executable mappings, further filters.
    ///
    /// # Errors
    ///
    /// Landlock or seccomp refused, or did nothing; the zone has to end.
    pub fn seal(self) -> Result<Jail<Sealed>, Error> {
        self.fence()?.seal()
    }
}

impl Jail<Fenced> {
    /// Gives up what loading needed besides files, on all threads.
    ///
    /// # Errors
    ///
    /// seccomp refused, or did nothing; the zone has to end.
    pub fn seal(self) -> Result<Jail<Sealed>, Error> {
        let Jail { layers, pids, requested, may_be_missing, stage: Fenced(stage) } = self;
        let mut report = Report::resume(layers, &may_be_missing);
        policy::install(requested, &policy::sealed(&stage.needs(pids)), &mut report)?;
        look_at_filter(&stage, &report)?;
        Ok(Jail { layers: report.into_layers(), pids, requested, may_be_missing, stage: Sealed(()) })
    }

    /// The same where each call runs in a process of its own: keeps the right to make those, and nothing else.
    ///
    /// # Errors
    ///
    /// As for [`Jail::seal`]; and if a constructor has made threads or processes.
    pub fn become_fork_server(self) -> Result<Jail<ForkServer>, Error> {
        let Jail { layers, pids, requested, may_be_missing, stage: Fenced(stage) } = self;
        let mut report = Report::resume(layers, &may_be_missing);
        let alone = look_for_company(pids)?;
        let needs = stage.needs(pids);
        let child = Jail { layers: Vec::new(), pids, requested, may_be_missing: Vec::new(), stage: Sealed(()) };
        let fork_server = ForkServer::prepare(requested, &needs, child, alone)?;
        policy::install(requested, &policy::fork_server(&needs), &mut report)?;
        look_at_filter(&stage, &report)?;
        if report.is_on(LayerName::Seccomp) {
            report.add(
                LayerName::Seccomp,
                format!("; `per-call` in each call's, {} instructions", fork_server.instructions()),
            );
        }
        let jail = Jail { layers: report.into_layers(), pids, requested, may_be_missing, stage: fork_server };
        jail.probe()?;
        Ok(jail)
    }
}

/// A process that forks for calls must have no other thread, which might hold a lock, and no other process, which might be
/// without a seal.
fn look_for_company(pids: Pids) -> Result<SingleThreaded, Error> {
    let alone = SingleThreaded::find().ok_or(Error::Company("threads"))?;
    // Elsewhere the user's own processes would be found.
    if pids.is_apart() && !sys::is_alone() {
        return Err(Error::Company("processes"));
    }
    Ok(alone)
}

// A constructor may have installed a filter of its own, which answers the seal's system calls with success and does not
// make them. What the seal forbids is tried here, so that it takes more than that. A filter that answers these attempts
// as well is not found out: see "What binds whom" at the crate's top.

/// The library could be opened for loading, and no longer can, unless `files` names it.
fn look_at_rules(stage: &Loading, report: &Report) -> Result<(), Error> {
    let named = stage.files.iter().any(|file| stage.library.starts_with(&file.path));
    if report.is_on(LayerName::Landlock) && !named && std::fs::File::open(&stage.library).is_ok() {
        return Err(Error::Unsealed("Landlock lets the loader's files be opened"));
    }
    Ok(())
}

/// Code can no longer be mapped, and nothing be opened, unless there are `files`.
fn look_at_filter(stage: &Loading, report: &Report) -> Result<(), Error> {
    if !report.is_on(LayerName::Seccomp) {
        return Ok(());
    }
    if sys::map_code().raw_os_error() != Some(libc::EACCES) {
        return Err(Error::Unsealed("seccomp lets code be mapped"));
    }
    // Landlock does not look at this way of opening.
    let by_path = OFlags::PATH | OFlags::CLOEXEC;
    let opens = !stage.files.is_empty() || !stage.folders.is_empty();
    if !opens && openat(CWD, "/", by_path, Mode::empty()).err() != Some(Errno::ACCESS) {
        return Err(Error::Unsealed("seccomp lets folders be opened"));
    }
    Ok(())
}
