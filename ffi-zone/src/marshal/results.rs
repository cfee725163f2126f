//! The last part of a call: did it fail, and what did it leave?

pub mod outgoing;

use crate::marshal::call::{Call, Held, Step};
use crate::marshal::number::{value_of_bits, word_of_bits};
use crate::marshal::plan::Give;
use crate::marshal::refusal::Refusal;
use crate::marshal::results::outgoing::Outgoing;
use crate::objects::retained::Retained;
use cloison_contract::call::{NULL, Reply};
use cloison_contract::expression::Expression;
use cloison_contract::interface::Message;
use cloison_contract::shape::{Element, Pointed, Shape};
use cloison_contract::types::TypeId;

/// How far a call came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ending {
    /// It failed by its own account.
    Failed,
    /// Its results are in the reply.
    Given,
    /// It has succeeded, and its results could not be delivered.
    NotGiven,
}

/// Two words.
fn both((first, second): (u64, u64)) -> (u64, Option<u64>) {
    (first, Some(second))
}

impl Call<'_, '_> {
    /// Whether the value means that the function failed.
    #[inline]
    pub(crate) fn judge(&mut self) -> Step {
        let failure = &self.plan().failure;
        for (condition, wanted) in [(&failure.unless, true), (&failure.when, false)] {
            let Some(condition) = condition else { continue };
            match condition.evaluate(self) {
                Ok(holds) if (holds != 0) == wanted => {}
                Ok(_) => return Err(self.failed()),
                Err(error) => return Err(self.lied(format_args!("whether it failed cannot be judged: {error}"))),
            }
        }
        Ok(())
    }

    /// The reply's words.
    #[inline]
    pub(crate) fn give(&mut self, reply: &mut Reply) -> Step {
        if !self.direct {
            // Room was only set aside until now; results are packed, as most are shorter than their room.
            self.cursor = self.used;
        }
        let mut count = 0;
        let mut put = |word| {
            reply.words[count] = word;
            count += 1;
        };
        for give in &self.plan().gives {
            let (first, second) = match give {
                Give::Value => (self.number_word(), None),
                Give::Cell { parameter, scalar } => {
                    let bits = if self.has_cell(*parameter) { self.desk.frame.cell(*parameter) } else { 0 };
                    (word_of_bits(bits, *scalar), None)
                }
                Give::Buffer { parameter, element, length, string } => {
                    both(self.give_buffer(*parameter, *element, length.as_ref(), *string)?)
                }
                Give::Pointed { place, pointed } => self.give_pointed(*place, pointed)?,
                Give::Block { parameter } => (self.block_number(*parameter), None),
                Give::Elements { parameter, element, length } => {
                    both(self.give_elements(*parameter, *element, length.as_ref())?)
                }
                Give::Record { parameter, id } => both(self.give_record(*parameter, *id)?),
                Give::RecordValue(id) => both(self.give_large(|outgoing, address| {
                    // SAFETY: the value is there, of that type.
                    unsafe { outgoing.record(address, *id) }
                })?),
                Give::WideValue(wide) => both(self.give_large(|outgoing, address| {
                    // SAFETY: the value is there, of that type.
                    unsafe { outgoing.wide(address, *wide) }
                })?),
            };
            put(first);
            if let Some(second) = second {
                put(second);
            }
        }
        reply.count = count as u32;
        Ok(())
    }

    /// The number of a block that the library writes.
    fn block_number(&self, parameter: usize) -> u64 {
        let number = self.desk.kept.iter().find_map(|(index, retained)| match retained {
            Retained::Buffer(number, _) if *index == parameter => Some(*number),
            _ => None,
        });
        number.unwrap_or(0)
    }

    fn give_elements(&mut self, index: usize, element: Element, length: Option<&Expression>) -> Step<(u64, u64)> {
        let Held::Scratch(piece) = self.desk.held[index] else { return Ok((NULL, 0)) };
        let room = piece.bytes() as u64;
        let bytes = match length {
            None => room,
            Some(length) => self.written(index, element.size(), length, room)?,
        };
        let address = self.scratch.pointer(piece).expose_provenance() as u64;
        // SAFETY: so many elements are there; the library has had its chance to fill them, and what
        // it has not filled is zero, which is NULL for pointers.
        unsafe { self.outgoing().elements(address, bytes / element.size() as u64, element) }
    }

    fn give_record(&mut self, index: usize, id: TypeId) -> Step<(u64, u64)> {
        let Held::Scratch(piece) = self.desk.held[index] else { return Ok((NULL, 0)) };
        let address = self.scratch.pointer(piece).expose_provenance() as u64;
        // SAFETY: as for `give_elements`.
        unsafe { self.outgoing().record(address, id) }
    }

    fn give_large(&mut self, give: impl FnOnce(&mut Outgoing<'_, '_>, u64) -> Step<(u64, u64)>) -> Step<(u64, u64)> {
        let Some(piece) = self.result else { return Ok((NULL, 0)) };
        let address = self.scratch.pointer(piece).expose_provenance() as u64;
        give(&mut self.outgoing(), address)
    }

    /// What the value, or what a place holds, points to: one word or two.
    fn give_pointed(&mut self, place: Option<usize>, pointed: &Pointed) -> Step<(u64, Option<u64>)> {
        let address = self.gift_address(place);
        if address == 0 {
            return match pointed {
                Pointed::Handle { null: true, .. } => Ok((0, None)),
                Pointed::Buffer { null: true, .. } | Pointed::Record { null: true, .. } => Ok((NULL, Some(0))),
                Pointed::String(string) if string.null => Ok((NULL, Some(0))),
                _ => Err(match place {
                    None => self.lied("it returned NULL"),
                    Some(index) => self.lied(format_args!("it left `{}` NULL", self.name(index))),
                }),
            };
        }
        match pointed {
            Pointed::Handle { id, owner, borrowed, .. } => {
                let owner = owner.map(|index| self.desk.words[index]).filter(|word| *word != 0);
                let word = self.outgoing().handle(address, *id, owner, *borrowed)?;
                match place {
                    Some(index) => self.desk.words[index] = word,
                    None => self.value_word = word,
                }
                Ok((word, None))
            }
            Pointed::Buffer { element, length, .. } => {
                let room = self.arena.len();
                let bytes = self.written(place.unwrap_or(usize::MAX), element.size(), length, room)?;
                // SAFETY: the manifest says that so many elements are there, and stay until it is called again.
                Ok(both(unsafe { self.outgoing().elements(address, bytes / element.size() as u64, *element)? }))
            }
            // SAFETY: the manifest says that it is such a record, and stays until the library is called again.
            Pointed::Record { id, .. } => Ok(both(unsafe { self.outgoing().record(address, *id)? })),
            // SAFETY: the manifest says that it is a string, and stays until the library is called again.
            Pointed::String(_) => Ok(both(unsafe { self.outgoing().string(address)? })),
        }
    }

    /// Where the value, or what a place holds, points to.
    fn gift_address(&mut self, place: Option<usize>) -> u64 {
        match place {
            None => self.outcome.map_or(0, |outcome| outcome.value),
            Some(index) => self.desk.frame.cell(index),
        }
    }

    /// Frees what the library has given, now that it has been copied, or cannot be, or is not wanted.
    #[inline]
    pub(crate) fn free_gifts(&mut self, ending: Ending) {
        for gift in &self.plan().gifts {
            let wanted = match ending {
                Ending::Failed => gift.on_error,
                Ending::Given => gift.object.is_none(),
                Ending::NotGiven => true,
            };
            let address = self.gift_address(gift.place);
            if !wanted || address == 0 {
                continue;
            }
            let client = self.origin.client;
            let word = gift.place.map_or(self.value_word, |index| self.desk.words[index]);
            let has_handle = |id| match self.handles.is_refcounted(id) {
                // Another reference of the client's is not this one.
                true => word != 0,
                false => self.handles.held(client, id, address).is_some(),
            };
            if gift.object.is_some_and(has_handle) {
                continue;
            }
            self.lend_arena();
            // SAFETY: the manifest says that this is given to be freed so; no client holds it, and it has been copied.
            unsafe { self.functions.free(&mut self.desk.nested, gift.free, address) };
        }
    }

    fn give_buffer(
        &mut self,
        index: usize,
        element: usize,
        length: Option<&Expression>,
        string: bool,
    ) -> Step<(u64, u64)> {
        let held = self.desk.held[index];
        if matches!(held, Held::Null) {
            return Ok((NULL, 0));
        }
        let room = held.bytes();
        let mut bytes = match length {
            None => room,
            Some(length) => self.written(index, element, length, room)?,
        };
        if string {
            bytes = self.before_nul(held, element, bytes);
        }
        match held {
            Held::Arena { offset, .. } => Ok((offset, bytes)),
            Held::Null | Held::Kept { .. } => Ok((NULL, 0)),
            Held::Scratch(piece) => {
                let offset = self.reserve(bytes)?;
                let result = &self.scratch.bytes(piece)[..bytes as usize];
                self.arena.write(offset, result).map_err(|_| self.too_large(bytes))?;
                Ok((offset, bytes))
            }
        }
    }

    /// How many bytes the library says that it wrote: no more than there was room for.
    fn written(&mut self, index: usize, element: usize, length: &Expression, room: u64) -> Step<u64> {
        let name = if index == usize::MAX { "return" } else { self.name(index) };
        match length.evaluate(self) {
            Ok(elements) => {
                let bytes = elements.checked_mul(element as i128).and_then(|bytes| u64::try_from(bytes).ok());
                bytes.filter(|bytes| *bytes <= room).ok_or_else(|| {
                    let capacity = room / element as u64;
                    self.lied(format_args!(
                        "it says that it wrote {elements} elements to `{name}`, which had room for {capacity}"
                    ))
                })
            }
            Err(error) => Err(self.lied(format_args!("how much it wrote to `{name}` is unknown: {error}"))),
        }
    }

    /// How many of the bytes stand before the first element that is zero.
    fn before_nul(&self, held: Held, element: usize, bytes: u64) -> u64 {
        let in_chunk = |chunk: &[u8]| chunk.chunks_exact(element).position(|one| one.iter().all(|byte| *byte == 0));
        match held {
            Held::Null | Held::Kept { .. } => 0,
            Held::Scratch(piece) => {
                in_chunk(&self.scratch.bytes(piece)[..bytes as usize]).map_or(bytes, |at| (at * element) as u64)
            }
            Held::Arena { offset, .. } => {
                // The client can write here meanwhile, so no reference: piece by piece through a copy.
                let mut chunk = [0_u8; 4096];
                let mut done = 0;
                while done < bytes {
                    let part = (bytes - done).min(chunk.len() as u64);
                    let chunk = &mut chunk[..part as usize];
                    if self.arena.read_into(offset + done, chunk).is_err() {
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

    fn number_word(&self) -> u64 {
        match (self.plan().value, self.outcome) {
            (Some(scalar), Some(outcome)) => word_of_bits(outcome.value, scalar),
            _ => 0,
        }
    }

    /// A failure by the declared convention.
    #[cold]
    fn failed(&mut self) -> Box<Refusal> {
        let plan = self.plan();
        let errno = self.outcome.filter(|_| plan.failure.errno).map_or(0, |outcome| outcome.errno);
        let value = self.outcome.zip(plan.value).and_then(|(outcome, scalar)| value_of_bits(outcome.value, scalar));
        // Where `errno` says what went wrong, the value is only -1 or NULL.
        let told = if plan.failure.errno { Some(i128::from(errno)) } else { value };
        let functions = self.functions;
        let message = match plan.failure.message {
            Some(Message::Code(id)) => told.and_then(|code| functions.message(self.nested(), id, code)),
            Some(Message::Handle { function, parameter, through }) => {
                let address = match self.function.parameters[parameter].shape {
                    Shape::Handle(_) => self.desk.frame.value(parameter),
                    _ => self.desk.frame.cell(parameter),
                };
                // SAFETY: it is an argument of this call, whose handle has been looked up, or what the library has put in a
                // place for such an object; and then what the library gives for it.
                unsafe {
                    let address = match through {
                        None => Some(address),
                        Some(id) => functions.object_for(self.nested(), id, address),
                    };
                    address.and_then(|address| functions.message_of(self.nested(), function, address))
                }
            }
            None => None,
        };
        // Nothing more is known than what the client can say itself: the value and what `errno` means.
        let text = message.unwrap_or_default();
        Refusal::native(value.map_or(0, |value| value as u64), errno, text)
    }

    /// What the library says about itself cannot be true.
    #[cold]
    fn lied(&mut self, text: impl std::fmt::Display) -> Box<Refusal> {
        let errno = self.outcome.filter(|_| self.plan().failure.errno).map_or(0, |outcome| outcome.errno);
        let value = if self.plan().value.is_some() { self.number_word() } else { 0 };
        Refusal::native(value, errno, text)
    }
}
