//! The Python part of the library, package `cloison`, as Rust finds it.

use rustpython_vm::builtins::{PyBoundMethod, PyFunction};
use rustpython_vm::function::IntoFuncArgs;
use rustpython_vm::{AsObject, PyObject, PyResult, VirtualMachine};

/// A function of `cloison._boot`.
pub(crate) fn boot_function(name: &'static str, vm: &VirtualMachine) -> PyResult {
    cloison_module("_boot", vm)?.get_attr(name, vm)
}

/// A submodule of package `cloison`.
pub(crate) fn cloison_module(name: &'static str, vm: &VirtualMachine) -> PyResult {
    let full = format!("cloison.{name}");
    vm.import(vm.ctx.intern_str(full.as_str()), 0)?;
    vm.sys_module.get_attr("modules", vm)?.get_item(full.as_str(), vm)
}

/// Call something of the program's when no Python code is running. Some builtins (`exec`, `globals`, `super`) look at their
/// caller's frame, and would find none.
pub(crate) fn call(callable: &PyObject, arguments: impl IntoFuncArgs, vm: &VirtualMachine) -> PyResult {
    if callable.downcastable::<PyFunction>() || callable.downcastable::<PyBoundMethod>() {
        return callable.call(arguments, vm);
    }
    let arguments = vm.ctx.new_tuple(arguments.into_args(vm).args);
    boot_function("call", vm)?.call((callable.to_owned(), arguments), vm).inspect_err(|error| {
        // Without the two frames that were made for it.
        let trace = ["__traceback__", "tb_next", "tb_next"];
        let inner = trace.into_iter().try_fold(error.as_object().to_owned(), |outer, next| outer.get_attr(next, vm));
        if let Ok(inner) = inner {
            let _ = error.as_object().set_attr("__traceback__", inner, vm);
        }
    })
}
