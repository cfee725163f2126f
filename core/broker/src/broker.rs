//! The tables, and one turn of the loop.

use crate::application::LoadedApplication;
use crate::application::sources::Sources;
use crate::audit::{Audit, AuditError, AuditEvent, AuditProcess, AuditUses};
use crate::capabilities::grants::GrantTable;
use crate::family::{Family, TAKING_DOWN};
use crate::inspection::socket::Listener;
use crate::inspection::{Inspector, SeenStack};
use crate::launch::{Binaries, most_parcels};
use crate::limiter::Limiter;
use crate::processes::blanks::forks_at_once;
use crate::processes::process::{Process, WatchedChild};
use crate::processes::program::ProgramTemplate;
use crate::processes::scheduling::Scheduler;
use crate::processes::scheduling::Standing;
use crate::processes::template::{Progress, Template, TemplateKind};
use crate::reactor::Reactor;
use crate::recording::RunRecorder;
use crate::runs::{ProgramRun, RunId};
use crate::signals::Signals;
use crate::warm::kept::{WarmBlank, WarmTemplate};
use crate::zones::replacement::Replacement;
use crate::zones::zone::{Instance, InstanceId, ZoneEntry};
use cloison_contract::message::{Layer, Run, Spawn, ToTemplate};
use cloison_contract::process::{ProcessNumber, Reason};
use cloison_router::Router;
use cloison_transport::ChannelError;
use rustix::io::Errno;
use slotmap::SlotMap;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

slotmap::new_key_type! {
    /// A microprocess in one broker's life. Never reused.
    pub struct Pid;
}

/// How a microprocess ended.
pub use crate::child::Exit;

/// The standard streams of a microprocess.
#[derive(Debug)]
pub struct StandardStreams {
    /// Descriptor 0, 1 and 2.
    pub descriptors: [OwnedFd; 3],
}

impl StandardStreams {
    /// Copies of this process's own.
    pub fn inherited() -> io::Result<Self> {
        use rustix::stdio::{stderr, stdin, stdout};
        let copy = |descriptor| rustix::io::fcntl_dupfd_cloexec(descriptor, 3);
        Ok(Self { descriptors: [copy(stdin())?, copy(stdout())?, copy(stderr())?] })
    }

    /// Copies of these.
    pub(crate) fn copy(&self) -> io::Result<Self> {
        let [stdin, stdout, stderr] = &self.descriptors;
        let copy = |descriptor: &OwnedFd| rustix::io::fcntl_dupfd_cloexec(descriptor, 3);
        Ok(Self { descriptors: [copy(stdin)?, copy(stdout)?, copy(stderr)?] })
    }

    /// For processes that the program spawns: what it reads is its own.
    pub(crate) fn for_children(&self) -> io::Result<Self> {
        let null = std::fs::File::open("/dev/null")?;
        let Self { descriptors: [_, stdout, stderr] } = self.copy()?;
        Ok(Self { descriptors: [null.into(), stdout, stderr] })
    }

    /// All three are `/dev/null`.
    pub fn null() -> io::Result<Self> {
        let null = || std::fs::File::options().read(true).write(true).open("/dev/null").map(OwnedFd::from);
        Ok(Self { descriptors: [null()?, null()?, null()?] })
    }
}

/// Whose events a descriptor in the reactor reports.
#[derive(Clone, Copy, Debug)]
pub(crate) enum EventSource {
    /// A template has sent something or is gone.
    Template(TemplateKind),
    /// A template has ended.
    TemplateEnd(TemplateKind),
    /// A microprocess has sent something.
    Process(Pid),
    /// The router wants something.
    Router,
    /// A microprocess has ended.
    ProcessEnd(Pid),
    /// A signal for the broker.
    Signal,
    /// Somebody wants to look at the application.
    Inspection,
    /// Somebody who looks at the application wants something of the loop.
    Inspector,
    /// What is to become a program of the machine has sent something.
    Run(RunId),
    /// A program of the machine has ended, or the init of its namespace.
    RunEnd(RunId),
    /// A service has an order for a program, or has let go of it.
    RunLeash(RunId),
    /// A zone has sent something or is gone.
    Zone(InstanceId),
    /// A zone has ended.
    ZoneEnd(InstanceId),
}

/// The longest message of a template, which is a traceback, in bytes.
pub(crate) const FROM_TEMPLATE_BYTES: u64 = 1 << 20;
/// The longest message of a microprocess, which is what another one is to run, in bytes.
pub(crate) const FROM_MICROPROCESS_BYTES: u64 = 32 << 10;
/// The longest message of a zone, which is an error, in bytes.
pub(crate) const FROM_ZONE_BYTES: u64 = 1 << 20;

/// When to ask a busy template again, if nothing else happens.
const SPAWN_AGAIN: Duration = Duration::from_millis(5);

/// How many messages of one peer are read in one turn: a peer that floods waits for the others.
pub(crate) const MESSAGES_PER_TURN: usize = 16;

/// Why the broker cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// There is no audit trail, and the application wants one.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The host refused something.
    #[error(transparent)]
    Host(#[from] io::Error),
    /// SIGHUP, SIGINT or SIGTERM has arrived before the application was ready.
    #[error("interrupted")]
    Interrupted(i32),
    /// The template did not start, or a module's import failed.
    #[error("{message}")]
    Template {
        /// A traceback or a sentence.
        message: String,
        /// The exit status that Python would have given.
        status: i32,
    },
    /// There are as many microprocesses as the limit allows.
    #[error("there are {0} microprocesses already\nhint: [limits] processes in {1}")]
    TooMany(u32, String),
    /// There is no router.
    #[error(transparent)]
    Router(#[from] cloison_router::RouterError),
    /// A mailbox could not be made.
    #[error("a mailbox could not be made: {0}")]
    Mailbox(#[from] ChannelError),
}

impl From<Errno> for BrokerError {
    fn from(error: Errno) -> Self {
        Self::Host(error.into())
    }
}

/// What [`Broker::turn`] reports.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BrokerEvent {
    /// A microprocess has ended.
    Exited(Pid, Exit),
    /// A microprocess could not be made.
    NotStarted(Pid),
    /// SIGHUP, SIGINT or SIGTERM has arrived.
    Signal(i32),
}

/// The broker.
#[derive(Debug)]
pub struct Broker {
    pub(crate) application: LoadedApplication,
    pub(crate) binaries: Binaries,
    pub(crate) sources: Sources,
    pub(crate) reactor: Reactor<EventSource>,
    pub(crate) template: Template,
    /// There once a process was wanted that needs the program's own module.
    pub(crate) program: Option<ProgramTemplate>,
    pub(crate) processes: SlotMap<Pid, Process>,
    pub(crate) numbers: HashMap<ProcessNumber, Pid>,
    pub(crate) last_number: ProcessNumber,
    /// Which microprocesses have to be ended when.
    pub(crate) deadlines: BTreeSet<(Instant, ProcessNumber)>,
    /// Microprocesses that wait for another one to be started.
    pub(crate) spawns: VecDeque<(Pid, Spawn)>,
    /// Microprocesses without descriptors that are about to end, and since when they are looked at.
    pub(crate) unwatched: Vec<(Pid, Instant)>,
    pub(crate) router: Router,
    pub(crate) scheduler: Scheduler,
    pub(crate) randomness: Option<File>,
    /// A microprocess that came with a warm template, and waits for the program and its streams.
    pub(crate) first: Option<Pid>,
    /// The program that was started first, and its streams, which others write to as well.
    pub(crate) main: Option<(Run, StandardStreams)>,
    pub(crate) zones: Vec<ZoneEntry>,
    /// The zone that was, or is being, replaced last.
    pub(crate) replacement: Option<Replacement>,
    /// Who may do what.
    pub(crate) grants: GrantTable,
    /// How often of that the audit trail has said.
    pub(crate) uses: AuditUses,
    pub(crate) instances: SlotMap<InstanceId, Instance>,
    /// Programs of the machine that run.
    pub(crate) runs: SlotMap<RunId, ProgramRun>,
    pub(crate) last_channel: u64,
    pub(crate) events: VecDeque<BrokerEvent>,
    pub(crate) limiter: Limiter,
    /// Where it is written down what becomes of authority, if the application asks for that.
    pub(crate) audit: Option<Audit>,
    /// What the application does, if it is recorded.
    pub(crate) recorder: Option<RunRecorder>,
    /// What lies beside a program that may not import it, and what of that it has asked for.
    pub(crate) neighbours: Sources,
    pub(crate) missed: BTreeSet<String>,
    signals: Option<Signals>,
    pub(crate) inspector: Option<Inspector>,
    /// Why the program has ended.
    pub(crate) program_ended: Option<Reason>,
    /// Who waits for a microprocess's Python stack.
    pub(crate) stacks: VecDeque<(Pid, Sender<SeenStack>)>,
}

impl Broker {
    /// Start the template of an application. Call it from the main thread: its end is the signal by which the kernel takes
    /// everything down.
    pub fn start(application: LoadedApplication, binaries: Binaries) -> Result<Self, BrokerError> {
        Self::start_with(application, binaries, None)
    }

    /// The same, with a template that is there already, if there is one.
    pub fn start_with(
        application: LoadedApplication,
        binaries: Binaries,
        warm: Option<WarmTemplate>,
    ) -> Result<Self, BrokerError> {
        let audit = application.audit.as_ref().map(Audit::start).transpose()?;
        let sources = application.sources().map_err(|(root, error)| {
            let (root, manifest) = (root.display(), application.manifest.display());
            io::Error::new(error.kind(), format!("{root}: {error}\nhint: [app] site_packages in {manifest}"))
        })?;
        let mut neighbours = Sources::default();
        if let Some(folder) = &application.beside {
            let _ = neighbours.add(folder); // they only serve a hint
        }
        let recorder = RunRecorder::begin(&application)?;
        let mut reactor = Reactor::new()?;
        let scheduler = Scheduler::start();
        let (template, sent, blank) = match warm {
            Some(warm) => take_template(&application, sources.places(), warm, &mut reactor)?,
            None => {
                let (template, sent) = start_template(&application, sources.places(), &binaries, &mut reactor)?;
                (template, sent, None)
            }
        };
        if let (Progress::Ready, Some(worker)) = (&template.progress, template.family.worker()) {
            scheduler.place(worker.pid(), Standing::default());
        }
        let router = crate::signals::without_signals(|| Router::start(most_parcels()))?;
        reactor.add(&router, EventSource::Router)?;
        let zones = application.zones.iter().enumerate().map(|(zone, specification)| ZoneEntry {
            specification: specification.clone(),
            granted: application.granted(zone),
            backoff: Default::default(),
            failure: None,
            waiting: Vec::new(),
            account: None,
            edition: 0,
            retired: None,
        });
        let mut broker = Self {
            zones: zones.collect(),
            replacement: None,
            grants: GrantTable::default(),
            uses: AuditUses::default(),
            application,
            binaries,
            sources,
            reactor,
            template,
            processes: SlotMap::with_key(),
            numbers: HashMap::new(),
            last_number: 0,
            program: None,
            deadlines: BTreeSet::new(),
            spawns: VecDeque::new(),
            unwatched: Vec::new(),
            router,
            scheduler,
            randomness: None,
            first: None,
            main: None,
            instances: SlotMap::with_key(),
            runs: SlotMap::with_key(),
            last_channel: 0,
            events: VecDeque::new(),
            limiter: Limiter::default(),
            audit,
            recorder,
            neighbours,
            missed: BTreeSet::new(),
            signals: None,
            inspector: None,
            program_ended: None,
            stacks: VecDeque::new(),
        };
        broker.mint_capabilities()?;
        if let Some(blank) = blank {
            broker.take_blank(blank)?;
        }
        if !sent {
            broker.template_gone(TemplateKind::Common);
        }
        Ok(broker)
    }

    /// Use a microprocess that came with the template for the program, or end it if that needs another one.
    fn take_blank(&mut self, blank: WarmBlank) -> Result<(), BrokerError> {
        let WarmBlank { control, child, mailbox } = blank;
        // It has a mailbox of the usual size, and nothing of what the application imports.
        let fits = self.application.preload.is_empty()
            && self.application.limits.mailbox_bytes == crate::warm::limits().mailbox_bytes;
        let reactor = &mut self.reactor;
        let pid = self.processes.try_insert_with_key(|pid| {
            let registration = reactor.add(&control, EventSource::Process(pid))?;
            let watched = reactor.add(&child, EventSource::ProcessEnd(pid))?;
            let child = WatchedChild::ByDescriptor(child, watched);
            Ok::<_, BrokerError>(Process::blank(Arc::new(control), registration, Some(child), mailbox))
        })?;
        if !fits {
            self.kill(pid);
            return Ok(());
        }
        // It was forked before its template was told where it stands.
        if let Some(os_pid) = self.os_pid(pid) {
            self.scheduler.place(os_pid, Standing::default());
        }
        self.first = Some(pid);
        Ok(())
    }

    /// Report SIGHUP, SIGINT and SIGTERM as [`BrokerEvent::Signal`] from now on.
    pub fn watch_signals(&mut self) -> Result<(), BrokerError> {
        let signals = Signals::block()?;
        self.reactor.add(&signals, EventSource::Signal)?;
        self.signals = Some(signals);
        Ok(())
    }

    /// Let this user's `cloison ps`, `inspect` and `kill` find the application, by a socket in that folder.
    pub fn allow_inspection(&mut self, folder: &std::path::Path) -> Result<(), BrokerError> {
        let listener = Listener::bind(folder)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", folder.display())))?;
        let application = crate::processes::spawning::describe(&self.application.run);
        let inspector = Inspector::new(listener, application, self.router.handle())?;
        self.reactor.add(inspector.listener(), EventSource::Inspection)?;
        self.reactor.add(inspector.bell(), EventSource::Inspector)?;
        self.inspector = Some(inspector);
        Ok(())
    }

    /// What the application is.
    pub fn application(&self) -> &LoadedApplication {
        &self.application
    }

    /// Wait until the template has imported the application's modules.
    pub fn ready(&mut self) -> Result<(), BrokerError> {
        loop {
            match &self.template.progress {
                Progress::Ready => return Ok(()),
                Progress::Failed { message, status } => {
                    return Err(BrokerError::Template { message: message.clone(), status: *status });
                }
                Progress::Starting => {}
            }
            self.poll(None)?;
            if let Some(BrokerEvent::Signal(signal)) =
                self.events.iter().find(|event| matches!(event, BrokerEvent::Signal(_)))
            {
                return Err(BrokerError::Interrupted(*signal));
            }
        }
    }

    /// The layers in force in the template and in every microprocess.
    pub fn template_layers(&self) -> &[Layer] {
        &self.template.family.layers
    }

    /// Modules that lie beside the program, that it has asked for, and that it may not import: a few of them.
    pub fn missed(&self) -> impl Iterator<Item = &str> {
        self.missed.iter().map(String::as_str)
    }

    /// Take everything down and wait until it is gone; whether a signal has come meanwhile. From now on signals end this
    /// process as they end any other.
    pub fn end(mut self) -> bool {
        let signals = self.signals.take();
        drop(self);
        signals.is_some_and(|signals| signals.next().is_some())
    }

    /// Have something written in the audit trail, if there is one. Never waits.
    pub(crate) fn note(&self, event: impl FnOnce() -> AuditEvent) {
        if let Some(audit) = &self.audit {
            audit.note(event());
        }
    }

    /// Log something that a program can cause as often as it likes, within the limiter's rate. `say` gets the number of messages
    /// that were dropped before this one.
    pub(crate) fn complain(&mut self, say: impl FnOnce(Option<u64>)) {
        if let Some(unsaid) = self.limiter.admit(Instant::now()) {
            say((unsaid > 0).then_some(unsaid));
        }
    }

    /// The next event, after `timeout` at most.
    pub fn turn(&mut self, timeout: Option<Duration>) -> Result<Option<BrokerEvent>, BrokerError> {
        let until = timeout.map(|timeout| Instant::now() + timeout);
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            self.poll(left)?; // also with no time left: whoever asks often must still learn what has happened
            if self.events.is_empty() && left.is_some_and(|left| left.is_zero()) {
                return Ok(None);
            }
        }
    }

    /// Wait once and do what there is to do.
    pub(crate) fn poll(&mut self, timeout: Option<Duration>) -> Result<(), BrokerError> {
        let check = self
            .next_check()
            .into_iter()
            .chain(self.next_template_check())
            .chain(self.next_run_check())
            .chain(self.next_look())
            .chain(self.deadlines.first().map(|(at, _)| *at))
            .chain(self.grants.next_expiry())
            .chain(self.next_recording())
            .chain((!self.spawns.is_empty()).then(|| Instant::now() + SPAWN_AGAIN))
            .chain(self.next_unwatched())
            .min()
            .map(|at| at.saturating_duration_since(Instant::now()));
        let timeout = timeout.into_iter().chain(check).min();
        for registration in self.reactor.wait(timeout)? {
            match self.reactor.meaning(registration) {
                Some(EventSource::Template(kind)) => self.hear_template(kind),
                Some(EventSource::Process(pid)) => self.hear_process(pid),
                Some(EventSource::ProcessEnd(pid)) => self.process_ended(pid),
                Some(EventSource::Router) => self.hear_router(),
                Some(EventSource::Signal) => self.hear_signal(),
                Some(EventSource::Inspection) => self.inspector.iter().for_each(Inspector::accept),
                Some(EventSource::Inspector) => self.hear_inspectors(),
                Some(EventSource::TemplateEnd(kind)) => self.template_ended(kind),
                Some(EventSource::Run(run)) => self.hear_run(run),
                Some(EventSource::RunEnd(run)) => self.run_ended(run),
                Some(EventSource::RunLeash(run)) => self.hear_leash(run),
                Some(EventSource::Zone(instance)) => self.hear_zone(instance),
                Some(EventSource::ZoneEnd(instance)) => self.zone_ended(instance),
                None => {} // closed earlier in this turn
            }
        }
        self.look_at_unwatched();
        self.check_zones(Instant::now());
        self.end_overdue_runs(Instant::now());
        self.check_program_template(Instant::now());
        self.end_overdue(Instant::now());
        self.expire_grants(Instant::now());
        self.look_for_hogs(Instant::now());
        self.look_at_peaks(Instant::now());
        self.serve_spawns();
        self.refill_blanks();
        Ok(())
    }

    fn hear_signal(&mut self) {
        let next = self.signals.as_ref().and_then(Signals::next);
        self.events.extend(next.map(BrokerEvent::Signal));
    }
}

/// Start a template and tell it what to import; whether it could be told.
fn start_template(
    application: &LoadedApplication,
    folders: Vec<String>,
    binaries: &Binaries,
    reactor: &mut Reactor<EventSource>,
) -> Result<(Template, bool), BrokerError> {
    let (control, launcher) = binaries.template()?;
    let control = control.receiving_at_most(FROM_TEMPLATE_BYTES);
    let family = Family::new(launcher);
    let registration = reactor.add(&control, EventSource::Template(TemplateKind::Common))?;
    let boot = ToTemplate::Boot {
        preload: application.preload.clone(),
        memory_bytes: application.limits.memory_bytes,
        cpu_seconds: application.limits.cpu_seconds,
        descriptors: application.limits.descriptors,
        processes: forks_at_once(application.limits.processes),
        may_be_missing: application.may_be_missing.clone(),
        folders,
        deterministic: application.deterministic,
        warm: false,
    };
    let sent = control.try_send(&boot, &[]).is_ok();
    Ok((Template::new(control, registration, family), sent))
}

/// Use a template that is there. What it has not imported yet it is told now.
fn take_template(
    application: &LoadedApplication,
    folders: Vec<String>,
    warm: WarmTemplate,
    reactor: &mut Reactor<EventSource>,
) -> Result<(Template, bool, Option<WarmBlank>), BrokerError> {
    let WarmTemplate { control, keeper, worker, init, layers, blank, .. } = warm;
    let registration = reactor.add(&control, EventSource::Template(TemplateKind::Common))?;
    let watched = reactor.add(&worker, EventSource::TemplateEnd(TemplateKind::Common))?;
    let family = Family::kept(keeper, worker, init, layers);
    let mut template = Template::new(control, registration, family);
    template.worker = Some(watched);
    if application.preload.is_empty() && folders.is_empty() {
        template.progress = Progress::Ready;
        return Ok((template, true, Some(blank)));
    }
    let import = ToTemplate::Import { modules: application.preload.clone(), folders };
    let StandardStreams { descriptors: [_, stdout, stderr] } = StandardStreams::inherited()?;
    let sent = template.control.try_send(&import, &[stdout.as_fd(), stderr.as_fd()]).is_ok();
    Ok((template, sent, Some(blank)))
}

impl Drop for Broker {
    /// Take everything down and wait until it is gone. The kernel would do it when we end; this way nothing outlives the
    /// call. Zones first: their clients need not hear of it.
    fn drop(&mut self) {
        self.note_uses();
        for process in self.processes.values() {
            let Some(running) = process.running() else { continue };
            let unsaid = process.held.doings.borrow_mut().take_unsaid();
            self.note(|| AuditEvent::end(AuditProcess::of(running), "the application ends").after(unsaid));
        }
        // All of them first, so that none is waited for while others still run.
        self.instances.values().for_each(|instance| instance.family.kill());
        self.program.iter().for_each(|program| program.template.family.kill());
        self.template.family.kill();
        for (_, process) in &self.processes {
            if let Some(child) = &process.child {
                child.signal(rustix::process::Signal::KILL);
            }
        }
        // A process that is stuck in the kernel must not keep the broker waiting.
        let until = Instant::now() + TAKING_DOWN;
        self.end_runs(until);
        for (_, mut instance) in self.instances.drain() {
            instance.family.end(until);
        }
        for (_, process) in self.processes.drain() {
            if let Some(child) = process.child {
                child.wait_until(until);
            }
        }
        if let Some(program) = &mut self.program {
            program.template.family.end(until);
        }
        self.template.family.end_with_strangers(until);
    }
}
