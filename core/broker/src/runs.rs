//! Programs of the machine that clients of a capability have had started, each in a sandbox of its own.
//!
//! ```text
//!  service ── Run, streams, leash ──▶ broker: looks again, how many run
//!                                       │ cloison-host: Execute …
//!            ◀──── Started ─────────────┤ Ready, and from then on it is the program
//!            ──── Signal ──────────────▶│
//!            ◀──── Exited … ────────────┘ its end; with its init, everything that it has started
//! ```
//!
//! What keeps one alive is its leash: when the service's end is closed, it is ended. What a service says is a claim: which command it is, its
//! arguments and its folder are looked at here as if nobody had looked before.

use crate::broker::{Broker, EventSource, FROM_ZONE_BYTES};
use crate::child::Exit;
use crate::family::{Family, TAKING_DOWN};
use crate::reactor::ReactorKey;
use crate::zone::InstanceId;
use cloison_contract::host::process::{RunOrder, RunOutcome};
use cloison_contract::host::{HostService, is_plain_path};
use cloison_contract::message::{Execution, FromZone, ToZone};
use cloison_transport::control::{Control, ControlError};
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
    zone: usize,
    /// Its control socket, until it is the program; afterwards its init's lifeline.
    control: Control,
    registration: ReactorKey,
    leash: Control,
    /// Where the reactor knows the leash, until nobody is at its other end any more.
    leash_registration: Option<ReactorKey>,
    family: Family,
    worker: Option<ReactorKey>,
    init: Option<ReactorKey>,
    /// It has become the program.
    runs: bool,
    /// When it is ended, whatever it does.
    until: Instant,
    /// For how long it may run.
    time: Duration,
    /// It is being ended, because its time is over.
    overdue: bool,
    /// It is to be ended as soon as it has said which processes it has made.
    doomed: bool,
    /// Why it could not be started.
    failure: Option<String>,
    /// Its end has been told.
    told: bool,
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
        let command = process.commands.get(place).filter(|command| command.admits(&arguments));
        let command =
            command.ok_or_else(|| refused(libc::EACCES, "this command, or its arguments, are not granted"))?;
        let folder = folder.unwrap_or_else(|| command.folder.clone());
        if !is_plain_path(&folder) {
            return Err(refused(libc::ENOENT, "where a program begins is an absolute path without `.`, `..` and `//`"));
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
        let execution =
            Execution { command: command.clone(), roots: process.roots_of(command).to_vec(), arguments, folder };
        let cannot =
            |error: &dyn std::fmt::Display| (libc::EAGAIN, format!("{} cannot be started: {error}", command.path));
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
                told: false,
            })
        });
        inserted.map(drop).map_err(|error: rustix::io::Errno| cannot(&error))
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
                    let watched = run
                        .family
                        .adopt(worker, init)
                        .and_then(|worker| self.reactor.add(worker, EventSource::RunEnd(id)));
                    match watched {
                        Ok(registration) => {
                            run.worker = Some(registration);
                            if run.doomed {
                                return self.end_run_now(id);
                            }
                        }
                        Err(error) => {
                            self.complain(|unsaid| tracing::warn!(unsaid, %error, "a program's start names processes that are not ours"));
                            return self.end_run_now(id);
                        }
                    }
                }
                FromZone::Jailed(jailed) => {
                    if run.family.jailed(jailed).is_err() {
                        return self.end_run_now(id);
                    }
                }
                FromZone::Ready { .. } if !run.runs && run.worker.is_some() => {
                    run.runs = true;
                    run.until = Instant::now() + run.time;
                    let _ = run.leash.try_send(&RunOutcome::Started, &[]);
                }
                FromZone::Failed { step, message, hint } => {
                    let hint = hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
                    run.failure = Some(format!("at step {step}: {message}{hint}"));
                }
                _ => return self.end_run_now(id),
            }
        }
    }

    /// Nobody speaks by it any more. It stays open, as its init watches it.
    fn close_run_control(&mut self, id: RunId) {
        let Some(run) = self.runs.get_mut(id) else { return };
        self.reactor.remove(run.registration, &run.control);
        if run.doomed && run.family.worker().is_none() {
            self.end_run_now(id);
        }
    }

    /// The service has an order, or has let go of the leash.
    pub(crate) fn hear_leash(&mut self, id: RunId) {
        for _ in 0..ORDERS_PER_TURN {
            let Some(run) = self.runs.get_mut(id) else { return };
            match run.leash.try_receive::<RunOrder>() {
                Ok(Some((RunOrder::Signal(signal), _))) => {
                    match (run.family.worker(), Signal::from_named_raw(signal)) {
                        (_, Some(Signal::KILL)) => return self.end_run(id),
                        (Some(worker), Some(signal)) if run.runs => worker.signal(signal),
                        _ => {}
                    }
                }
                Ok(None) => return,
                Err(_) => {
                    if let Some(registration) = run.leash_registration.take() {
                        self.reactor.remove(registration, &run.leash);
                    }
                    return self.end_run(id);
                }
            }
        }
    }

    /// Ends a program and all that it has started. Its end is an event like any other.
    ///
    /// While it has not said which processes it has made, nobody could end those: it says so soon, or its time to start is over.
    fn end_run(&mut self, id: RunId) {
        let Some(run) = self.runs.get_mut(id) else { return };
        if run.family.worker().is_none() && !run.overdue {
            run.doomed = true;
            return;
        }
        self.end_run_now(id);
    }

    fn end_run_now(&mut self, id: RunId) {
        let Some(run) = self.runs.get_mut(id) else { return };
        run.family.kill();
        if run.family.worker().is_none() {
            // It has never said which process it is.
            run.family.end(Instant::now() + TAKING_DOWN);
            self.bury_run(id);
        }
    }

    /// A process of a run has ended: the program, or the init of its namespace.
    pub(crate) fn run_ended(&mut self, id: RunId) {
        // What it has said before its end is read first.
        self.hear_run(id);
        self.bury_run(id);
    }

    fn bury_run(&mut self, id: RunId) {
        let Some(run) = self.runs.get_mut(id) else { return };
        if let Some((worker, exit)) = run.family.ended_worker() {
            if let Some(registration) = run.worker.take() {
                self.reactor.remove(registration, &worker);
            }
            // With its init, everything that it has started ends, and with that the streams.
            run.family.kill();
            run.tell(exit);
            if let Some(init) = run.family.init() {
                match self.reactor.add(init, EventSource::RunEnd(id)) {
                    Ok(registration) => run.init = Some(registration),
                    Err(_) => drop(run.family.end(Instant::now() + TAKING_DOWN)),
                }
            }
        }
        if run.worker.is_none()
            && let Some(init) = run.family.ended_init()
            && let Some(registration) = run.init.take()
        {
            self.reactor.remove(registration, &init);
        }
        if !run.family.gone() {
            return;
        }
        run.tell(Exit::Signaled(libc::SIGKILL));
        let Some(run) = self.runs.remove(id) else { return };
        self.reactor.remove(run.registration, &run.control);
        if let Some(registration) = run.leash_registration {
            self.reactor.remove(registration, &run.leash);
        }
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
            self.end_run(id);
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
    /// Tells the service how it has ended, once.
    fn tell(&mut self, exit: Exit) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        let outcome = match (self.failure.take(), exit) {
            (Some(failure), _) => RunOutcome::Refused(libc::ENOEXEC, failure),
            (None, _) if self.overdue => RunOutcome::Overdue,
            (None, Exit::Exited(status)) => RunOutcome::Exited(status),
            (None, Exit::Signaled(signal)) => RunOutcome::Signaled(signal),
        };
        // If it cannot be told, the leash's end says enough.
        let _ = self.leash.try_send(&outcome, &[]);
    }
}
