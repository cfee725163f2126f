//! What a running application looks like from outside: `cloison ps`, `inspect` and `kill` ask here.
//!
//! ```text
//!  command ──InspectionRequest──▶ socket of the application ──▶ a thread of the broker's process ──Want──▶ the broker's loop: its tables
//!          ◀─InspectionAnswer────                                 │ asks the router and the kernel          ◀── entries ──
//! ```
//!
//! The loop only gives away copies of its tables. What takes time, reading `/proc` for ten thousand processes, is the
//! thread's, so that looking at an application does not slow it down.
//!
//! | module | subject |
//! |---|---|
//! | [`socket`] | where applications are found, who may ask |
//! | `table` | what the broker's loop knows of processes |
//! | `capabilities` | what it knows of capabilities |
//! | `answer` | the thread |
//! | `kernel` | what the kernel says of a process |
//! | `started` | processes that only the kernel knows of |

mod answer;
mod capabilities;
pub(crate) mod kernel;
pub mod socket;
pub(crate) mod started;
pub(crate) mod table;

pub(crate) use answer::Inspector;
pub use capabilities::{CapabilityRow, HolderRow, WhyReport};
pub(crate) use table::SeenStack;

use cloison_contract::message::NarrowRequest;
use cloison_contract::process::ProcessNumber;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What the two sides say to each other. A command of another version is told so.
pub const VERSION: u32 = 6;

/// What a command asks. One request for each connection.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct InspectionRequest {
    /// [`VERSION`].
    pub version: u32,
    /// What.
    pub ask: Ask,
}

/// What is asked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Ask {
    /// All processes.
    Processes,
    /// The Python stack of one.
    Stack {
        /// Which.
        number: ProcessNumber,
    },
    /// End one at once.
    Kill {
        /// Which.
        number: ProcessNumber,
    },
    /// All capabilities.
    Capabilities,
    /// Take a capability back, with everything that was narrowed from it.
    Revoke {
        /// Which.
        number: u64,
    },
    /// Narrow a capability, for all who hold it.
    Narrow {
        /// Which.
        number: u64,
        /// What it gives up.
        by: Box<NarrowRequest>,
    },
    /// Begin to replace a zone.
    Replace(ReplaceRequest),
    /// How that goes on.
    Replacement {
        /// Which one.
        number: u64,
    },
    /// Whether a process may call a function.
    Why {
        /// Which process.
        number: ProcessNumber,
        /// `FUNCTION` or `CAPABILITY.FUNCTION`.
        function: String,
    },
}

/// What the application says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum InspectionAnswer {
    /// The command is of another version than the application.
    Version {
        /// The application's.
        version: u32,
    },
    /// All processes.
    Report(ApplicationReport),
    /// A Python stack, innermost call last.
    Stack {
        /// What the process says between two instructions; `None`: it has come to none in time.
        stack: Option<String>,
        /// Where a signal has found it then: which calls led to the native code that it is in. `None`: it has not run, or runs no
        /// Python yet.
        seen: Option<String>,
    },
    /// It has been told to end.
    Killed,
    /// There is no such process.
    NoProcess,
    /// All capabilities.
    Capabilities(CapabilitiesReport),
    /// It has been taken back; whether it was alive before.
    Revoked {
        /// See there.
        was_alive: bool,
    },
    /// It has been narrowed.
    Narrowed,
    /// It has not been narrowed.
    NotNarrowed {
        /// Why.
        message: String,
    },
    /// There is no such capability.
    NoCapability,
    /// Whether the process may, and why.
    Why(WhyReport),
    /// A zone is being replaced.
    Replacing {
        /// The number of that.
        number: u64,
    },
    /// It is not.
    NotReplaced {
        /// Why.
        message: String,
    },
    /// It is not, as nobody has said that more may be granted than before.
    Widens {
        /// What is granted, as `cloison diff` says it.
        difference: String,
    },
    /// How far that is.
    Replacement(ReplacementState),
    /// It is none of the application's, or another one has begun since.
    NoReplacement,
}

/// A zone that is to be replaced.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ReplaceRequest {
    /// The name of a capability of `cloison.toml`, or of a zone that the application has once.
    pub zone: String,
    /// Another manifest; else the zone's own is read anew.
    pub manifest: Option<PathBuf>,
    /// It may grant more than the one before.
    pub may_widen: bool,
}

/// How far the replacement of a zone is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum ReplacementState {
    /// The new zone is being started. Everything is as it was.
    Starting,
    /// It has not started. Everything is as it was.
    Failed {
        /// Why.
        message: String,
    },
    /// New calls go to the new zone.
    Replaced {
        /// How many instances of the old zone are still there.
        instances: u64,
        /// How many calls go on in them.
        calls: u64,
    },
}

/// An application and all of its capabilities.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CapabilitiesReport {
    /// The program.
    pub application: String,
    /// The broker's process, by which the application is known.
    pub broker: i32,
    /// In the order of their numbers, the lowest `capabilities::MOST_ROWS` of them.
    pub capabilities: Vec<CapabilityRow>,
    /// How many there are besides.
    pub left_off: u64,
}

/// An application and all of its processes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ApplicationReport {
    /// The program.
    pub application: String,
    /// The broker's process, by which the application is known.
    pub broker: i32,
    /// In the order of their numbers, those without one first.
    pub processes: Vec<ProcessRow>,
}

/// One process of the operating system.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ProcessRow {
    /// What it is.
    pub kind: ProcessKind,
    /// A microprocess's number, never used again in this application.
    pub number: Option<ProcessNumber>,
    /// Its number in the operating system, once it has been forked.
    pub pid: Option<i32>,
    /// What it was called when it was spawned; a zone's name, also for what runs a call of it or was started by it.
    pub name: Option<String>,
    /// Under which names it is registered.
    pub names: Vec<String>,
    /// What it runs: a function, or the file of a program.
    pub function: Option<String>,
    /// Who has spawned it.
    pub parent: Option<ProcessNumber>,
    /// What it does.
    pub activity: Activity,
    /// Its memory, if the kernel says.
    pub memory: Option<MemoryUse>,
    /// Its processor time, if the kernel says.
    pub cpu: Option<CpuUse>,
    /// How many messages wait in its mailbox.
    pub mailbox_messages: u64,
    /// How many bytes they count.
    pub mailbox_bytes: u64,
    /// The capabilities that it holds.
    pub capabilities: Vec<String>,
    /// To whom it is linked.
    pub links: Vec<ProcessNumber>,
    /// Whom it monitors; whom a zone, or a call's process of it, serves.
    pub monitors: Vec<ProcessNumber>,
    /// Exit signals are messages to it.
    pub traps_exits: bool,
}

/// What a process is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProcessKind {
    /// The broker.
    #[default]
    Broker,
    /// What keeps warm templates for this user's runs.
    Service,
    /// The parent of a template that was kept warm.
    Keeper,
    /// What microprocesses are forked from.
    Template,
    /// The init of a namespace.
    Init,
    /// It starts a sandbox and goes; or a process that was made this moment, and has not yet said what it is.
    Launcher,
    /// A process with a C library, or of a capability that Cloison itself provides.
    Zone,
    /// The process of one call, in a zone of which each call has its own.
    Call,
    /// A program of the machine that a capability has started, and whatever that has started.
    Program,
    /// A microprocess that waits for something to run.
    Blank,
    /// A microprocess.
    Microprocess,
}

/// What a process does.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Activity {
    /// It runs, or waits for a processor or for the kernel.
    #[default]
    Running,
    /// It is being made.
    Starting,
    /// It is being ended.
    Ending,
    /// It waits for a message.
    Receiving,
    /// It waits for a zone.
    Calling {
        /// The zone's name.
        zone: String,
        /// The function that runs there.
        function: String,
        /// For how long it has run, in nanoseconds.
        nanoseconds: u64,
    },
}

/// Memory of a process, in bytes.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct MemoryUse {
    /// What nobody else has: what its end would give back.
    pub private_bytes: u64,
    /// What others have mapped as well.
    pub shared_bytes: u64,
    /// The kernel's tables of what it has mapped.
    pub page_tables_bytes: u64,
}

/// Processor time of a process, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CpuUse {
    /// In which it ran.
    pub used_nanoseconds: u64,
    /// In which it was ready and waited for a processor.
    pub waited_nanoseconds: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloison_transport::control::Control;

    #[test]
    fn an_answer_arrives_as_it_was_sent() {
        let activity = Activity::Calling { zone: "z".into(), function: "f".into(), nanoseconds: 7 };
        let row = ProcessRow { activity, memory: Some(MemoryUse::default()), ..ProcessRow::default() };
        let report = ApplicationReport { application: "a".into(), broker: 2, processes: vec![row; 10_000] };
        let (one, other) = Control::pair().unwrap();
        let answer = InspectionAnswer::Report(report);
        one.send(&answer, &[]).unwrap();
        assert!(other.receive::<InspectionAnswer>().unwrap().0 == answer);
    }
}
