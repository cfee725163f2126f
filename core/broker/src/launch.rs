//! Starts the other three binaries, and a keeper of a template: an empty environment, a control socket as descriptor 0, and nothing
//! else.

use cloison_transport::control::Control;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the three binaries are: beside the one that runs.
#[derive(Clone, Debug)]
pub struct Binaries {
    folder: PathBuf,
}

/// The process that was started. It makes its worker (and the init of the worker's namespace), which become children of
/// ours by `CLONE_PARENT`, and ends.
#[derive(Debug)]
pub struct Launcher(std::process::Child);

impl Launcher {
    /// Its number.
    pub fn pid(&self) -> i32 {
        self.0.id() as i32
    }

    /// End it, if it has not ended, and wait for it.
    pub fn end(mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Wait for its end, which follows at once when the worker has reported.
    pub fn reap(mut self) {
        let _ = self.0.wait();
    }
}

const COMMAND: &str = "cloison";
const MICROPROCESS: &str = "cloison-microprocess";

/// How many microprocesses the broker has a pidfd for, beside the control socket that it has for each. It watches further ones by
/// their control sockets alone.
pub(crate) const WATCHED_BY_DESCRIPTOR: u64 = 128;
/// How many it needs besides: for zones, for streams, and for what is on its way.
const DESCRIPTORS_ASIDE: u64 = 128;

/// The part of all descriptors that long messages may take, while they wait to be received.
const PARCELS_PART: u64 = 8;

/// How many descriptors so many microprocesses take, with what their messages may take.
pub fn descriptors_for(processes: u32) -> u64 {
    let processes = u64::from(processes);
    let theirs = processes + processes.min(WATCHED_BY_DESCRIPTOR) + DESCRIPTORS_ASIDE;
    (theirs * PARCELS_PART).div_ceil(PARCELS_PART - 1)
}

/// How many microprocesses this process has descriptors for.
pub fn most_processes() -> u64 {
    let files = open_files();
    let theirs = files.saturating_sub(DESCRIPTORS_ASIDE + files / PARCELS_PART);
    (theirs / 2).max(theirs.saturating_sub(WATCHED_BY_DESCRIPTOR))
}

/// How many long messages may be under way at once.
pub(crate) fn most_parcels() -> usize {
    (open_files() / PARCELS_PART).clamp(16, 1 << 16) as usize
}

fn open_files() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Raise this process's limit on descriptors as far as it may go by itself, and as far as so many microprocesses need if we may
/// raise that. What this process starts sets limits of its own.
pub fn allow_many_descriptors(processes: u32) {
    let mut limit = getrlimit(Resource::Nofile);
    let needed = limit.maximum.map(|maximum| maximum.max(descriptors_for(processes)));
    if setrlimit(Resource::Nofile, Rlimit { current: needed, maximum: needed }).is_ok() {
        return;
    }
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "the limit on descriptors stays as it is");
    }
}

impl Binaries {
    /// Beside the running binary.
    pub fn beside_this_one() -> io::Result<Self> {
        let this = std::env::current_exe()?;
        Ok(Self { folder: this.parent().unwrap_or(Path::new("/")).to_owned() })
    }

    /// Start `cloison-microprocess`; what modules print while they are imported goes where the command's own output goes.
    pub fn template(&self) -> io::Result<(Control, Launcher)> {
        self.start(MICROPROCESS, Stdio::inherit(), Stdio::inherit())
    }

    /// Start `cloison-microprocess` for nobody yet: until somebody has it, it prints nowhere.
    pub(crate) fn silent_template(&self) -> io::Result<(Control, Launcher)> {
        self.start(MICROPROCESS, Stdio::null(), Stdio::null())
    }

    /// Start `cloison` itself, as a keeper of a template; what it is told comes on its standard input.
    pub(crate) fn keeper(&self) -> io::Result<(Control, Launcher)> {
        self.start_with(COMMAND, &["keep"], Stdio::null(), Stdio::null())
    }

    /// Where the command is.
    pub(crate) fn command(&self) -> PathBuf {
        self.folder.join(COMMAND)
    }

    /// Where `cloison-microprocess` is.
    pub(crate) fn microprocess(&self) -> PathBuf {
        self.folder.join(MICROPROCESS)
    }

    /// Start `cloison-zone`; a library that prints, prints nowhere.
    pub fn zone(&self) -> io::Result<(Control, Launcher)> {
        self.start("cloison-zone", Stdio::null(), Stdio::null())
    }

    /// Start `cloison-host`, which prints nothing either.
    pub fn host(&self) -> io::Result<(Control, Launcher)> {
        self.start("cloison-host", Stdio::null(), Stdio::null())
    }

    fn start(&self, name: &str, stdout: Stdio, stderr: Stdio) -> io::Result<(Control, Launcher)> {
        self.start_with(name, &[], stdout, stderr)
    }

    fn start_with(
        &self,
        name: &str,
        arguments: &[&str],
        stdout: Stdio,
        stderr: Stdio,
    ) -> io::Result<(Control, Launcher)> {
        let path = self.folder.join(name);
        let (ours, theirs) = Control::pair()?;
        let launcher = Command::new(&path)
            .args(arguments)
            .env_clear()
            .current_dir("/")
            .stdin(OwnedFd::from(theirs))
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .map_err(|error| {
                let hint = "hint: the four binaries cloison, cloison-host, cloison-microprocess and cloison-zone belong in one folder";
                io::Error::new(error.kind(), format!("cannot start {}: {error}\n{hint}", path.display()))
            })?;
        Ok((ours, Launcher(launcher)))
    }
}
