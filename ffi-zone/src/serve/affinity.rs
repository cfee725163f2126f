//! What belongs to a thread: the functions that the first thread has to run, because of the objects that they have to do with.
//!
//! Objects of a type that is `thread_affine` belong to the thread that made them, and so does everything that such an object
//! can belong to: where an owner ends, what it owns is freed first, on the same thread.

use crate::marshal::passing::MAX_NESTING;
use cloison_contract::Interface;
use cloison_contract::call::SYNC;
use cloison_contract::interface::{Function, Parameter};
use cloison_contract::shape::{Callback, Element, Pointed, Shape};
use cloison_contract::types::{CType, MemberRole, TypeId, TypeKind};

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
        let look = Look { interface, types: types(interface) };
        let functions: Vec<bool> = interface.functions.iter().map(|function| look.function(function)).collect();
        if functions.contains(&true) { Self { types: look.types, functions } } else { Self::default() }
    }

    /// Whether nothing does.
    #[inline]
    pub(crate) fn is_none(&self) -> bool {
        self.functions.is_empty()
    }

    /// Whether a request for that function does. What can be about anything does if something does.
    #[inline]
    pub(crate) fn has(&self, function: u32) -> bool {
        !self.is_none() && self.functions.get(function as usize).copied().unwrap_or(function >= SYNC)
    }

    /// Whether such a callback is shown objects that do.
    pub(crate) fn is_shown(&self, interface: &Interface, callback: &Callback) -> bool {
        !self.is_none() && Look { interface, types: self.types.clone() }.callback(callback)
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
        _ => None,
    });
    let done = interface.functions.iter().flat_map(|function| {
        let places = function.parameters.iter().filter_map(|parameter| match &parameter.shape {
            Shape::OutPointer(place) => Some(&place.pointed),
            _ => None,
        });
        places.chain(&function.returns.pointer).filter_map(|pointed| match pointed {
            Pointed::Handle { id, owner: Some(owner), .. } => Some((object(function.parameters.get(*owner)?)?, *id)),
            _ => None,
        })
    });
    said.chain(done)
}

/// The object that a parameter is about.
fn object(parameter: &Parameter) -> Option<TypeId> {
    match &parameter.shape {
        Shape::Handle(handle) => Some(handle.id),
        Shape::OutPointer(place) => match place.pointed {
            Pointed::Handle { id, .. } => Some(id),
            _ => None,
        },
        _ => None,
    }
}

/// Looks for objects of these types in everything that a function takes and gives, callables included.
struct Look<'a> {
    interface: &'a Interface,
    types: Vec<bool>,
}

impl Look<'_> {
    fn function(&self, function: &Function) -> bool {
        function.returns.pointer.as_ref().is_some_and(|pointed| self.pointed(pointed))
            || self.c_type(&function.result, 0)
            || function.parameters.iter().any(|parameter| self.role(&parameter.shape))
    }

    fn callback(&self, callback: &Callback) -> bool {
        self.c_type(&callback.result, 0) || callback.parameters.iter().any(|parameter| self.role(&parameter.shape))
    }

    fn role(&self, role: &Shape) -> bool {
        match role {
            Shape::Handle(handle) => at(&self.types, handle.id),
            Shape::OutPointer(place) => self.pointed(&place.pointed),
            Shape::Callback(callback) => self.callback(callback),
            Shape::Buffer(buffer) => self.element(buffer.element),
            Shape::Record(record) => self.record(record.id, 0),
            _ => false,
        }
    }

    fn pointed(&self, pointed: &Pointed) -> bool {
        match pointed {
            Pointed::Handle { id, .. } => at(&self.types, *id),
            Pointed::Buffer { element, .. } => self.element(*element),
            Pointed::Record { id, .. } => self.record(*id, 0),
            Pointed::String(_) => false,
        }
    }

    fn element(&self, element: Element) -> bool {
        match element {
            Element::Handle { id } => at(&self.types, id),
            Element::Record { id, .. } => self.record(id, 0),
            _ => false,
        }
    }

    /// What is nested too deep cannot be passed anyway.
    fn record(&self, id: TypeId, depth: usize) -> bool {
        let Some(TypeKind::Record(record)) = self.interface.types.get(id.0 as usize).map(|one| &one.kind) else {
            return false;
        };
        depth > MAX_NESTING
            || record.members.iter().any(|member| match member.role {
                MemberRole::Handle { id, .. } => at(&self.types, id),
                _ => self.c_type(&member.c_type, depth + 1),
            })
    }

    fn c_type(&self, c_type: &CType, depth: usize) -> bool {
        match c_type {
            CType::Record { id, .. } => self.record(*id, depth),
            CType::Array { of, .. } => self.c_type(of, depth),
            CType::Pointer { to, .. } => matches!(**to, CType::Opaque(id) if at(&self.types, id)),
            _ => false,
        }
    }
}
