//! `process`: programs of the machine, started for a client with arguments that were granted.
//!
//! | module | does |
//! |---|---|
//! | `run` | one program that runs: its streams, its end |
//! | `exports` | the functions of the manifest |
//!
//! # Who keeps a program to what it was granted
//!
//! This service copies what a client wants, looks whether a command of the configuration lets it through (`ProcessService::find`), and asks the broker.
//! It starts nothing itself: it has pipes to programs, and its filter no way to have more. The broker looks again, and starts a process
//! in a sandbox of its own (`execute`), which is the program's alone.
//!
//! A **leash** is a pair of sockets between this service and the broker, one for each program. The broker says on it what has become of the program; when
//! this end is closed, because the client has closed its handle, is gone, or this process has ended, the broker ends the program and
//! whatever it has started.

#[allow(unsafe_code, reason = "the functions of the manifest, which take addresses")]
mod exports;
mod run;

pub use exports::{ignore_broken_pipes, symbol};

use crate::net::NetFailure;
use cloison_contract::host::ProcessService;
use cloison_contract::host::process::{FOLDER_BYTES, check_size};
use cloison_contract::message::FromZone;
use cloison_contract::observation::ServiceUse;
use cloison_contract::printable;
use cloison_sandbox::{ServiceContents, ServiceKind};
use cloison_transport::control::Control;
use cloison_zone::serve::recorder;
use run::CommandRun;
use rustix::io::Errno;
use std::sync::{Arc, OnceLock};

/// How much of what was refused is said.
const SHOWN_CHARACTERS: usize = 400;

/// The service.
#[derive(Debug)]
pub struct Programs {
    service: ProcessService,
    control: Arc<Control>,
}

/// The one of this process.
static PROCESS: OnceLock<Programs> = OnceLock::new();

/// Makes it the one that the functions of the manifest serve.
///
/// # Errors
///
/// There is one already.
pub fn serve(programs: Programs) -> Result<(), &'static str> {
    PROCESS.set(programs).map_err(|_| "a process serves one capability")
}

/// What the sandbox has inside: nothing.
pub fn contents(threads: u32) -> ServiceContents<'static> {
    ServiceContents::without_folders(ServiceKind::Process, threads)
}

/// Which streams of a program a client has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WantedStreams {
    stdin: bool,
    stdout: bool,
    /// Where what it says of its work goes.
    stderr: WantedError,
}

/// What becomes of standard error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum WantedError {
    Nothing,
    Own,
    WithOutput,
}

impl WantedStreams {
    const STDIN: u32 = 1;
    const STDOUT: u32 = 2;
    const STDERR: u32 = 4;
    const TOGETHER: u32 = 8;

    /// From the bits of a call.
    fn of(bits: u32) -> Self {
        let stderr = match bits & (Self::STDERR | Self::TOGETHER) {
            0 => WantedError::Nothing,
            Self::STDERR => WantedError::Own,
            _ => WantedError::WithOutput,
        };
        Self { stdin: bits & Self::STDIN != 0, stdout: bits & Self::STDOUT != 0, stderr }
    }
}

impl Programs {
    /// From inside the jail.
    pub fn new(service: ProcessService, control: Arc<Control>) -> Self {
        Self { service, control }
    }

    /// Starts a program. `arguments` end with a zero byte each; `folder` is where it begins, if not where it does anyway.
    fn start(
        &self,
        name: &[u8],
        arguments: &[u8],
        folder: &[u8],
        wanted: WantedStreams,
    ) -> Result<CommandRun, NetFailure> {
        let arguments: Vec<Vec<u8>> = match arguments.strip_suffix(b"\0") {
            Some(all) => all.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect(),
            None if arguments.is_empty() => Vec::new(),
            None => return Err(Errno::INVAL.into()),
        };
        check_size(&arguments).map_err(|text| NetFailure::new(Errno::TOOBIG, text))?;
        let Some(index) = self.service.find(name, &arguments) else { return Err(self.not_granted(name, &arguments)) };
        let folder = match folder {
            b"" => None,
            folder if folder.len() > FOLDER_BYTES => return Err(Errno::NAMETOOLONG.into()),
            folder => Some(String::from_utf8(folder.to_vec()).map_err(|_| Errno::NOENT)?),
        };
        recorder::note(|| ServiceUse::Command { command: index as u32 });
        let command = &self.service.commands[index];
        let (run, theirs) = CommandRun::new(command.output_bytes, wanted)?;
        let order = FromZone::Run { command: index as u32, arguments, folder };
        self.control.send(&order, &theirs.each_ref().map(std::os::fd::AsFd::as_fd)).map_err(|_| Errno::IO)?;
        // With our copies of its ends open, no stream would ever end.
        drop(theirs);
        run.await_start(&self.control)?;
        Ok(run)
    }

    /// What would have to be written, and where.
    fn not_granted(&self, name: &[u8], arguments: &[Vec<u8>]) -> NetFailure {
        let shown = |text: &[u8]| {
            let text = printable::line(&String::from_utf8_lossy(text));
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
        };
        let location = &self.service.location;
        let known = self.service.commands.iter().any(|command| command.name.as_bytes() == name);
        let name = shown(name);
        let text = if known {
            let all: Vec<_> = arguments.iter().map(|one| shown(one)).collect();
            let all: String = all.join(", ").chars().take(SHOWN_CHARACTERS).collect();
            format!(
                "{name} with these arguments is not granted: an entry of `commands` with `name = {name}` and `arguments = [{all}]` would have to be at {location}"
            )
        } else {
            format!(
                "{name} is not granted: an entry `{{ name = {name}, path = \"…\", arguments = […] }}` would have to be in `commands` at {location}"
            )
        };
        NetFailure::new(Errno::ACCESS, text)
    }

    /// Of each command its name, a zero byte, its path, a zero byte.
    fn describe(&self) -> Vec<u8> {
        let each = self.service.commands.iter().map(|command| format!("{}\0{}\0", command.name, command.path));
        each.collect::<String>().into_bytes()
    }
}
