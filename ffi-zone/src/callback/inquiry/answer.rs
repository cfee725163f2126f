//! What the client has answered, given to C.

use super::{Inquiry, no_room, write};
use crate::callback::conversation::Turn;
use crate::marshal::call::Step;
use crate::marshal::incoming::Incoming;
use crate::marshal::number::{bits_of_value, bits_of_word};
use crate::marshal::plan::Range;
use crate::serve::Service;
use crate::serve::clients::Client;
use crate::serve::workers::Station;
use cloison_contract::call::{ANSWER_WORDS, NULL, Request};
use cloison_contract::expression::Expression;
use cloison_contract::shape::{Buffer, ScalarPointer, Shape};
use cloison_contract::types::{CType, Scalar};

impl Inquiry<'_> {
    /// The answer.
    pub(crate) fn answer(
        &mut self,
        service: &Service,
        client: &Client,
        turn: &Turn,
        results: &[u64],
        request: &Request,
        given: &mut Vec<u64>,
    ) -> Step {
        if results.len() + ANSWER_WORDS != self.kind.callback.answer_slots().words()
            || request.arena_used > client.line.arena().len()
        {
            return Err(self.malformed());
        }
        let answered = Station::visit(&turn.row, |station| {
            let mut part = station.workspace.part();
            let functions = service.marshal().functions();
            let mut incoming = Incoming {
                shapes: &functions.shapes,
                handles: service.marshal().handles(),
                client: client.line.id(),
                arena: client.line.arena(),
                used: request.arena_used,
                scratch: &mut part,
                // C has these now: they stay until the call has ended on which the question stands.
                pinned: given,
                parameter: 0,
                written: false,
            };
            let mut results = results.iter().copied();
            let mut next = || results.next().unwrap_or(0);
            if self.kind.callback.kept {
                self.take_value(&mut incoming, &mut next)?;
            }
            for (index, parameter) in self.parameters().iter().enumerate() {
                incoming.parameter = index;
                self.take(&mut incoming, &mut next, index, &parameter.shape)?;
            }
            Ok(())
        });
        answered.unwrap_or_else(|error| Err(no_room(error)))
    }

    fn take_value(&self, incoming: &mut Incoming<'_, '_>, next: &mut impl FnMut() -> u64) -> Step {
        match &self.kind.callback.result {
            CType::Record { id, .. } => {
                let (offset, bytes) = self.span(incoming, next)?;
                let piece = incoming.record(offset, bytes, *id)?;
                self.give_bytes(incoming.scratch.bytes(piece));
            }
            CType::Wide(wide) => {
                let (offset, bytes) = self.span(incoming, next)?;
                let piece = incoming.wide(offset, bytes, *wide)?;
                self.give_bytes(incoming.scratch.bytes(piece));
            }
            CType::Pointer { to, .. } => match **to {
                CType::Opaque(id) => self.give(incoming.handle(next(), id, true)?, Scalar::U64),
                _ => return Err(self.malformed()),
            },
            other => {
                let scalar = other.scalar().ok_or_else(|| self.malformed())?;
                let bits = bits_of_word(next(), scalar, Range::Any).map_err(|_| self.malformed())?;
                self.give(bits, scalar);
            }
        }
        Ok(())
    }

    fn take(
        &self,
        incoming: &mut Incoming<'_, '_>,
        next: &mut impl FnMut() -> u64,
        index: usize,
        role: &Shape,
    ) -> Step {
        if !role.is_result() {
            return Ok(());
        }
        let address = self.address(index);
        match role {
            Shape::ScalarPointer(cell) => {
                let bits = bits_of_word(next(), cell.scalar, Range::Any).map_err(|_| self.malformed())?;
                self.set_cell(address, cell.scalar, bits);
            }
            Shape::Buffer(buffer) => {
                let (offset, bytes) = self.span(incoming, next)?;
                self.take_buffer(incoming, index, buffer, offset, bytes)?;
            }
            Shape::Record(record) => {
                let (offset, bytes) = self.span(incoming, next)?;
                let piece = incoming.record(offset, bytes, record.id)?;
                // SAFETY: C has passed this as the address of such a record, or NULL.
                unsafe { write(address, incoming.scratch.bytes(piece)) };
            }
            _ => return Err(self.unable(index, "cannot be written by a callable")),
        }
        Ok(())
    }

    fn take_buffer(
        &self,
        incoming: &mut Incoming<'_, '_>,
        index: usize,
        buffer: &Buffer,
        offset: u64,
        bytes: u64,
    ) -> Step {
        let (address, element) = (self.address(index), buffer.element.size().max(1) as u64);
        // As it was when C asked: by now results may stand where it was read.
        let (count, capacity) = (bytes / element, self.room.get(index).copied().unwrap_or(0));
        let terminated = buffer.length.is_none() && (buffer.string || buffer.text) && element == 1;
        if !bytes.is_multiple_of(element) || bytes > buffer.max_bytes {
            return Err(self.malformed());
        }
        if count.saturating_add(terminated.into()) > capacity {
            return Err(self.too_long(index, count, capacity));
        }
        let piece = incoming.elements(offset, bytes, buffer.element)?;
        // SAFETY: C has passed this as the address of so many elements as it has room for, or NULL.
        unsafe {
            write(address, &incoming.scratch.bytes(piece)[..bytes as usize]);
            if terminated && address != 0 {
                write(address + bytes, &[0]);
            }
        }
        match &buffer.length {
            Some(Expression::Return) if !self.kind.callback.kept => {
                let scalar = self.kind.callback.result.scalar();
                let bits = scalar.and_then(|scalar| bits_of_value(count.into(), scalar));
                let (bits, scalar) = bits.zip(scalar).ok_or_else(|| self.too_long(index, count, capacity))?;
                self.give(bits, scalar);
            }
            Some(Expression::Dereference(cell)) => {
                let Some(Shape::ScalarPointer(ScalarPointer { scalar, .. })) =
                    self.parameters().get(*cell).map(|one| &one.shape)
                else {
                    return Err(self.malformed());
                };
                let bits = bits_of_value(count.into(), *scalar);
                self.set_cell(self.address(*cell), *scalar, bits.ok_or_else(|| self.too_long(index, count, capacity))?);
            }
            _ => {}
        }
        Ok(())
    }

    /// Offset and length of something in the client's part of the arena.
    fn span(&self, incoming: &Incoming<'_, '_>, next: &mut impl FnMut() -> u64) -> Step<(u64, u64)> {
        let (offset, bytes) = (next(), next());
        if offset == NULL {
            return Err(self.malformed());
        }
        incoming.span(offset, bytes, u64::MAX, false)?;
        Ok((offset, bytes))
    }
}
