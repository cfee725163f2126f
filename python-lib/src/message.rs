//! Messages: Python values as the bytes of `cloison-message`, and back.
//!
//! | module | subject |
//! |---|---|
//! | `encode` | values to bytes |
//! | `refusal` | why a value can't be sent, and where in the message it is |
//! | `decode` | bytes to values |
//! | `envelope` | whose question or answer it is that cannot be read |
//! | [`declared`] | the classes that are declared as messages |
//! | `exceptions` | exceptions, both ways |
//! | `moments` | dates and times, both ways |
//!
//! # Whose code runs
//!
//! Encoding runs code of the sender's own program in one case alone: `str()` and `repr()` of an exception. No list or dict is
//! borrowed meanwhile; one that such code changes is refused.
//!
//! Decoding runs no code of a program at all. Values are of builtin types, which are made by their own native constructors;
//! objects of declared classes are made without `__new__`, `__init__` and `__setattr__`, their fields put where the class keeps
//! them; a key of a dict or set is of a type whose hash is native. A class is found among those that the receiver has
//! declared itself, by name; nothing is imported. Exceptions that need more than `args` are made by the native base's
//! constructor, which gets builtin values only.

pub mod declared;
mod decode;
mod encode;
pub(crate) mod envelope;
mod exceptions;
mod moments;
mod refusal;

pub(crate) use exceptions::{ENDLESS, is_endless};

use crate::errors;
use cloison_contract::message::CapabilityRef;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyTuple};
use rustpython_vm::{AsObject, Py, PyObject, PyResult, VirtualMachine};

/// A value as a message.
///
/// `TypeError` if something in it can't be sent, `ValueError` if it contains itself, is nested too deeply or is too large; the
/// text says where it is.
pub fn encode(value: &PyObject, vm: &VirtualMachine) -> PyResult<Vec<u8>> {
    Ok(encode::encode(value, "message", false, vm)?.bytes)
}

/// The same for one receiver, who has to be given the capabilities in it.
pub fn encode_for_one(value: &PyObject, vm: &VirtualMachine) -> PyResult<EncodedMessage> {
    encode::encode(value, "message", true, vm)
}

/// A message, and what it names that its receiver has to hold.
#[derive(Debug)]
pub struct EncodedMessage {
    /// The message.
    pub bytes: Vec<u8>,
    /// Each as often as it is named.
    pub capabilities: Vec<CapabilityRef>,
}

/// The arguments of a function as a message. As [`encode_for_one()`], but that the texts speak of `args`.
pub fn encode_arguments(arguments: &Py<PyTuple>, vm: &VirtualMachine) -> PyResult<EncodedMessage> {
    encode::encode(arguments.as_object(), "args", true, vm)
}

/// The value of a message; `cloison.MessageError` if the bytes are none. They may come from anybody.
pub fn decode(bytes: &[u8], vm: &VirtualMachine) -> PyResult {
    decode::decode(bytes, vm)
}

/// A `cloison.MessageError`.
#[cold]
fn message_error(text: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
    errors::new("MessageError", text, &[], vm)
}

const NO_MEMORY: &str = "a message takes more memory than is left";

/// The `MemoryError` of who would send what takes more than is left of its budget.
#[cold]
fn no_memory(vm: &VirtualMachine) -> PyBaseExceptionRef {
    crate::interrupt::memory_error_is_told();
    vm.new_memory_error(NO_MEMORY.to_owned())
}

/// Of who would read it. It is a `MemoryError`, and yet the message's fault: a server that is sent such a one goes on.
#[cold]
fn too_large(vm: &VirtualMachine) -> PyBaseExceptionRef {
    crate::interrupt::memory_error_is_told();
    errors::new("MessageTooLarge", NO_MEMORY, &[], vm)
}
