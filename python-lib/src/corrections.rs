//! What RustPython 0.6 gets wrong, ordinary programs meet, and can be put right without changing it. What can be put right
//! in Python is in `Lib/cloison/_corrections.py`. `tests/stdlib.rs` has a test for each.

use rustpython_vm::builtins::{PyMappingProxy, PyStr};
use rustpython_vm::{AsObject, PyObject, PyRef, PyResult, VirtualMachine};

/// Corrects the types of an interpreter that is being built.
pub fn apply(vm: &mut VirtualMachine) {
    vm.ctx.types.mappingproxy_type.slots.str.store(Some(mapping_proxy_str));
}

/// `str(proxy)` is `str(mapping)`; only `repr` names the proxy.
fn mapping_proxy_str(zelf: &PyObject, vm: &VirtualMachine) -> PyResult<PyRef<PyStr>> {
    let Some(proxy) = zelf.downcast_ref::<PyMappingProxy>() else { return zelf.repr(vm) };
    match vm.call_method(proxy.as_object(), "copy", ()) {
        Ok(copy) => copy.str(vm),
        Err(_) => zelf.repr(vm),
    }
}
