//! The last part of a call: did it fail, and what did it leave?

use crate::call::{Call, Held, Step};
use crate::ffi::c_string;
use crate::number::{value_of_bits, word_of_bits};
use crate::plan::Give;
use crate::refusal::Refusal;
use cloison_capabilities::call::{ARENA_ALIGNMENT, NULL, Reply};
use cloison_capabilities::expression::Expression;

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
            match give {
                Give::Value => put(self.value_word()),
                Give::Cell { parameter, scalar } => {
                    let bits = if self.has_cell(*parameter) { self.desk.frame.cell(*parameter) } else { 0 };
                    put(word_of_bits(bits, *scalar));
                }
                Give::Buffer { parameter, element, length, string } => {
                    let (offset, bytes) = self.give_buffer(*parameter, *element, length.as_ref(), *string)?;
                    put(offset);
                    put(bytes);
                }
                Give::String { null } => {
                    let (offset, bytes) = self.give_string(*null)?;
                    put(offset);
                    put(bytes);
                }
            }
        }
        reply.count = count as u32;
        Ok(())
    }

    /// Frees what the library returned, now that it has been copied (or cannot be).
    #[inline]
    pub(crate) fn free(&mut self) {
        let Some(free) = self.plan().free else { return };
        match self.outcome {
            Some(outcome) if outcome.value != 0 => self.functions.free(&mut self.desk.nested, free, outcome.value),
            _ => {}
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
            Held::Null => Ok((NULL, 0)),
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
        let name = self.name(index);
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
            Held::Null => 0,
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

    fn give_string(&mut self, null: bool) -> Step<(u64, u64)> {
        let address = self.outcome.map_or(0, |outcome| outcome.value);
        if address == 0 {
            return if null { Ok((NULL, 0)) } else { Err(self.lied("it returned NULL")) };
        }
        let room = self.arena.len().saturating_sub(self.cursor.next_multiple_of(ARENA_ALIGNMENT));
        // SAFETY: the manifest says that the function returns a string, which C does not touch before it is copied.
        let Some(text) = (unsafe { c_string(address, (room as usize).saturating_add(1)) }) else {
            return Err(self.too_large(room));
        };
        let bytes = text.len() as u64;
        let offset = self.reserve(bytes)?;
        self.arena.write(offset, text).map_err(|_| self.too_large(bytes))?;
        Ok((offset, bytes))
    }

    fn value_word(&self) -> u64 {
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
        let message = plan
            .failure
            .message
            .zip(told)
            .and_then(|(id, code)| self.functions.message(&mut self.desk.nested, id, code));
        // Nothing more is known than what the client can say itself: the value and what `errno` means.
        let text = message.unwrap_or_default();
        Refusal::native(value.map_or(0, |value| value as u64), errno, text)
    }

    /// What the library says about itself cannot be true.
    #[cold]
    fn lied(&mut self, text: impl std::fmt::Display) -> Box<Refusal> {
        let errno = self.outcome.filter(|_| self.plan().failure.errno).map_or(0, |outcome| outcome.errno);
        let value = if self.plan().value.is_some() { self.value_word() } else { 0 };
        Refusal::native(value, errno, text)
    }
}
