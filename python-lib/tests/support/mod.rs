//! A broker in miniature: starts the real binary, answers its questions, and collects what a microprocess printed.
#![allow(dead_code, reason = "each test file uses a part of it")]

use cloison_contract::message::{
    Begin, CapabilityName, FromMicroprocess, FromTemplate, Module, Run, ToMicroprocess, ToTemplate,
};
use cloison_contract::process::ProcessRef;
use cloison_transport::control::{Control, ControlError};
use cloison_transport::mailbox::RouterEnd;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, WaitId, WaitIdOptions, waitid};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A started template.
pub struct Template {
    control: Control,
    memory_bytes: u64,
    cpu_seconds: u64,
    modules: HashMap<String, Module>,
}

/// How a microprocess ended.
#[derive(Debug)]
pub struct Outcome {
    /// The exit status, or minus the signal.
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Source files of an application, by dotted name.
pub fn modules(files: &[(&str, &str)]) -> HashMap<String, Module> {
    let module = |name: &str, path: &str, source: &str| Module {
        name: name.to_owned(),
        package: path.ends_with("__init__.py") || !path.ends_with(".py"),
        path: path.to_owned(),
        source: source.as_bytes().to_vec(),
    };
    files
        .iter()
        .map(|(path, source)| {
            let name = path.trim_end_matches("/__init__.py").trim_end_matches(".py").replace('/', ".");
            (name.clone(), module(&name, path, source))
        })
        .collect()
}

/// What `Run::Script` needs.
pub fn script(source: &str) -> Run {
    Run::Script { path: "t.py".to_owned(), source: source.to_owned(), argv: vec!["t.py".to_owned()] }
}

impl Template {
    /// Start one with a plain budget. Panics if it does not become ready.
    pub fn start() -> Self {
        Self::with(HashMap::new(), &[], 256 << 20).expect("the template becomes ready")
    }

    /// Start one; the error is what it said and the status that it named.
    pub fn with(modules: HashMap<String, Module>, preload: &[&str], memory_bytes: u64) -> Result<Self, (String, i32)> {
        Self::boot(modules, preload, memory_bytes, 60)
    }

    /// Start one whose microprocesses have that much processor time.
    pub fn with_cpu_seconds(cpu_seconds: u64) -> Self {
        Self::boot(HashMap::new(), &[], 256 << 20, cpu_seconds).expect("the template becomes ready")
    }

    fn boot(
        modules: HashMap<String, Module>,
        preload: &[&str],
        memory_bytes: u64,
        cpu_seconds: u64,
    ) -> Result<Self, (String, i32)> {
        let (control, theirs) = Control::pair().expect("a socket pair");
        let mut launcher = Command::new(env!("CARGO_BIN_EXE_cloison-microprocess"))
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .spawn()
            .expect("the microprocess's binary");
        let template = Self { control, memory_bytes, cpu_seconds, modules };
        let boot = ToTemplate::Boot {
            preload: preload.iter().map(|name| (*name).to_owned()).collect(),
            memory_bytes,
            cpu_seconds,
            descriptors: 64,
            processes: 100,
            may_be_missing: Vec::new(),
            folders: Vec::new(),
            deterministic: Default::default(),
            warm: false,
        };
        template.control.send(&boot, &[]).expect("boot");
        launcher.wait().expect("the launcher ends");
        loop {
            match template.control.receive::<FromTemplate>() {
                Ok((FromTemplate::Find { name }, _)) => {
                    let found = template.modules.get(&name).cloned();
                    template.control.send(&ToTemplate::Found(found), &[]).expect("an answer");
                }
                Ok((FromTemplate::Which { mut names }, _)) => {
                    names.retain(|name| template.modules.contains_key(name));
                    template.control.send(&ToTemplate::These(names), &[]).expect("an answer");
                }
                Ok((FromTemplate::Split { .. } | FromTemplate::Jailed(_), _)) => {}
                Ok((FromTemplate::Ready, _)) => {
                    // What is forked later than the program has the usual modules.
                    template.run(script(""));
                    return Ok(template);
                }
                Ok((FromTemplate::Failed { message, status }, _)) => return Err((message, status)),
                other => panic!("unexpected: {other:?}"),
            }
        }
    }

    /// Run something without input and without capabilities: who asks for one hears what a broker says then.
    pub fn run(&self, run: Run) -> Outcome {
        self.run_with(run, b"", |question| match question {
            FromMicroprocess::Describe { capability: CapabilityName::Named(capability) } => {
                let message = format!("no capability {capability:?} was granted: cloison.toml does not exist");
                Some((ToMicroprocess::Denied { message }, Vec::new()))
            }
            other => panic!("a question that no test of this kind asks: {other:?}"),
        })
    }

    /// Run something, give it input, and answer its questions about capabilities.
    pub fn run_with(
        &self,
        run: Run,
        input: &[u8],
        mut answer: impl FnMut(FromMicroprocess) -> Option<(ToMicroprocess, Vec<OwnedFd>)>,
    ) -> Outcome {
        let running = self.fork(run);
        let (feed, input) = (running.feed, input.to_vec());
        let feeder = std::thread::spawn(move || drop(File::from(feed).write_all(&input)));
        let (stdout, stderr) = (collect(running.stdout), collect(running.stderr));
        loop {
            match running.control.receive::<FromMicroprocess>() {
                Ok((FromMicroprocess::Find { name }, _)) => {
                    let found = self.modules.get(&name).cloned();
                    running.control.send(&ToMicroprocess::Found(found), &[]).expect("an answer");
                }
                Ok((question, _)) => {
                    if let Some((message, descriptors)) = answer(question) {
                        let descriptors: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
                        running.control.send(&message, &descriptors).expect("an answer");
                    }
                }
                Err(ControlError::Closed) => break,
                Err(error) => panic!("{error}"),
            }
        }
        let status = status(&running.pidfd);
        let _ = feeder.join();
        Outcome { status, stdout: stdout.join().expect("stdout"), stderr: stderr.join().expect("stderr") }
    }

    /// Run something that prints `ready` lines, and press Ctrl-C a moment after each, so many times.
    pub fn interrupted(&self, run: Run, times: usize) -> Outcome {
        self.interrupted_after(run, times, |_| Duration::from_millis(3), |_| panic!("no capabilities in this test"))
    }

    /// The same, so long after each line, and with capabilities. Panics if the next line, or the end, does not follow.
    pub fn interrupted_after(
        &self,
        run: Run,
        times: usize,
        pause: impl Fn(usize) -> Duration + Sync,
        mut answer: impl FnMut(FromMicroprocess) -> Option<(ToMicroprocess, Vec<OwnedFd>)>,
    ) -> Outcome {
        let Running { control, mailbox: _mailbox, pidfd, feed: _feed, stdout, stderr } = self.fork(run);
        let (pidfd, pause) = (&pidfd, &pause);
        std::thread::scope(|scope| {
            let interrupting = scope.spawn(move || {
                let stderr = collect(stderr);
                let watched = stdout.try_clone().expect("a copy");
                let mut stdout = BufReader::new(File::from(stdout));
                let mut text = String::new();
                for number in 0..times {
                    follows(&watched, pidfd, number);
                    stdout.read_line(&mut text).expect("reading");
                    let until = Instant::now() + pause(number);
                    while Instant::now() < until {
                        std::hint::spin_loop();
                    }
                    rustix::process::pidfd_send_signal(pidfd, Signal::INT).expect("it runs");
                }
                follows(&watched, pidfd, times);
                stdout.read_to_string(&mut text).expect("reading");
                Outcome { status: status(pidfd), stdout: text, stderr: stderr.join().expect("stderr") }
            });
            while let Ok((question, _)) = control.receive::<FromMicroprocess>() {
                if let Some((message, descriptors)) = answer(question) {
                    let descriptors: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
                    let _ = control.send(&message, &descriptors); // it may have ended meanwhile
                }
            }
            interrupting.join().expect("what follows each Ctrl-C")
        })
    }

    /// Make one microprocess.
    pub fn fork(&self, run: Run) -> Running {
        let (control, theirs) = Control::pair().expect("a socket pair");
        let (stdin, feed) = pipe();
        let (stdout, out) = pipe();
        let (stderr, err) = pipe();
        let (mailbox, [memory, bell]) = cloison_transport::mailbox::create(0).expect("a mailbox");
        let descriptors = [&theirs as &dyn AsFd, &stdin, &out, &err, &memory, &bell].map(AsFd::as_fd);
        self.control.send(&ToTemplate::Fork { seed: [7; 32], rehearse: false }, &descriptors).expect("fork");
        let begin = Begin {
            run,
            myself: ProcessRef { number: 1, token: [1; 16] },
            parent: None,
            name: None,
            memory_bytes: self.memory_bytes,
            cpu_seconds: self.cpu_seconds,
            mailbox_bytes: 1 << 20,
            mounts: Vec::new(),
            folders: Vec::new(),
            services: Vec::new(),
            recorded: false,
        };
        control.send(&ToMicroprocess::Run(Box::new(begin)), &[]).expect("it takes its work");
        match self.control.receive::<FromTemplate>().expect("an answer") {
            (FromTemplate::Forked, mut descriptors) => {
                Running { control, mailbox, pidfd: descriptors.remove(0), feed, stdout, stderr }
            }
            other => panic!("unexpected: {other:?}"),
        }
    }
}

/// A microprocess that has been made.
pub struct Running {
    pub control: Control,
    /// Nobody routes what it sends.
    pub mailbox: RouterEnd,
    pub pidfd: OwnedFd,
    pub feed: OwnedFd,
    pub stdout: OwnedFd,
    pub stderr: OwnedFd,
}

impl Running {
    /// Wait until it sleeps in a system call. Panics if that does not come.
    pub fn until_it_sleeps(&self) {
        let known = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", self.pidfd.as_raw_fd())).expect("a pidfd");
        let pid = known.lines().find_map(|line| line.strip_prefix("Pid:")).expect("its process").trim();
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
            // The state follows the name, which ends at the last parenthesis.
            if stat.rsplit(") ").next().is_some_and(|fields| fields.starts_with('S')) {
                return;
            }
            assert!(Instant::now() < until, "it does not sleep");
            std::thread::yield_now();
        }
    }

    /// Wait for the end of one that prints nothing before. Panics if that does not come.
    pub fn end(self) -> Outcome {
        // What it still has to say there it says before its end.
        let stderr = collect(self.stderr);
        follows(&self.stdout, &self.pidfd, 0);
        let stdout = collect(self.stdout);
        let status = status(&self.pidfd);
        Outcome { status, stdout: stdout.join().expect("stdout"), stderr: stderr.join().expect("stderr") }
    }
}

/// Whether anything comes, text or the end. Otherwise the process is ended, and so is the test.
pub fn follows(stdout: &OwnedFd, pidfd: &OwnedFd, number: usize) {
    let mut one = [PollFd::new(stdout, PollFlags::IN)];
    let patience = Timespec { tv_sec: 10, tv_nsec: 0 };
    if poll(&mut one, Some(&patience)) != Ok(1) {
        let _ = rustix::process::pidfd_send_signal(pidfd, Signal::KILL);
        panic!("nothing follows Ctrl-C number {number}");
    }
}

fn status(pidfd: &OwnedFd) -> i32 {
    let status = waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED).expect("its status").expect("it ended");
    status.exit_status().unwrap_or_else(|| -status.terminating_signal().unwrap_or(0))
}

fn pipe() -> (OwnedFd, OwnedFd) {
    rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).expect("a pipe")
}

fn collect(descriptor: OwnedFd) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        File::from(descriptor).read_to_end(&mut bytes).expect("reading");
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
