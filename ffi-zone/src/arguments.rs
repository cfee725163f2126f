//! The first part of a call: the request's words become C arguments, each after its checks.

use crate::call::{Call, Held, Step};
use crate::number::{Misfit, bits_of_word};
use crate::plan::{Range, Take};
use crate::refusal::Refusal;
use crate::scratch::Piece;
use cloison_capabilities::call::{ARENA_ALIGNMENT, NULL, Request};
use cloison_capabilities::expression::Expression;
use cloison_capabilities::types::Scalar;

impl Call<'_, '_> {
    /// The request's words, then what follows from them.
    #[inline]
    pub(crate) fn take(&mut self, request: &Request) -> Step {
        let plan = self.plan();
        let words = request.words.get(..request.count as usize).unwrap_or(&[]);
        if words.len() != plan.words || self.used > self.arena.len() {
            return Err(self.malformed());
        }
        let mut words = words.iter().copied();
        let mut next = || words.next().unwrap_or(0);
        for (index, take) in &plan.takes {
            match *take {
                Take::Number { scalar, range } => self.number(*index, next(), scalar, range)?,
                Take::Cell { scalar, range, null } => {
                    let present = if null { next() } else { 1 };
                    self.cell_argument(*index, present, next(), scalar, range)?;
                }
                Take::Buffer { element, written, max_bytes, null } => {
                    let (offset, bytes) = (next(), next());
                    self.span(*index, offset, bytes, max_bytes, null)?;
                    self.buffer(*index, offset, bytes, element, written)?;
                }
                Take::Text { max_bytes, null } => {
                    let (offset, bytes) = (next(), next());
                    self.span(*index, offset, bytes, max_bytes, null)?;
                    self.text(*index, offset, bytes)?;
                }
            }
        }
        for index in &plan.blank_cells {
            self.set_cell(*index, 0);
        }
        for fill in &plan.lengths {
            self.fill(fill)?;
        }
        for (index, element, length) in &plan.exact {
            self.check_length(*index, *element, length)?;
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

    /// Whether offset and length lie in the client's part of the arena and are no more than the manifest allows.
    #[inline]
    fn span(&self, index: usize, offset: u64, bytes: u64, max_bytes: u64, null: bool) -> Step {
        if offset == NULL {
            return match (null, bytes) {
                (true, 0) => Ok(()),
                (false, 0) => Err(self.argument(index, "must not be None")),
                _ => Err(self.malformed()),
            };
        }
        if !offset.is_multiple_of(ARENA_ALIGNMENT) || offset.checked_add(bytes).is_none_or(|end| end > self.used) {
            return Err(self.malformed());
        }
        if bytes > max_bytes {
            return Err(self.argument(index, format_args!("has {bytes} bytes, and at most {max_bytes} are allowed")));
        }
        Ok(())
    }

    #[inline]
    fn buffer(&mut self, index: usize, offset: u64, bytes: u64, element: usize, written: bool) -> Step {
        if element > 1 && !bytes.is_multiple_of(element as u64) {
            return Err(self.argument(index, format_args!("has {bytes} bytes, not a multiple of {element}")));
        }
        let held = match (offset, self.direct, written) {
            (NULL, ..) => Held::Null,
            (_, true, false) => Held::Arena { offset, bytes },
            (_, true, true) => {
                // The library will write here: the client's own copy stays as it is.
                let target = self.reserve(bytes)?;
                let (source, place) = (self.pointer(offset, bytes)?, self.pointer(target, bytes)?);
                // SAFETY: both come from the arena's own bounds check, for this length.
                unsafe { crate::ffi::copy(source, place, bytes as usize) };
                Held::Arena { offset: target, bytes }
            }
            (_, false, _) => {
                if written {
                    self.reserve(bytes)?;
                }
                let piece = self.scratch.piece(bytes as usize).ok_or_else(|| self.too_large(bytes))?;
                self.copy_in(offset, piece, bytes as usize)?;
                Held::Scratch(piece)
            }
        };
        self.hold_at(index, held)
    }

    fn text(&mut self, index: usize, offset: u64, bytes: u64) -> Step {
        if offset == NULL {
            return self.hold_at(index, Held::Null);
        }
        let length = bytes as usize;
        // A byte more than was asked for is a NUL only if we write it.
        let piece = self.scratch.piece(length + 1).ok_or_else(|| self.too_large(bytes))?;
        self.copy_in(offset, piece, length)?;
        let copy = self.scratch.bytes_mut(piece);
        copy[length] = 0;
        if copy[..length].contains(&0) {
            return Err(self.argument(index, "contains a NUL"));
        }
        self.hold_at(index, Held::Scratch(piece))
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
