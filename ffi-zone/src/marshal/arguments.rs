//! The first part of a call: the request's words become C arguments, each after its checks.

use crate::callback::callables::Unbound;
use crate::marshal::call::{Call, Held, Step};
use crate::marshal::incoming::Incoming;
use crate::marshal::number::{Misfit, bits_of_word};
use crate::marshal::plan::{Range, Take};
use crate::marshal::refusal::Refusal;
use crate::native::arena;
use crate::native::block::Block;
use crate::native::scratch::Piece;
use crate::objects::retained::{Retained, Setter};
use cloison_contract::call::{NULL, Request, Status};
use cloison_contract::expression::Expression;
use cloison_contract::shape::{Element, Lifetime, Shape};
use cloison_contract::types::{Scalar, TypeId};
use std::sync::Arc;

/// See `clients::Asking::bind` for how many that are.
const TOO_MANY_CALLABLES: &str = "C has as many callables already as it may have at once; a handle that is closed gives back those that are kept for it";

/// All parameters are set that the request says something about.
pub(crate) struct Filled(());

impl Call<'_, '_> {
    /// The request's words, then what follows from them.
    #[inline]
    pub(crate) fn take(&mut self, request: &Request) -> Step<Filled> {
        let plan = self.plan();
        let words = request.words.get(..request.count as usize).unwrap_or(&[]);
        if words.len() != plan.words || self.used > self.arena.len() {
            return Err(self.malformed());
        }
        let mut words = words.iter().copied();
        let mut next = || words.next().unwrap_or(0);
        for (index, take) in &plan.takes {
            let index = *index;
            match *take {
                Take::Number { scalar, range } => self.number(index, next(), scalar, range)?,
                Take::Cell { scalar, range, null } => {
                    let present = if null { next() } else { 1 };
                    self.cell_argument(index, present, next(), scalar, range)?;
                }
                Take::Buffer { element, written, max_bytes, null, kept } => {
                    let (offset, bytes) = (next(), next());
                    self.incoming(index).span(offset, bytes, max_bytes, null)?;
                    self.buffer(index, offset, bytes, element, written, kept)?;
                }
                Take::Text { max_bytes, null, kept } => {
                    let (offset, bytes) = (next(), next());
                    self.incoming(index).span(offset, bytes, max_bytes, null)?;
                    self.text(index, offset, bytes, kept)?;
                }
                Take::Callback { null } => self.callback(index, next(), null)?,
                Take::Elements { element, written, max_bytes, null } => {
                    let (offset, bytes) = (next(), next());
                    self.incoming(index).span(offset, bytes, max_bytes, null)?;
                    self.elements(index, offset, bytes, element, written)?;
                }
                Take::Handle { id, null, consumed } => self.handle(index, next(), id, null, consumed)?,
                Take::Promoted { range } => {
                    self.number(index, next(), Scalar::F32, range)?;
                    let value = f32::from_bits(self.desk.frame.value(index) as u32);
                    self.desk.frame.set(index, f64::from(value).to_bits());
                }
                Take::Record { id, written, null } => {
                    let (offset, bytes) = (next(), next());
                    self.record(index, (offset, bytes), id, written, null)?;
                }
                Take::Wide(wide) => {
                    let (offset, bytes) = (next(), next());
                    let mut incoming = self.incoming(index);
                    incoming.span(offset, bytes, u64::MAX, false)?;
                    let piece = incoming.wide(offset, bytes, wide)?;
                    self.hold_at(index, Held::Scratch(piece))?;
                }
            }
        }
        self.fill_in()?;
        Ok(Filled(()))
    }

    /// What follows from the words, and what is always the same.
    #[inline]
    fn fill_in(&mut self) -> Step {
        let plan = self.plan();
        for index in &plan.blank_cells {
            self.set_cell(*index, 0);
            self.desk.words[*index] = 0;
        }
        for (index, bits) in &plan.constants {
            self.desk.frame.set(*index, *bits);
        }
        for (index, text) in &plan.texts {
            self.desk.frame.set_pointer(*index, text.as_ptr().cast_mut().cast());
        }
        for (index, lifetime) in &plan.lifetimes {
            self.check_lifetime(*index, *lifetime)?;
        }
        for fill in &plan.lengths {
            self.fill(fill)?;
        }
        for (index, element, length) in &plan.exact {
            self.check_length(*index, *element, length)?;
        }
        Ok(())
    }

    /// What the library keeps must go with an object, unless there is nothing to keep.
    fn check_lifetime(&self, index: usize, lifetime: Lifetime) -> Step {
        let Lifetime::Parameter(object) = lifetime else { return Ok(()) };
        let is_argument = matches!(self.function.parameters[object].shape, Shape::Handle(_));
        let kept = self.desk.kept.iter().any(|(parameter, _)| *parameter == index);
        if kept && is_argument && self.desk.words[object] == 0 {
            return Err(self.argument(object, format_args!("must not be None, as it keeps `{}`", self.name(index))));
        }
        Ok(())
    }

    #[inline]
    fn number(&mut self, index: usize, word: u64, scalar: Scalar, range: Range) -> Step {
        match bits_of_word(word, scalar, range) {
            Ok(bits) => {
                self.desk.frame.set(index, bits);
                self.numbers |= 1 << index;
                Ok(())
            }
            Err(misfit) => Err(self.misfit(index, misfit, scalar, range)),
        }
    }

    fn cell_argument(&mut self, index: usize, present: u64, word: u64, scalar: Scalar, range: Range) -> Step {
        match present {
            0 => {
                self.desk.frame.set_pointer(index, std::ptr::null_mut());
                Ok(())
            }
            1 => match bits_of_word(word, scalar, range) {
                Ok(bits) => {
                    self.set_cell(index, bits);
                    Ok(())
                }
                Err(misfit) => Err(self.misfit(index, misfit, scalar, range)),
            },
            _ => Err(self.malformed()),
        }
    }

    #[inline]
    fn buffer(&mut self, index: usize, offset: u64, bytes: u64, element: usize, written: bool, kept: bool) -> Step {
        if kept && offset != NULL {
            return self.keep(index, offset, bytes, 0);
        }
        if element > 1 && !bytes.is_multiple_of(element as u64) {
            return Err(self.argument(index, format_args!("has {bytes} bytes, not a multiple of {element}")));
        }
        let held = match (offset, self.direct, written) {
            (NULL, ..) => Held::Null,
            (_, true, false) => Held::Arena { offset, bytes },
            (_, true, true) => {
                // The library will write here: the client's own copy stays as it is.
                let held = self.fenced_in_arena(bytes)?;
                let Held::Arena { offset: target, .. } = held else { return Err(self.malformed()) };
                if !arena::copy_within(self.arena, offset, target, bytes) {
                    return Err(self.malformed());
                }
                held
            }
            (_, false, _) => {
                if written {
                    self.reserve(bytes)?;
                }
                let piece = match written {
                    true => self.scratch.fenced(bytes as usize, index, true),
                    false => self.scratch.piece(bytes as usize),
                };
                let piece = piece.ok_or_else(|| self.too_large(bytes))?;
                self.copy_in(offset, piece, bytes as usize)?;
                Held::Scratch(piece)
            }
        };
        self.hold_at(index, held)
    }

    fn text(&mut self, index: usize, offset: u64, bytes: u64, kept: bool) -> Step {
        match (offset, kept) {
            (NULL, _) => self.hold_at(index, Held::Null),
            (_, true) => self.keep(index, offset, bytes, 1),
            (_, false) => {
                let piece = self.incoming(index).text(offset, bytes)?;
                self.hold_at(index, Held::Scratch(piece))
            }
        }
    }

    /// Copies to memory that stays; a string has a NUL behind it.
    fn keep(&mut self, index: usize, offset: u64, bytes: u64, nul: usize) -> Step {
        let length = bytes as usize;
        let mut block = self.block(length + nul)?;
        let copy = &mut block.bytes_mut()[..length];
        self.arena.read_into(offset, copy).map_err(|_| self.malformed())?;
        if nul > 0 && copy.contains(&0) {
            return Err(self.argument(index, "contains a NUL"));
        }
        let address = block.pointer().expose_provenance() as u64;
        self.desk.kept.push((index, Retained::Block(Arc::new(block))));
        self.hold_at(index, Held::Kept { address, bytes })
    }

    /// Memory that stays, if the client may have that much more.
    pub(crate) fn block(&self, bytes: usize) -> Step<Block> {
        let kept: u64 = self.desk.kept.iter().map(|(_, retained)| retained.bytes()).sum();
        if !self.handles.may_retain(self.origin.client, kept.saturating_add(bytes as u64)) {
            return Err(Refusal::new(Status::TooMany, "the library keeps as much for the client as it may"));
        }
        Block::new(bytes).ok_or_else(|| self.too_large(bytes as u64))
    }

    fn elements(&mut self, index: usize, offset: u64, bytes: u64, element: Element, written: bool) -> Step {
        if offset == NULL {
            return self.hold_at(index, Held::Null);
        }
        let size = element.size() as u64;
        if !bytes.is_multiple_of(size) {
            return Err(self.argument(index, format_args!("has {bytes} bytes, not a multiple of {size}")));
        }
        let mut incoming = Incoming { written, ..self.incoming(index) };
        let piece = incoming.elements(offset, bytes, element)?;
        self.hold_at(index, Held::Scratch(piece))
    }

    fn record(&mut self, index: usize, (offset, bytes): (u64, u64), id: TypeId, written: bool, null: bool) -> Step {
        let mut incoming = Incoming { written, ..self.incoming(index) };
        incoming.span(offset, bytes, u64::MAX, null)?;
        if offset == NULL {
            return self.hold_at(index, Held::Null);
        }
        let piece = incoming.record(offset, bytes, id)?;
        self.hold_at(index, Held::Scratch(piece))
    }

    fn handle(&mut self, index: usize, word: u64, id: TypeId, null: bool, consumed: bool) -> Step {
        let address = if consumed && word != 0 {
            let address = self.handles.consume(self.origin.client, word, id);
            let address = address.map_err(|error| Refusal::handle(index, error))?;
            self.desk.consumed.push(word);
            address
        } else {
            self.incoming(index).handle(word, id, null)?
        };
        self.desk.words[index] = word;
        self.desk.frame.set(index, address);
        self.numbers |= 1 << index;
        Ok(())
    }

    fn callback(&mut self, index: usize, word: u64, null: bool) -> Step {
        if word == 0 {
            self.desk.frame.set(index, 0);
            return if null { Ok(()) } else { Err(self.argument(index, "must not be None")) };
        }
        let bound = self.origin.callables.bind(self.id, index, word).map_err(|unbound| match unbound {
            Unbound::Malformed => self.malformed(),
            Unbound::TooMany => Refusal::new(Status::TooMany, TOO_MANY_CALLABLES),
        })?;
        self.desk.frame.set(index, bound.address);
        if self.plan().lifetimes.iter().any(|(parameter, _)| *parameter == index) {
            let setter = Setter { function: self.id, parameter: index };
            let retained = match self.plan().replaces.iter().any(|(parameter, _)| *parameter == index) {
                true => Retained::Replaceable(bound.closure, setter),
                false => Retained::Closure(bound.closure),
            };
            self.desk.kept.push((index, retained));
        } else {
            self.desk.closures.push(bound.closure);
        }
        Ok(())
    }

    #[inline]
    fn copy_in(&mut self, offset: u64, piece: Piece, bytes: usize) -> Step {
        let target = &mut self.scratch.bytes_mut(piece)[..bytes];
        self.arena.read_into(offset, target).map_err(|_| self.malformed())
    }

    fn check_length(&mut self, index: usize, element: usize, length: &Expression) -> Step {
        if matches!(self.desk.held[index], Held::Null) {
            return Ok(());
        }
        let own = i128::from(self.desk.held[index].bytes() / element as u64);
        match length.evaluate(self) {
            Ok(wanted) if wanted == own => Ok(()),
            Ok(wanted) => Err(self.argument(index, format_args!("has {own} elements, and must have {wanted}"))),
            Err(error) => Err(self.argument(index, format_args!("has a length that cannot be checked: {error}"))),
        }
    }

    #[cold]
    fn misfit(&self, index: usize, misfit: Misfit, scalar: Scalar, range: Range) -> Box<Refusal> {
        match (misfit, range) {
            (Misfit::Range, Range::Integer(low, high)) => {
                self.argument(index, format_args!("must be from {low} to {high}"))
            }
            (Misfit::Range, Range::Float(low, high)) => {
                self.argument(index, format_args!("must be from {low} to {high}"))
            }
            _ => match scalar.bounds() {
                Some((low, high)) => self.argument(index, format_args!("must be from {low} to {high}")),
                None => self.argument(index, "does not fit into its type"),
            },
        }
    }
}
