//! `long double` and complex numbers.

use super::{Decoder, Objects};
use crate::records;
use crate::value::Value;
use crate::violation::{DecodeError, ProtocolViolation};
use cloison_contract::types::Wide;

pub(super) fn decode<Maker: Objects>(
    decoder: &mut Decoder<'_, Maker>,
    wide: Wide,
    at: u64,
    length: u64,
) -> Result<Value<Maker::Object>, DecodeError> {
    let size = wide.layout().size;
    let bytes = decoder.bytes(at, length, size, size, false)?.ok_or(ProtocolViolation::Unexpected)?;
    Ok(records::wide_value(wide, &bytes)?)
}
