//! What an exception becomes outside Python: text, or an exit status.

use crate::{errors, link, mail, package};
use cloison_contract::message::FromMicroprocess;
use cloison_contract::printable;
use cloison_contract::process::Reason;
use rustpython_vm::builtins::{PyBaseException, PyBaseExceptionRef, PyInt, PyType};
use rustpython_vm::{AsObject, Py, PyObjectRef, PyResult, VirtualMachine};

/// The exit status after Ctrl-C, as shells count: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// An ordinary traceback, with source lines.
pub fn describe(vm: &VirtualMachine, error: &Py<PyBaseException>) -> String {
    formatted(vm, error).unwrap_or_else(|_| {
        let mut text = String::new();
        let _ = vm.write_exception(&mut text, error);
        text
    })
}

fn formatted(vm: &VirtualMachine, error: &Py<PyBaseException>) -> PyResult<String> {
    let reports = package::cloison_module("_reports", vm)?;
    reports.get_attr("formatted", vm)?.call((error.to_owned(),), vm)?.try_into_value(vm)
}

/// Let Python report an uncaught exception, and say which status the process ends with.
///
/// `SystemExit` carries its status: none is 0, a number is itself, anything else is printed and is 1.
pub fn report(vm: &VirtualMachine, error: PyBaseExceptionRef) -> i32 {
    if error.fast_isinstance(vm.ctx.exceptions.system_exit) {
        let code = error.as_object().get_attr("code", vm).unwrap_or_else(|_| vm.ctx.none());
        return status_of(vm, &code);
    }
    show(vm, &error);
    if error.fast_isinstance(vm.ctx.exceptions.keyboard_interrupt) { INTERRUPTED } else { 1 }
}

/// By `sys.excepthook`, as in CPython; one that is missing or fails keeps nobody from being told.
fn show(vm: &VirtualMachine, error: &PyBaseExceptionRef) {
    let hook = vm.sys_module.get_attr("excepthook", vm);
    let (kind, value, trace) = vm.split_exception(error.clone());
    let shown = hook.and_then(|hook| package::call(&hook, (kind, value, trace), vm));
    if let Err(wrong) = shown {
        let (wrong, original) = (describe(vm, &wrong), describe(vm, error));
        print(vm, &format!("Error in sys.excepthook:\n{wrong}\nOriginal exception was:\n{}", original.trim_end()));
    }
}

/// As [`report`], and why the process ends.
pub(crate) fn report_with_reason(vm: &VirtualMachine, error: PyBaseExceptionRef) -> (i32, Reason) {
    match asked_for(vm, &error) {
        Ok(Some(reason)) if reason.is_normal() || reason == Reason::Shutdown => return (0, reason),
        Ok(Some(reason)) => {
            // Others hear of it by their links and monitors; of the program, nobody does.
            if mail::is_program() {
                print(vm, &format!("the program has ended: {reason}"));
            }
            return (1, reason);
        }
        Ok(None) => {}
        Err(error) => return report_with_reason(vm, error),
    }
    let is_exit = error.fast_isinstance(vm.ctx.exceptions.system_exit);
    let reason = if is_exit { Reason::Normal } else { mail::reason::of_exception(&error, vm) };
    match report(vm, error) {
        0 => (0, Reason::Normal),
        status if is_exit => (status, Reason::Exited { status }),
        status => (status, reason),
    }
}

/// The reason of a `cloison.ProcessExit`.
fn asked_for(vm: &VirtualMachine, error: &PyBaseExceptionRef) -> PyResult<Option<Reason>> {
    // By its type alone: its class may answer otherwise, or raise.
    let process_exit = errors::class("ProcessExit", vm)?.downcast::<PyType>().ok();
    if !process_exit.is_some_and(|class| error.fast_isinstance(&class)) {
        return Ok(None);
    }
    let reason = error.as_object().get_attr("reason", vm)?;
    mail::reason::from_python(&reason, vm).map(Some)
}

/// The status of a `SystemExit`, or the text that it carries instead.
pub fn exit_status(vm: &VirtualMachine, error: &Py<PyBaseException>) -> Result<i32, String> {
    let code = error.as_object().get_attr("code", vm).unwrap_or_else(|_| vm.ctx.none());
    status_or_text(vm, &code)
}

/// The status that `sys.exit(code)` ends with. Text is printed.
pub fn status_of(vm: &VirtualMachine, code: &PyObjectRef) -> i32 {
    status_or_text(vm, code).unwrap_or_else(|message| {
        print(vm, &message);
        1
    })
}

fn status_or_text(vm: &VirtualMachine, code: &PyObjectRef) -> Result<i32, String> {
    if vm.is_none(code) {
        return Ok(0);
    }
    match code.downcast_ref::<PyInt>() {
        Some(_) => Ok((code.try_to_value::<i64>(vm).unwrap_or(-1) & 0xFF) as i32),
        None => Err(text(vm, code)),
    }
}

fn text(vm: &VirtualMachine, object: &PyObjectRef) -> String {
    object.str(vm).map_or_else(|_| "<no text>".to_owned(), |text| text.to_string_lossy().into_owned())
}

/// Print a line, which may hold what a library or a file says.
fn print(vm: &VirtualMachine, message: &str) {
    let message = printable::lines(message);
    let _ = vm
        .sys_module
        .get_attr("stderr", vm)
        .and_then(|stderr| vm.call_method(&stderr, "write", (format!("{message}\n"),)));
}

/// The longest stack that is told, in bytes: its last calls say the most.
const STACK_BYTES: usize = 16 << 10;

/// Tell the broker what Python code is being run, if that can be said.
///
/// # Errors
///
/// What the program has been asked to raise meanwhile: Ctrl-C, or that a callable's time is over.
pub(crate) fn tell_stack(vm: &VirtualMachine) -> PyResult<()> {
    let told = package::cloison_module("_reports", vm)
        .and_then(|reports| reports.get_attr("stack", vm)?.call((), vm)?.try_into_value::<String>(vm));
    let mut text = match told {
        Ok(text) => text,
        // There is no room for one call more: the stack is not told, and the program does not notice that it was asked for it.
        Err(error) if error.fast_isinstance(vm.ctx.exceptions.recursion_error) => return Ok(()),
        Err(error) if error.fast_isinstance(vm.ctx.exceptions.memory_error) => return Ok(()),
        Err(error) => return Err(error),
    };
    let over = text.len().saturating_sub(STACK_BYTES);
    text.drain(..text.ceil_char_boundary(over));
    // Without a broker this process is about to end, too.
    let _ = link::notify(&FromMicroprocess::Stack { settled: true, text });
    Ok(())
}
