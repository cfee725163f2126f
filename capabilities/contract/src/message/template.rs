//! Broker ↔ template.
//!
//! | from | message | descriptors | answer |
//! |---|---|---|---|
//! | broker | [`ToTemplate::Boot`] | | `Split` from the launcher, `Jailed` from inside the sandbox, any number of `Find`, then `Ready`, or `Preloaded` if it is to be kept warm, or `Failed` |
//! | broker | [`ToTemplate::Import`], to a template that was kept warm, before its first fork | its stdout, stderr | any number of `Find`, then `Ready` or `Failed` |
//! | template | [`FromTemplate::Find`] | | `Found` |
//! | template | [`FromTemplate::Which`] | | `These` |
//! | broker | [`ToTemplate::Fork`] | the child's control socket, its stdin, stdout, stderr, its mailbox's memory and bell | `Forked` with a pidfd, or `ForkFailed` |
//! | broker | [`ToTemplate::ForkTemplate`], not to a program template | the control socket of the program template, its stdin, stdout, stderr | the same; from the program template, on that socket, any number of `Find`, then `Ready` or `Failed` |

use super::{Jailed, Look, Looked, Module, Run};
use crate::deterministic::Deterministic;
use serde::{Deserialize, Serialize};

/// From the broker to the template.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum ToTemplate {
    /// The answer to [`FromTemplate::Find`].
    Found(Option<Module>),
    /// The answer to [`FromTemplate::Which`].
    These(Vec<String>),
    /// Import these modules.
    Boot {
        /// The modules to import before the first fork, in order.
        preload: Vec<String>,
        /// Address space of each microprocess, in bytes.
        memory_bytes: u64,
        /// Processor time of each microprocess, in seconds.
        cpu_seconds: u64,
        /// Descriptors of each microprocess.
        descriptors: u32,
        /// How many microprocesses there may be at once.
        processes: u32,
        /// Layers that may be missing on a kernel that has not got them.
        may_be_missing: Vec<String>,
        /// Where programs see the application's own folders.
        folders: Vec<String>,
        /// Its clock and its randomness, if they are not the machine's.
        deterministic: Deterministic,
        /// Import what most programs do before anything is forked: nobody waits for this template yet.
        warm: bool,
    },
    /// Import these modules as well: who has this template now is known.
    Import {
        /// In order.
        modules: Vec<String>,
        /// As of [`ToTemplate::Boot`].
        folders: Vec<String>,
    },
    /// The answer to [`FromTemplate::Look`], or an error number.
    Looked(Result<Looked, i32>),
    /// Make one microprocess, which waits for its [`ToMicroprocess::Run`](super::ToMicroprocess::Run).
    Fork {
        /// 32 bytes from the kernel's random generator.
        seed: [u8; 32],
        /// It is forked long before anybody needs it, so it goes the way of a program once, for nothing.
        rehearse: bool,
    },
    /// Make another template, which imports the program's own module and forks those microprocesses that need it.
    ForkTemplate {
        /// 32 bytes from the kernel's random generator.
        seed: [u8; 32],
        /// What the application runs as `__main__`: there the module is called `__mp_main__`.
        main: Box<Run>,
        /// What its capabilities give to those who hold them.
        gives: Gives,
    },
}

/// What some microprocess of an application may find that another does not.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Gives {
    /// Where there are files.
    pub places: Vec<String>,
    /// Whether there are services that the standard library uses besides files.
    pub services: bool,
}

/// The most names of one [`FromTemplate::Which`].
pub const WHICH_NAMES: usize = 256;

/// From the template to the broker.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum FromTemplate {
    /// Is there a module of that dotted name on the application's path?
    Find {
        /// `package.module`
        name: String,
    },
    /// What is there in the application's own folder?
    Look(Look),
    /// Which of these modules, [`WHICH_NAMES`] at most, are on the application's path?
    Which {
        /// Each without a point.
        names: Vec<String>,
    },
    /// The modules could not be imported.
    Failed {
        /// A traceback, or a sentence.
        message: String,
        /// The exit status that Python would have given.
        status: i32,
    },
    /// A child runs; its pidfd comes along.
    Forked,
    /// No child could be made.
    ForkFailed {
        /// Why.
        message: String,
    },
    /// The sandbox is closed.
    Jailed(Jailed),
    /// What most programs import is there, and nothing of any application.
    Preloaded {
        /// The modules of the standard library that have been imported for that, without those inside of packages.
        modules: Vec<String>,
    },
    /// All modules have been imported.
    Ready,
    /// The launcher has made its two processes, and nothing else has happened to them yet.
    Split {
        /// The worker's process id in the broker's namespace: the launcher's own if there are no namespaces.
        worker: i32,
        /// That of the namespace's init, which may be dead already.
        init: Option<i32>,
    },
}
