//! Pointers to objects that stay in the zone.

use super::super::raw::{Key, on};
use super::super::world::World;
use super::Context;
use super::draft::ParameterDraft;
use super::keys::{null_default, place};
use crate::diagnostic::Written;
use crate::document::DocumentReader;
use cloison_contract::shape::{HandleArgument, Pointed, Shape};
use cloison_contract::types::{CType, TypeId};
use std::ops::Range;

pub(super) fn draft(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    id: TypeId,
) -> Option<ParameterDraft> {
    let Some(table) = context.table(index) else { return Some(ParameterDraft::Handle(id)) };
    let name = context.name(index);
    if on(&table.output) || table.length.is_some() {
        let of = context.world.types.name(id);
        let span = place(&table.output).filter(|_| on(&table.output)).or_else(|| place(&table.length));
        let (message, hint) = match object_of_variable(context.c_type(index)) {
            Some(_) => (
                format!("`{name}` is a variable whose `{of}` ends: nothing of it comes back"),
                "leave `out` and `length` out, or `consumed` if the library fills it in",
            ),
            None => (
                format!("`{name}` is a handle of `{of}`: what it points to stays in the zone"),
                "a handle is just passed; a function that makes one fills in a pointer to a pointer",
            ),
        };
        reader.error_with_hint(span.unwrap_or_default(), message, hint);
        return None;
    }
    table.only(reader, "a handle", &["in", "null", "default", "consumed"])?;
    Some(ParameterDraft::Handle(id))
}

pub(super) fn shape(reader: &mut DocumentReader, context: &Context<'_, '_>, index: usize, id: TypeId) -> Option<Shape> {
    let table = context.table(index);
    let null = table.is_some_and(|table| on(&table.null));
    let default_none = match table {
        Some(table) => null_default(reader, context, index, table)?,
        None => false,
    };
    let consumed = is_consumed(context, index, id);
    let by_address = object_of_variable(context.c_type(index)).is_some();
    Some(Shape::Handle(HandleArgument { id, null, default_none, consumed, by_address }))
}

/// The object behind `T **`, where that is a variable of which the function ends the object: the type's own `free`, or one
/// that says `consumed = true`.
pub(super) fn ended_in_variable(context: &Context<'_, '_>, index: usize) -> Option<TypeId> {
    let id = object_of_variable(context.c_type(index)).filter(|_| !context.is_callback())?;
    is_consumed(context, index, id).then_some(id)
}

fn object_of_variable(c_type: &CType) -> Option<TypeId> {
    let CType::Pointer { to, .. } = c_type else { return None };
    let CType::Pointer { to, .. } = &**to else { return None };
    if let CType::Opaque(id) = **to { Some(id) } else { None }
}

fn is_consumed(context: &Context<'_, '_>, index: usize, id: TypeId) -> bool {
    let frees = |free| context.function.is_some() && free == context.function;
    context.world.types.handle(id).is_some_and(|handle| frees(handle.free))
        || context.table(index).is_some_and(|table| on(&table.consumed))
}

/// What the manifest says of an object that a function gives.
pub(in crate::manifest) struct Owning<'k> {
    pub(in crate::manifest) owner: Option<&'k Key<Written>>,
    pub(in crate::manifest) borrowed: bool,
    pub(in crate::manifest) null: bool,
    /// Where to say that something is missing.
    pub(in crate::manifest) span: Range<usize>,
}

/// An object that a function gives, and who owns it: the parameter that `owner` names, or else the only one of the type
/// that the object's type names.
pub(in crate::manifest) fn owned(
    reader: &mut DocumentReader,
    world: &World<'_, '_>,
    parameters: &[(&str, &Shape)],
    id: TypeId,
    owning: &Owning<'_>,
) -> Option<Pointed> {
    let handle = world.types.handle(id)?;
    let name = world.types.name(id);
    if handle.free.is_none() && !owning.borrowed && !world.types.lacks_good_free(id) {
        let hint = format!(
            "name the function that ends one in [types.{name}]: `free = \"…\"`; if it is not ours, add `borrowed = true` here"
        );
        reader.error_with_hint(owning.span.clone(), format!("nothing says who ends this `{name}`"), hint);
        return None;
    }
    let of_type = |wanted: TypeId| {
        let fits = move |shape: &Shape| shape.passed_object() == Some(wanted);
        parameters.iter().enumerate().filter(move |(_, (_, shape))| fits(shape)).map(|(index, _)| index)
    };
    let owner = match (owning.owner, handle.owner) {
        (Some(key), wanted) => Some(named_owner(reader, world, parameters, key, wanted)?),
        (None, Some(wanted)) => {
            let mut found = of_type(wanted);
            let first = found.next();
            let several = found.next().is_some();
            if (first.is_none() || several) && !owning.borrowed {
                let of = world.types.name(wanted);
                let message = format!("each `{name}` is owned by a `{of}`, and nothing says by which");
                let hint = format!("add `owner = \"…\"` with the parameter that is a `{of}`");
                reader.error_with_hint(owning.span.clone(), message, hint);
                return None;
            }
            first.filter(|_| !several)
        }
        (None, None) => None,
    };
    Some(Pointed::Handle { id, null: owning.null, owner, borrowed: owning.borrowed })
}

fn named_owner(
    reader: &mut DocumentReader,
    world: &World<'_, '_>,
    parameters: &[(&str, &Shape)],
    key: &Key<Written>,
    wanted: Option<TypeId>,
) -> Option<usize> {
    let name = &key.value.text;
    let index = parameters.iter().position(|(known, _)| known == name);
    let (message, hint) = match index.map(|index| parameters[index].1) {
        None => (format!("there is no parameter `{name}`"), "an owner is a handle that is passed".to_owned()),
        Some(Shape::Handle(handle)) if handle.consumed => (
            format!("`{name}` is consumed by the call, so it cannot own anything after it"),
            "name another one".to_owned(),
        ),
        Some(Shape::Handle(handle)) => match wanted.filter(|wanted| *wanted != handle.id) {
            None => return index,
            Some(wanted) => {
                let message = format!("`{name}` is of the wrong type to own this");
                (message, format!("its type says `owner = \"{}\"`", world.types.name(wanted)))
            }
        },
        Some(_) => (format!("`{name}` is no handle"), "an owner is a handle that is passed".to_owned()),
    };
    reader.error_with_hint(key.value.span.clone(), message, hint);
    None
}
