//! Pointers to many elements.

use super::super::raw::{self, on};
use super::draft::{BufferDraft, ParameterDraft};
use super::extent::extent;
use super::keys::{both_kinds, max_bytes, null_default, place, size_only};
use super::{Context, Fills, Pointee, callback, record};
use crate::document::DocumentReader;
use cloison_contract::shape::{Buffer, Direction, Element, Shape};

/// The keys that any buffer may have.
const KEYS: [&str; 12] =
    ["in", "out", "length", "capacity", "max", "null", "default", "text", "bytes", "retain", "view", "range"];

pub(super) fn buffer(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    drafts: &[ParameterDraft],
    fills: &Fills,
    index: usize,
    draft: &BufferDraft,
) -> Option<Shape> {
    let table = context.table(index)?;
    check_keys(reader, context, index, draft, table)?;
    let default_none = null_default(reader, context, index, table)?;
    if let Element::Record { id, .. } = draft.element {
        record::live(reader, context, index, id)?;
    }
    if context.is_callback() {
        callback::check_buffer(reader, table, draft)?;
    }
    if draft.direction != Direction::Out || context.is_callback() {
        size_only(reader, table)?;
    }
    let max_bytes = max_bytes(reader, context, table)?;
    let (length, capacity) = if context.is_callback() {
        (draft.length.clone(), draft.capacity.clone())
    } else {
        extent(reader, context, drafts, fills, index, draft, table, max_bytes)?
    };
    // A `char *` that nothing counts ends at its NUL and is a string; what is counted is data.
    let ends_at_nul = draft.direction == Direction::Out && length.is_none() && !context.is_callback();
    let retained = table.retain.is_some();
    let character = matches!(draft.pointee, Pointee::Character | Pointee::WideCharacter);
    let string = ends_at_nul && !retained && !draft.ends_at_null && (character || on(&table.text));
    let terminated = string || draft.ends_at_null;
    let text = on(&table.text) || (string && !on(&table.bytes) && !on(&table.view));
    let shape = Buffer {
        direction: draft.direction,
        element: draft.element,
        length,
        capacity,
        max_bytes,
        null: on(&table.null),
        default_none,
        text: text && draft.element.scalar().is_some(),
        terminated,
        retain: None,
        view: on(&table.view),
    };
    outliving(reader, draft, table, &shape)?;
    Some(Shape::Buffer(shape))
}

/// Keys that have no meaning for such a buffer.
fn check_keys(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    draft: &BufferDraft,
    table: &raw::Parameter<'_>,
) -> Option<()> {
    let name = context.name(index);
    let (what, bytes) = match draft.element {
        Element::Record { .. } => ("an array of structs or unions", false),
        Element::Handle { .. } => ("an array of handles", false),
        Element::Text { .. } => ("an array of strings", true),
        Element::Scalar(_) if draft.pointee.is_byte() => ("a buffer", true),
        Element::Scalar(_) if draft.pointee == Pointee::WideCharacter => ("a buffer of `wchar_t`", false),
        Element::Scalar(_) => ("a buffer of numbers", false),
    };
    let wide = draft.pointee == Pointee::WideCharacter;
    let has = |key: &&str| match *key {
        "text" => bytes || wide,
        "bytes" => bytes,
        "range" => false,
        _ => true,
    };
    let allowed: Vec<_> = KEYS.into_iter().filter(has).collect();
    table.only(reader, what, &allowed)?;
    both_kinds(reader, table)?;
    let strings = matches!(draft.element, Element::Text { .. }) || context.is_callback() || wide;
    if on(&table.text) && draft.direction == Direction::In && !strings {
        let hint = "Python passes bytes: `text.encode()`";
        let message = format!("`text` is for results, and `{name}` is only `in`");
        reader.error_with_hint(place(&table.text).unwrap_or_default(), message, hint);
        return None;
    }
    if draft.ends_at_null && draft.direction == Direction::InOut && !matches!(draft.element, Element::Text { .. }) {
        let hint = "what is read and written in place is counted: `length = \"n\"`; else a wrapper in C is needed";
        let message = format!("`{name}` cannot be both read and written if an element ends it: C could move the end");
        reader.error_with_hint(place(&table.length).unwrap_or_default(), message, hint);
        return None;
    }
    if on(&table.null) && draft.direction != Direction::In {
        let hint = "only what is `in` and not `out` may be None";
        reader.error_with_hint(place(&table.null).unwrap_or_default(), format!("`{name}` cannot be None"), hint);
        return None;
    }
    Some(())
}

/// `retain` and `view`
fn outliving(
    reader: &mut DocumentReader,
    draft: &BufferDraft,
    table: &raw::Parameter<'_>,
    shape: &Buffer,
) -> Option<()> {
    let name = &table.name.text;
    let numbers = matches!(draft.element, Element::Scalar(_));
    let refuse = |reader: &mut DocumentReader, span: Option<std::ops::Range<usize>>, message: String, hint: &str| {
        reader.error_with_hint(span.unwrap_or_default(), message, hint);
        None
    };
    if let Some(key) = &table.retain {
        let at = Some(key.span.clone());
        if draft.direction == Direction::InOut || !numbers {
            let message = format!("`{name}` cannot be retained: it must be bytes or numbers, and either `in` or `out`");
            return refuse(reader, at, message, "a wrapper in C can keep a copy of its own");
        }
        if draft.direction == Direction::Out && (shape.length.is_some() || shape.text || shape.view) {
            let message =
                format!("`{name}` is read by `sync()`, all of it, so `length`, `text` and `view` say nothing");
            return refuse(reader, at, message, "keep `capacity` only");
        }
    }
    if shape.view {
        let at = place(&table.view);
        if draft.direction == Direction::In {
            return refuse(reader, at, format!("`view` is for results, and `{name}` is only `in`"), "leave it out");
        }
        if shape.text || !numbers {
            let message = format!("`{name}` cannot be a view: only bytes can");
            return refuse(reader, at, message, "leave `view` or `text` out");
        }
        if matches!(draft.element, Element::Scalar(scalar) if scalar.size() != 1) {
            let message = format!("`{name}` cannot be a view: a view is of bytes, and its elements are wider");
            return refuse(reader, at, message, "leave `view` out: the result is a copy, an `array.array`");
        }
    }
    Some(())
}
