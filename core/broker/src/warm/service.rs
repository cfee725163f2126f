//! The service: keeps templates waiting, and gives each to the first who may have it.
//!
//! It is one thread and waits for nobody: who connects and says nothing is hung up on. It reads nothing of any application,
//! and a template that has been taken is none of its business. It ends by itself when nobody has taken one for long.

use super::build::Build;
use super::surroundings::{STRANGERS, Surroundings, users_are_told_apart};
use super::{FromKeeper, ServiceState, WarmAnswer, WarmRequest, Wish};
use crate::child::Child;
use crate::inspection::socket::{Listener, private};
use crate::inspection::table::row;
use crate::inspection::{Activity, ProcessKind, ProcessRow, kernel, started};
use crate::launch::Binaries;
use cloison_transport::control::Control;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::net::sockopt::socket_peercred;
use rustix::process::{Signal, geteuid, getpid};
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// The service's socket in the user's folder.
pub(crate) const SOCKET: &str = "warm.sock";
/// Whoever has this file locked is the service.
const LOCK: &str = "warm.lock";
/// How long who asks may take.
const PATIENCE: Duration = Duration::from_millis(100);
/// The longest question, in bytes.
const QUESTION_BYTES: u64 = 256;
/// How long after a template has been taken the next one is started: the program that got it has the processors first.
const LATER: Duration = Duration::from_millis(100);
/// How long one may take to get ready.
const START: Duration = Duration::from_secs(60);
/// How long after a template that did not get ready, or died.
const MUCH_LATER: Duration = Duration::from_secs(10);
/// How long keepers may take to end.
const TAKING_DOWN: Duration = Duration::from_secs(3);
/// The most templates that are kept.
pub const MOST_TEMPLATES: u32 = 64;

/// Leave the session of whoever has started this process: what its terminal sends is not meant for a service.
pub fn leave_session() {
    // It fails for the leader of a group, which has that already.
    let _ = rustix::process::setsid();
}

/// Let go of the outputs of whoever has started this process, who waits for them to be closed.
pub fn be_silent() {
    if let Ok(null) = File::options().read(true).write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(&null);
        let _ = rustix::stdio::dup2_stderr(&null);
    }
}

/// What the user wants.
#[derive(Clone, Copy, Debug)]
pub struct ServiceSettings {
    /// How many templates wait.
    pub templates: u32,
    /// After how long without a run the service ends.
    pub idle: Duration,
}

/// Why there is no service.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// There is one.
    #[error("there is one already")]
    There,
    /// No run could have a template.
    #[error("no run could have a template: {0}")]
    Useless(&'static str),
    /// The host refused something.
    #[error(transparent)]
    Host(#[from] io::Error),
}

impl From<Errno> for ServiceError {
    fn from(error: Errno) -> Self {
        Self::Host(error.into())
    }
}

/// The service.
#[derive(Debug)]
pub struct WarmService {
    settings: ServiceSettings,
    binaries: Binaries,
    build: Build,
    surroundings: Surroundings,
    listener: Listener,
    /// Those that wait, and that start: the oldest first.
    waiting: VecDeque<Waiting>,
    /// Keepers that have been taken, or are ending: to be waited for.
    gone: Vec<Child>,
    taken: u64,
    failure: Option<String>,
    last_taken: Instant,
    next_start: Instant,
    _lock: File,
    /// Who has ended it, and waits until all of it is gone: the last to be dropped.
    ended: Option<Control>,
}

/// A keeper that nobody has yet.
#[derive(Debug)]
struct Waiting {
    line: Control,
    process: Child,
    /// Its worker's number and its init's.
    split: Option<(i32, Option<i32>)>,
    blank: Option<i32>,
    ready: bool,
    since: Instant,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Turn {
    Again,
    End,
}

impl WarmService {
    /// Be found in that folder. What this process has, of limits and rights and namespaces, is what whoever asks must have.
    ///
    /// # Errors
    /// [`ServiceError::There`] if this user has one.
    pub fn new(folder: &Path, binaries: Binaries, settings: ServiceSettings) -> Result<Self, ServiceError> {
        let build = Build::of_this(&binaries)?;
        let surroundings = Surroundings::of(getpid().as_raw_nonzero().get())?;
        if !users_are_told_apart() {
            return Err(ServiceError::Useless(STRANGERS));
        }
        if let Some(why) = surroundings.incomparable() {
            return Err(ServiceError::Useless(why));
        }
        let lock = private(folder)?.join(LOCK);
        let lock = File::options().create(true).truncate(false).write(true).mode(0o600).open(lock)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => return Err(ServiceError::There),
            locked => locked?,
        }
        let listener = Listener::bind_as(folder, SOCKET)?;
        let now = Instant::now();
        Ok(Self {
            settings,
            binaries,
            build,
            surroundings,
            listener,
            waiting: VecDeque::new(),
            gone: Vec::new(),
            taken: 0,
            failure: None,
            last_taken: now,
            next_start: now,
            _lock: lock,
            ended: None,
        })
    }

    /// Serve until somebody ends it, nobody has wanted anything for long, or the binaries are no longer those that it was
    /// started from. `first` is called once when the first template is ready.
    ///
    /// # Errors
    /// The first template did not get ready, or the host refused something.
    pub fn serve(mut self, first: impl FnOnce()) -> io::Result<()> {
        let mut first = Some(first);
        loop {
            self.hear_keepers();
            if first.is_some() {
                if let Some(failure) = self.failure.take() {
                    return Err(io::Error::other(failure));
                }
                if self.waiting.iter().any(|waiting| waiting.ready) {
                    self.last_taken = Instant::now(); // nobody could have had one before
                    first.take().into_iter().for_each(|first| first());
                }
            }
            if self.turn(first.is_none())? == Turn::End {
                self.end();
                return Ok(());
            }
        }
    }

    /// `open`: one has been ready, so that somebody could have had it. Until then it is not idle, however slow the machine is.
    fn turn(&mut self, open: bool) -> io::Result<Turn> {
        let now = Instant::now();
        let idle_at = open.then_some(self.last_taken + self.settings.idle);
        if idle_at.is_some_and(|at| at <= now) {
            return Ok(Turn::End);
        }
        let late = self.end_late(now);
        // One after the other, so that a processor is left for what runs.
        let short = self.waiting.len() < self.settings.templates as usize && self.waiting.iter().all(|one| one.ready);
        if short && self.next_start <= now {
            if Build::on_disk(&self.binaries).ok() != Some(self.build) {
                return Ok(Turn::End); // what would be started now is of another build
            }
            if let Err(error) = self.start() {
                tracing::debug!(%error, "a template could not be started, and is tried again");
                self.next_start = now + LATER;
            }
        }
        let start_at = short.then_some(self.next_start).filter(|at| *at > now);
        let until = start_at.into_iter().chain(late).chain(idle_at).min().unwrap_or(now + START);
        self.wait(until.saturating_duration_since(now))?;
        self.gone.retain(|keeper| keeper.ended().is_none());
        loop {
            let connection = match self.listener.accept_with(PATIENCE, QUESTION_BYTES) {
                Ok(Some(connection)) => connection,
                Ok(None) => return Ok(Turn::Again),
                Err(error) => {
                    // Too many descriptors, above all: some will be free again.
                    tracing::debug!(%error, "nobody can ask for now");
                    std::thread::sleep(LATER);
                    return Ok(Turn::Again);
                }
            };
            if self.answer(&connection) == Turn::End {
                self.end();
                let _ = connection.send(&WarmAnswer::Ended, &[]);
                self.ended = Some(connection);
                return Ok(Turn::End);
            }
        }
    }

    /// End those that take too long to get ready; when the next one does.
    fn end_late(&mut self, now: Instant) -> Option<Instant> {
        let late = |waiting: &Waiting| !waiting.ready && waiting.since + START <= now;
        for waiting in self.waiting.iter().filter(|waiting| late(waiting)) {
            waiting.process.signal(Signal::KILL);
            self.failure = Some("a template has not got ready in a minute".into());
            self.next_start = now + MUCH_LATER;
        }
        let (go, stay): (Vec<_>, Vec<_>) = self.waiting.drain(..).partition(late);
        self.waiting.extend(stay);
        self.gone.extend(go.into_iter().map(|waiting| waiting.process));
        self.waiting.iter().filter(|waiting| !waiting.ready).map(|waiting| waiting.since + START).min()
    }

    fn start(&mut self) -> io::Result<()> {
        let (line, keeper) = self.binaries.keeper()?;
        let process = Child::from_pid(keeper.pid())?;
        self.waiting.push_back(Waiting {
            line,
            process,
            split: None,
            blank: None,
            ready: false,
            since: Instant::now(),
        });
        Ok(())
    }

    fn wait(&self, timeout: Duration) -> io::Result<()> {
        let mut ready = vec![PollFd::new(&self.listener, PollFlags::IN)];
        for waiting in &self.waiting {
            // A line that is ready has something in it that is not for us.
            let wanted = if waiting.ready { PollFlags::empty() } else { PollFlags::IN };
            ready.push(PollFd::new(&waiting.line, wanted));
        }
        ready.extend(self.gone.iter().map(|keeper| PollFd::new(keeper, PollFlags::IN)));
        let timeout =
            Timespec { tv_sec: timeout.as_secs().min(1 << 30) as i64, tv_nsec: timeout.subsec_nanos().into() };
        match poll(&mut ready, Some(&timeout)) {
            Err(Errno::INTR) => Ok(()),
            result => Ok(result.map(drop)?),
        }
    }

    /// Read what keepers say that are starting, and see who has ended.
    fn hear_keepers(&mut self) {
        let mut failed = false;
        for waiting in &mut self.waiting {
            while !waiting.ready {
                match waiting.line.try_receive::<FromKeeper>() {
                    Ok(Some((FromKeeper::Split { worker, init }, _))) => waiting.split = Some((worker, init)),
                    Ok(Some((FromKeeper::Ready { blank }, _))) => {
                        (waiting.blank, waiting.ready, self.failure) = (Some(blank), true, None);
                    }
                    Ok(Some((FromKeeper::Failed { message }, _))) => (failed, self.failure) = (true, Some(message)),
                    Ok(None) => break,
                    Ok(Some(_)) | Err(_) => {
                        failed = true;
                        self.failure.get_or_insert_with(|| "it has ended".into());
                        break;
                    }
                }
            }
        }
        if failed {
            self.next_start = Instant::now() + MUCH_LATER;
        }
        // One whose line is closed ends; so does one that has failed.
        let (stay, go): (Vec<_>, Vec<_>) = self.waiting.drain(..).partition(Waiting::is_there);
        if go.iter().any(|waiting| waiting.ready) {
            self.next_start = Instant::now() + MUCH_LATER; // one that dies by itself will do so again
        }
        self.waiting.extend(stay);
        self.gone.extend(go.into_iter().map(|waiting| waiting.process));
    }

    /// Answer who asks.
    fn answer(&mut self, connection: &Control) -> Turn {
        let Ok((WarmRequest { build, wish }, _)) = connection.receive() else { return Turn::Again };
        let answered = match wish {
            Wish::End => return Turn::End,
            Wish::Look => connection.send(&WarmAnswer::State(self.state(build == self.build)), &[]),
            Wish::Take => match self.may_take(connection, build) {
                Some(why) => connection.send(&WarmAnswer::No { why }, &[]),
                None => return self.give(connection),
            },
        };
        drop(answered); // who has gone needs no answer
        Turn::Again
    }

    /// Why who asks gets no template.
    fn may_take(&self, connection: &Control, build: Build) -> Option<String> {
        if build != self.build {
            return Some(
                "`cloison up` was started by another build of cloison: `cloison down`, then `cloison up`".into(),
            );
        }
        let peer = match socket_peercred(connection) {
            Ok(peer) if peer.uid == geteuid() => peer.pid.as_raw_nonzero().get(),
            _ => return Some("`cloison up` is another user's".into()),
        };
        let theirs = match Surroundings::of(peer) {
            Ok(theirs) => theirs,
            Err(error) => return Some(format!("`cloison up` cannot see who asks: {error}")),
        };
        if let Some(why) = theirs.incomparable() {
            return Some(why.into());
        }
        if let Some(what) = self.surroundings.difference(&theirs) {
            return Some(format!("`cloison up` was started with other {what}"));
        }
        // And the one that it would get: somebody may have moved that elsewhere since.
        let oldest = self.waiting.iter().find(|waiting| waiting.ready)?;
        match Surroundings::of(oldest.process.pid()) {
            Ok(its) => {
                its.difference(&theirs).map(|what| format!("the template of `cloison up` has other {what} by now"))
            }
            Err(error) => Some(format!("`cloison up` cannot see its template: {error}")),
        }
    }

    /// Hand over the oldest that is ready: its line, and with it all that is ours of it.
    fn give(&mut self, connection: &Control) -> Turn {
        self.last_taken = Instant::now();
        self.next_start = self.next_start.max(self.last_taken + LATER);
        match self.waiting.iter().position(|waiting| waiting.ready).and_then(|oldest| self.waiting.remove(oldest)) {
            Some(Waiting { line, process, .. }) => {
                let _ = connection.send(&WarmAnswer::Template, &[line.as_fd()]);
                self.taken += 1;
                self.gone.push(process);
            }
            None => {
                let why = "no template of `cloison up` is ready".to_owned();
                let _ = connection.send(&WarmAnswer::No { why }, &[]);
            }
        }
        Turn::Again
    }

    fn state(&self, same_build: bool) -> ServiceState {
        let mut processes = vec![row(ProcessKind::Service, Some(getpid().as_raw_nonzero().get()))];
        for waiting in &self.waiting {
            let activity = if waiting.ready { Activity::Running } else { Activity::Starting };
            let of = |kind, pid| ProcessRow { activity: activity.clone(), ..row(kind, Some(pid)) };
            processes.push(of(ProcessKind::Keeper, waiting.process.pid()));
            if let Some((worker, init)) = waiting.split {
                processes.extend(init.map(|init| of(ProcessKind::Init, init)));
                processes.push(of(ProcessKind::Template, worker));
            }
            processes.extend(waiting.blank.map(|blank| of(ProcessKind::Blank, blank)));
        }
        // But what the service itself has started: a keeper that it has given away is an application's.
        let started = started::by(&processes[1..], &kernel::parents());
        processes.extend(started);
        processes.iter_mut().for_each(kernel::complete);
        ServiceState {
            service: getpid().as_raw_nonzero().get(),
            same_build,
            wanted: self.settings.templates,
            ready: self.waiting.iter().filter(|waiting| waiting.ready).count() as u32,
            taken: self.taken,
            idle_seconds: self.settings.idle.as_secs(),
            failure: self.failure.clone(),
            processes,
        }
    }

    /// Have the keepers that nobody has end, and wait for them.
    fn end(&mut self) {
        let until = Instant::now() + TAKING_DOWN;
        // All lines first, so that none is waited for while others still run.
        let ending: Vec<Child> = self.waiting.drain(..).map(|waiting| waiting.process).collect();
        for keeper in ending {
            if keeper.wait_until(until).is_none() {
                keeper.signal(Signal::KILL); // it is stopped
            }
        }
    }
}

impl Waiting {
    /// Whether somebody is at the other end of the line, and has not failed.
    fn is_there(&self) -> bool {
        let mut line = [PollFd::new(&self.line, PollFlags::empty())];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut line, Some(&now)).is_ok_and(|ready| ready == 0)
    }
}
