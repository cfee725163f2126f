//! The classes that are declared as messages, by `cloison.message` and by `cloison._errors`.
//!
//! A class is declared once, when its module is imported, and stays declared in every process that is forked afterwards.
//! What was true of the class then is relied on: where its fields are kept, and that native code makes its objects.

use rustpython_vm::builtins::{PyBaseException, PyMemberDescriptor, PyStrInterned, PyType, PyTypeRef};
use rustpython_vm::builtins::{PyTuple, PyUtf8Str};
use rustpython_vm::function::PySetterValue;
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// What a script is called, and what it is called where it was imported to spawn one of its functions.
const MAIN: &str = "__main__";
const IMPORTED_MAIN: &str = "__mp_main__";

/// A declared class.
#[derive(Debug)]
pub struct MessageClass {
    /// How it is called in messages: `module:qualname`.
    pub name: String,
    /// The class.
    pub class: PyTypeRef,
    /// The fields; an exception has none that are fixed.
    pub fields: Vec<Field>,
}

/// A field of a dataclass.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static PyStrInterned,
    /// Its slot; without one, it is in the object's `__dict__`.
    slot: Option<PyRef<PyMemberDescriptor>>,
}

#[derive(Default)]
struct Classes {
    by_name: HashMap<String, Rc<MessageClass>>,
    by_class: HashMap<usize, Rc<MessageClass>>,
}

thread_local! {
    /// Never dropped: at the end of the thread there is no interpreter any more that could free the classes.
    static CLASSES: &'static RefCell<Classes> = Box::leak(Box::default());
}

fn address(class: &Py<PyType>) -> usize {
    std::ptr::from_ref(class) as usize
}

/// What is declared of that very class.
#[inline]
pub fn of(class: &Py<PyType>) -> Option<Rc<MessageClass>> {
    CLASSES.with(|classes| classes.borrow().by_class.get(&address(class)).cloned())
}

/// What is declared by that name in a message.
#[inline]
pub fn named(name: &str) -> Option<Rc<MessageClass>> {
    CLASSES.with(|classes| {
        let classes = classes.borrow();
        classes.by_name.get(name).cloned().or_else(|| {
            let qualname = name.strip_prefix(MAIN)?.strip_prefix(':')?;
            classes.by_name.get(&format!("{IMPORTED_MAIN}:{qualname}")).cloned()
        })
    })
}

/// Declare a class: a dataclass with its fields, or an exception class.
pub fn declare(
    class: PyTypeRef,
    module: &str,
    qualname: &str,
    fields: Option<&Py<PyTuple>>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let exception = class.fast_issubclass(vm.ctx.exceptions.base_exception_type.as_object());
    if exception != fields.is_none() {
        return Err(vm.new_type_error("a dataclass is declared with its fields, an exception class without"));
    }
    for method in ["__del__", "__setattr__", "__delattr__"] {
        let method = vm.ctx.intern_str(method);
        let own = class.get_attr(method);
        let inherited = vm.ctx.types.object_type.get_attr(method);
        let differs = match (&own, &inherited) {
            (Some(own), Some(inherited)) => !own.is(inherited),
            (own, inherited) => own.is_some() != inherited.is_some(),
        };
        // Objects of a dataclass are made without `__setattr__`; of an exception, its native base may set attributes.
        if differs && (exception || method.as_str() == "__del__") {
            return Err(vm.new_type_error(format!(
                "{qualname} has a method {method}, and can't be a message: it would run when one is received"
            )));
        }
    }
    let mut known = Vec::new();
    if let Some(fields) = fields {
        made_as_object(&class, qualname, vm)?;
        for name in fields {
            let name =
                name.clone().downcast::<PyUtf8Str>().map_err(|_| vm.new_type_error("a field's name is a str"))?;
            known.push(field(&class, qualname, name.as_str(), vm)?);
        }
    }
    let wire = if module == IMPORTED_MAIN { MAIN } else { module };
    let declared = Rc::new(MessageClass { name: format!("{wire}:{qualname}"), class, fields: known });
    CLASSES.with(|classes| {
        let mut classes = classes.borrow_mut();
        classes.by_class.insert(address(&declared.class), declared.clone());
        if let Some(older) = classes.by_name.insert(format!("{module}:{qualname}"), declared.clone())
            && !older.class.is(&declared.class)
        {
            classes.by_class.remove(&address(&older.class));
        }
    });
    Ok(())
}

/// Make sure that `object.__new__` makes objects of this class.
fn made_as_object(class: &Py<PyType>, qualname: &str, vm: &VirtualMachine) -> PyResult<()> {
    let object = vm.ctx.types.object_type;
    let made_by = |class: &Py<PyType>| class.slots.new.load().map(|new| new as usize);
    for base in class.mro_collect() {
        let native = !base.slots.flags.has_feature(PyTypeFlags::HEAPTYPE);
        if native && (made_by(&base) != made_by(object) || base.slots.basicsize != object.slots.basicsize) {
            return Err(vm.new_type_error(format!(
                "{qualname} is a subclass of {}, and can't be a message: only plain classes and exceptions can",
                base.name()
            )));
        }
    }
    Ok(())
}

fn field(class: &Py<PyType>, qualname: &str, name: &str, vm: &VirtualMachine) -> PyResult<Field> {
    let name = vm.ctx.intern_str(name);
    let slot = match class.get_attr(name) {
        None => None,
        Some(attribute) => {
            let is_data = attribute.class().slots.descr_set.load().is_some();
            match attribute.downcast::<PyMemberDescriptor>() {
                Ok(slot) => Some(slot),
                Err(_) if is_data => {
                    return Err(vm.new_type_error(format!(
                        "field {name} of {qualname} is a descriptor, and can't be in a message: reading it would run code"
                    )));
                }
                Err(_) => None,
            }
        }
    };
    if slot.is_none() && !class.slots.flags.has_feature(PyTypeFlags::HAS_DICT) {
        return Err(vm.new_type_error(format!("{qualname} has no place for its field {name}")));
    }
    Ok(Field { name, slot })
}

impl Field {
    /// What an object has there; `None` if it is not set.
    pub(super) fn read(&self, object: &PyObject, vm: &VirtualMachine) -> PyResult<Option<PyObjectRef>> {
        match &self.slot {
            None => match object.dict() {
                Some(dict) => dict.get_item_opt(self.name, vm),
                None => Ok(None),
            },
            Some(slot) => {
                let Some(get) = slot.class().slots.descr_get.load() else { return Ok(None) };
                match get(slot.as_object(), Some(object), None, vm) {
                    Ok(content) => Ok(Some(content)),
                    Err(error) if error.fast_isinstance(vm.ctx.exceptions.attribute_error) => Ok(None),
                    Err(error) => Err(error),
                }
            }
        }
    }
}

impl MessageClass {
    /// Whether its objects are exceptions.
    pub(super) fn is_exception(&self, vm: &VirtualMachine) -> bool {
        self.class.fast_issubclass(PyBaseException::class(&vm.ctx).as_object())
    }

    /// An object with that content, by the order of the fields; no code of the class runs.
    pub(super) fn object(&self, content: Vec<PyObjectRef>, vm: &VirtualMachine) -> PyResult {
        let has_dict = self.class.slots.flags.has_feature(PyTypeFlags::HAS_DICT);
        let dict = has_dict.then(|| vm.ctx.new_dict());
        let object = vm.ctx.new_base_object(self.class.clone(), dict.clone());
        for (field, content) in self.fields.iter().zip(content) {
            match (&field.slot, &dict) {
                (None, Some(dict)) => dict.inner_setitem(field.name, content, vm)?,
                (None, None) => return Err(vm.new_type_error("an object without a place for its fields")),
                (Some(slot), _) => {
                    let set = slot.class().slots.descr_set.load();
                    let set = set.ok_or_else(|| vm.new_type_error("a slot that can't be set"))?;
                    set(slot.as_object(), object.clone(), PySetterValue::Assign(content), vm)?;
                }
            }
        }
        Ok(object)
    }
}
