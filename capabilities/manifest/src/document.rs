//! Reading a TOML file so that every mistake is found and has a place.
//!
//! `serde`'s derived readers stop at the first mistake. People fix a file faster when they see all of them, so manifests
//! are read from the spanned tree of the `toml` crate instead: a [`Table`] gives out its values one by one, each
//! [`DocumentReader`] method checks one value, notes what is wrong and goes on, and [`DocumentReader::finish`] reports the keys that
//! nobody asked for, with the one that was probably meant.

mod strings;
mod table;
mod value;

pub use table::{Table, TableEntry};
pub use value::kind;

use crate::diagnostic::{Diagnostic, Diagnostics, Mistake, SourceFile, Written};
use cloison_contract::types::Location;
use std::ops::Range;
use std::sync::Arc;
use toml::de::DeTable;

/// The largest file that is read.
pub const MAX_FILE_BYTES: usize = 1 << 20;
/// How many mistakes are shown; of the others it is said how many they are.
const MAX_DIAGNOSTICS: usize = 50;

/// A file that is being read and what has been found wrong with it so far.
pub struct DocumentReader {
    /// The file.
    pub source: Arc<SourceFile>,
    diagnostics: Diagnostics,
}

/// Parses a file and hands its table to `read`; gives what that returns if there was no mistake.
pub fn read<T>(
    file_name: &str,
    text: &str,
    read: impl FnOnce(&mut DocumentReader, Table<'_>) -> Option<T>,
) -> Result<T, Diagnostics> {
    if text.len() > MAX_FILE_BYTES {
        let source = SourceFile::new(file_name, "");
        let message = format!("the file has {} bytes; {MAX_FILE_BYTES} are the most that is read", text.len());
        return Err(Diagnostic::whole_file(&source, message).into());
    }
    let source = SourceFile::new(file_name, text);
    let mut reader = DocumentReader { source: Arc::clone(&source), diagnostics: Diagnostics::default() };
    let (root, errors) = DeTable::parse_recoverable(&source.text);
    for error in &errors {
        let message = error.message().trim().replace('\n', "; ");
        reader.error(error.span().unwrap_or(0..0), message);
    }
    let done = if errors.is_empty() { read(&mut reader, Table::root(root.get_ref())) } else { None };
    match done {
        Some(done) if !reader.diagnostics.has_errors() => Ok(done),
        _ => Err(reader.diagnostics.sorted().truncated(MAX_DIAGNOSTICS)),
    }
}

impl DocumentReader {
    /// Notes a mistake.
    pub fn error(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.push(Diagnostic::error(&self.source, span, message));
    }

    /// Notes a mistake with advice.
    pub fn error_with_hint(&mut self, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.push(Diagnostic::error(&self.source, span, message).hint(hint));
    }

    /// Notes a mistake.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Notes a mistake inside a string, at its place inside that string.
    pub fn mistake_in(&mut self, written: &Written, mistake: Mistake) {
        self.push(inside(&self.source, written, mistake));
    }

    /// Where in the file a place inside a string stands.
    pub fn place_in(&self, written: &Written, span: Range<usize>) -> Range<usize> {
        let raw = &self.source.text[written.span.clone()];
        let start = written.span.start + strings::position(raw, span.start);
        start..(written.span.start + strings::position(raw, span.end)).max(start)
    }

    /// Notes that a table lacks a key, unless one of its keys was probably meant to be that one: [`Self::finish`] says so.
    pub fn missing(&mut self, table: &Table<'_>, key: &str, hint: &str) {
        if !table.has_nearly(key) {
            self.error_with_hint(table.span.clone(), format!("{} needs `{key}`", table.name), hint);
        }
    }

    /// Reports each key of the table that nobody has asked for.
    pub fn finish(&mut self, table: Table<'_>) {
        table.unknown(&mut |span, message, hint| self.error_with_hint(span, message, hint));
    }

    /// How many mistakes have been noted.
    pub fn mistakes(&self) -> usize {
        self.diagnostics.iter().count()
    }

    /// Line and column of an offset.
    pub fn location(&self, offset: usize) -> Location {
        crate::diagnostic::location(&self.source.text, offset)
    }
}

/// A mistake inside a string of a file, as a diagnostic of that file.
pub fn inside(source: &Arc<SourceFile>, written: &Written, mistake: Mistake) -> Diagnostic {
    let raw = &source.text[written.span.clone()];
    let start = written.span.start + strings::position(raw, mistake.span.start);
    let end = written.span.start + strings::position(raw, mistake.span.end);
    let diagnostic = Diagnostic::error(source, start..end.max(start), mistake.message);
    Diagnostic { label: mistake.label, hint: mistake.hint, ..diagnostic }
}
