//! Types whose objects stay in the zone: who ends them, and who owns them.

use super::super::declare::{Declarations, Declared};
use super::super::raw::{self, on};
use super::Types;
use crate::document::DocumentReader;
use cloison_contract::interface::FunctionId;
use cloison_contract::types::{CType, TypeId, TypeKind};

/// Notes keys without a meaning, and a type that does not say that it is one of these.
pub(super) fn keys(reader: &mut DocumentReader, raw: &raw::Type<'_>) {
    raw.only(
        reader,
        "a type whose objects stay in the zone",
        &["handle", "free", "owner", "max_live", "refcounted", "thread_affine"],
    );
    if !on(&raw.handle) {
        let name = &raw.name.text;
        let hint =
            "with `handle = true` Python holds handles of its objects; `free = \"…\"` names the function that ends one";
        reader.error_with_hint(raw.c.span.clone(), format!("nothing is known of `{name}` but that there is one"), hint);
    }
    if let Some(key) = raw.refcounted.as_ref().filter(|key| key.value && raw.free.is_none()) {
        let name = &raw.name.text;
        let message = format!("nothing says how a reference to a `{name}` is given back");
        let hint = "add `free = \"…\"`, the function that does it, or leave `refcounted` out: without `free` objects are borrowed";
        reader.error_with_hint(key.span.clone(), message, hint);
    }
}

/// Looks the owners up; nothing may own itself by a detour.
pub(super) fn owners(reader: &mut DocumentReader, types: &mut Types<'_, '_>) {
    let owner = |reader: &mut DocumentReader, types: &Types<'_, '_>, index: usize| {
        let key = types.origins[index].raw.owner.as_ref()?;
        types.handle(TypeId(index as u32))?;
        let found = types.named(&key.value.text).map(|(id, _)| id).filter(|id| types.handle(*id).is_some());
        if found.is_none() {
            let hint = types.handle_hint(&key.value.text);
            let message = format!("there is no handle type `{}`", key.value.text);
            reader.error_with_hint(key.value.span.clone(), message, hint);
        }
        found
    };
    let found: Vec<_> = (0..types.definitions.len()).map(|index| owner(reader, types, index)).collect();
    for start in 0..found.len() {
        // The first of a circle reports it.
        let first = circle(&found, start) == Some(start);
        if first && let Some(key) = &types.origins[start].raw.owner {
            let message = format!("`{}` would own itself", types.origins[start].raw.name.text);
            let hint = "leave `owner` out for the type whose objects are there first";
            reader.error_with_hint(key.value.span.clone(), message, hint);
        }
    }
    for (definition, owner) in types.definitions.iter_mut().zip(found) {
        if let TypeKind::Handle(handle) = &mut definition.kind {
            handle.owner = owner;
        }
    }
}

/// The least type of the circle that `start` is part of.
fn circle(owners: &[Option<TypeId>], start: usize) -> Option<usize> {
    let mut least = start;
    let mut next = owners[start]?.0 as usize;
    for _ in 0..owners.len() {
        if next == start {
            return Some(least);
        }
        least = least.min(next);
        next = owners[next]?.0 as usize;
    }
    None
}

/// Looks the functions up that end objects.
pub(super) fn free(reader: &mut DocumentReader, types: &mut Types<'_, '_>, declarations: &Declarations<'_, '_>) {
    for index in 0..types.definitions.len() {
        let (id, raw) = (TypeId(index as u32), types.origins[index].raw);
        let Some(key) = raw.free.as_ref().filter(|_| types.handle(id).is_some()) else { continue };
        let Some((function, declared)) = declarations.named(reader, &key.value) else { continue };
        if let Some(hint) = strange(declared, id, &raw.name.text) {
            let message = format!("`{}` cannot end a `{}`", key.value.text, raw.name.text);
            reader.error_with_hint(key.value.span.clone(), message, hint);
            continue;
        }
        set_free(types, index, function);
    }
}

fn set_free(types: &mut Types<'_, '_>, index: usize, function: FunctionId) {
    if let TypeKind::Handle(handle) = &mut types.definitions[index].kind {
        handle.free = Some(function);
    }
}

/// Why a function does not end objects of that type: it should take the pointer and nothing else. A general one such as
/// `free` will do if Python cannot call it.
fn strange(declared: &Declared<'_, '_>, id: TypeId, name: &str) -> Option<String> {
    let result = &declared.prototype.result;
    if *result != CType::Void && result.scalar().is_none() {
        return Some("it gives more back than a status, which nobody would look at; write a wrapper in C".to_owned());
    }
    let pointee = match &declared.prototype.parameters[..] {
        [one] => match &one.c_type {
            CType::Pointer { to, .. } => Some(&**to),
            _ => None,
        },
        _ => None,
    };
    match pointee {
        Some(CType::Opaque(taken)) if *taken == id => None,
        // `void f(T **)`, which ends the object of a variable and clears that.
        Some(CType::Pointer { to, .. }) if **to == CType::Opaque(id) => None,
        Some(CType::Void) if declared.raw.internal => None,
        Some(CType::Void) => Some(format!(
            "add `internal = true` to [functions.{}]: Python must not pass pointers to it",
            declared.raw.name.text
        )),
        _ => Some(format!(
            "a function that does takes the pointer and nothing else: `void f({name} *)`, or `void f({name} **)`"
        )),
    }
}

/// Where each call has a process of its own, no object outlives a call.
pub(super) fn refuse(reader: &mut DocumentReader, types: &Types<'_, '_>) {
    for raw in types.origins.iter().map(|origin| origin.raw).filter(|raw| on(&raw.handle)) {
        let span = raw.handle.as_ref().map(|key| key.span.clone()).unwrap_or_default();
        let message = "an object outlives the call that made it, and nothing does where `instances = \"per-call\"`";
        let hint = "with `instances = \"per-client\"` each client has a process of its own that lasts";
        reader.error_with_hint(span, message, hint);
    }
}
