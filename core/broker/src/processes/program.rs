//! The program template: a fork of the template that has imported the program's own module, so that not every microprocess that runs
//! a function of it has to. It is forked when the first such microprocess is wanted.
//!
//! ```text
//!  first spawn ─▶ ForkTemplate ─▶ Forked ─▶ imports (Find …) ─▶ Ready ─▶ from now on it forks those that need the module
//!                                             │ not after 100 ms: those that are wanted meanwhile are forked from
//!                                             │ the template, and import the module themselves
//!                                             └ fails, needs what only a microprocess has, or computes for 2 s, takes longer than 20 s:
//!                                               it is ended and not tried again, and all import the module themselves
//! ```
//!
//! What it runs while it imports is the application's, and bound as in a template: no capability, no mailbox. The loop never waits for it.

use crate::broker::{Broker, BrokerError, EventSource, FROM_TEMPLATE_BYTES};
use crate::child::Child;
use crate::family::Family;
use crate::processes::scheduling::processor_time;
use crate::processes::template::{Forking, Progress, Template, TemplateKind};
use cloison_contract::host::HostService;
use cloison_contract::message::{Gives, Mount, Run, ToTemplate};
use cloison_transport::control::Control;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

/// For how long processes that need the module wait for it to be imported once.
const PATIENCE: Duration = Duration::from_millis(100);
/// For how long it may be imported: so much processor time, however long it has to wait for a processor.
const LIMIT: Duration = Duration::from_secs(2);
/// And so long altogether, if it waits for something else.
const LONGEST: Duration = Duration::from_secs(20);
/// How soon it is looked at again, at the earliest.
const AGAIN: Duration = Duration::from_millis(10);

/// The program template as the broker sees it.
#[derive(Debug)]
pub(crate) struct ProgramTemplate {
    pub(crate) template: Template,
    /// When it was forked.
    forked: Option<Instant>,
}

impl ProgramTemplate {
    fn is_importing(&self) -> bool {
        matches!(self.template.progress, Progress::Starting)
    }

    /// Whether whoever needs the module had better wait. Until it is forked, the template would not fork anything else either.
    fn is_worth_waiting_for(&self, now: Instant) -> bool {
        self.is_importing() && self.forked.is_none_or(|forked| now < forked + PATIENCE)
    }
}

impl Broker {
    /// A template, if there is one.
    pub(crate) fn template(&mut self, kind: TemplateKind) -> Option<&mut Template> {
        match kind {
            TemplateKind::Common => Some(&mut self.template),
            TemplateKind::Program => self.program.as_mut().map(|program| &mut program.template),
        }
    }

    /// Whether what a module finds when it is imported can be the same for all: not where processes begin with variables, or see a folder
    /// inside the application's own.
    fn is_sharable(&self) -> bool {
        let environment = self.application.zones.iter().filter_map(|zone| zone.service.as_ref());
        let environment = environment.map(|service| &service.service).any(|one| matches!(one, HostService::Env(_)));
        let own = self.sources.places();
        let inside = |mount: &Mount| own.iter().any(|place| Path::new(&mount.at).starts_with(place));
        !environment && !self.application.mounts(|_| true).iter().any(inside)
    }

    /// Which template forks a process that needs the program's own module, or does not need it; `None` while that is not known.
    pub(crate) fn template_for(&mut self, needs_main: bool) -> Option<TemplateKind> {
        let main = self.main.as_ref().map(|(main, _)| main);
        let module = matches!(main, Some(Run::Script { .. } | Run::Module { .. }));
        if !needs_main || !module || !self.template.is_ready() {
            return Some(TemplateKind::Common);
        }
        let Some(program) = &self.program else {
            if !self.is_sharable() {
                return Some(TemplateKind::Common);
            }
            match self.fork_program_template() {
                Ok(()) => return None,
                Err(BrokerError::Host(error)) if crate::processes::spawning::is_busy(&error) => return None,
                Err(error) => {
                    tracing::debug!(%error, "the program's module is not shared for now");
                    return Some(TemplateKind::Common);
                }
            }
        };
        match program.template.is_ready() {
            true => Some(TemplateKind::Program),
            false if program.is_worth_waiting_for(Instant::now()) => None,
            false => Some(TemplateKind::Common),
        }
    }

    fn fork_program_template(&mut self) -> Result<(), BrokerError> {
        let Some((main, streams)) = &self.main else { return Err(io::Error::other("there is no program").into()) };
        let (main, streams) = (Box::new(main.clone()), streams.copy()?);
        let (ours, theirs) = Control::pair()?;
        let ours = ours.receiving_at_most(FROM_TEMPLATE_BYTES);
        let mut seed = [0; 32];
        self.random(&mut seed)?;
        let [stdin, stdout, stderr] = &streams.descriptors;
        let descriptors = [theirs.as_fd(), stdin.as_fd(), stdout.as_fd(), stderr.as_fd()];
        let places = self.application.mounts(|_| true).into_iter().map(|mount| mount.at).collect();
        let gives = Gives { places, services: !self.application.offers(|_| true).is_empty() };
        let asked = ToTemplate::ForkTemplate { seed, main, gives };
        let registration = self.reactor.add(&ours, EventSource::Template(TemplateKind::Program))?;
        if let Err(error) = self.ask_for_fork(TemplateKind::Common, &asked, &descriptors, Duration::ZERO) {
            self.reactor.remove(registration, &ours);
            return Err(error);
        }
        self.template.forking.push_back(Forking::Program);
        let template = Template::new(ours, registration, Family::default());
        self.program = Some(ProgramTemplate { template, forked: None });
        Ok(())
    }

    /// The template has forked it.
    pub(crate) fn program_template_forked(&mut self, child: Child) {
        let Some(program) = &mut self.program else { return };
        let watched = self.reactor.add(&child, EventSource::TemplateEnd(TemplateKind::Program));
        program.template.family = Family::forked(child);
        program.forked = Some(Instant::now());
        match watched {
            // It may have failed, and been given up, before this was heard of.
            Ok(registration) if program.template.registration.is_some() => program.template.worker = Some(registration),
            Ok(registration) => {
                program.template.worker = Some(registration);
                program.template.family.kill();
            }
            Err(error) => self.program_template_gone(&format!("it cannot be watched: {error}")),
        }
    }

    /// It has imported the module. Blanks that have not are no longer of use to those who need it.
    pub(crate) fn program_template_ready(&mut self) {
        let Some(program) = &mut self.program else { return };
        program.template.progress = Progress::Ready;
        let (blanks, unwanted) = self.template.blanks.hand_over();
        program.template.blanks = blanks;
        unwanted.into_iter().for_each(|blank| self.kill(blank));
    }

    /// It is gone or must go. Its children live on; it is not tried again.
    pub(crate) fn program_template_gone(&mut self, why: &str) {
        let Some(program) = &mut self.program else { return };
        let template = &mut program.template;
        if let Some(registration) = template.registration.take() {
            self.reactor.remove(registration, &template.control);
            tracing::debug!(why, "the program's module is not shared");
        }
        template.progress = Progress::Failed { message: why.to_owned(), status: 1 };
        template.family.kill(); // how it ends is an event like any other
        let (_, unwanted) = template.blanks.hand_over();
        let forking = std::mem::take(&mut template.forking);
        unwanted.into_iter().for_each(|blank| self.kill(blank));
        forking.into_iter().for_each(|forking| self.not_forked(forking, "the program's template has ended"));
    }

    /// Forget its process if that has ended.
    pub(crate) fn bury_program_template(&mut self) {
        let Some(program) = &mut self.program else { return };
        let template = &mut program.template;
        if let Some((worker, _)) = template.family.ended_worker()
            && let Some(registration) = template.worker.take()
        {
            self.reactor.remove(registration, &worker);
        }
    }

    /// End it if it has imported for too long.
    pub(crate) fn check_program_template(&mut self, now: Instant) {
        if self.import_ends(now).is_some_and(|end| end <= now) {
            self.program_template_gone("importing it takes too long");
        }
    }

    /// It may end later than that, if it gets no processor all the time.
    fn import_ends(&self, now: Instant) -> Option<Instant> {
        let program = self.program.as_ref().filter(|program| program.is_importing())?;
        let used = program.template.family.worker().and_then(|worker| processor_time(worker.pid())).unwrap_or_default();
        let limit = LIMIT.min(Duration::from_secs(self.application.limits.cpu_seconds));
        let computed = limit.checked_sub(used).filter(|left| !left.is_zero()).map_or(now, |left| now + left.max(AGAIN));
        Some(computed.min(program.forked? + LONGEST))
    }

    /// When [`Broker::check_program_template`] or [`Broker::refill_blanks`] has something to do next.
    pub(crate) fn next_template_check(&self) -> Option<Instant> {
        let program = self.program.as_ref().and_then(|program| program.template.blanks.next_check());
        self.template.blanks.next_check().into_iter().chain(program).chain(self.import_ends(Instant::now())).min()
    }
}
