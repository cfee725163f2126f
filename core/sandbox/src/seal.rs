//! The second step inward: what was needed to get ready is given up.

use crate::error::Error;
use crate::fence;
use crate::jail::{Jail, Loading, Sealed, Template};
use crate::layer::Report;
use crate::limits;
use crate::policy;
use crate::spec::Layers;
use rustix::process::Signal;
use seccompiler::BpfProgram;

impl Jail<Template> {
    /// What each forked child will put on, made ready once.
    ///
    /// # Errors
    ///
    /// The policy does not compile: a defect of this crate.
    pub fn microprocess_seal(&self) -> Result<MicroprocessSeal, Error> {
        let filter = match self.requested.has(Layers::SECCOMP) {
            true => Some(policy::MICROPROCESS.compile()?),
            false => None,
        };
        Ok(MicroprocessSeal { filter })
    }
}

/// The seal of a microprocess: limits of its own, and a filter that takes away forking and further filters.
#[derive(Clone, Debug)]
pub struct MicroprocessSeal {
    filter: Option<BpfProgram>,
}

/// What one microprocess may use up. Absent means as much as the template.
#[derive(Clone, Copy, Debug, Default)]
pub struct MicroprocessLimits {
    /// Private writable memory, what came from the template included.
    pub data_bytes: Option<u64>,
    /// Address space.
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
        // Not inherited by fork.
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
            .map_err(|error| Error::process("PR_SET_PDEATHSIG", error))?;
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
    /// Gives up what loading needed: the loader's files, opening, executable mappings, further filters.
    ///
    /// # Errors
    ///
    /// Landlock or seccomp refused; the zone has to end.
    pub fn seal(self) -> Result<Jail<Sealed>, Error> {
        let Jail { layers, pids, requested, may_be_missing, stage } = self;
        let mut report = Report::resume(layers, &may_be_missing);
        // Rules only add up: what the first set allowed for loading, this one no longer does. Before ABI 8 they hold for
        // this thread alone; one that a constructor made (`threads`) gets the filter, which goes to all.
        fence::put_up(requested, &fence::sealed_rules(&stage.files), &mut report)?;
        policy::install(requested, policy::sealed(stage.threads, &stage.files), &mut report)?;
        Ok(Jail { layers: report.into_layers(), pids, requested, may_be_missing, stage: Sealed(()) })
    }
}
