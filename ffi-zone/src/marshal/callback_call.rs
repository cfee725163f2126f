//! One call of C's to a client's callable: its arguments into words, the answer's words into what C wants.
//!
//! Objects that C shows to a callable, and that the client did not hold before, are the client's for as long as the question
//! lasts: C does not say for how long they live.
//!
//! What becomes of which argument, and of which word of the answer, their shapes say ([`crate::marshal::shape`]).
//!
//! One of the modules of this crate that contain `unsafe`: C's arguments are where C says that they are.
#![deny(clippy::wildcard_enum_match_arm)]

mod answer;
mod question;
mod quiet;

use crate::callback::target::CallbackKind;
use crate::marshal::call::Step;
use crate::marshal::functions::Functions;
use crate::marshal::incoming::Incoming;
use crate::marshal::number::{bits_of_value, value_of_bits, word_of_bits};
use crate::marshal::refusal::Refusal;
use crate::marshal::shape::Words;
use crate::native::closures::RawCall;
use crate::native::ffi::{Frame, read};
use cloison_contract::FunctionId;
use cloison_contract::call::{NULL, Status};
use cloison_contract::expression::{Environment, EvaluationError, Expression};
use cloison_contract::interface::Parameter;
use cloison_contract::shape::{Buffer, Literal, Position, Shape};
use cloison_contract::types::Scalar;
use std::fmt::Display;

pub(crate) use quiet::is_quiet;

/// One call.
pub(crate) struct CallbackCall<'a> {
    kind: &'a CallbackKind,
    raw: RawCall<'a>,
    /// Handles that are the client's during the question.
    shown: Vec<u64>,
    /// By parameter: how many elements C has room for.
    room: Vec<u64>,
}

impl<'a> CallbackCall<'a> {
    /// `None` if C calls something else than that kind.
    pub(crate) fn new(kind: &'a CallbackKind, raw: RawCall<'a>) -> Option<Self> {
        let same = raw.interface() == kind.signature.cif();
        same.then(|| Self { kind, raw, shown: Vec::new(), room: Vec::new() })
    }

    fn parameters(&self) -> &'a [Parameter] {
        &self.kind.callback.parameters
    }

    /// The question is over: what is to be hidden now ([`crate::objects::handles::ZoneHandles::hide`]).
    pub(crate) fn shown(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.shown)
    }

    /// Works out how much room C has, before anybody can change what says so.
    pub(crate) fn measure(&mut self, functions: &Functions) -> Step {
        self.room = vec![0; self.parameters().len()];
        for (index, parameter) in self.parameters().iter().enumerate() {
            if let Some(buffer) = parameter.shape.buffer()
                && parameter.shape.is_result()
            {
                self.room[index] = self.capacity(functions, index, buffer)?;
            }
        }
        Ok(())
    }

    /// How many elements C has passed; `None` for a string, which ends with its NUL.
    pub(crate) fn length(&self, functions: &Functions, index: usize, buffer: &Buffer) -> Step<Option<u64>> {
        let count = match (self.filled(|shape| shape.is_length_of(index)), &buffer.length) {
            (Some(count), _) => count,
            (None, Some(length)) if !matches!(length, Expression::Return) => self.evaluate(functions, index, length)?,
            (None, _) if buffer.element.size() == 1 => return Ok(None),
            (None, _) => return Err(self.unable(index, "has no length")),
        };
        // A negative count is none at all.
        Ok(Some(u64::try_from(count.max(0)).unwrap_or(u64::MAX)))
    }

    /// How many elements C has room for.
    fn capacity(&self, functions: &Functions, index: usize, buffer: &Buffer) -> Step<u64> {
        let count = match (self.filled(|shape| shape.is_capacity_of(index)), &buffer.capacity) {
            (Some(count), _) => count,
            (None, Some(capacity)) => self.evaluate(functions, index, capacity)?,
            (None, None) if buffer.direction.is_in() => return Ok(self.length(functions, index, buffer)?.unwrap_or(0)),
            (None, None) => return Err(self.unable(index, "has no capacity")),
        };
        Ok(u64::try_from(count.max(0)).unwrap_or(u64::MAX))
    }

    /// As it was when C asked: by now results may stand where it was read.
    pub(crate) fn room(&self, index: usize) -> u64 {
        self.room.get(index).copied().unwrap_or(0)
    }

    /// The number in the first parameter of which that holds.
    fn filled(&self, is: impl Fn(&Shape) -> bool) -> Option<i128> {
        let index = self.parameters().iter().position(|parameter| is(&parameter.shape))?;
        self.number(index)
    }

    /// The number that an argument is, or that it points to.
    fn number(&self, index: usize) -> Option<i128> {
        let shape = &self.parameters().get(index)?.shape;
        if let Some(scalar) = shape.pointed_scalar() {
            return self.pointed_number(index, scalar);
        }
        let scalar = shape.scalar()?;
        value_of_bits(self.bits(index, scalar), scalar)
    }

    fn pointed_number(&self, index: usize, scalar: Scalar) -> Option<i128> {
        let address = self.address(index);
        let mut bits = [0_u8; 8];
        if address == 0 {
            return None;
        }
        // SAFETY: C has passed this as the address of such a number.
        unsafe { read(address, &mut bits[..scalar.size()]) };
        value_of_bits(u64::from_le_bytes(bits), scalar)
    }

    fn evaluate(&self, functions: &Functions, index: usize, expression: &Expression) -> Step<i128> {
        let mut given = Given { call: self, functions };
        expression.evaluate(&mut given).map_err(|error| self.unable(index, format_args!("has no length: {error}")))
    }

    /// The callback's error value.
    pub(crate) fn give_error(&self) {
        let Some(scalar) = self.kind.callback.result.scalar() else { return };
        let bits = match self.kind.callback.error {
            None => 0,
            Some(Literal::Integer(value)) if !scalar.is_float() => bits_of_value(value, scalar).unwrap_or(0),
            Some(Literal::Integer(value)) => float_bits(value as f64, scalar),
            Some(Literal::Float(value)) => float_bits(value, scalar),
        };
        self.give(bits, scalar);
    }

    /// Where an argument itself stands.
    pub(crate) fn place(&self, index: usize) -> u64 {
        assert!(index < self.parameters().len(), "the call interface has an argument for each parameter");
        // SAFETY: there is an argument.
        unsafe { (*self.raw.arguments().add(index)).expose_provenance() as u64 }
    }

    /// An argument that is an address.
    pub(crate) fn address(&self, index: usize) -> u64 {
        self.bits(index, Scalar::U64)
    }

    /// An argument's bits.
    pub(crate) fn bits(&self, index: usize, scalar: Scalar) -> u64 {
        let mut bits = [0_u8; 8];
        // SAFETY: the call interface has an argument of this size there.
        unsafe { read(self.place(index), &mut bits[..scalar.size()]) };
        u64::from_le_bytes(bits)
    }

    /// Whether what the callable returns is C's value.
    pub(crate) fn keeps_value(&self) -> bool {
        self.kind.callback.kept
    }

    /// The type of C's value, if it is a number.
    pub(crate) fn value_scalar(&self) -> Option<Scalar> {
        self.kind.callback.result.scalar()
    }

    /// The type of the number that the parameter there points to, if it does.
    pub(crate) fn pointed_scalar(&self, index: usize) -> Option<Scalar> {
        self.parameters().get(index)?.shape.pointed_scalar()
    }

    /// The value, as libffi wants it: integers as wide as a register.
    pub(crate) fn give(&self, bits: u64, scalar: Scalar) {
        let wide = if scalar.is_float() { bits } else { word_of_bits(bits, scalar) };
        // SAFETY: the call interface has a value that is a number or an address: libffi gives a register's room for it.
        unsafe { self.raw.value().cast::<u64>().write_unaligned(wide) };
    }

    /// The value, if it is larger than a register.
    ///
    /// # Safety
    ///
    /// The bytes are those of the type that the call interface has as its value.
    pub(crate) unsafe fn give_bytes(&self, bytes: &[u8]) {
        // SAFETY: the caller's promise.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.raw.value().cast::<u8>(), bytes.len()) };
    }

    /// Sets the number that a [`Shape::ScalarPointer`] points to.
    pub(crate) fn set_pointed(&self, index: usize, scalar: Scalar, bits: u64) {
        // SAFETY: C has passed this as the address of such a number, or NULL.
        unsafe { self.write(index, &bits.to_le_bytes()[..scalar.size()]) };
    }

    /// Writes where an argument points to; nothing at NULL.
    ///
    /// # Safety
    ///
    /// C has room for the bytes there.
    pub(crate) unsafe fn write(&self, index: usize, bytes: &[u8]) {
        // SAFETY: the caller's promise.
        unsafe { self.write_at(index, 0, bytes) };
    }

    /// The same, so many bytes behind that.
    ///
    /// # Safety
    ///
    /// C has room for the bytes there.
    pub(crate) unsafe fn write_at(&self, index: usize, offset: u64, bytes: &[u8]) {
        let address = self.address(index);
        if address != 0 {
            let target = std::ptr::with_exposed_provenance_mut::<u8>((address + offset) as usize);
            // SAFETY: the caller's promise; the bytes are this program's own.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), target, bytes.len()) };
        }
    }

    /// Offset and length of something in the client's part of the arena.
    pub(crate) fn span(&self, incoming: &Incoming<'_, '_>, [offset, bytes]: Words) -> Step<(u64, u64)> {
        if offset == NULL {
            return Err(self.malformed());
        }
        incoming.span(offset, bytes, u64::MAX, false)?;
        Ok((offset, bytes))
    }

    #[cold]
    pub(crate) fn cannot_show(&self, index: usize) -> Box<Refusal> {
        self.unable(index, "cannot be shown to a callable")
    }

    #[cold]
    pub(crate) fn cannot_write(&self, position: Position) -> Box<Refusal> {
        match position {
            Position::Parameter(index) => self.unable(index, "cannot be written by a callable"),
            Position::Value => self.malformed(),
        }
    }

    #[cold]
    pub(crate) fn malformed(&self) -> Box<Refusal> {
        Refusal::new(Status::Malformed, format_args!("{}: the answer makes no sense", self.kind.name))
    }

    #[cold]
    pub(crate) fn too_long(&self, index: usize, count: u64, capacity: u64) -> Box<Refusal> {
        let name = self.parameters().get(index).map_or("?", |parameter| &parameter.name);
        let text = format_args!(
            "{}: the result for `{name}` has {count} elements, and there is room for {capacity}",
            self.kind.name
        );
        Refusal::new(Status::Misfit, text)
    }

    #[cold]
    pub(crate) fn unable(&self, index: usize, text: impl Display) -> Box<Refusal> {
        let name = self.parameters().get(index).map_or("?", |parameter| &parameter.name);
        Refusal::new(Status::Misfit, format_args!("{}: `{name}` {text}", self.kind.name))
    }
}

/// What expressions may ask about a callback's arguments.
struct Given<'a, 'b> {
    call: &'a CallbackCall<'b>,
    functions: &'a Functions,
}

impl Environment for Given<'_, '_> {
    fn parameter(&mut self, index: usize) -> Result<i128, EvaluationError> {
        let shape = &self.call.parameters().get(index).ok_or(EvaluationError::Unknown)?.shape;
        match shape {
            Shape::Handle(_) => Ok(self.call.address(index).into()),
            Shape::CapacityOf(_) | Shape::LengthOf(_) | Shape::Number(_) => {
                self.call.number(index).ok_or(EvaluationError::Unknown)
            }
            Shape::Buffer(_)
            | Shape::Callback(_)
            | Shape::Constant(_)
            | Shape::OutPointer(_)
            | Shape::Record(_)
            | Shape::ScalarPointer(_)
            | Shape::Text(_)
            | Shape::Wide(_) => Err(EvaluationError::Unknown),
        }
    }

    fn pointed(&mut self, index: usize) -> Result<i128, EvaluationError> {
        let scalar = self.call.pointed_scalar(index);
        scalar.and_then(|scalar| self.call.pointed_number(index, scalar)).ok_or(EvaluationError::Unknown)
    }

    fn errno(&mut self) -> Result<i128, EvaluationError> {
        Err(EvaluationError::Unknown)
    }

    fn value(&mut self) -> Result<i128, EvaluationError> {
        Err(EvaluationError::Unknown)
    }

    fn call(&mut self, function: FunctionId, arguments: &[i128]) -> Result<i128, EvaluationError> {
        // SAFETY: what an expression passes as an object is an argument of C's, which C says is one.
        let call = || unsafe { self.functions.integer(&mut Frame::default(), function, arguments) };
        quiet::without_questions(call).unwrap_or(Err(EvaluationError::Asks))
    }
}

fn float_bits(value: f64, scalar: Scalar) -> u64 {
    if scalar == Scalar::F32 { u64::from((value as f32).to_bits()) } else { value.to_bits() }
}

#[cold]
fn no_room(error: rustix::io::Errno) -> Box<Refusal> {
    Refusal::new(Status::TooMany, format_args!("no room for a callback: {error}"))
}
