//! The template as the broker sees it.

use crate::Pid;
use crate::family::Family;
use crate::reactor::ReactorKey;
use cloison_transport::control::Control;
use std::collections::VecDeque;

/// How far the template has come.
#[derive(Debug)]
pub enum Progress {
    /// It is closing its sandbox or imports the application's modules.
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

/// The template.
#[derive(Debug)]
pub struct Template {
    /// How far it has come.
    pub progress: Progress,
    /// Our end of its control socket.
    pub control: Control,
    /// Where the reactor knows it; `None` once it is gone.
    pub registration: Option<ReactorKey>,
    /// Where the reactor knows the template's process, once it has reported; see [`crate::zone::Instance::worker`].
    pub worker: Option<ReactorKey>,
    /// Its processes.
    pub family: Family,
    /// Microprocesses asked for and not forked yet, in the order in which they were.
    pub forking: VecDeque<Pid>,
}
