//! A pointer to one number.

use super::{Direction, Literal, Reached, Travel};
use crate::types::{Definition, Scalar, TypeId};
use serde::{Deserialize, Serialize};

/// A pointer to one number.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ScalarPointer {
    /// Who writes it.
    pub direction: Direction,
    /// The number's type.
    pub scalar: Scalar,
    /// The enumeration it is of.
    pub enumeration: Option<TypeId>,
    /// Python may pass `None` (for `in`), which C sees as NULL.
    pub null: bool,
    /// Smallest and largest value allowed, both included.
    pub range: Option<(Literal, Literal)>,
    /// What it is when Python does not pass it.
    pub default: Option<Literal>,
    /// Filled in by us before the call instead of being an argument.
    pub fill: Option<PointerFill>,
    /// Its value after the call is just a buffer's length and no result of its own.
    pub consumed: bool,
}

/// What the number is before the call when Python does not say.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum PointerFill {
    /// The capacity in elements of the output buffer at that position.
    CapacityOf(usize),
    /// The length in elements of the input buffer at that position.
    LengthOf(usize),
}

impl Travel for ScalarPointer {
    fn is_argument(&self) -> bool {
        self.direction.is_in() && self.fill.is_none()
    }

    fn has_default(&self) -> bool {
        self.default.is_some()
    }

    fn is_result(&self) -> bool {
        self.direction.is_out() && !self.consumed
    }

    /// A number that may not be there has a word in front that says whether it is.
    fn request_words(&self) -> usize {
        if self.null { 2 } else { 1 }
    }

    fn reply_words(&self) -> usize {
        1
    }

    fn reach(&self, _: &[Definition], _: &mut dyn FnMut(Reached<'_>)) {}

    fn scalar(&self) -> Option<Scalar> {
        Some(self.scalar)
    }

    fn object(&self) -> Option<TypeId> {
        None
    }

    fn number(&self) -> Option<(Scalar, Option<TypeId>)> {
        Some((self.scalar, self.enumeration))
    }

    fn max_bytes(&self) -> Option<u64> {
        None
    }

    fn is_length_of(&self, buffer: usize) -> bool {
        self.fill == Some(PointerFill::LengthOf(buffer))
    }

    fn is_capacity_of(&self, buffer: usize) -> bool {
        self.fill == Some(PointerFill::CapacityOf(buffer))
    }
}
