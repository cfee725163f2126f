//! A string that a callable is given.

use super::{Decoder, Objects, elements};
use crate::value::Value;
use crate::violation::DecodeError;
use cloison_contract::shape::{Element, Text};
use cloison_contract::types::Scalar;

pub(super) fn decode<Maker: Objects>(
    decoder: &mut Decoder<'_, Maker>,
    text: &Text,
    at: u64,
    length: u64,
) -> Result<Value<Maker::Object>, DecodeError> {
    elements::decode(decoder, Element::Scalar(Scalar::U8), (at, length), text.max_bytes, !text.bytes, text.null)
}
