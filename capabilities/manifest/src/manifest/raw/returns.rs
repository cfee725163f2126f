//! `returns`

use super::{Key, Keys};
use crate::diagnostic::Written;
use crate::document::{DocumentReader, TableEntry};
use crate::keys::TableName;
use std::ops::Range;
use toml::de::DeValue;

/// `returns`
pub(in crate::manifest) struct Returns {
    /// The keys that are there and not `false`, and where they stand.
    pub(in crate::manifest) present: Vec<(&'static str, Range<usize>)>,
    pub(in crate::manifest) error_unless: Option<Key<Written>>,
    pub(in crate::manifest) error_if: Option<Key<Written>>,
    pub(in crate::manifest) errno: Option<Key<bool>>,
    pub(in crate::manifest) message: Option<Key<Written>>,
    pub(in crate::manifest) raises: Option<Key<Raises>>,
    pub(in crate::manifest) value: Option<Key<bool>>,
    pub(in crate::manifest) text: Option<Key<bool>>,
    pub(in crate::manifest) bytes: Option<Key<bool>>,
    pub(in crate::manifest) null: Option<Key<bool>>,
    pub(in crate::manifest) free: Option<Key<Written>>,
    pub(in crate::manifest) length: Option<Key<Written>>,
    pub(in crate::manifest) max: Option<Key<u64>>,
    pub(in crate::manifest) owner: Option<Key<Written>>,
    pub(in crate::manifest) borrowed: Option<Key<bool>>,
}

/// `raises`
pub(in crate::manifest) enum Raises {
    /// `"Busy"`
    One(Written),
    /// `{ 5 = "Busy", else = "DatabaseError" }`
    ByCode(Vec<(Written, Written)>),
}

impl Returns {
    /// Where a key stands, if it is there and not `false`.
    pub(in crate::manifest) fn place(&self, word: &str) -> Option<Range<usize>> {
        self.present.iter().find(|(present, _)| *present == word).map(|(_, span)| span.clone())
    }
}

pub(super) fn returns(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Returns> {
    let mut table = reader.table(value, "`returns`", "{ error_if = \"< 0\" }")?.of(TableName::Returns);
    let before = reader.mistakes();
    let mut keys = Keys::new(&mut table);
    let mut returns = Returns {
        present: Vec::new(),
        error_unless: keys.key(reader, "error_unless", DocumentReader::expression),
        error_if: keys.key(reader, "error_if", DocumentReader::expression),
        errno: keys.switch(reader, "errno"),
        message: keys.key(reader, "message", DocumentReader::string),
        raises: keys.key(reader, "raises", raises),
        value: keys.switch(reader, "value"),
        text: keys.switch(reader, "text"),
        bytes: keys.switch(reader, "bytes"),
        null: keys.switch(reader, "null"),
        free: keys.key(reader, "free", DocumentReader::string),
        length: keys.key(reader, "length", DocumentReader::expression),
        max: keys.key(reader, "max", DocumentReader::size),
        owner: keys.key(reader, "owner", DocumentReader::string),
        borrowed: keys.switch(reader, "borrowed"),
    };
    keys.undecided(reader, "what is returned");
    (_, returns.present) = keys.end();
    reader.finish(table);
    (reader.mistakes() == before).then_some(returns)
}

fn raises(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Raises> {
    if let DeValue::String(_) = value.value {
        return reader.string(value).map(Raises::One);
    }
    let mut table = reader.table(value, "`raises`", "\"NAME\" or { 5 = \"NAME\", else = \"NAME\" }")?;
    let entries = table.take_all();
    let code = |entry: &TableEntry<'_>| {
        let class = reader.string(entry)?;
        Some((Written { text: entry.key.to_owned(), span: entry.key_span.clone() }, class))
    };
    entries.iter().map(code).collect::<Option<_>>().map(Raises::ByCode)
}
