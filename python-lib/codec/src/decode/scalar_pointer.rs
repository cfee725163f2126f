//! What a pointer to one number leads to: the number, or a word that says whether it is there in front of it.

use super::number;
use crate::value::Value;
use crate::violation::{DecodeError, ProtocolViolation};
use cloison_contract::shape::ScalarPointer;

#[inline]
pub(super) fn decode<Object>(pointer: &ScalarPointer, words: &[u64]) -> Result<Value<Object>, DecodeError> {
    match *words {
        [word] | [1, word] => Ok(number::decode(pointer.scalar, pointer.enumeration, word)?),
        [0, _] => Ok(Value::Null),
        _ => Err(ProtocolViolation::Words.into()),
    }
}
