//! A pointer to elements: numbers, records, strings, objects.

use super::visit::{self, Reached};
use super::{Direction, Inspectable, Lifetime, Travel};
use crate::expression::Expression;
use crate::types::{Definition, Layout, Scalar, TypeId, WIDE_CHARACTER};
use serde::{Deserialize, Serialize};

/// A pointer to elements.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Buffer {
    /// Who writes it.
    pub direction: Direction,
    /// The element's type; `void` counts as bytes.
    pub element: Element,
    /// In and in-out: how many elements the argument must have, when no parameter is filled in from it
    /// (`length = "width * height"`). Out and in-out: how many elements the library wrote, evaluated after the
    /// call (`"*destLen"`, `"return"`); `None` means up to the capacity, or up to the end if `text` or `terminated`.
    pub length: Option<Expression>,
    /// Out: how many elements there is room for, evaluated before the call; never mentions a parameter that is filled in
    /// from it. In-out: `None`, the argument's own length.
    pub capacity: Option<Expression>,
    /// The most bytes that this buffer may have, either way.
    pub max_bytes: u64,
    /// An input that may be `None`, which C sees as NULL.
    pub null: bool,
    /// It is `None` when Python does not pass it.
    pub default_none: bool,
    /// It is `str` in Python. Of bytes: the result, in UTF-8. Of `wchar_t`: argument and result, a number for each character.
    pub text: bool,
    /// An element that is all zero ends it (the NUL of a string, the NULL of a `char **`, the empty element of a table). Behind
    /// what C reads the zone puts one; what C gives ends before the first. An element with a pointer that is never `None`
    /// (a member without `null`) and is NULL all the same is such an end, too.
    pub terminated: bool,
    /// The library goes on using it after the call, for as long as that handle lives. An input is then copied to memory
    /// of the zone; an output (never `in`) is one word in the reply, the number of a block that [`crate::call::SYNC`] reads.
    pub retain: Option<Lifetime>,
    /// The result is a read-only view of the channel, valid until the next call, instead of a copy.
    pub view: bool,
}

impl Buffer {
    /// Whether it is text of `wchar_t`.
    pub fn is_wide_text(&self) -> bool {
        self.text && self.element.is_wide()
    }
}

impl Travel for Buffer {
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
        if self.retain.is_some() { 1 } else { 2 }
    }

    fn reach(&self, types: &[Definition], visit: &mut dyn FnMut(Reached<'_>)) {
        self.element.reach(types, visit);
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
        match (self.direction, &self.element) {
            (Direction::In, Element::Scalar(Scalar::I8 | Scalar::U8)) => Inspectable::Bytes,
            (Direction::In | Direction::InOut, _) => Inspectable::Length,
            (Direction::Out, _) => Inspectable::Nothing,
        }
    }

    fn max_bytes(&self) -> Option<u64> {
        Some(self.max_bytes)
    }
}

/// What a buffer has many of.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Element {
    /// Pointers to objects of the zone, in what a callback is given only. Each is eight bytes on the wire: a handle's word.
    Handle {
        /// Their type.
        id: TypeId,
    },
    /// Structs.
    Record {
        /// Which.
        id: TypeId,
        /// How large and how aligned.
        layout: Layout,
    },
    /// Numbers.
    Scalar(Scalar),
    /// Pointers to strings (`char **`). Each is eight bytes on the wire: a text member of a record, see [`crate::call`].
    Text {
        /// `bytes` instead of `str`.
        bytes: bool,
    },
}

impl Element {
    /// In bytes.
    pub fn size(self) -> usize {
        match self {
            Self::Record { layout, .. } => layout.size as usize,
            Self::Scalar(scalar) => scalar.size(),
            Self::Handle { .. } | Self::Text { .. } => 8,
        }
    }

    /// Whether text of such elements is text of `wchar_t`.
    pub fn is_wide(self) -> bool {
        self == Self::Scalar(WIDE_CHARACTER)
    }

    /// The number, if it is one.
    pub fn scalar(self) -> Option<Scalar> {
        match self {
            Self::Scalar(scalar) => Some(scalar),
            Self::Handle { .. } | Self::Record { .. } | Self::Text { .. } => None,
        }
    }

    pub(super) fn reach(self, types: &[Definition], visit: &mut dyn FnMut(Reached<'_>)) {
        match self {
            Self::Handle { id } => visit(Reached::Object(id)),
            Self::Record { id, layout } => visit::record(types, id, layout, visit),
            Self::Scalar(_) => {}
            Self::Text { .. } => visit(Reached::Text),
        }
    }
}
