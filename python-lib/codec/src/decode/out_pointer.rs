//! What a pointer leads to that the library gives.

use super::{Decoder, Objects, Owner, elements, handle, record};
use crate::value::Value;
use crate::violation::{DecodeError, ProtocolViolation};
use cloison_contract::shape::{Element, OutPointer, Pointed};
use cloison_contract::types::Scalar;

/// How long a string is nobody says beforehand: the arena is the limit.
const MOST: u64 = u64::MAX;

#[inline]
pub(super) fn decode<Maker: Objects>(
    decoder: &mut Decoder<'_, Maker>,
    pointer: &OutPointer,
    words: &[u64],
) -> Result<Value<Maker::Object>, DecodeError> {
    match (&pointer.pointed, words) {
        (Pointed::Buffer { element, max_bytes, text, null, .. }, &[at, length]) => {
            elements::decode(decoder, *element, (at, length), *max_bytes, *text, *null)
        }
        (Pointed::Handle { id, null, owner, borrowed }, &[word]) => {
            let owner = Owner { position: *owner, lent: *borrowed };
            handle::object(decoder, *id, word, *null, owner)
        }
        (Pointed::Record { id, layout, null, .. }, &[at, length]) => {
            record::one(decoder, *id, layout.size, (at, length), *null)
        }
        (Pointed::String(string), &[at, length]) => {
            elements::decode(decoder, Element::Scalar(Scalar::U8), (at, length), MOST, string.text, string.null)
        }
        (Pointed::Buffer { .. } | Pointed::Handle { .. } | Pointed::Record { .. } | Pointed::String(_), _) => {
            Err(ProtocolViolation::Words.into())
        }
    }
}
