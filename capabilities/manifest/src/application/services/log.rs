//! `zone = "log"`
//!
//! ```toml
//! [capabilities.log]
//! zone = "log"
//! file = "log/app.log"
//! level = "info"
//! ```

use super::ServiceRequest;
use crate::application::Written;
use crate::document::{DocumentReader, Table, TableEntry};
use cloison_contract::host::{HostService, LogLevel, LogService};
use cloison_contract::spelling::did_you_mean;

/// A file that grows and is renamed when it is full: what it is called, in words and in examples, and who writes to it.
#[derive(Clone, Copy)]
pub(in crate::application) struct WrittenFile {
    pub(in crate::application) name: &'static str,
    pub(in crate::application) example: &'static str,
    pub(in crate::application) why: &'static str,
}

const LOG: WrittenFile = WrittenFile { name: "a log", example: "app.log", why: "programs write to it" };

pub(super) fn read(reader: &mut DocumentReader, table: &mut Table<'_>) -> ServiceRequest {
    let mut service = LogService::default();
    let written = table.take("file").and_then(|value| file(reader, &value, LOG));
    if let Some(level) = table.take("level").and_then(|value| level(reader, &value)) {
        service.level = level;
    }
    (service.file_bytes, service.keep) =
        renewal(reader, table, written.as_ref(), LOG, (service.file_bytes, service.keep));
    service.file = written.as_ref().map(|written| written.text.clone());
    ServiceRequest { files: written.into_iter().collect(), ..ServiceRequest::plain(HostService::Log(service)) }
}

/// `size` and `keep`, which are about a file; `defaults` if they are not said.
pub(in crate::application) fn renewal(
    reader: &mut DocumentReader,
    table: &mut Table<'_>,
    file: Option<&Written>,
    what: WrittenFile,
    defaults: (u64, u32),
) -> (u64, u32) {
    let [size, keep] = ["size", "keep"].map(|key| table.take(key));
    if file.is_none()
        && let Some(value) = size.as_ref().or(keep.as_ref())
    {
        let hint = format!("name the file: `file = \"{}\"`", what.example);
        reader.error_with_hint(value.key_span.clone(), format!("`{}` is about a file", value.key), hint);
    }
    let size = size.and_then(|value| reader.size(&value));
    let keep = keep.and_then(|value| reader.count(&value));
    (size.unwrap_or(defaults.0), keep.map_or(defaults.1, |count| count as u32))
}

/// What has a meaning for Cloison or Python is no file to write to, whoever says so.
pub(in crate::application) fn file(
    reader: &mut DocumentReader,
    value: &TableEntry<'_>,
    what: WrittenFile,
) -> Option<Written> {
    let written = reader.string(value)?;
    let name = written.text.rsplit('/').next().unwrap_or_default();
    let example = what.example;
    let hint = format!("a file of its own, relative to this file's folder, or absolute: `file = \"log/{example}\"`");
    if matches!(name, "" | "." | "..") || written.text.contains(char::is_control) {
        reader.error_with_hint(written.span, format!("this cannot be the path of {}", what.name), hint);
        return None;
    }
    if [".toml", ".py", ".pyc"].iter().any(|end| name.ends_with(end)) {
        let message = format!("`{name}` is no name for {}: {}", what.name, what.why);
        reader.error_with_hint(written.span, message, hint);
        return None;
    }
    Some(written)
}

fn level(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<LogLevel> {
    let written = reader.string(value)?;
    let level = LogLevel::find(&written.text);
    if level.is_none() {
        let words = LogLevel::ALL.map(LogLevel::word);
        let hint = match did_you_mean(&written.text.to_lowercase(), words) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the levels are {}", words.join(", ")),
        };
        reader.error_with_hint(written.span, format!("`{}` is no level", written.text), hint);
    }
    level
}
