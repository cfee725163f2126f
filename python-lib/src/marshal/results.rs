//! A reply's words → values. Each word is the zone's claim, and is checked before it is used.

use crate::call::session::Session;
use crate::marshal::arguments::Extra;
use crate::marshal::codec::{self, Behind, Unpack};
use crate::marshal::lie::Lie;
use crate::marshal::output::Output;
use crate::marshal::value::{Value, Values};
use crate::objects::buffers::{RegisteredBuffer, View};
use crate::objects::handle::Core;
use cloison_contract::call::NULL;
use cloison_contract::shape::Lifetime;
use cloison_contract::types::{Scalar, TypeId};
use cloison_transport::Arena;
use std::cell::Cell;
use std::rc::Rc;

/// Reads the values of one reply or question.
pub struct Taking<'a> {
    session: &'a Session,
    arena: &'a Arena,
    extra: Option<&'a Extra>,
    /// How far into the arena they reach.
    pub reached: u64,
    /// How many bytes may still be copied. Each result stands in a part of the arena of its own, so that all of them together are
    /// no more than the arena: a zone that names the same bytes again and again gets nobody to fill his memory with them.
    pub left: Cell<u64>,
    /// Handles that the call has made, and where they come from.
    pub made: Vec<(Lifetime, Rc<Core>)>,
}

impl<'a> Taking<'a> {
    /// For a call with these extras.
    #[inline]
    pub fn new(session: &'a Session, arena: &'a Arena, extra: Option<&'a Extra>) -> Self {
        Self { session, arena, extra, reached: 0, left: Cell::new(arena.len()), made: Vec::new() }
    }

    /// Copy out and check the values.
    #[inline]
    pub fn take(&mut self, outputs: &[Output], words: &[u64]) -> Result<Values, Lie> {
        let mut words = words.iter().copied();
        let values = match outputs {
            [] => Values::Nothing,
            [output] => Values::One(self.value(*output, &mut words)?),
            outputs => {
                let values = outputs.iter().map(|output| self.value(*output, &mut words));
                Values::Several(values.collect::<Result<_, _>>()?)
            }
        };
        match words.next() {
            None => Ok(values),
            Some(_) => Err(Lie::Words),
        }
    }

    #[inline]
    fn value(&mut self, output: Output, words: &mut impl Iterator<Item = u64>) -> Result<Value, Lie> {
        let word = words.next().ok_or(Lie::Words)?;
        match output {
            Output::Integer(scalar) => integer(scalar, word),
            Output::Float => Ok(Value::Float(f64::from_bits(word))),
            Output::Bulk { element, max_bytes, text, null } => {
                let length = words.next().ok_or(Lie::Words)?;
                let Some(bytes) = self.bytes(word, length, element.size() as u64, max_bytes, null)? else {
                    return Ok(Value::Null);
                };
                match (text, element.size()) {
                    (true, _) => String::from_utf8(bytes).map(Value::Text).map_err(|_| Lie::Text),
                    (false, 1) => Ok(Value::Bytes(bytes)),
                    (false, _) => Ok(Value::Elements(element, bytes)),
                }
            }
            Output::Handle { id, null, owner, from } => self.handle(id, word, null, owner, from),
            Output::Enumeration(id, scalar) => integer(scalar, word).map(|_| Value::Named(id, word)),
            Output::Registered { max_bytes, lifetime } => Ok(self.registered(word, max_bytes, lifetime)),
            output => {
                let second = words.next().ok_or(Lie::Words)?;
                self.composed(output, word, second)
            }
        }
    }

    #[inline]
    fn bytes(&mut self, at: u64, length: u64, element: u64, most: u64, null: bool) -> Result<Option<Vec<u8>>, Lie> {
        if at == NULL {
            return if null { Ok(None) } else { Err(Lie::Unexpected) };
        }
        if length > most || !length.is_multiple_of(element.max(1)) {
            return Err(Lie::Range);
        }
        let bytes = self.read(at, length)?;
        self.reached = self.reached.max(at + length);
        Ok(Some(bytes))
    }

    /// Copy a range of the arena, if that much is left.
    #[inline]
    fn read(&self, at: u64, length: u64) -> Result<Vec<u8>, Lie> {
        self.left.set(self.left.get().checked_sub(length).ok_or(Lie::Excess)?);
        self.arena.read(at, length).map_err(|_| Lie::Range)
    }

    #[inline(never)]
    fn composed(&mut self, output: Output, word: u64, second: u64) -> Result<Value, Lie> {
        match output {
            Output::Optional(_) if word == 0 => Ok(Value::Null),
            Output::Optional(scalar) if word == 1 && scalar.is_float() => Ok(Value::Float(f64::from_bits(second))),
            Output::Optional(scalar) if word == 1 => integer(scalar, second),
            Output::Records { id, size, max_bytes, one, null } => {
                let Some(bytes) = self.bytes(word, second, size, max_bytes, null)? else { return Ok(Value::Null) };
                let types = &self.session.description.interface.types;
                let unpack = Unpack { types, behind: &*self };
                if one {
                    return if bytes.len() as u64 == size { unpack.record(id, &bytes) } else { Err(Lie::Range) };
                }
                let records = bytes.chunks_exact(size.max(1) as usize).map(|bytes| unpack.record(id, bytes));
                Ok(Value::List(records.collect::<Result<_, _>>()?))
            }
            Output::Texts { bytes: only_bytes, max_bytes, null } => {
                let Some(bytes) = self.bytes(word, second, 8, max_bytes, null)? else { return Ok(Value::Null) };
                let texts = words_of(&bytes).map(|word| match word {
                    0 => Ok(Value::Null),
                    word => codec::text(Behind::text(self, word - 1)?, only_bytes),
                });
                Ok(Value::List(texts.collect::<Result<_, _>>()?))
            }
            Output::Handles { id, max_bytes, null } => {
                let Some(bytes) = self.bytes(word, second, 8, max_bytes, null)? else { return Ok(Value::Null) };
                let handles = words_of(&bytes).map(|word| match word {
                    0 => Value::Null,
                    word => Value::Handle(self.session.home.adopt(id, word, None)),
                });
                Ok(Value::List(handles.collect()))
            }
            Output::Wide(kind) => {
                let size = kind.layout().size;
                match self.bytes(word, second, size, size, false)? {
                    Some(bytes) => codec::wide_value(kind, &bytes),
                    None => Err(Lie::Unexpected),
                }
            }
            Output::View { max_bytes } => {
                if word.checked_add(second).is_none_or(|end| end > self.arena.len()) || second > max_bytes {
                    return Err(Lie::Range);
                }
                self.reached = self.reached.max(word + second);
                Ok(Value::View(Box::new(View::new(&self.session.home, word, second))))
            }
            _ => Err(Lie::Words),
        }
    }

    fn handle(
        &mut self,
        id: TypeId,
        word: u64,
        null: bool,
        owner: Option<usize>,
        from: Lifetime,
    ) -> Result<Value, Lie> {
        if word == 0 {
            return if null { Ok(Value::Null) } else { Err(Lie::Unexpected) };
        }
        let owner = owner.and_then(|position| self.passed(position));
        let core = self.session.home.adopt(id, word, owner);
        self.made.push((from, core.clone()));
        Ok(Value::Handle(core))
    }

    /// The handle that was passed at that position.
    fn passed(&self, position: usize) -> Option<Rc<Core>> {
        let (_, core) = self.extra?.handles.iter().find(|(passed, _)| *passed == position)?;
        Some(core.clone())
    }

    fn registered(&self, block: u64, max_bytes: u64, lifetime: Lifetime) -> Value {
        let owner = match lifetime {
            Lifetime::Parameter(position) => self.passed(position),
            Lifetime::Return => None,
        };
        let made = || self.made.iter().find(|(from, _)| *from == lifetime).map(|(_, core)| core.clone());
        Value::Registered(Box::new(RegisteredBuffer::new(&self.session.home, block, max_bytes, owner.or_else(made))))
    }
}

impl Behind for Taking<'_> {
    fn text(&self, offset: u64) -> Result<Vec<u8>, Lie> {
        if !offset.is_multiple_of(8) {
            return Err(Lie::Range);
        }
        let mut length = [0; 8];
        self.arena.read_into(offset, &mut length).map_err(|_| Lie::Range)?;
        self.read(offset + 8, u64::from_le_bytes(length))
    }

    fn handle(&self, id: TypeId, word: u64) -> Result<Value, Lie> {
        Ok(Value::Handle(self.session.home.adopt(id, word, None)))
    }
}

fn words_of(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap_or_default()))
}

/// A number that its type can hold.
#[inline]
fn integer(scalar: Scalar, word: u64) -> Result<Value, Lie> {
    let (least, most) = scalar.bounds().ok_or(Lie::Number)?;
    let number = if least < 0 { i128::from(word as i64) } else { i128::from(word) };
    if number < least || number > most {
        return Err(Lie::Number);
    }
    Ok(match scalar {
        Scalar::Bool => Value::Truth(word != 0),
        _ if least < 0 => Value::Signed(word as i64),
        _ => Value::Unsigned(word),
    })
}
