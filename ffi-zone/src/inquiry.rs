//! One call of C's to a client's callable: its arguments into words, the answer's words into what C wants.
//!
//! Objects that C shows to a callable, and that the client did not hold before, are the client's for as long as the question
//! lasts: C does not say for how long they live.
//!
//! One of the modules of this crate that contain `unsafe`: C's arguments are where C says that they are.

use crate::call::Step;
use crate::clients::Client;
use crate::conversation::Turn;
use crate::ffi::{Frame, read};
use crate::functions::Functions;
use crate::incoming::Incoming;
use crate::number::{bits_of_value, bits_of_word, value_of_bits, word_of_bits};
use crate::outgoing::Outgoing;
use crate::plan::Range;
use crate::questions::Kind;
use crate::refusal::Refusal;
use crate::serve::Service;
use crate::workers::Station;
use cloison_capabilities::FunctionId;
use cloison_capabilities::call::{NULL, Reply, Request, Status};
use cloison_capabilities::expression::{Environment, EvaluationError, Expression};
use cloison_capabilities::interface::{Buffer, Cell, CellFill, Number, Parameter, Role};
use cloison_capabilities::types::{CType, Scalar};
use std::ffi::c_void;
use std::fmt::Display;

/// One call.
pub(crate) struct Inquiry<'a> {
    kind: &'a Kind,
    value: *mut c_void,
    arguments: *mut *mut c_void,
    /// Handles that are the client's during the question.
    shown: Vec<u64>,
}

impl<'a> Inquiry<'a> {
    /// # Safety
    ///
    /// `value` and `arguments` are what the kind's call interface says, for as long as this value lives.
    pub(crate) unsafe fn new(kind: &'a Kind, value: *mut c_void, arguments: *mut *mut c_void) -> Self {
        Self { kind, value, arguments, shown: Vec::new() }
    }

    fn parameters(&self) -> &'a [Parameter] {
        &self.kind.callback.parameters
    }

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
                self.tell(functions, &mut outgoing, &mut words, index, &parameter.role)?;
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

    /// The question is over.
    pub(crate) fn end(&mut self, service: &Service, client: &Client) {
        for word in self.shown.drain(..) {
            // What is borrowed leaves nothing to be done, and one may have gone with another.
            let _ = service.marshal().handles().close(client.line.id(), word);
        }
    }

    /// One argument.
    fn tell(
        &self,
        functions: &Functions,
        outgoing: &mut Outgoing<'_, '_>,
        words: &mut Words<'_>,
        index: usize,
        role: &Role,
    ) -> Step {
        if !role.is_argument() {
            return Ok(());
        }
        match role {
            Role::Number { scalar, .. } => words.push(word_of_bits(self.bits(index, *scalar), *scalar)),
            Role::Cell(cell) => {
                let address = self.address(index);
                if cell.null {
                    words.push(u64::from(address != 0));
                }
                // SAFETY: C has passed this as the address of such a number.
                words.push(if address == 0 { 0 } else { unsafe { outgoing.number(address, cell.scalar) } });
            }
            // SAFETY: C has passed this as a string, and waits.
            Role::Text(_) => words.pair(unsafe { outgoing.string(self.address(index)) }?),
            Role::Buffer(buffer) => words.pair(self.tell_buffer(functions, outgoing, index, buffer)?),
            Role::Record(record) => {
                let address = if record.by_value { self.place(index) } else { self.address(index) };
                if address == 0 {
                    words.pair((NULL, 0));
                } else {
                    // SAFETY: C has passed this as such a record, and waits.
                    words.pair(unsafe { outgoing.record(address, record.id) }?);
                }
            }
            // SAFETY: C has passed such a number.
            Role::Wide { wide, .. } => words.pair(unsafe { outgoing.wide(self.place(index), *wide) }?),
            Role::Handle(handle) => words.push(outgoing.handle(self.address(index), handle.id, None, true)?),
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

    /// How many elements C has passed; `None` for a string, which ends with its NUL.
    fn length(&self, functions: &Functions, index: usize, buffer: &Buffer) -> Step<Option<u64>> {
        let named = self.filled(|role| match role {
            Role::LengthOf { of, .. } => of.contains(&index),
            Role::Cell(cell) => cell.fill == Some(CellFill::LengthOf(index)),
            _ => false,
        });
        let count = match (named, &buffer.length) {
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
        let named = self.filled(|role| match role {
            Role::CapacityOf { of, .. } => *of == index,
            Role::Cell(cell) => cell.fill == Some(CellFill::CapacityOf(index)),
            _ => false,
        });
        let count = match (named, &buffer.capacity) {
            (Some(count), _) => count,
            (None, Some(capacity)) => self.evaluate(functions, index, capacity)?,
            (None, None) if buffer.direction.is_in() => return Ok(self.length(functions, index, buffer)?.unwrap_or(0)),
            (None, None) => return Err(self.unable(index, "has no capacity")),
        };
        Ok(u64::try_from(count.max(0)).unwrap_or(u64::MAX))
    }

    /// The number in a parameter of that kind.
    fn filled(&self, is: impl Fn(&Role) -> bool) -> Option<i128> {
        let index = self.parameters().iter().position(|parameter| is(&parameter.role))?;
        match &self.parameters()[index].role {
            Role::LengthOf { scalar, .. } | Role::CapacityOf { scalar, .. } => {
                value_of_bits(self.bits(index, *scalar), *scalar)
            }
            Role::Cell(cell) => self.cell_value(index, cell),
            _ => None,
        }
    }

    fn cell_value(&self, index: usize, cell: &Cell) -> Option<i128> {
        let address = self.address(index);
        let mut bits = [0_u8; 8];
        if address == 0 {
            return None;
        }
        // SAFETY: C has passed this as the address of such a number.
        unsafe { read(address, &mut bits[..cell.scalar.size()]) };
        value_of_bits(u64::from_le_bytes(bits), cell.scalar)
    }

    fn evaluate(&self, functions: &Functions, index: usize, expression: &Expression) -> Step<i128> {
        let mut given = Given { inquiry: self, functions };
        expression.evaluate(&mut given).map_err(|error| self.unable(index, format_args!("has no length: {error}")))
    }

    /// The answer.
    pub(crate) fn answer(
        &mut self,
        service: &Service,
        client: &Client,
        turn: &Turn,
        results: &[u64],
        request: &Request,
    ) -> Step {
        if results.len() != self.kind.callback.result_words() || request.arena_used > client.line.arena().len() {
            return Err(self.malformed());
        }
        let mut pinned = Vec::new();
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
                pinned: &mut pinned,
                parameter: 0,
            };
            let mut results = results.iter().copied();
            let mut next = || results.next().unwrap_or(0);
            if self.kind.callback.kept {
                self.take_value(&mut incoming, &mut next)?;
            }
            for (index, parameter) in self.parameters().iter().enumerate() {
                incoming.parameter = index;
                self.take(functions, &mut incoming, &mut next, index, &parameter.role)?;
            }
            Ok(())
        });
        service.marshal().handles().unpin(client.line.id(), &pinned);
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
        functions: &Functions,
        incoming: &mut Incoming<'_, '_>,
        next: &mut impl FnMut() -> u64,
        index: usize,
        role: &Role,
    ) -> Step {
        if !role.is_result() {
            return Ok(());
        }
        let address = self.address(index);
        match role {
            Role::Cell(cell) => {
                let bits = bits_of_word(next(), cell.scalar, Range::Any).map_err(|_| self.malformed())?;
                self.set_cell(address, cell.scalar, bits);
            }
            Role::Buffer(buffer) => {
                let (offset, bytes) = self.span(incoming, next)?;
                self.take_buffer(functions, incoming, index, buffer, offset, bytes)?;
            }
            Role::Record(record) => {
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
        functions: &Functions,
        incoming: &mut Incoming<'_, '_>,
        index: usize,
        buffer: &Buffer,
        offset: u64,
        bytes: u64,
    ) -> Step {
        let (address, element) = (self.address(index), buffer.element.size().max(1) as u64);
        let (count, capacity) = (bytes / element, self.capacity(functions, index, buffer)?);
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
            Some(Expression::Cell(cell)) => {
                let Some(Role::Cell(Cell { scalar, .. })) = self.parameters().get(*cell).map(|one| &one.role) else {
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

    /// The callback's error value.
    pub(crate) fn give_error(&self) {
        let Some(scalar) = self.kind.callback.result.scalar() else { return };
        let bits = match self.kind.callback.error {
            None => 0,
            Some(Number::Integer(value)) if !scalar.is_float() => bits_of_value(value, scalar).unwrap_or(0),
            Some(Number::Integer(value)) => float_bits(value as f64, scalar),
            Some(Number::Float(value)) => float_bits(value, scalar),
        };
        self.give(bits, scalar);
    }

    /// Where an argument itself stands.
    fn place(&self, index: usize) -> u64 {
        debug_assert!(index < self.parameters().len());
        // SAFETY: the call interface has an argument there.
        unsafe { (*self.arguments.add(index)).expose_provenance() as u64 }
    }

    /// An argument that is an address.
    fn address(&self, index: usize) -> u64 {
        self.bits(index, Scalar::U64)
    }

    /// An argument's bits.
    fn bits(&self, index: usize, scalar: Scalar) -> u64 {
        let mut bits = [0_u8; 8];
        // SAFETY: the call interface has an argument of this size there.
        unsafe { read(self.place(index), &mut bits[..scalar.size()]) };
        u64::from_le_bytes(bits)
    }

    /// The value, as libffi wants it: integers as wide as a register.
    fn give(&self, bits: u64, scalar: Scalar) {
        let wide = if scalar.is_float() { bits } else { word_of_bits(bits, scalar) };
        // SAFETY: the call interface has a value that is a number or an address: libffi gives a register's room for it.
        unsafe { self.value.cast::<u64>().write_unaligned(wide) };
    }

    /// The value, if it is larger than a register.
    fn give_bytes(&self, bytes: &[u8]) {
        // SAFETY: the bytes are those of the type that the call interface has as its value.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.value.cast::<u8>(), bytes.len()) };
    }

    fn set_cell(&self, address: u64, scalar: Scalar, bits: u64) {
        // SAFETY: C has passed this as the address of such a number, or NULL.
        unsafe { write(address, &bits.to_le_bytes()[..scalar.size()]) };
    }

    #[cold]
    fn malformed(&self) -> Box<Refusal> {
        Refusal::new(Status::Malformed, format_args!("{}: the answer makes no sense", self.kind.name))
    }

    #[cold]
    fn too_long(&self, index: usize, count: u64, capacity: u64) -> Box<Refusal> {
        let name = self.parameters().get(index).map_or("?", |parameter| &parameter.name);
        let text = format_args!(
            "{}: the result for `{name}` has {count} elements, and there is room for {capacity}",
            self.kind.name
        );
        Refusal::new(Status::TooLarge, text)
    }

    #[cold]
    fn unable(&self, index: usize, text: impl Display) -> Box<Refusal> {
        let name = self.parameters().get(index).map_or("?", |parameter| &parameter.name);
        Refusal::new(Status::TooLarge, format_args!("{}: `{name}` {text}", self.kind.name))
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

/// What expressions may ask about a callback's arguments.
struct Given<'a, 'b> {
    inquiry: &'a Inquiry<'b>,
    functions: &'a Functions,
}

impl Environment for Given<'_, '_> {
    fn parameter(&mut self, index: usize) -> Result<i128, EvaluationError> {
        match &self.inquiry.parameters().get(index).ok_or(EvaluationError::Unknown)?.role {
            Role::Number { scalar, .. } | Role::LengthOf { scalar, .. } | Role::CapacityOf { scalar, .. } => {
                value_of_bits(self.inquiry.bits(index, *scalar), *scalar).ok_or(EvaluationError::Unknown)
            }
            Role::Handle(_) => Ok(self.inquiry.address(index).into()),
            _ => Err(EvaluationError::Unknown),
        }
    }

    fn cell(&mut self, index: usize) -> Result<i128, EvaluationError> {
        match &self.inquiry.parameters().get(index).ok_or(EvaluationError::Unknown)?.role {
            Role::Cell(cell) => self.inquiry.cell_value(index, cell).ok_or(EvaluationError::Unknown),
            _ => Err(EvaluationError::Unknown),
        }
    }

    fn value(&mut self) -> Result<i128, EvaluationError> {
        Err(EvaluationError::Unknown)
    }

    fn call(&mut self, function: FunctionId, arguments: &[i128]) -> Result<i128, EvaluationError> {
        self.functions.integer(&mut Frame::default(), function, arguments)
    }
}

/// Writes to memory of the library's; nothing at NULL.
///
/// # Safety
///
/// The library has room for the bytes there.
unsafe fn write(address: u64, bytes: &[u8]) {
    if address != 0 {
        let target = std::ptr::with_exposed_provenance_mut::<u8>(address as usize);
        // SAFETY: the caller's promise; the bytes are this program's own.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), target, bytes.len()) };
    }
}

fn float_bits(value: f64, scalar: Scalar) -> u64 {
    match scalar {
        Scalar::F32 => u64::from((value as f32).to_bits()),
        _ => value.to_bits(),
    }
}

#[cold]
fn no_room(error: rustix::io::Errno) -> Box<Refusal> {
    Refusal::new(Status::TooMany, format_args!("no room for a callback: {error}"))
}
