//! What the broker said of a capability, and the call channel to its zone.
//!
//! The channel is opened at the first call. When it ends, the call that waited learns why; the next call opens a new one.

use crate::call::callback::Callables;
use crate::call::conversation::Turn;
use crate::errors::raise;
use crate::link;
use crate::marshal::arguments::{Extra, Prepared};
use crate::marshal::plan::Plan;
use crate::marshal::results::{Lie, Taking};
use crate::marshal::value::Values;
use crate::objects::classes::Classes;
use crate::objects::handle::{Core, Handles};
use cloison_contract::call::{CLOSE, MAX_WORDS, Request, SYNC, Status};
use cloison_contract::message::{ChannelId, End, FromMicroprocess, ToMicroprocess};
use cloison_contract::shape::Lifetime;
use cloison_contract::{Grant, Interface};
use cloison_transport::client::{CallError, Caller};
use cloison_transport::{Arena, OutOfRange};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::convert::ToPyObject;
use rustpython_vm::{AsObject, PyResult, VirtualMachine};
use std::cell::{Cell, RefCell, RefMut};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

/// A described capability. All its functions share the channel.
pub struct Line {
    /// Its name in `cloison.toml`.
    pub name: String,
    /// What its zone offers.
    pub interface: Interface,
    /// What of it may be used.
    pub grant: Grant,
    /// Where that is written.
    pub location: String,
    /// The Python classes of its types.
    pub classes: Classes,
    /// The objects of the zone that Python holds.
    pub handles: Handles,
    /// What the library may call.
    pub callables: Callables,
    channel: RefCell<Option<Open>>,
    /// Which channel it is: handles, buffers and views are of one, and stale when it is not that any more.
    epoch: Cell<u64>,
    /// How many requests have been posted.
    calls: Cell<u64>,
    /// How long callables have taken in the outermost call.
    pub callables_took: Cell<Duration>,
    /// How many callables are running.
    depth: Cell<u64>,
    /// How much of the arena is in use by calls that run.
    mark: Cell<u64>,
    /// Why the last channel ended.
    lost: RefCell<Option<Lost>>,
}

/// A channel.
#[derive(Debug)]
pub struct Open {
    id: ChannelId,
    /// The client's end.
    pub caller: Caller,
}

/// Why a channel ended.
#[derive(Clone, Debug)]
enum Lost {
    /// The broker says so.
    End(End),
    /// We gave it up in a call of that function.
    GivenUp(Box<str>),
}

impl fmt::Debug for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Line").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Line {
    /// Ask the broker what the capability offers.
    pub fn describe(name: &str, vm: &VirtualMachine) -> PyResult<Self> {
        if !link::in_microprocess() {
            return Err(raise::error(
                "CapabilityDenied",
                &format!(
                    "capability {name:?} cannot be used while modules are imported: a template holds no capabilities"
                ),
                &[("capability", name.to_pyobject(vm))],
                vm,
            ));
        }
        match ask(&FromMicroprocess::Describe { capability: name.to_owned() }, vm)? {
            (ToMicroprocess::Described { interface, grant, allow_location }, _) => {
                Ok(Self::new(name, *interface, grant, allow_location))
            }
            (answer, _) => Err(no_capability(name, answer, vm)),
        }
    }

    /// One that has been described so.
    pub fn new(name: &str, interface: Interface, grant: Grant, location: String) -> Self {
        Self {
            name: name.to_owned(),
            interface,
            grant,
            location,
            classes: Classes::default(),
            handles: Handles::default(),
            callables: Callables::default(),
            channel: RefCell::new(None),
            epoch: Cell::new(0),
            calls: Cell::new(0),
            callables_took: Cell::default(),
            depth: Cell::new(0),
            mark: Cell::new(0),
            lost: RefCell::new(None),
        }
    }

    /// Which channel is in use, or was last. It changes as soon as a channel is known to have ended.
    #[inline]
    pub fn epoch(&self) -> u64 {
        self.epoch.get()
    }

    /// How many callables its zone has given up, as the broker says; 0 while nobody can know.
    pub fn given_up(&self) -> u32 {
        let channel = self.channel.try_borrow();
        channel.ok().and_then(|channel| channel.as_ref().map(|open| open.caller.late())).unwrap_or(0)
    }

    /// How long a call of that function may take, as the broker sees it.
    pub fn deadline(&self, function: &str) -> Option<Duration> {
        let (_, function) = self.interface.function(function)?;
        Some(function.deadline.unwrap_or(self.interface.sandbox.deadline))
    }

    /// How many requests have been posted.
    pub fn calls(&self) -> u64 {
        self.calls.get()
    }

    /// One more request is posted.
    #[inline]
    pub fn count_call(&self) {
        self.calls.set(self.calls.get() + 1);
    }

    /// How many callables are running.
    pub fn depth(&self) -> u64 {
        self.depth.get()
    }

    /// From here on the arena is free.
    #[inline]
    pub fn mark(&self) -> u64 {
        self.mark.get()
    }

    /// A callable begins or ends.
    pub fn set_place(&self, depth: u64, mark: u64) {
        self.depth.set(depth);
        self.mark.set(mark);
    }

    /// Whether what belongs to the channel can still be there.
    pub fn is_live(&self) -> bool {
        match self.channel.try_borrow() {
            Ok(channel) => channel.as_ref().is_some_and(|open| open.caller.is_live()),
            Err(_) => true,
        }
    }

    /// Copy a range of the arena.
    pub fn read(&self, offset: u64, length: u64) -> Option<Vec<u8>> {
        let channel = self.channel.try_borrow().ok()?;
        channel.as_ref()?.caller.arena().read(offset, length).ok()
    }

    /// The channel, for a moment in which no Python code runs.
    #[inline]
    pub fn channel(&self, plan: &Plan, vm: &VirtualMachine) -> PyResult<RefMut<'_, Option<Open>>> {
        self.channel
            .try_borrow_mut()
            .map_err(|_| vm.new_runtime_error(format!("{}.{}(): a call is under way already", self.name, plan.name)))
    }

    /// Make one call.
    #[inline]
    pub fn call(self: &Rc<Self>, plan: &Plan, prepared: &mut Prepared<'_>, vm: &VirtualMachine) -> PyResult<Values> {
        if self.handles.waiting() > 0 {
            self.close_dropped(vm)?;
        }
        let mut channel = self.channel(plan, vm)?;
        let open = match &mut *channel {
            Some(open) if open.caller.is_live() => open,
            slot => self.reopen(slot, plan, vm)?,
        };
        if prepared.write(open.caller.arena()).is_err() {
            return Err(self.too_large(plan, prepared.request.arena_used, open.caller.arena().len(), vm));
        }
        self.count_call();
        let outcome = open.caller.call(&prepared.request, plan.deadline);
        if !matches!(outcome, Ok(Status::Ok)) || prepared.extra.is_some() {
            let turn = self.converse(plan, channel, outcome, vm)?;
            return self.end(plan, turn, prepared.extra.take(), vm);
        }
        let reply = open.caller.reply();
        let mut taking = Taking::new(self, open.caller.arena(), None);
        match taking.take(&plan.results, &reply.words[..reply.count as usize]) {
            Ok(values) => {
                let reached = taking.reached;
                open.caller.settle(reached);
                Ok(values)
            }
            Err(lie) => Err(raise::lied(&self.name, plan, &lie, vm)),
        }
    }

    /// The end of a call that was not a plain one.
    #[cold]
    fn end(
        self: &Rc<Self>,
        plan: &Plan,
        mut turn: Turn<'_>,
        extra: Option<Box<Extra>>,
        vm: &VirtualMachine,
    ) -> PyResult<Values> {
        let mut taken = None;
        let outcome = turn.outcome;
        let result = match (outcome, &mut *turn.channel) {
            (Ok(Status::Ok), Some(open)) => {
                let reply = open.caller.reply();
                let mut taking = Taking::new(self, open.caller.arena(), extra.as_deref());
                let values = taking.take(&plan.results, &reply.words[..reply.count as usize]);
                let Taking { reached, made, .. } = taking;
                open.caller.settle(reached);
                taken = Some(made);
                values.map_err(|lie| raise::lied(&self.name, plan, &lie, vm))
            }
            (Ok(_), Some(_)) => Err(self.refused(plan, &turn, vm)),
            (Err(failure), slot) => Err(self.failed(plan, failure, slot, vm)),
            (Ok(_), None) => Err(self.lost(plan, vm)),
        };
        // Letting go of callables can run Python code, which can make calls.
        let Turn { channel, raised, .. } = turn;
        drop(channel);
        if let (Some(made), Some(extra)) = (taken, extra) {
            extra.settle(&made);
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
    ) -> PyResult<Turn<'a>> {
        let mut channel = self.channel(plan, vm)?;
        let Some(open) = channel.as_mut().filter(|open| open.caller.is_live()) else {
            return Err(raise::error(
                "StaleHandle",
                &format!("{}.{}: the zone is gone", self.name, plan.name),
                &[],
                vm,
            ));
        };
        if write(open.caller.arena()).is_err() {
            return Err(self.too_large(plan, request.arena_used, open.caller.arena().len(), vm));
        }
        self.count_call();
        let outcome = open.caller.call(request, plan.deadline);
        let mut turn = self.converse(plan, channel, outcome, vm)?;
        match turn.outcome {
            Ok(_) => Ok(turn),
            Err(failure) => {
                let error = self.failed(plan, failure, &mut turn.channel, vm);
                Err(turn.raised.unwrap_or(error))
            }
        }
    }

    /// A request of one word.
    fn special(&self, function: u32, word: u64) -> Request {
        let mut request = Request { function, count: 1, arena_used: self.mark(), words: [0; MAX_WORDS] };
        request.words[0] = word;
        request
    }

    /// Close an object now. Whether it was still there.
    pub fn close(self: &Rc<Self>, core: &Core, vm: &VirtualMachine) -> PyResult<bool> {
        let plan = Plan::special(CLOSE, "close", &self.interface);
        let turn = self.exchange(&plan, &self.special(CLOSE, core.word()), |_| Ok(()), vm)?;
        let result = match turn.outcome {
            Ok(Status::Ok) => Ok(true),
            Ok(Status::StaleHandle) => Ok(false),
            Ok(Status::BadArgument) => Err(core.in_use(vm)),
            _ => Err(self.refused(&plan, &turn, vm)),
        };
        // Only what a call uses is refused its end: whatever else went wrong did so in the end or after it.
        let kept = if matches!(turn.outcome, Ok(Status::BadArgument)) { Vec::new() } else { core.forget() };
        let Turn { channel, raised, .. } = turn;
        drop(channel);
        drop(kept);
        raised.map_or(result, Err)
    }

    /// Close what was dropped since the last call. What goes wrong there is nobody's in particular: it is reported as what goes
    /// wrong in a finalizer is.
    #[cold]
    pub fn close_dropped(self: &Rc<Self>, vm: &VirtualMachine) -> PyResult<()> {
        let plan = Plan::special(CLOSE, "close", &self.interface);
        for dropped in self.handles.take_dropped() {
            if dropped.epoch != self.epoch() || !self.is_live() {
                continue;
            }
            let ended = self.exchange(&plan, &self.special(CLOSE, dropped.word), |_| Ok(()), vm).and_then(|turn| {
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
                    self.handles.put_back(dropped);
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
        let plan = Plan::special(SYNC, "sync", &self.interface);
        let mut turn = self.exchange(&plan, &self.special(SYNC, block), |_| Ok(()), vm)?;
        if !matches!(turn.outcome, Ok(Status::Ok)) {
            return Err(self.refused(&plan, &turn, vm));
        }
        let Some(open) = &mut *turn.channel else { return Err(self.lost(&plan, vm)) };
        let reply = open.caller.reply();
        let (offset, length) = (reply.words[0], reply.words[1]);
        let bytes = match reply.count {
            2 if length <= max_bytes => open.caller.arena().read(offset, length).map_err(|_| Lie::Range),
            _ => Err(Lie::Words),
        };
        open.caller.settle(if bytes.is_ok() { offset + length } else { 0 });
        bytes.map_err(|lie| raise::lied(&self.name, &plan, &lie, vm))
    }

    /// Have a channel, for what is built in its arena before it is posted.
    pub fn ensure_open(&self, plan: &Plan, vm: &VirtualMachine) -> PyResult<()> {
        let mut channel = self.channel(plan, vm)?;
        match &mut *channel {
            Some(open) if open.caller.is_live() => Ok(()),
            slot => self.reopen(slot, plan, vm).map(drop),
        }
    }

    /// A first channel, or another one after the last has ended while nobody waited. If the grant was revoked, that is
    /// the answer.
    #[cold]
    fn reopen<'a>(&self, slot: &'a mut Option<Open>, plan: &Plan, vm: &VirtualMachine) -> PyResult<&'a mut Open> {
        if let Some(End::Revoked) = self.bury(slot, vm)? {
            return Err(raise::ended(self, plan, &End::Revoked, vm));
        }
        if self.depth() > 0 {
            // Calls wait for their ends on the channel that is gone; they have to hear of it first.
            return Err(self.lost(plan, vm));
        }
        match ask(&FromMicroprocess::Open { capability: self.name.clone() }, vm)? {
            (ToMicroprocess::Opened { channel }, descriptors) => {
                let [memory, terms] = <[_; 2]>::try_from(descriptors)
                    .map_err(|_| raise::error("Error", "the broker sent a channel without memory", &[], vm))?;
                let caller = Caller::open(memory, terms)
                    .map_err(|error| raise::error("Error", &format!("cannot open a call channel: {error}"), &[], vm))?;
                Ok(slot.insert(Open { id: channel, caller }))
            }
            (answer, _) => Err(no_capability(&self.name, answer, vm)),
        }
    }

    /// If a channel has ended while nobody waited: learn why.
    #[cold]
    fn bury(&self, slot: &mut Option<Open>, vm: &VirtualMachine) -> PyResult<Option<End>> {
        let Some(last) = slot.take() else { return Ok(None) };
        self.next_epoch();
        let end = why(last.id, vm)?;
        self.lost.replace(end.clone().map(Lost::End));
        Ok(end)
    }

    /// What has become of the zone that the channel of that epoch led to.
    #[cold]
    pub fn fate(&self, epoch: u64, vm: &VirtualMachine) -> String {
        if let Ok(mut channel) = self.channel.try_borrow_mut()
            && channel.as_ref().is_some_and(|open| !open.caller.is_live())
        {
            // Whoever does not answer is missed at the next call.
            let _ = self.bury(&mut channel, vm);
        }
        match &*self.lost.borrow() {
            Some(Lost::End(end)) if epoch + 1 == self.epoch() => raise::fate(end),
            Some(Lost::GivenUp(function)) if epoch + 1 == self.epoch() => {
                format!("its zone was given up in a call of {function}()")
            }
            _ => "its zone has ended since".to_owned(),
        }
    }

    /// The error for a reply that is not [`Status::Ok`].
    #[cold]
    pub fn refused(&self, plan: &Plan, turn: &Turn<'_>, vm: &VirtualMachine) -> PyBaseExceptionRef {
        let Some(open) = &*turn.channel else { return self.lost(plan, vm) };
        if let (Ok(Status::CallbackOverdue), Some(asked)) = (turn.outcome, &turn.asked) {
            return raise::callback_overdue(&self.name, &plan.name, asked, vm);
        }
        let (reply, arena) = (open.caller.reply(), open.caller.arena());
        let words = &reply.words[..reply.count as usize];
        if let Ok(Status::CallablesOverdue) = turn.outcome {
            return raise::callables_overdue(&self.name, plan, turn.asked.as_deref(), words, arena, vm);
        }
        raise::refused(self, plan, reply.status, words, arena, vm)
    }

    /// The error for a call without a reply.
    #[cold]
    pub fn failed(
        &self,
        plan: &Plan,
        failure: CallError,
        channel: &mut Option<Open>,
        vm: &VirtualMachine,
    ) -> PyBaseExceptionRef {
        match failure {
            CallError::Ended => {
                self.next_epoch();
                match channel.take().map(|last| why(last.id, vm)) {
                    Some(Ok(Some(end))) => {
                        self.lost.replace(Some(Lost::End(end.clone())));
                        raise::ended(self, plan, &end, vm)
                    }
                    Some(Err(error)) => error,
                    Some(Ok(None)) | None => {
                        raise::error("Error", "the call channel has ended and the broker does not say why", &[], vm)
                    }
                }
            }
            CallError::DeadlineExceeded => {
                self.give_up(channel, plan);
                raise::deadline_exceeded(&self.name, &plan.name, plan.deadline, vm)
            }
            CallError::Interrupted | CallError::Malformed => {
                self.give_up(channel, plan);
                raise::error("Error", &format!("{}.{}(): {failure}", self.name, plan.name), &[], vm)
            }
        }
    }

    /// The error for a call whose channel ended while somebody else used it.
    #[cold]
    pub fn lost(&self, plan: &Plan, vm: &VirtualMachine) -> PyBaseExceptionRef {
        match &*self.lost.borrow() {
            Some(Lost::End(end)) => raise::ended(self, plan, end, vm),
            Some(Lost::GivenUp(function)) => {
                let message = format!("{}.{}(): its zone was given up in a call of {function}()", self.name, plan.name);
                raise::error("Error", &message, &[], vm)
            }
            None => raise::error("Error", &format!("{}.{}(): the zone is gone", self.name, plan.name), &[], vm),
        }
    }

    /// If the last channel ended in a batch of ours: in which of its calls, as the zone said.
    pub fn fatal_call(&self) -> Option<u64> {
        match &*self.lost.borrow() {
            Some(Lost::End(End::Exited { ran, .. } | End::Signaled { ran, .. } | End::DeadlineExceeded { ran })) => {
                ran.as_ref()?.own
            }
            _ => None,
        }
    }

    fn next_epoch(&self) {
        self.epoch.set(self.epoch.get() + 1);
        self.lost.take();
    }

    /// Drop a channel on which a call is still running, and tell the broker.
    pub fn give_up(&self, channel: &mut Option<Open>, plan: &Plan) {
        if let Some(open) = channel.take() {
            self.next_epoch();
            self.lost.replace(Some(Lost::GivenUp(plan.name.clone())));
            // Without a broker this process is about to end, too.
            let _ = link::notify(&FromMicroprocess::Overdue { channel: open.id });
        }
    }

    /// The error for arguments that do not fit into the arena.
    #[cold]
    pub fn too_large(&self, plan: &Plan, used: u64, room: u64, vm: &VirtualMachine) -> PyBaseExceptionRef {
        vm.new_value_error(format!(
            "{}.{}(): the arguments have {used} bytes, and a call carries {room} at most (`call_size` under [sandbox] of {})",
            self.name, plan.name, self.interface.source
        ))
    }
}

fn why(channel: ChannelId, vm: &VirtualMachine) -> PyResult<Option<End>> {
    match ask(&FromMicroprocess::Why { channel }, vm)? {
        (ToMicroprocess::Because(end), _) => Ok(Some(end)),
        _ => Ok(None),
    }
}

fn ask(message: &FromMicroprocess, vm: &VirtualMachine) -> PyResult<(ToMicroprocess, Vec<std::os::fd::OwnedFd>)> {
    link::ask(message).map_err(|error| raise::error("Error", &error.to_string(), &[], vm))
}

fn no_capability(name: &str, answer: ToMicroprocess, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let capability = ("capability", name.to_pyobject(vm));
    match answer {
        ToMicroprocess::Denied { message } => raise::error("CapabilityDenied", &message, &[capability], vm),
        ToMicroprocess::Unavailable { message } => raise::error("ZoneUnavailable", &message, &[capability], vm),
        _ => raise::error("Error", "the broker gave an answer to another question", &[], vm),
    }
}

impl Extra {
    /// The call has ended well: what it consumed is gone, and what the library keeps is kept with what keeps it.
    pub fn settle(self, made: &[(Lifetime, Rc<Core>)]) {
        let Self { handles, consumed, callables } = self;
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
        for core in consumed {
            drop(core.forget());
        }
    }
}
