//! Which system calls each kind of process may make: tables with a reason on each line.
//!
//! | stage | tables | who is in it |
//! |---|---|---|
//! | [`INIT`] | [`init`] | process 1 of a namespace, for ever |
//! | [`TEMPLATE`] | [`serving`], [`template`] | the template, from the jail to its end |
//! | [`MICROPROCESS`] | [`microprocess`], on top of the template's | each child, for ever |
//! | [`loading()`] | [`serving`], [`loading`](mod@loading), [`files`], [`threads`] | a zone until its seal, library constructors included |
//! | [`sealed()`] | [`serving`], [`files`], [`threads`], on top of the loading stage's | a zone for ever after |
//!
//! What no table names gets the stage's default. Three answers besides yes:
//!
//! - **`ENOSYS`** for what nobody here has heard of: libraries then fall back to what they did before it existed.
//! - **another error** ([`refused`]) for what ordinary code asks out of habit and does without: it gets an answer that
//!   it knows how to handle.
//! - **death** ([`killed`]) for what has no honest use in here. Not a signal that could be caught.
//!
//! A filter is compiled from tables by `seccompiler` (`compile.rs`); [`Policy::verdict`] says the same in Rust, and
//! tests hold the two against each other.

mod compile;
pub mod files;
pub mod init;
pub mod killed;
#[cfg(target_arch = "x86_64")]
pub mod legacy;
pub mod loading;
pub mod microprocess;
pub mod refused;
pub mod row;
pub mod serving;
pub mod template;
pub mod threads;

use crate::error::Error;
use crate::layer::{self, Report};
use crate::spec::Layers;
use cloison_capabilities::interface::FileRule;
pub use row::{Accept, Check, Row, Verdict};
use seccompiler::BpfProgram;

/// The rules of one stage.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its name in reports and errors.
    pub name: &'static str,
    /// Rows, table after table; the first that names a system call decides.
    pub tables: &'static [&'static [Row]],
    /// What becomes of the others.
    pub default: Verdict,
}

/// What every policy but [`MICROPROCESS`] says of the unknown.
const UNKNOWN: Verdict = Verdict::Refuse(libc::ENOSYS);

#[cfg(target_arch = "x86_64")]
const LEGACY_ALLOWED: &[Row] = legacy::ALLOWED;
#[cfg(target_arch = "x86_64")]
const LEGACY_LOADING: &[Row] = legacy::LOADING;
#[cfg(target_arch = "x86_64")]
const LEGACY_REFUSED: &[Row] = legacy::REFUSED;
#[cfg(target_arch = "x86_64")]
const LEGACY_KILLED: &[Row] = legacy::KILLED;
#[cfg(not(target_arch = "x86_64"))]
const LEGACY_ALLOWED: &[Row] = &[];
#[cfg(not(target_arch = "x86_64"))]
const LEGACY_LOADING: &[Row] = &[];
#[cfg(not(target_arch = "x86_64"))]
const LEGACY_REFUSED: &[Row] = &[];
#[cfg(not(target_arch = "x86_64"))]
const LEGACY_KILLED: &[Row] = &[];

/// A policy out of its own tables and those that all have.
macro_rules! policy {
    ($name:literal: $($table:expr),+) => {
        Policy {
            name: $name,
            tables: &[
                $($table,)+
                serving::ROWS, LEGACY_ALLOWED,
                killed::ROWS, LEGACY_KILLED,
                refused::ROWS, LEGACY_REFUSED,
            ],
            default: UNKNOWN,
        }
    };
}

/// Process 1 of a namespace.
pub static INIT: Policy = Policy { name: "init", tables: &[init::ROWS], default: Verdict::Kill };

/// The template.
pub static TEMPLATE: Policy = policy!("template": template::ROWS);

/// What a microprocess puts on top of [`TEMPLATE`]: only what is taken away.
pub static MICROPROCESS: Policy =
    Policy { name: "microprocess", tables: &[microprocess::ROWS], default: Verdict::Allow };

static LOADING: Policy = policy!("loading": loading::ROWS, LEGACY_LOADING);
static LOADING_READ: Policy = policy!("loading": loading::ROWS, files::READ, LEGACY_LOADING);
static LOADING_WRITE: Policy = policy!("loading": files::WRITE, loading::ROWS, files::READ, LEGACY_LOADING);
static LOADING_THREADS: Policy = policy!("loading": threads::ROWS, loading::ROWS, LEGACY_LOADING);
static LOADING_READ_THREADS: Policy = policy!("loading": threads::ROWS, loading::ROWS, files::READ, LEGACY_LOADING);
static LOADING_WRITE_THREADS: Policy =
    policy!("loading": threads::ROWS, files::WRITE, loading::ROWS, files::READ, LEGACY_LOADING);

static SEALED: Policy = policy!("sealed": &[]);
static SEALED_READ: Policy = policy!("sealed": files::READ, LEGACY_LOADING);
static SEALED_WRITE: Policy = policy!("sealed": files::WRITE, files::READ, LEGACY_LOADING);
static SEALED_THREADS: Policy = policy!("sealed": threads::ROWS);
static SEALED_READ_THREADS: Policy = policy!("sealed": threads::ROWS, files::READ, LEGACY_LOADING);
static SEALED_WRITE_THREADS: Policy = policy!("sealed": threads::ROWS, files::WRITE, files::READ, LEGACY_LOADING);

/// A zone before its seal. What will be allowed after it has to be allowed now: filters only take away.
pub fn loading(threads: u32, files: &[FileRule]) -> &'static Policy {
    match (Files::of(files), threads > 1) {
        (Files::None, false) => &LOADING,
        (Files::None, true) => &LOADING_THREADS,
        (Files::Read, false) => &LOADING_READ,
        (Files::Read, true) => &LOADING_READ_THREADS,
        (Files::Write, false) => &LOADING_WRITE,
        (Files::Write, true) => &LOADING_WRITE_THREADS,
    }
}

/// A zone after its seal, on top of [`loading()`].
pub fn sealed(threads: u32, files: &[FileRule]) -> &'static Policy {
    match (Files::of(files), threads > 1) {
        (Files::None, false) => &SEALED,
        (Files::None, true) => &SEALED_THREADS,
        (Files::Read, false) => &SEALED_READ,
        (Files::Read, true) => &SEALED_READ_THREADS,
        (Files::Write, false) => &SEALED_WRITE,
        (Files::Write, true) => &SEALED_WRITE_THREADS,
    }
}

/// What the manifest's `files` come to.
enum Files {
    None,
    Read,
    Write,
}

impl Files {
    fn of(files: &[FileRule]) -> Files {
        match files {
            [] => Files::None,
            files if files.iter().any(|file| file.write) => Files::Write,
            _ => Files::Read,
        }
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
    pub(crate) fn compile_for(&self, pid: i32) -> Result<BpfProgram, Error> {
        let mut program = self.compile()?;
        fill_in_own_pid(&mut program, pid);
        Ok(program)
    }

    /// The filter, with a blank where the process's own number belongs.
    pub(crate) fn compile(&self) -> Result<BpfProgram, Error> {
        compile::compile(self).map_err(|error| Error::Compile { policy: self.name, message: error.to_string() })
    }
}

/// Puts a policy on, or says why that is not possible here.
pub(crate) fn install(asked: Layers, policy: &Policy, report: &mut Report) -> Result<(), Error> {
    if !asked.has(Layers::SECCOMP) {
        report.off(layer::SECCOMP);
        return Ok(());
    }
    let filter = policy.compile_for(rustix::process::getpid().as_raw_pid())?;
    match apply(policy.name, &filter) {
        Err(Error::Filter { source, .. }) if source.raw_os_error() == Some(libc::ENOSYS) => {
            report.unavailable(layer::SECCOMP, "this kernel has no filters")
        }
        Err(error) => Err(error),
        Ok(()) => {
            report.on(layer::SECCOMP, format!("policy `{}`, {} instructions", policy.name, filter.len()));
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
mod tests;
