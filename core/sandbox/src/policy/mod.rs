//! Which system calls each kind of process may make: tables with a reason on each line.
//!
//! | stage | tables | who is in it |
//! |---|---|---|
//! | [`INIT`] | [`init`] | process 1 of a namespace, for ever |
//! | [`TEMPLATE`] | [`serving`], [`template`] | the template, from the jail to its end |
//! | [`MICROPROCESS`] | [`microprocess`], on top of the template's | each child, for ever |
//! | [`loading()`] | [`serving`], [`loading`](mod@loading), [`files`], [`network`], [`threads`], [`per_call`] | a zone until its seal, library constructors included |
//! | [`sealed()`] | [`serving`], [`files`], [`network`], [`threads`], on top of the loading stage's | a zone for ever after |
//! | [`fork_server()`] | the same and [`per_call`] | a zone for ever after that runs each call in a process of its own |
//! | [`files_service()`] | [`serving`], [`files_service`](mod@files_service), [`threads`] | the host service for files, from the jail to its end |
//! | [`log_service()`] | [`serving`], [`threads`] | the host service for logs, the same |
//! | [`net_service()`] | [`serving`], [`net_service`](mod@net_service), [`threads`] | the host service for networks, the same |
//! | [`process_service()`] | [`serving`], [`process_service`](mod@process_service), [`threads`] | the host service for programs, the same |
//! | [`command()`] | [`command`](mod@command), [`serving`] | a program of the machine, from before it is started to its end |
//! | [`child()`] | [`per_call`], on top of the fork server's | each of these processes, for ever: what is left is [`sealed()`] |
//!
//! What no table names gets the stage's default. Three answers besides yes:
//!
//! - **`ENOSYS`** for what nobody here has heard of: libraries then fall back to what they did before it existed.
//! - **another error** ([`refused`]) for what ordinary code asks out of habit and does without: it gets an answer that
//!   it knows how to handle.
//! - **death** ([`killed`]) for what has no honest use in here. Not a signal that could be caught.
//!
//! A filter is compiled from tables (`compile.rs`); [`Policy::verdict`] says the same in Rust, and
//! tests hold the two against each other.

pub mod command;
mod compile;
pub mod files;
pub mod files_service;
pub mod init;
pub mod killed;
pub mod legacy;
pub mod loading;
pub mod microprocess;
pub mod net_service;
pub mod network;
pub mod per_call;
pub mod process_service;
pub mod refused;
pub mod row;
pub mod serving;
pub mod template;
pub mod threads;

use crate::error::Error;
use crate::layer::{LayerName, Report};
use crate::spec::Layers;
use cloison_contract::host::FilesRights;
use cloison_contract::interface::FileRule;
pub use row::{Accept, Check, Row, Verdict};
use seccompiler::BpfProgram;
use std::borrow::Cow;

/// The rules of one stage.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its name in reports and errors.
    pub name: &'static str,
    /// Rows, table after table; the first that names a system call decides.
    pub tables: Cow<'static, [&'static [Row]]>,
    /// What becomes of the others.
    pub default: Verdict,
}

/// What every policy but [`MICROPROCESS`] and [`child()`] says of the unknown.
const UNKNOWN: Verdict = Verdict::Refuse(libc::ENOSYS);

const COMMAND_LEGACY: &[Row] = command::LEGACY;
const LEGACY_ALLOWED: &[Row] = legacy::ALLOWED;
const LEGACY_LOADING: &[Row] = legacy::LOADING;
const LEGACY_WRITING: &[Row] = legacy::WRITING;
const LEGACY_REFUSED: &[Row] = legacy::REFUSED;
const LEGACY_KILLED: &[Row] = legacy::KILLED;

/// What stands behind the own tables of a policy for a worker.
const COMMON: [&[Row]; 6] = [serving::ROWS, LEGACY_ALLOWED, killed::ROWS, LEGACY_KILLED, refused::ROWS, LEGACY_REFUSED];

/// Process 1 of a namespace.
pub static INIT: Policy = Policy { name: "init", tables: Cow::Borrowed(&[init::ROWS]), default: Verdict::Kill };

/// The template.
pub static TEMPLATE: Policy = Policy {
    name: "template",
    tables: Cow::Borrowed(&[
        template::ROWS,
        serving::ROWS,
        LEGACY_ALLOWED,
        killed::ROWS,
        LEGACY_KILLED,
        refused::ROWS,
        LEGACY_REFUSED,
    ]),
    default: UNKNOWN,
};

/// What a microprocess puts on top of [`TEMPLATE`]: only what is taken away.
pub static MICROPROCESS: Policy =
    Policy { name: "microprocess", tables: Cow::Borrowed(&[microprocess::ROWS]), default: Verdict::Allow };

/// What may be done in folders, as far as filters tell it apart.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Reach {
    /// There are none.
    #[default]
    Nothing,
    /// Read.
    Read,
    /// Change.
    Write,
}

impl Reach {
    /// Of several folders together.
    pub(crate) fn of(rights: impl Iterator<Item = FilesRights>) -> Self {
        rights.map(|one| if one.changes() { Self::Write } else { Self::Read }).max().unwrap_or_default()
    }
}

/// What the policies of a zone depend on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Needs<'a> {
    /// What the library may open.
    pub files: &'a [FileRule],
    /// What it may do in folders that it has besides.
    pub folders: Reach,
    /// It connects to the machine's network.
    pub network: bool,
    /// How many threads there may be.
    pub threads: u32,
    /// Each call runs in a process of its own.
    pub per_call: bool,
    /// There is a pid namespace.
    pub apart: bool,
}

/// A zone before its seal. What will be allowed after it has to be allowed now: filters only take away.
pub fn loading(needs: &Needs<'_>) -> Policy {
    let mut own = needs.fork_server();
    if needs.per_call {
        own.push(per_call::LOOK);
        own.extend(needs.apart.then_some(per_call::LOOK_APART));
    }
    own.extend(needs.threads());
    own.extend(needs.network());
    own.extend(needs.writes());
    own.push(loading::ROWS);
    own.extend(needs.reads());
    own.push(LEGACY_LOADING);
    own.extend(needs.can_write().then_some(LEGACY_WRITING));
    worker("loading", own)
}

/// A zone after its seal, on top of [`loading()`].
pub fn sealed(needs: &Needs<'_>) -> Policy {
    worker("sealed", needs.serving())
}

/// The same where each call runs in a process of its own: for the process that makes those.
pub fn fork_server(needs: &Needs<'_>) -> Policy {
    worker("fork-server", [needs.fork_server(), needs.serving()].concat())
}

/// The host service for files. It loads nothing, and so has one stage.
pub fn files_service(threads: u32) -> Policy {
    let own = [(threads > 1).then_some(threads::ROWS), Some(files_service::ROWS)];
    worker("files", own.into_iter().flatten().collect())
}

/// The host service for logs: it writes to what it has, which every worker may.
pub fn log_service(threads: u32) -> Policy {
    worker("log", (threads > 1).then_some(threads::ROWS).into_iter().collect())
}

/// The host service that has programs started.
pub fn process_service(threads: u32) -> Policy {
    let own = [(threads > 1).then_some(threads::ROWS), Some(process_service::ROWS)];
    worker("process", own.into_iter().flatten().collect())
}

/// A program of the machine.
pub fn command() -> Policy {
    worker("command", vec![command::ROWS, COMMAND_LEGACY])
}

/// What the policy of the host service for networks depends on.
#[derive(Clone, Copy, Debug, Default)]
pub struct NetNeeds {
    /// How many threads there may be.
    pub threads: u32,
    /// It asks name servers.
    pub datagrams: bool,
    /// It may be connected to.
    pub listens: bool,
}

/// The host service for networks.
pub fn net_service(needs: &NetNeeds) -> Policy {
    let own = [
        (needs.threads > 1).then_some(threads::ROWS),
        needs.datagrams.then_some(net_service::DATAGRAMS),
        needs.listens.then_some(net_service::LISTENING),
        Some(net_service::ROWS),
    ];
    worker("net", own.into_iter().flatten().collect())
}

/// What each call's process puts on top of [`fork_server()`]: only what is taken away. What is left is [`sealed()`].
pub fn child(needs: &Needs<'_>) -> Policy {
    let clone = if needs.threads > 1 { per_call::THREADS_ALONE } else { per_call::CHILDLESS };
    Policy { name: "per-call", tables: Cow::Owned(vec![clone, per_call::CHILD]), default: Verdict::Allow }
}

/// A policy out of its own tables and those that all workers have.
fn worker(name: &'static str, own: Vec<&'static [Row]>) -> Policy {
    Policy { name, tables: Cow::Owned([own, COMMON.to_vec()].concat()), default: UNKNOWN }
}

impl Needs<'_> {
    /// What a zone has after its seal and a library at work needs.
    fn serving(&self) -> Vec<&'static [Row]> {
        let mut own: Vec<&'static [Row]> =
            self.threads().into_iter().chain(self.network()).chain(self.writes()).collect();
        if let Some(reads) = self.reads() {
            own.extend([reads, LEGACY_LOADING]);
        }
        if self.can_write() {
            own.push(LEGACY_WRITING);
        }
        own
    }

    /// What a zone has that forks, from loading on.
    fn fork_server(&self) -> Vec<&'static [Row]> {
        if !self.per_call {
            return Vec::new();
        }
        let forks = if self.threads > 1 { per_call::FORKS_AND_THREADS } else { per_call::FORKS };
        [forks, per_call::FORK_SERVER].into_iter().chain(self.apart.then_some(per_call::APART)).collect()
    }

    fn threads(&self) -> Option<&'static [Row]> {
        (self.threads > 1).then_some(threads::ROWS)
    }

    fn network(&self) -> impl Iterator<Item = &'static [Row]> {
        let flags = if self.can_write() { network::FLAGS_AND_LOCKS } else { network::FLAGS };
        self.network.then_some([flags, network::ROWS, net_service::ROWS]).into_iter().flatten()
    }

    fn reads(&self) -> Option<&'static [Row]> {
        (!self.files.is_empty() || self.folders > Reach::Nothing).then_some(files::READ)
    }

    fn writes(&self) -> Option<&'static [Row]> {
        self.can_write().then_some(files::WRITE)
    }

    fn can_write(&self) -> bool {
        self.files.iter().any(|file| file.write) || self.folders == Reach::Write
    }
}

impl Policy {
    /// The line that decides about a system call, if there is one.
    pub fn row(&self, number: i64) -> Option<&'static Row> {
        self.tables.iter().flat_map(|table| table.iter()).find(|row| row.number == number)
    }

    /// What becomes of a call: the meaning of the filter, without the filter.
    pub fn verdict(&self, number: i64, arguments: &[u64; 6]) -> Verdict {
        self.row(number).map_or(self.default, |row| row.verdict(arguments))
    }

    /// The filter for a process of that number.
    pub(crate) fn compile_for(&self, pid: i32) -> BpfProgram {
        let mut program = self.compile();
        fill_in_own_pid(&mut program, pid);
        program
    }

    /// The filter, with a blank where the process's own number belongs.
    pub(crate) fn compile(&self) -> BpfProgram {
        compile::compile(self)
    }
}

/// Puts a policy on, or says why that is not possible here.
pub(crate) fn install(asked: Layers, policy: &Policy, report: &mut Report) -> Result<(), Error> {
    if !asked.has(Layers::SECCOMP) {
        report.off(LayerName::Seccomp);
        return Ok(());
    }
    let filter = policy.compile_for(rustix::process::getpid().as_raw_pid());
    match apply(policy.name, &filter) {
        Err(Error::Filter { source, .. }) if source.raw_os_error() == Some(libc::ENOSYS) => {
            report.unavailable(LayerName::Seccomp, "this kernel has no filters")
        }
        Err(error) => Err(error),
        Ok(()) => {
            report.on(
                LayerName::Seccomp,
                format!("policy `{}`, {} instructions, on all threads", policy.name, filter.len()),
            );
            Ok(())
        }
    }
}

/// Replaces [`row::OWN_PID`] by the number that it stands for.
pub(crate) fn fill_in_own_pid(program: &mut BpfProgram, pid: i32) {
    for instruction in program.iter_mut().filter(|instruction| instruction.k == row::OWN_PID as u32) {
        instruction.k = pid as u32;
    }
}

/// Puts a compiled policy on, on all threads.
pub(crate) fn apply(policy: &'static str, filter: &BpfProgram) -> Result<(), Error> {
    seccompiler::apply_filter_all_threads(filter).map_err(|error| {
        let source = match error {
            seccompiler::Error::Prctl(source) | seccompiler::Error::Seccomp(source) => source,
            other => std::io::Error::other(other.to_string()),
        };
        Error::Filter { policy, source }
    })
}

#[cfg(test)]
mod documentation;
#[cfg(test)]
mod tests;
