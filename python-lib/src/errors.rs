//! What Python is told when something goes wrong: the exceptions of `cloison._errors`. All of this is off the fast path.
//!
//! | module | subject |
//! |---|---|
//! | `place` | which argument is wrong, and what is wrong with it |
//! | `raise` | how a call has failed |
//! | `ends` | how a zone has ended, in words |

pub(crate) mod ends;
pub(crate) mod place;
pub(crate) mod raise;

use crate::{interrupt, memory};
use cloison_codec::memory::is_there;
use cloison_contract::message::End;
use rustix::io::Errno;
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::function::{FuncArgs, KwArgs};
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

/// Make an exception of `cloison._errors`, with attributes.
#[cold]
pub fn new(class: &str, message: &str, attributes: &[(&str, PyObjectRef)], vm: &VirtualMachine) -> PyBaseExceptionRef {
    match self::class(class, vm) {
        Ok(class) => made(&class, message, attributes, vm),
        Err(error) => error,
    }
}

/// `MemoryError` unless so many bytes can be had in one piece. Whoever takes memory for what others have determined the size of
/// asks here first: Rust ends the process when the allocator refuses.
#[inline]
pub fn ensure_free(what: &str, bytes: u64, vm: &VirtualMachine) -> PyResult<()> {
    match is_there(bytes, memory::free_bytes()) {
        true => Ok(()),
        false => Err(no_room(what, vm)),
    }
}

#[cold]
fn no_room(what: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
    interrupt::memory_error_is_told();
    vm.new_memory_error(format!("{what} more memory than is left"))
}

/// A class of `cloison._errors`.
#[cold]
pub(crate) fn class(name: &str, vm: &VirtualMachine) -> PyResult {
    let package = vm.import("cloison._errors", 0)?;
    package.get_attr("_errors", vm)?.get_attr(vm.ctx.intern_str(name), vm)
}

fn made(
    class: &PyObject,
    message: &str,
    attributes: &[(&str, PyObjectRef)],
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    let keywords: KwArgs = attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let made = class.call(FuncArgs::new(vec![vm.ctx.new_str(message).into()], keywords), vm);
    match made.map(|object| object.downcast()) {
        Ok(Ok(exception)) => exception,
        Ok(Err(_)) => vm.new_runtime_error(message.to_owned()),
        Err(error) => error,
    }
}

/// The error for a capability that is not alive any more.
#[cold]
pub fn not_alive(what: &str, end: &End, vm: &VirtualMachine) -> PyBaseExceptionRef {
    new("Revoked", &format!("{what} {}", ends::revoked(end)), &[], vm)
}

/// The exception for an error number: `BrokenPipeError` and so on.
pub fn os_error(error: Errno, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let text = std::io::Error::from(error).to_string();
    let text = text.split(" (os error").next().unwrap_or_default().to_owned();
    vm.new_errno_error(error.raw_os_error(), text).upcast()
}
