//! A program in its sandbox, as the broker starts it.

use cloison_contract::host::process::ProcessCommand;
use cloison_contract::host::{FilesRights, FilesRoot};
use cloison_contract::message::{Execution, FromZone, ToZone};
use cloison_transport::control::Control;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, waitpid};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// What is granted of these tests' program: Python, which can try whatever there is.
pub fn python() -> ProcessCommand {
    ProcessCommand {
        name: "python3".into(),
        path: "/usr/bin/python3".into(),
        arguments: Vec::new(),
        environment: vec![("GREETING".into(), "hello".into())],
        roots: 0..0,
        folder: "/".into(),
        scratch_bytes: None,
        programs: Vec::new(),
        memory_bytes: 128 << 20,
        cpu_seconds: 10,
        time: Duration::from_secs(60),
        output_bytes: 1 << 20,
        processes: 4,
        file_bytes: 1 << 20,
    }
}

/// How it is run.
pub struct Setup {
    pub command: ProcessCommand,
    pub roots: Vec<(&'static str, PathBuf, &'static str)>,
    pub programs: Vec<&'static str>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { command: python(), roots: Vec::new(), programs: Vec::new() }
    }
}

/// A program that runs.
pub struct Program {
    pub control: Control,
    pub worker: Pid,
    pub init: Pid,
    pub stdin: Option<File>,
    pub stdout: File,
    pub stderr: File,
    /// Its end has been waited for.
    ended: bool,
}

/// How it has ended, and what it has said.
#[derive(Debug)]
pub struct Ended {
    pub status: Option<i32>,
    pub signal: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A folder that the nobody which serves where root starts the tests may change as we may.
pub fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    open_to_all(folder.path());
    folder
}

pub fn open_to_all(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).expect("ours");
}

fn pipe() -> (OwnedFd, OwnedFd) {
    rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).expect("a pipe")
}

impl Setup {
    pub fn root(mut self, at: &'static str, path: &Path, rights: &'static str) -> Self {
        self.roots.push((at, path.to_owned(), rights));
        self
    }

    /// Starts it with these arguments, or says why that is not possible.
    pub fn start(&self, arguments: &[&str]) -> Result<Program, String> {
        let (control, theirs) = Control::pair().expect("sockets");
        let mut host = Command::new(env!("CARGO_BIN_EXE_cloison-host"));
        host.env_clear().current_dir("/").stdin(OwnedFd::from(theirs)).stdout(Stdio::null());
        let mut launcher = host.spawn().expect("starts");
        drop(host);
        let ((input, stdin), (stdout, output), (stderr, error)) = (pipe(), pipe(), pipe());
        let root = |(at, _, words): &(&'static str, PathBuf, &'static str)| {
            let mut rights = FilesRights::default();
            assert!(words.split(' ').filter(|word| !word.is_empty()).all(|word| rights.give(word)));
            FilesRoot { at: (*at).into(), rights }
        };
        let mut command = self.command.clone();
        command.programs = self.programs.iter().map(|path| (*path).to_owned()).collect();
        let execution = Execution {
            roots: self.roots.iter().map(root).collect(),
            arguments: arguments.iter().map(|one| one.as_bytes().to_vec()).collect(),
            folder: command.folder.clone(),
            command,
        };
        let opened = |path: &str, flags| openat(CWD, path, flags | OFlags::CLOEXEC, Mode::empty()).expect("opened");
        let program = opened(&self.command.path, OFlags::RDONLY);
        let descriptors = [program.as_fd(), input.as_fd(), output.as_fd(), error.as_fd()];
        control.send(&ToZone::Execute(Box::new(execution)), &descriptors).expect("sent");
        for path in &self.programs {
            control.send(&ToZone::Program, &[opened(path, OFlags::RDONLY).as_fd()]).expect("sent");
        }
        for (_, path, _) in &self.roots {
            let path = path.to_str().expect("text");
            control.send(&ToZone::Folder, &[opened(path, OFlags::PATH | OFlags::DIRECTORY).as_fd()]).expect("sent");
        }
        let split = control.receive().map(|(message, _)| message);
        launcher.wait().expect("ended");
        let split = split.expect("an answer");
        let FromZone::Split { worker, init } = split else { return Err(format!("{split:?}")) };
        let pid = |number: i32| Pid::from_raw(number).expect("a process");
        let (worker, init) = (pid(worker), pid(init.expect("a namespace of its own")));
        let (stdin, stdout, stderr) = (Some(stdin.into()), stdout.into(), stderr.into());
        let started = Program { control, worker, init, stdin, stdout, stderr, ended: false };
        loop {
            match started.control.receive().expect("an answer").0 {
                FromZone::Jailed(_) => {}
                FromZone::Ready { .. } => return Ok(started),
                other => return Err(format!("{other:?}")),
            }
        }
    }

    /// Runs a piece of Python to its end.
    pub fn python(&self, code: &str) -> Ended {
        self.start(&["-c", code]).expect("started").end()
    }
}

impl Program {
    pub fn say(&mut self, text: &str) {
        self.stdin.as_mut().expect("open").write_all(text.as_bytes()).expect("written");
    }

    /// Waits for its end, ends its namespace as the broker does, and gives what is left of its output.
    pub fn end(mut self) -> Ended {
        drop(self.stdin.take());
        let status = self.wait();
        self.end_namespace();
        let mut text = [String::new(), String::new()];
        self.stdout.read_to_string(&mut text[0]).expect("text");
        self.stderr.read_to_string(&mut text[1]).expect("text");
        let [stdout, stderr] = text;
        Ended { status: status.exit_status(), signal: status.terminating_signal(), stdout, stderr }
    }

    /// Waits for the program's own end.
    pub fn wait(&mut self) -> WaitStatus {
        self.ended = true;
        waitpid(Some(self.worker), WaitOptions::empty()).expect("ours").expect("ended").1
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.worker, signal).expect("it is ours");
    }

    /// Ends its init, and with it everything else.
    pub fn end_namespace(&self) {
        let _ = kill_process(self.init, Signal::KILL);
        let _ = waitpid(Some(self.init), WaitOptions::empty());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // An init goes when the others have been waited for.
        if !self.ended {
            let _ = kill_process(self.worker, Signal::KILL);
            self.wait();
        }
        self.end_namespace();
    }
}
