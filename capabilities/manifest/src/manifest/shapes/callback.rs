//! Pointers to functions: Python callables.

use super::super::declare::tables;
use super::super::numbers;
use super::super::raw::{self, on};
use super::draft::ParameterDraft;
use super::keys::{null_default, place};
use super::{Context, DeclaredAt, record, resolve};
use crate::declaration::{Name, PrototypeParameter};
use crate::document::DocumentReader;
use cloison_contract::expression::Expression;
use cloison_contract::interface::Parameter;
use cloison_contract::shape::{Callback, Literal, Shape};
use cloison_contract::types::{CType, Signature};
use std::ops::Range;

/// What only a function's own parameters can be told.
const NOT_IN_CALLBACKS: [&str; 14] = [
    "borrowed",
    "consumed",
    "deadline",
    "default",
    "error",
    "free",
    "leading",
    "on_error",
    "owner",
    "parameters",
    "range",
    "replaces",
    "retain",
    "view",
];

/// Notes keys that have no meaning for a callback's parameter.
pub(super) fn only_own_keys(reader: &mut DocumentReader, table: &raw::Parameter<'_>) -> Option<()> {
    let before = reader.mistakes();
    for (word, span) in table.present.iter().filter(|(word, _)| NOT_IN_CALLBACKS.contains(word)) {
        let message = format!("`{word}` has no meaning for `{}`, which C passes to a callback", table.name.text);
        reader.error(span.clone(), message);
    }
    (reader.mistakes() == before).then_some(())
}

pub(super) fn draft(reader: &mut DocumentReader, context: &Context<'_, '_>, index: usize) -> Option<ParameterDraft> {
    if context.is_callback() {
        let name = context.name(index);
        let message = format!("`{name}` is a function of C, which Python cannot call");
        let hint = format!("if Python has no use for it, write `{name} = {{ user_data = true }}`");
        context.error(reader, index, message, hint);
        return None;
    }
    if let Some(table) = context.table(index) {
        let allowed = ["in", "error", "deadline", "null", "default", "replaces", "retain", "parameters"];
        table.only(reader, "a callback", &allowed)?;
    }
    Some(ParameterDraft::Callback)
}

pub(super) fn shape(reader: &mut DocumentReader, context: &Context<'_, '_>, index: usize) -> Option<Shape> {
    let CType::Pointer { to, .. } = context.c_type(index) else { return None };
    let CType::Function(signature) = &**to else { return None };
    let table = context.table(index);
    let alias = context.world.types.callback(context.parameters[index].typedef.as_deref());
    let parameters = parameters(reader, context, index, signature, (table, alias))?;
    let kept = check_result(reader, context, index, signature, &parameters)?;
    let error = table.and_then(|table| table.error.as_ref()).or(alias.and_then(|alias| alias.error.as_ref()));
    let error = match error {
        Some(key) => Some(error_value(reader, context, signature, key)?),
        None => None,
    };
    let deadline = table.and_then(|table| table.deadline.as_ref()).or(alias.and_then(|alias| alias.deadline.as_ref()));
    let default_none = match table {
        Some(table) => null_default(reader, context, index, table)?,
        None => false,
    };
    Some(Shape::Callback(Callback {
        parameters,
        result: signature.result.clone(),
        kept,
        error,
        deadline: deadline.map(|key| key.value),
        null: table.is_some_and(|table| on(&table.null)),
        default_none,
        retain: None,
        replaces: table.is_some_and(|table| on(&table.replaces)),
    }))
}

/// The callback's own parameters.
fn parameters(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    signature: &Signature,
    (table, alias): (Option<&raw::Parameter<'_>>, Option<&raw::Type<'_>>),
) -> Option<Vec<Parameter>> {
    let inner = table.and_then(|table| table.parameters.as_ref());
    let (written, head) = match (inner, alias) {
        (None, Some(alias)) => (alias.parameters.as_ref(), format!("`parameters` of [types.{}]", alias.name.text)),
        _ => (inner, format!("`parameters` of `{}` of {}", context.name(index), context.head)),
    };
    let prototype: Vec<_> = signature.parameters.iter().enumerate().map(named).collect();
    let written = written.map(|key| &key.value[..]).unwrap_or_default();
    let before = reader.mistakes();
    let tables = tables(reader, &prototype, written, &format!("the callback `{}`", context.name(index)), &[]);
    let inside = Context {
        world: context.world,
        parameters: &prototype,
        tables: &tables,
        result: &signature.result,
        head,
        declared_at: DeclaredAt::Callback(span(reader, context, index, alias)),
        function: None,
        frees: false,
        internal: false,
        value_length: None,
    };
    let parameters = resolve(reader, &inside)?;
    (reader.mistakes() == before).then_some(parameters)
}

/// Where to say what is wrong with a parameter of a callback that has no table.
fn span(
    reader: &DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    alias: Option<&raw::Type<'_>>,
) -> Range<usize> {
    match (context.table(index), alias, &context.declared_at) {
        (Some(table), ..) => table.span.clone(),
        (None, Some(alias), _) => alias.c.span.clone(),
        (None, None, DeclaredAt::Text(c)) => reader.place_in(c, context.parameters[index].name.span.clone()),
        (None, None, DeclaredAt::Callback(span)) => span.clone(),
    }
}

/// A parameter without a name is called by its position.
fn named((index, (name, c_type)): (usize, &(String, CType))) -> PrototypeParameter {
    let text = if name.is_empty() { format!("arg{}", index + 1) } else { name.clone() };
    PrototypeParameter { name: Name { text, span: 0..0 }, c_type: c_type.clone(), array: None, typedef: None }
}

/// Whether Python's value is the C value.
fn check_result(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    signature: &Signature,
    parameters: &[Parameter],
) -> Option<bool> {
    let is_return = |length: &Expression| length.any(|part| *part == Expression::Return);
    let is_length = parameters.iter().any(
        |parameter| matches!(&parameter.shape, Shape::Buffer(buffer) if buffer.length.as_ref().is_some_and(is_return)),
    );
    match &signature.result {
        CType::Void => Some(false),
        CType::Pointer { .. } => {
            let message = format!("`{}` gives C a pointer, and addresses stay in the zone", context.name(index));
            let hint = "a callable can give a number or a struct; else a wrapper in C is needed";
            context.error(reader, index, message, hint);
            None
        }
        CType::Record { id, .. } => {
            record::live(reader, context, index, *id)?;
            record::aligned(reader, context, index, *id).map(|()| true)
        }
        CType::Array { .. }
        | CType::Enum { .. }
        | CType::Function(_)
        | CType::Opaque(_)
        | CType::Scalar { .. }
        | CType::Wide(_) => Some(!is_length),
    }
}

fn error_value(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    signature: &Signature,
    key: &raw::Key<crate::document::TableEntry<'_>>,
) -> Option<Literal> {
    match signature.result.scalar() {
        Some(scalar) => numbers::default(reader, context.world.types, key, scalar, None),
        None => {
            let what = if signature.result == CType::Void { "void" } else { "no plain number" };
            let hint = "leave it out: C then gets zero bytes, if anything";
            reader.error_with_hint(
                key.span.clone(),
                format!("`error` has no meaning: the callback returns {what}"),
                hint,
            );
            None
        }
    }
}

/// What of a callback's buffers is no buffer of a function's.
pub(super) fn check_buffer(
    reader: &mut DocumentReader,
    table: &raw::Parameter<'_>,
    draft: &super::draft::BufferDraft,
) -> Option<()> {
    use cloison_contract::shape::Direction;
    let name = &table.name.text;
    let (span, message, hint) = match draft.direction {
        Direction::InOut => (
            table.span.clone(),
            format!(
                "`{name}` would be read and written by a callable, which can only be said of single numbers and structs"
            ),
            "say `in` or `out`".to_owned(),
        ),
        Direction::Out if draft.capacity.is_none() => (
            table.span.clone(),
            format!("`{name}` is `out` and needs `capacity`"),
            format!(
                "how much room does C give? As in `{name} = {{ out = true, capacity = \"n\", length = \"return\" }}`"
            ),
        ),
        Direction::In if draft.capacity.is_some() => (
            place(&table.capacity).unwrap_or_default(),
            format!("`capacity` has no meaning for `{name}`"),
            "a buffer that is only `in` has a `length`".to_owned(),
        ),
        Direction::In | Direction::Out => return Some(()),
    };
    reader.error_with_hint(span, message, hint);
    None
}
