//! A pointer to one number.

use super::number::answered;
use super::{Wire, Words, one};
use crate::marshal::call::{Call, Step};
use crate::marshal::callback_call::CallbackCall;
use crate::marshal::functions::Functions;
use crate::marshal::incoming::Incoming;
use crate::marshal::number::word_of_bits;
use crate::marshal::outgoing::Outgoing;
use cloison_contract::shape::{Position, ScalarPointer};

impl Wire for ScalarPointer {
    fn decode(&self, call: &mut Call<'_, '_>, index: usize, words: Words) -> Step {
        let word = match (self.null, words) {
            (false, [word, _]) | (true, [1, word]) => word,
            (true, [0, _]) => {
                call.state.frame.set(index, 0);
                return Ok(());
            }
            (true, _) => return Err(call.malformed()),
        };
        let range = call.plan().prepared[index].range;
        let bits = call.bits_of_word(index, word, self.scalar, range)?;
        call.set_pointed(index, bits);
        Ok(())
    }

    fn encode(&self, call: &mut Call<'_, '_>, position: Position) -> Step<Words> {
        let index = position.parameter().ok_or_else(|| call.malformed())?;
        let bits = if call.has_pointed(index) { call.state.frame.pointed(index) } else { 0 };
        Ok(one(word_of_bits(bits, self.scalar)))
    }

    fn ask(
        &self,
        asked: &CallbackCall<'_>,
        _: &Functions,
        outgoing: &mut Outgoing<'_, '_>,
        index: usize,
    ) -> Step<Words> {
        let address = asked.address(index);
        // SAFETY: C has passed this as the address of such a number.
        let word = if address == 0 { 0 } else { unsafe { outgoing.number(address, self.scalar) } };
        Ok(if self.null { [u64::from(address != 0), word] } else { one(word) })
    }

    fn answer(&self, asked: &CallbackCall<'_>, _: &mut Incoming<'_, '_>, position: Position, [word, _]: Words) -> Step {
        let bits = answered(asked, word, self.scalar)?;
        let index = position.parameter().ok_or_else(|| asked.malformed())?;
        asked.set_pointed(index, self.scalar, bits);
        Ok(())
    }
}
