//! A table that knows which of its keys have been asked for.

use cloison_contract::spelling::did_you_mean;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table that is being read.
pub struct Table<'d> {
    /// As errors name it: `[sandbox]`, `` `library` ``.
    pub name: String,
    /// Where it stands: its header or its braces.
    pub span: Range<usize>,
    entries: Vec<Value<'d>>,
    known: Vec<&'static str>,
}

/// One key and its value.
#[derive(Clone)]
pub struct Value<'d> {
    /// The key.
    pub key: &'d str,
    /// Where the key stands.
    pub key_span: Range<usize>,
    /// Where the value stands.
    pub span: Range<usize>,
    /// The value.
    pub value: &'d DeValue<'d>,
    /// It is one of several in an array.
    pub element: bool,
}

impl<'d> Table<'d> {
    /// The table that is the whole file.
    pub fn root(table: &'d DeTable<'d>) -> Self {
        Self::new("this file", 0..0, table)
    }

    /// A table of that name.
    pub fn new(name: impl Into<String>, span: Range<usize>, table: &'d DeTable<'d>) -> Self {
        let mut entries: Vec<_> = table.iter().map(|(key, value)| Value::new(key, value)).collect();
        // The tree is sorted by key; people expect the order of the file.
        entries.sort_by_key(|entry| entry.key_span.start);
        Self { name: name.into(), span, entries, known: Vec::new() }
    }

    /// The value of that key. From now on the table knows the key.
    pub fn take(&mut self, key: &'static str) -> Option<Value<'d>> {
        self.known.push(key);
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(index))
    }

    /// The same, but only if the value is like that; else the table does not know the key yet.
    pub fn take_if(&mut self, key: &str, test: impl FnOnce(&DeValue<'d>) -> bool) -> Option<Value<'d>> {
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        test(self.entries[index].value).then(|| self.entries.remove(index))
    }

    /// How many keys have not been taken.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// All keys that have not been taken, in the order of the file.
    pub fn take_all(&mut self) -> Vec<Value<'d>> {
        std::mem::take(&mut self.entries)
    }

    /// All keys whose values are tables and that have not been taken, in the order of the file.
    pub fn take_tables(&mut self) -> Vec<Value<'d>> {
        let is_table = |entry: &mut Value<'d>| matches!(entry.value, DeValue::Table(_));
        self.entries.extract_if(.., is_table).collect()
    }

    /// Whether the file has that key (and nobody has taken it).
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// Whether a key that nobody has taken was probably meant to be this one.
    pub fn has_nearly(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| did_you_mean(entry.key, [key]).is_some())
    }

    /// Tells `report` the place, the mistake and the advice for each key that was not taken.
    pub fn unknown(self, report: &mut dyn FnMut(Range<usize>, String, String)) {
        for entry in &self.entries {
            let hint = match did_you_mean(entry.key, self.known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => {
                    let list: Vec<_> = self.known.iter().map(|known| format!("`{known}`")).collect();
                    format!("known here: {}", list.join(", "))
                }
            };
            report(entry.key_span.clone(), format!("{} has no key `{}`", self.name, entry.key), hint);
        }
    }
}

impl<'d> Value<'d> {
    fn new(key: &'d Spanned<toml::de::DeString<'d>>, value: &'d Spanned<DeValue<'d>>) -> Self {
        Self { key: key.get_ref(), key_span: key.span(), span: value.span(), value: value.get_ref(), element: false }
    }

    /// An element of an array, under the array's key.
    pub fn element(&self, value: &'d Spanned<DeValue<'d>>) -> Self {
        Self {
            key: self.key,
            key_span: self.key_span.clone(),
            span: value.span(),
            value: value.get_ref(),
            element: true,
        }
    }
}
