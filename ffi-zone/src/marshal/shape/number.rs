//! A number that fits a register.

use super::{Wire, Words, one};
use crate::marshal::call::{Call, Step};
use crate::marshal::callback_call::CallbackCall;
use crate::marshal::functions::Functions;
use crate::marshal::incoming::Incoming;
use crate::marshal::number::{bits_of_word, word_of_bits};
use crate::marshal::outgoing::Outgoing;
use crate::marshal::plan::Range;
use cloison_contract::shape::{NumberArgument, Position};
use cloison_contract::types::Scalar;

impl Wire for NumberArgument {
    #[inline]
    fn decode(&self, call: &mut Call<'_, '_>, index: usize, [word, _]: Words) -> Step {
        let prepared = call.plan().prepared[index];
        let mut bits = call.bits_of_word(index, word, self.scalar, prepared.range)?;
        if prepared.promoted {
            bits = f64::from(f32::from_bits(bits as u32)).to_bits();
        }
        call.set_number(index, bits);
        Ok(())
    }

    /// The function's value.
    #[inline]
    fn encode(&self, call: &mut Call<'_, '_>, _: Position) -> Step<Words> {
        Ok(one(call.number_word()))
    }

    fn ask(&self, asked: &CallbackCall<'_>, _: &Functions, _: &mut Outgoing<'_, '_>, index: usize) -> Step<Words> {
        Ok(one(word_of_bits(asked.bits(index, self.scalar), self.scalar)))
    }

    fn answer(&self, asked: &CallbackCall<'_>, _: &mut Incoming<'_, '_>, _: Position, [word, _]: Words) -> Step {
        asked.give(answered(asked, word, self.scalar)?, self.scalar);
        Ok(())
    }
}

/// The bits of a number that a callable has given.
pub(super) fn answered(asked: &CallbackCall<'_>, word: u64, scalar: Scalar) -> Step<u64> {
    bits_of_word(word, scalar, Range::Any).map_err(|_| asked.malformed())
}
