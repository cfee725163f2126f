//! The first part of a call: the request's words become C arguments, and what follows from them is filled in.

use crate::marshal::call::{Call, Held, Step};
use crate::marshal::number::{Misfit, bits_of_word};
use crate::marshal::plan::Range;
use crate::marshal::refusal::Refusal;
use crate::marshal::shape;
use crate::native::block::Block;
use crate::objects::retained::Retained;
use cloison_contract::call::{Request, Status};
use cloison_contract::expression::Expression;
use cloison_contract::shape::Lifetime;
use cloison_contract::types::Scalar;
use std::sync::Arc;

/// All parameters are set that the request says something about.
pub(crate) struct Filled(());

impl Call<'_, '_> {
    /// The request's words, then what follows from them.
    #[inline]
    pub(crate) fn decode(&mut self, request: &Request) -> Step<Filled> {
        let plan = self.plan();
        let words = request.words.get(..request.count as usize).unwrap_or(&[]);
        if words.len() != plan.request.words() || self.used > self.arena.len() {
            return Err(self.malformed());
        }
        for slot in plan.request.iter() {
            shape::decode(self, slot, words)?;
        }
        self.fill_in()?;
        Ok(Filled(()))
    }

    /// What follows from the words, and what is always the same.
    #[inline]
    fn fill_in(&mut self) -> Step {
        let plan = self.plan();
        for index in &plan.blank {
            self.set_pointed(*index, 0);
            self.state.words[*index] = 0;
        }
        for (index, bits) in &plan.constants {
            self.state.frame.set(*index, *bits);
        }
        for (index, text) in &plan.texts {
            self.state.frame.set_pointer(*index, text.as_ptr().cast_mut().cast());
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
        let is_argument = self.function.parameters[object].shape.passed_object().is_some();
        let kept = self.state.kept.iter().any(|(parameter, _)| *parameter == index);
        if kept && is_argument && self.state.words[object] == 0 {
            return Err(self.argument(object, format_args!("must not be None, as it keeps `{}`", self.name(index))));
        }
        Ok(())
    }

    /// Checks a claimed number and gives its bits for C.
    #[inline]
    pub(crate) fn bits_of_word(&self, index: usize, word: u64, scalar: Scalar, range: Range) -> Step<u64> {
        bits_of_word(word, scalar, range).map_err(|misfit| self.misfit(index, misfit, scalar, range))
    }

    /// Copies to memory that stays, with so many zero bytes behind it, if the copy passes the check.
    pub(crate) fn keep(
        &mut self,
        index: usize,
        offset: u64,
        bytes: u64,
        zeros: usize,
        check: impl FnOnce(&Self, &[u8]) -> Step,
    ) -> Step {
        let length = bytes as usize;
        let mut block = self.block(length + zeros)?;
        let copy = &mut block.bytes_mut()[..length];
        self.arena.read_into(offset, copy).map_err(|_| self.malformed())?;
        check(self, copy)?;
        let address = block.pointer().expose_provenance() as u64;
        self.state.kept.push((index, Retained::Block(Arc::new(block))));
        self.hold_at(index, Held::Kept { address, bytes })
    }

    /// Memory that stays, if the client may have that much more.
    pub(crate) fn block(&self, bytes: usize) -> Step<Block> {
        let kept: u64 = self.state.kept.iter().map(|(_, retained)| retained.bytes()).sum();
        if !self.handles.may_retain(self.origin.client, kept.saturating_add(bytes as u64)) {
            return Err(Refusal::new(Status::TooMany, "the library keeps as much for the client as it may"));
        }
        Block::new(bytes).ok_or_else(|| self.too_large(bytes as u64))
    }

    fn check_length(&mut self, index: usize, element: usize, length: &Expression) -> Step {
        if matches!(self.state.held[index], Held::Null) {
            return Ok(());
        }
        let own = i128::from(self.state.held[index].bytes() / element as u64);
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
