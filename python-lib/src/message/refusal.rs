//! Why a value can't be sent, and where in the message it is.

use super::no_memory;
use cloison_message::{MAX_BYTES, MAX_DEPTH};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyType};
use rustpython_vm::{AsObject, Py, PyObject, PyPayload, VirtualMachine};
use std::fmt::Write;

/// A refusal on its way out of the value; each container adds its step.
#[derive(Debug)]
pub(super) struct Unsendable {
    pub(super) why: Why,
    /// From the inside out: the step, and the address of the object that it was taken in.
    steps: Vec<(PathStep, usize)>,
}

#[derive(Debug)]
pub(super) enum Why {
    /// A list, dict or set has another length than when it was begun.
    Changed,
    Depth,
    /// The declared class of that name has a field that this object has not.
    Field(String),
    /// An object of that type is a key.
    Key(String),
    /// There is not enough for the message.
    Memory,
    /// A capability, in something that is not for one process.
    NoReceiver,
    /// Something was raised.
    Raised(PyBaseExceptionRef),
    Size,
    /// A type that isn't sent: its name, and what to do.
    Type(String, String),
}

/// How to get from a container to what is in it.
#[derive(Clone, Debug)]
pub(super) enum PathStep {
    Argument(usize),
    Element,
    Field(String),
    Index(usize),
    /// The value of a key, by the key's `repr`.
    Item(String),
    Key,
}

impl Unsendable {
    #[cold]
    pub(super) fn new(why: Why) -> Box<Self> {
        Box::new(Self { why, steps: Vec::new() })
    }

    #[cold]
    pub(super) fn at(mut self: Box<Self>, step: PathStep, container: &PyObject) -> Box<Self> {
        self.steps.push((step, address(container)));
        self
    }

    /// As the exception that Python sees, in which `root` is what the whole value is called.
    #[cold]
    pub(super) fn exception(mut self, root: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
        self.steps.reverse();
        let place = path(root, self.steps.iter().map(|(step, _)| step));
        match &self.why {
            Why::Changed => vm.new_value_error(format!("{place} changed while it was being sent")),
            Why::Depth => vm.new_value_error(self.depth(root)),
            Why::Field(name) => vm.new_type_error(format!("{place} can't be sent: its field '{name}' is not set")),
            Why::Key(name) => vm.new_type_error(format!(
                "{place} is {}: a key of a dict or an element of a set in a message is None, a bool, number, str, bytes, date, time, \
                 Process, Reference, or a tuple or frozenset of those",
                article(name)
            )),
            Why::Memory => no_memory(vm),
            Why::NoReceiver => vm.new_type_error(format!(
                "{place} is a capability, which is given to one process, in a message or with spawn(…, capabilities=[…])"
            )),
            Why::Raised(error) => error.clone(),
            Why::Size => vm.new_value_error(format!(
                "the message is longer than {} MiB at {place}: send it in parts",
                MAX_BYTES >> 20
            )),
            Why::Type(name, hint) => vm.new_type_error(format!("{place} is {}, which can't be sent: {hint}", article(name))),
        }
    }

    fn depth(&self, root: &str) -> String {
        // An object that stands on the way twice contains itself.
        for (second, (_, address)) in self.steps.iter().enumerate() {
            if let Some(first) = self.steps[..second].iter().position(|(_, other)| other == address) {
                let outer = path(root, self.steps[..first].iter().map(|(step, _)| step));
                let inner = path(root, self.steps[..second].iter().map(|(step, _)| step));
                return format!("{outer} contains itself, as {inner}: a message has no references back");
            }
        }
        let begin = path(root, self.steps.iter().take(3).map(|(step, _)| step));
        format!("the message is nested more than {MAX_DEPTH} deep, in {begin}")
    }
}

fn address(object: &PyObject) -> usize {
    std::ptr::from_ref(object) as usize
}

/// The steps as Python writes them.
fn path<'a>(root: &str, steps: impl Iterator<Item = &'a PathStep>) -> String {
    let mut path = root.to_owned();
    for step in steps {
        let _ = match step {
            PathStep::Argument(index) => write!(path, ".args[{index}]"),
            PathStep::Field(name) => write!(path, ".{name}"),
            PathStep::Index(index) => write!(path, "[{index}]"),
            PathStep::Item(key) => write!(path, "[{key}]"),
            PathStep::Element => {
                path = format!("(element of {path})");
                Ok(())
            }
            PathStep::Key => {
                path = format!("(key of {path})");
                Ok(())
            }
        };
    }
    path
}

fn article(name: &str) -> String {
    let vowel = name.starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O', 'U']);
    format!("{} {name}", if vowel { "an" } else { "a" })
}

/// The refusal of an object because of its type.
#[cold]
pub(super) fn unsendable(value: &PyObject, vm: &VirtualMachine) -> Box<Unsendable> {
    let class = value.class();
    Unsendable::new(Why::Type(class.name().to_owned(), hint(class, vm)))
}

/// What to do instead.
fn hint(class: &Py<PyType>, vm: &VirtualMachine) -> String {
    let types = &vm.ctx.types;
    let data = [
        types.int_type,
        types.str_type,
        types.tuple_type,
        types.dict_type,
        types.list_type,
        types.float_type,
        types.bytes_type,
        types.set_type,
        types.frozenset_type,
        types.bytearray_type,
        types.complex_type,
    ];
    if class.get_attr(vm.ctx.intern_str("__dataclass_fields__")).is_some() {
        return "declare its class with @cloison.message".to_owned();
    }
    if let Some(base) = data.into_iter().find(|base| class.fast_issubclass(base.as_object())) {
        return format!("it is a subclass of {0}, and only {0} itself is: send {0}(value)", base.name());
    }
    let callable =
        [types.function_type, types.builtin_function_or_method_type, types.bound_method_type, types.type_type];
    if callable.into_iter().any(|kind| class.fast_issubclass(kind.as_object())) || class.is(types.module_type) {
        return "messages are data; send a name, and let the receiver look it up".to_owned();
    }
    if class.is(types.memoryview_type) {
        return "send bytes(value)".to_owned();
    }
    if class.get_attr(vm.ctx.intern_str("__next__")).is_some() {
        return "send list(value)".to_owned();
    }
    let ours = [crate::call::function::Function::class(&vm.ctx), crate::objects::handle::Handle::class(&vm.ctx)];
    if ours.into_iter().any(|kind| class.fast_issubclass(kind.as_object())) {
        return "it belongs to this microprocess".to_owned();
    }
    "send the data in it, or declare its class with @cloison.message".to_owned()
}
