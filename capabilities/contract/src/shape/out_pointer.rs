//! What a pointer leads to that the library gives.

use super::visit::{self, Reached};
use super::{Element, Travel};
use crate::expression::Expression;
use crate::interface::FunctionId;
use crate::types::{Definition, Layout, Scalar, TypeId};
use serde::{Deserialize, Serialize};

/// A pointer to a pointer that the library fills in: it points to NULL before the call. In the [`Slot`](super::Slot) of a
/// function's value: the pointer that is the value.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct OutPointer {
    /// What it then points to.
    pub pointed: Pointed,
    /// The zone frees what was filled in even if the call fails.
    pub free_on_error: bool,
}

/// What a pointer leads to that the library gives: as the function's value or through an [`OutPointer`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Pointed {
    /// Elements.
    Buffer {
        /// The element's type.
        element: Element,
        /// How many, evaluated after the call; `None` means up to the element that ends it, see
        /// [`Buffer::terminated`](super::Buffer::terminated).
        length: Option<Expression>,
        /// The most bytes. No further is looked for the end, which stands among them.
        max_bytes: u64,
        /// `str` instead of `bytes` (in UTF-8) or of numbers (of `wchar_t`).
        text: bool,
        /// NULL becomes `None`; otherwise NULL is an error.
        null: bool,
        /// The function (of this interface) that frees it after it was copied.
        free: Option<FunctionId>,
    },
    /// An object of the zone. One word.
    Handle {
        /// Its type.
        id: TypeId,
        /// NULL becomes `None`; otherwise NULL is an error.
        null: bool,
        /// The handle that owns it is the one passed at that position.
        owner: Option<usize>,
        /// It is borrowed: nobody frees it, and it is valid while `owner` lives, or as long as the zone if there is no owner.
        /// An object for which the client has a handle already keeps that handle.
        borrowed: bool,
    },
    /// One record.
    Record {
        /// Which.
        id: TypeId,
        /// How large and how aligned.
        layout: Layout,
        /// NULL becomes `None`; otherwise NULL is an error.
        null: bool,
        /// The function (of this interface) that frees it after it was copied.
        free: Option<FunctionId>,
    },
    /// A NUL-terminated string.
    String(ReturnedString),
}

/// A returned `char *`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ReturnedString {
    /// `str` (UTF-8) instead of `bytes`.
    pub text: bool,
    /// NULL becomes `None`; otherwise NULL is an error.
    pub null: bool,
    /// The function (of this interface) that frees it after it was copied.
    pub free: Option<FunctionId>,
}

impl Pointed {
    /// Whether NULL becomes `None`; otherwise NULL is an error.
    pub fn may_be_null(&self) -> bool {
        match self {
            Self::Buffer { null, .. } | Self::Handle { null, .. } | Self::Record { null, .. } => *null,
            Self::String(string) => string.null,
        }
    }

    /// Calls `visit` with every type that it leads to.
    pub fn reach(&self, types: &[Definition], visit: &mut dyn FnMut(Reached<'_>)) {
        match self {
            Self::Buffer { element, .. } => element.reach(types, visit),
            Self::Handle { id, .. } => visit(Reached::Object(*id)),
            Self::Record { id, layout, .. } => visit::record(types, *id, *layout, visit),
            Self::String(_) => visit(Reached::Text),
        }
    }

    /// How many words it takes in a reply.
    pub fn words(&self) -> usize {
        match self {
            Self::Handle { .. } => 1,
            Self::Buffer { .. } | Self::Record { .. } | Self::String(_) => 2,
        }
    }

    /// The type of the object, if it points to one.
    pub fn object(&self) -> Option<TypeId> {
        match self {
            Self::Handle { id, .. } => Some(*id),
            Self::Buffer { .. } | Self::Record { .. } | Self::String(_) => None,
        }
    }

    /// The function that frees what was copied. (An object is freed by the function that its type names.)
    pub fn free(&self) -> Option<FunctionId> {
        match self {
            Self::Buffer { free, .. } | Self::Record { free, .. } => *free,
            Self::Handle { .. } => None,
            Self::String(string) => string.free,
        }
    }
}

impl Travel for OutPointer {
    fn is_argument(&self) -> bool {
        false
    }

    fn has_default(&self) -> bool {
        false
    }

    fn is_result(&self) -> bool {
        true
    }

    fn request_words(&self) -> usize {
        0
    }

    fn reply_words(&self) -> usize {
        self.pointed.words()
    }

    fn reach(&self, types: &[Definition], visit: &mut dyn FnMut(Reached<'_>)) {
        self.pointed.reach(types, visit);
    }

    fn scalar(&self) -> Option<Scalar> {
        None
    }

    fn object(&self) -> Option<TypeId> {
        self.pointed.object()
    }

    fn number(&self) -> Option<(Scalar, Option<TypeId>)> {
        None
    }

    fn max_bytes(&self) -> Option<u64> {
        None
    }
}
