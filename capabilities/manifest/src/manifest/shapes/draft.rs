//! What each parameter's own table and type say it is, before the others are looked at.

use super::super::raw::{self, Key, Max, on};
use super::keys::{ends_at_null, expression, no_string, place};
use super::out_pointer::OutPointerDraft;
use super::{Context, Pointee, callback, constant, handle, number, out_pointer, record, wide};
use crate::document::DocumentReader;
use cloison_contract::expression::Expression;
use cloison_contract::shape::{Direction, Element, Fixed};
use cloison_contract::types::{CType, Layout, Scalar, TypeId, WIDE_CHARACTER, Wide};

/// A parameter, half understood.
pub(super) enum ParameterDraft {
    Buffer(BufferDraft),
    Callback,
    Constant(Fixed),
    Handle(TypeId),
    Number {
        scalar: Scalar,
        enumeration: Option<TypeId>,
    },
    OutPointer(OutPointerDraft),
    /// A pointer that only a `free` function takes.
    Owned,
    Record {
        id: TypeId,
        layout: Layout,
        direction: Direction,
        by_value: bool,
    },
    ScalarPointer {
        direction: Direction,
        scalar: Scalar,
        enumeration: Option<TypeId>,
    },
    Text,
    /// A pointer without a table; somebody else must name it.
    Unmarked,
    Wide(Wide),
    WideText,
}

pub(super) struct BufferDraft {
    pub(super) direction: Direction,
    pub(super) pointee: Pointee,
    pub(super) element: Element,
    pub(super) length: Option<Expression>,
    pub(super) capacity: Option<Expression>,
    /// `max`, where it is no plain size.
    pub(super) max: Option<Expression>,
    /// The `16` of `char digest[16]`.
    pub(super) array: Option<u64>,
    /// An element that is all zero ends it.
    pub(super) ends_at_null: bool,
}

pub(super) fn draft(reader: &mut DocumentReader, context: &Context<'_, '_>, index: usize) -> Option<ParameterDraft> {
    let table = context.table(index);
    if let Some(table) = table {
        if table.flawed {
            return None;
        }
        if context.is_callback() {
            callback::only_own_keys(reader, table)?;
        }
        if table.value.is_some() || on(&table.user_data) {
            return constant::draft(reader, context, index, table);
        }
    }
    match context.c_type(index) {
        CType::Pointer { .. } => pointer(reader, context, index),
        CType::Record { id, layout } => record::by_value(reader, context, index, *id, *layout),
        CType::Wide(found) => wide::draft(reader, context, index, *found),
        CType::Enum { id, scalar } => number::draft(reader, context, index, *scalar, Some(*id)),
        CType::Scalar { scalar, .. } => number::draft(reader, context, index, *scalar, None),
        CType::Array { .. } | CType::Function(_) | CType::Opaque(_) | CType::Void => None,
    }
}

fn pointer(reader: &mut DocumentReader, context: &Context<'_, '_>, index: usize) -> Option<ParameterDraft> {
    let Some((pointee, constant)) = context.pointee(index) else {
        let message = format!("`{}` points to an array, and what it has is many of them", context.name(index));
        let hint = "write a flat one: `double *matrix`, with `length = \"rows * columns\"`";
        context.error_in_c(reader, index, message, hint.into());
        return None;
    };
    if let Some(id) = handle::ended_in_variable(context, index) {
        return handle::draft(reader, context, index, id);
    }
    let table = context.table(index);
    match pointee {
        Pointee::Function => return callback::draft(reader, context, index),
        Pointee::Object(id) => return handle::draft(reader, context, index, id),
        Pointee::Wide(_) => return wide::behind_pointer(reader, context, index),
        Pointee::Bytes
        | Pointee::Character
        | Pointee::Number(..)
        | Pointee::Pointer
        | Pointee::Record(..)
        | Pointee::WideCharacter => {}
    }
    match table {
        None if context.frees && context.count() == 1 => Some(ParameterDraft::Owned),
        None if pointee == Pointee::Character && constant && context.array(index).is_none() => {
            Some(ParameterDraft::Text)
        }
        None if pointee == Pointee::WideCharacter && constant && context.array(index).is_none() => {
            Some(ParameterDraft::WideText)
        }
        None => Some(ParameterDraft::Unmarked),
        Some(table) if pointee == Pointee::Pointer => out_pointer::draft(reader, context, index, constant, table),
        Some(table) => marked(reader, context, index, (pointee, constant), table),
    }
}

fn marked(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    (pointee, constant): (Pointee, bool),
    table: &raw::Parameter<'_>,
) -> Option<ParameterDraft> {
    let name = context.name(index);
    let array = context.array(index);
    let counted = table.length.is_some() || table.capacity.is_some() || array.is_some();
    // `text = false`: one `wchar_t`, or several, and no text.
    let numbers = pointee == Pointee::WideCharacter && table.text.as_ref().is_some_and(|key| !key.value);
    let pointee = if numbers { Pointee::Number(WIDE_CHARACTER, None) } else { pointee };
    let text = matches!(pointee, Pointee::Character | Pointee::WideCharacter) && !counted;
    let direction = match direction(reader, context, index, constant, table)? {
        Some(direction) => direction,
        // `const char *name = { null = true }`
        None if text && constant => Direction::In,
        // `destLen = { default = 4096 }`
        None if !counted
            && matches!(pointee, Pointee::Number(..))
            && !pointee.is_byte()
            && (table.default.is_some() || table.range.is_some()) =>
        {
            Direction::In
        }
        None => {
            neither(reader, context, index, table);
            return None;
        }
    };
    if text && direction == Direction::In {
        return Some(if pointee == Pointee::Character { ParameterDraft::Text } else { ParameterDraft::WideText });
    }
    match pointee {
        Pointee::Record(id, layout) if !counted => {
            return record::behind_pointer(reader, context, index, table, (id, layout), direction);
        }
        Pointee::Number(scalar, enumeration) if !counted && !pointee.is_byte() => {
            return Some(ParameterDraft::ScalarPointer { direction, scalar, enumeration });
        }
        Pointee::Bytes
        | Pointee::Character
        | Pointee::Function
        | Pointee::Number(..)
        | Pointee::Object(_)
        | Pointee::Pointer
        | Pointee::Record(..)
        | Pointee::Wide(_)
        | Pointee::WideCharacter => {}
    }
    if !counted {
        let key = if direction == Direction::Out { "capacity" } else { "length" };
        let count = context.likely_count(index).unwrap_or("…");
        let (unit, or) = match pointee == Pointee::WideCharacter {
            true => ("`wchar_t`", ", or `text = false` if it is just one"),
            false => ("bytes", ""),
        };
        let hint = format!(
            "write `{name} = {{ …, {key} = \"{count}\" }}`, with the parameter that says how many {unit} it has{or}"
        );
        reader.error_with_hint(table.span.clone(), format!("how long is `{name}`? It needs `{key}`"), hint);
        return None;
    }
    buffer(reader, context, index, table, direction, (pointee, pointee.element()?))
}

/// What `in` and `out` say; `Some(None)` if neither is there.
pub(super) fn direction(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    constant: bool,
    table: &raw::Parameter<'_>,
) -> Option<Option<Direction>> {
    Some(match (on(&table.input), on(&table.output)) {
        (_, true) if constant => {
            let name = context.name(index);
            let span = place(&table.output).unwrap_or_default();
            let hint = "a library cannot write what is `const`; is it `in`?";
            reader.error_with_hint(span, format!("`{name}` points to something `const`"), hint);
            return None;
        }
        (true, true) => Some(Direction::InOut),
        (true, false) => Some(Direction::In),
        (false, true) => Some(Direction::Out),
        (false, false) => None,
    })
}

pub(super) fn neither(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    table: &raw::Parameter<'_>,
) {
    let name = context.name(index);
    let who = if context.is_callback() { "the callable" } else { "the library" };
    let hint = format!(
        "does {who} read it (`in = true`), write it (`out = true`), or both? As in `{name} = {{ in = true, … }}`"
    );
    reader.error_with_hint(table.span.clone(), format!("`{name}` is neither `in` nor `out`"), hint);
}

/// A pointer that a length or a capacity belongs to.
pub(super) fn buffer(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    table: &raw::Parameter<'_>,
    direction: Direction,
    (pointee, element): (Pointee, Element),
) -> Option<ParameterDraft> {
    let after = direction == Direction::Out || table.capacity.is_some();
    no_string(reader, &table.length, pointee)?;
    let ends_at_null = ends_at_null(table.length.as_ref());
    let length = table.length.as_ref().filter(|_| !ends_at_null);
    let length = expression(reader, context, length, after);
    let capacity = expression(reader, context, table.capacity.as_ref(), false);
    let max = match &table.max {
        Some(Key { span, value: Max::Expression(written) }) => {
            let key = Key { span: span.clone(), value: written.clone() };
            expression(reader, context, Some(&key), false)
        }
        _ => Some(None),
    };
    let (length, capacity, max) = (length?, capacity?, max?);
    Some(ParameterDraft::Buffer(BufferDraft {
        direction,
        pointee,
        element,
        length,
        capacity,
        max,
        array: context.array(index),
        ends_at_null,
    }))
}
