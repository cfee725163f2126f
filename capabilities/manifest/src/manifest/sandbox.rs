//! `[sandbox]`: limits, all finite, and what the zone may reach.

use super::declare::Declarations;
use crate::diagnostic::Written;
use crate::document::{DocumentReader, Table, TableEntry};
use crate::keys::TableName;
use crate::units::one_of;
use cloison_contract::host::SCRATCH;
use cloison_contract::interface::{FileRule, FunctionId, Instances, NeededFile, Sandbox, below_here};
use cloison_contract::layer::LayerName;
use cloison_contract::spelling::did_you_mean;
use std::ops::Range;
use toml::de::DeValue;

/// An entry of `files`, before it is known which functions there are.
pub(super) struct FileEntry {
    rule: FileRule,
    /// The functions that need it; `None` if it is there for all of them.
    by: Option<Vec<Written>>,
}

/// The table, and its `files`, which are for [`give_files`].
pub(super) fn sandbox(reader: &mut DocumentReader, value: Option<TableEntry<'_>>) -> (Sandbox, Vec<FileEntry>) {
    let mut sandbox = Sandbox::default();
    let table = value.and_then(|value| reader.table(&value, "[sandbox]", "{ memory = \"128 MiB\" }"));
    let Some(mut table) = table.map(|table| table.of(TableName::Sandbox)) else { return (sandbox, Vec::new()) };
    let file_size = table.has("file_size");
    let mut set_size = |target: &mut u64, key| {
        let value = table.take(key);
        if let Some(size) = value.and_then(|value| reader.size(&value)) {
            *target = size;
        }
    };
    set_size(&mut sandbox.memory_bytes, "memory");
    set_size(&mut sandbox.file_size_bytes, "file_size");
    set_size(&mut sandbox.call_bytes, "call_size");
    if let Some(count) = table.take("processes").and_then(|value| reader.count(&value)) {
        sandbox.processes = count as u32;
    }
    if let Some(count) = table.take("descriptors").and_then(|value| reader.count(&value)) {
        sandbox.descriptors = count as u32;
    }
    if let Some(deadline) = table.take("deadline").and_then(|value| reader.duration(&value)) {
        sandbox.deadline = deadline;
    }
    if let Some(callables) = table.take("callables").and_then(|value| reader.duration(&value)) {
        sandbox.callables = callables;
    }
    let said = table.take("instances").and_then(|value| Some((instances(reader, &value)?, value.span.clone())));
    if let Some((instances, _)) = &said {
        sandbox.instances = *instances;
    }
    let files = table.take("files").and_then(|value| files(reader, &value)).unwrap_or_default();
    sandbox.environment = table.take("environment").and_then(|value| environment(reader, &value)).unwrap_or_default();
    if let Some(value) = table.take("scratch") {
        scratch(reader, &value, said.map(|(_, span)| span), file_size, &files, &mut sandbox);
    }
    sandbox.may_be_missing = table.take("may_be_missing").and_then(|value| layers(reader, &value)).unwrap_or_default();
    if let Some(value) = table.take("network") {
        network(reader, &value);
    }
    threads(reader, &mut table, &mut sandbox);
    reader.finish(table);
    (sandbox, files)
}

/// What the library may open, and for which functions: names are known by now.
pub(super) fn give_files(
    reader: &mut DocumentReader,
    sandbox: &mut Sandbox,
    files: Vec<FileEntry>,
    declarations: &Declarations<'_, '_>,
) {
    for FileEntry { rule, by } in files {
        match by {
            None => sandbox.files.push(rule),
            Some(names) => {
                let by = names.iter().filter_map(|name| needing(reader, declarations, name)).collect();
                sandbox.needed.push(NeededFile { rule, by });
            }
        }
    }
}

/// A function that needs a file: one that can be granted, as it is by grants that it is known who has the file.
fn needing(reader: &mut DocumentReader, declarations: &Declarations<'_, '_>, name: &Written) -> Option<FunctionId> {
    let Some(callee) = declarations.callees.iter().find(|callee| callee.name == name.text) else {
        let message = format!("`for` names `{}`, and there is no such function in this manifest", name.text);
        let hint = match did_you_mean(&name.text, declarations.callees.iter().map(|callee| callee.name)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("declare it: [functions.{}] c = \"…\"", name.text),
        };
        reader.error_with_hint(name.span.clone(), message, hint);
        return None;
    };
    if declarations.functions.iter().any(|one| one.raw.internal && one.raw.name.text == name.text) {
        let message = format!("`{}` is internal, and `for` goes by what is granted", name.text);
        let hint = "name the functions whose calls lead to it";
        reader.error_with_hint(name.span.clone(), message, hint);
        return None;
    }
    Some(callee.id)
}

/// `threads` and `thread_safe`: several calls at once only where the author says that the library bears it.
fn threads(reader: &mut DocumentReader, table: &mut Table<'_>, sandbox: &mut Sandbox) {
    let safe = table.take("thread_safe").and_then(|value| reader.boolean(&value)) == Some(true);
    let Some(value) = table.take("threads") else { return };
    let Some(count) = reader.count(&value) else { return };
    if count > 1 && !safe {
        let hint =
            "if its documentation says that calls may run at once, add `thread_safe = true`; else leave `threads` out";
        reader.error_with_hint(value.key_span, "is the library safe for several calls at once?", hint);
    } else if count > 1 && sandbox.instances == Instances::PerCall {
        let hint = "leave `threads` out: calls run at once anyway, each in a process of its own";
        reader.error_with_hint(value.key_span, "an instance for each call has one call only", hint);
    } else {
        sandbox.threads = count as u32;
    }
}

/// `scratch`: a folder that only one client uses, as nobody empties it before its instance ends.
fn scratch(
    reader: &mut DocumentReader,
    value: &TableEntry<'_>,
    instances: Option<Range<usize>>,
    file_size: bool,
    files: &[FileEntry],
    sandbox: &mut Sandbox,
) {
    let Some(bytes) = reader.size(value) else { return };
    if let Some(span) = instances.filter(|_| sandbox.instances != Instances::PerClient) {
        let message = "`scratch` is one client's: what a call leaves there is there for the next one";
        reader.error_with_hint(span, message, "write `instances = \"per-client\"`, or leave `instances` out");
        return;
    }
    let taken = |rule: &FileRule| rule.path == SCRATCH || rule.path.starts_with(&format!("{SCRATCH}/"));
    if let Some(rule) = files.iter().map(|file| &file.rule).find(|rule| taken(rule)) {
        let message = format!("`{}` of `files` would be in the place of `scratch`", rule.path);
        reader.error_with_hint(value.key_span.clone(), message, "leave one of them out");
        return;
    }
    sandbox.instances = Instances::PerClient;
    sandbox.scratch_bytes = Some(bytes);
    if !file_size {
        // Further than there is room: so a full folder is an error, as elsewhere, and not the end of the zone.
        sandbox.file_size_bytes = bytes.saturating_mul(2);
    }
}

/// The most bytes of all variables together.
const ENVIRONMENT_BYTES: usize = 64 << 10;

fn environment(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Vec<(String, String)>> {
    let entries = reader.table(value, "`environment`", "{ TZ = \"UTC\" }")?.take_all();
    let variables: Option<Vec<_>> = entries.iter().map(|entry| variable(reader, entry)).collect();
    let variables = variables?;
    if variables.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > ENVIRONMENT_BYTES {
        let message = format!("`environment` has more than {} KiB", ENVIRONMENT_BYTES >> 10);
        reader.error(value.span.clone(), message);
        return None;
    }
    Some(variables)
}

fn variable(reader: &mut DocumentReader, entry: &TableEntry<'_>) -> Option<(String, String)> {
    let name = entry.key;
    let plain = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_');
    if !plain {
        let hint = "letters, digits and `_`, as in `environment = { TZ = \"UTC\" }`";
        reader.error_with_hint(entry.key_span.clone(), format!("`{name}` is no name of a variable"), hint);
        return None;
    }
    if name.starts_with("LD_") || name == "GLIBC_TUNABLES" {
        let message = format!("`{name}` is for the dynamic loader, which looks at it before the zone begins");
        let hint = "further libraries are `needs` and `preload` in `library`";
        reader.error_with_hint(entry.key_span.clone(), message, hint);
        return None;
    }
    // Other strings are never empty; that of a variable may be.
    let text = match entry.value {
        DeValue::String(text) if text.is_empty() => String::new(),
        _ => reader.string(entry)?.text,
    };
    Some((name.to_owned(), text))
}

fn instances(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Instances> {
    let written = reader.string(value)?;
    match written.text.as_str() {
        "per-client" => Some(Instances::PerClient),
        "shared" => Some(Instances::Shared),
        "per-call" => Some(Instances::PerCall),
        other => {
            let message = format!("`{other}` is no kind of instances");
            reader.error_with_hint(written.span, message, one_of(other, &["shared", "per-client", "per-call"]));
            None
        }
    }
}

fn files(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Vec<FileEntry>> {
    let example = "[{ read = \"/usr/share/zoneinfo\" }]";
    let DeValue::Array(array) = value.value else {
        reader.wrong_kind(value, "an array of tables", example);
        return None;
    };
    array.iter().map(|element| file(reader, &value.element(element), example)).collect()
}

fn file(reader: &mut DocumentReader, value: &TableEntry<'_>, example: &str) -> Option<FileEntry> {
    if let DeValue::String(path) = value.value {
        let hint = format!("write `{{ read = \"{path}\" }}` or `{{ write = \"{path}\" }}`");
        reader.error_with_hint(value.span.clone(), "is it to be read or written?", hint);
        return None;
    }
    let mut table = reader.table(value, "an entry of `files`", example)?.of(TableName::File);
    let span = table.span.clone();
    let (read, write) = (table.take("read"), table.take("write"));
    let by = table.take("for").map(|value| functions(reader, &value));
    let misspelt = table.has_nearly("read") || table.has_nearly("write");
    reader.finish(table);
    let by = match by {
        None => None,
        // What is wrong with it has been said.
        Some(names) => Some(names?),
    };
    let (value, write) = match (read, write) {
        (Some(value), None) => (value, false),
        (None, Some(value)) => (value, true),
        (Some(_), Some(value)) => {
            let hint = "`write` means read and write; for two paths, or functions that only read, make two entries";
            reader.error_with_hint(value.key_span, "an entry of `files` has either `read` or `write`", hint);
            return None;
        }
        (None, None) if misspelt => return None,
        (None, None) => {
            reader.error_with_hint(
                span,
                "an entry of `files` has either `read` or `write`",
                format!("as in {example}"),
            );
            return None;
        }
    };
    let path = reader.string(&value)?;
    let hint = if !path.text.starts_with('/') && below_here(&path.text).is_none() {
        "an absolute path, as it is outside the zone, or one below the manifest's folder: \"$here/data\""
    } else if path.text.split('/').any(|part| part == "..") {
        "without `..`: write the path it leads to"
    } else {
        return Some(FileEntry { rule: FileRule { path: path.text, write }, by });
    };
    reader.error_with_hint(path.span, format!("`{}` cannot be a path here", path.text), hint);
    None
}

/// `for`: the functions that need an entry of `files`.
fn functions(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Vec<Written>> {
    let names = reader.strings(value)?;
    if names.is_empty() {
        let hint = "leave the entry out; without `for` it is there for all functions";
        reader.error_with_hint(value.span.clone(), "a file that no function needs", hint);
        return None;
    }
    Some(names)
}

/// Only `network = []` for now.
fn network(reader: &mut DocumentReader, value: &TableEntry<'_>) {
    match value.value {
        DeValue::Array(array) if array.is_empty() => {}
        DeValue::Array(_) => {
            let hint = "write `network = []`, which is also the default: none";
            reader.error_with_hint(value.span.clone(), "zones cannot have the network yet", hint);
        }
        _ => reader.wrong_kind(value, "an array", "[]"),
    }
}

/// `may_be_missing`: names of layers, here and in `cloison.toml`.
pub(crate) fn layers(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Vec<String>> {
    let list = reader.strings(value)?;
    let known = |layer: Written| {
        let known = LayerName::named(&layer.text).is_some_and(LayerName::is_required);
        if !known {
            let names: Vec<_> = LayerName::required().map(LayerName::name).collect();
            let message = format!("`{}` is no layer", layer.text);
            reader.error_with_hint(layer.span, message, one_of(&layer.text, &names));
        }
        known.then_some(layer.text)
    };
    list.into_iter().map(known).collect()
}
