//! A NUL-terminated input string.

use super::{Inspectable, Lifetime, Reached, Travel};
use crate::types::{Definition, Scalar, TypeId};
use serde::{Deserialize, Serialize};

/// A NUL-terminated input string.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Text {
    /// Only `bytes` are taken; else `str` (as UTF-8) and `bytes` are.
    pub bytes: bool,
    /// `None` is NULL.
    pub null: bool,
    /// What it is when Python does not pass it; the inner `None` is NULL.
    pub default: Option<Option<String>>,
    /// The most bytes, without the NUL.
    pub max_bytes: u64,
    /// The library goes on reading it after the call, for as long as that handle lives.
    pub retain: Option<Lifetime>,
}

impl Travel for Text {
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
        2
    }

    fn reply_words(&self) -> usize {
        2
    }

    fn reach(&self, _: &[Definition], visit: &mut dyn FnMut(Reached<'_>)) {
        visit(Reached::Text);
    }

    fn scalar(&self) -> Option<Scalar> {
        None
    }

    fn object(&self) -> Option<TypeId> {
        None
    }

    fn number(&self) -> Option<(Scalar, Option<TypeId>)> {
        None
    }

    fn inspectable(&self) -> Inspectable {
        Inspectable::Bytes
    }

    fn max_bytes(&self) -> Option<u64> {
        Some(self.max_bytes)
    }
}
