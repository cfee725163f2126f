//! What a microprocess runs, and what it is told before its first instruction.

use crate::host::FilesRights;
use crate::process::ProcessRef;
use serde::{Deserialize, Serialize};

/// What a microprocess runs.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Run {
    /// Call a function without arguments: `module:qualname`.
    Function {
        /// The module, imported in the template.
        module: String,
        /// The function in it.
        qualname: String,
        /// `sys.argv`
        argv: Vec<String>,
    },
    /// Run a source as `__main__`.
    Script {
        /// The file name that tracebacks and `__file__` show.
        path: String,
        /// The text.
        source: String,
        /// `sys.argv`
        argv: Vec<String>,
    },
    /// Call a function with arguments, as another microprocess has asked.
    Spawned {
        /// The module; `__main__` stands for that of `main`.
        module: String,
        /// The function in it.
        qualname: String,
        /// A tuple of arguments, encoded as a message; `None` if it comes as the parent's first message.
        arguments: Option<Vec<u8>>,
        /// A name that it registers itself under before.
        register: Option<String>,
        /// What the application runs as `__main__`, if that is needed and the template has not imported it: here the module is
        /// called `__mp_main__`.
        main: Option<Box<Run>>,
        /// `sys.argv`
        argv: Vec<String>,
    },
    /// Run a module as `__main__`: one of the standard library or of the application's folders.
    Module {
        /// `package.module`; a package stands for its `__main__`.
        name: String,
        /// `sys.argv`, whose first item becomes the module's file.
        argv: Vec<String>,
    },
}

impl Run {
    /// `sys.argv`
    pub fn argv(&self) -> &[String] {
        match self {
            Self::Function { argv, .. }
            | Self::Module { argv, .. }
            | Self::Script { argv, .. }
            | Self::Spawned { argv, .. } => argv,
        }
    }
}

/// What a microprocess is, as it is told before its first instruction.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Begin {
    /// What it runs.
    pub run: Run,
    /// Itself.
    pub myself: ProcessRef,
    /// Who has spawned it.
    pub parent: Option<ProcessRef>,
    /// Its name, for people.
    pub name: Option<String>,
    /// How much memory it may use, in bytes.
    pub memory_bytes: u64,
    /// How much processor time, in seconds.
    pub cpu_seconds: u64,
    /// How much may wait in a mailbox, its own or another one's, in bytes.
    pub mailbox_bytes: u64,
    /// Where it sees files.
    pub mounts: Vec<Mount>,
    /// Where it sees the application's own folders.
    pub folders: Vec<String>,
    /// Services that the standard library uses besides.
    pub services: Vec<ServiceOffer>,
    /// The application is recorded: say what it lacks ([`crate::message::FromMicroprocess::Lacks`]).
    pub recorded: bool,
}

/// A capability of a host service (`net`, …) that a microprocess holds: what the standard library has to know to find it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ServiceOffer {
    /// The service's name.
    pub service: String,
    /// The name of the capability.
    pub capability: String,
    /// What it gives, a line for each entry of `cloison.toml`; of `net`, `connect HOST:PORT` and `listen ADDRESS:PORT`; of `http`,
    /// `connect HOST:PORT` for each host.
    pub grants: Vec<String>,
    /// The capability's line, as `FILE:LINE`.
    pub location: String,
}

/// A folder that a capability of `files` gives.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Mount {
    /// Where the program sees it.
    pub at: String,
    /// The name of the capability.
    pub capability: String,
    /// What may be done below it.
    pub rights: FilesRights,
    /// The capability's line, as `FILE:LINE`.
    pub location: String,
}
