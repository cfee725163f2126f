//! The keys of a table, some of which are there.

use crate::document::{DocumentReader, Table, TableEntry};
use std::ops::Range;

/// A key's value, and where the key stands.
#[derive(Clone)]
pub(in crate::manifest) struct Key<T> {
    pub(in crate::manifest) span: Range<usize>,
    pub(in crate::manifest) value: T,
}

/// Whether a switch is on.
pub(in crate::manifest) fn on(key: &Option<Key<bool>>) -> bool {
    key.as_ref().is_some_and(|key| key.value)
}

/// A table's keys, while they are taken out of it.
pub(super) struct Keys<'t, 'd> {
    table: &'t mut Table<'d>,
    present: Vec<(&'static str, Range<usize>)>,
    /// How many keys are unknown, or have a value that is of the wrong kind.
    unread: usize,
}

impl<'t, 'd> Keys<'t, 'd> {
    pub(super) fn new(table: &'t mut Table<'d>) -> Self {
        Self { present: Vec::new(), unread: table.len(), table }
    }

    /// The value of a key, if it is there and `read` can make something of it.
    pub(super) fn key<T>(
        &mut self,
        reader: &mut DocumentReader,
        name: &'static str,
        read: impl FnOnce(&mut DocumentReader, &TableEntry<'d>) -> Option<T>,
    ) -> Option<Key<T>> {
        let value = self.table.take(name)?;
        let span = value.key_span.clone();
        let value = read(reader, &value)?;
        self.unread -= 1;
        self.present.push((name, span.clone()));
        Some(Key { span, value })
    }

    /// The same for `true` or `false`; `false` counts as not there.
    pub(super) fn switch(&mut self, reader: &mut DocumentReader, name: &'static str) -> Option<Key<bool>> {
        let key = self.key(reader, name, DocumentReader::boolean)?;
        if !key.value {
            self.present.pop();
        }
        Some(key)
    }

    /// Notes that something is not decided yet.
    pub(super) fn undecided(&mut self, reader: &mut DocumentReader, what: &str) {
        reader.undecided(self.table, what);
    }

    /// Whether keys are unknown or wrong, and those that are there.
    pub(super) fn end(self) -> (bool, Vec<(&'static str, Range<usize>)>) {
        (self.unread > 0, self.present)
    }
}
