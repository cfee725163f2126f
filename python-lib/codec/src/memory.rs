//! What a value costs before it is built, by its shape and the bytes that C has given. A lower bound: whoever has less memory
//! left than that need not begin.
//!
//! Between words and Python there are two stages, and both are there at once when the last object is made: [`Value`]s, whose size
//! is known, and Python objects, of which [`OBJECT_BYTES`] is the smallest.

use crate::records::{is_byte, record};
use crate::value::Value;
use cloison_contract::shape::Element;
use cloison_contract::types::{CType, Definition, MemberRole, TypeId};

/// The smallest Python object with something in it and the pointer that leads to it.
pub const OBJECT_BYTES: u64 = 64;

/// A value in its list.
const VALUE_BYTES: u64 = size_of::<Value<Box<u8>>>() as u64;

/// How deep types are followed; records cannot stand deeper in each other than that.
const DEPTH: usize = 32;

/// What `length` bytes of such elements take at least, without the texts that they lead to.
pub fn elements(types: &[Definition], element: Element, length: u64) -> u64 {
    match element {
        // Bytes become an object as they are; numbers are copied into an array.
        Element::Scalar(scalar) if scalar.size() == 1 => length,
        Element::Scalar(_) => length.saturating_mul(2),
        Element::Handle { .. } | Element::Text { .. } => (length / 8).saturating_mul(VALUE_BYTES + OBJECT_BYTES),
        Element::Record { id, layout } => (length / layout.size.max(1)).saturating_mul(VALUE_BYTES + one(types, id, 0)),
    }
}

/// What one record takes at least, beside its [`Value`].
pub fn one_record(types: &[Definition], id: TypeId) -> u64 {
    one(types, id, 0)
}

fn one(types: &[Definition], id: TypeId, depth: usize) -> u64 {
    let Some(record) = record(types, id).filter(|_| depth < DEPTH) else { return OBJECT_BYTES };
    // Of a union, one member is there: the cheapest is meant.
    let members = record.members.iter().map(|member| match member.role {
        MemberRole::Hidden => VALUE_BYTES,
        MemberRole::Handle { .. } | MemberRole::Text { .. } | MemberRole::TextArray => VALUE_BYTES + OBJECT_BYTES,
        MemberRole::Union { .. } => VALUE_BYTES,
        MemberRole::Value => VALUE_BYTES.saturating_add(inside(types, &member.c_type, depth + 1)),
    });
    let members = if record.union { members.min().unwrap_or(0) } else { members.fold(0, u64::saturating_add) };
    OBJECT_BYTES.saturating_add(members)
}

/// What a member takes beside its own [`Value`]. Small numbers are shared objects and count nothing.
fn inside(types: &[Definition], c_type: &CType, depth: usize) -> u64 {
    match c_type {
        CType::Array { of, length } if is_byte(of) => OBJECT_BYTES.saturating_add(length.saturating_mul(2)),
        CType::Array { of, length } => {
            let each = VALUE_BYTES.saturating_add(8).saturating_add(inside(types, of, depth));
            OBJECT_BYTES.saturating_add(length.saturating_mul(each))
        }
        CType::Record { id, .. } => one(types, *id, depth),
        CType::Wide(_) => OBJECT_BYTES,
        CType::Enum { .. }
        | CType::Function(_)
        | CType::Opaque(_)
        | CType::Pointer { .. }
        | CType::Scalar { .. }
        | CType::Void => 0,
    }
}
