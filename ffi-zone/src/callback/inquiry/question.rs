//! C's arguments, told to the client.

use super::{Inquiry, no_room};
use crate::callback::conversation::Turn;
use crate::marshal::call::Step;
use crate::marshal::functions::Functions;
use crate::marshal::number::word_of_bits;
use crate::marshal::results::outgoing::Outgoing;
use crate::serve::Service;
use crate::serve::clients::Client;
use crate::serve::workers::Station;
use cloison_contract::call::{NULL, Reply, Status};
use cloison_contract::shape::{Buffer, NumberArgument, Shape, WideArgument};

impl Inquiry<'_> {
    /// The question: the callable's number, the depth, how much of the arena is in use, the arguments.
    pub(crate) fn question(
        &mut self,
        service: &Service,
        client: &Client,
        number: u64,
        turn: &Turn,
        reply: &mut Reply,
    ) -> Step {
        let mut cursor = turn.in_use;
        let mut shown = std::mem::take(&mut self.shown);
        let asked = Station::visit(&turn.row, |station| {
            let mut part = station.workspace.part();
            let functions = service.marshal().functions();
            let mut outgoing = Outgoing {
                shapes: &functions.shapes,
                handles: service.marshal().handles(),
                client: client.line.id(),
                arena: client.line.arena(),
                cursor: &mut cursor,
                scratch: &mut part,
                fresh: &mut shown,
            };
            let mut words = Words { reply, count: 3 };
            for (index, parameter) in self.parameters().iter().enumerate() {
                self.tell(functions, &mut outgoing, &mut words, index, &parameter.shape)?;
            }
            reply.count = words.count as u32;
            Ok(())
        });
        self.shown = shown;
        asked.unwrap_or_else(|error| Err(no_room(error)))?;
        reply.status = Status::Callback;
        reply.words[..3].copy_from_slice(&[number, turn.depth, cursor]);
        Ok(())
    }

    /// One argument.
    fn tell(
        &self,
        functions: &Functions,
        outgoing: &mut Outgoing<'_, '_>,
        words: &mut Words<'_>,
        index: usize,
        role: &Shape,
    ) -> Step {
        if !role.is_argument() {
            return Ok(());
        }
        match role {
            Shape::Number(NumberArgument { scalar, .. }) => {
                words.push(word_of_bits(self.bits(index, *scalar), *scalar))
            }
            Shape::ScalarPointer(cell) => {
                let address = self.address(index);
                if cell.null {
                    words.push(u64::from(address != 0));
                }
                // SAFETY: C has passed this as the address of such a number.
                words.push(if address == 0 { 0 } else { unsafe { outgoing.number(address, cell.scalar) } });
            }
            // SAFETY: C has passed this as a string, and waits.
            Shape::Text(_) => words.pair(unsafe { outgoing.string(self.address(index)) }?),
            Shape::Buffer(buffer) => words.pair(self.tell_buffer(functions, outgoing, index, buffer)?),
            Shape::Record(record) => {
                let address = if record.by_value { self.place(index) } else { self.address(index) };
                if address == 0 {
                    words.pair((NULL, 0));
                } else {
                    // SAFETY: C has passed this as such a record, and waits.
                    words.pair(unsafe { outgoing.record(address, record.id) }?);
                }
            }
            // SAFETY: C has passed such a number.
            Shape::Wide(WideArgument { wide, .. }) => words.pair(unsafe { outgoing.wide(self.place(index), *wide) }?),
            Shape::Handle(handle) => words.push(outgoing.handle(self.address(index), handle.id, None, true)?),
            _ => return Err(self.unable(index, "cannot be shown to a callable")),
        }
        Ok(())
    }

    fn tell_buffer(
        &self,
        functions: &Functions,
        outgoing: &mut Outgoing<'_, '_>,
        index: usize,
        buffer: &Buffer,
    ) -> Step<(u64, u64)> {
        let address = self.address(index);
        if address == 0 && buffer.null {
            return Ok((NULL, 0));
        }
        let Some(count) = self.length(functions, index, buffer)? else {
            // SAFETY: C has passed this as a string, and waits.
            return unsafe { outgoing.string(address) };
        };
        let most = buffer.max_bytes / buffer.element.size().max(1) as u64;
        if count > most {
            return Err(self.unable(index, format_args!("has {count} elements, and at most {most} are allowed")));
        }
        if address == 0 || count == 0 {
            return Ok((outgoing.reserve(0)?, 0));
        }
        // SAFETY: C has passed this as the address of so many elements, and waits.
        unsafe { outgoing.elements(address, count, buffer.element) }
    }
}

/// The words of a question.
struct Words<'a> {
    reply: &'a mut Reply,
    count: usize,
}

impl Words<'_> {
    /// More than there may be are dropped: kinds of callbacks that need so many are refused.
    fn push(&mut self, word: u64) {
        if let Some(place) = self.reply.words.get_mut(self.count) {
            *place = word;
            self.count += 1;
        }
    }

    fn pair(&mut self, (offset, bytes): (u64, u64)) {
        self.push(offset);
        self.push(bytes);
    }
}
