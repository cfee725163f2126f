//! Each shape on its way between the wire and C: one file for each, with the four ways through it.
//!
//! | | from | to |
//! |---|---|---|
//! | [`Wire::decode`] | a request's words | C's argument |
//! | [`Wire::encode`] | what C has left | a reply's words |
//! | [`Wire::ask`] | C's argument of a callback | a question's words |
//! | [`Wire::answer`] | an answer's words | what the callback gives to C |
//!
//! Which words those are a [`Slot`] says. What a shape never does (an input string is no result) is refused, so that an
//! interface that makes no sense costs a call and not more.
//!
//! One of the modules of this crate that contain `unsafe`: what C has left is read where C says that it is.

#![deny(clippy::wildcard_enum_match_arm)]

mod buffer;
mod callback;
mod elements;
mod filled;
mod handle;
mod number;
mod out_pointer;
mod record;
mod scalar_pointer;
mod text;
mod wide;

pub(crate) use buffer::copied;

use crate::marshal::call::{Call, Step};
use crate::marshal::callback_call::CallbackCall;
use crate::marshal::functions::Functions;
use crate::marshal::incoming::Incoming;
use crate::marshal::outgoing::Outgoing;
use cloison_contract::call::MAX_WORDS;
use cloison_contract::each_shape;
use cloison_contract::shape::{Position, Slot};

/// The words of one slot. Of a slot with one word, the second is nothing.
pub(crate) type Words = [u64; 2];

/// A word alone.
fn one(word: u64) -> Words {
    [word, 0]
}

/// The four ways.
pub(crate) trait Wire {
    /// The request's words become the argument at that position, each after its checks.
    fn decode(&self, call: &mut Call<'_, '_>, index: usize, words: Words) -> Step;

    /// What C has left there becomes the reply's words.
    fn encode(&self, call: &mut Call<'_, '_>, position: Position) -> Step<Words>;

    /// The callback's argument at that position becomes the question's words.
    fn ask(
        &self,
        asked: &CallbackCall<'_>,
        functions: &Functions,
        outgoing: &mut Outgoing<'_, '_>,
        index: usize,
    ) -> Step<Words>;

    /// The answer's words become what C gets there, each after its checks.
    fn answer(
        &self,
        asked: &CallbackCall<'_>,
        incoming: &mut Incoming<'_, '_>,
        position: Position,
        words: Words,
    ) -> Step;
}

/// A request's words of that slot become an argument. There are as many words as the slots say.
#[inline]
pub(crate) fn decode(call: &mut Call<'_, '_>, slot: &Slot, words: &[u64]) -> Step {
    match slot.position {
        Position::Parameter(index) => each_shape!(&slot.shape, one => one.decode(call, index, of_slot(slot, words))),
        Position::Value => Err(call.malformed()),
    }
}

/// What C has left becomes the reply's words of that slot.
#[inline]
pub(crate) fn encode(call: &mut Call<'_, '_>, slot: &Slot, words: &mut [u64; MAX_WORDS]) -> Step {
    put(slot, each_shape!(&slot.shape, one => one.encode(call, slot.position))?, words);
    Ok(())
}

/// C's argument becomes the question's words of that slot.
pub(crate) fn ask(
    asked: &CallbackCall<'_>,
    functions: &Functions,
    outgoing: &mut Outgoing<'_, '_>,
    slot: &Slot,
    words: &mut [u64; MAX_WORDS],
) -> Step {
    let Position::Parameter(index) = slot.position else { return Err(asked.malformed()) };
    put(slot, each_shape!(&slot.shape, one => one.ask(asked, functions, outgoing, index))?, words);
    Ok(())
}

/// An answer's words of that slot become what C gets. There are as many words as the slots say.
pub(crate) fn answer(asked: &CallbackCall<'_>, incoming: &mut Incoming<'_, '_>, slot: &Slot, words: &[u64]) -> Step {
    each_shape!(&slot.shape, one => one.answer(asked, incoming, slot.position, of_slot(slot, words)))
}

#[inline]
fn of_slot(slot: &Slot, words: &[u64]) -> Words {
    [words[slot.word], if slot.words == 2 { words[slot.word + 1] } else { 0 }]
}

#[inline]
fn put(slot: &Slot, [first, second]: Words, words: &mut [u64; MAX_WORDS]) {
    words[slot.word] = first;
    if slot.words == 2 {
        words[slot.word + 1] = second;
    }
}
