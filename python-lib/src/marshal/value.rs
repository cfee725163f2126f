//! What came through the wall, or is about to go: copied and checked, and no Python object yet.
//!
//! Making Python objects can run Python code, and may not while the channel is in use; so results wait here in between.
//! Records go this way in both directions, which keeps the codec ([`cloison_codec::records`]) apart from Python.

use crate::errors;
use crate::objects::buffers::{RegisteredBuffer, View};
use crate::objects::classes::Classes;
use crate::objects::handle::Core;
use cloison_codec::memory::OBJECT_BYTES;
use cloison_contract::types::Scalar;
use rustpython_vm::convert::ToPyObject;
use rustpython_vm::{AsObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};
use std::rc::Rc;

/// What stays in the zone.
#[derive(Clone, Debug)]
pub enum ZoneObject {
    /// An object.
    Handle(Rc<Core>),
    /// A buffer that the library goes on filling.
    Registered(Box<RegisteredBuffer>),
    /// Bytes that are still in the channel.
    View(Box<View>),
}

/// A value.
pub type ZoneValue = cloison_codec::Value<ZoneObject>;

/// The results of a call.
pub type ZoneValues = cloison_codec::Values<ZoneObject>;

/// Values as Python objects.
pub trait IntoObject: Sized {
    /// The Python object; of results: none, one, or a tuple.
    fn into_object(self, classes: &Classes, vm: &VirtualMachine) -> PyResult;
}

impl IntoObject for ZoneValues {
    #[inline]
    fn into_object(self, classes: &Classes, vm: &VirtualMachine) -> PyResult {
        match self {
            Self::Nothing => Ok(vm.ctx.none()),
            Self::One(value) => value.into_object(classes, vm),
            Self::Several(values) => Ok(vm.ctx.new_tuple(objects(values, classes, vm)?).into()),
        }
    }
}

/// Each of several results.
pub fn each(values: ZoneValues, classes: &Classes, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
    match values {
        ZoneValues::Nothing => Ok(Vec::new()),
        ZoneValues::One(value) => Ok(vec![value.into_object(classes, vm)?]),
        ZoneValues::Several(values) => objects(values, classes, vm),
    }
}

/// One after the other, as long as there is memory: what is small and beyond the budget is served from a reserve, which this does
/// not touch.
pub fn objects(values: Vec<ZoneValue>, classes: &Classes, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
    const WHAT: &str = "the results of a call take";
    errors::ensure_free(WHAT, (values.len() * size_of::<PyObjectRef>()) as u64, vm)?;
    let mut objects = Vec::with_capacity(values.len());
    for value in values {
        errors::ensure_free(WHAT, OBJECT_BYTES, vm)?;
        objects.push(value.into_object(classes, vm)?);
    }
    Ok(objects)
}

impl IntoObject for ZoneValue {
    #[inline]
    fn into_object(self, classes: &Classes, vm: &VirtualMachine) -> PyResult {
        Ok(match self {
            Self::Null => vm.ctx.none(),
            Self::Signed(number) => vm.ctx.new_int(number).into(),
            Self::Unsigned(number) => vm.ctx.new_int(number).into(),
            Self::Truth(truth) => truth.to_pyobject(vm),
            Self::Float(number) => vm.ctx.new_float(number).into(),
            Self::Bytes(bytes) => vm.ctx.new_bytes(bytes).into(),
            Self::Text(text) => vm.ctx.new_str(text).into(),
            other => return composed(other, classes, vm),
        })
    }
}

#[inline(never)]
fn composed(value: ZoneValue, classes: &Classes, vm: &VirtualMachine) -> PyResult {
    match value {
        ZoneValue::Complex(real, imaginary) => complex_object(real, imaginary, vm),
        ZoneValue::Elements(element, bytes) => elements(element, bytes, vm),
        ZoneValue::Named(id, word) => classes.named(id, word, vm),
        ZoneValue::Object(ZoneObject::Handle(core)) => classes.handle(core, vm),
        ZoneValue::Record(id, members) => classes.record(id, members, vm),
        ZoneValue::Union(id, live) => classes.union(id, live.0, live.1, vm),
        ZoneValue::List(values) => Ok(vm.ctx.new_list(objects(values, classes, vm)?).into()),
        ZoneValue::Object(ZoneObject::Registered(buffer)) => Ok(buffer.into_pyobject(vm)),
        ZoneValue::Object(ZoneObject::View(view)) => Ok(view.into_pyobject(vm)),
        simple => simple.into_object(classes, vm),
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
    // The array copies them.
    errors::ensure_free("the elements of a buffer take", bytes.len() as u64, vm)?;
    vm.import("array", 0)?.get_attr("array", vm)?.call((code, vm.ctx.new_bytes(bytes)), vm)
}

/// A complex number as Python has it.
pub fn complex_object(real: f64, imaginary: f64, vm: &VirtualMachine) -> PyResult {
    vm.ctx.types.complex_type.as_object().call((real, imaginary), vm)
}
