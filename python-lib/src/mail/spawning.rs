//! New processes: what Python wants of one, and the question to the broker.

use super::arguments::Arguments;
use super::{PREPARING, own_reference, process, say, watch, with};
use crate::call::connection;
use crate::errors;
use crate::objects::process::{Process, Reference};
use cloison_contract::message::{CapabilityName, FromMicroprocess, Spawn, ToMicroprocess};
use cloison_contract::process::{Priority, ToRouter};
use rustpython_vm::builtins::PyTupleRef;
use rustpython_vm::{PyRef, PyResult, VirtualMachine};

/// What Python says of a new process.
pub(crate) struct Wanted {
    pub module: String,
    pub qualname: String,
    pub arguments: PyTupleRef,
    pub register: Option<String>,
    pub main: bool,
    pub name: Option<String>,
    pub link: bool,
    pub may_link: bool,
    pub monitor: Option<PyRef<Reference>>,
    pub capabilities: Vec<CapabilityName>,
    pub profile: Option<String>,
    pub memory_bytes: Option<u64>,
    pub cpu_seconds: Option<u64>,
    pub deadline_ms: Option<u64>,
    pub children: Option<u32>,
    pub channels: Option<u32>,
    pub priority: Option<Priority>,
    pub nice: Option<u8>,
}

/// Start a process.
pub(crate) fn spawn(wanted: Wanted, vm: &VirtualMachine) -> PyResult<PyRef<Process>> {
    if PREPARING.get() {
        crate::held_back::give_up("it starts a process");
        return Err(vm.new_runtime_error(
            "a new process imports the program first, and the program would start another one while it is imported\n\
             hint: put what only the program itself does below `if __name__ == \"__main__\":`",
        ));
    }
    with(vm, |_| Ok(()))?;
    let arguments = Arguments::new(&wanted.arguments, vm)?;
    let monitor = wanted.monitor.map(|reference| own_reference(&reference, vm)).transpose()?;
    // Its `Down` may be there before the answer is.
    if let Some(reference) = monitor {
        watch(reference, vm)?;
    }
    let spawn = Spawn {
        module: wanted.module,
        qualname: wanted.qualname,
        arguments: arguments.along(),
        register: wanted.register,
        main: wanted.main,
        name: wanted.name,
        link: wanted.link,
        may_link: wanted.may_link,
        monitor,
        capabilities: wanted.capabilities,
        given: arguments.capabilities(),
        profile: wanted.profile,
        memory_bytes: wanted.memory_bytes,
        cpu_seconds: wanted.cpu_seconds,
        deadline_ms: wanted.deadline_ms,
        children: wanted.children,
        channels: wanted.channels,
        priority: wanted.priority,
        nice: wanted.nice,
    };
    let (answer, _) = connection::ask(&FromMicroprocess::Spawn(Box::new(spawn)), vm)?;
    if let (Some(monitor), false) = (monitor, matches!(answer, ToMicroprocess::Spawned(_))) {
        with(vm, |post| post.forget_down(monitor))?;
    }
    match answer {
        ToMicroprocess::Spawned(reference) => {
            with(vm, |post| {
                post.know(reference);
                Ok(())
            })?;
            if let Err(error) = arguments.follow(reference, vm) {
                if let Some(monitor) = monitor {
                    say(&ToRouter::Demonitor(monitor), vm)?;
                    with(vm, |post| post.forget_down(monitor))?;
                }
                return Err(error);
            }
            Ok(process(reference, vm))
        }
        ToMicroprocess::Denied { message } | ToMicroprocess::Unavailable { message } => {
            Err(errors::new("SpawnError", &message, &[], vm))
        }
        _ => Err(vm.new_runtime_error("the broker gave an answer to another question")),
    }
}
