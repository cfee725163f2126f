//! How microprocesses come to be: forked as blanks, then told what to run.

use crate::audit::{AuditEvent, AuditProcess};
use crate::broker::{Broker, BrokerError, EventSource, FROM_MICROPROCESS_BYTES, Pid, StandardStreams};
use crate::capabilities::{GivenCapability, HeldCapabilities, Lineage};
use crate::launch::{descriptors_for, most_processes};
use crate::processes::process::{Process, Running, Work};
use crate::processes::scheduling::{Load, Standing};
use crate::processes::template::{Forking, Progress, TemplateKind};
use cloison_contract::message::{Begin, Run, Spawn, ToMicroprocess, ToTemplate};
use cloison_contract::process::{NAME_BYTES, ProcessNumber, ProcessRef, Reason};
use cloison_router::{NewProcess, RouterEvent, Ties};
use cloison_transport::control::{Control, ControlError};
use cloison_transport::mailbox;
use rustix::io::Errno;
use rustix::process::Signal;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the template may take to read what it is asked.
const FORK_PATIENCE: Duration = Duration::from_secs(10);
/// How many forks the template may have under way for microprocesses that spawn. It makes one after the other; each that waits has
/// six descriptors on their way, which the kernel counts for each user.
const FORKS_UNDER_WAY: usize = 16;
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
        let (pid, late) = match self.first.take() {
            Some(blank) => (blank, Some(streams)),
            None => (self.fork(TemplateKind::Common, streams, FORK_PATIENCE)?, None),
        };
        if self.main.is_none() {
            self.main = Some((run.clone(), streams.for_children()?));
        }
        let reference = self.new_reference()?;
        let running = Running {
            reference,
            parent: None,
            lineage: Lineage::default().of_child(reference.number),
            name: None,
            function: describe(&run),
            profile: None,
            memory_bytes: self.application.limits.memory_bytes,
            cpu_seconds: self.application.limits.cpu_seconds,
            deadline: self.application.limits.deadline.map(|deadline| Instant::now() + deadline),
            most_children: self.application.limits.children,
            children: 0,
            most_channels: self.application.limits.channels,
            standing: Standing::default(),
            load: Load::default(),
        };
        let held = self.all_capabilities();
        self.begin(pid, (running, held), run, None, Ties::default(), late);
        Ok(pid)
    }

    /// Have a template fork a blank. It is waited for, until it has read what it is asked, for `patience` at most.
    fn fork(&mut self, kind: TemplateKind, streams: &StandardStreams, patience: Duration) -> Result<Pid, BrokerError> {
        let (ours, theirs) = Control::pair()?;
        let ours = Arc::new(ours.receiving_at_most(FROM_MICROPROCESS_BYTES));
        let (mailbox, [memory, bell]) = mailbox::create(inbox_bytes(self.application.limits.mailbox_bytes))?;
        let [stdin, stdout, stderr] = &streams.descriptors;
        let mut seed = [0; 32];
        self.random(&mut seed)?;
        let descriptors = [theirs.as_fd(), stdin.as_fd(), stdout.as_fd(), stderr.as_fd(), memory.as_fd(), bell.as_fd()];
        self.ask_for_fork(kind, &ToTemplate::Fork { seed, rehearse: false }, &descriptors, patience)?;
        let reactor = &mut self.reactor;
        let pid = self.processes.try_insert_with_key(|pid| {
            let registration = reactor.add(&*ours, EventSource::Process(pid))?;
            Ok::<_, BrokerError>(Process::blank(ours, registration, None, mailbox))
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
            // Its init has the other end of its socket, too, so that sending would not fail.
            if let (Progress::Failed { message, .. }, None) = (&template.progress, template.registration) {
                return Err(io::Error::other(message.clone()).into());
            }
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
        Ok(ProcessRef::with_control(self.last_number, token))
    }

    /// Tell a blank what it runs, and give it its streams if it was forked without them. From now on others reach it.
    fn begin(
        &mut self,
        pid: Pid,
        (running, held): (Running, HeldCapabilities),
        run: Run,
        parent: Option<ProcessRef>,
        ties: Ties,
        streams: Option<&StandardStreams>,
    ) {
        let Some(process) = self.processes.get_mut(pid) else { return };
        let (reference, memory_bytes, cpu_seconds) = (running.reference, running.memory_bytes, running.cpu_seconds);
        let name = running.name.clone();
        if let Some(audit) = &self.audit {
            audit.note(AuditEvent::spawn(AuditProcess::of(&running), running.parent));
        }
        let folders = self.sources.places();
        let mounts = self.application.mounts(|capability| held.has(capability));
        let services = self.application.offers(|capability| held.has(capability));
        self.deadlines.extend(running.deadline.map(|deadline| (deadline, reference.number)));
        let work = std::mem::replace(&mut process.work, Work::Running(Box::new(running)));
        process.held = held;
        let Work::Blank(mailbox) = work else { return };
        self.numbers.insert(reference.number, pid);
        let mailbox_bytes = self.application.limits.mailbox_bytes;
        let control = Arc::clone(&process.control);
        self.router.add(NewProcess { reference, mailbox: *mailbox, control, mailbox_bytes, memory_bytes, ties });
        let begin = Begin {
            run,
            myself: reference,
            parent,
            name,
            memory_bytes,
            cpu_seconds,
            mailbox_bytes,
            mounts,
            folders,
            services,
            recorded: self.recorder.is_some(),
        };
        let streams: Vec<_> = streams.iter().flat_map(|streams| &streams.descriptors).map(AsFd::as_fd).collect();
        self.answer(pid, &ToMicroprocess::Run(Box::new(begin)), &streams);
        self.spare_descriptor(pid);
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
                Ok((parent, held)) => match self.blank(spawn.main) {
                    Ok(Some((blank, kind))) => {
                        let begun = self.begin_spawned(blank, kind, parent, spawn, held);
                        // Nobody else will tell that blank what to run.
                        begun.inspect_err(|_| self.kill(blank))
                    }
                    Ok(None) => return self.spawns.push_front((pid, spawn)),
                    Err(error) => Err(format!("the process could not be started: {error}")),
                },
            };
            let answer = match begun {
                Ok(reference) => ToMicroprocess::Spawned(reference),
                Err(message) => {
                    self.note_denied_spawn(pid, &message);
                    ToMicroprocess::Denied { message }
                }
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
        if self.is_full() {
            self.spare_a_blank();
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

    /// Whether there are descriptors for no more microprocesses, blanks and those that are about to end among them.
    fn is_full(&self) -> bool {
        self.processes.len() as u64 >= most_processes()
    }

    /// End a blank that nobody waits for, so that there is room for one of the other template's.
    fn spare_a_blank(&mut self) {
        let mut kinds = [TemplateKind::Common, TemplateKind::Program].into_iter();
        if let Some(blank) = kinds.find_map(|kind| self.template(kind)?.blanks.spare()) {
            self.kill(blank);
        }
    }

    /// Whether a process may start that one; what it is itself, and what it gives.
    fn may_spawn(&self, pid: Pid, spawn: &Spawn) -> Result<(Running, Vec<GivenCapability>), String> {
        let Some(parent) = self.processes.get(pid).and_then(Process::running) else {
            return Err("a process that runs nothing cannot spawn".into());
        };
        let limit = self.application.limits.processes;
        let manifest = self.application.manifest.display();
        if self.numbers.len() >= limit as usize {
            return Err(format!("there are {limit} microprocesses already\nhint: [limits] processes in {manifest}"));
        }
        if parent.children >= parent.most_children {
            let (most, number) = (parent.most_children, parent.reference.number);
            let what = match most {
                0 => format!("process {number} may not spawn"),
                _ => format!("process {number} has {most} living children already, which is the most"),
            };
            return Err(format!("{what}\nhint: {}", self.where_limited(parent, "children")));
        }
        let most = most_processes();
        if self.numbers.len() as u64 >= most {
            return Err(format!(
                "there are descriptors for {most} microprocesses and no more\n\
                 hint: `ulimit -n {}` allows as many as [limits] processes in {manifest}; root raises the hard limit",
                descriptors_for(limit)
            ));
        }
        if spawn.name.as_ref().is_some_and(|name| name.len() > NAME_BYTES) {
            return Err(format!("a process's name has no more than {NAME_BYTES} bytes"));
        }
        Ok((parent.clone(), self.capabilities_for_child(pid, spawn)?))
    }

    /// Where a limit of a microprocess's can be raised, for people.
    pub(crate) fn where_limited(&self, running: &Running, limit: &str) -> String {
        let manifest = self.application.manifest.display();
        let Some(parent) = running.parent else { return format!("[limits] {limit} in {manifest}") };
        let sets = |name: &&String| self.application.profiles.get(*name).is_some_and(|profile| profile.sets(limit));
        let profile = running.profile.as_ref().filter(sets).map(|name| format!("[microprocess.{name}] {limit}, "));
        let profile = profile.unwrap_or_default();
        format!("`{limit}` of its spawn in process {parent}, {profile}and [limits] {limit} in {manifest}")
    }

    fn begin_spawned(
        &mut self,
        blank: Pid,
        kind: TemplateKind,
        parent: Running,
        spawn: Spawn,
        given: Vec<GivenCapability>,
    ) -> Result<ProcessRef, String> {
        let spawn = match spawn.profile.as_ref().and_then(|profile| self.application.profiles.get(profile)) {
            Some(profile) => profile.limit(spawn),
            None => spawn,
        };
        let number = parent.reference.number;
        let within = |asked: Option<u64>, own: u64| asked.map_or(own, |asked| asked.min(own));
        let Some((main, _)) = &self.main else { return Err("there is no program".into()) };
        let run = Run::Spawned {
            main: (spawn.main && kind == TemplateKind::Common).then(|| Box::new(main.clone())),
            argv: main.argv().to_vec(),
            module: spawn.module.clone(),
            qualname: spawn.qualname.clone(),
            arguments: spawn.arguments,
            register: spawn.register,
        };
        let reference = self.new_reference().map_err(|error| format!("the process could not be started: {error}"))?;
        let given = self.narrow_by_profile(given, spawn.profile.as_deref(), number)?;
        let running = Running {
            reference,
            parent: Some(number),
            lineage: parent.lineage.of_child(reference.number),
            name: spawn.name,
            function: format!("{}:{}", spawn.module, spawn.qualname),
            profile: spawn.profile,
            memory_bytes: within(spawn.memory_bytes, parent.memory_bytes),
            cpu_seconds: within(spawn.cpu_seconds, parent.cpu_seconds),
            deadline: earlier(spawn.deadline_ms.and_then(in_milliseconds), parent.deadline),
            most_children: spawn.children.unwrap_or(u32::MAX).min(parent.most_children),
            children: 0,
            most_channels: spawn.channels.unwrap_or(u32::MAX).min(parent.most_channels),
            standing: parent.standing.of_child(spawn.priority, spawn.nice),
            load: Load::default(),
        };
        let standing = running.standing;
        let ties = Ties {
            link: spawn.link.then_some(number),
            may_link: spawn.may_link.then_some(number),
            monitor: spawn.monitor.map(|reference| (number, reference)),
        };
        let held = self.take_over(given, (number, reference.number));
        self.begin(blank, (running, held), run, Some(parent.reference.send_only()), ties, None);
        if let Some(parent) = self.running_mut(number) {
            parent.children += 1;
        }
        // A child may have ended before anybody looks.
        self.numbers.get(&number).into_iter().for_each(|parent| self.look_at_peak(*parent));
        self.stand(blank, standing);
        Ok(reference)
    }

    pub(crate) fn running_mut(&mut self, number: ProcessNumber) -> Option<&mut Running> {
        match &mut self.processes.get_mut(*self.numbers.get(&number)?)?.work {
            Work::Running(running) => Some(running),
            Work::Blank(_) => None,
        }
    }

    /// Tell the kernel who comes first. It is a wish; what a process may use up is its limits' business. One that has yet to be
    /// forked is told about when it has been.
    pub(crate) fn stand(&self, pid: Pid, standing: Standing) {
        if let (Some(os_pid), false) = (self.os_pid(pid), standing == Standing::default()) {
            self.scheduler.place(os_pid, standing);
        }
    }

    /// End those that have run for as long as they may.
    pub(crate) fn end_overdue(&mut self, now: Instant) {
        while let Some((_, number)) = self.deadlines.first().filter(|(at, _)| *at <= now).copied() {
            self.deadlines.pop_first();
            self.router.handle().kill(number, Reason::Deadline);
        }
    }

    /// Keep as many blanks as are wanted: one more in each turn, if the template can take it.
    pub(crate) fn refill_blanks(&mut self) {
        for kind in [TemplateKind::Common, TemplateKind::Program] {
            let Some(template) = self.template(kind) else { continue };
            let unwanted = template.blanks.unwanted(Instant::now());
            let refill = template.is_ready() && template.blanks.is_short() && template.forking.is_empty();
            unwanted.into_iter().for_each(|blank| self.kill(blank));
            if refill && !self.is_full() {
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
            if let Some(os_pid) = self.os_pid(pid) {
                self.scheduler.hasten(os_pid);
            }
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

    /// Tell those who asked that a process has ended. What it had lent ends before: who hears of the end finds no lease alive, also
    /// where calls run without the broker.
    pub(crate) fn announce_end(&mut self, process: &Process, reason: Reason) {
        if let Some(running) = process.running() {
            self.note(|| {
                let unsaid = process.held.doings.borrow_mut().take_unsaid();
                AuditEvent::end(AuditProcess::of(running), &reason.to_string()).after(unsaid)
            });
            self.numbers.remove(&running.reference.number);
            if let Some(deadline) = running.deadline {
                self.deadlines.remove(&(deadline, running.reference.number));
            }
            if let Some(parent) = running.parent.and_then(|parent| self.running_mut(parent)) {
                parent.children = parent.children.saturating_sub(1);
            }
            self.end_leases(running.reference.number);
            self.router.ended(running.reference.number, reason);
        }
    }
}

/// How much an inbox holds, where so much may wait.
pub(crate) fn inbox_bytes(mailbox_bytes: u64) -> u64 {
    mailbox_bytes.saturating_mul(2).saturating_add(INBOX_SPARE_BYTES)
}

/// The earlier of two points in time; absent means never.
fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}

/// `None` if that is later than any clock can say.
fn in_milliseconds(milliseconds: u64) -> Option<Instant> {
    Instant::now().checked_add(Duration::from_millis(milliseconds))
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
