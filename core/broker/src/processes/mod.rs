//! What the broker does with the templates and their microprocesses.
//!
//! | module | subject |
//! |---|---|
//! | [`template`], `program` | the template: boots, forks; the one that has imported the program's own module |
//! | `process`, `blanks` | a microprocess, and those that wait for work |
//! | `spawning` | from the wish for a process to a process that runs |
//! | `scheduling` | which microprocess comes first when processors are scarce |

pub(crate) mod blanks;
pub(crate) mod process;
pub(crate) mod program;
pub(crate) mod scheduling;
pub(crate) mod spawning;
pub mod template;

use crate::broker::{Broker, BrokerEvent, EventSource, Exit, MESSAGES_PER_TURN, Pid};
use crate::child::Child;
use crate::family::TAKING_DOWN;
use crate::launch::WATCHED_BY_DESCRIPTOR;
use crate::processes::process::{Process, WatchedChild, reason};
use crate::processes::scheduling::Standing;
use crate::processes::template::{Forking, Progress, TemplateKind};
use cloison_contract::message::{FromMicroprocess, FromTemplate, Module, ToMicroprocess, ToTemplate, WHICH_NAMES};
use cloison_contract::process::Reason;
use cloison_manifest::recording::Lack;
use cloison_transport::control::ControlError;
use rustix::io::Errno;
use rustix::process::Signal;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// How soon a microprocess without a descriptor that is about to end is looked at again, and how rarely if it does not end.
const LOOK_SOON: Duration = Duration::from_micros(200);
const LOOK_RARELY: Duration = Duration::from_millis(10);
/// How many modules are remembered that lie beside a program and may not be imported.
const MISSED: usize = 3;

/// What limits processes beside `[limits]`.
const HOST_LIMITS: &str =
    "hint: the host limits processes too: memory, `ulimit -u`, kernel.pid_max, pids.max of a cgroup";

impl Broker {
    /// Send a signal to a microprocess: SIGINT is Python's `KeyboardInterrupt`, SIGKILL cannot be caught.
    pub fn signal(&self, pid: Pid, signal: Signal) {
        if let Some(child) = self.processes.get(pid).and_then(|process| process.child.as_ref()) {
            child.signal(signal);
        }
    }

    /// Its number in the operating system's table, while it lives.
    pub fn os_pid(&self, pid: Pid) -> Option<i32> {
        Some(self.processes.get(pid)?.child.as_ref()?.pid())
    }

    pub(crate) fn hear_template(&mut self, kind: TemplateKind) {
        for _ in 0..MESSAGES_PER_TURN {
            // It may be gone by what it said last.
            let Some(template) = self.template(kind).filter(|template| template.registration.is_some()) else { return };
            match template.control.try_receive::<FromTemplate>() {
                Ok(Some((message, descriptors))) => self.template_says(kind, message, descriptors),
                Ok(None) => return,
                Err(error) => {
                    if !matches!(error, ControlError::Closed) {
                        tracing::warn!(%error, "a template breaks the protocol and is ended");
                    }
                    return self.template_gone(kind);
                }
            }
        }
    }

    fn template_says(&mut self, kind: TemplateKind, message: FromTemplate, mut descriptors: Vec<OwnedFd>) {
        let Some(template) = self.template(kind) else { return };
        match message {
            FromTemplate::Find { .. } | FromTemplate::Look(_) | FromTemplate::Which { .. }
                if template.forking.is_empty() && template.control.has_unread() =>
            {
                self.template_gone(kind); // as for a microprocess
            }
            FromTemplate::Find { name } => {
                let found = ToTemplate::Found(self.find(&name));
                if self.template(kind).is_some_and(|template| template.control.try_send(&found, &[]).is_err()) {
                    self.template_gone(kind);
                }
            }
            FromTemplate::Look(look) => {
                let looked = ToTemplate::Looked(self.sources.look(&look));
                if self.template(kind).is_some_and(|template| template.control.try_send(&looked, &[]).is_err()) {
                    self.template_gone(kind);
                }
            }
            FromTemplate::Which { names } if names.len() > WHICH_NAMES => self.template_gone(kind),
            FromTemplate::Which { mut names } => {
                names.retain(|name| self.sources.has(name));
                let these = ToTemplate::These(names);
                if self.template(kind).is_some_and(|template| template.control.try_send(&these, &[]).is_err()) {
                    self.template_gone(kind);
                }
            }
            FromTemplate::Failed { message, .. } if kind == TemplateKind::Program => {
                self.program_template_gone(&message)
            }
            FromTemplate::Failed { message, status } => template.progress = Progress::Failed { message, status },
            // The program template is in the sandbox of the template that has forked it.
            FromTemplate::Split { .. } | FromTemplate::Jailed(_) if kind == TemplateKind::Program => {
                self.template_gone(kind);
            }
            FromTemplate::Split { worker, init } => {
                let family = &mut self.template.family;
                let watched = family
                    .adopt(worker, init)
                    .and_then(|worker| self.reactor.add(worker, EventSource::TemplateEnd(kind)));
                match watched {
                    Ok(registration) => self.template.worker = Some(registration),
                    Err(error) => {
                        tracing::warn!(%error, "the template names processes that are not ours");
                        self.template_gone(kind);
                    }
                }
            }
            FromTemplate::Jailed(jailed) => {
                if template.family.jailed(jailed).is_err() {
                    self.template_gone(kind);
                }
            }
            FromTemplate::Ready if matches!(template.progress, Progress::Starting) => match kind {
                TemplateKind::Common => {
                    template.progress = Progress::Ready;
                    // From now on it only forks.
                    if let Some(worker) = self.template.family.worker() {
                        self.scheduler.place(worker.pid(), Standing::default());
                    }
                }
                TemplateKind::Program => self.program_template_ready(),
            },
            // It says that only to whoever keeps it for others.
            FromTemplate::Ready | FromTemplate::Preloaded { .. } => self.template_gone(kind),
            FromTemplate::Forked => {
                let child = descriptors.pop().map(|pidfd| match self.template.family.keeper() {
                    Some(keeper) => Child::kept_from_pidfd(pidfd, keeper),
                    None => Child::from_pidfd(pidfd),
                });
                let Some(template) = self.template(kind) else { return };
                let forking = template.forking.pop_front();
                match (forking, child) {
                    (Some(Forking::Process(pid)), Some(Ok(child))) if self.is_new(&child) => self.forked(pid, child),
                    (Some(Forking::Program), Some(Ok(child))) => self.program_template_forked(child),
                    (forking, _) => {
                        tracing::warn!("a template reports a child that is not ours");
                        forking.into_iter().for_each(|forking| self.not_forked(forking, "it could not be started"));
                        self.template_gone(kind);
                    }
                }
            }
            FromTemplate::ForkFailed { message } => {
                let forking = template.forking.pop_front();
                self.complain(|unsaid| tracing::error!(unsaid, message, "a microprocess could not be started"));
                let why = format!("it could not be started: {message}\n{HOST_LIMITS}");
                forking.into_iter().for_each(|forking| self.not_forked(forking, &why));
            }
        }
    }

    /// What a template was asked to fork is not there, and will not be.
    pub(crate) fn not_forked(&mut self, forking: Forking, why: &str) {
        match forking {
            Forking::Process(pid) => self.not_started(pid, why),
            Forking::Program => self.program_template_gone(why),
        }
    }

    /// Whether no microprocess of ours is that child: one that stood for two would leave a number behind that is nobody's, or somebody
    /// else's.
    fn is_new(&self, child: &Child) -> bool {
        let number = child.pid();
        number == 0
            || !self.processes.values().filter_map(|process| process.child.as_ref()).any(|one| one.pid() == number)
    }

    fn forked(&mut self, pid: Pid, child: Child) {
        let Some(process) = self.processes.get_mut(pid) else { return };
        match self.reactor.add(&child, EventSource::ProcessEnd(pid)) {
            Ok(registration) => {
                if process.doomed {
                    child.signal(Signal::KILL);
                }
                process.child = Some(WatchedChild::ByDescriptor(child, registration));
                // It may have been told what to run already.
                if let Some(standing) = process.running().map(|running| running.standing) {
                    self.stand(pid, standing);
                    self.spare_descriptor(pid);
                }
            }
            Err(error) => {
                tracing::error!(%error, "a microprocess cannot be watched and is ended");
                child.signal(Signal::KILL);
                child.wait_until(Instant::now() + TAKING_DOWN);
                self.not_started(pid, "it cannot be watched");
            }
        }
    }

    fn not_started(&mut self, pid: Pid, why: &str) {
        self.forget(pid, Reason::Broker { text: why.to_owned() });
        self.events.push_back(BrokerEvent::NotStarted(pid));
    }

    /// Messages that it sent before its end are read first: they may say why it ended.
    pub(crate) fn template_ended(&mut self, kind: TemplateKind) {
        while let Some(template) = self.template(kind).filter(|template| template.registration.is_some()) {
            match template.control.try_receive::<FromTemplate>() {
                Ok(Some((message, descriptors))) => self.template_says(kind, message, descriptors),
                _ => self.template_gone(kind),
            }
        }
        if kind == TemplateKind::Program {
            self.bury_program_template();
        }
    }

    /// A template is gone or must go. Its children live on: they are ours.
    pub(crate) fn template_gone(&mut self, kind: TemplateKind) {
        match kind {
            TemplateKind::Common => self.common_template_gone(),
            TemplateKind::Program => self.program_template_gone("it has ended"),
        }
    }

    fn common_template_gone(&mut self) {
        if let Some(registration) = self.template.registration.take() {
            self.reactor.remove(registration, &self.template.control);
        }
        if let (Some(registration), Some(worker)) = (self.template.worker.take(), self.template.family.worker()) {
            self.reactor.remove(registration, worker);
        }
        let reported = self.template.family.worker().is_some();
        let ended = self.template.family.end_worker(Instant::now() + TAKING_DOWN);
        if !matches!(self.template.progress, Progress::Failed { .. }) {
            let message = match ended {
                Some(Exit::Signaled(signal)) => {
                    format!("the template was ended by signal {signal} ({})", signal_name(signal))
                }
                Some(Exit::Exited(code)) => format!("the template ended with status {code}"),
                None if reported => "the template ended".into(),
                None => "the template did not get into its sandbox\nhint: `cloison doctor` says what is missing".into(),
            };
            self.template.progress = Progress::Failed { message, status: 1 };
        }
        for forking in std::mem::take(&mut self.template.forking) {
            self.not_forked(forking, "it could not be started, because the template has ended");
        }
    }

    pub(crate) fn hear_process(&mut self, pid: Pid) {
        for _ in 0..MESSAGES_PER_TURN {
            let Some(process) = self.processes.get(pid) else { return };
            match process.control.try_receive::<FromMicroprocess>() {
                Ok(Some((message, descriptors))) => {
                    drop(descriptors); // no message of a microprocess brings any
                    // It is about what there is now, however many messages this turn has.
                    self.expire_grants(Instant::now());
                    self.process_says(pid, message);
                }
                Ok(None) => return,
                Err(error) => return self.process_silent(pid, &error),
            }
        }
    }

    /// Ends a microprocess that has closed its control socket or has broken the protocol.
    fn process_silent(&mut self, pid: Pid, error: &ControlError) {
        let Some(process) = self.processes.get_mut(pid) else { return };
        self.reactor.remove(process.registration, &process.control);
        process.silent = true;
        // Nobody who lives on closes it: what has ended by itself keeps its status, and who has not is not heard of again.
        self.signal(pid, Signal::KILL);
        self.look_at(pid);
        if !matches!(error, ControlError::Closed) {
            self.complain(|unsaid| tracing::warn!(unsaid, %error, "a microprocess breaks the protocol and is ended"));
        }
    }

    /// Where there are many microprocesses, one that runs is watched by its control socket alone.
    pub(crate) fn spare_descriptor(&mut self, pid: Pid) {
        if self.numbers.len() as u64 <= WATCHED_BY_DESCRIPTOR {
            return;
        }
        let Some(process) = self.processes.get_mut(pid).filter(|process| !process.silent) else { return };
        let Some(WatchedChild::ByDescriptor(child, registration)) = &process.child else { return };
        let Some(numbered) = child.numbered() else { return };
        self.reactor.remove(*registration, child);
        process.child = Some(WatchedChild::ByControl(numbered));
    }

    /// A microprocess is about to end: one without a descriptor is looked at from now on.
    fn look_at(&mut self, pid: Pid) {
        let by_control = |process: &Process| matches!(process.child, Some(WatchedChild::ByControl(_)));
        if self.processes.get(pid).is_some_and(by_control) && !self.unwatched.iter().any(|(known, _)| *known == pid) {
            self.unwatched.push((pid, Instant::now()));
        }
    }

    /// When those that are about to end are looked at next: the longer it takes, the more rarely.
    pub(crate) fn next_unwatched(&self) -> Option<Instant> {
        let now = Instant::now();
        let wait = |(_, since): &(Pid, Instant)| (now - *since).clamp(LOOK_SOON, LOOK_RARELY);
        self.unwatched.iter().map(wait).min().map(|wait| now + wait)
    }

    /// Look whether those that are about to end have ended.
    pub(crate) fn look_at_unwatched(&mut self) {
        for (pid, since) in std::mem::take(&mut self.unwatched) {
            let Some(process) = self.processes.get_mut(pid) else { continue };
            let Some(WatchedChild::ByControl(numbered)) = &process.child else { continue };
            if let Some(exit) = numbered.ended() {
                self.look_at_peak(pid);
                self.process_gone(pid, exit);
                continue;
            }
            // A keeper's child has a descriptor again, which tells of its end; while there is none left, it is tried again.
            let watched = numbered.with_descriptor().map(|child| {
                let child = child?;
                let registration = self.reactor.add(&child, EventSource::ProcessEnd(pid))?;
                Ok(WatchedChild::ByDescriptor(child, registration))
            });
            match watched {
                Some(Ok(watched)) => process.child = Some(watched),
                Some(Err(Errno::CHILD | Errno::SRCH)) => self.process_gone(pid, Exit::Signaled(libc::SIGKILL)),
                Some(Err(_)) | None => self.unwatched.push((pid, since)),
            }
        }
    }

    /// Look for those without descriptors that have ended and whose control sockets have not hung up: somebody else may have them open.
    pub(crate) fn look_for_zombies(&mut self) {
        let ended = |(pid, process): (Pid, &Process)| match &process.child {
            Some(WatchedChild::ByControl(numbered)) => numbered.is_zombie().then_some(pid),
            _ => None,
        };
        let ended: Vec<_> = self.processes.iter().filter_map(ended).collect();
        ended.into_iter().for_each(|pid| self.look_at(pid));
    }

    fn process_says(&mut self, pid: Pid, message: FromMicroprocess) {
        if let FromMicroprocess::Stack { settled, text } = message {
            return self.stack_told(pid, settled, &text); // no question
        }
        if let FromMicroprocess::Uses { capability, function, at } = message {
            return self.record_place(pid, capability, &function, &at); // no question either
        }
        if let FromMicroprocess::Lacks { service, what, writes } = message {
            return self.record_lack(Lack { service, what, writes }); // nor this
        }
        if let FromMicroprocess::Served { call, bytes, cpu_ns } = message {
            return self.has_served(pid, call, bytes, cpu_ns); // nor this
        }
        // One question at a time: answers that a microprocess does not read would fill the broker's memory, a module's text each.
        if self.processes.get(pid).is_some_and(|process| process.control.has_unread()) {
            return self.process_silent(pid, &ControlError::Malformed("a question before the last answer was read"));
        }
        let answer = match message {
            FromMicroprocess::Describe { capability } => self.describe(pid, &capability),
            FromMicroprocess::Narrow { capability, by, at } => self.narrow(pid, capability, &by, &at),
            FromMicroprocess::Give { capabilities, to } => self.give(pid, &capabilities, to),
            FromMicroprocess::Revoke { capability } => self.revoke(pid, capability),
            FromMicroprocess::Release { capability, times } => return self.release(pid, capability, times),
            FromMicroprocess::Refused { capability, function, times } => {
                return self.has_refused(pid, capability, &function, times);
            }
            FromMicroprocess::Limit { capability, function, said } => {
                self.tell_limit(pid, capability, &function, said.as_deref())
            }
            FromMicroprocess::Offer { name, functions } => self.offer(pid, name, functions),
            FromMicroprocess::Admit { grant, client, function, bytes } => {
                self.admit(pid, (grant, client), &function, bytes)
            }
            FromMicroprocess::Spawn(spawn) => return self.spawn_for(pid, *spawn),
            FromMicroprocess::Find { name } => {
                let found = self.find(&name);
                if found.is_none() {
                    self.note_missed(&name);
                }
                ToMicroprocess::Found(found)
            }
            FromMicroprocess::Look(look) => ToMicroprocess::Looked(self.sources.look(&look)),
            FromMicroprocess::NotMade { call, said } => self.does_not_serve(pid, call, &said),
            FromMicroprocess::Lacks { .. }
            | FromMicroprocess::Served { .. }
            | FromMicroprocess::Stack { .. }
            | FromMicroprocess::Uses { .. } => return,
            FromMicroprocess::Open { capability, edition } => return self.open(pid, capability, edition),
            FromMicroprocess::Interrupt { channel } => return self.interrupt(pid, channel),
            FromMicroprocess::Overdue { channel } => return self.overdue(pid, channel),
            FromMicroprocess::Why { channel } => {
                self.leave_replaced(pid, channel);
                let end = self.processes.get_mut(pid).and_then(|process| process.ends.remove(&channel));
                let forgotten = || ToMicroprocess::Unavailable { message: "no end of this channel is known".into() };
                end.map_or_else(forgotten, ToMicroprocess::Because)
            }
        };
        self.answer(pid, &answer, &[]);
    }

    /// Send without waiting: a microprocess that does not read its answers while the socket is full is ended.
    pub(crate) fn answer(&mut self, pid: Pid, answer: &ToMicroprocess, descriptors: &[std::os::fd::BorrowedFd<'_>]) {
        let Some(process) = self.processes.get(pid) else { return };
        let sent = match process.control.try_send(answer, descriptors) {
            // Too many descriptors are on their way to processes of this user, which is no fault of this microprocess.
            Err(ControlError::System(Errno::TOOMANYREFS)) => {
                let message = "too many descriptors are in flight; try again".into();
                process.control.try_send(&ToMicroprocess::Unavailable { message }, &[])
            }
            sent => sent,
        };
        if let Err(error) = sent {
            self.process_silent(pid, &error);
        }
    }

    fn find(&mut self, name: &str) -> Option<Module> {
        match self.sources.find(name) {
            Ok(found) => found,
            Err(error) => {
                self.complain(|unsaid| tracing::error!(unsaid, "{error}"));
                None
            }
        }
    }

    /// A module that the program would have found as `python FILE`: whoever ran it may want to know.
    fn note_missed(&mut self, name: &str) {
        if self.missed.len() < MISSED && self.neighbours.has(name) {
            self.missed.insert(name.to_owned());
        }
    }

    pub(crate) fn process_ended(&mut self, pid: Pid) {
        self.look_at_peak(pid);
        let Some(WatchedChild::ByDescriptor(child, _)) =
            self.processes.get(pid).and_then(|process| process.child.as_ref())
        else {
            return;
        };
        let Some(exit) = child.ended() else { return };
        self.process_gone(pid, exit);
    }

    fn process_gone(&mut self, pid: Pid, exit: Exit) {
        self.forget(pid, reason(exit));
        self.events.push_back(BrokerEvent::Exited(pid, exit));
    }

    /// Take a microprocess out of all tables; who asked for its end hears of it.
    fn forget(&mut self, pid: Pid, reason: Reason) {
        self.hear_of_client(pid);
        let Some(process) = self.processes.remove(pid) else { return };
        self.first = self.first.filter(|first| *first != pid);
        self.template.blanks.forget(pid);
        self.program.iter_mut().for_each(|program| program.template.blanks.forget(pid));
        self.announce_end(&process, reason);
        self.reactor.remove(process.registration, &process.control);
        if let Some(WatchedChild::ByDescriptor(child, registration)) = &process.child {
            self.reactor.remove(*registration, child);
        }
        self.client_gone(pid, process.channels);
        let number = process.work.running().map(|running| running.reference.number);
        self.drop_holdings(number, process.held);
    }
}

/// `SIGSEGV` for 11.
pub fn signal_name(signal: i32) -> &'static str {
    match signal {
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGHUP => "SIGHUP",
        libc::SIGILL => "SIGILL",
        libc::SIGINT => "SIGINT",
        libc::SIGKILL => "SIGKILL",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGSYS => "SIGSYS",
        libc::SIGTERM => "SIGTERM",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGXCPU => "SIGXCPU",
        libc::SIGXFSZ => "SIGXFSZ",
        _ => "another signal",
    }
}
