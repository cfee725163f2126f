//! A number that fits a register.

use super::{Reached, Travel};
use crate::types::{Definition, Scalar, TypeId};
use serde::{Deserialize, Serialize};

/// A number, passed or given back by value.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct NumberArgument {
    /// Its type.
    pub scalar: Scalar,
    /// The enumeration it is of.
    pub enumeration: Option<TypeId>,
    /// Smallest and largest value allowed, both included.
    pub range: Option<(Literal, Literal)>,
    /// What it is when Python does not pass it.
    pub default: Option<Literal>,
}

/// A number in a manifest.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub enum Literal {
    /// For `float` and `double`.
    Float(f64),
    /// For the integer types.
    Integer(i128),
}

impl NumberArgument {
    /// Any number of a type.
    pub fn of(scalar: Scalar, enumeration: Option<TypeId>) -> Self {
        Self { scalar, enumeration, range: None, default: None }
    }
}

impl Travel for NumberArgument {
    fn is_argument(&self) -> bool {
        true
    }

    fn has_default(&self) -> bool {
        self.default.is_some()
    }

    fn is_result(&self) -> bool {
        false
    }

    fn request_words(&self) -> usize {
        1
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
}
