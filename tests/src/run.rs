//! One run of `cloison`, and what came of it.

use crate::leftovers;
use crate::project::Project;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What never comes is given up after that long, and the test with it. No test says by it how long something may take: on a machine
/// with much else to do everything takes longer.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// `nobody`, as every Linux has it.
pub const NOBODY: u32 = 65534;
/// A variable that nobody in a sandbox should see.
pub const SECRET: (&str, &str) = ("CLOISON_TEST_SECRET", "do-not-tell");

/// Who runs it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum User {
    /// Whoever runs the tests.
    Current,
    /// An ordinary user; for tests that root runs.
    Nobody,
}

/// As whom tests of the walls run: as whoever runs them, and if that is root, as an ordinary user too.
pub fn users() -> &'static [User] {
    if rustix::process::geteuid().is_root() { &[User::Current, User::Nobody] } else { &[User::Current] }
}

impl User {
    /// Have a command run as this user.
    pub fn apply(self, command: &mut Command) {
        if self == User::Nobody {
            command.uid(NOBODY).gid(NOBODY);
        }
    }
}

/// A run to be made.
pub struct Run<'p> {
    project: &'p Project,
    arguments: Vec<String>,
    stdin: Vec<u8>,
    user: User,
    runtime: Option<PathBuf>,
}

/// A run under way.
pub struct Running<'p> {
    project: &'p Project,
    child: Child,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    feeder: Option<JoinHandle<()>>,
    started: Instant,
}

/// A run that is over.
#[derive(Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Standard output, as text.
    pub stdout: String,
    /// Standard output, as it is.
    pub bytes: Vec<u8>,
    /// Standard error.
    pub stderr: String,
    /// From its start to its end.
    pub duration: Duration,
}

impl<'p> Run<'p> {
    pub(crate) fn new(project: &'p Project, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { project, arguments, stdin: Vec::new(), user: User::Current, runtime: None }
    }

    /// What it reads.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Who runs it.
    #[must_use]
    pub fn user(mut self, user: User) -> Self {
        self.user = user;
        self
    }

    /// Where applications are found that run: `$XDG_RUNTIME_DIR`.
    #[must_use]
    pub fn runtime(mut self, folder: impl Into<PathBuf>) -> Self {
        self.runtime = Some(folder.into());
        self
    }

    /// Run it to its end, and see that no process of it is left.
    pub fn output(self) -> Output {
        let input = self.stdin.clone();
        let mut running = self.start();
        let mut stdin = running.child.stdin.take().expect("piped");
        // Who does not read to the end closes the pipe: that is its right.
        running.feeder = Some(std::thread::spawn(move || drop(stdin.write_all(&input))));
        running.finish()
    }

    /// Start it, with standard input in the test's hands.
    pub fn start(self) -> Running<'p> {
        let mut running = self.start_with(Stdio::piped());
        running.stdout = running.child.stdout.take().map(collect);
        running
    }

    /// Start it with that standard output.
    pub fn start_with(self, stdout: Stdio) -> Running<'p> {
        let mut command = Command::new(self.project.path("bin/cloison"));
        command.args(&self.arguments).current_dir(self.project.path("app")).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("TMPDIR", self.project.path("tmp")).env(SECRET.0, SECRET.1);
        if let Some(folder) = &self.runtime {
            command.env("XDG_RUNTIME_DIR", folder);
        }
        command.stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::piped());
        self.user.apply(&mut command);
        let started = Instant::now();
        let mut child = command.spawn().expect("cloison starts");
        let stderr = child.stderr.take().map(collect);
        Running { project: self.project, child, stdout: None, stderr, feeder: None, started }
    }
}

fn collect(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

/// What an interrupted program comes to by itself. Two seconds after Ctrl-C the command ends it, also if it has got no processor since: that
/// says nothing of the program, and it is run again. `None` is an attempt in which that was so.
#[track_caller]
pub fn interrupted<T>(attempt: impl FnMut() -> Option<T>) -> T {
    std::iter::repeat_with(attempt)
        .take(5)
        .flatten()
        .next()
        .expect("one of five programs that does not have to be ended")
}

impl Running<'_> {
    /// Its standard input.
    pub fn stdin(&mut self) -> &mut ChildStdin {
        self.child.stdin.as_mut().expect("not closed yet")
    }

    /// Its standard output, if it was not collected.
    pub fn stdout(&mut self) -> impl Read + use<> {
        self.child.stdout.take().expect("piped, and taken once")
    }

    /// The command's process.
    pub fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// Interrupt it as Ctrl-C does.
    pub fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    /// Send the command a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the command lives");
    }

    /// Wait for its end, and see that no process of it is left.
    pub fn finish(mut self) -> Output {
        drop(self.child.stdin.take());
        let status = self.wait();
        let duration = self.started.elapsed();
        let left = leftovers::wait_for_end(self.project.folder());
        let all = |thread: Option<JoinHandle<Vec<u8>>>| {
            thread.map(|thread| thread.join().expect("a reader")).unwrap_or_default()
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if let Some(feeder) = self.feeder.take() {
            feeder.join().expect("a writer");
        }
        let (bytes, stderr) = (all(self.stdout.take()), all(self.stderr.take()));
        let output = Output { status, stdout: text(&bytes), bytes, stderr: text(&stderr), duration };
        assert!(left.is_empty(), "processes left behind: {left:?}\n{output}");
        output
    }

    fn wait(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let _ = self.child.kill();
        let status = self.child.wait().expect("a child");
        leftovers::end(self.project.folder());
        let stderr = self.stderr.take().map(|thread| thread.join().unwrap_or_default()).unwrap_or_default();
        panic!("it did not end within {PATIENCE:?} ({status})\n{}", String::from_utf8_lossy(&stderr));
    }
}

impl Output {
    /// The exit status; minus the signal if one ended it.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| -self.status.signal().unwrap_or(0))
    }

    /// The same, if the command did not have to end it after an interrupt.
    pub fn by_itself(self) -> Option<Self> {
        (!self.stderr.contains("s of the interrupt, and was ended")).then_some(self)
    }

    /// Fail unless it ended with that status.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "{self}");
        self
    }

    /// Fail unless it ended well and printed just this.
    #[track_caller]
    pub fn prints(self, expected: &str) -> Self {
        assert_eq!((self.code(), self.stdout.as_str()), (0, expected), "{self}");
        self
    }

    /// Fail unless standard error has all of these.
    #[track_caller]
    pub fn complains(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "no {part:?} in:\n{self}");
        }
        self
    }

    /// Standard output as one JSON value.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }

    /// Standard output as one JSON value a line.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{self}"));
        self.stdout.lines().map(parse).collect()
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let short = |text: &str| text.chars().take(4000).collect::<String>();
        writeln!(f, "{} after {:?}", self.status, self.duration)?;
        write!(f, "--- stdout\n{}\n--- stderr\n{}", short(&self.stdout), short(&self.stderr))
    }
}
