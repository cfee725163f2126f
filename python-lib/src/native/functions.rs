//! Python functions that stand for the interpreter's own.

use rustpython_vm::builtins::{PyTupleRef, PyUtf8StrRef};
use rustpython_vm::function::{FuncArgs, ItemDoc, PyMethodFlags};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

/// A function of the interpreter's type, which does not become a method where it stands in a class. It is never let go of.
pub fn builtin(
    name: &PyUtf8StrRef,
    module: &PyUtf8StrRef,
    doc: &PyUtf8StrRef,
    function: PyObjectRef,
    first: Option<PyTupleRef>,
    vm: &VirtualMachine,
) -> PyResult {
    let interned = |text: &PyUtf8StrRef| vm.ctx.intern_str(text.as_str());
    let call = move |mut args: FuncArgs, vm: &VirtualMachine| {
        if let Some(first) = &first {
            args.args.splice(0..0, first.iter().cloned());
        }
        function.call(args, vm)
    };
    let doc = ItemDoc { text: Some(interned(doc).as_str()), ..ItemDoc::NONE };
    let definition = vm.ctx.new_method_def(interned(name).as_str(), call, PyMethodFlags::empty(), doc);
    let builtin: PyObjectRef = definition.build_function(vm, None).into();
    builtin.set_attr("__module__", interned(module).to_owned(), vm)?;
    Ok(builtin)
}
