//! A struct or union, by value or behind a pointer.

use super::{Wire, Words};
use crate::marshal::call::Held;
use crate::marshal::call::{Call, Step};
use crate::marshal::callback_call::CallbackCall;
use crate::marshal::functions::Functions;
use crate::marshal::incoming::Incoming;
use crate::marshal::outgoing::Outgoing;
use cloison_contract::call::NULL;
use cloison_contract::shape::{Position, RecordArgument};

impl Wire for RecordArgument {
    fn decode(&self, call: &mut Call<'_, '_>, index: usize, [offset, bytes]: Words) -> Step {
        let mut incoming = Incoming { written: self.direction.is_out(), ..call.incoming(index) };
        incoming.span(offset, bytes, u64::MAX, self.null)?;
        let held = match offset {
            NULL => Held::Null,
            _ => Held::Scratch(incoming.record(offset, bytes, self.id)?),
        };
        call.hold_at(index, held)
    }

    fn encode(&self, call: &mut Call<'_, '_>, position: Position) -> Step<Words> {
        let piece = match position {
            Position::Value => call.result,
            Position::Parameter(index) => call.state.held[index].piece(),
        };
        let Some(piece) = piece else { return Ok([NULL, 0]) };
        let address = call.scratch.pointer(piece).expose_provenance() as u64;
        // SAFETY: such a record is there; the library, which is not running, has had its chance to fill it, and what it has not
        // filled is zero, which is NULL for pointers.
        unsafe { call.outgoing().record(address, self.id) }.map(Words::from)
    }

    fn ask(
        &self,
        asked: &CallbackCall<'_>,
        _: &Functions,
        outgoing: &mut Outgoing<'_, '_>,
        index: usize,
    ) -> Step<Words> {
        let address = if self.by_value { asked.place(index) } else { asked.address(index) };
        if address == 0 {
            return Ok([NULL, 0]);
        }
        // SAFETY: C has passed this as such a record, and waits.
        unsafe { outgoing.record(address, self.id) }.map(Words::from)
    }

    fn answer(
        &self,
        asked: &CallbackCall<'_>,
        incoming: &mut Incoming<'_, '_>,
        position: Position,
        words: Words,
    ) -> Step {
        let (offset, bytes) = asked.span(incoming, words)?;
        let piece = incoming.record(offset, bytes, self.id)?;
        let record = incoming.scratch.bytes(piece);
        match position {
            // SAFETY: the value is of that type.
            Position::Value => unsafe { asked.give_bytes(record) },
            // SAFETY: C has passed this as the address of such a record, or NULL.
            Position::Parameter(index) => unsafe { asked.write(index, record) },
        }
        Ok(())
    }
}
