//! NUL-terminated input strings.

use super::super::raw::on;
use super::Context;
use super::keys::{both_kinds, max_bytes, size_only, text_default};
use crate::document::DocumentReader;
use cloison_contract::shape::{Shape, Text};

pub(super) fn shape(reader: &mut DocumentReader, context: &Context<'_, '_>, index: usize) -> Option<Shape> {
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
