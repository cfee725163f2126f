//! One call of C's to a client's callable: its arguments into words, the answer's words into what C wants.
//!
//! One of the modules of this crate that contain `unsafe`: C's arguments are where C says that they are.

use crate::clients::Client;
use crate::conversation::Turn;
use crate::number::{bits_of_value, bits_of_word, word_of_bits};
use crate::plan::Range;
use crate::questions::{Kind, head};
use crate::refusal::Refusal;
use crate::serve::Service;
use cloison_capabilities::call::{Reply, Request, Status};
use cloison_capabilities::interface::{Number, Role};
use cloison_capabilities::types::Scalar;
use std::ffi::c_void;

/// One call.
pub(crate) struct Inquiry<'a> {
    kind: &'a Kind,
    value: *mut c_void,
    arguments: *mut *mut c_void,
}

impl<'a> Inquiry<'a> {
    /// # Safety
    ///
    /// `value` and `arguments` are what the kind's call interface says, for as long as this value lives.
    pub(crate) unsafe fn new(kind: &'a Kind, value: *mut c_void, arguments: *mut *mut c_void) -> Self {
        Self { kind, value, arguments }
    }

    /// The question.
    pub(crate) fn question(
        &mut self,
        _service: &Service,
        _client: &Client,
        number: u64,
        turn: &Turn,
        reply: &mut Reply,
    ) -> Result<(), Box<Refusal>> {
        head(reply, number, turn);
        for (index, parameter) in self.kind.callback.parameters.iter().enumerate() {
            if let Role::Number { scalar, .. } = parameter.role {
                reply.words[reply.count as usize] = word_of_bits(self.bits(index, scalar), scalar);
                reply.count += 1;
            }
        }
        Ok(())
    }

    /// The answer.
    pub(crate) fn answer(
        &mut self,
        _service: &Service,
        _client: &Client,
        results: &[u64],
        _request: &Request,
    ) -> Result<(), Box<Refusal>> {
        let callback = &self.kind.callback;
        if results.len() != callback.result_words() {
            return Err(self.malformed());
        }
        if let Some(scalar) = callback.result.scalar().filter(|_| callback.kept) {
            let bits = bits_of_word(results[0], scalar, Range::Any).map_err(|_| self.malformed())?;
            self.give(bits, scalar);
        }
        Ok(())
    }

    /// The callback's error value.
    pub(crate) fn give_error(&mut self) {
        let Some(scalar) = self.kind.callback.result.scalar() else { return };
        let bits = match self.kind.callback.error {
            None => 0,
            Some(Number::Integer(value)) if !scalar.is_float() => bits_of_value(value, scalar).unwrap_or(0),
            Some(Number::Integer(value)) => float_bits(value as f64, scalar),
            Some(Number::Float(value)) => float_bits(value, scalar),
        };
        self.give(bits, scalar);
    }

    /// An argument's bits.
    fn bits(&self, index: usize, scalar: Scalar) -> u64 {
        let mut bits = [0_u8; 8];
        // SAFETY: the call interface has an argument of this type there.
        unsafe {
            let source = *self.arguments.add(index);
            std::ptr::copy_nonoverlapping(source.cast::<u8>(), bits.as_mut_ptr(), scalar.size());
        }
        u64::from_le_bytes(bits)
    }

    /// The value, as libffi wants it: integers as wide as a register.
    fn give(&mut self, bits: u64, scalar: Scalar) {
        let wide = if scalar.is_float() { bits } else { word_of_bits(bits, scalar) };
        // SAFETY: the call interface has a value that is a number, and libffi gives a register's room for it.
        unsafe { self.value.cast::<u64>().write_unaligned(wide) };
    }

    #[cold]
    fn malformed(&self) -> Box<Refusal> {
        Refusal::new(Status::Malformed, format_args!("{}: the answer makes no sense", self.kind.name))
    }
}

fn float_bits(value: f64, scalar: Scalar) -> u64 {
    match scalar {
        Scalar::F32 => u64::from((value as f32).to_bits()),
        _ => value.to_bits(),
    }
}
