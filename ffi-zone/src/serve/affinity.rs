//! What belongs to a thread: the functions that the first thread has to run, because of the objects that they have to do with.
//!
//! Objects of a type that is `thread_affine` belong to the thread that made them, and so does everything that such an object
//! can belong to: where an owner ends, what it owns is freed first, on the same thread.
#![deny(clippy::wildcard_enum_match_arm)]

use cloison_contract::Interface;
use cloison_contract::call::FIRST_SPECIAL;
use cloison_contract::interface::Function;
use cloison_contract::shape::{Callback, Pointed, Reached, Shape};
use cloison_contract::types::{TypeId, TypeKind};

/// Which types and functions of an interface belong to the first thread.
#[derive(Default)]
pub(crate) struct Affinity {
    types: Vec<bool>,
    /// Empty if none does.
    functions: Vec<bool>,
}

impl Affinity {
    /// Of an interface.
    pub(crate) fn of(interface: &Interface) -> Self {
        let types = types(interface);
        let is = |function: &Function| function.reaches(&interface.types, belongs(&types));
        let functions: Vec<bool> = interface.functions.iter().map(is).collect();
        if functions.contains(&true) { Self { types, functions } } else { Self::default() }
    }

    /// Whether nothing does.
    #[inline]
    pub(crate) fn is_none(&self) -> bool {
        self.functions.is_empty()
    }

    /// Whether a request for that function does. Requests that may be about any object (batches, `close`) do if any function
    /// does.
    #[inline]
    pub(crate) fn has(&self, function: u32) -> bool {
        !self.is_none() && self.functions.get(function as usize).copied().unwrap_or(function >= FIRST_SPECIAL)
    }

    /// Whether such a callback is shown objects that do.
    pub(crate) fn is_shown(&self, interface: &Interface, callback: &Callback) -> bool {
        !self.is_none() && callback.reaches(&interface.types, belongs(&self.types))
    }
}

/// Which types are `thread_affine`, or can own objects of one that is.
fn types(interface: &Interface) -> Vec<bool> {
    let mut types: Vec<bool> = interface.types.iter().map(|one| is_affine(&one.kind)).collect();
    let owners: Vec<(TypeId, TypeId)> = owners(interface).collect();
    loop {
        let before = types.clone();
        for (owner, owned) in &owners {
            if at(&types, *owned)
                && let Some(owner) = types.get_mut(owner.0 as usize)
            {
                *owner = true;
            }
        }
        if types == before {
            return types;
        }
    }
}

fn is_affine(kind: &TypeKind) -> bool {
    matches!(kind, TypeKind::Handle(handle) if handle.thread_affine)
}

fn at(types: &[bool], id: TypeId) -> bool {
    types.get(id.0 as usize).copied().unwrap_or(false)
}

/// Which types own which: by what the types say, and by what the functions do.
fn owners(interface: &Interface) -> impl Iterator<Item = (TypeId, TypeId)> {
    let said = interface.types.iter().zip(0..).filter_map(|(one, id)| match &one.kind {
        TypeKind::Handle(handle) => Some((handle.owner?, TypeId(id))),
        TypeKind::Enum(_) | TypeKind::Record(_) => None,
    });
    let done = interface.functions.iter().flat_map(|function| {
        let pointers = function.parameters.iter().filter_map(|parameter| match &parameter.shape {
            Shape::OutPointer(pointer) => Some(&pointer.pointed),
            Shape::Buffer(_)
            | Shape::Callback(_)
            | Shape::CapacityOf(_)
            | Shape::Constant(_)
            | Shape::Handle(_)
            | Shape::LengthOf(_)
            | Shape::Number(_)
            | Shape::Record(_)
            | Shape::ScalarPointer(_)
            | Shape::Text(_)
            | Shape::Wide(_) => None,
        });
        pointers.chain(&function.returns.pointer).filter_map(|pointed| match pointed {
            Pointed::Handle { id, owner, .. } => Some((function.parameters.get((*owner)?)?.shape.object()?, *id)),
            Pointed::Buffer { .. } | Pointed::Record { .. } | Pointed::String(_) => None,
        })
    });
    said.chain(done)
}

/// Whether it is an object of one of these types. What is nested too deep can be anything.
fn belongs(types: &[bool]) -> impl FnMut(Reached<'_>) -> bool {
    move |reached| match reached {
        Reached::Object(id) => at(types, id),
        Reached::Record(..) | Reached::Text => false,
        Reached::TooDeep(_) => true,
    }
}
