//! What a pointer leads to that the library gives: as its value, or in a pointer that it fills in.

use super::{Wire, Words, one};
use crate::marshal::call::{Call, Step};
use crate::marshal::callback_call::CallbackCall;
use crate::marshal::functions::Functions;
use crate::marshal::incoming::Incoming;
use crate::marshal::outgoing::Outgoing;
use cloison_contract::call::NULL;
use cloison_contract::shape::{OutPointer, Pointed, Position};

impl Wire for OutPointer {
    fn decode(&self, call: &mut Call<'_, '_>, _: usize, _: Words) -> Step {
        Err(call.malformed())
    }

    fn encode(&self, call: &mut Call<'_, '_>, position: Position) -> Step<Words> {
        let address = call.address_at(position);
        if address == 0 {
            return match (&self.pointed, position) {
                (Pointed::Handle { null: true, .. }, _) => Ok(one(0)),
                (pointed, _) if pointed.may_be_null() => Ok([NULL, 0]),
                (_, Position::Value) => Err(call.protocol_violation("it returned NULL")),
                (_, Position::Parameter(index)) => {
                    Err(call.protocol_violation(format_args!("it left `{}` NULL", call.name(index))))
                }
            };
        }
        match &self.pointed {
            Pointed::Buffer { element, length: None, max_bytes, .. } => {
                let most = call.arena.len().min(*max_bytes);
                // SAFETY: the manifest says that an element ends them; the library is not running.
                match unsafe { call.outgoing().terminated(address, most, *element) }? {
                    Some(given) => Ok(given.into()),
                    None => Err(call.endless(position, most)),
                }
            }
            Pointed::Buffer { element, length: Some(length), max_bytes, .. } => {
                let bytes = call.written(position, element.size(), length, call.arena.len().min(*max_bytes))?;
                // SAFETY: the manifest says that so many elements are there; the library is not running.
                let given = unsafe { call.outgoing().elements(address, bytes / element.size() as u64, *element) };
                given.map(Words::from)
            }
            Pointed::Handle { id, owner, borrowed, .. } => {
                let owner = owner.map(|index| call.state.words[index]).filter(|word| *word != 0);
                let word = call.outgoing().handle(address, *id, owner, *borrowed)?;
                match position {
                    Position::Parameter(index) => call.state.words[index] = word,
                    Position::Value => call.value_word = word,
                }
                Ok(one(word))
            }
            // SAFETY: the manifest says that it is such a record; the library is not running.
            Pointed::Record { id, .. } => unsafe { call.outgoing().record(address, *id) }.map(Words::from),
            // SAFETY: the manifest says that it is a string; the library is not running.
            Pointed::String(_) => unsafe { call.outgoing().string(address) }.map(Words::from),
        }
    }

    fn ask(&self, asked: &CallbackCall<'_>, _: &Functions, _: &mut Outgoing<'_, '_>, index: usize) -> Step<Words> {
        Err(asked.cannot_show(index))
    }

    fn answer(&self, asked: &CallbackCall<'_>, _: &mut Incoming<'_, '_>, position: Position, _: Words) -> Step {
        Err(asked.cannot_write(position))
    }
}
