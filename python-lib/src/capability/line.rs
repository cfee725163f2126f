//! What the broker said of a capability, and the call channel to its zone.
//!
//! The channel is opened at the first call. When it ends, the call that waited learns why; the next call opens a new one.

use super::arguments::Prepared;
use super::plan::Plan;
use super::raise;
use super::results::{self, Values};
use crate::link;
use cloison_capabilities::call::{Reply, Status};
use cloison_capabilities::message::{ChannelId, End, FromMicroprocess, ToMicroprocess};
use cloison_capabilities::{Grant, Interface};
use cloison_transport::Arena;
use cloison_transport::client::{CallError, Caller};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::convert::ToPyObject;
use rustpython_vm::{PyResult, VirtualMachine};
use std::cell::RefCell;

/// A described capability. All its functions share the channel.
#[derive(Debug)]
pub struct Line {
    /// Its name in `cloison.toml`.
    pub name: String,
    /// What its zone offers.
    pub interface: Interface,
    /// What of it may be used.
    pub grant: Grant,
    /// Where that is written.
    pub location: String,
    channel: RefCell<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    id: ChannelId,
    caller: Caller,
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
            (ToMicroprocess::Described { interface, grant, allow_location }, _) => Ok(Self {
                name: name.to_owned(),
                interface: *interface,
                grant,
                location: allow_location,
                channel: RefCell::new(None),
            }),
            (answer, _) => Err(no_capability(name, answer, vm)),
        }
    }

    /// Make one call.
    #[inline]
    pub fn call(&self, plan: &Plan, prepared: &Prepared<'_>, vm: &VirtualMachine) -> PyResult<Values> {
        let mut channel = self
            .channel
            .try_borrow_mut()
            .map_err(|_| vm.new_runtime_error(format!("{}.{}(): a call is under way already", self.name, plan.name)))?;
        let open = match &mut *channel {
            Some(open) if open.caller.is_live() => open,
            slot => self.reopen(slot, plan, vm)?,
        };
        if prepared.write(open.caller.arena()).is_err() {
            return Err(self.too_large(plan, prepared.request.arena_used, open.caller.arena().len(), vm));
        }
        let mut outcome = open.caller.call(&prepared.request, plan.deadline);
        while matches!(outcome, Err(CallError::Interrupted)) {
            if let Err(interrupt) = vm.check_signals() {
                give_up(&mut channel);
                return Err(interrupt);
            }
            outcome = open.caller.resume();
        }
        match outcome {
            Ok(Status::Ok) => match results::take(plan, open.caller.reply(), open.caller.arena()) {
                Ok((values, reached)) => {
                    open.caller.settle(reached);
                    Ok(values)
                }
                Err(lie) => Err(raise::lied(&self.name, plan, &lie, vm)),
            },
            Ok(_) => Err(self.refused(plan, open.caller.reply(), open.caller.arena(), vm)),
            Err(failure) => Err(self.failed(plan, failure, &mut channel, vm)),
        }
    }

    /// A first channel, or another one after the last has ended while nobody waited. If the grant was revoked, that is
    /// the answer.
    #[cold]
    fn reopen<'a>(&self, slot: &'a mut Option<Open>, plan: &Plan, vm: &VirtualMachine) -> PyResult<&'a mut Open> {
        if let Some(last) = slot.take()
            && let Some(End::Revoked) = why(last.id, vm)?
        {
            return Err(raise::ended(&self.name, plan, &End::Revoked, vm));
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

    #[cold]
    fn refused(&self, plan: &Plan, reply: &Reply, arena: &Arena, vm: &VirtualMachine) -> PyBaseExceptionRef {
        raise::refused(&self.name, &self.location, plan, reply, arena, vm)
    }

    #[cold]
    fn failed(
        &self,
        plan: &Plan,
        failure: CallError,
        channel: &mut Option<Open>,
        vm: &VirtualMachine,
    ) -> PyBaseExceptionRef {
        match failure {
            CallError::Ended => match channel.take().map(|last| why(last.id, vm)) {
                Some(Ok(Some(end))) => raise::ended(&self.name, plan, &end, vm),
                Some(Err(error)) => error,
                Some(Ok(None)) | None => {
                    raise::error("Error", "the call channel has ended and the broker does not say why", &[], vm)
                }
            },
            CallError::DeadlineExceeded => {
                give_up(channel);
                raise::deadline_exceeded(&self.name, &plan.name, plan.deadline, vm)
            }
            CallError::Interrupted | CallError::Malformed => {
                give_up(channel);
                raise::error("Error", &format!("{}.{}(): {failure}", self.name, plan.name), &[], vm)
            }
        }
    }

    #[cold]
    fn too_large(&self, plan: &Plan, used: u64, room: u64, vm: &VirtualMachine) -> PyBaseExceptionRef {
        vm.new_value_error(format!(
            "{}.{}(): the arguments have {used} bytes, and a call carries {room} at most (`call_size` under [sandbox] of {})",
            self.name, plan.name, self.interface.source
        ))
    }
}

/// Drop a channel on which a call is still running, and tell the broker.
fn give_up(channel: &mut Option<Open>) {
    if let Some(open) = channel.take() {
        // Without a broker this process is about to end, too.
        let _ = link::notify(&FromMicroprocess::Overdue { channel: open.id });
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
