//! The zone's limits.

use cloison_contract::interface::{Instances, Interface};
use cloison_contract::shape::Shape;
use std::fmt::Write;
use std::time::Duration;

pub(super) fn section(interface: &Interface) -> String {
    let sandbox = &interface.sandbox;
    let parameters = interface.functions.iter().flat_map(|function| &function.parameters);
    let callables = parameters.into_iter().any(|parameter| matches!(parameter.shape, Shape::Callback(_)));
    let instances = match sandbox.instances {
        Instances::PerCall => "one for each call",
        Instances::PerClient => "one for each microprocess",
        Instances::Shared => "one for all",
    };
    let mut rows = vec![
        ("memory", size(sandbox.memory_bytes)),
        ("deadline of a call", time(sandbox.deadline)),
        ("instances", instances.to_owned()),
        ("calls at once", sandbox.threads.to_string()),
        ("one call carries", format!("at most {}", size(sandbox.call_bytes))),
        ("threads of the library", sandbox.processes.to_string()),
        ("open descriptors", sandbox.descriptors.to_string()),
        ("largest file", size(sandbox.file_size_bytes)),
        ("network", "none".to_owned()),
    ];
    if callables {
        rows.insert(2, ("callables of a call, together", time(sandbox.callables)));
    }
    let files = sandbox
        .files
        .iter()
        .map(|rule| format!("`{}` ({})", rule.path, if rule.write { "read and write" } else { "read" }));
    let files: Vec<_> = files.collect();
    rows.push(("files", if files.is_empty() { "none".to_owned() } else { files.join(", ") }));
    if !sandbox.may_be_missing.is_empty() {
        rows.push(("layers that may be missing", sandbox.may_be_missing.join(", ")));
    }
    let mut text = String::from("\n## Sandbox\n\n| | |\n|---|---|\n");
    for (what, value) in rows {
        let _ = writeln!(text, "| {what} | {value} |");
    }
    text
}

/// `64 MiB`
pub(super) fn size(bytes: u64) -> String {
    let units = [(1u64 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = units.into_iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{bytes} B"), |(unit, name)| format!("{} {name}", bytes / unit))
}

/// `10 s`
pub(super) fn time(time: Duration) -> String {
    if time.subsec_millis() == 0 { format!("{} s", time.as_secs()) } else { format!("{} ms", time.as_millis()) }
}
