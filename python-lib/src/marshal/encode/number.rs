//! A number in a word, checked against C type, range and enumeration.

use crate::call::session::Session;
use crate::errors::place::ArgumentPlace;
use crate::marshal::arguments::Prepared;
use crate::marshal::plan::Argument;
use cloison_contract::shape::Literal;
use cloison_contract::types::{Scalar, TypeId, TypeKind};
use rustpython_vm::builtins::{PyFloat, PyInt};
use rustpython_vm::{Py, PyObject, PyResult, VirtualMachine};

/// Which numbers fit.
#[derive(Clone, Copy, Debug)]
pub enum Numbers {
    /// `float` and `double`.
    Floats(Floats),
    /// All others.
    Integers(Integers),
}

/// Which integers fit.
#[derive(Clone, Copy, Debug)]
pub struct Integers {
    /// The C type.
    pub scalar: Scalar,
    /// What the C type holds.
    pub bounds: (i128, i128),
    /// What the manifest allows of it.
    pub range: Option<(i128, i128)>,
}

/// Which floats fit.
#[derive(Clone, Copy, Debug)]
pub struct Floats {
    /// `float` instead of `double`.
    pub single: bool,
    /// What the manifest allows.
    pub range: Option<(f64, f64)>,
}

impl Numbers {
    /// Those of a type that lie in a range.
    pub fn new(scalar: Scalar, range: Option<(Literal, Literal)>) -> Self {
        match Integers::new(scalar, range) {
            Some(integers) => Self::Integers(integers),
            None => Self::Floats(Floats::new(scalar, range)),
        }
    }
}

impl Integers {
    /// Those of a type that lie in a range; `None` for `float` and `double`.
    pub fn new(scalar: Scalar, range: Option<(Literal, Literal)>) -> Option<Self> {
        let bounds = scalar.bounds()?;
        let whole = |number| match number {
            Literal::Integer(value) => value,
            Literal::Float(value) => value as i128,
        };
        Some(Self { scalar, bounds, range: range.map(|(least, most)| (whole(least), whole(most))) })
    }

    /// Those of a bit-field.
    pub fn of_bits(scalar: Scalar, width: u32) -> Option<Self> {
        let whole = Self::new(scalar, None)?;
        let bounds = match scalar.is_signed() {
            true => (-(1 << width.clamp(1, 64).saturating_sub(1)), (1 << width.clamp(1, 64).saturating_sub(1)) - 1),
            false => (0, (1_i128 << width.min(64)) - 1),
        };
        Some(Self { bounds: (bounds.0.max(whole.bounds.0), bounds.1.min(whole.bounds.1)), ..whole })
    }
}

impl Floats {
    /// Those of a type that lie in a range.
    pub fn new(scalar: Scalar, range: Option<(Literal, Literal)>) -> Self {
        Self { single: scalar == Scalar::F32, range: range.map(|(least, most)| (real(least), real(most))) }
    }
}

/// As a float.
pub fn real(number: Literal) -> f64 {
    match number {
        Literal::Float(value) => value,
        Literal::Integer(value) => value as f64,
    }
}

#[inline]
pub(super) fn encode(
    prepared: &mut Prepared<'_>,
    argument: &Argument,
    enumeration: Option<TypeId>,
    value: &PyObject,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let word = match (&argument.numbers, enumeration) {
        (Some(Numbers::Integers(wanted)), None) => integer(value, wanted, place, vm)?,
        (Some(Numbers::Floats(wanted)), _) => float(value, wanted, place, vm)?,
        (Some(Numbers::Integers(wanted)), Some(id)) => named(prepared.session, id, wanted, value, place, vm)?,
        (None, _) => return Err(place.type_error("a number", value, vm)),
    };
    prepared.put(&argument.slot, word);
    Ok(())
}

/// Whether a value is of the very type that is wanted.
#[inline]
pub(super) fn is_plain(argument: &Argument, value: &PyObject) -> bool {
    match &argument.numbers {
        Some(Numbers::Integers(_)) => value.downcast_ref::<PyInt>().is_some(),
        Some(Numbers::Floats(_)) => value.downcast_ref::<PyFloat>().is_some(),
        None => false,
    }
}

/// An int (or what has `__index__`) as a word.
#[inline]
pub fn integer(value: &PyObject, wanted: &Integers, place: ArgumentPlace<'_>, vm: &VirtualMachine) -> PyResult<u64> {
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
fn within(number: &Py<PyInt>, wanted: &Integers, place: ArgumentPlace<'_>, vm: &VirtualMachine) -> PyResult<u64> {
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
pub fn float(value: &PyObject, wanted: &Floats, place: ArgumentPlace<'_>, vm: &VirtualMachine) -> PyResult<u64> {
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

/// A number that is a value of an enumeration, or a combination of its flags.
#[inline(never)]
pub(super) fn named(
    session: &Session,
    id: TypeId,
    wanted: &Integers,
    value: &PyObject,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<u64> {
    let word = integer(value, wanted, place, vm)?;
    let definition = &session.description.interface.types[id.0 as usize];
    let TypeKind::Enum(of) = &definition.kind else { return Ok(word) };
    let fits = match of.flags {
        true => word & !of.values.iter().fold(0, |all, (_, value)| all | *value as u64) == 0,
        false => of.values.iter().any(|(_, value)| *value as u64 == word),
    };
    if fits {
        return Ok(word);
    }
    let number = of.scalar.value(word);
    let what = if of.flags { "has bits that are" } else { "is" };
    Err(place.value_error(&format!("is {number}, which {what} no {}", definition.name), vm))
}
