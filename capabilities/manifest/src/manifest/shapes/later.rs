//! What refers to other parameters by what they turned out to be.

use super::super::declare::Declared;
use super::super::raw::{Key, on};
use super::super::world::World;
use super::Context;
use super::handle::{Owning, owned};
use crate::diagnostic::Written;
use crate::document::DocumentReader;
use cloison_contract::interface::{Parameter, Returns};
use cloison_contract::shape::{Lifetime, Pointed, Shape};

/// Who owns the objects that the library fills in.
pub(super) fn owners(reader: &mut DocumentReader, context: &Context<'_, '_>, shapes: &mut [Shape]) -> Option<()> {
    for index in 0..shapes.len() {
        let Some(place) = shapes[index].out_pointer() else { continue };
        let (Pointed::Handle { id, .. }, Some(table)) = (&place.pointed, context.table(index)) else { continue };
        let known: Vec<_> = shapes.iter().enumerate().map(|(index, shape)| (context.name(index), shape)).collect();
        let owning = Owning {
            owner: table.owner.as_ref(),
            borrowed: on(&table.borrowed),
            null: on(&table.null),
            span: table.span.clone(),
        };
        let pointed = owned(reader, context.world, &known, *id, &owning)?;
        if let Some(place) = shapes[index].out_pointer_mut() {
            place.pointed = pointed;
        }
    }
    Some(())
}

/// The parameter that a call with fewer arguments leaves out; at most one. `Some(None)` if there is none.
pub(super) fn leading(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    shapes: &[Shape],
) -> Option<Option<usize>> {
    let mut found = None;
    for (index, shape) in shapes.iter().enumerate() {
        let Some(key) = context.table(index).and_then(|table| table.leading.as_ref()).filter(|key| key.value) else {
            continue;
        };
        let name = context.name(index);
        let required = |shape: &Shape| shape.is_argument() && !shape.has_default();
        let (message, hint) = if !shape.is_argument() {
            (format!("`leading` has no meaning for `{name}`, which nobody passes"), "leave it out")
        } else if !shape.has_default() {
            (
                format!("`{name}` is `leading`, so a call can leave it out, and then it needs `default`"),
                "add `default = 0`",
            )
        } else if !shapes[index + 1..].iter().any(required) {
            (
                format!("`leading` has no meaning for `{name}`: no required argument stands behind it"),
                "`default` alone will do",
            )
        } else if found.is_some() {
            (format!("`{name}` is a second `leading` one: a call could mean either"), "keep one of them")
        } else {
            found = Some(index);
            continue;
        };
        reader.error_with_hint(key.span.clone(), message, hint);
        return None;
    }
    Some(found)
}

/// How long the library keeps what it was given, now that it is known what the function returns.
pub(in crate::manifest) fn lifetimes(
    reader: &mut DocumentReader,
    world: &World<'_, '_>,
    declared: &Declared<'_, '_>,
    parameters: &mut [Parameter],
    returns: &Returns,
) -> Option<()> {
    for (index, table) in declared.tables.iter().enumerate() {
        let replaces = table.and_then(|table| table.replaces.as_ref()).filter(|key| key.value);
        let Some(key) = table.and_then(|table| table.retain.as_ref()) else {
            if let Some(key) = replaces {
                let hint = "say for which handle it is kept: `retain = \"…\"`";
                reader.error_with_hint(
                    key.span.clone(),
                    "`replaces` has no meaning for what the library does not keep",
                    hint,
                );
                return None;
            }
            continue;
        };
        world.outlives(reader, &key.span, "what is retained")?;
        let lifetime = lifetime(reader, parameters, returns, key)?;
        let passed = |index: usize| parameters[index].shape.passed_object().is_some();
        if let (Some(key), false) = (replaces, matches!(lifetime, Lifetime::Parameter(index) if passed(index))) {
            let hint = "leave it out";
            reader.error_with_hint(
                key.span.clone(),
                "`replaces` has no meaning for a new handle, for which nothing was kept before",
                hint,
            );
            return None;
        }
        match &mut parameters[index].shape {
            Shape::Buffer(buffer) => buffer.retain = Some(lifetime),
            Shape::Callback(callback) => callback.retain = Some(lifetime),
            Shape::Text(text) => text.retain = Some(lifetime),
            // The key has no meaning for these, which has been said.
            Shape::CapacityOf(_)
            | Shape::Constant(_)
            | Shape::Handle(_)
            | Shape::LengthOf(_)
            | Shape::Number(_)
            | Shape::OutPointer(_)
            | Shape::Record(_)
            | Shape::ScalarPointer(_)
            | Shape::Wide(_) => {}
        }
    }
    Some(())
}

fn lifetime(
    reader: &mut DocumentReader,
    parameters: &[Parameter],
    returns: &Returns,
    key: &Key<Written>,
) -> Option<Lifetime> {
    let name = &key.value.text;
    let position = parameters.iter().position(|parameter| parameter.name == *name);
    let hint = "name a parameter that is a handle, or `\"return\"` if the function returns one: it is kept as long as that lives";
    let (message, hint) = match position {
        None if name == "return" => match &returns.pointer {
            Some(Pointed::Handle { .. }) if returns.kept => return Some(Lifetime::Return),
            _ => ("the function returns no handle".to_owned(), hint),
        },
        None => (format!("there is no parameter `{name}`"), hint),
        Some(index) => match &parameters[index].shape {
            Shape::Handle(handle) if handle.consumed => {
                (format!("`{name}` is consumed by the call, so nothing can live as long as it"), hint)
            }
            Shape::Handle(handle) if handle.null => {
                let hint = "leave `null` out, or make two functions of it";
                (format!("`{name}` may be None, and then nothing says how long it is kept"), hint)
            }
            Shape::Handle(_) => return Some(Lifetime::Parameter(index)),
            Shape::OutPointer(place) if matches!(place.pointed, Pointed::Handle { .. }) => {
                return Some(Lifetime::Parameter(index));
            }
            Shape::Buffer(_)
            | Shape::Callback(_)
            | Shape::CapacityOf(_)
            | Shape::Constant(_)
            | Shape::LengthOf(_)
            | Shape::Number(_)
            | Shape::OutPointer(_)
            | Shape::Record(_)
            | Shape::ScalarPointer(_)
            | Shape::Text(_)
            | Shape::Wide(_) => (format!("`{name}` is no handle"), hint),
        },
    };
    reader.error_with_hint(key.value.span.clone(), message, hint);
    None
}
