//! What the keys of a parameter's table have in common, whatever the parameter is.

use super::super::raw::{self, Key, Max, on};
use super::super::world::World;
use super::{Context, Pointee};
use crate::declaration::PrototypeParameter;
use crate::diagnostic::Written;
use crate::document::{DocumentReader, TableEntry};
use crate::expression::{Scope, parse};
use cloison_contract::expression::Expression;
use cloison_contract::types::CType;
use std::ops::Range;
use toml::de::DeValue;

/// The most bytes that a buffer or a string may have.
pub(super) fn max_bytes(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    table: &raw::Parameter<'_>,
) -> Option<u64> {
    match &table.max {
        Some(Key { span, value: Max::Bytes(bytes) }) => {
            within_call(reader, context.world, Some((span.clone(), *bytes)))
        }
        Some(Key { value: Max::Expression(_), .. }) | None => within_call(reader, context.world, None),
    }
}

/// A `max`, which a call must be able to carry; what a call carries unless it is there.
pub(in crate::manifest) fn within_call(
    reader: &mut DocumentReader,
    world: &World<'_, '_>,
    max: Option<(Range<usize>, u64)>,
) -> Option<u64> {
    let call_bytes = world.sandbox.call_bytes;
    match max {
        Some((span, bytes)) if bytes > call_bytes => {
            let hint = "raise `call_size` in [sandbox] (its default is \"80 MiB\")";
            reader.error_with_hint(span, "`max` is more than a call may carry", hint);
            None
        }
        Some((_, bytes)) => Some(bytes),
        None => Some(call_bytes),
    }
}

/// Notes a `max` that is computed where nothing is filled in with it.
pub(super) fn size_only(reader: &mut DocumentReader, table: &raw::Parameter<'_>) -> Option<()> {
    let Some(Key { value: Max::Expression(written), .. }) = &table.max else { return Some(()) };
    let hint = "only where `capacity` names a parameter that nobody passes can `max` be computed";
    reader.error_with_hint(written.span.clone(), "`max` must be a size here, as in \"64 KiB\"", hint);
    None
}

/// Notes that a table wants both `text` and `bytes`.
pub(super) fn both_kinds(reader: &mut DocumentReader, table: &raw::Parameter<'_>) -> Option<()> {
    if on(&table.text) && on(&table.bytes) {
        let span = place(&table.bytes).unwrap_or_default();
        reader.error_with_hint(span, "both `text` and `bytes`", "keep one of them");
        return None;
    }
    Some(())
}

/// Where a key stands.
pub(super) fn place<T>(key: &Option<Key<T>>) -> Option<Range<usize>> {
    key.as_ref().map(|key| key.span.clone())
}

/// An expression about this function's parameters, evaluated before or after the call. `Some(None)` if there is none, `None`
/// if it is wrong.
pub(super) fn expression(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    key: Option<&Key<Written>>,
    after: bool,
) -> Option<Option<Expression>> {
    let value = after.then_some(context.result);
    expression_in(reader, context.world, context.parameters, value, key)
}

/// Whether it is `length = "NULL"`: an element that is all zero ends it.
pub(in crate::manifest) fn ends_at_null(key: Option<&Key<Written>>) -> bool {
    key.is_some_and(|key| key.value.text.trim() == "NULL")
}

/// Notes that bytes should end so, which is what a string does.
pub(super) fn no_string(reader: &mut DocumentReader, key: &Option<Key<Written>>, pointee: Pointee) -> Option<()> {
    let Some(key) = key.as_ref().filter(|key| ends_at_null(Some(key)) && pointee.is_byte()) else { return Some(()) };
    let hint = "leave `length` out of a `char *`, and add `text = true` or `bytes = true`; bytes with a zero among them are \
        counted: `length = \"n\"`";
    reader.error_with_hint(key.value.span.clone(), "bytes that end at a zero are a string", hint);
    None
}

/// An [`expression`], for any prototype.
pub(in crate::manifest) fn expression_in(
    reader: &mut DocumentReader,
    world: &World<'_, '_>,
    parameters: &[PrototypeParameter],
    value: Option<&CType>,
    key: Option<&Key<Written>>,
) -> Option<Option<Expression>> {
    let Some(key) = key else { return Some(None) };
    let names: Vec<_> = parameters.iter().map(|one| (one.name.text.as_str(), &one.c_type)).collect();
    let scope = Scope {
        parameters: &names,
        value,
        functions: &world.declarations.callees,
        integers: &world.types.integers,
        arguments: None,
    };
    match parse(&key.value.text, &scope) {
        Ok(expression) => Some(Some(expression)),
        Err(mistake) => {
            reader.mistake_in(&key.value, mistake);
            None
        }
    }
}

/// Whether the default is NULL, which is the only one that there is for what no number and no string is.
pub(super) fn null_default(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    table: &raw::Parameter<'_>,
) -> Option<bool> {
    let Some(key) = &table.default else { return Some(false) };
    if matches!(key.value.value, DeValue::String(text) if text == "NULL") {
        return text_default(reader, &key.value, on(&table.null)).map(|_| true);
    }
    let message = format!("the only default that `{}` can have is \"NULL\"", context.name(index));
    reader.error(key.span.clone(), message);
    None
}

/// The inner `None` is NULL.
pub(super) fn text_default(reader: &mut DocumentReader, value: &TableEntry<'_>, null: bool) -> Option<Option<String>> {
    match value.value {
        DeValue::String(text) if text == "NULL" && null => Some(None),
        DeValue::String(text) if text == "NULL" => {
            reader.error_with_hint(
                value.span.clone(),
                "the default is NULL, but NULL is not allowed",
                "add `null = true`",
            );
            None
        }
        DeValue::String(text) if text.is_empty() => Some(Some(String::new())),
        DeValue::Array(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Float(_)
        | DeValue::Integer(_)
        | DeValue::String(_)
        | DeValue::Table(_) => reader.string(value).map(|text| Some(text.text)),
    }
}
