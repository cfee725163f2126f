//! Documentation of builtin functions that stand in for others.

use rustpython_vm::builtins::PyStr;
use rustpython_vm::function::ItemDoc;
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

/// The documentation of `long`, with the parameters in front of it.
pub fn of_function(name: &str, parameters: &str, long: &PyObject, vm: &VirtualMachine) -> PyResult<ItemDoc> {
    let own = long.get_attr("__doc__", vm)?;
    let own = own.downcast_ref::<PyStr>().and_then(|text| text.to_str()).unwrap_or_default();
    let text = vm.ctx.intern_str(format!("{name}{parameters}\n--\n\n{own}"));
    Ok(ItemDoc { text: text.to_str(), ..ItemDoc::NONE })
}
