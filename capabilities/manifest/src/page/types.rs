//! Records, enumerations and handles.

use super::in_table;
use cloison_contract::Interface;
use cloison_contract::types::{Definition, Handle, TypeKind};
use std::fmt::Write;

pub(super) fn section(interface: &Interface, definition: &Definition) -> String {
    let mut text = format!("\n### `{}`\n", definition.name);
    if let Some(doc) = &definition.doc {
        let _ = write!(text, "\n{}\n", doc.trim());
    }
    let _ = write!(text, "\n```c\n{}\n```\n", definition.declaration.trim());
    match &definition.kind {
        TypeKind::Enum(found) => {
            let what = if found.flags { "Flags (`IntFlag`)" } else { "An `IntEnum`" };
            let _ = write!(text, "\n{what}.\n\n| name | value |\n|---|---|\n");
            for (name, value) in &found.values {
                let _ = writeln!(text, "| `{name}` | {value} |");
            }
        }
        TypeKind::Handle(handle) => text += &about_handle(interface, handle),
        TypeKind::Record(found) => {
            let seen = found.members.iter().filter_map(|member| Some((&member.name, member.annotation(interface)?)));
            let rows: String =
                seen.map(|(name, annotation)| format!("| `{name}` | `{}` |\n", in_table(&annotation))).collect();
            if !rows.is_empty() {
                let _ = write!(text, "\n| member | type |\n|---|---|\n{rows}");
            }
        }
    }
    text
}

fn about_handle(interface: &Interface, handle: &Handle) -> String {
    let mut sentences = vec!["A handle: the object stays in the zone.".to_owned()];
    match handle.free.and_then(|id| interface.functions.get(id.0 as usize)) {
        Some(free) if handle.refcounted => sentences.push(format!(
            "It is one reference to the object: `close()`, `with` and garbage collection give it back by `{}`, and others stay.",
            free.symbol
        )),
        Some(free) => sentences.push(format!("`close()`, `with` and garbage collection end it by `{}`.", free.symbol)),
        None => sentences.push("It is the library's own, and nobody ends it.".to_owned()),
    }
    if let Some(owner) = handle.owner.and_then(|id| interface.types.get(id.0 as usize)) {
        sentences.push(format!("It ends before the `{}` that owns it.", owner.name));
    }
    sentences.push(format!("A microprocess may have {} at once.", handle.max_live));
    if handle.thread_affine {
        sentences.push("It is used by the thread that made it.".to_owned());
    }
    format!("\n{}\n", sentences.join(" "))
}
