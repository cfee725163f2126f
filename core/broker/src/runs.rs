//! Programs of the machine that clients of a capability have had started, each in a sandbox of its own.
//!
//! ```text
//!  service ── Run, streams, leash ──▶ broker: looks again, how many run
//!                                       │ cloison-host: Execute …
//!            ◀──── Started ─────────────┤ Ready, and from then on it is the program
//!            ──── Signal ──────────────▶│
//!            ◀──── Exited … ────────────┘ its end, when everything that it has started has ended with its init
//! ```
//!
//! What cannot be started is `Refused`, before `Started` or in the place of `Exited`: the program itself is executed when nobody can be told
//! of it any more.
//!
//! What keeps one alive is its leash: when the service's end is closed, it is ended. What a service says is a claim: which command it is, its
//! arguments and its folder are looked at here as if nobody had looked before.

use crate::broker::{Broker, EventSource, FROM_ZONE_BYTES};
use crate::child::Exit;
use crate::family::{Family, TAKING_DOWN};
use crate::inspection::Activity;
use crate::reactor::{Reactor, ReactorKey};
use crate::zones::zone::InstanceId;
use cloison_contract::host::process::{FOLDER_BYTES, RunOrder, RunOutcome, check_size};
use cloison_contract::host::{HostService, is_plain_path};
use cloison_contract::message::{Execution, FromZone, ToZone};
use cloison_transport::control::{Control, ControlError};
use rustix::io::Errno;
use rustix::process::Signal;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

slotmap::new_key_type! {
    /// One program that runs, in one broker's life.
    pub struct RunId;
}

/// How long a program may take to be started.
const START: Duration = Duration::from_secs(10);
/// The longest order, in bytes.
const ORDER_BYTES: u64 = 64;
/// How many orders of one run are read in one turn.
const ORDERS_PER_TURN: usize = 16;

/// A program that runs.
#[derive(Debug)]
pub(crate) struct ProgramRun {
    /// Position of its capability's zone.
    pub(crate) zone: usize,
    /// Its file, as the configuration has it.
    pub(crate) path: String,
    /// Where it begins.
    folder: String,
    /// Its control socket, until it is the program; afterwards its init's lifeline.
    control: Control,
    registration: ReactorKey,
    leash: Control,
    /// Where the reactor knows the leash, until nobody is at its other end any more.
    leash_registration: Option<ReactorKey>,
    pub(crate) family: Family,
    worker: Option<ReactorKey>,
    init: Option<ReactorKey>,
    /// It is about to become the program, or has.
    runs: bool,
    /// When it is ended, whatever it does.
    until: Instant,
    /// For how long it may run.
    time: Duration,
    /// It is being ended, because its time is over.
    overdue: bool,
    /// It is to be ended as soon as it has said which processes it has made.
    doomed: bool,
    /// Why it could not be started, with the error number.
    failure: Option<(i32, String)>,
    /// How its worker has ended.
    exit: Option<Exit>,
}

/// When a run is ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum RunEnding {
    /// At once.
    Now,
    /// As soon as it has said which processes it has made: before that nobody could end those. It says so soon, or its time to start is over.
    WhenKnown,
}

impl Broker {
    /// A service wants a program started for its client.
    pub(crate) fn start_run(
        &mut self,
        id: InstanceId,
        (command, arguments, folder): (u32, Vec<Vec<u8>>, Option<String>),
        descriptors: Vec<OwnedFd>,
    ) {
        let Some(zone) = self.instances.get(id).map(|instance| instance.zone) else { return };
        let Ok([stdin, stdout, stderr, leash]) = <[OwnedFd; 4]>::try_from(descriptors) else {
            return self.complain(|unsaid| tracing::warn!(unsaid, "a service wants a program without streams"));
        };
        let leash = Control::from_descriptor(leash).receiving_at_most(ORDER_BYTES);
        let streams = [stdin, stdout, stderr];
        if let Err((errno, text)) = self.try_start_run(zone, (command, arguments, folder), &streams, &leash) {
            // Whoever does not read it learns it from the leash's end.
            let _ = leash.try_send(&RunOutcome::Refused(errno, text), &[]);
        }
    }

    fn try_start_run(
        &mut self,
        zone: usize,
        (index, arguments, folder): (u32, Vec<Vec<u8>>, Option<String>),
        streams: &[OwnedFd; 3],
        leash: &Control,
    ) -> Result<(), (i32, String)> {
        let specification = self.zones[zone].specification.clone();
        let refused = |errno: i32, text: &str| (errno, text.to_owned());
        let service = specification.service.as_ref().ok_or_else(|| refused(libc::EACCES, "no service"))?;
        let HostService::Process(process) = &service.service else {
            return Err(refused(libc::EACCES, "this service starts no programs"));
        };
        let place = index as usize;
        check_size(&arguments).map_err(|text| (libc::E2BIG, text))?;
        let command = process.commands.get(place).filter(|command| command.admits(&arguments));
        let command =
            command.ok_or_else(|| refused(libc::EACCES, "this command, or its arguments, are not granted"))?;
        let folder = folder.unwrap_or_else(|| command.folder.clone());
        if folder.len() > FOLDER_BYTES {
            return Err(refused(libc::ENAMETOOLONG, "folder: no path is that long"));
        }
        if !is_plain_path(&folder) {
            let text =
                format!("folder {folder}: where a program begins is an absolute path without `.`, `..` and `//`");
            return Err((libc::ENOENT, text));
        }
        let running = self.runs.values().filter(|run| run.zone == zone).count();
        if running >= process.at_once as usize {
            let text = format!(
                "{running} programs of this capability run, which is the most\nhint: `at_once` of the capability at {}",
                process.location
            );
            return Err((libc::EAGAIN, text));
        }
        let files = service.programs.get(place).ok_or_else(|| refused(libc::EACCES, "no program"))?;
        let begins = folder.clone();
        let execution =
            Execution { command: command.clone(), roots: process.roots_of(command).to_vec(), arguments, folder };
        // The machine is short of processes, descriptors or memory: what may work later.
        let cannot = |error: &dyn std::fmt::Display| {
            (libc::EAGAIN, format!("program {} cannot be started: {error}", command.path))
        };
        let (control, launcher) = self.binaries.host().map_err(|error| cannot(&error))?;
        let control = control.receiving_at_most(FROM_ZONE_BYTES);
        let family = Family::new(launcher);
        let [stdin, stdout, stderr] = streams;
        let first = [files.file.as_fd(), stdin.as_fd(), stdout.as_fd(), stderr.as_fd()];
        let send = |message: &ToZone, descriptors: &[_]| {
            control.try_send(message, descriptors).map_err(|error: ControlError| cannot(&error))
        };
        send(&ToZone::Execute(Box::new(execution)), &first)?;
        for other in &files.others {
            send(&ToZone::Program, &[other.as_fd()])?;
        }
        for folder in service.folders.get(command.roots.clone()).unwrap_or_default() {
            send(&ToZone::Folder, &[folder.opened.as_fd()])?;
        }
        // The broker's own end: what was sent belongs to the caller's.
        let leash = leash.as_fd().try_clone_to_owned().map_err(|error| cannot(&error))?;
        let leash = Control::from_descriptor(leash).receiving_at_most(ORDER_BYTES);
        let reactor = &mut self.reactor;
        let time = command.time;
        let inserted = self.runs.try_insert_with_key(|run| {
            let registration = reactor.add(&control, EventSource::Run(run))?;
            let leash_registration = match reactor.add(&leash, EventSource::RunLeash(run)) {
                Ok(registration) => Some(registration),
                Err(error) => {
                    reactor.remove(registration, &control);
                    return Err(error);
                }
            };
            Ok(ProgramRun {
                zone,
                path: command.path.clone(),
                folder: begins,
                control,
                registration,
                leash,
                leash_registration,
                family,
                worker: None,
                init: None,
                runs: false,
                until: Instant::now() + START,
                time,
                overdue: false,
                doomed: false,
                failure: None,
                exit: None,
            })
        });
        inserted.map(drop).map_err(|error: Errno| cannot(&error))
    }

    /// The process that is to become the program has said something.
    pub(crate) fn hear_run(&mut self, id: RunId) {
        while let Some(run) = self.runs.get_mut(id) {
            let message = match run.control.try_receive::<FromZone>() {
                Ok(Some((message, _))) => message,
                Ok(None) => return,
                Err(_) => return self.close_run_control(id),
            };
            match message {
                FromZone::Split { worker, init } => {
                    if let Err(error) = run.adopt(id, (worker, init), &mut self.reactor) {
                        self.complain(
                            |unsaid| tracing::warn!(unsaid, %error, "a program's start names processes that are not ours"),
                        );
                        return self.end_run(id, RunEnding::Now);
                    }
                    if run.doomed {
                        return self.end_run(id, RunEnding::Now);
                    }
                }
                FromZone::Jailed(jailed) => {
                    if run.family.jailed(jailed).is_err() {
                        return self.end_run(id, RunEnding::Now);
                    }
                }
                FromZone::Ready { .. } if !run.runs && run.worker.is_some() => {
                    run.runs = true;
                    run.until = Instant::now() + run.time;
                    let _ = run.leash.try_send(&RunOutcome::Started, &[]);
                }
                FromZone::Failed { step, message, hint, errno } => run.fail(&step, &message, hint, errno),
                _ => return self.end_run(id, RunEnding::Now),
            }
        }
    }

    /// Nobody speaks by it any more. It stays open, as its init watches it.
    fn close_run_control(&mut self, id: RunId) {
        let Some(run) = self.runs.get_mut(id) else { return };
        self.reactor.remove(run.registration, &run.control);
        if run.family.launcher().is_some() {
            // It has ended without having made any process.
            self.end_run(id, RunEnding::Now);
        }
    }

    /// The service has an order, or has let go of the leash.
    pub(crate) fn hear_leash(&mut self, id: RunId) {
        for _ in 0..ORDERS_PER_TURN {
            let Some(run) = self.runs.get_mut(id) else { return };
            match run.leash.try_receive::<RunOrder>() {
                Ok(Some((RunOrder::Signal(signal), _))) => {
                    match (run.family.worker(), Signal::from_named_raw(signal)) {
                        (_, Some(Signal::KILL)) => return self.end_run(id, RunEnding::WhenKnown),
                        (Some(worker), Some(signal)) if run.runs => worker.signal(signal),
                        _ => {}
                    }
                }
                Ok(None) => return,
                Err(_) => {
                    if let Some(registration) = run.leash_registration.take() {
                        self.reactor.remove(registration, &run.leash);
                    }
                    return self.end_run(id, RunEnding::WhenKnown);
                }
            }
        }
    }

    /// Ends a program and all that it has started. Its end is an event like any other.
    fn end_run(&mut self, id: RunId, ending: RunEnding) {
        let Some(run) = self.runs.get_mut(id) else { return };
        if ending == RunEnding::WhenKnown && run.family.launcher().is_some() {
            run.doomed = true;
            return;
        }
        run.family.kill();
        if !run.is_watched() {
            // The broker would never learn of the end otherwise.
            run.exit = run.family.end(Instant::now() + TAKING_DOWN).or(run.exit);
        }
        self.bury_run(id);
    }

    /// A process of a run has ended: the program, or the init of its namespace.
    pub(crate) fn run_ended(&mut self, id: RunId) {
        // What it has said before its end is read first.
        self.hear_run(id);
        self.bury_run(id);
    }

    /// Looks which processes of a run are gone. When all of them are, the service is told, and another program has its place.
    fn bury_run(&mut self, id: RunId) {
        let Some(run) = self.runs.get_mut(id) else { return };
        if let Some((worker, exit)) = run.family.ended_worker() {
            if let Some(registration) = run.worker.take() {
                self.reactor.remove(registration, &worker);
            }
            run.exit = Some(exit);
            // With its init, everything that it has started ends, and with that the streams.
            run.family.kill();
        }
        if let Some(init) = run.family.ended_init()
            && let Some(registration) = run.init.take()
        {
            self.reactor.remove(registration, &init);
        }
        if !run.family.gone() {
            return;
        }
        let Some(run) = self.runs.remove(id) else { return };
        self.reactor.remove(run.registration, &run.control);
        if let Some(registration) = run.leash_registration {
            self.reactor.remove(registration, &run.leash);
        }
        // If it cannot be told, the leash's end says enough.
        let _ = run.leash.try_send(&run.outcome(), &[]);
    }

    /// When a program has run for as long as it may, at the earliest.
    pub(crate) fn next_run_check(&self) -> Option<Instant> {
        self.runs.values().filter(|run| !run.overdue).map(|run| run.until).min()
    }

    /// Ends the programs that have run for as long as they may.
    pub(crate) fn end_overdue_runs(&mut self, now: Instant) {
        let due: Vec<_> =
            self.runs.iter().filter(|(_, run)| !run.overdue && run.until <= now).map(|(id, _)| id).collect();
        for id in due {
            if let Some(run) = self.runs.get_mut(id) {
                run.overdue = true;
            }
            self.end_run(id, RunEnding::Now);
        }
    }

    /// Takes all of them down.
    pub(crate) fn end_runs(&mut self, until: Instant) {
        self.runs.values().for_each(|run| run.family.kill());
        for (_, mut run) in self.runs.drain() {
            run.family.end(until);
        }
    }
}

impl ProgramRun {
    /// What `ps` says that it does.
    pub(crate) fn activity(&self) -> Activity {
        match (self.doomed || self.overdue, self.runs) {
            (true, _) => Activity::Ending,
            (false, false) => Activity::Starting,
            (false, true) => Activity::Running,
        }
    }

    /// The launcher says which processes it has made; their ends are events from now on.
    fn adopt(
        &mut self,
        id: RunId,
        (worker, init): (i32, Option<i32>),
        reactor: &mut Reactor<EventSource>,
    ) -> Result<(), Errno> {
        let worker = self.family.adopt(worker, init)?;
        let registration = reactor.add(worker, EventSource::RunEnd(id))?;
        match self.family.init().map(|init| reactor.add(init, EventSource::RunEnd(id))).transpose() {
            Ok(init) => {
                (self.worker, self.init) = (Some(registration), init);
                Ok(())
            }
            Err(error) => {
                if let Some(worker) = self.family.worker() {
                    reactor.remove(registration, worker);
                }
                Err(error)
            }
        }
    }

    /// Whether the ends of all its processes are events. A launcher that has not said what it has made is not watched, nor is what the reactor
    /// could not take.
    fn is_watched(&self) -> bool {
        self.family.launcher().is_none()
            && self.family.worker().is_some() == self.worker.is_some()
            && self.family.init().is_some() == self.init.is_some()
    }

    /// It says why it cannot become the program.
    fn fail(&mut self, step: &str, message: &str, hint: Option<String>, errno: Option<i32>) {
        let hint = hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        let text = match step {
            "folder" => format!("folder {}: {message}", self.folder),
            "execute" => format!("program {}: {message}", self.path),
            _ => format!("program {} cannot be started, at step {step}: {message}{hint}", self.path),
        };
        self.failure = Some((errno.unwrap_or(libc::ENOEXEC), text));
    }

    /// What the service is told at its end.
    fn outcome(&self) -> RunOutcome {
        match (&self.failure, self.exit) {
            (Some((errno, text)), _) => RunOutcome::Refused(*errno, text.clone()),
            // Nobody has said why: the machine was too slow, or has ended it.
            (None, _) if !self.runs => {
                RunOutcome::Refused(libc::EAGAIN, format!("program {} has ended while it was started", self.path))
            }
            (None, _) if self.overdue => RunOutcome::Overdue,
            (None, Some(Exit::Exited(status))) => RunOutcome::Exited(status),
            (None, Some(Exit::Signaled(signal))) => RunOutcome::Signaled(signal),
            (None, None) => RunOutcome::Signaled(libc::SIGKILL),
        }
    }
}
