//! Structs and unions, by value or behind a pointer.

use super::super::raw::{self, on};
use super::super::types::Types;
use super::Context;
use super::draft::ParameterDraft;
use super::keys::{null_default, place};
use crate::document::DocumentReader;
use cloison_contract::shape::{Direction, RecordArgument, Shape};
use cloison_contract::types::{Layout, TypeId};

pub(super) fn by_value(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    id: TypeId,
    layout: Layout,
) -> Option<ParameterDraft> {
    if let Some(table) = context.table(index) {
        table.only(reader, "passed by value", &["in"])?;
    }
    live(reader, context, index, id)?;
    aligned(reader, context, index, id)?;
    Some(ParameterDraft::Record { id, layout, direction: Direction::In, by_value: true })
}

pub(super) fn behind_pointer(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    table: &raw::Parameter<'_>,
    (id, layout): (TypeId, Layout),
    direction: Direction,
) -> Option<ParameterDraft> {
    table.only(reader, "one struct or union", &["in", "out", "null", "default"])?;
    live(reader, context, index, id)?;
    if on(&table.null) && direction != Direction::In {
        let hint = "only what is `in` and not `out` may be None";
        let message = format!("`{}` cannot be None", context.name(index));
        reader.error_with_hint(place(&table.null).unwrap_or_default(), message, hint);
        return None;
    }
    Some(ParameterDraft::Record { id, layout, direction, by_value: false })
}

/// Of a union something must say which member is live.
pub(super) fn live(reader: &mut DocumentReader, context: &Context<'_, '_>, index: usize, id: TypeId) -> Option<()> {
    if !context.world.types.lacks_live(id) {
        return Some(());
    }
    let union = context.world.types.name(id);
    let message = format!("which member of the union `{union}` is `{}`?", context.name(index));
    let hint = format!("add `live = \"…\"` to [types.{union}]");
    context.error_in_c(reader, index, message, hint);
    None
}

/// What is passed by value stands on the stack, which libffi aligns to [`MAX_ALIGN`].
pub(super) fn aligned(reader: &mut DocumentReader, context: &Context<'_, '_>, index: usize, id: TypeId) -> Option<()> {
    let Some((text, hint)) = too_aligned(context.world.types, id) else { return Some(()) };
    context.error_in_c(reader, index, format!("`{}`: {text}", context.name(index)), hint);
    None
}

/// The strictest alignment that a record may have which is passed by value.
const MAX_ALIGN: u64 = 16;

/// Why a record cannot be passed by value, or returned, and a hint.
pub(in super::super) fn too_aligned(types: &Types<'_, '_>, id: TypeId) -> Option<(String, String)> {
    let align = types.record(id).map(|record| record.layout.align).filter(|align| *align > MAX_ALIGN)?;
    let name = types.name(id);
    let text = format!("a `{name}` by value is aligned to {align} bytes, and {MAX_ALIGN} are the most");
    Some((text, format!("pass a pointer to it, by a wrapper in C: `{name} *`")))
}

pub(super) fn shape(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    (id, layout): (TypeId, Layout),
    direction: Direction,
    by_value: bool,
) -> Option<Shape> {
    let (mut null, mut default_none) = (false, false);
    if let Some(table) = context.table(index) {
        null = on(&table.null);
        default_none = null_default(reader, context, index, table)?;
    }
    Some(Shape::Record(RecordArgument { id, layout, direction, by_value, null, default_none }))
}
