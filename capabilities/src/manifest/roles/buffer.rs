//! Pointers to many elements.

use super::super::raw::{self, Key, Max, on};
use super::build::text_default;
use super::draft::{BufferDraft, Draft};
use super::fill::{Fill, bare};
use super::keys::{both_kinds, max_bytes, place, refuse, size_only};
use super::{Context, Fills, Pointee};
use crate::document::Reader;
use crate::expression::{Expression, Operator};
use crate::interface::{Buffer, Direction, Element, Role};
use toml::de::DeValue;

pub(super) fn buffer(
    reader: &mut Reader,
    context: &Context<'_, '_>,
    drafts: &[Draft],
    fills: &Fills,
    index: usize,
    draft: &BufferDraft,
) -> Option<Role> {
    let name = context.name(index);
    let table = context.table(index)?;
    refuse(reader, table.range.as_ref(), "range", name, "a buffer")?;
    let default_none = match &table.default {
        None => false,
        // NULL is the only default that a buffer can have.
        Some(key) if matches!(key.value.value, DeValue::String(text) if text == "NULL") => {
            text_default(reader, &key.value, on(&table.null))?;
            true
        }
        Some(key) => {
            refuse(reader, Some(key), "default", name, "a buffer (only \"NULL\" has)")?;
            false
        }
    };
    both_kinds(reader, table)?;
    let element = draft.pointee.scalar();
    if !draft.pointee.is_byte() {
        refuse(reader, table.text.as_ref(), "text", name, "a buffer of numbers")?;
        refuse(reader, table.bytes.as_ref(), "bytes", name, "a buffer of numbers")?;
    }
    if on(&table.text) && draft.direction == Direction::In {
        let hint = "Python passes bytes: `text.encode()`";
        reader.error_with_hint(
            place(&table.text).unwrap_or_default(),
            format!("`text` is for results, and `{name}` is only `in`"),
            hint,
        );
        return None;
    }
    if on(&table.null) && draft.direction != Direction::In {
        let hint = "only what is `in` and not `out` may be None";
        reader.error_with_hint(place(&table.null).unwrap_or_default(), format!("`{name}` cannot be None"), hint);
        return None;
    }
    if draft.direction != Direction::Out {
        size_only(reader, table)?;
    }
    let max_bytes = max_bytes(reader, context, table)?;
    let (length, capacity) = extent(reader, context, fills, index, draft, table, max_bytes)?;
    // A `char *` that nothing counts ends at its NUL and is a string; what is counted is data.
    let ends_at_nul = draft.direction == Direction::Out && length.is_none();
    let string = ends_at_nul && (draft.pointee == Pointee::Character || on(&table.text));
    let text = on(&table.text) || (string && !on(&table.bytes));
    let null = on(&table.null);
    check_filled_cell(reader, context, drafts, index, draft, table)?;
    Some(Role::Buffer(Buffer {
        direction: draft.direction,
        element: Element::Scalar(element),
        length,
        capacity,
        max_bytes,
        null,
        default_none,
        text,
        string,
        retain: None,
        view: false,
    }))
}

/// The buffer's `length` and `capacity` as [`Buffer`] has them.
fn extent(
    reader: &mut Reader,
    context: &Context<'_, '_>,
    fills: &Fills,
    index: usize,
    draft: &BufferDraft,
    table: &raw::Parameter<'_>,
    max_bytes: u64,
) -> Option<(Option<Expression>, Option<Expression>)> {
    let name = context.name(index);
    let filled_from_this = |target: usize| match &fills[target] {
        Some(Fill::LengthOf(of)) => of.contains(&index),
        Some(Fill::CapacityOf(of)) => *of == index,
        None => false,
    };
    let fixed = draft.array.map(|length| Expression::Integer(i128::from(length)));
    let fills_something = bare(draft.argument_length()).is_some_and(filled_from_this);
    match draft.direction {
        Direction::In if draft.capacity.is_some() => {
            let hint = "a buffer that is only `in` has a `length`";
            reader.error_with_hint(
                place(&table.capacity).unwrap_or_default(),
                format!("`capacity` has no meaning for `{name}`"),
                hint,
            );
            None
        }
        Direction::In if fills_something => Some((None, None)),
        Direction::In => Some((draft.length.clone().or(fixed), None)),
        Direction::InOut if draft.capacity.is_some() && !fills_something => {
            let hint = format!(
                "name the parameter that is filled in with the argument's length: `{name} = {{ in = true, out = true, capacity = \"n\" }}`"
            );
            let message = format!("the capacity of `{name}`, which is `in` and `out`, is the length of the argument");
            reader.error_with_hint(place(&table.capacity).unwrap_or_default(), message, hint);
            None
        }
        // `length = "n"` alone: the argument keeps its length. `*n` comes back with what was written.
        Direction::InOut if draft.capacity.is_none() && fills_something => {
            let written = draft.length.clone().filter(|length| matches!(length, Expression::Cell(_)));
            Some((written, None))
        }
        Direction::InOut => Some((draft.length.clone().or(fixed), None)),
        Direction::Out => {
            let Some(capacity) = draft.capacity.clone().or(fixed) else {
                let hint = format!(
                    "how much room does the library need? As in `{name} = {{ out = true, capacity = \"n\", length = … }}`"
                );
                reader.error_with_hint(table.span.clone(), format!("`{name}` is `out` and needs `capacity`"), hint);
                return None;
            };
            match bare(Some(&capacity))
                .filter(|target| matches!(&fills[*target], Some(Fill::CapacityOf(of)) if *of == index))
            {
                None => {
                    size_only(reader, table)?;
                    Some((draft.length.clone(), Some(capacity)))
                }
                Some(target) => {
                    Some((draft.length.clone(), Some(room(reader, context, table, draft, target, max_bytes)?)))
                }
            }
        }
    }
}

/// How many elements there is room for, when nobody passes the capacity.
fn room(
    reader: &mut Reader,
    context: &Context<'_, '_>,
    table: &raw::Parameter<'_>,
    draft: &BufferDraft,
    target: usize,
    max_bytes: u64,
) -> Option<Expression> {
    let size = draft.pointee.scalar().size();
    match (&table.max, &draft.max) {
        (Some(Key { value: Max::Bytes(_), .. }), _) => {
            // No more than the parameter itself can say.
            let most = context.scalar(target)?.bounds().map_or(i128::MAX, |(_, most)| most);
            Some(Expression::Integer((i128::from(max_bytes) / size as i128).min(most)))
        }
        (_, Some(bytes)) if size == 1 => Some(bytes.clone()),
        (_, Some(bytes)) => {
            let size = Expression::Integer(size as i128);
            Some(Expression::Binary(Operator::Divide, Box::new(bytes.clone()), Box::new(size)))
        }
        (_, None) => {
            let name = context.name(target);
            let message = format!("how large is `{}` at most?", table.name.text);
            let hint = format!(
                "add `max = \"64 KiB\"` or `max = \"bound(n)\"` here, or let Python pass `{name}`: `{name} = {{ default = 4096 }}`"
            );
            reader.error_with_hint(table.span.clone(), message, hint);
            None
        }
    }
}

/// A cell that only tells the library the capacity would come back unread: then the length is most probably missing.
fn check_filled_cell(
    reader: &mut Reader,
    context: &Context<'_, '_>,
    drafts: &[Draft],
    index: usize,
    draft: &BufferDraft,
    table: &raw::Parameter<'_>,
) -> Option<()> {
    let Some(Expression::Cell(cell)) = draft.capacity else { return Some(()) };
    let written =
        context.pointee(cell).is_some_and(|(_, constant)| !constant) && matches!(drafts[cell], Draft::Unmarked);
    if draft.length.is_none() && draft.pointee != Pointee::Character && written {
        let (name, cell) = (context.name(index), context.name(cell));
        let hint = format!("add `length = \"*{cell}\"` if the library leaves there how much it wrote");
        reader.error_with_hint(table.span.clone(), format!("how much of `{name}` does the library write?"), hint);
        return None;
    }
    Some(())
}
