//! `[functions.NAME]` as it is written: which keys are there, and are their values of the right kind.

use super::MAX_FUNCTIONS;
use crate::diagnostic::Written;
use crate::document::{Reader, Table, Value};
use std::ops::Range;
use std::time::Duration;
use toml::de::DeValue;

/// The keys of a function that no parameter may take.
pub(super) const RESERVED: [&str; 6] = ["c", "doc", "internal", "deadline", "returns", "parameters"];

/// The longest C text.
const MAX_C_BYTES: usize = 4096;

/// Python's reserved words: no function can be called like one.
const PYTHON_KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// Whether Python reserves that word.
pub(crate) fn is_python_keyword(word: &str) -> bool {
    PYTHON_KEYWORDS.contains(&word)
}

/// `[functions.NAME]`
pub(super) struct Function<'d> {
    pub(super) name: Written,
    pub(super) c: Written,
    pub(super) c_key: Range<usize>,
    pub(super) doc: Option<Written>,
    pub(super) internal: bool,
    pub(super) deadline: Option<Duration>,
    pub(super) returns: Option<Returns>,
    /// `returns` is there but cannot be used.
    pub(super) flawed: bool,
    pub(super) parameters: Vec<Parameter<'d>>,
}

/// One parameter's table.
pub(super) struct Parameter<'d> {
    pub(super) name: Written,
    pub(super) span: Range<usize>,
    /// Keys that no parameter has: where, what, and the advice.
    pub(super) unknown: Vec<(Range<usize>, String, String)>,
    /// A key is unknown or its value is of the wrong kind; it makes no sense to complain about what follows from that.
    pub(super) flawed: bool,
    pub(super) input: Option<Key<bool>>,
    pub(super) output: Option<Key<bool>>,
    pub(super) length: Option<Key<Written>>,
    pub(super) capacity: Option<Key<Written>>,
    pub(super) max: Option<Key<Max>>,
    pub(super) range: Option<Key<Value<'d>>>,
    pub(super) default: Option<Key<Value<'d>>>,
    pub(super) null: Option<Key<bool>>,
    pub(super) text: Option<Key<bool>>,
    pub(super) bytes: Option<Key<bool>>,
}

/// `returns`
pub(super) struct Returns {
    pub(super) error_unless: Option<Key<Written>>,
    pub(super) error_if: Option<Key<Written>>,
    pub(super) errno: Option<Key<bool>>,
    pub(super) message: Option<Key<Written>>,
    pub(super) value: Option<Key<bool>>,
    pub(super) text: Option<Key<bool>>,
    pub(super) bytes: Option<Key<bool>>,
    pub(super) null: Option<Key<bool>>,
    pub(super) free: Option<Key<Written>>,
}

/// `max`: a size, or what gives one.
#[derive(Clone)]
pub(super) enum Max {
    /// `"64 KiB"`
    Bytes(u64),
    /// `"compressBound(n)"`
    Expression(Written),
}

/// A key's value, and where the key stands.
#[derive(Clone)]
pub(super) struct Key<T> {
    pub(super) span: Range<usize>,
    pub(super) value: T,
}

impl Parameter<'_> {
    fn good_keys(&self) -> usize {
        let present = [
            self.input.is_some(),
            self.output.is_some(),
            self.length.is_some(),
            self.capacity.is_some(),
            self.max.is_some(),
            self.range.is_some(),
            self.default.is_some(),
            self.null.is_some(),
            self.text.is_some(),
            self.bytes.is_some(),
        ];
        present.into_iter().filter(|present| *present).count()
    }
}

/// Whether a switch is on.
pub(super) fn on(key: &Option<Key<bool>>) -> bool {
    key.as_ref().is_some_and(|key| key.value)
}

/// `[functions]`
pub(super) fn functions<'d>(reader: &mut Reader, value: &Value<'d>) -> Option<Vec<Function<'d>>> {
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

fn function<'d>(reader: &mut Reader, entry: &Value<'d>) -> Option<Function<'d>> {
    let name = Written { text: entry.key.to_owned(), span: entry.key_span.clone() };
    let good_name = function_name(reader, &name);
    let mut table = reader.table(entry, format!("[functions.{}]", name.text), "{ c = \"…\" }")?;
    let c_value = table.take("c");
    if c_value.is_none() {
        reader.missing(&table, "c", "add the C prototype: `c = \"int f(int a)\"`");
    }
    let mut entries = Vec::new();
    for key in ["doc", "internal", "deadline"] {
        entries.extend(parameter_like_a_key(reader, &mut table, key));
    }
    let c_key = c_value.as_ref().map(|value| value.key_span.clone());
    let c = c_value.and_then(|value| reader.string(&value)).filter(|c| short_enough(reader, c));
    let doc = table.take("doc").and_then(|value| reader.string(&value));
    let internal = table.take("internal").and_then(|value| reader.boolean(&value)).unwrap_or(false);
    let deadline = table.take("deadline").and_then(|value| reader.duration(&value));
    let returns = table.take("returns").map(|value| returns(reader, &value));
    if let Some(value) = table.take("parameters") {
        let inner = reader.table(&value, "`parameters`", "{ NAME = { in = true } }");
        entries.extend(inner.map(|mut inner| inner.take_all()).unwrap_or_default());
    }
    entries.extend(table.take_all());
    let parameters = entries.iter().filter_map(|entry| parameter(reader, entry)).collect();
    let flawed = matches!(returns, Some(None));
    let returns = returns.flatten();
    let function = Function { name, c: c?, c_key: c_key?, doc, internal, deadline, returns, flawed, parameters };
    good_name.then_some(function)
}

/// A table where a function's own key wants something else is most probably meant for a parameter of that name.
fn parameter_like_a_key<'d>(reader: &mut Reader, table: &mut Table<'d>, key: &'static str) -> Option<Value<'d>> {
    let value = table.take_if(key, |value| matches!(value, DeValue::Table(_)))?;
    let message = format!("`{key}` is a key of the function itself");
    let hint = format!("for a parameter called `{key}`, write `parameters = {{ {key} = {{ … }} }}`");
    reader.error_with_hint(value.key_span.clone(), message, hint);
    Some(value)
}

fn function_name(reader: &mut Reader, name: &Written) -> bool {
    let text = &name.text;
    let identifier = text.len() <= 128
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|one| one.is_ascii_alphanumeric() || one == '_');
    let message = if !identifier {
        format!("`{text}` cannot be the name of a function in Python")
    } else if is_python_keyword(text) {
        format!("`{text}` is a word that Python reserves")
    } else if text.starts_with("__") {
        format!("`{text}` begins with two underscores, which Python keeps for itself")
    } else {
        return true;
    };
    let hint = "the key is the name in Python and may be another one; the name in C comes from `c`";
    reader.error_with_hint(name.span.clone(), message, hint);
    false
}

fn short_enough(reader: &mut Reader, c: &Written) -> bool {
    let fits = c.text.len() <= MAX_C_BYTES;
    if !fits {
        reader.error(c.span.clone(), format!("a prototype has at most {MAX_C_BYTES} bytes"));
    }
    fits
}

fn parameter<'d>(reader: &mut Reader, entry: &Value<'d>) -> Option<Parameter<'d>> {
    let example = match entry.value {
        DeValue::Integer(number) => format!("{{ default = {} }}", number.as_str()),
        _ => "{ in = true }".to_owned(),
    };
    let mut table = reader.table(entry, format!("the parameter `{}`", entry.key), &example)?;
    let present = table.len();
    let mut parameter = Parameter {
        unknown: Vec::new(),
        flawed: false,
        name: Written { text: entry.key.to_owned(), span: entry.key_span.clone() },
        span: entry.key_span.clone(),
        input: key(reader, &mut table, "in", Reader::boolean),
        output: key(reader, &mut table, "out", Reader::boolean),
        length: key(reader, &mut table, "length", Reader::expression),
        capacity: key(reader, &mut table, "capacity", Reader::expression),
        max: key(reader, &mut table, "max", max),
        range: key(reader, &mut table, "range", |_, value| Some(value.clone())),
        default: key(reader, &mut table, "default", |_, value| Some(value.clone())),
        null: key(reader, &mut table, "null", Reader::boolean),
        text: key(reader, &mut table, "text", Reader::boolean),
        bytes: key(reader, &mut table, "bytes", Reader::boolean),
    };
    table.unknown(&mut |span, message, hint| parameter.unknown.push((span, message, hint)));
    parameter.flawed = parameter.good_keys() < present;
    Some(parameter)
}

/// What begins like a size is one, unless there are signs of arithmetic in it.
fn max(reader: &mut Reader, value: &Value<'_>) -> Option<Max> {
    match value.value {
        DeValue::String(text) if text.contains(['(', '*', '+', '-', '/']) || text.starts_with(char::is_alphabetic) => {
            reader.string(value).map(Max::Expression)
        }
        _ => reader.size(value, 1, 4 << 30).map(Max::Bytes),
    }
}

fn returns(reader: &mut Reader, value: &Value<'_>) -> Option<Returns> {
    let mut table = reader.table(value, "`returns`", "{ error_if = \"< 0\" }")?;
    let before = reader.mistakes();
    let returns = Returns {
        error_unless: key(reader, &mut table, "error_unless", Reader::expression),
        error_if: key(reader, &mut table, "error_if", Reader::expression),
        errno: key(reader, &mut table, "errno", Reader::boolean),
        message: key(reader, &mut table, "message", Reader::string),
        value: key(reader, &mut table, "value", Reader::boolean),
        text: key(reader, &mut table, "text", Reader::boolean),
        bytes: key(reader, &mut table, "bytes", Reader::boolean),
        null: key(reader, &mut table, "null", Reader::boolean),
        free: key(reader, &mut table, "free", Reader::string),
    };
    reader.finish(table);
    (reader.mistakes() == before).then_some(returns)
}

fn key<'d, T>(
    reader: &mut Reader,
    table: &mut Table<'d>,
    name: &'static str,
    read: impl FnOnce(&mut Reader, &Value<'d>) -> Option<T>,
) -> Option<Key<T>> {
    let value = table.take(name)?;
    let span = value.key_span.clone();
    read(reader, &value).map(|value| Key { span, value })
}
