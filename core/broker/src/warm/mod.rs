//! Warm templates: started before anybody asks, so that `cloison run` need not wait for an interpreter.
//!
//! A warm template has a blank, a microprocess that waits for something to run. It is sealed, has gone the way of a program once,
//! and gets its streams with what it is to run.
//!
//! `cloison up` starts a service of the user's. The service has keepers, one process each; a keeper starts one template exactly
//! as a broker would, and is its parent. `cloison run` gets one template for itself, with its keeper, and nobody else ever gets
//! that one.
//!
//! ```text
//!  up ─▶ service ─▶ keeper ─▶ launcher ─▶ init, template ─▶ blank            in a sandbox of its own, with the common modules, and no application
//!                     │ ◀── Preloaded ──────────┘
//!                     └─ Kept: control socket, pidfds ─▶ waits, unread, in the keeper's line
//!  run ─ Take ─▶ service: same user, same build, same surroundings?
//!      ◀─ the keeper's line itself ─┘                              from here on the service has no part in it
//!  broker ◀─ Kept ── line         the template's control socket is the broker's; the keeper and the service have none
//!  broker ─ Taken ─▶ keeper       … ─ Wait ─▶ ◀─ Ended ─           how children end, which only their parent hears
//! ```
//!
//! Who speaks what, one packet each:
//!
//! | from | message | descriptors | answer |
//! |---|---|---|---|
//! | command, to the service | [`WarmRequest`] | | `WarmAnswer`; with `Template`, the keeper's line |
//! | keeper, on its line | `FromKeeper::Split`, then `Ready` or `Failed`: for the service | | |
//! | keeper | `FromKeeper::Kept`, right behind `Ready`: for whoever takes the template | control socket, pidfds of keeper and worker; the blank's control socket, pidfd, mailbox and bell; pidfd of init | |
//! | broker, on that line | `ToKeeper::Taken` | | none |
//! | broker | `ToKeeper::Wait` | | `FromKeeper::Ended` |
//!
//! What ends what:
//!
//! | when this ends | what follows |
//! |---|---|
//! | service, also by SIGKILL | the lines of those that wait close: their keepers end them, and themselves. Those that have been taken stay |
//! | broker, also by SIGKILL | its end of the control socket closes, so init exits; its end of the line closes, so the keeper ends all |
//! | keeper | the kernel ends the template and all its forks, whose parent it is (`PR_SET_PDEATHSIG`) |
//! | template that waits | its keeper ends, and the service starts another one |
//!
//! | module | subject |
//! |---|---|
//! | [`service`] | the service: who gets a template, how many wait |
//! | [`keeper`] | the keeper: a template's parent |
//! | [`kept`] | what the broker has of both |
//! | `build`, `surroundings` | who is told from whom: which binaries, which limits, namespaces and rights |
//! | [`ask`] | the command's side |

pub mod ask;
mod build;
pub mod keeper;
pub mod kept;
pub mod service;
mod surroundings;

use crate::application::LoadedApplication;
use crate::child::Exit;
use crate::inspection::ProcessRow;
use build::Build;
use cloison_contract::message::Layer;
use cloison_manifest::application::ApplicationLimits;
use serde::{Deserialize, Serialize};

/// What a command asks. One request for each connection.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct WarmRequest {
    /// Which binaries the command belongs to.
    pub(crate) build: Build,
    /// What.
    pub(crate) wish: Wish,
}

/// What is asked.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Wish {
    /// A template.
    Take,
    /// What there is.
    Look,
    /// Its end.
    End,
}

/// What the service says.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum WarmAnswer {
    /// Here is one.
    Template,
    /// There is none for who asks.
    No {
        /// Why, for people.
        why: String,
    },
    /// What there is.
    State(ServiceState),
    /// It ends, and what it kept has ended.
    Ended,
}

/// What a service has.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ServiceState {
    /// Its process.
    pub service: i32,
    /// Whether who asks belongs to the same binaries.
    pub same_build: bool,
    /// How many templates are to wait.
    pub wanted: u32,
    /// How many wait.
    pub ready: u32,
    /// How many have been taken since it started.
    pub taken: u64,
    /// After how many seconds without a run it ends.
    pub idle_seconds: u64,
    /// Why the last template did not get ready, if it did not.
    pub failure: Option<String>,
    /// Its processes.
    pub processes: Vec<ProcessRow>,
}

/// From whoever has a keeper's line.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum ToKeeper {
    /// The template has been taken: what becomes of it is the broker's business.
    Taken,
    /// A child has ended: wait for it, and say how.
    Wait {
        /// Which question this is.
        question: u64,
        /// The child's number, which nobody else has until it has been waited for.
        pid: i32,
    },
}

/// From a keeper.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum FromKeeper {
    /// To the service: the template's processes are there.
    Split {
        /// The numbers of worker and init.
        worker: i32,
        init: Option<i32>,
    },
    /// To the service: the template is ready. What comes next is for whoever takes it.
    Ready {
        /// The number of the blank.
        blank: i32,
    },
    /// To the broker: the template.
    Kept {
        /// The numbers of keeper, blank, worker and init.
        keeper: i32,
        blank: i32,
        worker: i32,
        init: Option<i32>,
        /// The layers in force.
        layers: Vec<Layer>,
        /// The modules of the standard library that it has imported.
        modules: Vec<String>,
    },
    /// To the service: the template did not get ready.
    Failed {
        /// Why.
        message: String,
    },
    /// To the broker: how a child has ended.
    Ended {
        /// The question.
        question: u64,
        /// The answer; `None` if it is no child, or has not ended.
        exit: Option<Exit>,
    },
}

/// The limits that a template is started with, before it is known for whom.
pub(crate) fn limits() -> ApplicationLimits {
    ApplicationLimits::default()
}

/// Why an application cannot have a template that was started without knowing it, if it cannot.
pub(crate) fn unfit(application: &LoadedApplication, modules: &[String]) -> Option<String> {
    let (asked, given) = (&application.limits, limits());
    // What a template's sandbox is made for. What else stands in `[limits]` is the broker's business alone.
    let same = [
        ("memory", asked.memory_bytes == given.memory_bytes),
        ("cpu", asked.cpu_seconds == given.cpu_seconds),
        ("descriptors", asked.descriptors == given.descriptors),
        ("processes", asked.processes == given.processes),
    ];
    if let Some((name, _)) = same.iter().find(|(_, same)| !same) {
        return Some(format!("the manifest has a [limits] {name} of its own"));
    }
    if !application.may_be_missing.is_empty() {
        return Some("the manifest has `may_be_missing`".into());
    }
    if !application.deterministic.is_none() {
        return Some("the manifest has a [clock] or [random] seed".into());
    }
    let Ok(sources) = application.sources() else { return Some("its folders cannot be opened".into()) };
    let own = modules.iter().find(|module| sources.has(module))?;
    Some(format!("the application has a module `{own}` of its own, and the standard library's is imported already"))
}
