//! Why a process has ended, as `cloison.Reason`.

use crate::message;
use cloison_contract::process::{REASON_TEXT_BYTES, Reason};
use rustpython_vm::builtins::{PyBaseException, PyStr};
use rustpython_vm::function::{FuncArgs, KwArgs};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

/// What Python calls each kind.
const NORMAL: &str = "normal";
const SHUTDOWN: &str = "shutdown";
const EXITED: &str = "exit status";
const EXCEPTION: &str = "exception";
const DATA: &str = "data";
const KILLED: &str = "killed";
const MEMORY: &str = "memory limit";
const CPU: &str = "CPU limit";
const DEADLINE: &str = "deadline";
const CRASH: &str = "crash";
const BROKER: &str = "broker";
const NO_PROCESS: &str = "no process";

/// A `cloison.Reason`.
pub(crate) fn to_python(reason: &Reason, vm: &VirtualMachine) -> PyResult {
    let text = |text: &str| PyObjectRef::from(vm.ctx.new_str(text));
    let (kind, attributes): (_, Vec<(&str, PyObjectRef)>) = match reason {
        Reason::Normal => (NORMAL, vec![]),
        Reason::Shutdown => (SHUTDOWN, vec![]),
        Reason::Exited { status } => (EXITED, vec![("status", vm.ctx.new_int(*status).into())]),
        Reason::Exception { kind, text: words, traceback } => {
            (EXCEPTION, vec![("type", text(kind)), ("text", text(words)), ("traceback", text(traceback))])
        }
        // The sender's claim: what does not decode is no reason to lose the news.
        Reason::Data(bytes) => match message::decode(bytes, vm) {
            Ok(value) => (DATA, vec![("value", value)]),
            Err(_) => (DATA, vec![("text", text("a value that this process cannot read"))]),
        },
        Reason::Killed => (KILLED, vec![]),
        Reason::MemoryLimit => (MEMORY, vec![]),
        Reason::CpuLimit => (CPU, vec![]),
        Reason::Deadline => (DEADLINE, vec![]),
        Reason::Crash { signal } => (CRASH, vec![("signal", vm.ctx.new_int(*signal).into())]),
        Reason::Broker { text: words } => (BROKER, vec![("text", text(words))]),
        Reason::NoProcess => (NO_PROCESS, vec![]),
    };
    let keywords: KwArgs = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    super::incoming::class("Reason", vm)?.call(FuncArgs::new(vec![text(kind)], keywords), vm)
}

/// From a `cloison.Reason`, one of the words "normal", "shutdown" and "killed", or any other value that can be sent.
pub(crate) fn from_python(value: &PyObject, vm: &VirtualMachine) -> PyResult<Reason> {
    let class = super::incoming::class("Reason", vm)?;
    if value.is_instance(&class, vm)? {
        return from_reason(value, vm);
    }
    if let Some(error) = value.downcast_ref::<PyBaseException>() {
        return Ok(of_exception(error, vm));
    }
    Ok(match value.downcast_ref::<PyStr>().and_then(|text| text.to_str()) {
        Some(NORMAL) => Reason::Normal,
        Some(SHUTDOWN) => Reason::Shutdown,
        Some(KILLED) => Reason::Killed,
        _ => data(value, vm)?,
    })
}

/// A value of the program's own.
fn data(value: &PyObject, vm: &VirtualMachine) -> PyResult<Reason> {
    let bytes = message::encode(value, vm)?;
    match bytes.len() {
        0..=REASON_TEXT_BYTES => Ok(Reason::Data(bytes)),
        long => Err(vm.new_value_error(format!(
            "a reason of {long} bytes is too long: {REASON_TEXT_BYTES} are the most\nhint: send the rest in a message"
        ))),
    }
}

fn from_reason(value: &PyObject, vm: &VirtualMachine) -> PyResult<Reason> {
    let text = |name: &'static str| -> PyResult<String> {
        let text = value.get_attr(name, vm)?;
        if vm.is_none(&text) { Ok(String::new()) } else { Ok(text.str(vm)?.to_string()) }
    };
    let number = |name: &'static str| -> PyResult<i32> { value.get_attr(name, vm)?.try_to_value(vm) };
    Ok(match text("kind")?.as_str() {
        NORMAL => Reason::Normal,
        SHUTDOWN => Reason::Shutdown,
        EXITED => Reason::Exited { status: number("status")? },
        EXCEPTION => {
            Reason::Exception { kind: text("type")?, text: text("text")?, traceback: text("traceback")? }.shortened()
        }
        KILLED => Reason::Killed,
        MEMORY => Reason::MemoryLimit,
        CPU => Reason::CpuLimit,
        DEADLINE => Reason::Deadline,
        CRASH => Reason::Crash { signal: number("signal")? },
        NO_PROCESS => Reason::NoProcess,
        DATA => {
            let value = value.get_attr("value", vm)?;
            data(&value, vm)?
        }
        BROKER => Reason::Broker { text: text("text")? },
        kind => return Err(vm.new_value_error(format!("{kind:?} is no kind of reason"))),
    })
}

/// The reason of a process that an exception has ended.
pub(crate) fn of_exception(error: &Py<PyBaseException>, vm: &VirtualMachine) -> Reason {
    let class = error.class();
    let module = class.as_object().get_attr("__module__", vm).ok();
    let module = module.and_then(|module| module.str(vm).ok()).map(|module| module.to_string());
    let name = class.name().to_string();
    let kind = match module.as_deref() {
        None | Some("builtins") => name,
        Some(module) => format!("{module}.{name}"),
    };
    let text = match message::is_endless(error.as_object()) {
        true => message::ENDLESS.to_owned(),
        false => error.as_object().str(vm).map(|text| text.to_string()).unwrap_or_default(),
    };
    Reason::Exception { kind, text, traceback: crate::failure::describe(vm, error) }.shortened()
}
