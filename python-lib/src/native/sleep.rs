//! Sleeping.

use crate::interrupt;
use cloison_transport::status::monotonic;
use cloison_transport::wait;
use rustix::io::Errno;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};
use std::time::Duration;

/// Sleep for so many seconds. A signal lets the interpreter look, and raise; else sleeping goes on.
pub fn sleep(seconds: &PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
    crate::contact::note();
    vm.audit("time.sleep", || (seconds.clone(),))?;
    let until = monotonic().saturating_add(duration(seconds, vm)?);
    loop {
        match wait::sleep_until(until) {
            Ok(()) => return Ok(()),
            Err(Errno::INTR) => interrupt::look(vm)?,
            Err(error) => return Err(crate::errors::os_error(error, vm)),
        }
    }
}

/// With CPython's texts for what is no length of time.
fn duration(seconds: &PyObjectRef, vm: &VirtualMachine) -> PyResult<Duration> {
    seconds.clone().try_into_value::<Duration>(vm).map_err(|error| {
        if error.fast_isinstance(vm.ctx.exceptions.type_error) {
            let name = seconds.class().name().to_owned();
            return vm.new_type_error(format!("'{name}' object cannot be interpreted as an integer or float"));
        }
        let text = error.as_object().str(vm);
        match text.is_ok_and(|text| text.as_bytes() == b"negative duration") {
            true => vm.new_value_error("sleep length must be non-negative"),
            false => error,
        }
    })
}
