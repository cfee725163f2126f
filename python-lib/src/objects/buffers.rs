//! Bytes that do not come with the reply: buffers that the library fills later, and bytes that stay in the channel.

use crate::errors;
use crate::objects::handle::Core;
use crate::objects::home::Home;
use rustpython_vm::builtins::{PyBytes, PyBytesRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::protocol::{PyBuffer, PyMappingMethods, PySequenceMethods};
use rustpython_vm::types::{AsBuffer, AsMapping, AsSequence, Constructor, Representable};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine, atomic_func};
use std::fmt;
use std::rc::Rc;
use std::sync::LazyLock;

/// A buffer that the library goes on filling.
#[rustpython_vm::pyclass(module = "cloison", name = "RegisteredBuffer")]
#[derive(Clone, PyPayload)]
pub struct RegisteredBuffer {
    home: Rc<Home>,
    epoch: u64,
    block: u64,
    max_bytes: u64,
    /// The buffer is there as long as that is.
    _owner: Option<Rc<Core>>,
}

impl fmt::Debug for RegisteredBuffer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RegisteredBuffer").field("block", &self.block).finish_non_exhaustive()
    }
}

impl RegisteredBuffer {
    /// The block of that number.
    pub fn new(home: &Rc<Home>, block: u64, max_bytes: u64, owner: Option<Rc<Core>>) -> Self {
        Self { home: home.clone(), epoch: home.connection.epoch(), block, max_bytes, _owner: owner }
    }
}

impl Representable for RegisteredBuffer {
    fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
        Ok(format!("<buffer of capability '{}'>", zelf.home.capability))
    }
}

#[rustpython_vm::pyclass(with(Representable), flags(IMMUTABLETYPE, DISALLOW_INSTANTIATION))]
impl RegisteredBuffer {
    /// What is in the buffer now.
    #[pymethod]
    fn sync(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
        if zelf.epoch != zelf.home.connection.epoch() {
            return Err(errors::new("StaleHandle", "the zone of this buffer is gone", &[], vm));
        }
        Ok(vm.ctx.new_bytes(zelf.home.zone(vm)?.read_block(zelf.block, zelf.max_bytes, vm)?))
    }

    #[pymethod]
    fn __reduce_ex__(_zelf: &Py<Self>, _protocol: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        Err(vm.new_type_error("a buffer of a capability cannot be copied or pickled"))
    }
}

/// Bytes of a result that have stayed in the channel, until the next call of the capability.
///
/// What is read is copied out at that moment and never before, once: an index, a slice, or all of it for whoever asks for a
/// buffer (`memoryview(view)`, `file.write(view)`, `struct.unpack_from`). Shared memory itself is lent to nobody. The zone can
/// write it at any time, and everything that reads a buffer here (decoding UTF-8 above all) checks bytes first and
/// trusts them afterwards: a zone that changes them in between would corrupt this process. That the zone cannot write
/// any more could be enforced with sealed pages, made for one result each; `make bench` shows that they cost more than
/// the copy.
#[rustpython_vm::pyclass(module = "cloison", name = "View")]
#[derive(Clone, PyPayload)]
pub struct View {
    home: Rc<Home>,
    epoch: u64,
    /// [`Connection::calls`](cloison_calls::Connection::calls) when it was made.
    call: u64,
    offset: u64,
    length: u64,
}

impl fmt::Debug for View {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("View").field("length", &self.length).finish_non_exhaustive()
    }
}

impl View {
    /// A range that lies in the arena.
    pub fn new(home: &Rc<Home>, offset: u64, length: u64) -> Self {
        Self { home: home.clone(), epoch: home.connection.epoch(), call: home.connection.calls(), offset, length }
    }

    fn is_valid(&self) -> bool {
        self.epoch == self.home.connection.epoch() && self.call == self.home.connection.calls()
    }

    fn check(&self, vm: &VirtualMachine) -> PyResult<()> {
        if self.is_valid() {
            return Ok(());
        }
        let text = "this view ended with the next call of its capability: copy what is needed before, with bytes(view)";
        Err(errors::new("StaleHandle", text, &[], vm))
    }

    /// A copy of all.
    pub fn bytes(&self, vm: &VirtualMachine) -> PyResult<Vec<u8>> {
        self.part(0, self.length, vm)
    }

    fn part(&self, start: u64, length: u64, vm: &VirtualMachine) -> PyResult<Vec<u8>> {
        self.check(vm)?;
        errors::ensure_free("what is read of a view takes", length, vm)?;
        let read = self.home.connection.read(self.offset + start, length);
        read.ok_or_else(|| errors::new("StaleHandle", "the channel of this view is gone", &[], vm))
    }

    /// An int gives an int, a slice gives bytes.
    fn item(&self, index: &PyObject, vm: &VirtualMachine) -> PyResult {
        if let Some(index) = index.try_index_opt(vm) {
            let index: i64 = index?.try_to_primitive(vm)?;
            let position = if index < 0 { index.checked_add_unsigned(self.length) } else { Some(index) };
            let position = position.and_then(|at| u64::try_from(at).ok()).filter(|&at| at < self.length);
            let Some(position) = position else { return Err(vm.new_index_error("index out of range")) };
            return Ok(vm.ctx.new_int(self.part(position, 1, vm)?[0]).into());
        }
        // Only what a slice of step 1 needs is copied out.
        let bounds = index.get_attr("indices", vm)?.call((self.length,), vm)?;
        let bounds: Vec<i64> = bounds.try_to_value(vm)?;
        let [start, stop, step] = bounds[..] else { return Err(vm.new_type_error("indices() gave no three ints")) };
        if step == 1 {
            let length = u64::try_from(stop - start).unwrap_or(0);
            return Ok(vm.ctx.new_bytes(self.part(start as u64, length, vm)?).into());
        }
        vm.ctx.new_bytes(self.bytes(vm)?).as_object().get_item(index, vm)
    }
}

impl Constructor for View {
    type Args = FuncArgs;

    fn py_new(_class: &Py<rustpython_vm::builtins::PyType>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        Err(vm.new_type_error("a view is made by a call alone"))
    }
}

impl Representable for View {
    fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
        let ended = if zelf.is_valid() { "" } else { "ended " };
        Ok(format!("<{ended}view of {} bytes of capability '{}'>", zelf.length, zelf.home.capability))
    }
}

impl AsBuffer for View {
    /// A copy's, which outlives the view.
    fn as_buffer(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyBuffer> {
        PyBytes::as_buffer(&vm.ctx.new_bytes(zelf.bytes(vm)?), vm)
    }
}

impl AsMapping for View {
    fn as_mapping() -> &'static PyMappingMethods {
        static METHODS: LazyLock<PyMappingMethods> = LazyLock::new(|| PyMappingMethods {
            length: atomic_func!(|mapping, _vm| Ok(View::mapping_downcast(mapping).length as usize)),
            subscript: atomic_func!(|mapping, needle, vm| View::mapping_downcast(mapping).item(needle, vm)),
            ..PyMappingMethods::NOT_IMPLEMENTED
        });
        &METHODS
    }
}

impl AsSequence for View {
    fn as_sequence() -> &'static PySequenceMethods {
        static METHODS: LazyLock<PySequenceMethods> = LazyLock::new(|| PySequenceMethods {
            length: atomic_func!(|sequence, _vm| Ok(View::sequence_downcast(sequence).length as usize)),
            item: atomic_func!(|sequence, index, vm| {
                View::sequence_downcast(sequence).item(vm.ctx.new_int(index).as_object(), vm)
            }),
            ..PySequenceMethods::NOT_IMPLEMENTED
        });
        &METHODS
    }
}

#[rustpython_vm::pyclass(with(Constructor, Representable, AsBuffer, AsMapping, AsSequence), flags(IMMUTABLETYPE))]
impl View {
    #[pymethod]
    fn __bytes__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
        zelf.bytes(vm).map(|bytes| vm.ctx.new_bytes(bytes))
    }

    /// A copy of all of it.
    #[pymethod]
    fn tobytes(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
        Self::__bytes__(zelf, vm)
    }

    /// Whether it can be read still.
    #[pygetset]
    fn closed(zelf: &Py<Self>) -> bool {
        !zelf.is_valid()
    }

    #[pymethod]
    fn __reduce_ex__(_zelf: &Py<Self>, _protocol: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        Err(vm.new_type_error("a view cannot be copied or pickled: bytes(view) can"))
    }
}
