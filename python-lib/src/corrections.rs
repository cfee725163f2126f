//! What RustPython 0.6 gets wrong, ordinary programs meet, and can be put right without changing it. What takes no more than
//! Python is put right by `Lib/cloison/_corrections.py` alone. `tests/stdlib.rs` has a test for each.

use crate::interpreter::cloison_module;
use rustpython_vm::{PyResult, VirtualMachine};

/// Corrects the types of an interpreter.
pub fn apply(vm: &VirtualMachine) -> PyResult<()> {
    // A builtin type takes no attribute from Python.
    let str = cloison_module("_corrections", vm)?.get_attr("mapping_proxy_str", vm)?;
    vm.ctx.types.mappingproxy_type.set_attr(vm.ctx.intern_str("__str__"), str);
    Ok(())
}
