//! Memory is asked for before it is taken: what is refused is an error, and what is taken without asking ends the process.
//!
//! - **As a whole**, before a value is begun: [`elements`] and [`one_record`] say what it costs by its shape and the bytes that C
//!   has given. A lower bound: whoever has less memory left than that need not begin. Between words and Python there are two
//!   stages, and both are there at once when the last object is made: [`Value`]s, whose size is known, and Python objects, of
//!   which [`OBJECT_BYTES`] is the smallest.
//! - **Piece by piece**, while it is built: [`is_there`] for each list and each text, with what is really left by then.

use crate::records::is_byte;
use crate::value::Value;
use cloison_contract::shape::Element;
use cloison_contract::types::{CType, Definition, MemberRole, Record, TypeId};

/// The smallest Python object with something in it and the pointer that leads to it.
pub const OBJECT_BYTES: u64 = 64;

/// What a handle takes at most: nothing is built halfway that belongs to the zone.
const HANDLE_BYTES: u64 = 320;

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
        Element::Handle { .. } => (length / 8).saturating_mul(VALUE_BYTES + HANDLE_BYTES),
        Element::Text { .. } => (length / 8).saturating_mul(VALUE_BYTES + OBJECT_BYTES),
        Element::Record { id, layout } => (length / layout.size.max(1)).saturating_mul(VALUE_BYTES + one(types, id, 0)),
    }
}

/// What one record takes at least, beside its [`Value`].
pub fn one_record(types: &[Definition], id: TypeId) -> u64 {
    one(types, id, 0)
}

fn one(types: &[Definition], id: TypeId, depth: usize) -> u64 {
    let Some(record) = Record::of(types, id).filter(|_| depth < DEPTH) else { return OBJECT_BYTES };
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

/// Requests of at least so many bytes can be refused although the budget has them: the kernel counts pages that the allocator
/// keeps as well.
const LARGE_BYTES: u64 = 64 << 10;

/// Whether so many bytes can be had in one piece, of the `free` ones.
#[inline]
pub fn is_there(bytes: u64, free: u64) -> bool {
    bytes <= free && (bytes < LARGE_BYTES || is_given(bytes))
}

/// Whether the allocator gives that much. Asked here, a refusal is an answer; elsewhere it ends the process.
#[cold]
fn is_given(bytes: u64) -> bool {
    let mut room = Vec::<u8>::new();
    let given = usize::try_from(bytes).is_ok_and(|bytes| room.try_reserve_exact(bytes).is_ok());
    std::hint::black_box(&room);
    given
}

/// What a list of so many values takes.
pub fn list(values: u64) -> u64 {
    values.saturating_mul(VALUE_BYTES)
}
