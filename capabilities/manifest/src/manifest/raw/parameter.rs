//! A parameter's table, of a function or of a callback.

use super::{Key, Keys};
use crate::diagnostic::Written;
use crate::document::{DocumentReader, TableEntry};
use crate::keys::TableName;
use std::ops::Range;
use std::time::Duration;
use toml::de::DeValue;

/// One parameter's table.
pub(in crate::manifest) struct Parameter<'d> {
    pub(in crate::manifest) name: Written,
    pub(in crate::manifest) span: Range<usize>,
    /// Keys that no parameter has: where, what, and the advice.
    pub(in crate::manifest) unknown: Vec<(Range<usize>, String, String)>,
    /// A key is unknown or its value is of the wrong kind; it makes no sense to complain about what follows from that.
    pub(in crate::manifest) flawed: bool,
    /// The keys that are there and not `false`, and where they stand.
    pub(in crate::manifest) present: Vec<(&'static str, Range<usize>)>,
    pub(in crate::manifest) input: Option<Key<bool>>,
    pub(in crate::manifest) output: Option<Key<bool>>,
    pub(in crate::manifest) length: Option<Key<Written>>,
    pub(in crate::manifest) capacity: Option<Key<Written>>,
    pub(in crate::manifest) max: Option<Key<Max>>,
    pub(in crate::manifest) range: Option<Key<TableEntry<'d>>>,
    pub(in crate::manifest) default: Option<Key<TableEntry<'d>>>,
    pub(in crate::manifest) null: Option<Key<bool>>,
    pub(in crate::manifest) text: Option<Key<bool>>,
    pub(in crate::manifest) bytes: Option<Key<bool>>,
    pub(in crate::manifest) borrowed: Option<Key<bool>>,
    pub(in crate::manifest) consumed: Option<Key<bool>>,
    pub(in crate::manifest) free: Option<Key<Written>>,
    pub(in crate::manifest) on_error: Option<Key<Written>>,
    pub(in crate::manifest) owner: Option<Key<Written>>,
    pub(in crate::manifest) value: Option<Key<TableEntry<'d>>>,
    pub(in crate::manifest) user_data: Option<Key<bool>>,
    pub(in crate::manifest) retain: Option<Key<Written>>,
    pub(in crate::manifest) replaces: Option<Key<bool>>,
    pub(in crate::manifest) view: Option<Key<bool>>,
    pub(in crate::manifest) leading: Option<Key<bool>>,
    pub(in crate::manifest) error: Option<Key<TableEntry<'d>>>,
    pub(in crate::manifest) deadline: Option<Key<Duration>>,
    pub(in crate::manifest) parameters: Option<Key<Vec<Parameter<'d>>>>,
}

/// `max`: a size, or what gives one.
#[derive(Clone)]
pub(in crate::manifest) enum Max {
    /// `"64 KiB"`
    Bytes(u64),
    /// `"compressBound(n)"`
    Expression(Written),
}

impl Parameter<'_> {
    /// Notes each key that has no meaning for what the parameter is.
    pub(in crate::manifest) fn only(&self, reader: &mut DocumentReader, what: &str, allowed: &[&str]) -> Option<()> {
        let before = reader.mistakes();
        for (word, span) in self.present.iter().filter(|(word, _)| !allowed.contains(word)) {
            let message = format!("`{word}` has no meaning for `{}`, which is {what}", self.name.text);
            reader.error(span.clone(), message);
        }
        (reader.mistakes() == before).then_some(())
    }
}

pub(in crate::manifest) fn parameter<'d>(reader: &mut DocumentReader, entry: &TableEntry<'d>) -> Option<Parameter<'d>> {
    let example = match entry.value {
        DeValue::Integer(number) => format!("{{ default = {} }}", number.as_str()),
        _ => "{ in = true }".to_owned(),
    };
    let mut table = reader.table(entry, format!("the parameter `{}`", entry.key), &example)?.of(TableName::Parameter);
    let mut keys = Keys::new(&mut table);
    let mut parameter = Parameter {
        name: Written { text: entry.key.to_owned(), span: entry.key_span.clone() },
        span: entry.key_span.clone(),
        unknown: Vec::new(),
        flawed: false,
        present: Vec::new(),
        input: keys.switch(reader, "in"),
        output: keys.switch(reader, "out"),
        length: keys.key(reader, "length", DocumentReader::expression),
        capacity: keys.key(reader, "capacity", DocumentReader::expression),
        max: keys.key(reader, "max", max),
        range: keys.key(reader, "range", plain),
        default: keys.key(reader, "default", plain),
        null: keys.switch(reader, "null"),
        text: keys.switch(reader, "text"),
        bytes: keys.switch(reader, "bytes"),
        borrowed: keys.switch(reader, "borrowed"),
        consumed: keys.switch(reader, "consumed"),
        free: keys.key(reader, "free", DocumentReader::string),
        on_error: keys.key(reader, "on_error", on_error),
        owner: keys.key(reader, "owner", DocumentReader::string),
        value: keys.key(reader, "value", plain),
        user_data: keys.switch(reader, "user_data"),
        retain: keys.key(reader, "retain", DocumentReader::string),
        replaces: keys.switch(reader, "replaces"),
        view: keys.switch(reader, "view"),
        leading: keys.switch(reader, "leading"),
        error: keys.key(reader, "error", plain),
        deadline: keys.key(reader, "deadline", DocumentReader::duration),
        parameters: keys.key(reader, "parameters", parameters),
    };
    keys.undecided(reader, &format!("`{}`", entry.key));
    (parameter.flawed, parameter.present) = keys.end();
    table.unknown(&mut |span, message, hint| parameter.unknown.push((span, message, hint)));
    Some(parameter)
}

/// `parameters = { NAME = { … } }`
pub(in crate::manifest) fn parameters<'d>(
    reader: &mut DocumentReader,
    value: &TableEntry<'d>,
) -> Option<Vec<Parameter<'d>>> {
    let mut table = reader.table(value, "`parameters`", "{ NAME = { in = true } }")?;
    let entries = table.take_all();
    Some(entries.iter().filter_map(|entry| parameter(reader, entry)).collect())
}

fn plain<'d>(_: &mut DocumentReader, value: &TableEntry<'d>) -> Option<TableEntry<'d>> {
    Some(value.clone())
}

fn on_error(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Written> {
    let written = reader.string(value)?;
    if written.text != "free" {
        let hint = "`on_error = \"free\"`: what the function has made is freed also when it fails";
        reader.error_with_hint(written.span, format!("`{}` is nothing that can be done then", written.text), hint);
        return None;
    }
    Some(written)
}

/// What begins like a size is one, unless there are signs of arithmetic in it.
fn max(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Max> {
    match value.value {
        DeValue::String(text) if text.contains(['(', '*', '+', '-', '/']) || text.starts_with(char::is_alphabetic) => {
            reader.string(value).map(Max::Expression)
        }
        _ => reader.size(value).map(Max::Bytes),
    }
}
