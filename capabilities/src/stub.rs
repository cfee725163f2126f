//! A `.pyi` for a capability: what type checkers and editors know of it.
//!
//! ```python
//! from typing import TYPE_CHECKING
//! import cloison
//!
//! if TYPE_CHECKING:
//!     from zlib_capability import Zlib        # zlib_capability.pyi, beside the program
//!
//! zlib: "Zlib" = cloison.capability("zlib")
//! zlib.crc32(0, b"hello")
//! ```
//!
//! The stub is one class, called after the zone. What the capability has as attributes, the class has: constants, the
//! classes of records, enumerations, handles and exceptions, and a callable object for each function, since a function has
//! `map` besides being called. `cloison.capability()` gives `Any`, so the annotation needs no cast.

mod annotation;
mod classes;

use crate::interface::{Constant, Number};
use crate::{Function, Interface};
use annotation::Annotations;
use std::fmt::Write;

pub(crate) use annotation::Annotations as Types;

/// What the stub imports: no class can be called like one of them.
const IMPORTED: [&str; 12] = [
    "Any", "Buffer", "Callable", "Final", "Iterable", "Mapping", "Protocol", "Self", "Sequence", "array", "final",
    "type",
];

impl Interface {
    /// The whole text of the `.pyi`.
    pub fn stub(&self) -> String {
        let class = class_name(&self.name);
        let annotations = Annotations::new(self, &class);
        let mut text = head(self, &class);
        for function in offered(self) {
            text += &callable(function, &annotations);
        }
        let _ = write!(text, "\n@final\nclass {class}:\n");
        text += &docstring(self.doc.as_deref().unwrap_or(&format!("The capability `{}`.", self.name)), 1);
        for definition in &self.types {
            text += &classes::class(definition, &annotations);
        }
        for exception in &self.exceptions {
            let base = exception.base.map_or_else(
                || "cloison.NativeError".to_owned(),
                |base| format!("{class}.{}", self.exceptions[base].name),
            );
            let _ = write!(text, "\n    class {}({base}):\n", exception.name);
            text += &docstring(exception.doc.as_deref().unwrap_or("An error of the library."), 2);
        }
        let constants: String = self.constants.iter().map(|(name, value)| constant(name, value)).collect();
        let functions: String =
            offered(self).map(|function| format!("    {0}: _{0}_function\n", function.name)).collect();
        for block in [constants, functions] {
            if !block.is_empty() {
                let _ = write!(text, "\n{block}");
            }
        }
        if self.function("batch").is_none() {
            text += "\n    def batch(self) -> Any:\n        \"\"\"Run many calls in one crossing: `with capability.batch() as b:`.\"\"\"\n";
        }
        text
    }
}

/// The functions that Python may call.
pub(crate) fn offered(interface: &Interface) -> impl Iterator<Item = &Function> {
    interface.functions.iter().filter(|function| !function.internal)
}

fn head(interface: &Interface, class: &str) -> String {
    let name = &interface.name;
    let module = format!("{}_capability", identifier(name));
    let example = format!(
        "from typing import TYPE_CHECKING\nimport cloison\n\nif TYPE_CHECKING:\n    from {module} import {class}\n\n\
         {0}: \"{class}\" = cloison.capability(\"{name}\")",
        identifier(name)
    );
    let example: String = example.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect();
    format!(
        "\"\"\"Types of the capability `{name}`, version {}, made by `cloison stub` from {}.\n\n\
         Keep this file as `{module}.pyi` beside the program:\n\n{example}\"\"\"\n\n\
         import enum\nfrom array import array\nfrom collections.abc import Callable, Iterable, Mapping, Sequence\n\
         from typing import Any, Final, Protocol, final\n\nimport cloison\nfrom typing_extensions import Buffer, Self\n",
        interface.version, interface.source
    )
}

/// The class of a function's object: called, or mapped over many.
fn callable(function: &Function, annotations: &Annotations<'_>) -> String {
    let arguments = function.arguments();
    let result = annotations.result(function);
    let mut call = String::new();
    let mut by_name = String::new();
    for index in &arguments {
        let parameter = &function.parameters[*index];
        let (name, annotation) = (parameter.python_name(), annotations.argument(&parameter.role));
        let default = if parameter.role.has_default() { " = ..." } else { "" };
        let _ = write!(call, ", {name}: {annotation}{default}");
        let _ = write!(by_name, ", {name}: {annotation} = ...");
    }
    let leading: Vec<_> = arguments.iter().map(|index| &function.parameters[*index]).collect();
    let mut text = format!("\nclass _{}_function(Protocol):\n", function.name);
    text += &docstring(&function.docstring(), 1);
    text += "    __name__: str\n    __qualname__: str\n";
    if leading.iter().any(|parameter| parameter.leading) {
        // Python has no way to say that the first may be left out, as range()'s may.
        text += &format!("    def __call__(self, *arguments: Any, **named: Any) -> {result}: ...\n");
    } else {
        text += &format!("    def __call__(self{call}) -> {result}: ...\n");
    }
    if !arguments.is_empty() {
        let items = match &arguments[..] {
            [only] => annotations.argument(&function.parameters[*only].role),
            _ => "Any".to_owned(),
        };
        text += &format!("    def map(self, items: Iterable[{items}], /, *{by_name}) -> list[{result}]: ...\n");
    }
    text
}

fn constant(name: &str, value: &Constant) -> String {
    let value = match value {
        Constant::Number(Number::Integer(value)) => value.to_string(),
        Constant::Number(Number::Float(_)) => return format!("    {name}: Final[float]\n"),
        Constant::Text(_) => return format!("    {name}: Final[str]\n"),
    };
    format!("    {name}: Final = {value}\n")
}

/// `zlib` → `Zlib`, `my-lib` → `MyLib`.
fn class_name(zone: &str) -> String {
    let mut name = String::new();
    for part in zone.split(['-', '_']) {
        let mut characters = part.chars();
        name.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        name.extend(characters);
    }
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        name.insert(0, '_');
    }
    if IMPORTED.contains(&name.as_str()) || crate::manifest::is_python_keyword(&name) {
        name.push('_');
    }
    name
}

/// A zone's name as Python could have it.
fn identifier(zone: &str) -> String {
    let name = zone.replace('-', "_");
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// A docstring, `depth` levels in.
pub(crate) fn docstring(text: &str, depth: usize) -> String {
    let indent = "    ".repeat(depth);
    let text = text.trim().replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"");
    let text = if text.ends_with('"') { format!("{text} ") } else { text };
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let rest: String = lines
        .map(|line| if line.trim().is_empty() { "\n".to_owned() } else { format!("\n{indent}{}", line.trim_end()) })
        .collect();
    let end = if rest.is_empty() { String::new() } else { format!("\n{indent}") };
    format!("{indent}\"\"\"{first}{rest}{end}\"\"\"\n")
}

#[cfg(test)]
mod tests;
