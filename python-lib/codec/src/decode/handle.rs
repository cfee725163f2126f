//! A handle's word.

use super::{Decoder, Objects, Owner};
use crate::value::Value;
use crate::violation::{DecodeError, ProtocolViolation};
use cloison_contract::shape::HandleArgument;
use cloison_contract::types::TypeId;

/// What a callable is given.
pub(super) fn decode<Maker: Objects>(
    decoder: &Decoder<'_, Maker>,
    handle: &HandleArgument,
    word: u64,
) -> Result<Value<Maker::Object>, DecodeError> {
    object(decoder, handle.id, word, handle.null, Owner::SHOWN)
}

/// An object that the call has made, or 0.
pub(super) fn object<Maker: Objects>(
    decoder: &Decoder<'_, Maker>,
    id: TypeId,
    word: u64,
    null: bool,
    owner: Owner,
) -> Result<Value<Maker::Object>, DecodeError> {
    match word {
        0 if null => Ok(Value::Null),
        0 => Err(ProtocolViolation::Unexpected.into()),
        word => Ok(Value::Object(decoder.objects.handle(id, word, owner, Some(decoder.lifetime())))),
    }
}
