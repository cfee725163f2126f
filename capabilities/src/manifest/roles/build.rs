//! A draft and what fills it in → a role.

use super::super::numbers;
use super::super::raw::{self, Key, on};
use super::draft::{BufferDraft, Draft};
use super::fill::{Fill, bare};
use super::{Context, Fills, Pointee};
use crate::document::{Reader, Value};
use crate::expression::Expression;
use crate::interface::{Buffer, Cell, CellFill, Direction, Number, Role, Text};
use crate::types::Scalar;
use std::ops::Range;
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
        (Draft::Owned, _) => Some(Role::Number { scalar: Scalar::U64, range: None, default: None }),
        (Draft::Text, _) => text(reader, context, index),
        (Draft::Cell { direction, scalar }, _) => cell(reader, context, drafts, index, *direction, *scalar),
        (Draft::Unmarked, Some(fill)) => filled_cell(reader, context, drafts, index, fill),
        // Reported when the fills were found.
        (Draft::Unmarked, None) => None,
        (Draft::Buffer(draft), _) => buffer(reader, context, drafts, fills, index, draft),
    }
}

fn number(reader: &mut Reader, context: &Context<'_, '_>, index: usize, scalar: Scalar) -> Option<Role> {
    let (range, default) = range_and_default(reader, context.table(index), scalar)?;
    Some(Role::Number { scalar, range, default })
}

type Limits = (Option<(Number, Number)>, Option<Number>);

fn range_and_default(reader: &mut Reader, table: Option<&raw::Parameter<'_>>, scalar: Scalar) -> Option<Limits> {
    let Some(table) = table else { return Some((None, None)) };
    let range = table.range.as_ref().map(|key| numbers::range(reader, key, scalar));
    let range = range.map_or(Some(None), |range| range.map(Some))?;
    let default = table.default.as_ref().map(|key| numbers::default(reader, key, scalar, range));
    let default = default.map_or(Some(None), |default| default.map(Some))?;
    Some((range, default))
}

fn text(reader: &mut Reader, context: &Context<'_, '_>, index: usize) -> Option<Role> {
    let mut text = Text { bytes: false, null: false, default: None, max_bytes: context.call_bytes };
    let Some(table) = context.table(index) else { return Some(Role::Text(text)) };
    refuse(reader, table.range.as_ref(), "range", context.name(index), "a string")?;
    both_kinds(reader, table)?;
    text.bytes = on(&table.bytes);
    text.null = on(&table.null);
    text.max_bytes = max_bytes(reader, context, Some(table))?;
    if let Some(key) = &table.default {
        text.default = Some(text_default(reader, &key.value, text.null)?);
    }
    Some(Role::Text(text))
}

/// The inner `None` is NULL.
fn text_default(reader: &mut Reader, value: &Value<'_>, null: bool) -> Option<Option<String>> {
    match value.value {
        DeValue::String(text) if text == "NULL" && null => Some(None),
        DeValue::String(text) if text == "NULL" => {
            reader.error_with_hint(value.span.clone(), "the default is NULL, but NULL is not allowed", "add `null = true`");
            None
        }
        DeValue::String(text) if text.is_empty() => Some(Some(String::new())),
        _ => reader.string(value).map(|text| Some(text.text)),
    }
}

fn cell(
    reader: &mut Reader,
    context: &Context<'_, '_>,
    drafts: &[Draft],
    index: usize,
    direction: Direction,
    scalar: Scalar,
) -> Option<Role> {
    let name = context.name(index);
    let table = context.table(index)?;
    refuse(reader, table.text.as_ref(), "text", name, "one number")?;
    refuse(reader, table.bytes.as_ref(), "bytes", name, "one number")?;
    refuse(reader, table.max.as_ref(), "max", name, "one number")?;
    let consumed = is_consumed(drafts, index);
    // The library leaves a length in it, so it is written whatever else it is.
    let direction = if consumed && direction == Direction::In { Direction::InOut } else { direction };
    let constant = context.pointee(index).is_some_and(|(_, constant)| constant);
    if consumed && constant {
        let hint = "the library cannot leave a length in what is `const`";
        reader.error_with_hint(table.span.clone(), format!("`{name}` is read after the call, but points to a const"), hint);
        return None;
    }
    if direction == Direction::Out {
        for (key, word) in [(place(&table.range), "range"), (place(&table.default), "default"), (place(&table.null), "null")] {
            if let Some(span) = key {
                reader.error(span, format!("`{word}` has no meaning for `{name}`, which nobody passes: it is only `out`"));
                return None;
            }
        }
    }
    if on(&table.null) && direction != Direction::In {
        let hint = "only what is `in` and not `out` may be NULL";
        reader.error_with_hint(place(&table.null).unwrap_or_default(), format!("`{name}` cannot be NULL"), hint);
        return None;
    }
    let (range, default) = range_and_default(reader, Some(table), scalar)?;
    Some(Role::Cell(Cell { direction, scalar, null: on(&table.null), range, default, fill: None, consumed }))
}

/// A pointer without a table that a buffer's length or capacity names.
fn filled_cell(
    reader: &mut Reader,
    context: &Context<'_, '_>,
    drafts: &[Draft],
    index: usize,
    fill: &Fill,
) -> Option<Role> {
    let (pointee, constant) = context.pointee(index)?;
    let consumed = is_consumed(drafts, index);
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
    let fill = match fill {
        Fill::CapacityOf(of) => CellFill::CapacityOf(*of),
        Fill::LengthOf(of) => CellFill::LengthOf(*of.first()?),
    };
    let direction = if consumed { Direction::InOut } else { Direction::In };
    let scalar = pointee.scalar();
    Some(Role::Cell(Cell { direction, scalar, null: false, range: None, default: None, fill: Some(fill), consumed }))
}

/// Whether a buffer that comes back is as long as the number that this cell then holds.
fn is_consumed(drafts: &[Draft], cell: usize) -> bool {
    drafts.iter().any(|draft| match draft {
        Draft::Buffer(buffer) if buffer.direction.is_out() => {
            buffer.length.as_ref().is_some_and(|length| length.any(|part| *part == Expression::Cell(cell)))
        }
        _ => false,
    })
}

fn buffer(
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
    refuse(reader, table.default.as_ref(), "default", name, "a buffer")?;
    both_kinds(reader, table)?;
    let element = draft.pointee.scalar();
    if !draft.pointee.is_byte() {
        refuse(reader, table.text.as_ref(), "text", name, "a buffer of numbers")?;
        refuse(reader, table.bytes.as_ref(), "bytes", name, "a buffer of numbers")?;
    }
    if on(&table.text) && draft.direction == Direction::In {
        let hint = "Python passes bytes: `text.encode()`";
        reader.error_with_hint(place(&table.text).unwrap_or_default(), format!("`text` is for results, and `{name}` is only `in`"), hint);
        return None;
    }
    if on(&table.null) && draft.direction != Direction::In {
        let hint = "only what is `in` and not `out` may be None";
        reader.error_with_hint(place(&table.null).unwrap_or_default(), format!("`{name}` cannot be None"), hint);
        return None;
    }
    let max_bytes = max_bytes(reader, context, Some(table))?;
    let (length, capacity) = extent(reader, context, fills, index, draft, table, max_bytes)?;
    // A `char *` that nothing counts ends at its NUL and is a string; what is counted is data.
    let ends_at_nul = draft.direction == Direction::Out && length.is_none();
    let string = ends_at_nul && (draft.pointee == Pointee::Character || on(&table.text));
    let text = on(&table.text) || (string && !on(&table.bytes));
    let null = on(&table.null);
    check_filled_cell(reader, context, drafts, index, draft, table)?;
    Some(Role::Buffer(Buffer { direction: draft.direction, element, length, capacity, max_bytes, null, text, string }))
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
            reader.error_with_hint(place(&table.capacity).unwrap_or_default(), format!("`capacity` has no meaning for `{name}`"), hint);
            None
        }
        Direction::In if fills_something => Some((None, None)),
        Direction::In => Some((draft.length.clone().or(fixed), None)),
        Direction::InOut if draft.capacity.is_some() && !fills_something => {
            let hint = format!("name the parameter that is filled in with the argument's length: `{name} = {{ in = true, out = true, capacity = \"n\" }}`");
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
                let hint = format!("how much room does the library need? As in `{name} = {{ out = true, capacity = \"n\", length = … }}`");
                reader.error_with_hint(table.span.clone(), format!("`{name}` is `out` and needs `capacity`"), hint);
                return None;
            };
            match bare(Some(&capacity)).filter(|target| matches!(&fills[*target], Some(Fill::CapacityOf(of)) if *of == index)) {
                None => Some((draft.length.clone(), Some(capacity))),
                Some(target) => {
                    let room = room(reader, context, table, target, max_bytes / draft.pointee.scalar().size() as u64)?;
                    Some((draft.length.clone(), Some(room)))
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
    target: usize,
    elements: u64,
) -> Option<Expression> {
    let name = context.name(target);
    if table.max.is_none() {
        let message = format!("how large is `{}` at most?", table.name.text);
        let hint = format!("add `max = \"64 KiB\"` here, or let Python pass `{name}`: `{name} = {{ default = 4096 }}`");
        reader.error_with_hint(table.span.clone(), message, hint);
        return None;
    }
    let scalar = match context.pointee(target) {
        Some((pointee, _)) => pointee.scalar(),
        None => match context.c_type(target) {
            crate::types::CType::Scalar { scalar, .. } => *scalar,
            _ => return None,
        },
    };
    // No more than the parameter itself can say.
    let most = scalar.bounds().map_or(i128::MAX, |(_, most)| most);
    Some(Expression::Integer(i128::from(elements).min(most)))
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
    let written = context.pointee(cell).is_some_and(|(_, constant)| !constant) && matches!(drafts[cell], Draft::Unmarked);
    if draft.length.is_none() && draft.pointee != Pointee::Character && written {
        let (name, cell) = (context.name(index), context.name(cell));
        let hint = format!("add `length = \"*{cell}\"` if the library leaves there how much it wrote");
        reader.error_with_hint(table.span.clone(), format!("how much of `{name}` does the library write?"), hint);
        return None;
    }
    Some(())
}

fn max_bytes(reader: &mut Reader, context: &Context<'_, '_>, table: Option<&raw::Parameter<'_>>) -> Option<u64> {
    match table.and_then(|table| table.max.as_ref()) {
        Some(key) if key.value > context.call_bytes => {
            let hint = "raise `call_size` in [sandbox] (its default is \"80 MiB\")";
            reader.error_with_hint(key.span.clone(), "`max` is more than a call may carry", hint);
            None
        }
        Some(key) => Some(key.value),
        None => Some(context.call_bytes),
    }
}

fn both_kinds(reader: &mut Reader, table: &raw::Parameter<'_>) -> Option<()> {
    if on(&table.text) && on(&table.bytes) {
        let span = place(&table.bytes).unwrap_or_default();
        reader.error_with_hint(span, "both `text` and `bytes`", "keep one of them");
        return None;
    }
    Some(())
}

fn refuse<T>(reader: &mut Reader, key: Option<&Key<T>>, word: &str, name: &str, what: &str) -> Option<()> {
    let Some(key) = key else { return Some(()) };
    reader.error(key.span.clone(), format!("`{word}` has no meaning for `{name}`, which is {what}"));
    None
}

fn place<T>(key: &Option<Key<T>>) -> Option<Range<usize>> {
    key.as_ref().map(|key| key.span.clone())
}
