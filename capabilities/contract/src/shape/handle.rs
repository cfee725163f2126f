//! A pointer to an object of the zone, passed.

use super::{Reached, Travel};
use crate::types::{Definition, Scalar, TypeId};
use serde::{Deserialize, Serialize};

/// An object of the zone, passed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct HandleArgument {
    /// Its type.
    pub id: TypeId,
    /// Python may pass `None`, which C sees as NULL.
    pub null: bool,
    /// It is `None` when Python does not pass it.
    pub default_none: bool,
    /// The call ends it, unless it fails: the handle is stale afterwards, and nothing else frees it.
    pub consumed: bool,
    /// C is passed the address of a variable that holds the pointer (`T **`), as by functions that end an object and clear
    /// the variable. Only what is consumed is passed so; what is in the variable afterwards is not looked at.
    pub by_address: bool,
}

impl Travel for HandleArgument {
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
        1
    }

    fn reach(&self, _: &[Definition], visit: &mut dyn FnMut(Reached<'_>)) {
        visit(Reached::Object(self.id));
    }

    fn scalar(&self) -> Option<Scalar> {
        None
    }

    fn object(&self) -> Option<TypeId> {
        Some(self.id)
    }

    fn number(&self) -> Option<(Scalar, Option<TypeId>)> {
        None
    }

    fn max_bytes(&self) -> Option<u64> {
        None
    }
}
