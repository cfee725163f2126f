//! A pointer to elements. Here those that have the same bytes in C and on the wire; the others are in `elements`.

use super::{Wire, Words, elements, one};
use crate::marshal::call::Held;
use crate::marshal::call::{Call, Step};
use crate::marshal::callback_call::CallbackCall;
use crate::marshal::functions::Functions;
use crate::marshal::incoming::Incoming;
use crate::marshal::number::bits_of_value;
use crate::marshal::outgoing::Outgoing;
use crate::native::arena;
use cloison_contract::call::NULL;
use cloison_contract::expression::Expression;
use cloison_contract::shape::{Buffer, Position};

impl Wire for Buffer {
    #[inline]
    fn decode(&self, call: &mut Call<'_, '_>, index: usize, words: Words) -> Step {
        let ([offset, bytes], element) = (words, self.element.size() as u64);
        call.incoming(index).span(offset, bytes, self.max_bytes, self.null)?;
        if offset == NULL {
            return call.hold_at(index, Held::Null);
        }
        // A division costs as much as all the rest.
        if element > 1 && !bytes.is_multiple_of(element) {
            return Err(call.argument(index, format_args!("has {bytes} bytes, not a multiple of {element}")));
        }
        let plain = call.plan().prepared[index].plain;
        if self.retain.is_some() {
            let end = if self.terminated { self.element.size() } else { 0 };
            return call.keep(index, offset, bytes, end, |call, copy| {
                // All that is not plain and can be kept is `_Bool`.
                if !plain && copy.iter().any(|byte| *byte > 1) {
                    return Err(call.malformed());
                }
                // Only the last one may be an end of the caller's own: C would not see those behind it.
                let others = copy.len().saturating_sub(end);
                let mut elements = copy[..others].chunks_exact(self.element.size());
                match end > 0 && elements.any(|element| element.iter().all(|byte| *byte == 0)) {
                    true => Err(call.argument(index, "has an element that would end it, and further ones behind that")),
                    false => Ok(()),
                }
            });
        }
        if !plain || self.terminated {
            return elements::decode(self, call, index, words);
        }
        let held = match (call.direct, self.direction.is_out()) {
            (true, false) => Held::Arena { offset, bytes },
            (true, true) => in_place(call, offset, bytes)?,
            (false, written) => copied(call, index, offset, bytes, written)?,
        };
        call.hold_at(index, held)
    }

    fn encode(&self, call: &mut Call<'_, '_>, position: Position) -> Step<Words> {
        let index = position.parameter().ok_or_else(|| call.malformed())?;
        if self.retain.is_some() {
            return Ok(one(call.block_number(index)));
        }
        if !call.plan().prepared[index].plain {
            return elements::encode(self, call, index);
        }
        let (held, element) = (call.state.held[index], self.element.size());
        if matches!(held, Held::Null) {
            return Ok([NULL, 0]);
        }
        let mut bytes = match &self.length {
            None => held.bytes(),
            Some(length) => call.written(position, element, length, held.bytes())?,
        };
        if self.terminated || (self.text && self.length.is_none()) {
            bytes = before_nul(call, held, element, bytes);
        }
        match held {
            Held::Arena { offset, .. } => Ok([offset, bytes]),
            Held::Null | Held::Kept { .. } => Ok([NULL, 0]),
            Held::Scratch(piece) => {
                let offset = call.reserve(bytes)?;
                let result = &call.scratch.bytes(piece)[..bytes as usize];
                call.arena.write(offset, result).map_err(|_| call.too_large(bytes))?;
                Ok([offset, bytes])
            }
        }
    }

    fn ask(
        &self,
        asked: &CallbackCall<'_>,
        functions: &Functions,
        outgoing: &mut Outgoing<'_, '_>,
        index: usize,
    ) -> Step<Words> {
        let address = asked.address(index);
        if address == 0 && self.null {
            return Ok([NULL, 0]);
        }
        if self.terminated {
            if address == 0 {
                return Ok([outgoing.reserve(0)?, 0]);
            }
            // SAFETY: C has passed this as the address of elements up to their end, and waits.
            let given =
                unsafe { outgoing.terminated(address, self.max_bytes.min(outgoing.arena.len()), self.element) }?;
            return match given {
                Some(given) => Ok(given.into()),
                None => Err(asked.unable(index, format_args!("has no end among its first {} bytes", self.max_bytes))),
            };
        }
        let Some(count) = asked.length(functions, index, self)? else {
            // SAFETY: C has passed this as a string, and waits.
            return unsafe { outgoing.string(address) }.map(Words::from);
        };
        let most = self.max_bytes / self.element.size().max(1) as u64;
        if count > most {
            return Err(asked.unable(index, format_args!("has {count} elements, and at most {most} are allowed")));
        }
        if address == 0 || count == 0 {
            return Ok([outgoing.reserve(0)?, 0]);
        }
        // SAFETY: C has passed this as the address of so many elements, and waits.
        unsafe { outgoing.elements(address, count, self.element) }.map(Words::from)
    }

    fn answer(
        &self,
        asked: &CallbackCall<'_>,
        incoming: &mut Incoming<'_, '_>,
        position: Position,
        words: Words,
    ) -> Step {
        let index = position.parameter().ok_or_else(|| asked.malformed())?;
        let (offset, bytes) = asked.span(incoming, words)?;
        let element = self.element.size().max(1) as u64;
        let (count, capacity) = (bytes / element, asked.room(index));
        let terminated = self.length.is_none() && (self.terminated || self.text);
        if !bytes.is_multiple_of(element) || bytes > self.max_bytes {
            return Err(asked.malformed());
        }
        if count.saturating_add(terminated.into()) > capacity {
            return Err(asked.too_long(index, count, capacity.saturating_sub(terminated.into())));
        }
        let piece = incoming.elements(offset, bytes, self.element, false)?;
        // SAFETY: C has passed this as the address of so many elements as it has room for, or NULL; a terminated one has room
        // for one more.
        unsafe {
            asked.write(index, &incoming.scratch.bytes(piece)[..bytes as usize]);
            if terminated {
                asked.write_at(index, bytes, &vec![0; element as usize]);
            }
        }
        tell_count(self, asked, index, count, capacity)
    }
}

/// Where C wants to know how many elements a callable has given, it is told.
fn tell_count(buffer: &Buffer, asked: &CallbackCall<'_>, index: usize, count: u64, capacity: u64) -> Step {
    let (scalar, pointer) = match &buffer.length {
        Some(Expression::Return) if !asked.keeps_value() => (asked.value_scalar(), None),
        Some(Expression::Dereference(pointer)) => (asked.pointed_scalar(*pointer), Some(*pointer)),
        Some(_) | None => return Ok(()),
    };
    let scalar = scalar.ok_or_else(|| asked.malformed())?;
    let bits = bits_of_value(count.into(), scalar).ok_or_else(|| asked.too_long(index, count, capacity))?;
    match pointer {
        None => asked.give(bits, scalar),
        Some(pointer) => asked.set_pointed(pointer, scalar, bits),
    }
    Ok(())
}

/// A copy in the arena that the library writes: the client's own stays as it is.
fn in_place(call: &mut Call<'_, '_>, offset: u64, bytes: u64) -> Step<Held> {
    let held = call.fenced_in_arena(bytes)?;
    let Held::Arena { offset: target, .. } = held else { return Err(call.malformed()) };
    match arena::copy_within(call.arena, offset, target, bytes) {
        true => Ok(held),
        false => Err(call.malformed()),
    }
}

/// A copy that no client can change; `written` says that the library writes there, too.
#[inline]
pub(crate) fn copied(call: &mut Call<'_, '_>, index: usize, offset: u64, bytes: u64, written: bool) -> Step<Held> {
    if written {
        call.reserve(bytes)?;
    }
    let piece = match written {
        true => call.scratch.fenced(bytes as usize, index, true),
        false => call.scratch.piece(bytes as usize),
    };
    let piece = piece.ok_or_else(|| call.too_large(bytes))?;
    let target = &mut call.scratch.bytes_mut(piece)[..bytes as usize];
    match call.arena.read_into(offset, target) {
        Ok(()) => Ok(Held::Scratch(piece)),
        Err(_) => Err(call.malformed()),
    }
}

/// How much of the arena is copied at once to be looked at.
const CHUNK_BYTES: usize = 4096;

/// How many of the bytes stand before the first element that is zero.
fn before_nul(call: &Call<'_, '_>, held: Held, element: usize, bytes: u64) -> u64 {
    let in_chunk = |chunk: &[u8]| chunk.chunks_exact(element).position(|one| one.iter().all(|byte| *byte == 0));
    match held {
        Held::Null | Held::Kept { .. } => 0,
        Held::Scratch(piece) => {
            in_chunk(&call.scratch.bytes(piece)[..bytes as usize]).map_or(bytes, |at| (at * element) as u64)
        }
        Held::Arena { offset, .. } => {
            // The client can write here meanwhile, so no reference: piece by piece through a copy, each of whole elements.
            let (mut small, mut large);
            let chunk: &mut [u8] = if element <= CHUNK_BYTES {
                small = [0_u8; CHUNK_BYTES];
                &mut small[..CHUNK_BYTES / element * element]
            } else {
                large = vec![0_u8; element];
                &mut large
            };
            let mut done = 0;
            while done < bytes {
                let part = (bytes - done).min(chunk.len() as u64);
                let chunk = &mut chunk[..part as usize];
                if call.arena.read_into(offset + done, chunk).is_err() {
                    return 0;
                }
                if let Some(at) = in_chunk(chunk) {
                    return done + (at * element) as u64;
                }
                done += part;
            }
            bytes
        }
    }
}
