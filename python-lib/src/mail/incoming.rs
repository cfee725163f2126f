//! What has arrived: read, and handed to the program.

use super::post::Mail;
use super::{broken_parcel, parcel, process, reason, settle, with};
use crate::message::envelope::{self, Envelope};
use crate::objects::held::HeldGrant;
use crate::objects::process::{Process, Reference};
use crate::{errors, interrupt, message};
use cloison_contract::message::ParcelAnswer;
use cloison_contract::process::{ProcessNumber, ToRouter};
use cloison_transport::mailbox::{ParcelView, Waited};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyTuple, PyType};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// After how long a message is fetched again that could not be handed over.
const IN_FLIGHT: Duration = Duration::from_millis(1);

/// Fetch the memory of a long message.
fn fetch(number: u64, vm: &VirtualMachine) -> PyResult<OwnedFd> {
    settle(vm)?;
    loop {
        // Whoever is interrupted here would lose the message.
        while !with(vm, |post| post.say(&ToRouter::Fetch(number)))? {
            with(vm, |post| Ok(post.wait_for_room()))?;
        }
        match parcel(vm)? {
            (ParcelAnswer::Here, Some(memory)) => return Ok(memory),
            // Too much is on its way to processes of this user, for a moment.
            (ParcelAnswer::Full, _) => std::thread::sleep(IN_FLIGHT),
            _ => return Err(vm.new_runtime_error("a long message is not there any more")),
        }
    }
}

/// What becomes of a message that cannot be read here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unreadable {
    /// It is taken out, and that is an exception.
    Raise,
    /// It stays, for whoever takes any message: it is no answer to what the runtime itself waits for.
    Leave,
}

fn is_message_error(error: &PyBaseExceptionRef, vm: &VirtualMachine) -> bool {
    let class = errors::class("MessageError", vm).ok().and_then(|class| class.downcast::<PyType>().ok());
    class.is_some_and(|class| error.fast_isinstance(&class))
}

/// The next message, or the next that matches. `None`: the time is over, or the grant has ended that is waited by.
pub(crate) fn receive(
    until: Option<Instant>,
    matches: Option<&PyObject>,
    from: u64,
    (unreadable, by): (Unreadable, Option<&HeldGrant>),
    vm: &VirtualMachine,
) -> PyResult<Option<PyObjectRef>> {
    let mut at = from;
    loop {
        while let Some((position, item)) = with(vm, |post| post.next(at))? {
            at = position + 1;
            let value = match item {
                Mail::Decoded(value) => value,
                undecoded => match decode(undecoded, vm) {
                    Ok(value) => value,
                    Err(error) if unreadable == Unreadable::Leave && is_message_error(&error, vm) => {
                        let text = error.as_object().str(vm)?.to_string();
                        with(vm, |post| post.keep(position, Mail::Unreadable(text)))?;
                        continue;
                    }
                    Err(error) => {
                        with(vm, |post| post.take(position))?;
                        return Err(error);
                    }
                },
            };
            with(vm, |post| post.keep(position, Mail::Decoded(value.clone())))?;
            let wanted = match matches {
                None => true,
                Some(matches) => is_wanted(matches, &value, vm)?,
            };
            // A predicate may have received it itself.
            if wanted && with(vm, |post| post.take(position))? {
                return Ok(Some(value));
            }
        }
        if by.is_some_and(HeldGrant::has_ended) {
            return Ok(None);
        }
        super::release();
        match with(vm, |post| Ok(post.wait(until)))? {
            Waited::Maybe => {}
            Waited::Interrupted => interrupt::look(vm)?,
            Waited::TimedOut => return Ok(None),
        }
    }
}

/// Whether a message is of the type, or one of the types, or satisfies the predicate.
fn is_wanted(matches: &PyObject, value: &PyObject, vm: &VirtualMachine) -> PyResult<bool> {
    if matches.downcastable::<PyType>() || matches.downcastable::<PyTuple>() {
        return value.is_instance(matches, vm);
    }
    matches.call((value.to_owned(),), vm)?.try_to_bool(vm)
}

pub(super) fn decode(item: Mail, vm: &VirtualMachine) -> PyResult {
    match item {
        Mail::Decoded(value) => Ok(value),
        Mail::Unreadable(text) => Err(errors::new("MessageError", &text, &[], vm)),
        Mail::Message { sender, bytes } => read(sender, &bytes, vm),
        Mail::Parcel { sender, number } => {
            let memory = fetch(number, vm)?;
            let view = ParcelView::open(&memory).map_err(|error| broken_parcel(&error, vm))?;
            read(sender, view.bytes(), vm)
        }
        Mail::Down { reference, process: ended, reason } => {
            let myself = with(vm, |post| Ok(post.myself().number))?;
            let reference = Reference::new(myself, reference).into_ref(&vm.ctx);
            let arguments = (process(ended, vm), reason::to_python(&reason, vm)?, reference);
            class("Down", vm)?.call(arguments, vm)
        }
        Mail::Exit { process: ended, reason } => {
            class("Exit", vm)?.call((process(ended, vm), reason::to_python(&reason, vm)?), vm)
        }
    }
}

/// A message of that process's.
fn read(sender: ProcessNumber, bytes: &[u8], vm: &VirtualMachine) -> PyResult {
    match message::decode(bytes, vm) {
        Ok(value) => refuse_claims(sender, &value, vm).map(|()| value),
        Err(error) if is_message_error(&error, vm) => match envelope::open(bytes) {
            // Whoever waits for it hears what is wrong with it.
            Some(Envelope::Answer(reference)) => {
                let reference = reference.into_ref(&vm.ctx);
                class("_Reply", vm)?.call((reference, error, true), vm)
            }
            Some(Envelope::Question { sender: asker, reference }) if asker.number() == sender => {
                let (asker, reference) = (asker.into_ref(&vm.ctx), reference.into_ref(&vm.ctx));
                class("_not_understood", vm)?.call((asker, reference, error.clone()), vm)?;
                Err(error)
            }
            _ => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// What the router alone says is true because nobody else can say it; and who asks is who has sent the question.
fn refuse_claims(sender: ProcessNumber, value: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
    let name = value.class().name().to_string();
    if !matches!(name.as_str(), "Call" | "Down" | "Exit" | "_ServiceCall") || !value.class().is(&class(&name, vm)?) {
        return Ok(());
    }
    let text = if !matches!(name.as_str(), "Call" | "_ServiceCall") {
        format!("process {sender} has sent a {name} as if it came from the router")
    } else if value.get_attr("sender", vm)?.downcast_ref::<Process>().map(|process| process.number()) == Some(sender) {
        return Ok(());
    } else {
        format!("process {sender} has sent a {name} in another one's name\nhint: pass a {name} on inside of a tuple")
    };
    Err(errors::new("MessageError", &text, &[], vm))
}

/// `Call`, `Down`, `Exit`, `Reason`, or another of the names there.
pub(super) fn class(name: &str, vm: &VirtualMachine) -> PyResult {
    crate::package::cloison_module("_processes", vm)?.get_attr(vm.ctx.intern_str(name), vm)
}
