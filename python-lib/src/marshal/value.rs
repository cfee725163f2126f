//! What came through the wall, or is about to go: copied and checked, and no Python object yet.
//!
//! Making Python objects can run Python code, and may not while the channel is in use; so results wait here in between.
//! Records go this way in both directions, which keeps the codec ([`crate::marshal::codec`]) apart from Python.

use crate::marshal::number;
use crate::objects::buffers::{RegisteredBuffer, View};
use crate::objects::classes::Classes;
use crate::objects::handle::Core;
use cloison_contract::types::{Scalar, TypeId};
use rustpython_vm::convert::ToPyObject;
use rustpython_vm::{PyObjectRef, PyPayload, PyResult, VirtualMachine};
use std::rc::Rc;

/// A value.
#[derive(Clone, Debug)]
pub enum Value {
    /// `None`
    Null,
    /// A signed number.
    Signed(i64),
    /// An unsigned number. On the way in also a handle's word.
    Unsigned(u64),
    /// `True` or `False`
    Truth(bool),
    /// A float.
    Float(f64),
    /// Real and imaginary part.
    Complex(f64, f64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Text.
    Text(String),
    /// Elements wider than a byte.
    Elements(Scalar, Vec<u8>),
    /// A value of an enumeration, sign- or zero-extended.
    Named(TypeId, u64),
    /// An object of the zone.
    Handle(Rc<Core>),
    /// The members of a struct, in C order; hidden ones are `Null`.
    Record(TypeId, Vec<Value>),
    /// The live member of a union, and which one it is.
    Union(TypeId, Box<(usize, Value)>),
    /// An array of anything else.
    List(Vec<Value>),
    /// A buffer that the library goes on filling.
    Registered(Box<RegisteredBuffer>),
    /// Bytes that are still in the channel.
    View(Box<View>),
}

/// The results of a call.
#[derive(Debug)]
pub enum Values {
    /// None at all.
    Nothing,
    /// One.
    One(Value),
    /// Several.
    Several(Vec<Value>),
}

impl Values {
    /// The call's value in Python: none, one, or a tuple.
    #[inline]
    pub fn into_object(self, classes: &Classes, vm: &VirtualMachine) -> PyResult {
        match self {
            Self::Nothing => Ok(vm.ctx.none()),
            Self::One(value) => value.into_object(classes, vm),
            Self::Several(values) => Ok(vm.ctx.new_tuple(objects(values, classes, vm)?).into()),
        }
    }

    /// Each of them.
    pub fn into_objects(self, classes: &Classes, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
        match self {
            Self::Nothing => Ok(Vec::new()),
            Self::One(value) => Ok(vec![value.into_object(classes, vm)?]),
            Self::Several(values) => objects(values, classes, vm),
        }
    }
}

fn objects(values: Vec<Value>, classes: &Classes, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
    values.into_iter().map(|value| value.into_object(classes, vm)).collect()
}

impl Value {
    /// The Python object.
    #[inline]
    pub fn into_object(self, classes: &Classes, vm: &VirtualMachine) -> PyResult {
        Ok(match self {
            Self::Null => vm.ctx.none(),
            Self::Signed(number) => vm.ctx.new_int(number).into(),
            Self::Unsigned(number) => vm.ctx.new_int(number).into(),
            Self::Truth(truth) => truth.to_pyobject(vm),
            Self::Float(number) => vm.ctx.new_float(number).into(),
            Self::Bytes(bytes) => vm.ctx.new_bytes(bytes).into(),
            Self::Text(text) => vm.ctx.new_str(text).into(),
            other => return other.into_composed(classes, vm),
        })
    }

    #[inline(never)]
    fn into_composed(self, classes: &Classes, vm: &VirtualMachine) -> PyResult {
        match self {
            Self::Complex(real, imaginary) => number::complex_object(real, imaginary, vm),
            Self::Elements(element, bytes) => elements(element, bytes, vm),
            Self::Named(id, word) => classes.named(id, word, vm),
            Self::Handle(core) => classes.handle(core, vm),
            Self::Record(id, members) => classes.record(id, members, vm),
            Self::Union(id, live) => classes.union(id, live.0, live.1, vm),
            Self::List(values) => Ok(vm.ctx.new_list(objects(values, classes, vm)?).into()),
            Self::Registered(buffer) => Ok(buffer.into_pyobject(vm)),
            Self::View(view) => Ok(view.into_pyobject(vm)),
            simple => simple.into_object(classes, vm),
        }
    }
}

/// Wider elements come as `array.array`, which lends its bytes to the next call without another copy in Python.
fn elements(element: Scalar, bytes: Vec<u8>, vm: &VirtualMachine) -> PyResult {
    let code = match element {
        Scalar::F32 => "f",
        Scalar::F64 => "d",
        Scalar::I16 => "h",
        Scalar::I32 => "i",
        Scalar::I64 => "q",
        Scalar::U16 => "H",
        Scalar::U32 => "I",
        Scalar::U64 => "Q",
        Scalar::Bool | Scalar::I8 | Scalar::U8 => "B",
    };
    vm.import("array", 0)?.get_attr("array", vm)?.call((code, vm.ctx.new_bytes(bytes)), vm)
}
