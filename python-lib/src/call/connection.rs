//! The way to a zone: this process as that in which calls are made, its channels and questions to the broker.

use crate::errors;
use crate::interrupt;
use crate::link::{self, LinkError};
use crate::memory;
use cloison_calls::{BrokerLink, Connection, Host, OpenChannel};
use cloison_contract::message::{
    CapabilityRef, ChannelId, End, FromMicroprocess, GIVEN_AT_ONCE, Look, Looked, Module, ToMicroprocess,
};
use cloison_contract::process::ProcessRef;
use cloison_transport::client::Caller;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyUtf8StrRef};
use rustpython_vm::convert::ToPyObject;
use rustpython_vm::{PyResult, VirtualMachine};

/// A microprocess's channel to a zone, and what became of those before.
pub type ZoneConnection = Connection<Microprocess>;
/// A channel of it.
pub type Open = OpenChannel<Microprocess>;

/// This process.
#[derive(Debug)]
pub enum Microprocess {}

impl Host for Microprocess {
    #[inline]
    fn free_bytes() -> u64 {
        memory::free_bytes()
    }

    #[inline]
    fn recount(before: u64, now: u64) {
        memory::recount(before, now);
    }

    #[inline]
    fn note_contact() {
        crate::contact::note();
    }
}

/// The broker, at the other end of the link. Without it this process is about to end: what cannot be told it, nobody misses.
pub struct ByLink<'a>(pub &'a VirtualMachine);

impl BrokerLink for ByLink<'_> {
    type Error = PyBaseExceptionRef;

    fn why(&self, channel: ChannelId) -> PyResult<Option<End>> {
        match ask(&FromMicroprocess::Why { channel }, self.0)? {
            (ToMicroprocess::Because(end), _) => Ok(Some(end)),
            _ => Ok(None),
        }
    }

    fn overdue(&self, channel: ChannelId) {
        let _ = link::notify(&FromMicroprocess::Overdue { channel });
    }

    fn interrupt(&self, channel: ChannelId) -> bool {
        link::notify(&FromMicroprocess::Interrupt { channel }).is_ok()
    }
}

/// Ask the broker for a channel by that interface. `None`: it is another one by now.
#[cold]
pub fn open(
    (name, capability, edition): (&str, CapabilityRef, u64),
    vm: &VirtualMachine,
) -> PyResult<Option<(ChannelId, Caller)>> {
    match ask(&FromMicroprocess::Open { capability, edition }, vm)? {
        (ToMicroprocess::Opened { channel }, descriptors) => {
            let [memory, terms] = <[_; 2]>::try_from(descriptors)
                .map_err(|_| errors::new("Error", "the broker sent a channel without memory", &[], vm))?;
            let caller = Caller::open(memory, terms)
                .map_err(|error| errors::new("Error", &format!("cannot open a call channel: {error}"), &[], vm))?;
            Ok(Some((channel, caller)))
        }
        (ToMicroprocess::Because(End::Replaced { .. }), _) => Ok(None),
        (answer, _) => Err(no_capability(name, answer, vm)),
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
            errors::not_alive(&what, &end, vm)
        }
        _ => errors::new("Error", "the broker gave an answer to another question", &[], vm),
    }
}

/// Let a process hold capabilities that a message to it names.
pub fn give(capabilities: &[CapabilityRef], to: ProcessRef, vm: &VirtualMachine) -> PyResult<()> {
    if capabilities.len() > GIVEN_AT_ONCE {
        let count = capabilities.len();
        let message = format!("a message names {count} capabilities, and {GIVEN_AT_ONCE} at most are given at once");
        return Err(no_capability("", ToMicroprocess::Denied { message }, vm));
    }
    if capabilities.is_empty() {
        return Ok(());
    }
    match ask(&FromMicroprocess::Give { capabilities: capabilities.to_vec(), to }, vm)? {
        (ToMicroprocess::Done, _) => Ok(()),
        (ToMicroprocess::Because(end), _) => Err(errors::not_alive("a capability in the message", &end, vm)),
        (answer, _) => Err(no_capability("", answer, vm)),
    }
}
