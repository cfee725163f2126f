//! `[sandbox]`: limits, all finite, and what the zone may reach.

use crate::diagnostic::Written;
use crate::document::{DocumentReader, Table, TableEntry};
use crate::keys::TableName;
use crate::units::one_of;
use cloison_contract::interface::{FileRule, Instances, Sandbox};
use cloison_contract::layer::LayerName;
use toml::de::DeValue;

pub(super) fn sandbox(reader: &mut DocumentReader, value: Option<TableEntry<'_>>) -> Sandbox {
    let mut sandbox = Sandbox::default();
    let table = value.and_then(|value| reader.table(&value, "[sandbox]", "{ memory = \"128 MiB\" }"));
    let Some(mut table) = table.map(|table| table.of(TableName::Sandbox)) else { return sandbox };
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
    if let Some(instances) = table.take("instances").and_then(|value| instances(reader, &value)) {
        sandbox.instances = instances;
    }
    sandbox.files = table.take("files").and_then(|value| files(reader, &value)).unwrap_or_default();
    sandbox.may_be_missing = table.take("may_be_missing").and_then(|value| layers(reader, &value)).unwrap_or_default();
    if let Some(value) = table.take("network") {
        network(reader, &value);
    }
    threads(reader, &mut table, &mut sandbox);
    reader.finish(table);
    sandbox
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

fn files(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Vec<FileRule>> {
    let example = "[{ read = \"/usr/share/zoneinfo\" }]";
    let DeValue::Array(array) = value.value else {
        reader.wrong_kind(value, "an array of tables", example);
        return None;
    };
    array.iter().map(|element| file(reader, &value.element(element), example)).collect()
}

fn file(reader: &mut DocumentReader, value: &TableEntry<'_>, example: &str) -> Option<FileRule> {
    if let DeValue::String(path) = value.value {
        let hint = format!("write `{{ read = \"{path}\" }}` or `{{ write = \"{path}\" }}`");
        reader.error_with_hint(value.span.clone(), "is it to be read or written?", hint);
        return None;
    }
    let mut table = reader.table(value, "an entry of `files`", example)?.of(TableName::File);
    let span = table.span.clone();
    let (read, write) = (table.take("read"), table.take("write"));
    let misspelt = table.has_nearly("read") || table.has_nearly("write");
    reader.finish(table);
    let (value, write) = match (read, write) {
        (Some(value), None) => (value, false),
        (None, Some(value)) => (value, true),
        (Some(_), Some(value)) => {
            let hint = "`write` means read and write; for two paths, make two entries";
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
    let hint = if !path.text.starts_with('/') {
        "an absolute path, as it is outside the zone"
    } else if path.text.split('/').any(|part| part == "..") {
        "without `..`: write the path it leads to"
    } else {
        return Some(FileRule { path: path.text, write });
    };
    reader.error_with_hint(path.span, format!("`{}` cannot be a path here", path.text), hint);
    None
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
