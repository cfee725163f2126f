//! What C has given, made into what a client may see: records, objects, strings, wide numbers.
//!
//! Nothing that is written to the arena is an address: objects become handles, strings are copied, and what no member
//! of a record covers is zero. Results of functions and arguments of callbacks go out this way.
//!
//! Addresses here are claims of the library's; one that is none ends this process with SIGSEGV, which its clients see
//! as a crash of this function. What a library has given it keeps until it is called again: that is what manifests say of
//! functions that return pointers. A library with threads of its own may write there meanwhile (a counter, a list that
//! another thread extends); so nothing here has a reference to its memory, each byte is copied once, and what is decided is
//! decided by the copy. Where a string or a table ends is the exception, as nothing behind its end may be read: it is looked for
//! first, and what stands before it is copied afterwards. What is written there in between is in what the client gets, also if it
//! is another end, and changes nothing of how much is read, copied or said to be there.
//! One of the modules of this crate that contain `unsafe`, for reading there.

use crate::marshal::call::Step;
use crate::marshal::number::word_of_bits;
use crate::marshal::refusal::Refusal;
use crate::marshal::translation::{Special, Translation, Translations, of_element, of_wide};
use crate::native::ffi::{copy, read, text_length};
use crate::native::scratch::{Piece, ScratchPart};
use crate::objects::handles::{Adopted, ZoneHandles};
use cloison_contract::call::{ARENA_ALIGNMENT, NULL, Status};
use cloison_contract::message::ChannelId;
use cloison_contract::shape::Element;
use cloison_contract::types::{Scalar, TypeId, Wide};
use cloison_transport::Arena;

/// Where results go.
pub struct Outgoing<'a, 'b> {
    /// Of the interface's records.
    pub translations: &'a Translations,
    /// Of all clients.
    pub handles: &'a ZoneHandles,
    /// To whom.
    pub client: ChannelId,
    /// Its bulk data.
    pub arena: &'a Arena,
    /// How much of the arena is spoken for.
    pub cursor: &'a mut u64,
    /// For copies that have to be made right.
    pub scratch: &'a mut ScratchPart<'b>,
    /// Handles that the client did not have before.
    pub fresh: &'a mut Vec<u64>,
}

/// Texts in records stand behind their length at multiples of this.
const TEXT_ALIGNMENT: u64 = 8;

impl Outgoing<'_, '_> {
    /// Sets a part of the arena aside.
    pub fn reserve(&mut self, bytes: u64) -> Step<u64> {
        self.reserve_at(bytes, ARENA_ALIGNMENT)
    }

    fn reserve_at(&mut self, bytes: u64, alignment: u64) -> Step<u64> {
        let offset = self.cursor.next_multiple_of(alignment);
        match offset.checked_add(bytes) {
            Some(end) if end <= self.arena.len() => {
                *self.cursor = end;
                Ok(offset)
            }
            _ => Err(self.too_large(bytes)),
        }
    }

    /// A number that stands at that address, as a word.
    ///
    /// # Safety
    ///
    /// The library has given this as the address of such a number.
    pub unsafe fn number(&self, address: u64, scalar: Scalar) -> u64 {
        let mut bits = [0_u8; 8];
        // SAFETY: the caller's promise.
        unsafe { read(address, &mut bits[..scalar.size()]) };
        word_of_bits(u64::from_le_bytes(bits), scalar)
    }

    /// An object: its handle, 0 for NULL.
    pub fn handle(&mut self, address: u64, id: TypeId, owner: Option<u64>, borrowed: bool) -> Step<u64> {
        if address == 0 {
            return Ok(0);
        }
        let adopted = self.handles.adopt(self.client, id, address, owner, borrowed);
        let Adopted { word, fresh } = adopted.map_err(|error| self.handles.refuse(id, error))?;
        if fresh {
            self.fresh.push(word);
        }
        Ok(word)
    }

    /// A string: offset and length.
    ///
    /// # Safety
    ///
    /// The library has given this as the address of a string, or as NULL, and does not free it meanwhile.
    pub unsafe fn string(&mut self, address: u64) -> Step<(u64, u64)> {
        if address == 0 {
            return Ok((NULL, 0));
        }
        let room = self.arena.len().saturating_sub(self.cursor.next_multiple_of(ARENA_ALIGNMENT));
        // SAFETY: the caller's promise.
        let Some(length) = (unsafe { text_length(address, (room as usize).saturating_add(1)) }) else {
            return Err(self.too_large(room));
        };
        let bytes = length as u64;
        let offset = self.reserve(bytes)?;
        // SAFETY: the caller's promise.
        unsafe { self.copy(address, offset, length)? };
        Ok((offset, bytes))
    }

    /// One record: offset and length.
    ///
    /// # Safety
    ///
    /// The library has given this as the address of such a record, and does not free it meanwhile.
    pub unsafe fn record(&mut self, address: u64, id: TypeId) -> Step<(u64, u64)> {
        let translations = self.translations;
        let translation = translations.get(id.0 as usize).and_then(Option::as_ref).ok_or_else(|| self.too_large(0))?;
        // SAFETY: the caller's promise.
        unsafe { self.records(address, 1, translation) }
    }

    /// A wide number: offset and length.
    ///
    /// # Safety
    ///
    /// The library has given this as the address of such a number, and does not free it meanwhile.
    pub unsafe fn wide(&mut self, address: u64, wide: Wide) -> Step<(u64, u64)> {
        // SAFETY: the caller's promise.
        unsafe { self.records(address, 1, &of_wide(wide)) }
    }

    /// Elements in a row: offset and length.
    ///
    /// # Safety
    ///
    /// The library has given this as the address of so many elements, and does not free it meanwhile.
    pub unsafe fn elements(&mut self, address: u64, count: u64, element: Element) -> Step<(u64, u64)> {
        let translation = of_element(self.translations, element).ok_or_else(|| self.too_large(0))?;
        // SAFETY: the caller's promise.
        unsafe { self.records(address, count, &translation) }
    }

    /// Elements up to the one that ends them: offset and length. `None` if none of those that `most` bytes have room for does;
    /// nothing is read behind these.
    ///
    /// # Safety
    ///
    /// The library has given this as the address of elements up to their end, or of as many as `most` bytes have room for, and
    /// does not free them meanwhile.
    pub unsafe fn terminated(&mut self, address: u64, most: u64, element: Element) -> Step<Option<(u64, u64)>> {
        let translation = of_element(self.translations, element).ok_or_else(|| self.too_large(0))?;
        let size = (translation.size as u64).max(1);
        let one = self.scratch.piece(translation.size).ok_or_else(|| self.too_large(size))?;
        for count in 0..most / size {
            // SAFETY: the caller's promise: none before this one was the end.
            unsafe { read(address.wrapping_add(count * size), self.scratch.bytes_mut(one)) };
            if translation.is_end(self.scratch.bytes(one)) {
                // SAFETY: so many have been read just now.
                return unsafe { self.records(address, count, &translation) }.map(Some);
            }
        }
        Ok(None)
    }

    /// As above.
    unsafe fn records(&mut self, address: u64, count: u64, translation: &Translation) -> Step<(u64, u64)> {
        let size = translation.size as u64;
        let bytes = count.checked_mul(size).ok_or_else(|| self.too_large(u64::MAX))?;
        let offset = self.reserve(bytes)?;
        if translation.is_plain() {
            // SAFETY: the caller's promise.
            unsafe { self.copy(address, offset, bytes as usize)? };
            return Ok((offset, bytes));
        }
        let copy = self.scratch.piece(translation.size).ok_or_else(|| self.too_large(size))?;
        for index in 0..count {
            // SAFETY: the caller's promise.
            unsafe {
                read(address + index * size, self.scratch.bytes_mut(copy));
                self.correct(copy, 0, translation)?;
            }
            let written = self.arena.write(offset + index * size, self.scratch.bytes(copy));
            written.map_err(|_| self.too_large(bytes))?;
        }
        Ok((offset, bytes))
    }

    /// Makes the record at that place of a piece right for the client.
    ///
    /// # Safety
    ///
    /// What its members point to is what the manifest says.
    unsafe fn correct(&mut self, piece: Piece, at: usize, translation: &Translation) -> Step {
        translation.clear_gaps(&mut self.scratch.bytes_mut(piece)[at..at + translation.size]);
        for (offset, special) in &translation.specials {
            let here = at + offset;
            match special {
                Special::Bool => {
                    let byte = &mut self.scratch.bytes_mut(piece)[here];
                    *byte = u8::from(*byte != 0);
                }
                Special::Extended => {}
                Special::Hidden => self.scratch.set_word(piece, here, 0),
                Special::Handle { id, .. } => {
                    let word = self.handle(self.scratch.word(piece, here), *id, None, true)?;
                    self.scratch.set_word(piece, here, word);
                }
                Special::Text { .. } => {
                    // SAFETY: the caller's promise.
                    let word = unsafe { self.text(self.scratch.word(piece, here))? };
                    self.scratch.set_word(piece, here, word);
                }
                Special::Nested { count, translation } => {
                    for index in 0..*count {
                        // SAFETY: the caller's promise.
                        unsafe { self.correct(piece, here + index * translation.size, translation)? };
                    }
                }
                Special::Union { by, cases, otherwise } => {
                    let value = by.integer(&self.scratch.bytes(piece)[at..at + translation.size]);
                    let live = cases.iter().find(|(case, _)| Some(*case) == value).map(|(_, live)| live);
                    // SAFETY: the caller's promise.
                    unsafe { self.correct(piece, here, live.unwrap_or(otherwise))? };
                }
            }
        }
        Ok(())
    }

    /// A string of a record, as its word: behind its length, somewhere in the arena.
    ///
    /// # Safety
    ///
    /// As for [`Outgoing::string`].
    unsafe fn text(&mut self, address: u64) -> Step<u64> {
        if address == 0 {
            return Ok(0);
        }
        let room = self.arena.len().saturating_sub(self.cursor.next_multiple_of(TEXT_ALIGNMENT) + 8);
        // SAFETY: the caller's promise.
        let Some(length) = (unsafe { text_length(address, (room as usize).saturating_add(1)) }) else {
            return Err(self.too_large(room));
        };
        let bytes = length as u64;
        let offset = self.reserve_at(bytes + 8, TEXT_ALIGNMENT)?;
        self.arena.write(offset, &bytes.to_le_bytes()).map_err(|_| self.too_large(bytes))?;
        // SAFETY: the caller's promise.
        unsafe { self.copy(address, offset + 8, length)? };
        Ok(offset + 1)
    }

    /// Copies what the library has to the arena.
    ///
    /// # Safety
    ///
    /// The library means so many bytes at that address, and does not free them meanwhile.
    unsafe fn copy(&self, address: u64, offset: u64, bytes: usize) -> Step {
        let target = self.arena.pointer(offset, bytes as u64).ok_or_else(|| self.too_large(bytes as u64))?;
        let source = std::ptr::with_exposed_provenance(address as usize);
        // SAFETY: the caller's promise, and the arena's own check.
        unsafe { copy(source, target, bytes) };
        Ok(())
    }

    #[cold]
    fn too_large(&self, bytes: u64) -> Box<Refusal> {
        too_large(bytes, self.arena)
    }
}

/// Results that do not fit.
#[cold]
pub(crate) fn too_large(bytes: u64, arena: &Arena) -> Box<Refusal> {
    let text = format_args!("{bytes} bytes do not fit into what is left of the channel's {} bytes", arena.len());
    Refusal::new(Status::TooLarge, text)
}
