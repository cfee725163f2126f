//! The call channel to a zone.
//!
//! It is opened at the first call. When it ends, the call that waited learns why; the next call opens a new one.

use crate::errors;
use crate::errors::ends;
use crate::interrupt;
use crate::link::{self, LinkError};
use crate::memory;
use cloison_contract::message::{
    CapabilityRef, ChannelId, End, FromMicroprocess, Look, Looked, Module, ToMicroprocess,
};
use cloison_transport::client::Caller;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyUtf8StrRef};
use rustpython_vm::convert::ToPyObject;
use rustpython_vm::{PyResult, VirtualMachine};
use std::cell::{Cell, RefCell, RefMut};

/// The channel in use, if there is one, and what became of those before.
#[derive(Debug, Default)]
pub struct Connection {
    channel: RefCell<Option<Open>>,
    /// Which channel it is: handles, buffers and views are of one, and stale when it is not that any more.
    epoch: Cell<u64>,
    /// How many requests have been posted.
    calls: Cell<u64>,
    /// Why the last channel ended.
    lost: RefCell<Option<Lost>>,
}

/// How much of an arena is not counted as memory of this process.
const UNCOUNTED_BYTES: u64 = 1 << 20;

/// A channel.
#[derive(Debug)]
pub struct Open {
    id: ChannelId,
    /// The client's end.
    pub caller: Caller,
    /// How much of what its arena holds is counted as memory of this process.
    counted: u64,
    /// Something was posted for whose end nobody has waited yet.
    pub left: bool,
}

impl Open {
    /// Ask for the end of a wait in a host service, through the broker.
    pub fn interrupt(&self) -> Result<(), LinkError> {
        link::notify(&FromMicroprocess::Interrupt { channel: self.id })
    }

    /// Note how far into the arena a call has reached. What the arena holds from now on counts.
    #[inline]
    pub fn settle(&mut self, reached: u64) {
        self.caller.settle(reached);
        self.count();
    }

    /// Never more than half of what is left: what has happened already must not be what ends the process.
    #[inline]
    fn count(&mut self) {
        let held = self.caller.held_bytes();
        if held != self.counted {
            let held = held.min(self.counted.saturating_add(memory::free_bytes() / 2));
            memory::recount(self.counted, held);
            self.counted = held;
        }
    }

    /// Whether there is memory for arguments that reach so far into the arena. What earlier calls have left there is given back
    /// first if it is much, and `idle` says that nobody needs it.
    #[inline]
    pub fn has_room(&mut self, used: u64, idle: bool) -> bool {
        if idle && self.counted > memory::free_bytes() / 2 {
            self.caller.trim();
            self.count();
        }
        used <= UNCOUNTED_BYTES || used - UNCOUNTED_BYTES <= memory::free_bytes().saturating_add(self.counted)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        memory::recount(self.counted, 0);
    }
}

/// Why a channel ended.
#[derive(Clone, Debug)]
pub enum Lost {
    /// The broker says so.
    End(End),
    /// We gave it up in a call of that function.
    GivenUp(Box<str>),
}

impl Connection {
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

    /// How many requests have been posted.
    pub fn calls(&self) -> u64 {
        self.calls.get()
    }

    /// One more request is posted.
    #[inline]
    pub fn count_call(&self) {
        crate::contact::note();
        self.calls.set(self.calls.get() + 1);
    }

    /// Whether what belongs to the channel can still be there.
    pub fn is_live(&self) -> bool {
        match self.channel.try_borrow() {
            Ok(channel) => channel.as_ref().is_some_and(|open| open.caller.is_live()),
            Err(_) => true,
        }
    }

    /// Whether the channel has ended, or the one before was to a zone that was replaced: what is offered may be something else by now.
    #[cold]
    pub fn may_be_behind(&self) -> bool {
        let ended = match self.channel.try_borrow() {
            Ok(channel) => channel.as_ref().is_some_and(|open| !open.caller.is_live()),
            Err(_) => false,
        };
        ended || matches!(&*self.lost.borrow(), Some(Lost::End(End::Replaced { .. })))
    }

    /// Copy a range of the arena.
    pub fn read(&self, offset: u64, length: u64) -> Option<Vec<u8>> {
        let channel = self.channel.try_borrow().ok()?;
        channel.as_ref()?.caller.arena().read(offset, length).ok()
    }

    /// The channel, for a moment in which no Python code runs; `None` if it is in use.
    #[inline]
    pub fn channel(&self) -> Option<RefMut<'_, Option<Open>>> {
        self.channel.try_borrow_mut().ok()
    }

    /// Ask the broker for a channel by that interface. `None`: it is another one by now.
    #[cold]
    pub fn open<'a>(
        &self,
        slot: &'a mut Option<Open>,
        (name, capability, edition): (&str, CapabilityRef, u64),
        vm: &VirtualMachine,
    ) -> PyResult<Option<&'a mut Open>> {
        match ask(&FromMicroprocess::Open { capability, edition }, vm)? {
            (ToMicroprocess::Opened { channel }, descriptors) => {
                let [memory, terms] = <[_; 2]>::try_from(descriptors)
                    .map_err(|_| errors::new("Error", "the broker sent a channel without memory", &[], vm))?;
                let caller = Caller::open(memory, terms)
                    .map_err(|error| errors::new("Error", &format!("cannot open a call channel: {error}"), &[], vm))?;
                Ok(Some(slot.insert(Open { id: channel, caller, counted: 0, left: false })))
            }
            (ToMicroprocess::Because(End::Replaced { .. }), _) => Ok(None),
            (answer, _) => Err(no_capability(name, answer, vm)),
        }
    }

    /// If there is a channel, it has ended: learn why.
    #[cold]
    pub fn bury(&self, slot: &mut Option<Open>, vm: &VirtualMachine) -> PyResult<Option<End>> {
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
            Some(Lost::End(end)) if epoch + 1 == self.epoch() => ends::fate(end),
            Some(Lost::GivenUp(function)) if epoch + 1 == self.epoch() => {
                format!("its zone was given up in a call of {function}()")
            }
            _ => "its zone has ended since".to_owned(),
        }
    }

    /// Whether the zone that the channel of that epoch led to was replaced, as far as is known.
    pub fn was_replaced(&self, epoch: u64) -> bool {
        epoch + 1 == self.epoch() && matches!(&*self.lost.borrow(), Some(Lost::End(End::Replaced { .. })))
    }

    /// Why the last channel ended, if that is known.
    #[cold]
    pub fn lost(&self) -> Option<Lost> {
        self.lost.borrow().clone()
    }

    /// If the last channel ended in a batch of ours: in which of its calls, as the zone said.
    pub fn fatal_call(&self) -> Option<u64> {
        match &*self.lost.borrow() {
            Some(Lost::End(
                End::Exited { ran, .. }
                | End::Signaled { ran, .. }
                | End::DeadlineExceeded { ran }
                | End::Unwanted { ran },
            )) => ran.as_ref()?.own,
            _ => None,
        }
    }

    fn next_epoch(&self) {
        self.epoch.set(self.epoch.get() + 1);
        self.lost.take();
    }

    /// Drop a channel on which a call of that function is still running, and tell the broker.
    pub fn give_up(&self, channel: &mut Option<Open>, function: &str) {
        if let Some(open) = channel.take() {
            self.next_epoch();
            self.lost.replace(Some(Lost::GivenUp(function.into())));
            // Without a broker this process is about to end, too.
            let _ = link::notify(&FromMicroprocess::Overdue { channel: open.id });
        }
    }
}

fn why(channel: ChannelId, vm: &VirtualMachine) -> PyResult<Option<End>> {
    match ask(&FromMicroprocess::Why { channel }, vm)? {
        (ToMicroprocess::Because(end), _) => Ok(Some(end)),
        _ => Ok(None),
    }
}

/// A question to the broker, and its answer. A signal lets the interpreter look, and raise: then the question is abandoned.
pub fn ask(message: &FromMicroprocess, vm: &VirtualMachine) -> PyResult<link::BrokerAnswer> {
    put(message, |error| errors::new("Error", &error.to_string(), &[], vm), vm)
}

/// Ask for a module of the application. What goes wrong is an `ImportError`.
pub fn find(name: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<Option<Module>> {
    let wrong = |error: LinkError| vm.new_import_error(error.to_string(), name.clone());
    match put(&FromMicroprocess::Find { name: name.as_str().to_owned() }, wrong, vm)? {
        (ToMicroprocess::Found(module), _) => Ok(module),
        _ => Err(wrong(LinkError::Unexpected)),
    }
}

/// Look at a file of the application's own folders.
pub fn look(look: &Look, vm: &VirtualMachine) -> PyResult<Result<Looked, i32>> {
    let wrong = |error: LinkError| errors::new("Error", &error.to_string(), &[], vm);
    if !link::in_microprocess() {
        return link::look(look).map_err(wrong);
    }
    match put(&FromMicroprocess::Look(look.clone()), wrong, vm)? {
        (ToMicroprocess::Looked(looked), _) => Ok(looked),
        _ => Err(wrong(LinkError::Unexpected)),
    }
}

fn put(
    message: &FromMicroprocess,
    wrong: impl Fn(LinkError) -> PyBaseExceptionRef,
    vm: &VirtualMachine,
) -> PyResult<link::BrokerAnswer> {
    patiently(|| link::ask(message), &wrong, vm)?;
    patiently(link::answer, &wrong, vm)
}

fn patiently<T>(
    mut step: impl FnMut() -> Result<T, LinkError>,
    wrong: impl Fn(LinkError) -> PyBaseExceptionRef,
    vm: &VirtualMachine,
) -> PyResult<T> {
    loop {
        match step() {
            Ok(value) => return Ok(value),
            Err(LinkError::Interrupted) => interrupt::look(vm)?,
            Err(error) => return Err(wrong(error)),
        }
    }
}

/// The error for an answer that gives no capability.
pub fn no_capability(name: &str, answer: ToMicroprocess, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let capability = ("capability", name.to_pyobject(vm));
    match answer {
        ToMicroprocess::Denied { message } => errors::new("CapabilityDenied", &message, &[capability], vm),
        ToMicroprocess::Unavailable { message } => errors::new("ZoneUnavailable", &message, &[capability], vm),
        ToMicroprocess::Because(end) => {
            let what = if name.is_empty() { "a capability".to_owned() } else { format!("capability '{name}'") };
            crate::native::not_alive(&what, &end, vm)
        }
        _ => errors::new("Error", "the broker gave an answer to another question", &[], vm),
    }
}
