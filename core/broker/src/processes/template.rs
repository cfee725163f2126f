//! The template as the broker sees it, and the program template: a fork of it that has imported the program's own module.

use crate::Pid;
use crate::family::Family;
use crate::processes::blanks::Blanks;
use crate::reactor::ReactorKey;
use cloison_transport::control::Control;
use std::collections::VecDeque;

/// Which of the two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TemplateKind {
    /// The one that is there from the beginning.
    Common,
    /// The program template.
    Program,
}

/// What a template has been asked to fork.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Forking {
    /// A microprocess.
    Process(Pid),
    /// The program template.
    Program,
}

/// How far a template has come.
#[derive(Debug)]
pub enum Progress {
    /// It is closing its sandbox or imports modules.
    Starting,
    /// It forks when it is asked to.
    Ready,
    /// It is gone.
    Failed {
        /// A traceback or a sentence.
        message: String,
        /// The exit status that Python would have given.
        status: i32,
    },
}

/// A template.
#[derive(Debug)]
pub struct Template {
    /// How far it has come.
    pub progress: Progress,
    /// Our end of its control socket.
    pub control: Control,
    /// Where the reactor knows it; `None` once it is gone.
    pub registration: Option<ReactorKey>,
    /// Where the reactor knows the template's process, once it has reported; see [`crate::zones::zone::Instance::worker`].
    pub worker: Option<ReactorKey>,
    /// Its processes.
    pub family: Family,
    /// What was asked for and is not forked yet, in the order in which it was.
    pub forking: VecDeque<Forking>,
    /// What it has forked before anybody asked for it.
    pub(crate) blanks: Blanks,
}

impl Template {
    /// One that has just been started, or asked for.
    pub(crate) fn new(control: Control, registration: ReactorKey, family: Family) -> Self {
        Self {
            progress: Progress::Starting,
            control,
            registration: Some(registration),
            worker: None,
            family,
            forking: VecDeque::new(),
            blanks: Blanks::default(),
        }
    }

    /// Whether it forks when it is asked to.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.progress, Progress::Ready) && self.registration.is_some()
    }
}
