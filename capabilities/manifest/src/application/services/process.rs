//! `zone = "process"`
//!
//! ```toml
//! [capabilities.tools]
//! zone = "process"
//! commands = [
//!     { name = "git", path = "/usr/bin/git", arguments = ["log", ["--oneline", "-n*"], "*"],
//!       roots = [{ at = "/repo", path = "repo", allow = ["read", "list"] }] },
//! ]
//! ```

use super::ServiceRequest;
use super::files::{WrittenRoot, roots};
use crate::application::Written;
use crate::document::{DocumentReader, Table, TableEntry};
use crate::keys::TableName;
use cloison_contract::host::process::{
    ArgumentPattern, ArgumentRule, MOST_COMMANDS, MOST_PROGRAMS, MOST_RULES, ProcessCommand, ProcessService,
};
use cloison_contract::host::sqlite::{encloses, is_taken};
use cloison_contract::host::{FilesRoot, HostService, SCRATCH};
use std::time::Duration;
use toml::de::DeValue;

const EXAMPLE: &str = "[{ name = \"git\", path = \"/usr/bin/git\", arguments = [\"log\", \"--oneline\", \"*\"] }]";

pub(super) fn read(reader: &mut DocumentReader, table: &mut Table<'_>, offset: usize) -> ServiceRequest {
    let location = format!("{}:{}", reader.source.name, reader.location(offset).line);
    let mut service = ProcessService { commands: Vec::new(), roots: Vec::new(), at_once: 4, location };
    let mut request = Files::default();
    if let Some(value) = table.take("commands") {
        match value.value {
            DeValue::Array(array) => {
                if array.len() > MOST_COMMANDS {
                    reader.error(value.span.clone(), format!("`commands` has {MOST_COMMANDS} entries at most"));
                }
                for element in array {
                    let read = command(reader, &value.element(element), &mut service.roots, &mut request);
                    service.commands.extend(read);
                }
            }
            _ => reader.wrong_kind(&value, "an array of tables", EXAMPLE),
        }
    }
    if let Some(count) = table.take("at_once").and_then(|value| reader.count(&value)) {
        service.at_once = count as u32;
    }
    let Files { folders, files } = request;
    ServiceRequest { folders, files, ..ServiceRequest::plain(HostService::Process(service)) }
}

/// What of the machine the commands need, in their order.
#[derive(Default)]
struct Files {
    folders: Vec<Written>,
    files: Vec<Written>,
}

fn command(
    reader: &mut DocumentReader,
    value: &TableEntry<'_>,
    all_roots: &mut Vec<FilesRoot>,
    needs: &mut Files,
) -> Option<ProcessCommand> {
    let mut table = reader.table(value, "an entry of `commands`", EXAMPLE)?.of(TableName::Command);
    let [path, arguments] = ["path", "arguments"].map(|key| {
        let value = table.take(key);
        if value.is_none() {
            reader.missing(&table, key, &format!("as in {EXAMPLE}"));
        }
        value
    });
    let path = path.and_then(|value| file(reader, &value));
    let name = match table.take("name") {
        Some(value) => name(reader, &value),
        None => path.as_ref().map(|path| path.text.rsplit('/').next().unwrap_or_default().to_owned()),
    };
    let arguments = arguments.and_then(|value| rules(reader, &value));
    let environment = table.take("environment").map(|value| variables(reader, &value)).unwrap_or_default();
    let scratch_bytes = table.take("scratch").and_then(|value| reader.size(&value));
    let own = table.take("roots").map(|value| own_roots(reader, &value, scratch_bytes.is_some())).unwrap_or_default();
    let programs = table.take("programs").map(|value| programs(reader, &value)).unwrap_or_default();
    let folder = table.take("folder").and_then(|value| folder(reader, &value, &own));
    let mut size =
        |key: &'static str, default: u64| table.take(key).and_then(|value| reader.size(&value)).unwrap_or(default);
    let (memory_bytes, output_bytes, file_bytes) =
        (size("memory", 256 << 20), size("output", 16 << 20), size("file_size", 1 << 30));
    let mut time = |key: &'static str| table.take(key).and_then(|value| reader.duration(&value));
    let cpu = time("cpu").unwrap_or(Duration::from_secs(60));
    let time = time("time").unwrap_or(Duration::from_secs(60));
    let processes = table.take("processes").and_then(|value| reader.count(&value)).unwrap_or(16) as u32;
    reader.finish(table);
    let (path, name, arguments) = (path?, name?, arguments?);
    let first = all_roots.len();
    for WrittenRoot { at, path, rights } in own {
        all_roots.push(FilesRoot { at: at.text, rights });
        needs.folders.push(path);
    }
    let roots = first..all_roots.len();
    let folder = folder.or_else(|| Some(all_roots.get(first)?.at.clone())).unwrap_or_else(|| "/".to_owned());
    needs.files.push(path.clone());
    let others = programs.iter().map(|program| program.text.clone()).collect();
    needs.files.extend(programs);
    Some(ProcessCommand {
        name,
        path: path.text,
        arguments,
        environment,
        roots,
        folder,
        scratch_bytes,
        programs: others,
        memory_bytes,
        cpu_seconds: cpu.as_millis().div_ceil(1000) as u64,
        time,
        output_bytes,
        processes,
        file_bytes,
    })
}

fn file(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Written> {
    let path = reader.string(value)?;
    let last = path.text.rsplit('/').next().unwrap_or_default();
    if !path.text.contains('/') || matches!(last, "" | "." | "..") || path.text.contains(char::is_control) {
        let hint = "the file itself, absolute or relative to this file's folder: \"/usr/bin/git\", \"./bin/tool\"";
        reader.error_with_hint(path.span, format!("`{}` is no path of a program", path.text.escape_debug()), hint);
        return None;
    }
    Some(path)
}

fn name(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<String> {
    let name = reader.string(value)?;
    if name.text.len() > 128 || name.text.contains('/') || name.text.contains(char::is_control) {
        reader.error_with_hint(name.span, "this cannot be the name of a command", "as in `name = \"git\"`");
        return None;
    }
    Some(name.text)
}

const RULES: &str = "[\"log\", [\"--oneline\", \"-n*\"], \"*\"]";

fn rules(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Vec<ArgumentRule>> {
    let DeValue::Array(array) = value.value else {
        reader.wrong_kind(value, "an array", RULES);
        return None;
    };
    if array.len() > MOST_RULES {
        reader.error(value.span.clone(), format!("`arguments` has {MOST_RULES} entries at most"));
    }
    let rule = |element: TableEntry<'_>, reader: &mut DocumentReader| match element.value {
        DeValue::Array(patterns) => {
            if patterns.len() > MOST_RULES {
                reader.error(element.span.clone(), format!("an entry of `arguments` has {MOST_RULES} texts at most"));
            }
            let patterns = reader.strings(&element)?;
            Some(ArgumentRule::Any(patterns.into_iter().map(|one| ArgumentPattern(one.text)).collect()))
        }
        // An empty one is an argument too.
        DeValue::String(_) => Some(ArgumentRule::One(ArgumentPattern(reader.text(&element)?.text))),
        _ => {
            reader.wrong_kind(&element, "a string, or an array of strings", RULES);
            None
        }
    };
    array.iter().map(|element| rule(value.element(element), reader)).collect()
}

fn variables(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Vec<(String, String)> {
    let entries = reader.table(value, "`environment`", "{ LANG = \"C.UTF-8\" }");
    let mut variables = Vec::new();
    for entry in entries.map(|mut table| table.take_all()).unwrap_or_default() {
        let name = entry.key;
        if name.is_empty() || name.contains('=') || name.contains(char::is_control) {
            let message = format!("`{}` cannot be the name of a variable", name.escape_debug());
            reader.error(entry.key_span.clone(), message);
        } else if name.starts_with("LD_") {
            let hint = "the dynamic loader obeys it: a program with another library is another program";
            reader.error_with_hint(entry.key_span.clone(), format!("`{name}` cannot be set"), hint);
        } else if let Some(text) = reader.text(&entry) {
            variables.push((name.to_owned(), text.text));
        }
    }
    variables
}

/// Its folders, each at a place of its own that nothing else has.
fn own_roots(reader: &mut DocumentReader, value: &TableEntry<'_>, scratch: bool) -> Vec<WrittenRoot> {
    let mut own: Vec<WrittenRoot> = Vec::new();
    for root in roots(reader, value) {
        let other =
            own.iter().find(|other| encloses(&other.at.text, &root.at.text) || encloses(&root.at.text, &other.at.text));
        let beside = |place: &str| encloses(place, &root.at.text) || encloses(&root.at.text, place);
        let (message, hint) = if let Some(other) = other {
            let message = format!("a folder cannot be inside of another one: `{}`, `{}`", other.at.text, root.at.text);
            (message, "take places beside each other")
        } else if is_taken(&root.at.text) || beside("/dev") || scratch && beside(SCRATCH) {
            let message = format!("`{}` is where a program has something else", root.at.text);
            (message, "take another place, as in \"/data\"")
        } else if root.rights.append {
            let message = "what a program appends to it could change as well".to_owned();
            (message, "give `write`, or take the folder away")
        } else {
            own.push(root);
            continue;
        };
        reader.error_with_hint(root.at.span, message, hint);
    }
    own
}

fn programs(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Vec<Written> {
    let DeValue::Array(array) = value.value else {
        reader.wrong_kind(value, "an array of strings", "[\"/usr/bin/gzip\"]");
        return Vec::new();
    };
    if array.len() > MOST_PROGRAMS {
        reader.error(value.span.clone(), format!("`programs` has {MOST_PROGRAMS} entries at most"));
    }
    array.iter().filter_map(|element| file(reader, &value.element(element))).collect()
}

fn folder(reader: &mut DocumentReader, value: &TableEntry<'_>, own: &[WrittenRoot]) -> Option<String> {
    let folder = reader.string(value)?;
    if !own.iter().any(|root| encloses(&root.at.text, &folder.text)) {
        let hint = "one of the places of `roots`, or a folder below one";
        reader.error_with_hint(folder.span, format!("the program does not see `{}`", folder.text), hint);
        return None;
    }
    if !cloison_contract::host::is_plain_path(&folder.text) {
        reader.error_with_hint(folder.span, "this cannot be a path", "absolute, without `.`, `..` and `//`");
        return None;
    }
    Some(folder.text)
}
