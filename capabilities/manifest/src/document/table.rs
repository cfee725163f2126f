//! A table that gives out the values of its keys.

use crate::keys::{self, Kind, TableName};
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
    entries: Vec<TableEntry<'d>>,
    /// Which table it is; `None` if its keys are names that the author has chosen.
    keys: Option<TableName>,
}

/// One key and its value.
#[derive(Clone)]
pub struct TableEntry<'d> {
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
    /// What it should be, if it is the value of a key.
    pub kind: Option<Kind>,
}

impl<'d> Table<'d> {
    /// The table that is the whole file.
    pub fn root(table: &'d DeTable<'d>) -> Self {
        Self::new("this file", 0..0, table)
    }

    /// A table of that name.
    pub fn new(name: impl Into<String>, span: Range<usize>, table: &'d DeTable<'d>) -> Self {
        let mut entries: Vec<_> = table.iter().map(|(key, value)| TableEntry::new(key, value)).collect();
        // The tree is sorted by key; people expect the order of the file.
        entries.sort_by_key(|entry| entry.key_span.start);
        Self { name: name.into(), span, entries, keys: None }
    }

    /// The same, with the keys of that table: only these can be taken.
    pub fn of(self, keys: TableName) -> Self {
        Self { keys: Some(keys), ..self }
    }

    /// The value of that key, if the table is one that has it.
    pub fn take(&mut self, key: &'static str) -> Option<TableEntry<'d>> {
        let known = keys::find(self.keys?, key)?;
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        Some(TableEntry { kind: Some(known.kind), ..self.entries.remove(index) })
    }

    /// The value under that key, whatever it means, if the value is like that.
    pub fn take_if(&mut self, key: &str, test: impl FnOnce(&DeValue<'d>) -> bool) -> Option<TableEntry<'d>> {
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        test(self.entries[index].value).then(|| self.entries.remove(index))
    }

    /// How many keys have not been taken.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// All keys that have not been taken, in the order of the file.
    pub fn take_all(&mut self) -> Vec<TableEntry<'d>> {
        std::mem::take(&mut self.entries)
    }

    /// All keys whose values are tables and that have not been taken, in the order of the file.
    pub fn take_tables(&mut self) -> Vec<TableEntry<'d>> {
        let is_table = |entry: &mut TableEntry<'d>| matches!(entry.value, DeValue::Table(_));
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
        let known = self.keys.map(keys::names).unwrap_or_default();
        for entry in &self.entries {
            let hint = match did_you_mean(entry.key, known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => {
                    let list: Vec<_> = known.iter().map(|known| format!("`{known}`")).collect();
                    format!("known here: {}", list.join(", "))
                }
            };
            report(entry.key_span.clone(), format!("{} has no key `{}`", self.name, entry.key), hint);
        }
    }
}

impl<'d> TableEntry<'d> {
    fn new(key: &'d Spanned<toml::de::DeString<'d>>, value: &'d Spanned<DeValue<'d>>) -> Self {
        Self {
            key: key.get_ref(),
            key_span: key.span(),
            span: value.span(),
            value: value.get_ref(),
            element: false,
            kind: None,
        }
    }

    /// An element of an array, under the array's key.
    pub fn element(&self, value: &'d Spanned<DeValue<'d>>) -> Self {
        Self {
            key: self.key,
            key_span: self.key_span.clone(),
            span: value.span(),
            value: value.get_ref(),
            element: true,
            kind: self.kind,
        }
    }
}
