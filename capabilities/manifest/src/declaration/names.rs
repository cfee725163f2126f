//! What the names of types stand for.
//!
//! A [`Names`] is made once per manifest, from all its `[types]`; every prototype is then read with it. Types may refer
//! to each other in any order, unlike in C.

use super::constant::NameValue;
use super::integer::Integer;
use super::reading;
use super::resolve::Resolved;
use super::tree::{Name, TagKind};
use crate::diagnostic::Mistake;
use cloison_contract::types::{Bits, CType, Layout, Scalar};
use std::collections::{BTreeMap, BTreeSet};

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
        /// See [`cloison_contract::types::Record::unnamed`].
        unnamed: Vec<(u64, Bits)>,
    },
}

/// One member of a record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MemberShape {
    /// Its name, and where that stands in the text.
    pub name: Name,
    /// Its type.
    pub c_type: CType,
    /// See [`cloison_contract::types::Member::offset`].
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

/// The C library's typedefs and a manifest's own types. A name whose declaration is wrong is known all the same, so that one
/// mistake does not bring about others.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub(super) typedefs: BTreeMap<String, Option<Typedef>>,
    pub(super) tags: BTreeMap<String, (TagKind, Option<CType>)>,
    pub(super) enumerators: BTreeMap<String, Option<Integer>>,
    pub(super) inner: Vec<Inner>,
    /// The keys of texts that could not be parsed: probably they declare that name, and perhaps enumerators.
    pub(super) unread: BTreeSet<String>,
}

/// What a typedef of one's own stands for.
#[derive(Clone, Debug)]
pub(super) struct Typedef {
    pub(super) resolved: Resolved,
    /// Of how many types it is made.
    pub(super) parts: usize,
}

impl Names {
    /// The C library's only.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads all types of a manifest, and says of each what it means or what is wrong with it. An empty list of mistakes
    /// belongs to a type that is right itself but needs one that is wrong.
    ///
    /// [`TypeId`](cloison_contract::types::TypeId)s number those that are not aliases, in the order given; after them come
    /// [the inner ones](Self::inner).
    pub fn read(types: &[TypeText<'_>]) -> (Self, Vec<Result<Meaning, Vec<Mistake>>>) {
        reading::read(types)
    }

    /// The types that are declared inside others, in the order of their [`TypeId`](cloison_contract::types::TypeId)s.
    pub fn inner(&self) -> &[Inner] {
        &self.inner
    }

    /// The value of an enumerator of any of the enumerations.
    pub fn enumerator(&self, name: &str) -> Option<i128> {
        self.enumerators.get(name)?.map(|integer| integer.value)
    }

    /// What an enumerator stands for in a constant.
    pub(super) fn value(&self, name: &str) -> NameValue {
        match self.enumerators.get(name) {
            Some(Some(integer)) => NameValue::Known(*integer),
            Some(None) => NameValue::Wrong,
            None if !self.unread.is_empty() => NameValue::Wrong,
            None => NameValue::Unknown,
        }
    }

    /// What a typedef of one's own stands for; the inner `None` is a wrong one.
    pub(super) fn typedef(&self, name: &str) -> Option<&Option<Typedef>> {
        self.typedefs.get(name)
    }

    /// What a tag stands for; the inner `None` is a wrong one.
    pub(super) fn tag(&self, name: &str) -> Option<&(TagKind, Option<CType>)> {
        self.tags.get(name)
    }

    /// Whether a typedef stands for a function (not for a pointer to one).
    pub(super) fn is_function(&self, name: &str) -> bool {
        let found = self.typedefs.get(name).and_then(Option::as_ref);
        found.is_some_and(|found| matches!(found.resolved.c_type, CType::Function(_)))
    }

    pub(super) fn typedef_names(&self) -> impl Iterator<Item = &str> {
        self.typedefs.keys().map(String::as_str)
    }

    pub(super) fn tag_names(&self, tag: TagKind) -> impl Iterator<Item = &str> {
        self.tags.iter().filter(move |(_, (one, _))| *one == tag).map(|(name, _)| name.as_str())
    }
}
