//! Requests: a call of a function, the end of an object, a look at a buffer; and the errors for what goes wrong on the way.
//! How a request comes to its end, [`cloison_calls`] knows.

use crate::call::client::CallEnd;
use crate::call::connection::{self, ByLink, Open};
use crate::call::session::Session;
use crate::errors::{self, raise};
use crate::marshal::arguments::{Extra, Prepared};
use crate::marshal::plan::Plan;
use crate::marshal::results::{self, Decoded};
use crate::marshal::value::ZoneValues;
use crate::objects::description::MetLimit;
use crate::objects::handle::Core;
use crate::objects::home::ObjectRequests;
use cloison_codec::ProtocolViolation;
use cloison_contract::call::{CLOSE, HELD, Request, SYNC, Status};
use cloison_contract::message::{FromMicroprocess, LIMIT_TEXT_BYTES, ToMicroprocess};
use cloison_contract::shape::Lifetime;
use cloison_transport::client::CallError;
use cloison_transport::{Arena, OutOfRange};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{AsObject, PyResult, VirtualMachine};
use std::cell::RefMut;
use std::rc::Rc;

impl Session {
    /// The channel, for a moment in which no Python code runs.
    #[inline]
    pub fn channel(self: &Rc<Self>, plan: &Plan, vm: &VirtualMachine) -> PyResult<RefMut<'_, Option<Open>>> {
        self.connection().channel(&self.client(plan, vm))
    }

    /// Make one call.
    #[inline]
    pub fn call(
        self: &Rc<Self>,
        plan: &Plan,
        prepared: &mut Prepared<'_>,
        vm: &VirtualMachine,
    ) -> PyResult<ZoneValues> {
        if self.home.handles.waiting() > 0 {
            self.close_dropped(vm)?;
        }
        // What was said of those is not said of this call.
        self.takes_again();
        let client = self.client(plan, vm);
        let (mut channel, outcome) =
            self.connection().call(&client, &prepared.request, |arena| prepared.write(arena))?;
        let open = match &mut *channel {
            Some(open) if matches!(outcome, Ok(Status::Ok)) && prepared.extra.is_none() => open,
            _ => {
                let turn = self.converse(plan, channel, outcome, vm)?;
                return self.end(plan, turn, prepared.extra.take(), vm);
            }
        };
        let reply = open.caller.reply();
        let (arena, words) = (open.caller.arena(), &reply.words[..reply.count as usize]);
        let Decoded { values, reached, .. } = results::take(self, arena, None, arena.len(), &plan.reply, words);
        // Also what there is no memory for is settled: the arena gives back what it has grown to.
        open.settle(reached);
        values.map_err(|error| raise::bad_reply(&self.description.name, plan, error, vm))
    }

    /// The end of a call that was not a plain one.
    #[cold]
    fn end(
        self: &Rc<Self>,
        plan: &Plan,
        mut turn: CallEnd<'_>,
        extra: Option<Box<Extra>>,
        vm: &VirtualMachine,
    ) -> PyResult<ZoneValues> {
        let mut made = None;
        let outcome = turn.outcome;
        let result = match (outcome, &mut *turn.channel) {
            (Ok(Status::Ok), Some(open)) => {
                let reply = open.caller.reply();
                let (arena, words) = (open.caller.arena(), &reply.words[..reply.count as usize]);
                let taken = results::take(self, arena, extra.as_deref(), arena.len(), &plan.reply, words);
                let Decoded { values, reached, made: objects, .. } = taken;
                open.settle(reached);
                made = Some(objects);
                values.map_err(|error| raise::bad_reply(&self.description.name, plan, error, vm))
            }
            (Ok(_), Some(_)) => Err(self.refused(plan, &turn, vm)),
            (Err(failure), slot) => Err(self.failed(plan, failure, slot, vm)),
            (Ok(_), None) => Err(self.lost(plan, vm)),
        };
        // Letting go of callables can run Python code, which can make calls.
        let CallEnd { channel, raised, .. } = turn;
        drop(channel);
        match (made, extra) {
            (Some(made), Some(extra)) => extra.settle(&made),
            // What the library was given before it failed it may have kept, and the zone keeps it, too.
            (None, Some(extra)) if outcome.is_ok() => extra.keep(&[]),
            _ => {}
        }
        match raised {
            Some(raised) => Err(raised),
            None => result,
        }
    }

    /// Post a request that is not a function's, and go on until it has ended.
    pub fn exchange<'a>(
        self: &'a Rc<Self>,
        plan: &Plan,
        request: &Request,
        write: impl FnOnce(&Arena) -> Result<(), OutOfRange>,
        vm: &VirtualMachine,
    ) -> PyResult<CallEnd<'a>> {
        self.connection().exchange(&self.client(plan, vm), request, write)
    }

    /// Go on until the call ends.
    pub fn converse<'a>(
        self: &'a Rc<Self>,
        plan: &Plan,
        channel: RefMut<'a, Option<Open>>,
        outcome: Result<Status, CallError>,
        vm: &VirtualMachine,
    ) -> PyResult<CallEnd<'a>> {
        self.connection().converse(&self.client(plan, vm), channel, outcome)
    }

    /// Close an object now. Whether it was still there.
    pub fn close(self: &Rc<Self>, core: &Core, vm: &VirtualMachine) -> PyResult<bool> {
        let plan = Plan::special(CLOSE, "close", &self.description.interface);
        let turn = self.exchange(&plan, &self.nesting.request_of(CLOSE, core.word()), |_| Ok(()), vm)?;
        let result = match turn.outcome {
            Ok(Status::Ok) => Ok(true),
            Ok(Status::StaleHandle) => Ok(false),
            Ok(Status::BadArgument) => Err(core.in_use(vm)),
            _ => Err(self.refused(&plan, &turn, vm)),
        };
        // Only what a call uses is refused its end: whatever else went wrong did so in the end or after it.
        let kept = if matches!(turn.outcome, Ok(Status::BadArgument)) { Vec::new() } else { core.forget() };
        let CallEnd { channel, raised, .. } = turn;
        drop(channel);
        drop(kept);
        raised.map_or(result, Err)
    }

    /// Have an object closed without waiting for that: whatever is called next comes after it. Not for objects whose end may fail, or
    /// ask something.
    fn leave(self: &Rc<Self>, core: &Core, vm: &VirtualMachine) -> PyResult<()> {
        if self.nesting.depth() > 0 {
            return self.close(core, vm).map(drop);
        }
        let plan = Plan::special(CLOSE, "close", &self.description.interface);
        self.connection().leave(&self.client(&plan, vm), &self.nesting.request_of(CLOSE, core.word()))?;
        drop(core.forget());
        Ok(())
    }

    /// Whether the zone still has an object, where that does not follow from what happened here.
    fn has(self: &Rc<Self>, core: &Core, vm: &VirtualMachine) -> PyResult<bool> {
        let plan = Plan::special(HELD, "closed", &self.description.interface);
        let turn = self.exchange(&plan, &self.nesting.request_of(HELD, core.word()), |_| Ok(()), vm)?;
        match turn.outcome {
            Ok(Status::Ok) => Ok(true),
            Ok(Status::StaleHandle) => {
                drop(turn);
                drop(core.forget());
                Ok(false)
            }
            _ => Err(self.refused(&plan, &turn, vm)),
        }
    }

    /// Close what was dropped since the last call. What goes wrong there is nobody's in particular: it is reported as what goes
    /// wrong in a finalizer is.
    #[cold]
    pub fn close_dropped(self: &Rc<Self>, vm: &VirtualMachine) -> PyResult<()> {
        let plan = Plan::special(CLOSE, "close", &self.description.interface);
        for dropped in self.home.handles.take_dropped() {
            if dropped.epoch != self.connection().epoch() || !self.connection().is_live() {
                continue;
            }
            let ended =
                self.exchange(&plan, &self.nesting.request_of(CLOSE, dropped.word), |_| Ok(()), vm).and_then(|turn| {
                    match (turn.outcome, &turn.raised) {
                        (_, Some(raised)) => Err(raised.clone()),
                        (Ok(Status::Ok | Status::StaleHandle), None) => Ok(true),
                        // A call uses it: later, then.
                        (Ok(Status::BadArgument), None) => Ok(false),
                        _ => Err(self.refused(&plan, &turn, vm)),
                    }
                });
            let ended = match ended {
                Ok(false) => {
                    self.home.handles.put_back(dropped);
                    continue;
                }
                Ok(true) => Ok(()),
                Err(error) => Err(error),
            };
            match ended {
                Err(error) if error.as_object().fast_isinstance(vm.ctx.exceptions.exception_type) => {
                    vm.run_unraisable(error, Some("while a handle was closed".to_owned()), vm.ctx.none());
                }
                ended => ended?,
            }
        }
        Ok(())
    }

    /// What is in a registered buffer.
    pub fn sync(self: &Rc<Self>, block: u64, max_bytes: u64, vm: &VirtualMachine) -> PyResult<Vec<u8>> {
        let plan = Plan::special(SYNC, "sync", &self.description.interface);
        let mut turn = self.exchange(&plan, &self.nesting.request_of(SYNC, block), |_| Ok(()), vm)?;
        if !matches!(turn.outcome, Ok(Status::Ok)) {
            return Err(self.refused(&plan, &turn, vm));
        }
        let Some(open) = &mut *turn.channel else { return Err(self.lost(&plan, vm)) };
        let reply = open.caller.reply();
        let (offset, length) = (reply.words[0], reply.words[1]);
        errors::ensure_free("what is in the buffer takes", length.min(max_bytes), vm)?;
        let bytes = match reply.count {
            2 if length <= max_bytes => open.caller.arena().read(offset, length).map_err(|_| ProtocolViolation::Range),
            _ => Err(ProtocolViolation::Words),
        };
        open.settle(if bytes.is_ok() { offset + length } else { 0 });
        bytes.map_err(|violation| raise::bad_reply(&self.description.name, &plan, violation.into(), vm))
    }

    /// The same capability by the interface that its zone has now, for what is worked out by that before anything is called.
    pub fn renewed(self: &Rc<Self>, plan: &Plan, vm: &VirtualMachine) -> PyResult<Rc<Self>> {
        let session = self.current();
        match session.ensure_open(plan, vm) {
            Err(_) if session.takes_again() => Ok(session.current().clone()),
            outcome => outcome.map(|()| session.clone()),
        }
    }

    /// Have a channel, for what is built in its arena before it is posted.
    pub fn ensure_open(self: &Rc<Self>, plan: &Plan, vm: &VirtualMachine) -> PyResult<()> {
        self.connection().ensure_open(&self.client(plan, vm))
    }

    /// The error for a reply that is not [`Status::Ok`].
    #[cold]
    pub fn refused(&self, plan: &Plan, turn: &CallEnd<'_>, vm: &VirtualMachine) -> PyBaseExceptionRef {
        let Some(open) = &*turn.channel else { return self.lost(plan, vm) };
        if let (Ok(Status::CallbackOverdue), Some(asked)) = (turn.outcome, &turn.asked) {
            return raise::callback_overdue(&self.description.name, &plan.name, asked, vm);
        }
        let (reply, arena) = (open.caller.reply(), open.caller.arena());
        let words = &reply.words[..reply.count as usize];
        if let Ok(Status::CallablesOverdue) = turn.outcome {
            return raise::callables_overdue(&self.description.name, plan, turn.asked.as_deref(), words, arena, vm);
        }
        self.told(plan, reply.status, words, arena, vm)
    }

    /// The error for a reply of that status, with these words.
    #[cold]
    pub fn told(
        &self,
        plan: &Plan,
        status: Status,
        words: &[u64],
        arena: &Arena,
        vm: &VirtualMachine,
    ) -> PyBaseExceptionRef {
        let declared = |class| self.description.classes.exception(class, vm);
        let limit = match status {
            Status::Denied => self.limit(&plan.name, None, vm),
            Status::OutOfBounds | Status::QuotaExceeded => self.limit(&plan.name, raise::explanation(words, arena), vm),
            _ => Ok(None),
        };
        match limit {
            Ok(limit) => {
                let granted = self.description.granted(limit.as_ref());
                raise::refused(granted, plan, status, words, arena, &declared, vm)
            }
            Err(interrupt) => interrupt,
        }
    }

    /// The error for a call that was not made, since the function is not granted.
    #[cold]
    pub fn not_granted(&self, function: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
        match self.limit(function, None, vm) {
            Ok(limit) => raise::not_granted(self.description.granted(limit.as_ref()), function, vm),
            Err(interrupt) => interrupt,
        }
    }

    /// Who has set the limit that a call of that function has met, and where. The broker knows.
    #[cold]
    fn limit(&self, function: &str, said: Option<String>, vm: &VirtualMachine) -> PyResult<Option<MetLimit>> {
        let said = said.map(|text| text[..text.floor_char_boundary(LIMIT_TEXT_BYTES)].to_owned());
        let capability = self.held.reference();
        let question = FromMicroprocess::Limit { capability, function: function.to_owned(), said };
        match connection::ask(&question, vm)? {
            (ToMicroprocess::Limited { by, number, location }, _) => Ok(Some(MetLimit { by, number, location })),
            _ => Ok(None),
        }
    }

    /// The error for a call without a reply.
    #[cold]
    pub fn failed(
        self: &Rc<Self>,
        plan: &Plan,
        failure: CallError,
        channel: &mut Option<Open>,
        vm: &VirtualMachine,
    ) -> PyBaseExceptionRef {
        self.connection().failed(&self.client(plan, vm), failure, channel)
    }

    /// The error for a call whose channel ended while somebody else used it.
    #[cold]
    pub fn lost(&self, plan: &Plan, vm: &VirtualMachine) -> PyBaseExceptionRef {
        self.fault(plan, self.connection().lost().into(), vm)
    }

    /// Drop a channel on which a call is still running, and tell the broker.
    pub fn give_up(&self, channel: &mut Option<Open>, plan: &Plan, vm: &VirtualMachine) {
        self.connection().give_up(channel, &plan.name, &ByLink(vm));
    }
}

impl ObjectRequests for Session {
    fn close_object(self: Rc<Self>, core: &Core, vm: &VirtualMachine) -> PyResult<bool> {
        self.close(core, vm)
    }

    fn leave_object(self: Rc<Self>, core: &Core, vm: &VirtualMachine) -> PyResult<()> {
        self.leave(core, vm)
    }

    fn has_object(self: Rc<Self>, core: &Core, vm: &VirtualMachine) -> PyResult<bool> {
        self.has(core, vm)
    }

    fn read_block(self: Rc<Self>, block: u64, max_bytes: u64, vm: &VirtualMachine) -> PyResult<Vec<u8>> {
        self.sync(block, max_bytes, vm)
    }
}

impl Extra {
    /// The call has ended well: what it consumed is gone, and what the library keeps is kept with what keeps it.
    pub fn settle(mut self, made: &[(Lifetime, Rc<Core>)]) {
        let consumed = std::mem::take(&mut self.consumed);
        self.keep(made);
        for core in consumed {
            drop(core.forget());
        }
    }

    /// What the library keeps is kept with what keeps it.
    pub fn keep(self, made: &[(Lifetime, Rc<Core>)]) {
        let Self { handles, callables, .. } = self;
        let keeper = |lifetime: Lifetime| {
            let passed = handles.iter().find(|(position, _)| lifetime == Lifetime::Parameter(*position));
            let made = || made.iter().find(|(from, _)| *from == lifetime);
            passed.map(|(_, core)| core).or_else(|| made().map(|(_, core)| core))
        };
        for (registration, retain) in callables {
            if let Some(core) = retain.and_then(keeper) {
                core.keep(registration);
            }
        }
    }
}
