//! Pointers to one number.

use super::super::raw::on;
use super::draft::ParameterDraft;
use super::fill::FillSource;
use super::keys::place;
use super::number::range_and_default;
use super::{Context, Pointee};
use crate::document::DocumentReader;
use cloison_contract::expression::Expression;
use cloison_contract::shape::{Direction, PointerFill, ScalarPointer, Shape};
use cloison_contract::types::{Scalar, TypeId};

/// One that has a table.
pub(super) fn passed(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    drafts: &[ParameterDraft],
    index: usize,
    direction: Direction,
    (scalar, enumeration): (Scalar, Option<TypeId>),
) -> Option<Shape> {
    let name = context.name(index);
    let table = context.table(index)?;
    table.only(reader, "one number", &["in", "out", "range", "default", "null"])?;
    let consumed = is_consumed(context, drafts, index);
    // The library leaves a length in it, so it is written whatever else it is.
    let direction = if consumed && direction == Direction::In { Direction::InOut } else { direction };
    let constant = context.pointee(index).is_some_and(|(_, constant)| constant);
    if consumed && constant {
        let hint = "the library cannot leave a length in what is `const`";
        reader.error_with_hint(
            table.span.clone(),
            format!("`{name}` is read after the call, but points to a const"),
            hint,
        );
        return None;
    }
    if direction == Direction::Out {
        for (key, word) in
            [(place(&table.range), "range"), (place(&table.default), "default"), (place(&table.null), "null")]
        {
            if let Some(span) = key {
                reader.error(
                    span,
                    format!("`{word}` has no meaning for `{name}`, which nobody passes: it is only `out`"),
                );
                return None;
            }
        }
    }
    if on(&table.null) && direction != Direction::In {
        let hint = "only what is `in` and not `out` may be NULL";
        reader.error_with_hint(place(&table.null).unwrap_or_default(), format!("`{name}` cannot be NULL"), hint);
        return None;
    }
    let (range, default) = range_and_default(reader, context, Some(table), scalar)?;
    Some(Shape::ScalarPointer(ScalarPointer {
        direction,
        scalar,
        enumeration,
        null: on(&table.null),
        range,
        default,
        fill: None,
        consumed,
    }))
}

/// A pointer without a table that a buffer's length or capacity names.
pub(super) fn filled(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    drafts: &[ParameterDraft],
    index: usize,
    fill: &FillSource,
) -> Option<Shape> {
    let (pointee, constant) = context.pointee(index)?;
    let consumed = is_consumed(context, drafts, index);
    if consumed && constant {
        let name = context.name(index);
        context.error_in_c(
            reader,
            index,
            format!("`{name}` is read after the call, but points to a const"),
            "the library cannot leave a length in what is `const`".into(),
        );
        return None;
    }
    let (fill, direction) = match fill {
        FillSource::CapacityOf(of) => (Some(PointerFill::CapacityOf(*of)), Direction::In),
        FillSource::LengthOf(of) => (Some(PointerFill::LengthOf(*of.first()?)), Direction::In),
        FillSource::Written { read } => (None, if *read { Direction::InOut } else { Direction::Out }),
    };
    let direction = if consumed && direction == Direction::In { Direction::InOut } else { direction };
    let scalar = pointee.scalar()?;
    let enumeration = if let Pointee::Number(_, enumeration) = pointee { enumeration } else { None };
    Some(Shape::ScalarPointer(ScalarPointer {
        direction,
        scalar,
        enumeration,
        null: false,
        range: None,
        default: None,
        fill,
        consumed,
    }))
}

/// Whether what comes back is as long as the number that it then holds says. A number that a length is computed from
/// (`*width * *height`) tells more than that, and stays a result.
fn is_consumed(context: &Context<'_, '_>, drafts: &[ParameterDraft], index: usize) -> bool {
    let names = |length: &Expression| *length == Expression::Dereference(index);
    context.value_length.as_ref().is_some_and(names)
        || drafts.iter().any(|draft| match draft {
            ParameterDraft::Buffer(buffer) if buffer.direction.is_out() => buffer.length.as_ref().is_some_and(names),
            ParameterDraft::OutPointer(pointer) => pointer.length().is_some_and(names),
            ParameterDraft::Buffer(_)
            | ParameterDraft::Callback
            | ParameterDraft::Constant(_)
            | ParameterDraft::Handle(_)
            | ParameterDraft::Number { .. }
            | ParameterDraft::Owned
            | ParameterDraft::Record { .. }
            | ParameterDraft::ScalarPointer { .. }
            | ParameterDraft::Text
            | ParameterDraft::Unmarked
            | ParameterDraft::Wide(_)
            | ParameterDraft::WideText => false,
        })
}
