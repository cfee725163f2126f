//! A [`Reply`]'s words → Python values. Each word is the zone's claim, and is checked before it is used.

use super::plan::{Output, Plan};
use cloison_capabilities::call::{NULL, Reply};
use cloison_capabilities::types::Scalar;
use cloison_transport::Arena;
use rustpython_vm::convert::ToPyObject;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

/// A result that does not hold what it should.
#[derive(Debug, thiserror::Error)]
pub enum Lie {
    /// A number that its C type cannot hold.
    #[error("a number that does not fit its type")]
    Number,
    /// A range that is not in the arena, or longer than it may be.
    #[error("bytes that are not there")]
    Range,
    /// Text that is not UTF-8. This is the library's doing as often as the zone's.
    #[error("text that is not UTF-8")]
    Text,
    /// NULL where there should be bytes.
    #[error("NULL where something should be")]
    Unexpected,
    /// Too few words or too many.
    #[error("as many words as it should not have")]
    Words,
}

/// A result, copied out of shared memory, not yet an object: making objects can run Python code, and may not while the
/// channel is in use.
#[derive(Debug)]
pub enum Value {
    /// `None`
    Null,
    /// A signed number.
    Signed(i64),
    /// An unsigned number.
    Unsigned(u64),
    /// `True` or `False`
    Truth(bool),
    /// A float.
    Float(f64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Text.
    Text(String),
    /// Elements wider than a byte.
    Elements(Scalar, Vec<u8>),
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

/// Copy out and check the results, and say how far into the arena they reached.
#[inline]
pub fn take(plan: &Plan, reply: &Reply, arena: &Arena) -> Result<(Values, u64), Lie> {
    let mut words = reply.words[..reply.count as usize].iter().copied();
    let mut reached = 0;
    let values = match &*plan.results {
        [] => Values::Nothing,
        [output] => Values::One(value(*output, &mut words, arena, &mut reached)?),
        outputs => {
            let values = outputs.iter().map(|output| value(*output, &mut words, arena, &mut reached));
            Values::Several(values.collect::<Result<_, _>>()?)
        }
    };
    match words.next() {
        None => Ok((values, reached)),
        Some(_) => Err(Lie::Words),
    }
}

#[inline]
fn value(
    output: Output,
    words: &mut impl Iterator<Item = u64>,
    arena: &Arena,
    reached: &mut u64,
) -> Result<Value, Lie> {
    let word = words.next().ok_or(Lie::Words)?;
    match output {
        Output::Integer(scalar) => integer(scalar, word),
        Output::Float => Ok(Value::Float(f64::from_bits(word))),
        Output::Bulk { element, max_bytes, text, null } => {
            let length = words.next().ok_or(Lie::Words)?;
            if word == NULL {
                return if null { Ok(Value::Null) } else { Err(Lie::Unexpected) };
            }
            if length > max_bytes || length % element.size() as u64 != 0 {
                return Err(Lie::Range);
            }
            let bytes = arena.read(word, length).map_err(|_| Lie::Range)?;
            *reached = (*reached).max(word + length);
            match (text, element.size()) {
                (true, _) => String::from_utf8(bytes).map(Value::Text).map_err(|_| Lie::Text),
                (false, 1) => Ok(Value::Bytes(bytes)),
                (false, _) => Ok(Value::Elements(element, bytes)),
            }
        }
    }
}

#[inline]
fn integer(scalar: Scalar, word: u64) -> Result<Value, Lie> {
    let (least, most) = scalar.bounds().ok_or(Lie::Number)?;
    let number = if least < 0 { i128::from(word as i64) } else { i128::from(word) };
    if number < least || number > most {
        return Err(Lie::Number);
    }
    Ok(match scalar {
        Scalar::Bool => Value::Truth(word != 0),
        _ if least < 0 => Value::Signed(word as i64),
        _ => Value::Unsigned(word),
    })
}

impl Values {
    /// The call's value in Python: none, one, or a tuple.
    #[inline]
    pub fn into_object(self, vm: &VirtualMachine) -> PyResult {
        match self {
            Self::Nothing => Ok(vm.ctx.none()),
            Self::One(value) => value.into_object(vm),
            Self::Several(values) => {
                let objects: PyResult<Vec<PyObjectRef>> =
                    values.into_iter().map(|value| value.into_object(vm)).collect();
                Ok(vm.ctx.new_tuple(objects?).into())
            }
        }
    }
}

impl Value {
    #[inline]
    fn into_object(self, vm: &VirtualMachine) -> PyResult {
        Ok(match self {
            Self::Null => vm.ctx.none(),
            Self::Signed(number) => vm.ctx.new_int(number).into(),
            Self::Unsigned(number) => vm.ctx.new_int(number).into(),
            Self::Truth(truth) => truth.to_pyobject(vm),
            Self::Float(number) => vm.ctx.new_float(number).into(),
            Self::Bytes(bytes) => vm.ctx.new_bytes(bytes).into(),
            Self::Text(text) => vm.ctx.new_str(text).into(),
            Self::Elements(element, bytes) => elements(element, bytes, vm)?,
        })
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
