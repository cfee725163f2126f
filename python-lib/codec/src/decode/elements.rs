//! Elements: bytes, text, numbers, records, strings, handles.

use super::{Decoder, Objects, Owner};
use crate::memory;
use crate::records::{self, Behind};
use crate::value::Value;
use crate::violation::{DecodeError, ProtocolViolation};
use cloison_contract::shape::Element;

/// What stands at `(offset, length)`.
#[inline]
pub(super) fn decode<Maker: Objects>(
    decoder: &mut Decoder<'_, Maker>,
    element: Element,
    (at, length): (u64, u64),
    most: u64,
    text: bool,
    null: bool,
) -> Result<Value<Maker::Object>, DecodeError> {
    let Some(bytes) = decoder.bytes(at, length, element.size() as u64, most, null)? else { return Ok(Value::Null) };
    if element.scalar().is_some() {
        // The interpreter makes its object from a copy.
        decoder.afford(length, memory::elements(decoder.types, element, length))?;
    }
    match element {
        Element::Scalar(_) if text && element.is_wide() => Ok(Value::Text(wide_text(&bytes)?)),
        Element::Scalar(_) if text => {
            String::from_utf8(bytes).map(Value::Text).map_err(|_| ProtocolViolation::Text.into())
        }
        Element::Scalar(scalar) if scalar.size() == 1 => Ok(Value::Bytes(bytes)),
        Element::Scalar(scalar) => Ok(Value::Elements(scalar, bytes)),
        Element::Handle { .. } | Element::Record { .. } | Element::Text { .. } => list(decoder, element, &bytes),
    }
}

/// Text of `wchar_t`.
fn wide_text(bytes: &[u8]) -> Result<String, ProtocolViolation> {
    let numbers = bytes.chunks_exact(4).map(|number| u32::from_le_bytes(number.try_into().unwrap_or_default()));
    numbers.map(char::from_u32).collect::<Option<_>>().ok_or(ProtocolViolation::WideText)
}

#[inline(never)]
fn list<Maker: Objects>(
    decoder: &Decoder<'_, Maker>,
    element: Element,
    bytes: &[u8],
) -> Result<Value<Maker::Object>, DecodeError> {
    let length = bytes.len() as u64;
    decoder.afford(length, memory::elements(decoder.types, element, length))?;
    // Exactly as many as there are: a list that grew would take up to three times as much on the way.
    let count = bytes.len() / element.size().max(1);
    decoder.ensure_free(memory::list(count as u64))?;
    let mut values = Vec::with_capacity(count);
    match element {
        Element::Handle { id } => values.extend(words(bytes).map(|word| match word {
            0 => Value::Null,
            word => Value::Object(decoder.objects.handle(id, word, Owner::SHOWN, None)),
        })),
        Element::Record { id, layout } => {
            let unpack = decoder.unpack();
            for bytes in bytes.chunks_exact(layout.size.max(1) as usize) {
                values.push(unpack.record(id, bytes)?);
            }
        }
        Element::Text { bytes: only_bytes } => {
            for word in words(bytes) {
                values.push(match word {
                    0 => Value::Null,
                    word => records::text(decoder.text(word - 1)?, only_bytes)?,
                });
            }
        }
        Element::Scalar(_) => return Err(ProtocolViolation::Words.into()),
    }
    Ok(Value::List(values))
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap_or_default()))
}
