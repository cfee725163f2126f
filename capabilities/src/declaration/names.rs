//! What the names of types stand for.
//!
//! A [`Names`] is made once per manifest, from all its `[types]`; every prototype is then read with it. Types may refer
//! to each other in any order, unlike in C.

use super::tree::Name;
use crate::diagnostic::Mistake;
use crate::types::{Bits, CType, Layout, Scalar};

/// One `[types.KEY]`.
#[derive(Clone, Copy, Debug)]
pub struct TypeText<'a> {
    /// `KEY`
    pub key: &'a str,
    /// `c`
    pub text: &'a str,
    /// `handle`: its objects stay in the zone.
    pub handle: bool,
}

/// What the text of a type turned out to mean.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Meaning {
    /// Another name for a type; it gives no definition.
    Alias(CType),
    /// An enumeration.
    Enum {
        /// The number that it is.
        scalar: Scalar,
        /// Names and values, in order.
        values: Vec<(String, i128)>,
    },
    /// A struct or union without members, or with `handle = true` a pointer: its objects can only be handles.
    Opaque,
    /// A struct or a union.
    Record {
        /// All members share their place.
        union: bool,
        /// Of the whole.
        layout: Layout,
        /// In C order, without unnamed bit-fields.
        members: Vec<MemberShape>,
    },
}

/// One member of a record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MemberShape {
    /// Its name, and where that stands in the text.
    pub name: Name,
    /// Its type.
    pub c_type: CType,
    /// See [`crate::types::Member::offset`].
    pub offset: u64,
    /// Of a bit-field.
    pub bits: Option<Bits>,
}

/// A struct, union or enumeration with a tag that is declared inside another type's text: `struct a { struct b { int x; } y; }`.
/// It is called as its tag is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Inner {
    /// Its tag, and where that stands in the text.
    pub name: Name,
    /// The index of the text that it stands in.
    pub within: usize,
    /// What it means.
    pub meaning: Meaning,
}

/// The C library's typedefs and a manifest's own types.
#[derive(Clone, Debug, Default)]
pub struct Names {
    inner: Vec<Inner>,
}

impl Names {
    /// The C library's only.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads all types of a manifest, and says of each what it means or what is wrong with it. An empty list of mistakes
    /// belongs to a type that is right itself but needs one that is wrong.
    ///
    /// [`TypeId`](crate::types::TypeId)s number those that are not aliases, in the order given; after them come
    /// [the inner ones](Self::inner).
    pub fn read(types: &[TypeText<'_>]) -> (Self, Vec<Result<Meaning, Vec<Mistake>>>) {
        let refuse =
            |one: &TypeText<'_>| Err(vec![Mistake::new(0..one.text.len(), "types of one's own are not supported yet")]);
        (Self::default(), types.iter().map(refuse).collect())
    }

    /// The types that are declared inside others, in the order of their [`TypeId`](crate::types::TypeId)s.
    pub fn inner(&self) -> &[Inner] {
        &self.inner
    }

    /// The value of an enumerator of any of the enumerations.
    pub fn enumerator(&self, _name: &str) -> Option<i128> {
        None
    }
}
