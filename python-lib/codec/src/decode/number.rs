//! A number in a word.

use crate::value::Value;
use crate::violation::ProtocolViolation;
use cloison_contract::types::{Scalar, TypeId};

/// A number that its type can hold.
#[inline]
pub fn decode<Object>(
    scalar: Scalar,
    enumeration: Option<TypeId>,
    word: u64,
) -> Result<Value<Object>, ProtocolViolation> {
    let Some((least, _)) = scalar.bounds() else { return Ok(Value::Float(f64::from_bits(word))) };
    if !holds(scalar, word) {
        return Err(ProtocolViolation::Number);
    }
    Ok(match (enumeration, scalar) {
        (Some(id), _) => Value::Named(id, word),
        (None, Scalar::Bool) => Value::Truth(word != 0),
        (None, _) if least < 0 => Value::Signed(word as i64),
        (None, _) => Value::Unsigned(word),
    })
}

/// Whether the type holds the number.
#[inline]
pub fn holds(scalar: Scalar, word: u64) -> bool {
    scalar.is_float() || scalar.extend(word) == word
}
