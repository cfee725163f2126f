//! How microprocesses come to be: forked as blanks, then told what to run.

use crate::broker::{Broker, BrokerError, EventSource, FROM_MICROPROCESS_BYTES, Pid, StandardStreams};
use crate::process::{HeldCapabilities, Process, Running, Work};
use crate::template::{Forking, TemplateKind};
use cloison_contract::message::{Begin, Run, Spawn, ToMicroprocess, ToTemplate};
use cloison_contract::process::{NAME_BYTES, ProcessNumber, ProcessRef, Reason};
use cloison_router::{NewProcess, RouterEvent};
use cloison_transport::control::{Control, ControlError};
use cloison_transport::mailbox;
use rustix::io::Errno;
use rustix::process::{Resource, Signal, getrlimit};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

/// How long the template may take to read what it is asked.
const FORK_PATIENCE: Duration = Duration::from_secs(10);
/// How many forks the template may have under way for microprocesses that spawn.
const FORKS_UNDER_WAY: usize = 64;
/// How many descriptors the broker has for each microprocess: control socket, mailbox bell, pidfd, and what is on its way.
const DESCRIPTORS_EACH: u64 = 5;
/// How many it needs besides.
const DESCRIPTORS_ASIDE: u64 = 128;
/// What an inbox holds beyond twice what may wait there: what many senders have under way before they hear that it is full.
const INBOX_SPARE_BYTES: u64 = 4 << 20;

/// The number of the program itself: the first.
const PROGRAM: ProcessNumber = 1;
/// How long the router may take to say why the program has ended.
const REASON_PATIENCE: Duration = Duration::from_millis(500);

impl Broker {
    /// Why the program, which has ended, did so, as its links and monitors hear it; `None` if that cannot be learnt.
    pub fn reason_of_program(&mut self) -> Option<Reason> {
        let until = Instant::now() + REASON_PATIENCE;
        while self.program_ended.is_none() && Instant::now() < until {
            self.poll(Some(Duration::from_millis(10))).ok()?;
        }
        self.program_ended.clone()
    }

    /// Start a microprocess that runs `run` with all capabilities of the application. Its end comes as an
    /// [`crate::broker::BrokerEvent`].
    pub fn spawn(&mut self, run: Run, streams: &StandardStreams) -> Result<Pid, BrokerError> {
        let limit = self.application.limits.processes;
        if self.numbers.len() >= limit as usize {
            return Err(BrokerError::TooMany(limit, self.application.manifest.display().to_string()));
        }
        let pid = self.fork(TemplateKind::Common, streams, FORK_PATIENCE)?;
        if self.main.is_none() {
            self.main = Some((run.clone(), streams.for_children()?));
        }
        let running = Running {
            reference: self.new_reference()?,
            parent: None,
            name: None,
            function: describe(&run),
            capabilities: HeldCapabilities::All,
            memory_bytes: self.application.limits.memory_bytes,
            cpu_seconds: self.application.limits.cpu_seconds,
        };
        self.begin(pid, running, run, None, None, None);
        Ok(pid)
    }

    /// Have a template fork a blank. It is waited for, until it has read what it is asked, for `patience` at most.
    fn fork(&mut self, kind: TemplateKind, streams: &StandardStreams, patience: Duration) -> Result<Pid, BrokerError> {
        let (ours, theirs) = Control::pair()?;
        let ours = ours.receiving_at_most(FROM_MICROPROCESS_BYTES);
        let inbox_bytes = self.application.limits.mailbox_bytes.saturating_mul(2).saturating_add(INBOX_SPARE_BYTES);
        let (mailbox, [memory, bell]) = mailbox::create(inbox_bytes)?;
        let [stdin, stdout, stderr] = &streams.descriptors;
        let mut seed = [0; 32];
        self.random(&mut seed)?;
        let descriptors = [theirs.as_fd(), stdin.as_fd(), stdout.as_fd(), stderr.as_fd(), memory.as_fd(), bell.as_fd()];
        self.ask_for_fork(kind, &ToTemplate::Fork { seed }, &descriptors, patience)?;
        let reactor = &mut self.reactor;
        let pid = self.processes.try_insert_with_key(|pid| {
            let registration = reactor.add(&ours, EventSource::Process(pid))?;
            Ok::<_, BrokerError>(Process {
                control: ours,
                registration,
                child: None,
                doomed: false,
                work: Work::Blank(Box::new(mailbox)),
                accounts: Default::default(),
                channels: Default::default(),
                ends: Default::default(),
            })
        })?;
        if let Some(template) = self.template(kind) {
            template.forking.push_back(Forking::Process(pid));
        }
        Ok(pid)
    }

    /// Without waiting for a template, which may be at work on earlier ones, for longer than `patience`.
    pub(crate) fn ask_for_fork(
        &mut self,
        kind: TemplateKind,
        fork: &ToTemplate,
        descriptors: &[BorrowedFd<'_>],
        patience: Duration,
    ) -> Result<(), BrokerError> {
        let until = Instant::now() + patience;
        loop {
            let Some(template) = self.template(kind) else {
                return Err(io::Error::other("there is no template").into());
            };
            match template.control.try_send(fork, descriptors) {
                Ok(()) => return Ok(()),
                Err(ControlError::System(Errno::AGAIN | Errno::TOOMANYREFS)) if Instant::now() < until => {
                    self.poll(Some(Duration::from_millis(1)))?;
                }
                Err(ControlError::System(error @ (Errno::AGAIN | Errno::TOOMANYREFS))) => return Err(error.into()),
                Err(error) => {
                    self.template_gone(kind);
                    return Err(io::Error::other(error).into());
                }
            }
        }
    }

    pub(crate) fn random(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        if self.randomness.is_none() {
            self.randomness = Some(File::open("/dev/urandom")?);
        }
        self.randomness.as_mut().map_or(Ok(()), |source| source.read_exact(bytes))
    }

    /// A number that nobody has had, and a token that nobody can guess.
    fn new_reference(&mut self) -> Result<ProcessRef, BrokerError> {
        let mut token = [0; 16];
        self.random(&mut token)?;
        self.last_number += 1;
        Ok(ProcessRef { number: self.last_number, token })
    }

    /// Tell a blank what it runs. From now on others reach it.
    fn begin(
        &mut self,
        pid: Pid,
        running: Running,
        run: Run,
        parent: Option<ProcessRef>,
        link: Option<ProcessNumber>,
        monitor: Option<(ProcessNumber, u64)>,
    ) {
        let Some(process) = self.processes.get_mut(pid) else { return };
        let (reference, memory_bytes, cpu_seconds) = (running.reference, running.memory_bytes, running.cpu_seconds);
        let name = running.name.clone();
        let work = std::mem::replace(&mut process.work, Work::Running(Box::new(running)));
        let Work::Blank(mailbox) = work else { return };
        self.numbers.insert(reference.number, pid);
        let mailbox_bytes = self.application.limits.mailbox_bytes;
        self.router.add(NewProcess { reference, mailbox: *mailbox, mailbox_bytes, link, monitor });
        let begin = Begin { run, myself: reference, parent, name, memory_bytes, cpu_seconds, mailbox_bytes };
        self.answer(pid, &ToMicroprocess::Run(Box::new(begin)), &[]);
    }

    /// A microprocess wants another one. It waits for the answer, so it has one wish at a time.
    pub(crate) fn spawn_for(&mut self, pid: Pid, spawn: Spawn) {
        self.spawns.push_back((pid, spawn));
        self.serve_spawns();
    }

    /// Start what is wanted, in the order in which it was, for as long as there are blanks or the template can fork. Nothing here waits:
    /// what cannot be had now is tried again in the next turn.
    pub(crate) fn serve_spawns(&mut self) {
        while let Some((pid, spawn)) = self.spawns.pop_front() {
            let begun = match self.may_spawn(pid, &spawn) {
                Err(message) => Err(message),
                Ok(parent) => match self.blank(spawn.main) {
                    Ok(Some((blank, kind))) => self.begin_spawned(blank, kind, parent, spawn),
                    Ok(None) => return self.spawns.push_front((pid, spawn)),
                    Err(error) => Err(format!("the process could not be started: {error}")),
                },
            };
            let answer = match begun {
                Ok(reference) => ToMicroprocess::Spawned(reference),
                Err(message) => ToMicroprocess::Denied { message },
            };
            self.answer(pid, &answer, &[]);
        }
    }

    /// A blank, from a pool or forked now, and by which template; `None` while the template is busy.
    fn blank(&mut self, needs_main: bool) -> Result<Option<(Pid, TemplateKind)>, BrokerError> {
        let Some(kind) = self.template_for(needs_main) else { return Ok(None) };
        let Some(template) = self.template(kind) else { return Ok(None) };
        if let Some(blank) = template.blanks.take(Instant::now()) {
            return Ok(Some((blank, kind)));
        }
        if template.forking.len() >= FORKS_UNDER_WAY {
            return Ok(None);
        }
        let Some((_, streams)) = &self.main else { return Err(io::Error::other("there is no program").into()) };
        let streams = streams.copy()?;
        match self.fork(kind, &streams, Duration::ZERO) {
            Ok(blank) => Ok(Some((blank, kind))),
            Err(BrokerError::Host(error)) if is_busy(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a process may start that one; what it is itself.
    fn may_spawn(&self, pid: Pid, spawn: &Spawn) -> Result<Running, String> {
        let Some(parent) = self.processes.get(pid).and_then(Process::running) else {
            return Err("a process that runs nothing cannot spawn".into());
        };
        let limit = self.application.limits.processes;
        let manifest = self.application.manifest.display();
        if self.numbers.len() >= limit as usize {
            return Err(format!("there are {limit} microprocesses already\nhint: [limits] processes in {manifest}"));
        }
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let most = files.saturating_sub(DESCRIPTORS_ASIDE) / DESCRIPTORS_EACH;
        if self.processes.len() as u64 >= most {
            return Err(format!(
                "{files} open files are enough for {most} microprocesses and no more\nhint: `ulimit -n` raises the limit on open files"
            ));
        }
        if spawn.name.as_ref().is_some_and(|name| name.len() > NAME_BYTES) {
            return Err(format!("a process's name has no more than {NAME_BYTES} bytes"));
        }
        let holds = |name: &str| self.application.capabilities.contains_key(name) && parent.capabilities.has(name);
        match spawn.capabilities.iter().find(|name| !holds(name)) {
            Some(missing) => Err(format!("this process does not hold the capability {missing:?} itself")),
            None => Ok(parent.clone()),
        }
    }

    fn begin_spawned(
        &mut self,
        blank: Pid,
        kind: TemplateKind,
        parent: Running,
        spawn: Spawn,
    ) -> Result<ProcessRef, String> {
        let within = |asked: Option<u64>, own: u64| asked.map_or(own, |asked| asked.min(own));
        let Some((main, _)) = &self.main else { return Err("there is no program".into()) };
        let run = Run::Spawned {
            main: (spawn.main && kind == TemplateKind::Common).then(|| Box::new(main.clone())),
            argv: main.argv().to_vec(),
            module: spawn.module.clone(),
            qualname: spawn.qualname.clone(),
            arguments: spawn.arguments,
        };
        let reference = self.new_reference().map_err(|error| format!("the process could not be started: {error}"))?;
        let running = Running {
            reference,
            parent: Some(parent.reference.number),
            name: spawn.name,
            function: format!("{}:{}", spawn.module, spawn.qualname),
            capabilities: HeldCapabilities::Given(spawn.capabilities.into_iter().collect()),
            memory_bytes: within(spawn.memory_bytes, parent.memory_bytes),
            cpu_seconds: within(spawn.cpu_seconds, parent.cpu_seconds),
        };
        let number = parent.reference.number;
        let (link, monitor) = (spawn.link.then_some(number), spawn.monitor.map(|reference| (number, reference)));
        self.begin(blank, running, run, Some(parent.reference), link, monitor);
        self.set_nice(blank, spawn.nice);
        Ok(reference)
    }

    /// The kernel's nice value: others first. It is a wish; what a process may use up is its limits' business.
    fn set_nice(&self, pid: Pid, nice: u8) {
        if let Some(os_pid) = (nice > 0).then(|| self.os_pid(pid)).flatten() {
            let os_pid = rustix::process::Pid::from_raw(os_pid);
            if let Err(error) = rustix::process::setpriority_process(os_pid, nice.min(19).into()) {
                tracing::debug!(%error, "the nice value of a microprocess could not be set");
            }
        }
    }

    /// Keep as many blanks as are wanted: one more in each turn, if the template can take it.
    pub(crate) fn refill_blanks(&mut self) {
        for kind in [TemplateKind::Common, TemplateKind::Program] {
            let Some(template) = self.template(kind) else { continue };
            let unwanted = template.blanks.unwanted(Instant::now());
            let refill = template.is_ready() && template.blanks.is_short() && template.forking.is_empty();
            unwanted.into_iter().for_each(|blank| self.kill(blank));
            if refill {
                self.refill(kind);
            }
        }
    }

    fn refill(&mut self, kind: TemplateKind) {
        let Some(Ok(streams)) = self.main.as_ref().map(|(_, streams)| streams.copy()) else { return };
        match (self.fork(kind, &streams, Duration::ZERO), self.template(kind)) {
            (Ok(blank), Some(template)) => template.blanks.put(blank),
            (Ok(blank), None) => self.kill(blank),
            (Err(error), _) => tracing::debug!(%error, "no blank could be forked"),
        }
    }

    /// End a microprocess at once, also one that has not been forked yet.
    pub(crate) fn kill(&mut self, pid: Pid) {
        if let Some(process) = self.processes.get_mut(pid) {
            process.doomed = true;
            self.signal(pid, Signal::KILL);
        }
    }

    pub(crate) fn hear_router(&mut self) {
        while let Some(event) = self.router.event() {
            match event {
                RouterEvent::Kill(number) => {
                    if let Some(pid) = self.numbers.get(&number) {
                        self.kill(*pid);
                    }
                }
                RouterEvent::Ended { number, reason } => {
                    tracing::debug!(number, %reason, "a process has ended");
                    if number == PROGRAM {
                        self.program_ended = Some(reason);
                    }
                }
            }
        }
    }

    /// Tell those who asked that a process has ended.
    pub(crate) fn announce_end(&mut self, process: &Process, reason: Reason) {
        if let Some(running) = process.running() {
            self.numbers.remove(&running.reference.number);
            self.router.ended(running.reference.number, reason);
        }
    }
}

/// What `run` runs, for people.
pub(crate) fn describe(run: &Run) -> String {
    match run {
        Run::Function { module, qualname, .. } | Run::Spawned { module, qualname, .. } => {
            format!("{module}:{qualname}")
        }
        Run::Script { path, .. } => path.clone(),
        Run::Module { name, .. } => format!("-m {name}"),
    }
}

/// The template has not read what it was asked before.
pub(crate) fn is_busy(error: &io::Error) -> bool {
    Errno::from_io_error(error).is_some_and(|error| matches!(error, Errno::AGAIN | Errno::TOOMANYREFS))
}
