//! `zone = "log"`
//!
//! ```toml
//! [capabilities.log]
//! zone = "log"
//! file = "log/app.log"
//! level = "info"
//! ```

use super::ServiceRequest;
use crate::document::{DocumentReader, Table, TableEntry};
use cloison_contract::host::{HostService, LogLevel, LogService};
use cloison_contract::spelling::did_you_mean;

pub(super) fn read(reader: &mut DocumentReader, table: &mut Table<'_>) -> ServiceRequest {
    let mut service = LogService::default();
    let written = table.take("file").and_then(|value| file(reader, &value));
    if let Some(level) = table.take("level").and_then(|value| level(reader, &value)) {
        service.level = level;
    }
    let [size, keep] = ["size", "keep"].map(|key| table.take(key));
    if written.is_none()
        && let Some(value) = size.as_ref().or(keep.as_ref())
    {
        let hint = "name the file: `file = \"app.log\"`";
        reader.error_with_hint(value.key_span.clone(), format!("`{}` is about a file", value.key), hint);
    }
    if let Some(size) = size.and_then(|value| reader.size(&value)) {
        service.file_bytes = size;
    }
    if let Some(count) = keep.and_then(|value| reader.count(&value)) {
        service.keep = count as u32;
    }
    service.file = written.as_ref().map(|written| written.text.clone());
    ServiceRequest { files: written.into_iter().collect(), ..ServiceRequest::plain(HostService::Log(service)) }
}

/// What has a meaning for Cloison or Python is no log, whoever says so.
fn file(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<crate::application::Written> {
    let written = reader.string(value)?;
    let name = written.text.rsplit('/').next().unwrap_or_default();
    let hint = "a file of its own, relative to this file's folder, or absolute: `file = \"log/app.log\"`";
    if matches!(name, "" | "." | "..") || written.text.contains(char::is_control) {
        reader.error_with_hint(written.span, "this cannot be the path of a log", hint);
        return None;
    }
    if [".toml", ".py", ".pyc"].iter().any(|end| name.ends_with(end)) {
        reader.error_with_hint(written.span, format!("`{name}` is no name for a log: programs write to it"), hint);
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
