//! Numbers, checked against C type and range.

use crate::errors::place::Place;
use crate::marshal::kind::{Floats, Integers};
use crate::marshal::value::Value;
use cloison_contract::types::Wide;
use rustpython_vm::builtins::{PyFloat, PyInt, PyStr};
use rustpython_vm::{AsObject, Py, PyObject, PyResult, VirtualMachine};

/// An int (or what has `__index__`) as a word.
#[inline]
pub fn integer(value: &PyObject, wanted: &Integers, place: Place<'_>, vm: &VirtualMachine) -> PyResult<u64> {
    if let Some(number) = value.downcast_ref::<PyInt>() {
        return within(number, wanted, place, vm);
    }
    if value.downcast_ref::<PyFloat>().is_some() {
        return Err(place.type_error("an int", value, vm));
    }
    match value.try_index_opt(vm) {
        Some(index) => {
            let index = index?;
            within(&index, wanted, place, vm)
        }
        None => Err(place.type_error("an int", value, vm)),
    }
}

#[inline]
fn within(number: &Py<PyInt>, wanted: &Integers, place: Place<'_>, vm: &VirtualMachine) -> PyResult<u64> {
    let big = number.as_bigint();
    let value = match i64::try_from(big) {
        Ok(value) => i128::from(value),
        Err(_) => match u64::try_from(big) {
            Ok(value) => i128::from(value),
            Err(_) => return Err(place.does_not_fit(&big.to_string(), wanted.bounds, vm)),
        },
    };
    if value < wanted.bounds.0 || value > wanted.bounds.1 {
        return Err(place.does_not_fit(&value.to_string(), wanted.bounds, vm));
    }
    if let Some((least, most)) = wanted.range
        && (value < least || value > most)
    {
        return Err(place.value_error(&format!("is {value}, and must be from {least} to {most}"), vm));
    }
    Ok(value as u64)
}

/// A float or an int as the bits of a double.
#[inline]
pub fn float(value: &PyObject, wanted: &Floats, place: Place<'_>, vm: &VirtualMachine) -> PyResult<u64> {
    let number = match value.downcast_ref::<PyFloat>() {
        Some(float) => float.to_f64(),
        None => match value.try_float_opt(vm) {
            Some(float) => float?.to_f64(),
            None => return Err(place.type_error("a float", value, vm)),
        },
    };
    if wanted.single && number.is_finite() && (number as f32).is_infinite() {
        return Err(place.overflow_error(&format!("is {number:?}, beyond what a C float holds"), vm));
    }
    if let Some((least, most)) = wanted.range
        && !(number >= least && number <= most)
    {
        return Err(place.value_error(&format!("is {number:?}, and must be from {least:?} to {most:?}"), vm));
    }
    Ok(number.to_bits())
}

/// A `long double` or a complex number.
pub fn wide(value: &PyObject, kind: Wide, place: Place<'_>, vm: &VirtualMachine) -> PyResult<Value> {
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
        (f64::from_bits(float(value, &Floats { single: false, range: None }, place, vm)?), 0.0)
    };
    if kind == Wide::ComplexF32 && [real, imaginary].iter().any(|part| part.is_finite() && (*part as f32).is_infinite())
    {
        return Err(place.overflow_error("is beyond what a C float holds", vm));
    }
    Ok(if kind.is_complex() { Value::Complex(real, imaginary) } else { Value::Float(real) })
}

/// A complex number as Python has it.
pub fn complex_object(real: f64, imaginary: f64, vm: &VirtualMachine) -> PyResult {
    vm.ctx.types.complex_type.as_object().call((real, imaginary), vm)
}
