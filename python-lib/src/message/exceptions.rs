//! Exceptions, both ways.
//!
//! | class | what is sent | what is received |
//! |---|---|---|
//! | builtin | name, text, `args`, `__notes__` | that class |
//! | declared, and Cloison's own | name, text, `args`, `__dict__` | that class if the receiver has declared it |
//! | any other | name, text | `cloison.RemoteError` |
//!
//! What can't be sent in `args` or `__dict__` is replaced by its `repr`: an exception tells what has failed, and that fails
//! as little as possible. Traceback, `__cause__` and `__context__` stay behind.

use super::declared::MessageClass;
use super::encode::{Encoded, Encoder};
use super::refusal::{PathStep, Unsendable, Why};
use crate::errors;
use rustpython_vm::builtins::{
    PyBaseException, PyBaseExceptionRef, PyBool, PyBytes, PyFloat, PyInt, PyList, PyStr, PyTuple, PyType, PyTypeRef,
};
use rustpython_vm::exceptions::exception_group;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::cell::Cell;
use std::collections::{HashMap, HashSet};

/// Of an exception's text, as much is sent.
const TEXT_BYTES: usize = 64 << 10;

const NOTES: &str = "__notes__";

type Builtin = HashMap<String, PyTypeRef>;

thread_local! {
    /// Never dropped: at the end of the thread there is no interpreter any more that could free the classes.
    static BUILTIN: Cell<Option<&'static Builtin>> = const { Cell::new(None) };
}

/// The builtin exception class of that name.
fn builtin(name: &str, vm: &VirtualMachine) -> Option<&'static PyTypeRef> {
    let table = match BUILTIN.get() {
        Some(table) => table,
        None => {
            let table = &*Box::leak(Box::new(builtin_classes(vm)));
            BUILTIN.set(Some(table));
            table
        }
    };
    table.get(name)
}

/// Native classes alone: a program may have put classes of its own there.
fn builtin_classes(vm: &VirtualMachine) -> Builtin {
    let group = exception_group();
    let mut table = Builtin::from([(group.name().to_owned(), group.to_owned())]);
    for value in vm.builtins.dict().values_vec() {
        if let Ok(class) = value.downcast::<PyType>()
            && class.fast_issubclass(vm.ctx.exceptions.base_exception_type.as_object())
            && !class.slots.flags.has_feature(PyTypeFlags::HEAPTYPE)
        {
            let name = class.name().to_owned();
            table.insert(name, class);
        }
    }
    table
}

impl Encoder<'_> {
    pub(super) fn exception(&mut self, exception: &Py<PyBaseException>, declared: Option<&MessageClass>) -> Encoded {
        self.enter()?;
        let vm = self.vm;
        let class = exception.class();
        let text = match is_endless(exception.as_object()) {
            true => ENDLESS.to_owned(),
            false => shortened(text(exception.as_object().str(vm), "str", vm)?),
        };
        self.ensure_space(text.len())?;
        let is_builtin = builtin(&class.name(), vm).is_some_and(|known| known.is(class));
        if !is_builtin && declared.is_none() {
            let module = class.__module__(vm).ok().and_then(|module| module.downcast::<PyStr>().ok());
            let module = module.map_or_else(String::new, |module| module.to_string_lossy().into_owned());
            let qualname = class.__qualname__(vm).downcast::<PyStr>();
            let qualname =
                qualname.map_or_else(|_| class.name().to_owned(), |name| name.to_string_lossy().into_owned());
            self.writer.begin_exception(&format!("{module}:{qualname}"), &text, 0, 0);
            self.leave();
            return Ok(());
        }
        let args = constructor_args(exception, vm);
        let fields = fields(exception.as_object(), is_builtin);
        let name = declared.map_or_else(|| class.name().to_owned(), |declared| declared.name.clone());
        self.writer.begin_exception(&name, &text, args.len(), fields.len());
        for (index, arg) in args.iter().enumerate() {
            self.or_repr(arg).map_err(|refusal| refusal.at(PathStep::Argument(index), exception.as_object()))?;
        }
        for (name, content) in &fields {
            self.writer.field(name);
            self.or_repr(content)
                .map_err(|refusal| refusal.at(PathStep::Field(name.clone()), exception.as_object()))?;
        }
        self.leave();
        Ok(())
    }

    /// A value, or its `repr` if it can't be sent.
    fn or_repr(&mut self, value: &PyObject) -> Encoded {
        let (length, depth) = (self.writer.len(), self.depth());
        match self.value(value) {
            Err(refusal) if matches!(refusal.why, Why::Type(..) | Why::Key(_) | Why::Field(_)) => {
                self.back_to(length, depth);
                let shown = match is_endless(value) {
                    true => ENDLESS.to_owned(),
                    false => shortened(text(value.repr(self.vm), "repr", self.vm)?),
                };
                self.ensure_space(shown.len())?;
                self.writer.str(&shown);
                Ok(())
            }
            written => written,
        }
    }
}

/// What `str()` or `repr()` gave; if it raised, that it did. What is no ordinary exception is raised on.
fn text(
    made: PyResult<rustpython_vm::PyRef<PyStr>>,
    function: &str,
    vm: &VirtualMachine,
) -> Result<String, Box<Unsendable>> {
    match made {
        Ok(text) => Ok(text.to_string_lossy().into_owned()),
        Err(error) if is_ordinary(&error, vm) => Ok(format!("<{function}() raised {}>", error.class().name())),
        Err(error) => Err(Unsendable::new(Why::Raised(error))),
    }
}

/// What ends a program is ordinary here: a text that cannot be made is no reason to end.
fn is_ordinary(error: &Py<PyBaseException>, vm: &VirtualMachine) -> bool {
    let exceptions = &vm.ctx.exceptions;
    let ordinary = [exceptions.exception_type, exceptions.system_exit, exceptions.generator_exit];
    ordinary.into_iter().any(|class| error.fast_isinstance(class)) && !error.fast_isinstance(exceptions.memory_error)
}

/// What is told instead of the text of an exception that [`is_endless`].
pub(crate) const ENDLESS: &str = "<str() would not end>";
/// How deep exceptions may be within each other's arguments, and how many of them there may be, for their texts to be asked for.
const DEEPEST: usize = 32;
const MOST: usize = 1000;
/// How deep lists and tuples are looked into. `repr()` counts that itself, and raises where it is too deep.
const DEEPEST_LISTS: usize = 100;

/// Whether `str()` or `repr()` of it would not end, or would be too deep for the stack: an exception that is among its own arguments. RustPython
/// asks one for the text of the other without counting how deep that is.
pub(crate) fn is_endless(value: &PyObject) -> bool {
    Walk { exceptions: DEEPEST, lists: DEEPEST_LISTS, most: MOST, seen: HashSet::new() }.is_deeper(value)
}

/// A walk over what a text is made of.
struct Walk {
    /// How much deeper exceptions may be, and lists.
    exceptions: usize,
    lists: usize,
    /// How many more exceptions there may be.
    most: usize,
    /// Lists and tuples that were looked into.
    seen: HashSet<usize>,
}

impl Walk {
    fn is_deeper(&mut self, value: &PyObject) -> bool {
        if let Some(exception) = value.downcast_ref::<PyBaseException>() {
            if self.exceptions == 0 || self.most == 0 {
                return true;
            }
            (self.exceptions, self.most) = (self.exceptions - 1, self.most - 1);
            let deeper = exception.args().as_slice().iter().any(|value| self.is_deeper(value));
            self.exceptions += 1;
            return deeper;
        }
        let (tuple, list) = (value.downcast_ref::<PyTuple>(), value.downcast_ref::<PyList>());
        if tuple.is_none() && list.is_none() || self.lists == 0 || !self.seen.insert(value.get_id()) {
            return false;
        }
        self.lists -= 1;
        let deeper = tuple.is_some_and(|tuple| tuple.as_slice().iter().any(|value| self.is_deeper(value)))
            || list.is_some_and(|list| list.borrow_vec().iter().any(|value| self.is_deeper(value)));
        self.lists += 1;
        deeper
    }
}

fn shortened(mut text: String) -> String {
    if text.len() > TEXT_BYTES {
        text.truncate(text.floor_char_boundary(TEXT_BYTES));
        text.push('…');
    }
    text
}

/// `args`, and behind them the file names of an `OSError`, which its constructor takes there.
fn constructor_args(exception: &Py<PyBaseException>, vm: &VirtualMachine) -> Vec<PyObjectRef> {
    let mut args = exception.args().as_slice().to_vec();
    let os_error = exception.fast_isinstance(vm.ctx.exceptions.os_error);
    if os_error && args.len() == 2 {
        let name = |name: &'static str| {
            exception
                .as_object()
                .get_attr(name, vm)
                .ok()
                .filter(|name| name.downcast_ref_if_exact::<PyStr>(vm).is_some())
        };
        if let Some(first) = name("filename") {
            args.push(first);
            if let Some(second) = name("filename2") {
                args.extend([vm.ctx.none(), second]);
            }
        }
    }
    args
}

/// What is in `__dict__` under plain names; of a builtin's, the notes alone.
fn fields(exception: &PyObject, is_builtin: bool) -> Vec<(String, PyObjectRef)> {
    let Some(dict) = exception.dict() else { return Vec::new() };
    let named = dict.items_vec().into_iter().filter_map(|(name, content)| {
        let name = name.downcast_ref::<PyStr>()?.to_str()?.to_owned();
        (name == NOTES || !is_builtin && !name.starts_with("__")).then_some((name, content))
    });
    named.collect()
}

/// What a received exception is made of.
pub(super) struct Received {
    pub(super) args: Vec<PyObjectRef>,
    pub(super) fields: Vec<(String, PyObjectRef)>,
}

/// The builtin exception of that name, or `None` if there is none.
pub(super) fn of_builtin(name: &str, received: &Received, vm: &VirtualMachine) -> Option<PyResult> {
    let class = builtin(name, vm)?;
    made(class, class, received, vm).transpose()
}

/// An exception of a declared class, or `None` if it can't be made.
pub(super) fn of_declared(
    declared: &MessageClass,
    received: &Received,
    vm: &VirtualMachine,
) -> PyResult<Option<PyObjectRef>> {
    let base = declared
        .class
        .mro_collect()
        .into_iter()
        .find(|base| !base.slots.flags.has_feature(PyTypeFlags::HEAPTYPE) || base.is(exception_group()));
    match base {
        Some(base) => made(&declared.class, &base, received, vm),
        None => Ok(None),
    }
}

/// What stands for an exception of a class that is not known here.
pub(super) fn remote(class: &str, text: &str, vm: &VirtualMachine) -> PyResult {
    let remote = errors::class("RemoteError", vm)?;
    remote.call((vm.ctx.new_str(class.replace(':', ".")), vm.ctx.new_str(text)), vm)
}

/// An exception of a class, by the constructor of its native base; `None` if that does not take the arguments.
fn made(
    class: &PyTypeRef,
    base: &Py<PyType>,
    received: &Received,
    vm: &VirtualMachine,
) -> PyResult<Option<PyObjectRef>> {
    let args = &received.args;
    // A base that keeps more than `args` may look at them (as ints, by iteration), and must not meet an object of a program.
    let has_more = base.slots.basicsize != vm.ctx.exceptions.base_exception_type.slots.basicsize;
    let is_group = base.fast_issubclass(vm.ctx.exceptions.base_exception_group.as_object());
    let fit = match args.as_slice() {
        _ if !has_more => true,
        [message, exceptions] if is_group => is_plain(message, vm) && are_exceptions(exceptions, vm),
        args => !is_group && args.iter().all(|arg| is_plain(arg, vm)),
    };
    if !fit {
        return Ok(None);
    }
    let Some(new) = base.slots.new.load() else { return Ok(None) };
    let all = || FuncArgs::from(args.clone());
    let object = match new(class.clone(), all(), vm) {
        Ok(object) => object,
        Err(error) => return unless_serious(error, vm),
    };
    if !object.class().is(class) {
        return Ok(None);
    }
    if let Some(init) = base.slots.init.load()
        && has_more
        && let Err(error) = init(&object, all(), vm)
    {
        return unless_serious(error, vm);
    }
    for (name, content) in &received.fields {
        if !may_be_set(name, content, vm) {
            return Err(super::message_error(&format!("an exception can't have a field {name:?} like this"), vm));
        }
        rustpython_vm::builtins::object_get_dict(object.clone(), vm)?.inner_setitem(
            name.as_str(),
            content.clone(),
            vm,
        )?;
    }
    Ok(Some(object))
}

fn unless_serious(error: PyBaseExceptionRef, vm: &VirtualMachine) -> PyResult<Option<PyObjectRef>> {
    if is_ordinary(&error, vm) { Ok(None) } else { Err(error) }
}

/// Notes are a list of str; and nothing hides what every exception has.
fn may_be_set(name: &str, content: &PyObject, vm: &VirtualMachine) -> bool {
    if name == NOTES {
        return content.downcast_ref_if_exact::<PyList>(vm).is_some_and(|notes| {
            notes.borrow_vec().iter().all(|note| note.downcast_ref_if_exact::<PyStr>(vm).is_some())
        });
    }
    !name.starts_with("__") && !vm.ctx.exceptions.base_exception_type.has_attr(vm.ctx.intern_str(name))
}

/// Whether looking at this runs native code alone.
fn is_plain(value: &PyObject, vm: &VirtualMachine) -> bool {
    vm.is_none(value)
        || value.downcast_ref_if_exact::<PyStr>(vm).is_some()
        || value.downcast_ref_if_exact::<PyInt>(vm).is_some()
        || value.downcast_ref_if_exact::<PyBool>(vm).is_some()
        || value.downcast_ref_if_exact::<PyFloat>(vm).is_some()
        || value.downcast_ref_if_exact::<PyBytes>(vm).is_some()
        || value
            .downcast_ref_if_exact::<PyTuple>(vm)
            .is_some_and(|items| items.as_slice().iter().all(|item| is_plain(item, vm)))
}

fn are_exceptions(value: &PyObject, vm: &VirtualMachine) -> bool {
    let are = |items: &[PyObjectRef]| items.iter().all(|item| item.downcast_ref::<PyBaseException>().is_some());
    match value.downcast_ref_if_exact::<PyList>(vm) {
        Some(list) => are(&list.borrow_vec()),
        None => value.downcast_ref_if_exact::<PyTuple>(vm).is_some_and(|items| are(items.as_slice())),
    }
}
