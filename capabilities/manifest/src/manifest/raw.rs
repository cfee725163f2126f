//! `[functions.NAME]` as it is written: which keys are there, and are their values of the right kind.

mod key;
mod parameter;
mod returns;
mod types;

pub(super) use key::{Key, on};
pub(super) use parameter::{Max, Parameter};
pub(super) use returns::{Raises, Returns};
pub(super) use types::{Live, Member, Type, types};

use super::MAX_FUNCTIONS;
use super::names::identifier;
use crate::diagnostic::Written;
use crate::document::{DocumentReader, Table, TableEntry};
use crate::keys::{self, Kind, TableName};
use key::Keys;
use parameter::parameter;
use returns::returns;
use std::ops::Range;
use std::time::Duration;
use toml::de::DeValue;

/// The longest C text.
const MAX_C_BYTES: usize = 4096;

/// `[functions.NAME]`
pub(super) struct Function<'d> {
    pub(super) name: Written,
    pub(super) c: Written,
    pub(super) c_key: Range<usize>,
    pub(super) doc: Option<Written>,
    pub(super) internal: bool,
    pub(super) deadline: Option<Duration>,
    pub(super) callables: Option<Duration>,
    pub(super) blocking: Option<Range<usize>>,
    pub(super) variadic: Option<Written>,
    pub(super) returns: Option<Returns>,
    /// `returns` is there but cannot be used.
    pub(super) flawed: bool,
    pub(super) parameters: Vec<Parameter<'d>>,
}

/// `[functions]`
pub(super) fn functions<'d>(reader: &mut DocumentReader, value: &TableEntry<'d>) -> Option<Vec<Function<'d>>> {
    let mut table = reader.table(value, "[functions]", "{ … }")?;
    let mut entries = table.take_all();
    if entries.len() > MAX_FUNCTIONS {
        reader.error(
            entries[MAX_FUNCTIONS].key_span.clone(),
            format!("a manifest has at most {MAX_FUNCTIONS} functions"),
        );
        entries.truncate(MAX_FUNCTIONS);
    }
    Some(entries.iter().filter_map(|entry| function(reader, entry)).collect())
}

fn function<'d>(reader: &mut DocumentReader, entry: &TableEntry<'d>) -> Option<Function<'d>> {
    let name = Written { text: entry.key.to_owned(), span: entry.key_span.clone() };
    let good_name = identifier(reader, &name, "a function");
    let mut table = reader.table(entry, format!("[functions.{}]", name.text), "{ c = \"…\" }")?.of(TableName::Function);
    let c_value = table.take("c");
    if c_value.is_none() {
        reader.missing(&table, "c", "add the C prototype: `c = \"int f(int a)\"`");
    }
    let mut entries = Vec::new();
    for key in keys::of(TableName::Function).filter(|key| !takes_a_table(key.kind)) {
        entries.extend(parameter_like_a_key(reader, &mut table, key.name));
    }
    let c_key = c_value.as_ref().map(|value| value.key_span.clone());
    let c = c_value.and_then(|value| reader.string(&value)).filter(|c| short_enough(reader, c));
    let doc = table.take("doc").and_then(|value| reader.string(&value));
    let internal = table.take("internal").and_then(|value| reader.boolean(&value)).unwrap_or(false);
    let deadline = table.take("deadline").and_then(|value| reader.duration(&value));
    let callables = table.take("callables").and_then(|value| reader.duration(&value));
    let blocking = table.take("blocking").filter(|value| reader.boolean(value) == Some(true));
    let variadic = table.take("variadic").and_then(|value| form(reader, &value));
    let returns = table.take("returns").map(|value| returns(reader, &value));
    if let Some(value) = table.take("parameters") {
        let inner = reader.table(&value, "`parameters`", "{ NAME = { in = true } }");
        entries.extend(inner.map(|mut inner| inner.take_all()).unwrap_or_default());
    }
    entries.extend(table.take_all());
    let parameters = entries.iter().filter_map(|entry| parameter(reader, entry)).collect();
    let flawed = matches!(returns, Some(None));
    let returns = returns.flatten();
    let blocking = blocking.map(|value| value.key_span);
    let (c, c_key) = (c?, c_key?);
    let function = Function {
        name,
        c,
        c_key,
        doc,
        internal,
        deadline,
        callables,
        blocking,
        variadic,
        returns,
        flawed,
        parameters,
    };
    good_name.then_some(function)
}

/// `variadic`; an empty one is the form without further arguments.
fn form(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Written> {
    match value.value {
        DeValue::String(text) if text.is_empty() => Some(Written { text: String::new(), span: value.span.clone() }),
        _ => reader.string(value),
    }
}

/// A table where a function's own key wants something else is most probably meant for a parameter of that name.
fn parameter_like_a_key<'d>(
    reader: &mut DocumentReader,
    table: &mut Table<'d>,
    key: &'static str,
) -> Option<TableEntry<'d>> {
    let value = table.take_if(key, |value| matches!(value, DeValue::Table(_)))?;
    let message = format!("`{key}` is a key of the function itself");
    let hint = format!("for a parameter called `{key}`, write `parameters = {{ {key} = {{ … }} }}`");
    reader.error_with_hint(value.key_span.clone(), message, hint);
    Some(value)
}

fn takes_a_table(kind: Kind) -> bool {
    matches!(kind, Kind::Named(_) | Kind::Table(_))
}

fn short_enough(reader: &mut DocumentReader, c: &Written) -> bool {
    let fits = c.text.len() <= MAX_C_BYTES;
    if !fits {
        reader.error(c.span.clone(), format!("a prototype has at most {MAX_C_BYTES} bytes"));
    }
    fits
}
