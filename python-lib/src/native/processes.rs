//! The module `_cloison`'s part that is about processes.

use crate::mail::{self, Unreadable, Wanted};
use crate::objects::object::Capability;
use crate::objects::process::{Process, Reference};
use cloison_contract::message::CapabilityName;
use cloison_contract::process::Priority;
use rustpython_vm::builtins::{PyStr, PyTupleRef, PyUtf8StrRef};
use rustpython_vm::function::{ArgIntoFloat, OptionalArg};
use rustpython_vm::{FromArgs, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};
use std::time::{Duration, Instant};

/// The arguments of `_cloison.spawn`.
#[derive(FromArgs)]
pub struct SpawnArguments {
    #[pyarg(positional)]
    module: PyUtf8StrRef,
    #[pyarg(positional)]
    qualname: PyUtf8StrRef,
    #[pyarg(positional)]
    arguments: PyTupleRef,
    #[pyarg(named)]
    main: bool,
    #[pyarg(named)]
    name: Option<PyUtf8StrRef>,
    #[pyarg(named)]
    link: bool,
    #[pyarg(named, default)]
    may_link: bool,
    #[pyarg(named)]
    monitor: Option<PyRef<Reference>>,
    #[pyarg(named)]
    register: Option<PyUtf8StrRef>,
    #[pyarg(named)]
    capabilities: Vec<PyObjectRef>,
    #[pyarg(named)]
    profile: Option<PyUtf8StrRef>,
    #[pyarg(named)]
    memory: Option<u64>,
    #[pyarg(named)]
    cpu: Option<u64>,
    #[pyarg(named)]
    deadline: Option<u64>,
    #[pyarg(named)]
    children: Option<u32>,
    #[pyarg(named)]
    channels: Option<u32>,
    #[pyarg(named)]
    priority: Option<PyUtf8StrRef>,
    #[pyarg(named)]
    nice: Option<u8>,
}

/// Start a process.
pub fn spawn(arguments: SpawnArguments, vm: &VirtualMachine) -> PyResult<PyRef<Process>> {
    let capabilities =
        arguments.capabilities.iter().map(|object| capability_name(object, vm)).collect::<PyResult<_>>()?;
    let wanted = Wanted {
        module: arguments.module.as_str().to_owned(),
        qualname: arguments.qualname.as_str().to_owned(),
        arguments: arguments.arguments,
        register: arguments.register.map(|name| name.as_str().to_owned()),
        main: arguments.main,
        name: arguments.name.map(|name| name.as_str().to_owned()),
        link: arguments.link,
        may_link: arguments.may_link,
        monitor: arguments.monitor,
        capabilities,
        profile: arguments.profile.map(|name| name.as_str().to_owned()),
        memory_bytes: arguments.memory,
        cpu_seconds: arguments.cpu,
        deadline_ms: arguments.deadline,
        children: arguments.children,
        channels: arguments.channels,
        priority: arguments.priority.map(|word| priority(word.as_str(), vm)).transpose()?,
        nice: arguments.nice,
    };
    mail::spawn(wanted, vm)
}

fn priority(word: &str, vm: &VirtualMachine) -> PyResult<Priority> {
    Priority::find(word).ok_or_else(|| {
        vm.new_value_error(format!("priority is \"high\", \"normal\", \"low\" or \"idle\", not {word:?}"))
    })
}

fn capability_name(object: &PyObject, vm: &VirtualMachine) -> PyResult<CapabilityName> {
    if let Some(capability) = object.downcast_ref::<Capability>() {
        return Ok(capability.meant());
    }
    match object.downcast_ref::<PyStr>() {
        Some(name) => Ok(CapabilityName::Named(name.to_string())),
        None => Err(vm.new_type_error(format!(
            "capabilities: a capability or its name is wanted, not {}",
            object.class().name()
        ))),
    }
}

/// The next message that matches, from a position on; `None` if the time is over, or the capability has ended that is waited by.
pub fn receive(
    timeout: Option<ArgIntoFloat>,
    matches: OptionalArg<PyObjectRef>,
    from: OptionalArg<u64>,
    (unreadable, by): (Unreadable, Option<PyRef<Capability>>),
    vm: &VirtualMachine,
) -> PyResult<Option<(PyObjectRef,)>> {
    let until = match timeout.map(f64::from) {
        None => None,
        Some(seconds) if seconds.is_nan() => return Err(vm.new_value_error("timeout is no number")),
        // What is too long to be added to the clock is for ever.
        Some(seconds) => {
            Duration::try_from_secs_f64(seconds.max(0.0)).ok().and_then(|timeout| Instant::now().checked_add(timeout))
        }
    };
    let matches = matches.into_option().filter(|matches| !vm.is_none(matches));
    let by = by.map(|capability| capability.session(vm)).transpose()?;
    let by = by.as_ref().map(|session| &*session.held);
    let message = mail::receive(until, matches.as_deref(), from.unwrap_or(0), (unreadable, by), vm)?;
    Ok(message.map(|message| (message,)))
}
