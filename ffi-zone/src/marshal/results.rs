//! The last part of a call: did it fail, and what did it leave?

use crate::marshal::call::{Call, Step};
use crate::marshal::number::{value_of_bits, word_of_bits};
use crate::marshal::refusal::Refusal;
use crate::marshal::shape;
use cloison_contract::call::Reply;
use cloison_contract::expression::Expression;
use cloison_contract::interface::Message;
use cloison_contract::shape::Position;

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
                Err(error) => {
                    return Err(self.protocol_violation(format_args!("whether it failed cannot be judged: {error}")));
                }
            }
        }
        Ok(())
    }

    /// The reply's words.
    #[inline]
    pub(crate) fn encode(&mut self, reply: &mut Reply) -> Step {
        if !self.direct {
            // Room was only set aside until now; results are packed, as most are shorter than their room.
            self.cursor = self.used;
        }
        let slots = &self.plan().reply;
        for slot in slots.iter() {
            shape::encode(self, slot, &mut reply.words)?;
        }
        reply.count = slots.words() as u32;
        Ok(())
    }

    /// The number of a block that the library writes.
    pub(crate) fn block_number(&self, parameter: usize) -> u64 {
        let kept = self.state.kept.iter().filter(|(index, _)| *index == parameter);
        kept.filter_map(|(_, retained)| retained.number()).next().unwrap_or(0)
    }

    /// The address that the library has given there: as its value, or in a pointer that it has filled in.
    pub(crate) fn address_at(&mut self, position: Position) -> u64 {
        match position {
            Position::Parameter(index) => self.state.frame.pointed(index),
            Position::Value => self.outcome.map_or(0, |outcome| outcome.value),
        }
    }

    /// Frees what the library has given, now that it has been copied, or cannot be, or is not wanted.
    #[inline]
    pub(crate) fn release(&mut self, ending: Ending) {
        for release in &self.plan().releases {
            let wanted = match ending {
                Ending::Failed => release.on_error,
                Ending::Given => release.object.is_none(),
                Ending::NotGiven => true,
            };
            let address = self.address_at(release.position);
            if !wanted || address == 0 {
                continue;
            }
            let client = self.origin.client;
            let word = match release.position {
                Position::Parameter(index) => self.state.words[index],
                Position::Value => self.value_word,
            };
            let has_handle = |id| match self.handles.is_refcounted(id) {
                // Another reference of the client's is not this one.
                true => word != 0,
                false => self.handles.held(client, id, address).is_some(),
            };
            if release.object.is_some_and(has_handle) {
                continue;
            }
            self.lend_arena();
            // SAFETY: the manifest says that this is given to be freed so; no client holds it, and it has been copied.
            unsafe { self.functions.free(&mut self.state.nested, release.free, address) };
        }
    }

    /// How many bytes the library says that it wrote: no more than there was room for.
    pub(crate) fn written(&mut self, position: Position, element: usize, length: &Expression, room: u64) -> Step<u64> {
        let name = match position {
            Position::Parameter(index) => self.name(index),
            Position::Value => "return",
        };
        match length.evaluate(self) {
            Ok(elements) => {
                let bytes = elements.checked_mul(element as i128).and_then(|bytes| u64::try_from(bytes).ok());
                bytes.filter(|bytes| *bytes <= room).ok_or_else(|| {
                    let capacity = room / element as u64;
                    self.protocol_violation(format_args!(
                        "it says that it wrote {elements} elements to `{name}`, which had room for {capacity}"
                    ))
                })
            }
            Err(error) => {
                Err(self.protocol_violation(format_args!("how much it wrote to `{name}` is unknown: {error}")))
            }
        }
    }

    /// Nothing ends what the library has given, as far as may be looked.
    #[cold]
    pub(crate) fn endless(&mut self, position: Position, most: u64) -> Box<Refusal> {
        match position {
            Position::Parameter(index) => self.protocol_violation(format_args!(
                "no element among the first {most} bytes of `{}` ends it",
                self.name(index)
            )),
            Position::Value => self
                .protocol_violation(format_args!("no element among the first {most} bytes that it returned ends them")),
        }
    }

    /// The function's value, if it is a number.
    pub(crate) fn number_word(&self) -> u64 {
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
                let parameters = &self.function.parameters;
                let passed = parameters[parameter].shape.handle().is_some_and(|handle| !handle.by_address);
                let address = match passed {
                    true => self.state.frame.value(parameter),
                    false => self.state.frame.pointed(parameter),
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
    pub(crate) fn protocol_violation(&mut self, text: impl std::fmt::Display) -> Box<Refusal> {
        let errno = self.outcome.filter(|_| self.plan().failure.errno).map_or(0, |outcome| outcome.errno);
        let value = if self.plan().value.is_some() { self.number_word() } else { 0 };
        Refusal::native(value, errno, text)
    }
}
