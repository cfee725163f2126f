//! `long double` or a complex number, by value.

use super::{Reached, Travel};
use crate::types::{Definition, Scalar, TypeId, Wide};
use serde::{Deserialize, Serialize};

/// `long double` or a complex number, by value.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct WideArgument {
    /// Which.
    pub wide: Wide,
    /// What it is when Python does not pass it: real and imaginary part.
    pub default: Option<(f64, f64)>,
}

impl Travel for WideArgument {
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

    fn reach(&self, _: &[Definition], _: &mut dyn FnMut(Reached<'_>)) {}

    fn scalar(&self) -> Option<Scalar> {
        None
    }

    fn object(&self) -> Option<TypeId> {
        None
    }

    fn number(&self) -> Option<(Scalar, Option<TypeId>)> {
        None
    }

    fn max_bytes(&self) -> Option<u64> {
        None
    }
}
