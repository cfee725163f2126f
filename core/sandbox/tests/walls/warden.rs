//! The warden: starts prisoners as the broker would, and sees how they end.

use crate::attempts;
use crate::prisoner::{LAYERS, Stage};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, recv, socketpair};
use rustix::process::{WaitOptions, WaitStatus, wait};
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// What never comes is given up after that long, and the test with it. No test says by it how long something may take.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a prisoner's attempt came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// A number of the attempt's own, not negative.
    Done(i64),
    /// An error number.
    Failed(i32),
    /// A signal.
    Killed(i32),
    /// Nothing came within the time.
    Stuck,
    /// It went without a word.
    Exited(i32),
}

/// One prisoner to come.
#[derive(Clone, Debug)]
pub struct Order {
    pub stage: Stage,
    pub attempt: String,
    pub layers: String,
    pub may_be_missing: String,
    /// `path:path!`, the latter to be written to.
    pub files: String,
    /// What a zone loads; `PATH>OTHER` if it is exchanged after it was opened.
    pub library: String,
    /// How many threads a zone declares.
    pub threads: u32,
    /// Run as this uid, when we are root.
    pub uid: Option<u32>,
    /// A descriptor to leak on purpose, and under which number.
    pub leak: Option<(RawFd, RawFd)>,
    pub environment: Vec<(String, String)>,
    /// May it make user namespaces?
    pub userns: bool,
}

impl Order {
    pub fn new(stage: Stage, attempt: &str) -> Order {
        Order {
            stage,
            attempt: attempt.into(),
            layers: LAYERS.map(|(name, _)| name).join(","),
            may_be_missing: String::new(),
            files: String::new(),
            library: attempts::library().into(),
            threads: 1,
            uid: None,
            leak: None,
            environment: Vec::new(),
            userns: true,
        }
    }

    pub fn layers(mut self, layers: &str) -> Order {
        self.layers = layers.into();
        self
    }

    pub fn without(mut self, layer: &str) -> Order {
        self.layers =
            LAYERS.map(|(name, _)| name).into_iter().filter(|name| *name != layer).collect::<Vec<_>>().join(",");
        self
    }

    pub fn uid(mut self, uid: Option<u32>) -> Order {
        self.uid = uid;
        self
    }

    /// Starts it and waits for what its attempt comes to. Nothing of it is left when this returns.
    pub fn outcome(self) -> Outcome {
        let prisoner = Prisoner::start(&self);
        prisoner.finish().0
    }

    /// The same, with everything it said.
    pub fn talk(self) -> (Outcome, Vec<String>) {
        Prisoner::start(&self).finish()
    }
}

/// One that runs.
pub struct Prisoner {
    pub socket: OwnedFd,
    launcher: i32,
    outside: bool,
}

impl Prisoner {
    pub fn start(order: &Order) -> Prisoner {
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).expect("socketpair");
        let mut command = Command::new(binary());
        command.args(["--prisoner", &format!("{:?}", order.stage), &order.layers, &order.may_be_missing, &order.files]);
        command
            .args([&order.library, &order.threads.to_string(), &order.attempt])
            .env_clear()
            .envs(order.environment.iter().cloned());
        command.stdin(Stdio::from(theirs)).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some(uid) = order.uid {
            command.uid(uid).gid(uid);
        }
        let (leak, userns) = (order.leak, order.userns);
        // SAFETY: between fork and exec only dup2 and unshare-free system calls are made.
        unsafe {
            command.pre_exec(move || {
                if let Some((from, to)) = leak {
                    libc::dup2(from, to);
                }
                if !userns {
                    forbid_user_namespaces()?;
                }
                Ok(())
            });
        }
        #[expect(clippy::zombie_processes, reason = "`finish` and `wait_for_all` wait for it and its siblings")]
        let child = command.spawn().expect("spawn");
        Prisoner { socket: ours, launcher: child.id() as i32, outside: order.stage == Stage::Outside }
    }

    /// What it says first: which processes it has made.
    pub fn hear_split(&self) -> Option<String> {
        self.hear_within(PATIENCE)
    }

    /// The next thing it says besides; nothing when it has gone.
    pub fn hear(&self) -> Option<String> {
        self.hear_within(PATIENCE).filter(|text| !text.starts_with("split")).or_else(|| self.hear_within(PATIENCE))
    }

    /// Listens until the attempt is over, then ends the prisoner by hanging up.
    pub fn finish(self) -> (Outcome, Vec<String>) {
        let mut said = Vec::new();
        let mut exits = Vec::new();
        let mut outcome = None;
        let deadline = Instant::now() + PATIENCE;
        while outcome.is_none() && Instant::now() < deadline {
            if let Some(text) = self.hear_within(Duration::from_millis(2)) {
                if let Some(result) = text.strip_prefix("result ") {
                    let result: i64 = result.parse().expect("a number");
                    outcome = Some(if result < 0 { Outcome::Failed(-result as i32) } else { Outcome::Done(result) });
                }
                // The process of a call is its fork server's to wait for.
                if let Some(signal) = text.strip_prefix("killed ") {
                    outcome = Some(Outcome::Killed(signal.parse().expect("a number")));
                }
                if !text.starts_with("split") {
                    said.push(text);
                }
                continue;
            }
            // Nothing said: has somebody died meanwhile?
            reap(&mut exits);
            // A launcher that is done says nothing about the attempt.
            let telling =
                |(pid, how): &&(i32, Outcome)| self.outside || *pid != self.launcher || *how != Outcome::Exited(0);
            outcome = exits.iter().find(telling).map(|(_, how)| *how);
        }
        drop(self.socket);
        wait_for_all(&mut exits);
        (outcome.unwrap_or(Outcome::Stuck), said)
    }

    fn hear_within(&self, limit: Duration) -> Option<String> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let mut ready = [PollFd::new(&self.socket, PollFlags::IN)];
        let limit = Timespec { tv_sec: limit.as_secs() as i64, tv_nsec: limit.subsec_nanos().into() };
        if poll(&mut ready, Some(&limit)).unwrap_or(0) == 0 {
            return None;
        }
        let mut packet = [0; 4096];
        match recv(&self.socket, &mut packet, RecvFlags::empty()) {
            Ok((_, 0)) => {
                std::thread::sleep(Duration::from_millis(2));
                None
            }
            Err(_) => None,
            Ok((_, length)) => Some(String::from_utf8_lossy(&packet[..length]).into_owned()),
        }
    }
}

/// Collects children that have ended: all of a jail are ours.
pub fn reap(exits: &mut Vec<(i32, Outcome)>) {
    while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
        exits.push((pid.as_raw_pid(), outcome(status)));
    }
}

/// Waits until no child is left. What never comes is a failure, after [`PATIENCE`].
pub fn wait_for_all(exits: &mut Vec<(i32, Outcome)>) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match wait(WaitOptions::NOHANG) {
            Err(_) => return,
            Ok(Some((pid, status))) => exits.push((pid.as_raw_pid(), outcome(status))),
            Ok(None) => std::thread::sleep(Duration::from_micros(200)),
        }
        assert!(Instant::now() < deadline, "a prisoner outlives its socket; so far ended: {exits:?}");
    }
}

/// The worker's and init's numbers in what a prisoner says.
pub fn pids_in(report: &str) -> (i32, i32) {
    (worker_in(report), number_in(report, "init: Some(").expect("an init"))
}

/// The worker's alone, where there may be no init.
pub fn worker_in(report: &str) -> i32 {
    number_in(report, "worker: ").expect("a worker")
}

fn number_in(report: &str, after: &str) -> Option<i32> {
    let digits = report.split(after).nth(1)?.chars().take_while(char::is_ascii_digit);
    digits.collect::<String>().parse().ok()
}

pub fn assert_no_children() {
    assert!(wait(WaitOptions::NOHANG).is_err(), "children are left");
}

fn outcome(status: WaitStatus) -> Outcome {
    match status.terminating_signal() {
        Some(signal) => Outcome::Killed(signal),
        None => Outcome::Exited(status.exit_status().unwrap_or(-1)),
    }
}

/// A copy of this binary where every user can start it; `tidy` removes it.
pub fn binary() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let this = std::env::current_exe().expect("a path");
        // A broker of the tests is the copy.
        if this.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(COPY.as_bytes())) {
            return this;
        }
        let path = std::env::temp_dir().join(format!("{COPY}{}", std::process::id()));
        std::fs::copy(this, &path).expect("copy of the test binary");
        path
    })
}

const COPY: &str = "cloison-walls-";

/// Leaves nothing behind.
pub fn tidy() {
    let _ = std::fs::remove_file(binary());
}

/// Users to run as: this one, and an ordinary one too if we are root.
pub fn users() -> Vec<Option<u32>> {
    if rustix::process::geteuid().is_root() { vec![None, Some(1000)] } else { vec![None] }
}

/// As on a system that refuses user namespaces: the call that makes them fails with EPERM.
fn forbid_user_namespaces() -> std::io::Result<()> {
    use seccompiler::{SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule};
    let new_user = libc::CLONE_NEWUSER as u64;
    let condition = SeccompCondition::new(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(new_user), new_user);
    let rule = condition.and_then(|condition| SeccompRule::new(vec![condition])).map_err(std::io::Error::other)?;
    let rules = [(libc::SYS_clone, vec![rule])].into_iter().collect();
    let architecture = std::env::consts::ARCH.try_into().map_err(std::io::Error::other)?;
    let filter =
        SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(libc::EPERM as u32), architecture);
    let program: seccompiler::BpfProgram = filter.and_then(TryInto::try_into).map_err(std::io::Error::other)?;
    seccompiler::apply_filter(&program).map_err(std::io::Error::other)
}
