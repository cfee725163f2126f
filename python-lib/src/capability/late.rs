//! Callables that run, and until when their zones wait for them.
//!
//! A zone that gives a callable up tells the broker, and that sends a signal ([`crate::interrupt`]). The signal is some zone's word;
//! by the microprocess's own clock more than half of a callable's time must be over, which began a little later here than there. It
//! is told once, by an exception at the next instruction:
//! what it does then is its own affair, and its answer comes too late anyway.

use super::callback::CallbackPlan;
use super::line::Line;
use super::raise;
use crate::interrupt;
use cloison_transport::status::monotonic;
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{AsObject, VirtualMachine};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

thread_local! {
    /// The innermost last.
    static RUNNING: RefCell<Vec<Running>> = const { RefCell::new(Vec::new()) };
    /// What the latest was told, until a callable ends.
    static TOLD: RefCell<Option<PyBaseExceptionRef>> = const { RefCell::new(None) };
}

struct Running {
    line: Rc<Line>,
    plan: Rc<CallbackPlan>,
    since: Duration,
    until: Duration,
    told: bool,
}

/// A callable runs, for as long as this lives.
pub struct Watched(());

impl Watched {
    /// From now on.
    pub fn new(line: &Rc<Line>, plan: &Rc<CallbackPlan>) -> Self {
        let since = monotonic();
        RUNNING.with_borrow_mut(|all| {
            let outer = all.iter().find(|running| Rc::ptr_eq(&running.line, line)).map(|running| running.until);
            let together = outer.unwrap_or(since + plan.budget.saturating_sub(line.callables_took.get()));
            let until = since.saturating_add(plan.deadline).min(together);
            all.push(Running { line: line.clone(), plan: plan.clone(), since, until, told: false });
        });
        Self(())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let Some(Running { line, since, .. }) = RUNNING.with_borrow_mut(Vec::pop) else { return };
        if line.depth() == 1 {
            let took = &line.callables_took;
            took.set(took.get().saturating_add(monotonic().saturating_sub(since)));
        }
        // One signal can stand for the one that has waited for this, too.
        let late = |outer: &Running| !outer.told && outer.until <= monotonic();
        if RUNNING.with_borrow(|all| all.last().is_some_and(late)) {
            interrupt::raise(interrupt::LATE);
        }
    }
}

/// What the innermost callable that is late is told, if it has not been.
pub fn due(vm: &VirtualMachine) -> Option<PyBaseExceptionRef> {
    let now = monotonic();
    let late = RUNNING.with_borrow_mut(|all| {
        let over = |running: &Running| running.since + running.until.saturating_sub(running.since) / 2 <= now;
        let innermost = all.iter_mut().rev().find(|running| !running.told && over(running))?;
        innermost.told = true;
        Some((innermost.line.clone(), innermost.plan.clone()))
    });
    let error = late.map(|(line, plan)| raise::callback_overdue(&line.name, &plan.function, &plan, vm))?;
    TOLD.set(Some(error.clone()));
    Some(error)
}

/// A callable has ended: whether with what it was told. Then the call's end says more about it.
pub fn ended_with(error: Option<&PyBaseExceptionRef>) -> bool {
    TOLD.take().is_some_and(|told| error.is_some_and(|error| error.is(&told)))
}
