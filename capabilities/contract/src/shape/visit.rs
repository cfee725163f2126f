//! The types that a shape leads to: one walk for everybody who asks about them.

use crate::interface::Function;
use crate::types::{CType, Definition, Layout, MemberRole, TypeId, TypeKind};

/// The deepest nesting that is followed: of typedefs, of structs, and of pointers, arrays and functions in one type.
pub const MAX_NESTING: usize = 32;

/// What a shape leads to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reached<'a> {
    /// An object of the zone of that type.
    Object(TypeId),
    /// A record of that type, which says itself how large it is. What it leads to follows.
    Record(TypeId, Layout),
    /// A string.
    Text,
    /// Records that are nested deeper than [`MAX_NESTING`]. What they lead to is unknown.
    TooDeep(&'a Definition),
}

/// A record and what its members lead to.
pub(super) fn record(types: &[Definition], id: TypeId, layout: Layout, visit: &mut dyn FnMut(Reached<'_>)) {
    nested(types, id, layout, 0, visit);
}

/// What a value of that type leads to.
pub fn c_type(types: &[Definition], c_type: &CType, visit: &mut dyn FnMut(Reached<'_>)) {
    member(types, c_type, 0, visit);
}

/// Whether the test holds for anything that is reached.
pub(super) fn any(reach: impl FnOnce(&mut dyn FnMut(Reached<'_>)), mut test: impl FnMut(Reached<'_>) -> bool) -> bool {
    let mut found = false;
    reach(&mut |reached| found |= test(reached));
    found
}

impl Function {
    /// Whether `test` holds for anything that the function leads to.
    pub fn reaches(&self, types: &[Definition], test: impl FnMut(Reached<'_>) -> bool) -> bool {
        any(|visit| self.reach(types, visit), test)
    }

    /// Calls `visit` with every type that the function leads to: by its parameters (callables included) and by its value.
    pub fn reach(&self, types: &[Definition], visit: &mut dyn FnMut(Reached<'_>)) {
        c_type(types, &self.result, visit);
        if let Some(pointed) = &self.returns.pointer {
            pointed.reach(types, visit);
        }
        for parameter in &self.parameters {
            parameter.shape.reach(types, visit);
        }
    }
}

fn nested(types: &[Definition], id: TypeId, layout: Layout, depth: usize, visit: &mut dyn FnMut(Reached<'_>)) {
    visit(Reached::Record(id, layout));
    let Some(definition) = types.get(id.0 as usize) else { return };
    let record = match &definition.kind {
        TypeKind::Record(record) => record,
        TypeKind::Enum(_) | TypeKind::Handle(_) => return,
    };
    if depth > MAX_NESTING {
        return visit(Reached::TooDeep(definition));
    }
    for one in &record.members {
        match &one.role {
            MemberRole::Handle { id, .. } => visit(Reached::Object(*id)),
            MemberRole::Hidden => {}
            MemberRole::Text { .. } => visit(Reached::Text),
            MemberRole::TextArray | MemberRole::Union { .. } | MemberRole::Value => {
                member(types, &one.c_type, depth + 1, visit);
            }
        }
    }
}

fn member(types: &[Definition], c_type: &CType, depth: usize, visit: &mut dyn FnMut(Reached<'_>)) {
    match c_type {
        CType::Array { of, .. } => member(types, of, depth, visit),
        CType::Pointer { to, .. } => match **to {
            CType::Opaque(id) => visit(Reached::Object(id)),
            CType::Array { .. }
            | CType::Enum { .. }
            | CType::Function(_)
            | CType::Pointer { .. }
            | CType::Record { .. }
            | CType::Scalar { .. }
            | CType::Void
            | CType::Wide(_) => {}
        },
        CType::Record { id, layout } => nested(types, *id, *layout, depth, visit),
        CType::Enum { .. }
        | CType::Function(_)
        | CType::Opaque(_)
        | CType::Scalar { .. }
        | CType::Void
        | CType::Wide(_) => {}
    }
}
