//! What a template has of the standard library lives for ever: its reference counts are no longer written to, so the pages in which
//! it stands stay shared with the template.
//!
//! An object that lives for ever has no finalizer that runs and no weak reference that ends. So this is for what the standard library
//! keeps anyway: its modules' namespaces, the classes and functions in them, code, and constants. What an application has
//! defined is left as it is, and so is every other object: instances, lists, what stands in dictionaries that are no namespaces.

use crate::package;
use rustpython_vm::builtins::{PyCode, PyFunction, PyListRef, PyType};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::collections::HashSet;

/// Do it for the modules that `_boot.library` names; how many objects live for ever now.
pub(crate) fn make_immortal(vm: &VirtualMachine) -> PyResult<usize> {
    let modules: PyListRef = package::boot_function("library", vm)?.call((), vm)?.try_into_value(vm)?;
    let modules = modules.borrow_vec().to_vec();
    let mut walk =
        Walk { vm, namespaces: HashSet::new(), names: HashSet::new(), seen: HashSet::new(), open: Vec::new() };
    for module in &modules {
        module.make_immortal();
        walk.names.insert(module.get_attr("__name__", vm)?.str(vm)?.to_string());
        if let Some(namespace) = module.dict() {
            walk.namespaces.insert(address(namespace.as_object()));
            walk.open.push(namespace.into());
        }
    }
    while let Some(object) = walk.open.pop() {
        walk.visit(&object);
    }
    Ok(walk.seen.len())
}

struct Walk<'vm> {
    vm: &'vm VirtualMachine,
    /// Dictionaries that are namespaces of the library's modules, and the names of these modules.
    namespaces: HashSet<usize>,
    names: HashSet<String>,
    /// What lives for ever.
    seen: HashSet<usize>,
    open: Vec<PyObjectRef>,
}

fn address(object: &PyObject) -> usize {
    std::ptr::from_ref(object).addr()
}

impl Walk<'_> {
    fn visit(&mut self, object: &PyObject) {
        if !self.is_of_the_library(object) || !self.seen.insert(address(object)) {
            return;
        }
        object.make_immortal();
        self.open.extend(object.gc_get_referents());
        // What the collector does not see.
        if object.downcastable::<PyFunction>() {
            self.open.extend(object.get_attr("__code__", self.vm));
        } else if object.downcastable::<PyCode>() {
            let constants = object.get_attr("co_consts", self.vm);
            self.open.extend(constants.iter().flat_map(|constants| constants.gc_get_referents()));
        }
    }

    fn is_of_the_library(&self, object: &PyObject) -> bool {
        let types = &self.vm.ctx.types;
        let class = object.class();
        if class.is(types.dict_type) {
            return self.namespaces.contains(&address(object));
        }
        if class.is(types.function_type) {
            let globals = object.get_attr("__globals__", self.vm);
            return globals.is_ok_and(|globals| self.namespaces.contains(&address(&globals)));
        }
        if object.downcastable::<PyType>() {
            let module = object.get_attr("__module__", self.vm).and_then(|module| module.str(self.vm));
            return module.is_ok_and(|module| self.names.contains(&*module.to_string_lossy()));
        }
        let plain = [
            types.builtin_function_or_method_type,
            types.bytes_type,
            types.classmethod_type,
            types.code_type,
            types.float_type,
            types.frozenset_type,
            types.getset_type,
            types.int_type,
            types.member_descriptor_type,
            types.method_descriptor_type,
            types.property_type,
            types.staticmethod_type,
            types.str_type,
            types.tuple_type,
            types.wrapper_descriptor_type,
        ];
        plain.iter().any(|plain| class.is(*plain))
    }
}
