//! A binding's page of documentation, in Markdown.
//!
//! | part | says |
//! |---|---|
//! | head | name, version, library, what it is for, contents |
//! | functions | signature, what it does, C, arguments with their limits, how it fails |
//! | types | members, values, who frees and owns handles |
//! | exceptions, constants | names and what they are |
//! | sandbox | every limit of the zone |

#![deny(clippy::wildcard_enum_match_arm)]

mod sandbox;
mod types;

use crate::explain::{size, time};
use crate::stub::offered;
use cloison_contract::interface::{Constant, LibraryLocation, Message, Parameter, Raises};
use cloison_contract::shape::{Literal, Shape};
use cloison_contract::{Function, Interface};
use std::fmt::Write;

/// The whole page.
pub fn render(interface: &Interface) -> String {
    let mut text = head(interface);
    text += &contents(interface);
    if offered(interface).next().is_some() {
        text += "\n## Functions\n";
        for function in offered(interface) {
            text += &function_section(interface, function);
        }
    }
    if !interface.types.is_empty() {
        text += "\n## Types\n";
        for definition in &interface.types {
            text += &types::section(interface, definition);
        }
    }
    if !interface.exceptions.is_empty() {
        text += "\n## Exceptions\n\n| class | base | |\n|---|---|---|\n";
        for exception in &interface.exceptions {
            let base = exception.base.map_or("cloison.NativeError", |base| &*interface.exceptions[base].name);
            let doc = in_table(exception.doc.as_deref().unwrap_or_default());
            let _ = writeln!(text, "| `{}` | `{base}` | {doc} |", exception.name);
        }
    }
    if !interface.constants.is_empty() {
        text += "\n## Constants\n\n| name | value |\n|---|---|\n";
        for (name, value) in &interface.constants {
            let _ = writeln!(text, "| `{name}` | `{}` |", in_table(&constant(value)));
        }
    }
    text + &sandbox::section(interface)
}

fn head(interface: &Interface) -> String {
    let about = match &interface.library.location {
        LibraryLocation::Host(_) => format!("Version {} of this host service.", interface.version),
        LibraryLocation::Path(library) | LibraryLocation::Soname(library) => {
            format!("Version {} of the binding, for `{library}`.", interface.version)
        }
    };
    let mut text = format!("# {}\n\n{about}\n", interface.name);
    if let Some(doc) = &interface.doc {
        let _ = write!(text, "\n{}\n", doc.trim());
    }
    text
}

fn contents(interface: &Interface) -> String {
    let mut text = String::new();
    let mut list = |title: &str, names: Vec<&str>| {
        if !names.is_empty() {
            let links: Vec<_> = names.iter().map(|name| format!("[`{name}`](#{})", anchor(name))).collect();
            let _ = writeln!(text, "- [{title}](#{}): {}", anchor(title), links.join(", "));
        }
    };
    list("Functions", offered(interface).map(|function| function.name.as_str()).collect());
    list("Types", interface.types.iter().map(|definition| definition.name.as_str()).collect());
    for (title, there) in [
        ("Exceptions", !interface.exceptions.is_empty()),
        ("Constants", !interface.constants.is_empty()),
        ("Sandbox", true),
    ] {
        if there {
            let _ = writeln!(text, "- [{title}](#{})", anchor(title));
        }
    }
    format!("\n{text}")
}

fn function_section(interface: &Interface, function: &Function) -> String {
    let arguments = function.arguments();
    let short = function.short_signature(interface).map(|short| short + "\n").unwrap_or_default();
    let signature = function.signature(interface);
    let mut text = format!("\n### `{}`\n\n```python\n{signature}\n{short}```\n", function.name);
    if let Some(doc) = &function.doc {
        let _ = write!(text, "\n{}\n", doc.trim());
    }
    let _ = write!(text, "\n```c\n{}\n```\n", function.declaration.trim());
    let limits: Vec<_> = arguments.iter().filter_map(|index| limits(&function.parameters[*index])).collect();
    if !limits.is_empty() {
        let _ = write!(text, "\n| argument | limits |\n|---|---|\n{}", limits.concat());
    }
    let mut remarks = failures(interface, function);
    if let Some(deadline) = function.deadline {
        remarks.push(format!("It has {} to end.", time(deadline)));
    }
    if let Some(callables) = function.callables {
        remarks.push(format!("Callables may take {} of that call together.", time(callables)));
    }
    if function.blocking {
        remarks.push("It may wait for long.".to_owned());
    }
    if !remarks.is_empty() {
        let _ = write!(text, "\n{}\n", remarks.join(" "));
    }
    text
}

/// What a failure raises.
fn failures(interface: &Interface, function: &Function) -> Vec<String> {
    let returns = &function.returns;
    if returns.error_unless.is_none() && returns.error_if.is_none() {
        return Vec::new();
    }
    let name = |class: &usize| interface.exceptions.get(*class).map_or("NativeError", |class| &*class.name).to_owned();
    let mut sentences = match &returns.raises {
        Raises::Native => vec!["Raises `NativeError` if the library reports a failure.".to_owned()],
        Raises::Os => vec!["Raises `OSError`, or the subclass of it that goes with `errno`.".to_owned()],
        Raises::Declared { codes, otherwise } => {
            let class = otherwise.as_ref().map_or_else(|| "NativeError".to_owned(), name);
            let mut sentences = vec![format!("Raises `{class}` if the library reports a failure.")];
            let by: Vec<_> = codes.iter().map(|(code, class)| format!("{code} `{}`", name(class))).collect();
            if !by.is_empty() {
                sentences.push(format!("By code: {}.", by.join(", ")));
            }
            sentences
        }
    };
    if returns.errno {
        sentences.push("The exception has `errno`.".to_owned());
    }
    if let Some(Message::Code(id) | Message::Handle { function: id, .. }) = returns.message
        && let Some(function) = interface.functions.get(id.0 as usize)
    {
        sentences.push(format!("The message is what `{}` says.", function.symbol));
    }
    sentences
}

/// A row of the table of limits, if there is something to say.
fn limits(parameter: &Parameter) -> Option<String> {
    let range = |(least, most): (Literal, Literal)| format!("{} to {}", number(least), number(most));
    let most = |bytes: u64| format!("at most {}", size(bytes));
    let said = match &parameter.shape {
        Shape::Buffer(buffer) => most(buffer.max_bytes),
        Shape::Callback(callback) => match (callback.retain.is_some(), callback.deadline) {
            (true, _) if callback.replaces => "kept by the library, until the next one".to_owned(),
            (true, _) => "kept by the library".to_owned(),
            (false, Some(deadline)) => format!("{} for each run", time(deadline)),
            (false, None) => "called during the call only".to_owned(),
        },
        Shape::Handle(handle) => handle.consumed.then(|| "ended by the call".to_owned())?,
        Shape::Number(found) => found.range.map(range)?,
        Shape::ScalarPointer(found) => found.range.map(range)?,
        Shape::Text(text) => most(text.max_bytes),
        Shape::CapacityOf(_)
        | Shape::Constant(_)
        | Shape::LengthOf(_)
        | Shape::OutPointer(_)
        | Shape::Record(_)
        | Shape::Wide(_) => return None,
    };
    Some(format!("| `{}` | {said} |\n", parameter.python_name()))
}

fn number(value: Literal) -> String {
    match value {
        Literal::Float(value) => format!("{value:?}"),
        Literal::Integer(value) => value.to_string(),
    }
}

fn constant(value: &Constant) -> String {
    match value {
        Constant::Number(value) => number(*value),
        Constant::Text(text) => format!("{text:?}"),
    }
}

/// Text in a table's cell.
fn in_table(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// The part of a link that leads to a heading of that text.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|one| one.is_alphanumeric() || "-_ ".contains(*one));
    kept.map(|one| if one == ' ' { '-' } else { one.to_ascii_lowercase() }).collect()
}

#[cfg(test)]
mod tests {
    use crate::{bundled, manifest};

    #[test]
    fn the_page_of_a_bundled_binding() {
        let (name, text) = bundled::find("zlib").unwrap();
        let page = super::render(&manifest::parse(name, text).unwrap());
        for line in [
            "# zlib\n",
            "- [Functions](#functions): [`version`](#version), [`crc32`](#crc32)",
            "### `compress2`\n\n```python\ncompress2(source: Buffer, level: int = -1) -> bytes\n```\n",
            "| `level` | -1 to 9 |\n",
            "| `source` | at most 64 MiB |\n",
            "Raises `NativeError` if the library reports a failure. The message is what `zError` says.\n",
            "| deadline of a call | 10 s |\n",
        ] {
            assert!(page.contains(line), "{line}\n{page}");
        }
    }
}
