//! `long double` or a complex number, by value.

use super::{Wire, Words};
use crate::marshal::call::Held;
use crate::marshal::call::{Call, Step};
use crate::marshal::callback_call::CallbackCall;
use crate::marshal::functions::Functions;
use crate::marshal::incoming::Incoming;
use crate::marshal::outgoing::Outgoing;
use cloison_contract::call::NULL;
use cloison_contract::shape::{Position, WideArgument};

impl Wire for WideArgument {
    fn decode(&self, call: &mut Call<'_, '_>, index: usize, [offset, bytes]: Words) -> Step {
        let mut incoming = call.incoming(index);
        incoming.span(offset, bytes, u64::MAX, false)?;
        let piece = incoming.wide(offset, bytes, self.wide)?;
        call.hold_at(index, Held::Scratch(piece))
    }

    /// The function's value.
    fn encode(&self, call: &mut Call<'_, '_>, _: Position) -> Step<Words> {
        let Some(piece) = call.result else { return Ok([NULL, 0]) };
        let address = call.scratch.pointer(piece).expose_provenance() as u64;
        // SAFETY: the value is there, of that type, and C is not running.
        unsafe { call.outgoing().wide(address, self.wide) }.map(Words::from)
    }

    fn ask(
        &self,
        asked: &CallbackCall<'_>,
        _: &Functions,
        outgoing: &mut Outgoing<'_, '_>,
        index: usize,
    ) -> Step<Words> {
        // SAFETY: C has passed such a number, and waits.
        unsafe { outgoing.wide(asked.place(index), self.wide) }.map(Words::from)
    }

    fn answer(
        &self,
        asked: &CallbackCall<'_>,
        incoming: &mut Incoming<'_, '_>,
        position: Position,
        words: Words,
    ) -> Step {
        let Position::Value = position else { return Err(asked.cannot_write(position)) };
        let (offset, bytes) = asked.span(incoming, words)?;
        let piece = incoming.wide(offset, bytes, self.wide)?;
        // SAFETY: the value is of that type.
        unsafe { asked.give_bytes(incoming.scratch.bytes(piece)) };
        Ok(())
    }
}
