//! Wide input strings: `const wchar_t *`, up to a `wchar_t` that is zero.

use super::super::raw::on;
use super::Context;
use super::keys::{max_bytes, null_default, size_only};
use crate::document::DocumentReader;
use cloison_contract::shape::{Buffer, Direction, Element, Shape};
use cloison_contract::types::WIDE_CHARACTER;

pub(super) fn shape(reader: &mut DocumentReader, context: &Context<'_, '_>, index: usize) -> Option<Shape> {
    let mut text = Buffer {
        direction: Direction::In,
        element: Element::Scalar(WIDE_CHARACTER),
        length: None,
        capacity: None,
        max_bytes: context.world.sandbox.call_bytes,
        null: false,
        default_none: false,
        text: true,
        terminated: true,
        retain: None,
        view: false,
    };
    let Some(table) = context.table(index) else { return Some(Shape::Buffer(text)) };
    table.only(reader, "a wide string", &["in", "max", "default", "null", "text", "retain"])?;
    size_only(reader, table)?;
    text.max_bytes = max_bytes(reader, context, table)?;
    text.null = on(&table.null);
    text.default_none = null_default(reader, context, index, table)?;
    Some(Shape::Buffer(text))
}
