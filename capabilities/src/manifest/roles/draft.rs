//! What each parameter's own table says it is, before the others are looked at.

use super::super::raw::{self, Key, Max, on};
use super::keys::place;
use super::{Context, Pointee};
use crate::diagnostic::Written;
use crate::document::Reader;
use crate::expression::{Expression, Scope, parse};
use crate::interface::Direction;
use crate::types::{CType, Scalar};
use std::ops::Range;

/// A parameter, half understood.
pub(super) enum Draft {
    Buffer(BufferDraft),
    Cell {
        direction: Direction,
        scalar: Scalar,
    },
    Number(Scalar),
    /// A pointer that only a `free` function takes.
    Owned,
    Text,
    /// A pointer without a table; somebody else must name it.
    Unmarked,
}

pub(super) struct BufferDraft {
    pub(super) direction: Direction,
    pub(super) pointee: Pointee,
    pub(super) length: Option<Expression>,
    pub(super) capacity: Option<Expression>,
    /// `max`, where it is no plain size.
    pub(super) max: Option<Expression>,
    /// The `16` of `char digest[16]`.
    pub(super) array: Option<u64>,
}

pub(super) fn draft(reader: &mut Reader, context: &Context<'_, '_>, index: usize) -> Option<Draft> {
    if context.table(index).is_some_and(|table| table.flawed) {
        return None;
    }
    let Some((pointee, constant)) = context.pointee(index) else {
        return number(reader, context, index);
    };
    match context.table(index) {
        None if context.frees && context.count() == 1 => Some(Draft::Owned),
        None if pointee == Pointee::Character && constant && context.array(index).is_none() => Some(Draft::Text),
        None => Some(Draft::Unmarked),
        Some(table) => pointer(reader, context, index, (pointee, constant), table),
    }
}

fn number(reader: &mut Reader, context: &Context<'_, '_>, index: usize) -> Option<Draft> {
    let CType::Scalar { scalar, .. } = *context.c_type(index) else { return None };
    let Some(table) = context.table(index) else { return Some(Draft::Number(scalar)) };
    let mut fine = true;
    let name = context.name(index);
    let mut refuse = |key: Option<Range<usize>>, word: &str| {
        if let Some(span) = key {
            reader.error(span, format!("`{word}` has no meaning for `{name}`, which is a number and no pointer"));
            fine = false;
        }
    };
    refuse(place(&table.output).filter(|_| on(&table.output)), "out");
    refuse(place(&table.length), "length");
    refuse(place(&table.capacity), "capacity");
    refuse(place(&table.max), "max");
    refuse(place(&table.null), "null");
    refuse(place(&table.text), "text");
    refuse(place(&table.bytes), "bytes");
    fine.then_some(Draft::Number(scalar))
}

fn pointer(
    reader: &mut Reader,
    context: &Context<'_, '_>,
    index: usize,
    (pointee, constant): (Pointee, bool),
    table: &raw::Parameter<'_>,
) -> Option<Draft> {
    let name = context.name(index);
    let array = context.array(index);
    let counted = table.length.is_some() || table.capacity.is_some() || array.is_some();
    let text = pointee == Pointee::Character && !counted;
    let direction = match (on(&table.input), on(&table.output)) {
        (_, true) if constant => {
            let span = place(&table.output).unwrap_or_default();
            let hint = "a library cannot write what is `const`; is it `in`?";
            reader.error_with_hint(span, format!("`{name}` points to something `const`"), hint);
            return None;
        }
        (true, true) => Direction::InOut,
        (true, false) => Direction::In,
        (false, true) => Direction::Out,
        // `const char *name = { null = true }`
        (false, false) if text && constant => Direction::In,
        // `destLen = { default = 4096 }`
        (false, false) if !counted && !pointee.is_byte() && (table.default.is_some() || table.range.is_some()) => {
            Direction::In
        }
        (false, false) => {
            let hint = format!(
                "does the library read it (`in = true`), write it (`out = true`), or both? As in `{name} = {{ in = true, … }}`"
            );
            reader.error_with_hint(table.span.clone(), format!("`{name}` is neither `in` nor `out`"), hint);
            return None;
        }
    };
    if text && direction == Direction::In {
        return Some(Draft::Text);
    }
    if !counted && !pointee.is_byte() {
        return Some(Draft::Cell { direction, scalar: pointee.scalar() });
    }
    if !counted {
        let key = if direction == Direction::Out { "capacity" } else { "length" };
        let count = context.likely_count(index).unwrap_or("…");
        let hint = format!(
            "write `{name} = {{ …, {key} = \"{count}\" }}`, with the parameter that says how many bytes it has"
        );
        reader.error_with_hint(table.span.clone(), format!("how long is `{name}`? It needs `{key}`"), hint);
        return None;
    }
    let before = if direction == Direction::Out || table.capacity.is_some() {
        Some(&context.declared.prototype.result)
    } else {
        None
    };
    let length = expression(reader, context, table.length.as_ref(), before);
    let capacity = expression(reader, context, table.capacity.as_ref(), None);
    let max = match &table.max {
        Some(Key { span, value: Max::Expression(written) }) => {
            let key = Key { span: span.clone(), value: written.clone() };
            expression(reader, context, Some(&key), None)
        }
        _ => Some(None),
    };
    let (length, capacity, max) = (length?, capacity?, max?);
    Some(Draft::Buffer(BufferDraft { direction, pointee, length, capacity, max, array }))
}

/// `Some(None)` if there is none, `None` if it is wrong.
fn expression(
    reader: &mut Reader,
    context: &Context<'_, '_>,
    key: Option<&Key<Written>>,
    value: Option<&CType>,
) -> Option<Option<Expression>> {
    let Some(key) = key else { return Some(None) };
    let parameters: Vec<_> = (0..context.count()).map(|index| (context.name(index), context.c_type(index))).collect();
    let scope = Scope { parameters: &parameters, value, functions: context.callees };
    match parse(&key.value.text, &scope) {
        Ok(expression) => Some(Some(expression)),
        Err(mistake) => {
            reader.mistake_in(&key.value, mistake);
            None
        }
    }
}

impl Context<'_, '_> {
    fn array(&self, index: usize) -> Option<u64> {
        self.declared.prototype.parameters[index].array
    }
}
