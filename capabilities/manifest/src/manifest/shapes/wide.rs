//! `long double` and complex numbers, by value.

use super::super::numbers;
use super::Context;
use super::draft::ParameterDraft;
use crate::document::DocumentReader;
use cloison_contract::shape::{Shape, WideArgument};
use cloison_contract::types::Wide;

pub(super) fn draft(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    wide: Wide,
) -> Option<ParameterDraft> {
    if let Some(table) = context.table(index) {
        table.only(reader, "a number and no pointer", &["in", "default"])?;
    }
    Some(ParameterDraft::Wide(wide))
}

/// Only by value: a pointer to one is refused.
pub(super) fn behind_pointer(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
) -> Option<ParameterDraft> {
    let name = context.name(index);
    let message = format!("`{name}` points to a `long double` or a complex number, which can only be passed by value");
    let hint = "a struct of one member looks the same to C: `[types.box] c = \"struct box { long double value; \
        };\"`, and `struct box *` here";
    context.error_in_c(reader, index, message, hint.into());
    None
}

pub(super) fn shape(reader: &mut DocumentReader, context: &Context<'_, '_>, index: usize, wide: Wide) -> Option<Shape> {
    let default = match context.table(index).and_then(|table| table.default.as_ref()) {
        Some(key) => Some(numbers::wide(reader, context.world.types, key, wide)?),
        None => None,
    };
    Some(Shape::Wide(WideArgument { wide, default }))
}
