//! `[audit]`: where it is written down what becomes of authority.
//!
//! ```toml
//! [audit]
//! file = "audit.jsonl"
//! calls = true
//! ```

use super::Written;
use super::services::log::{self, WrittenFile};
use crate::document::{DocumentReader, TableEntry};
use crate::keys::TableName;

/// How large the file may become, in bytes, unless it is said.
const FILE_BYTES: u64 = 10 << 20;
/// How many renamed ones are kept, unless it is said.
const KEEP: u32 = 5;

const TRAIL: WrittenFile =
    WrittenFile { name: "an audit trail", example: "audit.jsonl", why: "the broker writes to it" };

/// An audit trail as an application asks for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditSettings {
    /// The file, relative to `cloison.toml`; without one, lines go to the application's log.
    pub file: Option<Written>,
    /// How large the file may become, in bytes.
    pub file_bytes: u64,
    /// How many renamed ones are kept.
    pub keep: u32,
    /// Whether each call has a line of its own.
    pub calls: bool,
}

pub(super) fn read(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<AuditSettings> {
    let mut table = reader.table(value, "[audit]", "{ file = \"audit.jsonl\" }")?.of(TableName::Audit);
    let file = table.take("file").and_then(|value| log::file(reader, &value, TRAIL));
    let (file_bytes, keep) = log::renewal(reader, &mut table, file.as_ref(), TRAIL, (FILE_BYTES, KEEP));
    let calls = table.take("calls").and_then(|value| reader.boolean(&value));
    reader.finish(table);
    Some(AuditSettings { file, file_bytes, keep, calls: calls.unwrap_or_default() })
}
