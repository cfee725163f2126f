//! A reply's or a question's words → values, by the [`Slots`] that both sides have worked out from the same interface. Each word
//! is the zone's claim, and is checked before it is used.
//!
//! One file for each shape. No match on a shape has a `_` arm: a new shape is asked about here.

#![deny(clippy::wildcard_enum_match_arm)]

mod buffer;
mod elements;
mod handle;
pub mod number;
mod out_pointer;
mod record;
mod scalar_pointer;
mod text;
mod wide;

use crate::memory;
use crate::records::{Behind, Unpack};
use crate::value::{Value, Values};
use crate::violation::{DecodeError, ProtocolViolation, Shortage};
use cloison_contract::call::NULL;
use cloison_contract::shape::{Lifetime, Position, Shape, Slot, Slots};
use cloison_contract::types::{Definition, TypeId};
use cloison_transport::Arena;
use std::cell::Cell;

/// Whose a new handle's object is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Owner {
    /// The handle that was passed at that position, if it belongs to one.
    pub position: Option<usize>,
    /// It is the library's, or somebody else's: lent, and not the client's to end.
    pub lent: bool,
}

impl Owner {
    /// What a callable is shown, or a record leads to.
    pub const SHOWN: Self = Self { position: None, lent: true };
}

/// Who makes objects for what stays in the zone, and knows how much memory there is.
pub trait Objects {
    /// What is made.
    type Object;
    /// How many bytes may be allocated now, what has been decoded so far already taken off.
    fn free_bytes(&self) -> u64;
    /// The object of the zone with that word. It is `owner`'s, and the one that the call
    /// has made at `made`, if it has made it.
    fn handle(&self, id: TypeId, word: u64, owner: Owner, made: Option<Lifetime>) -> Self::Object;
    /// A block that the library goes on filling, for as long as `lifetime`.
    fn registered(&self, block: u64, max_bytes: u64, lifetime: Lifetime) -> Self::Object;
    /// Bytes that stay in the arena.
    fn view(&self, offset: u64, length: u64) -> Self::Object;
}

/// Decodes the values of one reply or question.
pub struct Decoder<'a, Maker> {
    types: &'a [Definition],
    arena: &'a Arena,
    objects: &'a Maker,
    /// Which slot is being decoded.
    position: Position,
    /// How far into the arena the values reach.
    pub reached: u64,
    /// How many bytes may still be copied. Each result stands in a part of the arena of its own, so that all of them together are
    /// no more than the arena: a zone that names the same bytes again and again gets nobody to fill his memory with them.
    pub left: Cell<u64>,
}

impl<'a, Maker: Objects> Decoder<'a, Maker> {
    /// Of what stands in that arena.
    #[inline]
    pub fn new(types: &'a [Definition], arena: &'a Arena, objects: &'a Maker) -> Self {
        let left = Cell::new(arena.len());
        Self { types, arena, objects, position: Position::Value, reached: 0, left }
    }

    /// Copy out and check the values. `words` are all words, those in front of the first slot included.
    #[inline]
    pub fn values(&mut self, slots: &Slots, words: &[u64]) -> Result<Values<Maker::Object>, DecodeError> {
        if words.len() != slots.words() {
            return Err(ProtocolViolation::Words.into());
        }
        Ok(match &**slots {
            [] => Values::Nothing,
            [slot] => Values::One(self.value(slot, words)?),
            slots => {
                Values::Several(slots.iter().map(|slot| self.value(slot, words)).collect::<Result<_, DecodeError>>()?)
            }
        })
    }

    #[inline]
    fn value(&mut self, slot: &Slot, words: &[u64]) -> Result<Value<Maker::Object>, DecodeError> {
        let words = words.get(slot.word..slot.word + slot.words).ok_or(ProtocolViolation::Words)?;
        self.position = slot.position;
        match (&slot.shape, words) {
            (Shape::Number(number), &[word]) => Ok(number::decode(number.scalar, number.enumeration, word)?),
            (Shape::ScalarPointer(pointer), words) => scalar_pointer::decode(pointer, words),
            (Shape::Buffer(buffer), words) => buffer::decode(self, buffer, words),
            (Shape::Handle(handle), &[word]) => handle::decode(self, handle, word),
            (Shape::OutPointer(pointer), words) => out_pointer::decode(self, pointer, words),
            (Shape::Record(record), &[at, length]) => record::decode(self, record, at, length),
            (Shape::Text(text), &[at, length]) => text::decode(self, text, at, length),
            (Shape::Wide(wide), &[at, length]) => wide::decode(self, wide.wide, at, length),
            (Shape::Handle(_) | Shape::Number(_) | Shape::Record(_) | Shape::Text(_) | Shape::Wide(_), _) => {
                Err(ProtocolViolation::Words.into())
            }
            // Nothing of these comes from a zone.
            (Shape::Callback(_) | Shape::CapacityOf(_) | Shape::Constant(_) | Shape::LengthOf(_), _) => {
                Err(ProtocolViolation::Words.into())
            }
        }
    }

    /// How a handle that stands in this slot is referred to.
    fn lifetime(&self) -> Lifetime {
        self.position.into()
    }

    /// Copy the bytes of elements of that size; `None` for NULL.
    #[inline]
    fn bytes(
        &mut self,
        at: u64,
        length: u64,
        element: u64,
        most: u64,
        null: bool,
    ) -> Result<Option<Vec<u8>>, DecodeError> {
        if at == NULL {
            return if null { Ok(None) } else { Err(ProtocolViolation::Unexpected.into()) };
        }
        if length > most || !length.is_multiple_of(element.max(1)) {
            return Err(ProtocolViolation::Range.into());
        }
        let bytes = self.read(at, length)?;
        self.reached = self.reached.max(at + length);
        Ok(Some(bytes))
    }

    /// Copy a range of the arena, if that much is left.
    #[inline]
    fn read(&self, at: u64, length: u64) -> Result<Vec<u8>, DecodeError> {
        self.left.set(self.left.get().checked_sub(length).ok_or(ProtocolViolation::Excess)?);
        self.ensure_free(length)?;
        Ok(self.arena.read(at, length).map_err(|_| ProtocolViolation::Range)?)
    }

    /// Whether what C has given `bytes` for may be begun, which takes `needed` altogether.
    #[inline]
    fn afford(&self, bytes: u64, needed: u64) -> Result<(), DecodeError> {
        let free = self.objects.free_bytes();
        match needed <= free {
            true => Ok(()),
            false => Err(DecodeError::Memory(Shortage { position: self.position, bytes, needed, free })),
        }
    }

    fn unpack(&self) -> Unpack<'_, Maker::Object> {
        Unpack { types: self.types, behind: self }
    }
}

impl<Maker: Objects> Behind<Maker::Object> for Decoder<'_, Maker> {
    #[inline]
    fn ensure_free(&self, bytes: u64) -> Result<(), DecodeError> {
        let free = self.objects.free_bytes();
        match memory::is_there(bytes, free) {
            true => Ok(()),
            false => Err(DecodeError::Memory(Shortage { position: self.position, bytes, needed: bytes, free })),
        }
    }

    fn text(&self, offset: u64) -> Result<Vec<u8>, DecodeError> {
        if !offset.is_multiple_of(8) {
            return Err(ProtocolViolation::Range.into());
        }
        let mut length = [0; 8];
        self.arena.read_into(offset, &mut length).map_err(|_| ProtocolViolation::Range)?;
        self.read(offset + 8, u64::from_le_bytes(length))
    }

    fn handle(&self, id: TypeId, word: u64) -> Result<Value<Maker::Object>, DecodeError> {
        Ok(Value::Object(self.objects.handle(id, word, Owner::SHOWN, None)))
    }
}
