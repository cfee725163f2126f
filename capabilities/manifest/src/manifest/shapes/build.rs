//! A draft and what fills it in → a role.

use super::super::numbers;
use super::super::raw::{self, on};
use super::draft::Draft;
use super::fill::Fill;
use super::keys::{both_kinds, max_bytes, size_only};
use super::{Context, Fills, buffer, callback, handle, out_pointer, record, scalar_pointer};
use crate::document::{Reader, Value};
use cloison_contract::shape::{CapacityOf, LengthOf, Literal, NumberArgument, Shape, Text, WideArgument};
use cloison_contract::types::{Scalar, TypeId, Wide};
use toml::de::DeValue;

pub(super) fn role(
    reader: &mut Reader,
    context: &Context<'_, '_>,
    drafts: &[Draft],
    fills: &Fills,
    index: usize,
) -> Option<Shape> {
    match (&drafts[index], &fills[index]) {
        (Draft::Number { scalar, .. }, Some(Fill::CapacityOf(of))) => {
            Some(Shape::CapacityOf(CapacityOf { scalar: *scalar, of: *of }))
        }
        (Draft::Number { scalar, .. }, Some(Fill::LengthOf(of))) => {
            Some(Shape::LengthOf(LengthOf { scalar: *scalar, of: of.clone() }))
        }
        (Draft::Number { scalar, enumeration }, _) => number(reader, context, index, *scalar, *enumeration),
        (Draft::Callback, _) => callback::role(reader, context, index),
        (Draft::Constant(fixed), _) => Some(Shape::Constant(fixed.clone())),
        (Draft::Handle(id), _) => handle::role(reader, context, index, *id),
        (Draft::Owned, _) => {
            Some(Shape::Number(NumberArgument { scalar: Scalar::U64, enumeration: None, range: None, default: None }))
        }
        (Draft::Place(draft), _) => Some(out_pointer::role(draft, context.table(index))),
        (Draft::Record { id, layout, direction, by_value }, _) => {
            record::role(reader, context, index, (*id, *layout), *direction, *by_value)
        }
        (Draft::Text, _) => text(reader, context, index),
        (Draft::Wide(wide), _) => self::wide(reader, context, index, *wide),
        (Draft::Cell { direction, scalar, enumeration }, _) => {
            scalar_pointer::passed(reader, context, drafts, index, *direction, (*scalar, *enumeration))
        }
        (Draft::Unmarked, Some(fill)) => scalar_pointer::filled(reader, context, drafts, index, fill),
        // Reported when the fills were found.
        (Draft::Unmarked, None) => None,
        (Draft::Buffer(draft), _) => buffer::buffer(reader, context, drafts, fills, index, draft),
    }
}

fn number(
    reader: &mut Reader,
    context: &Context<'_, '_>,
    index: usize,
    scalar: Scalar,
    enumeration: Option<TypeId>,
) -> Option<Shape> {
    let (range, default) = range_and_default(reader, context, context.table(index), scalar)?;
    Some(Shape::Number(NumberArgument { scalar, enumeration, range, default }))
}

fn wide(reader: &mut Reader, context: &Context<'_, '_>, index: usize, wide: Wide) -> Option<Shape> {
    let default = match context.table(index).and_then(|table| table.default.as_ref()) {
        Some(key) => Some(numbers::wide(reader, context.world.types, key, wide)?),
        None => None,
    };
    Some(Shape::Wide(WideArgument { wide, default }))
}

pub(super) type Limits = (Option<(Literal, Literal)>, Option<Literal>);

/// `range` and `default`, as far as they are there.
pub(super) fn range_and_default(
    reader: &mut Reader,
    context: &Context<'_, '_>,
    table: Option<&raw::Parameter<'_>>,
    scalar: Scalar,
) -> Option<Limits> {
    let Some(table) = table else { return Some((None, None)) };
    let range = table.range.as_ref().map(|key| numbers::range(reader, context.world.types, key, scalar));
    let range = range.map_or(Some(None), |range| range.map(Some))?;
    let default = table.default.as_ref().map(|key| numbers::default(reader, context.world.types, key, scalar, range));
    let default = default.map_or(Some(None), |default| default.map(Some))?;
    Some((range, default))
}

fn text(reader: &mut Reader, context: &Context<'_, '_>, index: usize) -> Option<Shape> {
    let mut text =
        Text { bytes: false, null: false, default: None, max_bytes: context.world.sandbox.call_bytes, retain: None };
    let Some(table) = context.table(index) else { return Some(Shape::Text(text)) };
    table.only(reader, "a string", &["in", "max", "default", "null", "text", "bytes", "retain"])?;
    both_kinds(reader, table)?;
    text.bytes = on(&table.bytes);
    text.null = on(&table.null);
    size_only(reader, table)?;
    text.max_bytes = max_bytes(reader, context, table)?;
    if let Some(key) = &table.default {
        text.default = Some(text_default(reader, &key.value, text.null)?);
    }
    Some(Shape::Text(text))
}

/// Whether the default is NULL, which is the only one that there is for what no number and no string is.
pub(super) fn null_default(
    reader: &mut Reader,
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
fn text_default(reader: &mut Reader, value: &Value<'_>, null: bool) -> Option<Option<String>> {
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
