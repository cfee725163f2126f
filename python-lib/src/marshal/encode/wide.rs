//! `long double` and complex numbers: offset and length of their bytes.

use super::number::{self, Floats};
use crate::errors::place::ArgumentPlace;
use crate::marshal::arguments::Prepared;
use crate::marshal::pieces::Source;
use crate::marshal::value::ZoneValue;
use cloison_contract::types::Wide;
use rustpython_vm::builtins::PyStr;
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

#[inline(never)]
pub(super) fn encode(
    prepared: &mut Prepared<'_>,
    word: usize,
    kind: Wide,
    value: &PyObject,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let (real, imaginary) = parts(value, kind, place, vm)?;
    prepared.place(word, Source::Owned(cloison_codec::wide::encode(kind, real, imaginary)));
    Ok(())
}

/// The same as a part of a record.
pub(super) fn value(
    value: &PyObject,
    kind: Wide,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<ZoneValue> {
    let (real, imaginary) = parts(value, kind, place, vm)?;
    Ok(if kind.is_complex() { ZoneValue::Complex(real, imaginary) } else { ZoneValue::Float(real) })
}

/// Real and imaginary part.
fn parts(value: &PyObject, kind: Wide, place: ArgumentPlace<'_>, vm: &VirtualMachine) -> PyResult<(f64, f64)> {
    let (real, imaginary) = if kind.is_complex() {
        let number = match value.downcast_ref::<PyStr>() {
            None => value.to_owned().try_complex(vm)?,
            Some(_) => None,
        };
        match number {
            Some((number, _)) => (number.re, number.im),
            None => return Err(place.type_error("a complex number", value, vm)),
        }
    } else {
        (f64::from_bits(number::float(value, &Floats { single: false, range: None }, place, vm)?), 0.0)
    };
    if kind == Wide::ComplexF32 && [real, imaginary].iter().any(|part| part.is_finite() && (*part as f32).is_infinite())
    {
        return Err(place.overflow_error("is beyond what a C float holds", vm));
    }
    Ok((real, imaginary))
}
