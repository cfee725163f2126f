//! Arguments of a new process that are too long for what starts it: they come as the first message of its parent.
//!
//! Nobody else can have sent anything before, because nobody else has heard of the process. A parent that ends in between is
//! monitored, so that its child does not wait for ever.

use super::incoming::decode;
use super::post::Mail;
use super::{answered, ask, deliver, new_reference, say, with};
use crate::message::{self, EncodedMessage};
use cloison_contract::message::CapabilityRef;
use cloison_contract::process::{ProcessRef, Reason, ToRouter};
use rustpython_vm::builtins::PyTupleRef;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

/// The longest tuple of arguments, encoded, that goes along with what starts a process, in bytes.
const SHORT_BYTES: usize = 24 << 10;

/// Arguments of a process that is to be started.
pub(super) struct Arguments(EncodedMessage);

impl Arguments {
    /// Encode them.
    ///
    /// # Errors
    ///
    /// `TypeError` if something cannot be sent, `ValueError` if it is longer than a message may be.
    pub(super) fn new(arguments: &PyTupleRef, vm: &VirtualMachine) -> PyResult<Self> {
        let message = message::encode_arguments(arguments, vm)?;
        with(vm, |post| post.may_be_sent(message.bytes.len()))?;
        Ok(Self(message))
    }

    fn are_short(&self) -> bool {
        self.0.bytes.len() <= SHORT_BYTES
    }

    /// What goes along; `None` if all of it comes later.
    pub(super) fn along(&self) -> Option<Vec<u8>> {
        self.are_short().then(|| self.0.bytes.clone())
    }

    /// What the new process has to hold, because they name it.
    pub(super) fn capabilities(&self) -> Vec<CapabilityRef> {
        self.0.capabilities.clone()
    }

    /// Send to the process what did not go along.
    ///
    /// # Errors
    ///
    /// As for [`super::send`]; then the process has been killed.
    pub(super) fn follow(&self, to: ProcessRef, vm: &VirtualMachine) -> PyResult<()> {
        if self.are_short() {
            return Ok(());
        }
        deliver(to, &self.0.bytes, || Ok(()), vm).inspect_err(|_| {
            // It would wait for ever. Whoever asked for it gets an error, and is not hurt by its end.
            let unlinked = ask(|question| ToRouter::Unlink { process: to.number, question }, vm);
            let _ = unlinked.and_then(|_| say(&ToRouter::Kill(to), vm));
        })
    }
}

/// Wait for the arguments that follow. The process ends if its parent does.
pub(crate) fn await_arguments(vm: &VirtualMachine) -> PyResult<PyObjectRef> {
    let reference = new_reference(vm)?.words().1;
    let parent = with(vm, |post| {
        post.watch(reference);
        Ok(post.parent)
    })?;
    let Some(parent) = parent else { return Err(vm.new_runtime_error("nobody has started this process")) };
    say(&ToRouter::Monitor { process: parent, reference }, vm)?;
    let (position, first) = answered(vm, |post| post.next(0))?;
    with(vm, |post| post.take(position))?;
    if matches!(first, Mail::Down { .. }) {
        super::last(Reason::NoProcess);
        crate::process::exit(0);
    }
    say(&ToRouter::Demonitor(reference), vm)?;
    with(vm, |post| post.forget_down(reference))?;
    decode(first, vm)
}
