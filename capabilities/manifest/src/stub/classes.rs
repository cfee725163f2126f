//! The classes of a capability: records, enumerations, handles.

use super::{docstring, python, unlike};
use cloison_contract::Interface;
use cloison_contract::signature::is_python_keyword;
use cloison_contract::types::{Definition, Enumeration, Record, TypeKind};
use std::fmt::Write;

pub(super) fn class(definition: &Definition, qualified: &Interface) -> String {
    let c = definition.declaration.split_whitespace().collect::<Vec<_>>().join(" ");
    let doc = match &definition.doc {
        Some(doc) => format!("{}\n\nC: {c}", doc.trim()),
        None => format!("C: {c}"),
    };
    match &definition.kind {
        TypeKind::Enum(found) => enumeration(&definition.name, found, &doc),
        TypeKind::Handle(_) => handle(&definition.name, &doc),
        TypeKind::Record(found) => record(&definition.name, found, &doc, qualified),
    }
}

fn enumeration(name: &str, found: &Enumeration, doc: &str) -> String {
    let base = if found.flags { "IntFlag" } else { "IntEnum" };
    let mut text = format!("\n    class {name}(enum.{base}):\n{}", docstring(doc, 2));
    for (name, value) in &found.values {
        let _ = writeln!(text, "        {} = {value}", safe(name));
    }
    text
}

fn handle(name: &str, doc: &str) -> String {
    format!(
        "\n    @final\n    class {name}:\n{}        @property\n        def closed(self) -> bool: ...\n        \
         def close(self) -> None: ...\n        def __enter__(self) -> Self: ...\n        \
         def __exit__(self, *exception: object) -> None: ...\n",
        docstring(doc, 2)
    )
}

fn record(name: &str, found: &Record, doc: &str, qualified: &Interface) -> String {
    let mut text = format!("\n    @final\n    class {name}:\n{}", docstring(doc, 2));
    let (mut arguments, mut names) = (String::new(), Vec::new());
    for member in &found.members {
        if let Some(annotation) = member.annotation(qualified).map(python) {
            let name = safe(&member.name);
            let _ = writeln!(text, "        {name}: {annotation}");
            let _ = write!(arguments, ", {name}: {annotation} = ...");
            names.push(name);
        }
    }
    let _ = writeln!(text, "        def __init__({}, /{arguments}) -> None: ...", unlike("self", &names));
    text += "        def _asdict(self) -> dict[str, Any]: ...\n";
    text
}

/// A name that Python reserves gets an underscore behind it.
fn safe(name: &str) -> String {
    if is_python_keyword(name) { format!("{name}_") } else { name.to_owned() }
}
