//! One struct or union.

use super::{Decoder, Objects};
use crate::memory;
use crate::value::Value;
use crate::violation::{DecodeError, ProtocolViolation};
use cloison_contract::shape::RecordArgument;
use cloison_contract::types::TypeId;

pub(super) fn decode<Maker: Objects>(
    decoder: &mut Decoder<'_, Maker>,
    record: &RecordArgument,
    at: u64,
    length: u64,
) -> Result<Value<Maker::Object>, DecodeError> {
    one(decoder, record.id, record.layout.size, (at, length), record.null)
}

/// Exactly one of that size.
#[inline(never)]
pub(super) fn one<Maker: Objects>(
    decoder: &mut Decoder<'_, Maker>,
    id: TypeId,
    size: u64,
    (at, length): (u64, u64),
    null: bool,
) -> Result<Value<Maker::Object>, DecodeError> {
    let Some(bytes) = decoder.bytes(at, length, size, size, null)? else { return Ok(Value::Null) };
    if bytes.len() as u64 != size {
        return Err(ProtocolViolation::Range.into());
    }
    decoder.afford(size, memory::one_record(decoder.types, id))?;
    decoder.unpack().record(id, &bytes)
}
