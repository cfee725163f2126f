//! Values to bytes.

use super::EncodedMessage;
use super::declared::{self, MessageClass};
use super::moments::Moments;
use super::refusal::{PathStep, Unsendable, Why, unsendable};
use crate::memory;
use crate::objects::object::Capability;
use crate::objects::process::{Process, Reference};
use cloison_contract::message::CapabilityRef;
use cloison_message::{MAX_BYTES, MAX_DEPTH, Writer};
use rustpython_vm::builtins::{
    PyBaseException, PyBool, PyByteArray, PyBytes, PyComplex, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PySet,
    PyStr, PyTuple,
};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

pub(super) type Encoded = Result<(), Box<Unsendable>>;

/// A message that is smaller than this is written without asking how much memory is left.
const SMALL_BYTES: usize = 32 << 10;

/// `one_receiver`: whether it is for one process, which can be given what the value names.
pub(super) fn encode(
    value: &PyObject,
    root: &str,
    one_receiver: bool,
    vm: &VirtualMachine,
) -> PyResult<EncodedMessage> {
    let mut encoder = Encoder {
        writer: Writer::new(),
        vm,
        depth: 0,
        is_key: false,
        ask_beyond: SMALL_BYTES,
        one_receiver,
        capabilities: Vec::new(),
    };
    match encoder.value(value) {
        Ok(()) => Ok(EncodedMessage { capabilities: encoder.capabilities, bytes: encoder.writer.finish() }),
        Err(refusal) => Err(refusal.exception(root, vm)),
    }
}

pub(super) struct Encoder<'a> {
    pub(super) writer: Writer,
    pub(super) vm: &'a VirtualMachine,
    depth: usize,
    /// Whether what is being written is a key, or part of one.
    is_key: bool,
    /// When the message would be longer, ask whether it may.
    ask_beyond: usize,
    /// Whether capabilities can be sent.
    one_receiver: bool,
    /// Those that were written.
    capabilities: Vec<CapabilityRef>,
}

impl Encoder<'_> {
    /// One value, of whatever type.
    pub(super) fn value(&mut self, value: &PyObject) -> Encoded {
        let vm = self.vm;
        self.ensure_space(64)?;
        if let Some(text) = value.downcast_ref_if_exact::<PyStr>(vm) {
            return self.text(text);
        }
        if let Some(number) = value.downcast_ref_if_exact::<PyInt>(vm) {
            self.int(number)
        } else if let Some(tuple) = value.downcast_ref_if_exact::<PyTuple>(vm) {
            self.tuple(value, tuple)
        } else if vm.is_none(value) {
            self.writer.none();
            Ok(())
        } else if value.downcast_ref_if_exact::<PyBool>(vm).is_some() {
            self.writer.bool(value.is(&vm.ctx.true_value));
            Ok(())
        } else if let Some(bytes) = value.downcast_ref_if_exact::<PyBytes>(vm) {
            self.ensure_space(bytes.as_bytes().len())?;
            self.writer.bytes(bytes.as_bytes());
            Ok(())
        } else if let Some(number) = value.downcast_ref_if_exact::<PyFloat>(vm) {
            self.writer.float(number.to_f64());
            Ok(())
        } else if let Some(list) = value.downcast_ref_if_exact::<PyList>(vm) {
            self.list(value, list)
        } else if let Some(dict) = value.downcast_ref_if_exact::<PyDict>(vm) {
            self.dict(value, dict)
        } else {
            self.rarer(value)
        }
    }

    #[inline(never)]
    fn rarer(&mut self, value: &PyObject) -> Encoded {
        let vm = self.vm;
        if let Some(process) = value.downcast_ref_if_exact::<Process>(vm) {
            self.writer.process(process.number(), process.token());
        } else if let Some(reference) = value.downcast_ref_if_exact::<Reference>(vm) {
            let (high, low) = reference.words();
            self.writer.reference(high, low);
        } else if let Some(capability) = value.downcast_ref_if_exact::<Capability>(vm) {
            return self.no_key(value).and_then(|()| self.capability(capability));
        } else if let Some(declared) = declared::of(value.class()) {
            return self.declared(value, &declared);
        } else if let Some(exception) = value.downcast_ref::<PyBaseException>() {
            return self.no_key(value).and_then(|()| self.exception(exception, None));
        } else if let Some(set) = value.downcast_ref_if_exact::<PySet>(vm) {
            let elements = set.elements();
            self.writer.begin_set(elements.len());
            return self.elements(value, &elements);
        } else if let Some(set) = value.downcast_ref_if_exact::<PyFrozenSet>(vm) {
            let elements = set.elements();
            self.writer.begin_frozenset(elements.len());
            return self.elements(value, &elements);
        } else if let Some(bytes) = value.downcast_ref_if_exact::<PyByteArray>(vm) {
            let bytes = bytes.borrow_buf();
            self.ensure_space(bytes.len())?;
            self.writer.bytearray(&bytes);
        } else if let Some(number) = value.downcast_ref_if_exact::<PyComplex>(vm) {
            let number = number.as_complex();
            self.writer.complex(number.re, number.im);
        } else {
            let moments = Moments::get(vm).map_err(|error| Unsendable::new(Why::Raised(error)))?;
            return match moments.write(&mut self.writer, value, vm)? {
                true => Ok(()),
                false if self.is_key => Err(key(value)),
                false => Err(unsendable(value, vm)),
            };
        }
        Ok(())
    }

    /// Whoever sends it has the receiver hold it, too.
    fn capability(&mut self, capability: &Capability) -> Encoded {
        if !self.one_receiver {
            return Err(Unsendable::new(Why::NoReceiver));
        }
        let reference = capability.reference(self.vm).map_err(|error| Unsendable::new(Why::Raised(error)))?;
        self.capabilities.push(reference);
        self.writer.capability(reference.number, &reference.token);
        Ok(())
    }

    fn text(&mut self, text: &Py<PyStr>) -> Encoded {
        self.ensure_space(text.as_bytes().len())?;
        match text.to_str() {
            Some(text) => self.writer.str(text),
            None => self.writer.surrogates(text.as_bytes()),
        }
        Ok(())
    }

    fn int(&mut self, number: &Py<PyInt>) -> Encoded {
        let wide = number.as_bigint();
        if wide.bits() < 64
            && let Ok(number) = number.try_to_primitive(self.vm)
        {
            self.writer.int(number);
            return Ok(());
        }
        let digits = wide.to_signed_bytes_le();
        self.ensure_space(digits.len())?;
        self.writer.big_int(&digits);
        Ok(())
    }

    fn tuple(&mut self, value: &PyObject, tuple: &Py<PyTuple>) -> Encoded {
        let items = tuple.as_slice();
        self.enter()?;
        self.writer.begin_tuple(items.len());
        for (index, item) in items.iter().enumerate() {
            self.value(item).map_err(|refusal| refusal.at(PathStep::Index(index), value))?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn list(&mut self, value: &PyObject, list: &Py<PyList>) -> Encoded {
        let count = list.borrow_vec().len();
        self.enter()?;
        self.writer.begin_list(count);
        for index in 0..count {
            // Not borrowed while an item is written: an exception's `__str__` may change the list.
            let item = list.borrow_vec().get(index).cloned().ok_or_else(|| Unsendable::new(Why::Changed))?;
            self.value(&item).map_err(|refusal| refusal.at(PathStep::Index(index), value))?;
        }
        self.depth -= 1;
        if list.borrow_vec().len() == count { Ok(()) } else { Err(Unsendable::new(Why::Changed)) }
    }

    fn dict(&mut self, value: &PyObject, dict: &Py<PyDict>) -> Encoded {
        let count = dict.__len__();
        self.enter()?;
        self.writer.begin_dict(count);
        let mut written = 0;
        for (key, item) in dict {
            self.key(&key).map_err(|refusal| refusal.at(PathStep::Key, value))?;
            self.value(&item).map_err(|refusal| refusal.at(PathStep::Item(self.shown(&key)), value))?;
            written += 1;
        }
        self.depth -= 1;
        if written == count { Ok(()) } else { Err(Unsendable::new(Why::Changed)) }
    }

    fn elements(&mut self, value: &PyObject, elements: &[PyObjectRef]) -> Encoded {
        self.enter()?;
        for element in elements {
            self.key(element).map_err(|refusal| refusal.at(PathStep::Element, value))?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// A value that is a key.
    fn key(&mut self, value: &PyObject) -> Encoded {
        let outer = std::mem::replace(&mut self.is_key, true);
        let written = self.value(value);
        self.is_key = outer;
        written
    }

    fn declared(&mut self, value: &PyObject, declared: &MessageClass) -> Encoded {
        self.no_key(value)?;
        if let Some(exception) = value.downcast_ref::<PyBaseException>() {
            return self.exception(exception, Some(declared));
        }
        self.enter()?;
        self.writer.begin_object(&declared.name, declared.fields.len());
        for field in &declared.fields {
            let content = field.read(value, self.vm).map_err(|error| Unsendable::new(Why::Raised(error)))?;
            let content = content.ok_or_else(|| Unsendable::new(Why::Field(field.name.as_str().to_owned())))?;
            self.writer.field(field.name.as_str());
            self.value(&content)
                .map_err(|refusal| refusal.at(PathStep::Field(field.name.as_str().to_owned()), value))?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn no_key(&self, value: &PyObject) -> Encoded {
        if self.is_key { Err(key(value)) } else { Ok(()) }
    }

    /// Begin with what is in a container.
    #[inline]
    pub(super) fn enter(&mut self) -> Encoded {
        if self.depth == MAX_DEPTH {
            return Err(Unsendable::new(Why::Depth));
        }
        self.depth += 1;
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// How deep it is, to come back to if a part is given up.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Give up what was written since.
    pub(super) fn back_to(&mut self, length: usize, depth: usize) {
        self.writer.truncate(length);
        self.depth = depth;
    }

    /// Make sure that as many bytes may be added.
    #[inline]
    pub(super) fn ensure_space(&mut self, bytes: usize) -> Encoded {
        let length = self.writer.len() + bytes;
        if length <= self.ask_beyond { Ok(()) } else { self.ask(length) }
    }

    #[cold]
    fn ask(&mut self, length: usize) -> Encoded {
        if length > MAX_BYTES {
            return Err(Unsendable::new(Why::Size));
        }
        // The bytes move when they grow, so old and new are there at once.
        if memory::free_bytes() < 3 * length as u64 {
            return Err(Unsendable::new(Why::Memory));
        }
        self.ask_beyond = (2 * length).min(MAX_BYTES);
        Ok(())
    }

    /// A key as it stands in a path.
    fn shown(&self, key: &PyObject) -> String {
        let shown = key.repr(self.vm).map_or_else(|_| "…".to_owned(), |text| text.to_string_lossy().into_owned());
        if shown.chars().count() <= 60 { shown } else { shown.chars().take(59).chain(['…']).collect() }
    }
}

#[cold]
fn key(value: &PyObject) -> Box<Unsendable> {
    Unsendable::new(Why::Key(value.class().name().to_owned()))
}
