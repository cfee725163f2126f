//! What a pointer to elements leads to: a copy, a view of the channel, or the number of a block that the library goes on filling.

use super::{Decoder, Objects, elements};
use crate::value::Value;
use crate::violation::{DecodeError, ProtocolViolation};
use cloison_contract::shape::Buffer;

#[inline]
pub(super) fn decode<Maker: Objects>(
    decoder: &mut Decoder<'_, Maker>,
    buffer: &Buffer,
    words: &[u64],
) -> Result<Value<Maker::Object>, DecodeError> {
    match (words, buffer.retain) {
        (&[block], Some(lifetime)) => Ok(Value::Object(decoder.objects.registered(block, buffer.max_bytes, lifetime))),
        (&[at, length], _) if buffer.view => view(decoder, buffer, at, length),
        (&[at, length], _) => {
            elements::decode(decoder, buffer.element, (at, length), buffer.max_bytes, buffer.text, buffer.null)
        }
        _ => Err(ProtocolViolation::Words.into()),
    }
}

fn view<Maker: Objects>(
    decoder: &mut Decoder<'_, Maker>,
    buffer: &Buffer,
    at: u64,
    length: u64,
) -> Result<Value<Maker::Object>, DecodeError> {
    let end = at.checked_add(length).filter(|&end| end <= decoder.arena.len() && length <= buffer.max_bytes);
    decoder.reached = decoder.reached.max(end.ok_or(ProtocolViolation::Range)?);
    Ok(Value::Object(decoder.objects.view(at, length)))
}
