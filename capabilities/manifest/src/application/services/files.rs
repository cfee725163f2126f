//! `zone = "files"`
//!
//! ```toml
//! [capabilities.files]
//! zone = "files"
//! roots = [
//!     { at = "/data", path = "data", allow = ["read", "list"] },
//!     { at = "/log", path = "/srv/log", allow = ["append"] },
//! ]
//! scratch = "64 MiB"
//! ```

use super::ServiceRequest;
use crate::application::Written;
use crate::document::{DocumentReader, Table, TableEntry};
use crate::keys::TableName;
use cloison_contract::host::{FilesRights, FilesRoot, FilesService, HostService, MOST_ROOTS, SCRATCH, is_plain_path};
use cloison_contract::spelling::did_you_mean;
use toml::de::DeValue;

pub(super) fn read(reader: &mut DocumentReader, table: &mut Table<'_>) -> ServiceRequest {
    let mut service = FilesService::default();
    let mut folders = Vec::new();
    let entries = table.take("roots").map(|value| roots(reader, &value)).unwrap_or_default();
    service.scratch_bytes = table.take("scratch").and_then(|value| reader.size(&value));
    for WrittenRoot { at, path, rights } in entries {
        let taken = service.roots.iter().any(|other| other.at == at.text);
        if taken || service.scratch_bytes.is_some() && at.text == SCRATCH {
            let hint = if taken { "each root has a path of its own" } else { "`scratch` is there" };
            reader.error_with_hint(at.span, format!("there are two roots at `{}`", at.text), hint);
            continue;
        }
        service.roots.push(FilesRoot { at: at.text, rights });
        folders.push(path);
    }
    if let Some(count) = table.take("open_files").and_then(|value| reader.count(&value)) {
        service.open_files = count as u32;
    }
    if let Some(size) = table.take("file_size").and_then(|value| reader.size(&value)) {
        service.file_bytes = size;
    }
    if let Some(size) = table.take("written").and_then(|value| reader.size(&value)) {
        service.written_bytes = size;
    }
    ServiceRequest { folders, ..ServiceRequest::plain(HostService::Files(service)) }
}

/// An entry of `roots`.
pub(super) struct WrittenRoot {
    pub(super) at: Written,
    pub(super) path: Written,
    pub(super) rights: FilesRights,
}

const EXAMPLE: &str = "[{ at = \"/data\", path = \"data\", allow = [\"read\", \"list\"] }]";

pub(super) fn roots(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Vec<WrittenRoot> {
    let DeValue::Array(array) = value.value else {
        reader.wrong_kind(value, "an array of tables", EXAMPLE);
        return Vec::new();
    };
    if array.len() > MOST_ROOTS {
        let hint = "make two capabilities of it, or give a folder that is above several";
        reader.error_with_hint(value.span.clone(), format!("a capability has {MOST_ROOTS} roots at most"), hint);
    }
    array.iter().filter_map(|element| root(reader, &value.element(element))).collect()
}

fn root(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<WrittenRoot> {
    let mut table = reader.table(value, "an entry of `roots`", EXAMPLE)?.of(TableName::Root);
    let [at, path, allow] = ["at", "path", "allow"].map(|key| {
        let value = table.take(key);
        if value.is_none() {
            reader.missing(&table, key, &format!("as in {EXAMPLE}"));
        }
        value
    });
    reader.finish(table);
    let at = at.and_then(|value| at_path(reader, &value));
    let path = path.and_then(|value| host_path(reader, &value));
    let rights = allow.and_then(|value| rights(reader, &value));
    Some(WrittenRoot { at: at?, path: path?, rights: rights? })
}

fn at_path(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Written> {
    let at = reader.string(value)?;
    if is_plain_path(&at.text) && !at.text.contains(char::is_control) {
        return Some(at);
    }
    let hint = "where the program sees it: absolute, without `.`, `..`, `//` and a `/` at the end, as in \"/data\"";
    reader.error_with_hint(at.span, format!("`{}` cannot be the place of a root", at.text.escape_debug()), hint);
    None
}

fn host_path(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Written> {
    let path = reader.string(value)?;
    if !path.text.is_empty() && !path.text.contains(char::is_control) {
        return Some(path);
    }
    let hint = "a folder of this machine, absolute or relative to this file's folder";
    reader.error_with_hint(path.span, "this cannot be a path", hint);
    None
}

fn rights(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<FilesRights> {
    let mut rights = FilesRights::default();
    let mut known = true;
    for word in reader.strings(value)? {
        if rights.give(&word.text) {
            continue;
        }
        known = false;
        let hint = match did_you_mean(&word.text, FilesRights::WORDS) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the rights are {}", FilesRights::WORDS.join(", ")),
        };
        reader.error_with_hint(word.span, format!("`{}` is no right of a root", word.text), hint);
    }
    if rights.append && rights.write {
        let hint = "`append` is for files that may grow and never change; keep one of them";
        reader.error_with_hint(value.span.clone(), "`write` includes all that `append` gives", hint);
        known = false;
    }
    known.then_some(rights)
}
