//! A struct or union, by value or behind a pointer.

use super::visit::{self, Reached};
use super::{Direction, Travel};
use crate::types::{Definition, Layout, Scalar, TypeId};
use serde::{Deserialize, Serialize};

/// A record, passed or given back.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RecordArgument {
    /// Its type.
    pub id: TypeId,
    /// How large and how aligned.
    pub layout: Layout,
    /// Who writes it.
    pub direction: Direction,
    /// By value (and `In`, unless it is a function's value), not behind a pointer.
    pub by_value: bool,
    /// Python may pass `None` (for `in`), which C sees as NULL.
    pub null: bool,
    /// It is `None` when Python does not pass it.
    pub default_none: bool,
}

impl RecordArgument {
    /// A function's value.
    pub fn value(id: TypeId, layout: Layout) -> Self {
        Self { id, layout, direction: Direction::Out, by_value: true, null: false, default_none: false }
    }
}

impl Travel for RecordArgument {
    fn is_argument(&self) -> bool {
        self.direction.is_in()
    }

    fn has_default(&self) -> bool {
        self.default_none
    }

    fn is_result(&self) -> bool {
        self.direction.is_out()
    }

    fn request_words(&self) -> usize {
        2
    }

    fn reply_words(&self) -> usize {
        2
    }

    fn reach(&self, types: &[Definition], visit: &mut dyn FnMut(Reached<'_>)) {
        visit::record(types, self.id, self.layout, visit);
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
