//! Elements that C has otherwise than they travel: records with pointers or padding, strings, objects, `_Bool`.

use super::Words;
use crate::marshal::call::{Call, Held, Step};
use crate::marshal::incoming::Incoming;
use cloison_contract::call::NULL;
use cloison_contract::shape::{Buffer, Element, Position};

/// The claimed bytes become elements in the scratch region.
pub(super) fn decode(buffer: &Buffer, call: &mut Call<'_, '_>, index: usize, [offset, bytes]: Words) -> Step {
    // Of strings, the library may write what the pointers are in, and nobody reads it.
    let written = buffer.direction.is_out() && !matches!(buffer.element, Element::Text { .. });
    let mut incoming = Incoming { written, ..call.incoming(index) };
    let piece = incoming.elements(offset, bytes, buffer.element, buffer.terminated)?;
    call.hold_at(index, Held::Scratch(piece))
}

/// What C has left in the scratch region becomes elements in the arena.
pub(super) fn encode(buffer: &Buffer, call: &mut Call<'_, '_>, index: usize) -> Step<Words> {
    let Some(piece) = call.state.held[index].piece() else { return Ok([NULL, 0]) };
    let (element, room) = (buffer.element, piece.bytes() as u64);
    let bytes = match &buffer.length {
        None => room,
        Some(length) => call.written(Position::Parameter(index), element.size(), length, room)?,
    };
    let address = call.scratch.pointer(piece).expose_provenance() as u64;
    if buffer.terminated {
        // SAFETY: as below; what is not ended fills the room.
        let ended = unsafe { call.outgoing().terminated(address, bytes, element) }?;
        if let Some(given) = ended {
            return Ok(given.into());
        }
    }
    // SAFETY: so many elements are there; the library, which is not running, has had its chance to fill them, and what
    // it has not filled is zero, which is NULL for pointers.
    unsafe { call.outgoing().elements(address, bytes / element.size() as u64, element) }.map(Words::from)
}
