//! A pointer to an object of the zone.

use super::{Wire, Words, one};
use crate::marshal::call::{Call, Step};
use crate::marshal::callback_call::CallbackCall;
use crate::marshal::functions::Functions;
use crate::marshal::incoming::Incoming;
use crate::marshal::outgoing::Outgoing;
use crate::marshal::refusal::Refusal;
use cloison_contract::shape::{HandleArgument, Position};
use cloison_contract::types::Scalar;

impl Wire for HandleArgument {
    fn decode(&self, call: &mut Call<'_, '_>, index: usize, [word, _]: Words) -> Step {
        let address = if self.consumed && word != 0 {
            let address = call.handles.consume(call.origin.client, word, self.id);
            let address = address.map_err(|error| Refusal::handle(index, error))?;
            call.state.consumed.push(word);
            address
        } else {
            call.incoming(index).handle(word, self.id, self.null)?
        };
        call.state.words[index] = word;
        match self.by_address {
            true => call.set_pointed(index, address),
            false => call.set_number(index, address),
        }
        Ok(())
    }

    /// The function's value, of which nothing more is said: the object is the library's own.
    fn encode(&self, call: &mut Call<'_, '_>, _: Position) -> Step<Words> {
        let address = call.address_at(Position::Value);
        call.outgoing().handle(address, self.id, None, true).map(one)
    }

    fn ask(
        &self,
        asked: &CallbackCall<'_>,
        _: &Functions,
        outgoing: &mut Outgoing<'_, '_>,
        index: usize,
    ) -> Step<Words> {
        if self.by_address {
            return Err(asked.cannot_show(index));
        }
        outgoing.handle(asked.address(index), self.id, None, true).map(one)
    }

    fn answer(
        &self,
        asked: &CallbackCall<'_>,
        incoming: &mut Incoming<'_, '_>,
        position: Position,
        [word, _]: Words,
    ) -> Step {
        let Position::Value = position else { return Err(asked.cannot_write(position)) };
        asked.give(incoming.handle(word, self.id, self.null)?, Scalar::U64);
        Ok(())
    }
}
