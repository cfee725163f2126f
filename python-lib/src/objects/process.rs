//! Names that travel in messages: of a microprocess, and of nothing else.

use crate::mail;
use cloison_contract::process::ProcessRef;
use rustpython_vm::common::hash::PyHash;
use rustpython_vm::function::{FuncArgs, PyComparisonValue};
use rustpython_vm::types::{Comparable, Hashable, PyComparisonOp, Representable};
use rustpython_vm::{Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine};

/// A microprocess, as others know it.
///
/// Its number is for people. Its token, which Python never sees, is what tells that whoever has this object was given it: a
/// number can be guessed, a token can't.
#[rustpython_vm::pyclass(module = "cloison", name = "Process")]
#[derive(PyPayload)]
pub struct Process {
    number: u64,
    token: [u8; 16],
}

impl std::fmt::Debug for Process {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Process").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Process {
    /// The process of that number and token.
    pub const fn new(number: u64, token: [u8; 16]) -> Self {
        Self { number, token }
    }

    /// What the router knows it by.
    pub const fn reference(&self) -> ProcessRef {
        ProcessRef { number: self.number, token: self.token }
    }

    /// Its number.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Its token.
    pub const fn token(&self) -> &[u8; 16] {
        &self.token
    }
}

impl Representable for Process {
    fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
        Ok(format!("<Process {}>", zelf.number))
    }
}

impl Comparable for Process {
    fn cmp(zelf: &Py<Self>, other: &PyObject, op: PyComparisonOp, _vm: &VirtualMachine) -> PyResult<PyComparisonValue> {
        op.eq_only(|| match other.downcast_ref::<Self>() {
            Some(other) => Ok(zelf.reference().is_same(other.reference()).into()),
            None => Ok(PyComparisonValue::NotImplemented),
        })
    }
}

impl Hashable for Process {
    /// Of the number, which no two processes share: the token must not show in it.
    fn hash(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<PyHash> {
        Ok(zelf.number as PyHash & PyHash::MAX)
    }
}

#[rustpython_vm::pyclass(with(Representable, Comparable, Hashable), flags(IMMUTABLETYPE, DISALLOW_INSTANTIATION))]
impl Process {
    /// Its number in the application.
    #[pygetset(name = "number")]
    fn number_attribute(zelf: &Py<Self>) -> u64 {
        zelf.number
    }

    /// Whether this reference allows to link to the process and to end it, besides sending to it and monitoring it.
    #[pygetset]
    fn control(zelf: &Py<Self>) -> bool {
        zelf.reference().has_control()
    }

    /// The same process, to be sent to and monitored, but neither linked to nor ended.
    #[pymethod]
    fn send_only(zelf: &Py<Self>, vm: &VirtualMachine) -> PyRef<Self> {
        mail::send_only(zelf, vm)
    }

    /// Send a message, without waiting for anybody. It arrives behind everything that this process has sent there before; to a
    /// process that has ended it is lost.
    #[pymethod]
    fn send(zelf: &Py<Self>, message: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        mail::send(zelf, &message, vm)
    }

    /// End the process at once, whatever it does. It cannot prevent that.
    #[pymethod]
    fn kill(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        mail::kill(zelf, vm)
    }

    /// Send an exit signal: the process ends with that reason, or gets an `Exit` message if it traps exits.
    #[pymethod]
    fn exit(zelf: &Py<Self>, reason: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        mail::exit(zelf, &reason, vm)
    }

    /// Ask the process to end, kill it if it has not ended in time, and return the reason of its end. A link with it is undone first.
    #[pymethod]
    fn stop(zelf: PyRef<Self>, mut arguments: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let stop = crate::package::cloison_module("_processes", vm)?.get_attr("stop", vm)?;
        arguments.prepend_arg(zelf.into());
        stop.call(arguments, vm)
    }

    /// Link this process with that one: when one ends for any reason but "normal", the other does too, or hears of it if it
    /// traps exits.
    #[pymethod]
    fn link(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        mail::link(zelf, vm)
    }

    /// Undo `link`. When this returns, the link does nothing any more.
    #[pymethod]
    fn unlink(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        mail::unlink(zelf, vm)
    }

    /// Have a `Down` message sent to this process when that one ends; the reference that it will carry.
    #[pymethod]
    fn monitor(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyRef<Reference>> {
        mail::monitor(zelf, vm)
    }

    #[pymethod]
    fn __copy__(zelf: PyRef<Self>) -> PyRef<Self> {
        zelf
    }

    #[pymethod]
    fn __deepcopy__(zelf: PyRef<Self>, _memo: PyObjectRef) -> PyRef<Self> {
        zelf
    }

    #[pymethod]
    fn __reduce_ex__(_zelf: &Py<Self>, _protocol: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        Err(vm.new_type_error("a Process cannot be pickled: send it in a message"))
    }
}

/// Something that equals itself and nothing else, here and wherever it is sent.
#[rustpython_vm::pyclass(module = "cloison", name = "Reference")]
#[derive(Debug, PyPayload)]
pub struct Reference {
    high: u64,
    low: u64,
}

impl Reference {
    /// The reference of these words. Whoever makes a new one sees to it that nobody else has them.
    pub const fn new(high: u64, low: u64) -> Self {
        Self { high, low }
    }

    /// Its words.
    pub const fn words(&self) -> (u64, u64) {
        (self.high, self.low)
    }
}

impl Representable for Reference {
    fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
        Ok(format!("<Reference {:x}.{:x}>", zelf.high, zelf.low))
    }
}

impl Comparable for Reference {
    fn cmp(zelf: &Py<Self>, other: &PyObject, op: PyComparisonOp, _vm: &VirtualMachine) -> PyResult<PyComparisonValue> {
        op.eq_only(|| match other.downcast_ref::<Self>() {
            Some(other) => Ok((zelf.words() == other.words()).into()),
            None => Ok(PyComparisonValue::NotImplemented),
        })
    }
}

impl Hashable for Reference {
    fn hash(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<PyHash> {
        Ok((zelf.high.rotate_left(32) ^ zelf.low) as PyHash & PyHash::MAX)
    }
}

#[rustpython_vm::pyclass(with(Representable, Comparable, Hashable), flags(IMMUTABLETYPE, DISALLOW_INSTANTIATION))]
impl Reference {
    #[pymethod]
    fn __copy__(zelf: PyRef<Self>) -> PyRef<Self> {
        zelf
    }

    #[pymethod]
    fn __deepcopy__(zelf: PyRef<Self>, _memo: PyObjectRef) -> PyRef<Self> {
        zelf
    }

    #[pymethod]
    fn __reduce_ex__(_zelf: &Py<Self>, _protocol: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        Err(vm.new_type_error("a Reference cannot be pickled: send it in a message"))
    }
}
