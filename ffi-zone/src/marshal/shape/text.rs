//! A NUL-terminated input string.

use super::{Wire, Words};
use crate::marshal::call::Held;
use crate::marshal::call::{Call, Step};
use crate::marshal::callback_call::CallbackCall;
use crate::marshal::functions::Functions;
use crate::marshal::incoming::Incoming;
use crate::marshal::outgoing::Outgoing;
use cloison_contract::call::NULL;
use cloison_contract::shape::{Position, Text};

impl Wire for Text {
    fn decode(&self, call: &mut Call<'_, '_>, index: usize, [offset, bytes]: Words) -> Step {
        call.incoming(index).span(offset, bytes, self.max_bytes, self.null)?;
        let held = match (offset, &self.retain) {
            (NULL, _) => Held::Null,
            (_, Some(_)) => {
                return call.keep(index, offset, bytes, 1, |call, copy| match copy.contains(&0) {
                    true => Err(call.argument(index, "contains a NUL")),
                    false => Ok(()),
                });
            }
            (_, None) => Held::Scratch(call.incoming(index).text(offset, bytes)?),
        };
        call.hold_at(index, held)
    }

    fn encode(&self, call: &mut Call<'_, '_>, _: Position) -> Step<Words> {
        Err(call.malformed())
    }

    fn ask(
        &self,
        asked: &CallbackCall<'_>,
        _: &Functions,
        outgoing: &mut Outgoing<'_, '_>,
        index: usize,
    ) -> Step<Words> {
        // SAFETY: C has passed this as a string, and waits.
        unsafe { outgoing.string(asked.address(index)) }.map(Words::from)
    }

    fn answer(&self, asked: &CallbackCall<'_>, _: &mut Incoming<'_, '_>, position: Position, _: Words) -> Step {
        Err(asked.cannot_write(position))
    }
}
