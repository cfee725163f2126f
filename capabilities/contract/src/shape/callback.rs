//! A Python callable that C calls.

use super::visit::{self, Reached};
use super::{Lifetime, Literal, Travel};
use crate::interface::Parameter;
use crate::types::{CType, Definition, Scalar, TypeId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A Python callable that C calls.
///
/// Its parameters have shapes as a function's have, seen from the callee: what is `in` is read by Python and is an
/// argument of the callable, what is `out` is written by it and is its result (with the value, if that is kept, first).
/// Expressions name the callback's own parameters. A parameter without a name is called `arg1`, `arg2`, … by its position.
///
/// An input buffer always has a `length` (beside a [`LengthOf`](super::LengthOf), if the length is just a parameter's name, which Python
/// then does not see). An output buffer has a `capacity` that C knows before the call, and no [`CapacityOf`](super::CapacityOf): the
/// callable is told how much room there is. With `length = "return"` or `"*n"` the zone writes there how many elements the
/// callable gave. Without `length` C is not told, and the elements that the callable did not give keep their values.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Callback {
    /// In C order. [`Shape::Constant`](super::Shape::Constant) is what Python does not see, such as `void *` user data.
    pub parameters: Vec<Parameter>,
    /// The C type of the callable's value.
    pub result: CType,
    /// Python's value is the C value. `false` for `void`, and where the value is the length of an output (`length =
    /// "return"`).
    pub kept: bool,
    /// What C gets when the callable raises or takes too long; 0 unless the manifest says otherwise.
    /// Results that are no plain numbers are then zero bytes.
    pub error: Option<Literal>,
    /// How long one run of the callable may take; else the function's own deadline.
    pub deadline: Option<Duration>,
    /// Python may pass `None`, which C sees as NULL.
    pub null: bool,
    /// It is `None` when Python does not pass it.
    pub default_none: bool,
    /// The library keeps it, for as long as that handle lives. Otherwise it is valid during the call.
    pub retain: Option<Lifetime>,
    /// A call that succeeds replaces the callable that the library kept for that handle because of this parameter.
    pub replaces: bool,
}

impl Callback {
    /// Whether `test` holds for anything that its parameters or its value lead to.
    pub fn reaches(&self, types: &[Definition], test: impl FnMut(Reached<'_>) -> bool) -> bool {
        visit::any(|visit| self.reach(types, visit), test)
    }
}

impl Travel for Callback {
    fn is_argument(&self) -> bool {
        true
    }

    fn has_default(&self) -> bool {
        self.default_none
    }

    fn is_result(&self) -> bool {
        false
    }

    fn request_words(&self) -> usize {
        1
    }

    fn reply_words(&self) -> usize {
        0
    }

    fn reach(&self, types: &[Definition], visit: &mut dyn FnMut(Reached<'_>)) {
        visit::c_type(types, &self.result, visit);
        for parameter in &self.parameters {
            parameter.shape.reach(types, visit);
        }
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

    fn max_bytes(&self) -> Option<u64> {
        None
    }
}
