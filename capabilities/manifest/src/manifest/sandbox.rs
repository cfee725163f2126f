//! `[sandbox]`: limits, all finite, and what the zone may reach.

use super::declare::Declarations;
use crate::diagnostic::Written;
use crate::document::{DocumentReader, Table, TableEntry};
use crate::keys::TableName;
use crate::units::one_of;
use cloison_contract::host::SCRATCH;
use cloison_contract::interface::{FileRule, FunctionId, Instances, LibraryNeed, Needed, Sandbox, below_here};
use cloison_contract::layer::LayerName;
use cloison_contract::spelling::did_you_mean;
use std::ops::Range;
use toml::de::DeValue;

/// An entry of `files`, `network` or `processes`, before it is known which functions there are.
pub(super) struct NeedEntry {
    what: LibraryNeed,
    /// The functions that need it; `None` if it is there for all of them.
    by: Option<Vec<Written>>,
}

/// The table, and what of it may be for some functions, which is for [`give`].
pub(super) fn sandbox(reader: &mut DocumentReader, value: Option<TableEntry<'_>>) -> (Sandbox, Vec<NeedEntry>) {
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
    let threads = table.take("processes").and_then(|value| processes(reader, &value)).unwrap_or_default();
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
    let mut needs = table.take("files").and_then(|value| files(reader, &value)).unwrap_or_default();
    sandbox.environment = table.take("environment").and_then(|value| environment(reader, &value)).unwrap_or_default();
    if let Some(value) = table.take("scratch") {
        scratch(reader, &value, said.map(|(_, span)| span), file_size, &needs, &mut sandbox);
    }
    sandbox.may_be_missing = table.take("may_be_missing").and_then(|value| layers(reader, &value)).unwrap_or_default();
    needs.extend(table.take("network").and_then(|value| network(reader, &value)).unwrap_or_default());
    needs.extend(threads);
    self::threads(reader, &mut table, &mut sandbox);
    reader.finish(table);
    (sandbox, needs)
}

/// What the library reaches, and for which functions: names are known by now.
pub(super) fn give(
    reader: &mut DocumentReader,
    sandbox: &mut Sandbox,
    needs: Vec<NeedEntry>,
    declarations: &Declarations<'_, '_>,
) {
    for NeedEntry { what, by } in needs {
        match (by, what) {
            (None, LibraryNeed::File(rule)) => sandbox.files.push(rule),
            (None, LibraryNeed::Connect(port)) => sandbox.connect.push(port),
            (None, LibraryNeed::Processes(most)) => sandbox.processes = sandbox.processes.max(most),
            (Some(names), what) => {
                let by = names.iter().filter_map(|name| needing(reader, declarations, name)).collect();
                sandbox.needed.push(Needed { what, by });
            }
        }
    }
}

/// A function that needs something: one that can be granted, as it is by grants that it is known who has it.
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
    needs: &[NeedEntry],
    sandbox: &mut Sandbox,
) {
    let Some(bytes) = reader.size(value) else { return };
    if let Some(span) = instances.filter(|_| sandbox.instances != Instances::PerClient) {
        let message = "`scratch` is one client's: what a call leaves there is there for the next one";
        reader.error_with_hint(span, message, "write `instances = \"per-client\"`, or leave `instances` out");
        return;
    }
    let taken = |rule: &FileRule| rule.path == SCRATCH || rule.path.starts_with(&format!("{SCRATCH}/"));
    let files = needs.iter().filter_map(|need| match &need.what {
        LibraryNeed::File(rule) => Some(rule),
        LibraryNeed::Connect(_) | LibraryNeed::Processes(_) => None,
    });
    if let Some(rule) = files.into_iter().find(|rule| taken(rule)) {
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

fn files(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Vec<NeedEntry>> {
    entries(reader, value, "[{ read = \"/usr/share/zoneinfo\" }]", file)
}

/// An array of tables, each of which says one thing and may say for which functions.
fn entries(
    reader: &mut DocumentReader,
    value: &TableEntry<'_>,
    example: &str,
    entry: fn(&mut DocumentReader, &TableEntry<'_>, &str) -> Option<NeedEntry>,
) -> Option<Vec<NeedEntry>> {
    let DeValue::Array(array) = value.value else {
        reader.wrong_kind(value, "an array of tables", example);
        return None;
    };
    array.iter().map(|element| entry(reader, &value.element(element), example)).collect()
}

fn file(reader: &mut DocumentReader, value: &TableEntry<'_>, example: &str) -> Option<NeedEntry> {
    if let DeValue::String(path) = value.value {
        let hint = format!("write `{{ read = \"{path}\" }}` or `{{ write = \"{path}\" }}`");
        reader.error_with_hint(value.span.clone(), "is it to be read or written?", hint);
        return None;
    }
    let mut table = reader.table(value, "an entry of `files`", example)?.of(TableName::File);
    let span = table.span.clone();
    let (read, write) = (table.take("read"), table.take("write"));
    let by = needing_it(reader, &mut table);
    let misspelt = table.has_nearly("read") || table.has_nearly("write");
    reader.finish(table);
    let by = by?;
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
        return Some(NeedEntry { what: LibraryNeed::File(FileRule { path: path.text, write }), by });
    };
    reader.error_with_hint(path.span, format!("`{}` cannot be a path here", path.text), hint);
    None
}

/// `for`: the functions that need an entry, or that it is there for all. `None` if that is wrong, which has been said then.
fn needing_it(reader: &mut DocumentReader, table: &mut Table<'_>) -> Option<Option<Vec<Written>>> {
    let Some(value) = table.take("for") else { return Some(None) };
    let names = reader.strings(&value)?;
    if names.is_empty() {
        let hint = "leave the entry out; without `for` it is there for all functions";
        reader.error_with_hint(value.span.clone(), "an entry that no function needs", hint);
        return None;
    }
    Some(Some(names))
}

/// Ports that the library connects to.
fn network(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Vec<NeedEntry>> {
    entries(reader, value, "[{ connect = 443 }]", |reader, value, example| {
        let mut table = reader.table(value, "an entry of `network`", example)?.of(TableName::Network);
        let by = needing_it(reader, &mut table);
        let port = required(reader, &mut table, "connect", example);
        reader.finish(table);
        Some(NeedEntry { what: LibraryNeed::Connect(port? as u16), by: by? })
    })
}

/// How many threads the library makes: a number, or more where some functions may be called.
fn processes(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Vec<NeedEntry>> {
    if !matches!(value.value, DeValue::Array(_)) {
        let most = reader.count(value)?;
        return Some(vec![NeedEntry { what: LibraryNeed::Processes(most as u32), by: None }]);
    }
    entries(reader, value, "[{ most = 2, for = [\"f\"] }]", |reader, value, example| {
        let mut table = reader.table(value, "an entry of `processes`", example)?.of(TableName::Processes);
        let by = needing_it(reader, &mut table);
        let most = required(reader, &mut table, "most", example);
        reader.finish(table);
        Some(NeedEntry { what: LibraryNeed::Processes(most? as u32), by: by? })
    })
}

/// The number under a key that an entry cannot do without.
fn required(reader: &mut DocumentReader, table: &mut Table<'_>, key: &'static str, example: &str) -> Option<u64> {
    match table.take(key) {
        Some(value) => reader.count(&value),
        None => {
            reader.missing(table, key, &format!("as in {example}"));
            None
        }
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
