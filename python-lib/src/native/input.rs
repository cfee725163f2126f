//! A line of standard input, for `input`.

use rustpython_vm::py_io::file_readline;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

/// Print the prompt, and read a line. There is no editing: a microprocess cannot set a terminal up.
pub fn input(prompt: Option<PyObjectRef>, vm: &VirtualMachine) -> PyResult {
    let (stdin, stdout, stderr) = (stream("stdin", vm)?, stream("stdout", vm)?, stream("stderr", vm)?);
    flush(&stderr, vm)?;
    if let Some(prompt) = prompt {
        vm.call_method(&stdout, "write", (prompt.str(vm)?,))?;
    }
    flush(&stdout, vm)?;
    file_readline(&stdin, None, vm)
}

fn stream(name: &'static str, vm: &VirtualMachine) -> PyResult {
    match vm.sys_module.get_attr(name, vm) {
        Ok(stream) if !vm.is_none(&stream) => Ok(stream),
        _ => Err(vm.new_runtime_error(format!("lost sys.{name}"))),
    }
}

/// As in CPython, what cannot be flushed does not stop the reading; what is no error does, an interrupt above all.
fn flush(stream: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
    match vm.call_method(stream, "flush", ()) {
        Err(error) if !error.fast_isinstance(vm.ctx.exceptions.exception_type) => Err(error),
        _ => Ok(()),
    }
}
