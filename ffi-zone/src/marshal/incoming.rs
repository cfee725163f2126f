//! What a client has sent, made into what C understands: records, handles, strings, wide numbers.
//!
//! Everything is copied to the scratch region once, checked there, and made right there. Arguments of functions and
//! results of callbacks come in this way.

use crate::marshal::call::Step;
use crate::marshal::outgoing::too_large;
use crate::marshal::refusal::Refusal;
use crate::marshal::translation::{
    EXTENDED_BYTES, Special, Translation, Translations, is_extended, of_element, of_wide,
};
use crate::native::scratch::{Piece, ScratchPart};
use crate::objects::handles::{HandleError, ZoneHandles};
use cloison_contract::call::{ARENA_ALIGNMENT, NULL, Status};
use cloison_contract::message::ChannelId;
use cloison_contract::shape::Element;
use cloison_contract::types::{TypeId, Wide};
use cloison_transport::Arena;
use std::fmt::Display;

/// Where claims come from and what they are checked against.
pub struct Incoming<'a, 'b> {
    /// Of the interface's records.
    pub translations: &'a Translations,
    /// Of all clients.
    pub handles: &'a ZoneHandles,
    /// Whose claims.
    pub client: ChannelId,
    /// Its bulk data.
    pub arena: &'a Arena,
    /// How much of the arena is the client's.
    pub used: u64,
    /// Where C's copies go.
    pub scratch: &'a mut ScratchPart<'b>,
    /// Handles that may not end before the call does: [`ZoneHandles::unpin`] is for the caller.
    pub pinned: &'a mut Vec<u64>,
    /// What the claims are about, for refusals.
    pub parameter: usize,
    /// The library writes there, too (strings excepted), so that what it must not write stands behind it.
    pub written: bool,
}

impl Incoming<'_, '_> {
    /// Whether offset and length lie in the client's part of the arena and are no more than the manifest allows.
    #[inline]
    pub fn span(&self, offset: u64, bytes: u64, max_bytes: u64, null: bool) -> Step {
        if offset == NULL {
            return match (null, bytes) {
                (true, 0) => Ok(()),
                (false, 0) => Err(self.missing()),
                _ => Err(self.malformed()),
            };
        }
        if !offset.is_multiple_of(ARENA_ALIGNMENT) || offset.checked_add(bytes).is_none_or(|end| end > self.used) {
            return Err(self.malformed());
        }
        if bytes > max_bytes {
            return Err(self.argument(format_args!("has {bytes} bytes, and at most {max_bytes} are allowed")));
        }
        Ok(())
    }

    /// An object's address; 0 for `None`. The object is pinned.
    pub fn handle(&mut self, word: u64, id: TypeId, null: bool) -> Step<u64> {
        if word == 0 {
            return if null { Ok(0) } else { Err(self.missing()) };
        }
        let address = self.handles.pin(self.client, word, id).map_err(|error| self.bad_handle(error))?;
        self.pinned.push(word);
        Ok(address)
    }

    /// One record.
    pub fn record(&mut self, offset: u64, bytes: u64, id: TypeId) -> Step<Piece> {
        let translations = self.translations;
        let translation = translations.get(id.0 as usize).and_then(Option::as_ref).ok_or_else(|| self.malformed())?;
        if bytes != translation.size as u64 {
            return Err(self.malformed());
        }
        self.records(offset, bytes, translation, false)
    }

    /// Records in a row: `bytes` is a multiple of their size. Behind the last one of a terminated row stands one that is all zero.
    fn records(&mut self, offset: u64, bytes: u64, translation: &Translation, terminated: bool) -> Step<Piece> {
        let (length, size) = (bytes as usize, translation.size);
        let piece = if terminated {
            let whole = self.copy(offset, bytes, size)?;
            self.check_ends(whole, length, translation)?;
            whole.first(length)
        } else {
            self.copy(offset, bytes, 0)?
        };
        if !translation.is_plain() && translation.size > 0 {
            for at in (0..bytes as usize).step_by(translation.size) {
                self.correct(piece, at, translation)?;
            }
        }
        Ok(piece)
    }

    /// A wide number.
    pub fn wide(&mut self, offset: u64, bytes: u64, wide: Wide) -> Step<Piece> {
        if bytes != wide.layout().size {
            return Err(self.malformed());
        }
        let piece = self.copy(offset, bytes, 0)?;
        self.correct(piece, 0, &of_wide(wide))?;
        Ok(piece)
    }

    /// Elements in a row: `bytes` is a multiple of their size. What ends a terminated row stands behind the last one.
    pub fn elements(&mut self, offset: u64, bytes: u64, element: Element, terminated: bool) -> Step<Piece> {
        let translation = of_element(self.translations, element).ok_or_else(|| self.malformed())?;
        match element {
            Element::Text { .. } => self.texts(offset, bytes, terminated.then_some(&translation)),
            Element::Handle { .. } | Element::Record { .. } | Element::Scalar(_) => {
                self.records(offset, bytes, &translation, terminated)
            }
        }
    }

    /// An element that ends a row may only be its last one: C would not see those behind it.
    fn check_ends(&self, piece: Piece, length: usize, translation: &Translation) -> Step {
        let Some(others) = length.checked_sub(translation.size).filter(|_| translation.size > 0) else { return Ok(()) };
        let mut elements = self.scratch.bytes(piece)[..others].chunks_exact(translation.size);
        match elements.position(|element| translation.is_end(element)) {
            Some(index) => Err(self
                .argument(format_args!("has an element that would end it at {index}, and further ones behind that"))),
            None => Ok(()),
        }
    }

    /// Strings: their pointers in a row, with a NULL behind them as C likes it.
    fn texts(&mut self, offset: u64, bytes: u64, terminated: Option<&Translation>) -> Step<Piece> {
        let own = self.scratch.piece(bytes as usize + 8).ok_or_else(|| self.too_large(bytes))?;
        self.arena
            .read_into(offset, &mut self.scratch.bytes_mut(own)[..bytes as usize])
            .map_err(|_| self.malformed())?;
        if let Some(translation) = terminated {
            self.check_ends(own, bytes as usize, translation)?;
        }
        for at in (0..bytes as usize).step_by(8) {
            let pointer = self.text_at(self.scratch.word(own, at), true)?;
            self.scratch.set_word(own, at, pointer);
        }
        self.scratch.set_word(own, bytes as usize, 0);
        Ok(own.first(bytes as usize))
    }

    /// Room for what is written at once.
    fn piece(&mut self, bytes: usize) -> Option<Piece> {
        match self.written {
            true => self.scratch.fenced(bytes, self.parameter, true),
            false => self.scratch.piece(bytes),
        }
    }

    /// A string of that many bytes, with a NUL behind it.
    pub fn text(&mut self, offset: u64, bytes: u64) -> Step<Piece> {
        let length = bytes as usize;
        // A byte more than was asked for is a NUL only if we write it.
        let piece = self.scratch.piece(length + 1).ok_or_else(|| self.too_large(bytes))?;
        let copy = self.scratch.bytes_mut(piece);
        copy[length] = 0;
        self.arena.read_into(offset, &mut copy[..length]).map_err(|_| self.malformed())?;
        if self.scratch.bytes(piece)[..length].contains(&0) {
            return Err(self.argument("contains a NUL"));
        }
        Ok(piece)
    }

    /// A copy with so many zero bytes behind it.
    fn copy(&mut self, offset: u64, bytes: u64, zeros: usize) -> Step<Piece> {
        let length = bytes as usize;
        let piece =
            length.checked_add(zeros).and_then(|whole| self.piece(whole)).ok_or_else(|| self.too_large(bytes))?;
        let (copy, behind) = self.scratch.bytes_mut(piece).split_at_mut(length);
        behind.fill(0);
        self.arena.read_into(offset, copy).map_err(|_| self.malformed())?;
        Ok(piece)
    }

    /// Makes the record at that place of a piece right for C.
    fn correct(&mut self, piece: Piece, at: usize, translation: &Translation) -> Step {
        translation.clear_gaps(&mut self.scratch.bytes_mut(piece)[at..at + translation.size]);
        for (offset, special) in &translation.specials {
            let here = at + offset;
            match special {
                Special::Bool if self.scratch.bytes(piece)[here] > 1 => return Err(self.malformed()),
                Special::Extended if !is_extended(&self.scratch.bytes(piece)[here..here + EXTENDED_BYTES]) => {
                    return Err(self.malformed());
                }
                Special::Bool | Special::Extended => {}
                Special::Hidden if self.scratch.word(piece, here) != 0 => return Err(self.malformed()),
                Special::Hidden => {}
                Special::Handle { id, null } => {
                    let address = self.handle(self.scratch.word(piece, here), *id, *null)?;
                    self.scratch.set_word(piece, here, address);
                }
                Special::Text { null } => {
                    let address = self.text_at(self.scratch.word(piece, here), *null)?;
                    self.scratch.set_word(piece, here, address);
                }
                Special::Nested { count, translation } => {
                    for index in 0..*count {
                        self.correct(piece, here + index * translation.size, translation)?;
                    }
                }
                Special::Union { by, cases, otherwise } => {
                    let value = by.integer(&self.scratch.bytes(piece)[at..at + translation.size]);
                    let live = cases.iter().find(|(case, _)| Some(*case) == value).map(|(_, live)| live);
                    self.correct(piece, here, live.unwrap_or(otherwise))?;
                }
            }
        }
        Ok(())
    }

    /// The address of a string whose place in the arena a word tells; 0 for `None`.
    fn text_at(&mut self, word: u64, null: bool) -> Step<u64> {
        let Some(offset) = word.checked_sub(1) else {
            return if null { Ok(0) } else { Err(self.missing()) };
        };
        let start = offset.checked_add(8).filter(|start| offset.is_multiple_of(8) && *start <= self.used);
        let start = start.ok_or_else(|| self.malformed())?;
        let mut length = [0; 8];
        self.arena.read_into(offset, &mut length).map_err(|_| self.malformed())?;
        let length = u64::from_le_bytes(length);
        if length > self.used - start {
            return Err(self.malformed());
        }
        let piece = self.text(start, length)?;
        Ok(self.scratch.pointer(piece).expose_provenance() as u64)
    }

    #[cold]
    fn argument(&self, text: impl Display) -> Box<Refusal> {
        Refusal::argument(self.parameter, text)
    }

    #[cold]
    fn missing(&self) -> Box<Refusal> {
        self.argument("must not be None")
    }

    #[cold]
    fn malformed(&self) -> Box<Refusal> {
        Refusal::new(Status::Malformed, "the request makes no sense")
    }

    #[cold]
    fn too_large(&self, bytes: u64) -> Box<Refusal> {
        too_large(bytes, self.arena)
    }

    #[cold]
    fn bad_handle(&self, error: HandleError) -> Box<Refusal> {
        Refusal::handle(self.parameter, error)
    }
}
