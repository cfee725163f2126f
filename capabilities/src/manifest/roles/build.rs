//! A draft and what fills it in → a role.

use super::super::numbers;
use super::super::raw::{self, on};
use super::draft::Draft;
use super::fill::Fill;
use super::keys::{both_kinds, max_bytes, refuse, size_only};
use super::{Context, Fills, buffer, cell};
use crate::document::{Reader, Value};
use crate::interface::{Number, Role, Text};
use crate::types::Scalar;
use toml::de::DeValue;

pub(super) fn role(
    reader: &mut Reader,
    context: &Context<'_, '_>,
    drafts: &[Draft],
    fills: &Fills,
    index: usize,
) -> Option<Role> {
    match (&drafts[index], &fills[index]) {
        (Draft::Number(scalar), Some(Fill::CapacityOf(of))) => Some(Role::CapacityOf { scalar: *scalar, of: *of }),
        (Draft::Number(scalar), Some(Fill::LengthOf(of))) => Some(Role::LengthOf { scalar: *scalar, of: of.clone() }),
        (Draft::Number(scalar), None) => number(reader, context, index, *scalar),
        (Draft::Owned, _) => Some(Role::Number { scalar: Scalar::U64, enumeration: None, range: None, default: None }),
        (Draft::Text, _) => text(reader, context, index),
        (Draft::Cell { direction, scalar }, _) => cell::passed(reader, context, drafts, index, *direction, *scalar),
        (Draft::Unmarked, Some(fill)) => cell::filled(reader, context, drafts, index, fill),
        // Reported when the fills were found.
        (Draft::Unmarked, None) => None,
        (Draft::Buffer(draft), _) => buffer::buffer(reader, context, drafts, fills, index, draft),
    }
}

fn number(reader: &mut Reader, context: &Context<'_, '_>, index: usize, scalar: Scalar) -> Option<Role> {
    let (range, default) = range_and_default(reader, context.table(index), scalar)?;
    Some(Role::Number { scalar, enumeration: None, range, default })
}

pub(super) type Limits = (Option<(Number, Number)>, Option<Number>);

/// `range` and `default`, as far as they are there.
pub(super) fn range_and_default(
    reader: &mut Reader,
    table: Option<&raw::Parameter<'_>>,
    scalar: Scalar,
) -> Option<Limits> {
    let Some(table) = table else { return Some((None, None)) };
    let range = table.range.as_ref().map(|key| numbers::range(reader, key, scalar));
    let range = range.map_or(Some(None), |range| range.map(Some))?;
    let default = table.default.as_ref().map(|key| numbers::default(reader, key, scalar, range));
    let default = default.map_or(Some(None), |default| default.map(Some))?;
    Some((range, default))
}

fn text(reader: &mut Reader, context: &Context<'_, '_>, index: usize) -> Option<Role> {
    let mut text = Text { bytes: false, null: false, default: None, max_bytes: context.call_bytes, retain: None };
    let Some(table) = context.table(index) else { return Some(Role::Text(text)) };
    refuse(reader, table.range.as_ref(), "range", context.name(index), "a string")?;
    both_kinds(reader, table)?;
    text.bytes = on(&table.bytes);
    text.null = on(&table.null);
    size_only(reader, table)?;
    text.max_bytes = max_bytes(reader, context, table)?;
    if let Some(key) = &table.default {
        text.default = Some(text_default(reader, &key.value, text.null)?);
    }
    Some(Role::Text(text))
}

/// The inner `None` is NULL.
pub(super) fn text_default(reader: &mut Reader, value: &Value<'_>, null: bool) -> Option<Option<String>> {
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
        _ => reader.string(value).map(|text| Some(text.text)),
    }
}
