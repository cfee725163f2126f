//! Callables that run, and until when their zones wait for them.
//!
//! A zone that gives a callable up tells the broker, which counts that on the channel's terms and sends a signal
//! ([`crate::interrupt`]). So a zone can say it of its own callables alone. It is the zone's word all the same: by the microprocess's own
//! clock more than half of the callable's time must be over, which began a little later here than there. The callable is told
//! once, by an exception at the next instruction: what it does then is its own affair, and its answer comes too late
//! anyway. What is running inside of it, another zone's callable perhaps, sees the exception pass.

use crate::call::session::Session;
use crate::errors::raise;
use crate::interrupt;
use crate::marshal::callback::CallbackPlan;
use cloison_transport::status::monotonic;
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{AsObject, VirtualMachine};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

thread_local! {
    /// The innermost last.
    static RUNNING: RefCell<Vec<Running>> = const { RefCell::new(Vec::new()) };
    /// What the callable that has ended last was told, if it was.
    static TOLD: RefCell<Option<PyBaseExceptionRef>> = const { RefCell::new(None) };
}

struct Running {
    session: Rc<Session>,
    plan: Rc<CallbackPlan>,
    since: Duration,
    until: Duration,
    /// How many callables the line's zone had given up before.
    given_up: u32,
    told: Option<PyBaseExceptionRef>,
}

impl Running {
    /// Whether the zone may have given it up, and it does not know.
    fn has_timed_out(&self, now: Duration) -> bool {
        let half = self.since + self.until.saturating_sub(self.since) / 2;
        self.told.is_none() && half <= now && self.session.connection().given_up() != self.given_up
    }
}

/// A callable runs, for as long as this lives.
pub struct Watched(());

impl Watched {
    /// From now on.
    pub fn new(session: &Rc<Session>, plan: &Rc<CallbackPlan>) -> Self {
        let since = monotonic();
        RUNNING.with_borrow_mut(|all| {
            let outer = all.iter().find(|running| Rc::ptr_eq(&running.session, session)).map(|running| running.until);
            let together = outer.unwrap_or(since + plan.budget.saturating_sub(session.nesting.callables_took.get()));
            let until = since.saturating_add(plan.deadline).min(together);
            let given_up = session.connection().given_up();
            all.push(Running { session: session.clone(), plan: plan.clone(), since, until, given_up, told: None });
        });
        Self(())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let Some(Running { session, since, told, .. }) = RUNNING.with_borrow_mut(Vec::pop) else { return };
        TOLD.set(told);
        if session.nesting.depth() == 1 {
            let took = &session.nesting.callables_took;
            took.set(took.get().saturating_add(monotonic().saturating_sub(since)));
        }
        // One signal can stand for the one that has waited for this, too.
        let now = monotonic();
        if RUNNING.with_borrow(|all| all.last().is_some_and(|outer| outer.has_timed_out(now))) {
            interrupt::raise(interrupt::CALLBACK_TIMEOUT);
        }
    }
}

/// What the innermost callable that has timed out is told, if it has not been.
pub fn due(vm: &VirtualMachine) -> Option<PyBaseExceptionRef> {
    let now = monotonic();
    let (at, session, plan) = RUNNING.with_borrow(|all| {
        let at = all.iter().rposition(|running| running.has_timed_out(now))?;
        Some((at, all[at].session.clone(), all[at].plan.clone()))
    })?;
    let error = raise::callback_overdue(&session.description.name, &plan.function, &plan, vm);
    RUNNING.with_borrow_mut(|all| {
        if let Some(running) = all.get_mut(at) {
            running.told = Some(error.clone());
        }
    });
    Some(error)
}

/// The callable that has just ended: whether with what it was told. Then the call's end says more about it.
pub fn ended_with(error: Option<&PyBaseExceptionRef>) -> bool {
    TOLD.take().is_some_and(|told| error.is_some_and(|error| error.is(&told)))
}
