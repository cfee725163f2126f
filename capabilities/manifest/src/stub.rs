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
//! `map` besides being called. A second class has what a batch has: the same functions, which take results that are pending
//! and give such. `cloison.capability()` gives `Any`, so the annotation needs no cast.

#![deny(clippy::wildcard_enum_match_arm)]

mod classes;

use cloison_contract::interface::Constant;
use cloison_contract::shape::{Literal, Shape};
use cloison_contract::signature::is_python_keyword;
use cloison_contract::{Function, Interface};
use std::fmt::Write;

/// What the stub imports: no class can be called like one of them.
const IMPORTED: [&str; 15] = [
    "Any",
    "Buffer",
    "Callable",
    "Final",
    "Iterable",
    "Mapping",
    "Protocol",
    "RegisteredBuffer",
    "Self",
    "Sequence",
    "Unpack",
    "View",
    "array",
    "final",
    "type",
];

/// The whole text of the `.pyi`.
pub fn render(interface: &Interface) -> String {
    let class = class_name(&interface.name);
    let qualified = qualified(interface, &class);
    let callables: String = offered(interface).map(|function| callable(function, interface, &qualified)).collect();
    let mut text = head(interface, &class, &callables);
    text += &callables;
    let _ = write!(text, "\n@final\nclass {class}:\n");
    text += &docstring(interface.doc.as_deref().unwrap_or(&format!("The capability `{}`.", interface.name)), 1);
    for definition in &interface.types {
        text += &classes::class(definition, &qualified);
    }
    for exception in &interface.exceptions {
        let base = exception.base.map_or_else(
            || "cloison.NativeError".to_owned(),
            |base| format!("{class}.{}", interface.exceptions[base].name),
        );
        let _ = write!(text, "\n    class {}({base}):\n", exception.name);
        text += &docstring(exception.doc.as_deref().unwrap_or("An error of the library."), 2);
    }
    let constants: String = interface.constants.iter().map(|(name, value)| constant(name, value)).collect();
    let functions: String =
        offered(interface).map(|function| format!("    {0}: _{0}_function\n", function.name)).collect();
    for block in [constants, functions] {
        if !block.is_empty() {
            let _ = write!(text, "\n{block}");
        }
    }
    text += "\n    def batch(interface) -> _Batch:\n        \"\"\"Run many calls in one crossing: `with capability.batch() as b:`.\"\"\"\n";
    text += OWN;
    text += &batch(interface, &qualified);
    text
}

/// What each capability has itself, besides `batch`.
const OWN: &str = r#"
    def narrow(interface, **narrowing: Unpack[cloison._Narrowing]) -> Self:
        """Return another capability, that allows less."""

    def lend(
        interface, process: cloison.Process, /, **narrowing: Unpack[cloison._Lending]
    ) -> cloison.Lease[Self]:
        """Lend it to a process: `with capability.lend(process) as lease:`."""

    def revoke(interface) -> None:
        """Take it back, from all who hold it, with everything that was narrowed from it."""

    def describe(interface) -> cloison.CapabilityInfo:
        """Return what it allows."""

"#;

/// The same, with types called as they are from anywhere in the stub: what they are called alone may be a word of
/// Python's (`list`).
fn qualified(interface: &Interface, class: &str) -> Interface {
    let mut qualified = interface.clone();
    for definition in &mut qualified.types {
        definition.name = format!("{class}.{}", definition.name);
    }
    qualified
}

/// The functions that Python may call.
pub(crate) fn offered(interface: &Interface) -> impl Iterator<Item = &Function> {
    interface.functions.iter().filter(|function| !function.internal)
}

fn head(interface: &Interface, class: &str, callables: &str) -> String {
    let name = &interface.name;
    let module = format!("{}_capability", identifier(name));
    let example = format!(
        "from typing import TYPE_CHECKING\nimport cloison\n\nif TYPE_CHECKING:\n    from {module} import {class}\n\n\
         {0}: \"{class}\" = cloison.capability(\"{name}\")",
        identifier(name)
    );
    let example: String = example.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect();
    let named =
        |name: &&str| callables.split(|one: char| !one.is_alphanumeric() && one != '_').any(|word| word == *name);
    let needed: Vec<_> = ["RegisteredBuffer", "View"].into_iter().filter(named).collect();
    let from_cloison =
        if needed.is_empty() { String::new() } else { format!("from cloison import {}\n", needed.join(", ")) };
    format!(
        "\"\"\"Types of the capability `{name}`, version {}, made by `cloison stub` from {}.\n\n\
         Keep this file as `{module}.pyi` beside the program:\n\n{example}\"\"\"\n\n\
         import enum\nfrom array import array\nfrom collections.abc import Callable, Iterable, Mapping, Sequence\n\
         from typing import Any, Final, Protocol, final, overload\n\nimport cloison\n{from_cloison}from typing_extensions import Buffer, Self, Unpack\n",
        interface.version, interface.source
    )
}

/// How a parameter is passed.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Passed {
    Now,
    /// To each call of a map, by name.
    ToAll,
    /// Perhaps as the result of an earlier call of the same batch.
    Later,
}

/// Parameters, each behind a comma.
fn list(function: &Function, positions: &[usize], passed: Passed, qualified: &Interface) -> String {
    let one = |index: &usize| {
        let parameter = &function.parameters[*index];
        let open = passed == Passed::ToAll || (parameter.shape.has_default() && !parameter.leading);
        let default = if open { " = ..." } else { "" };
        let mut annotation = python(parameter.annotation(qualified));
        if passed == Passed::Later && may_be_pending(&parameter.shape) {
            annotation = format!("{annotation} | cloison.Pending[{annotation}]");
        }
        format!(", {}: {annotation}{default}", parameter.python_name())
    };
    positions.iter().map(one).collect()
}

/// Whether the result of an earlier call of the same batch can stand for it.
fn may_be_pending(shape: &Shape) -> bool {
    match shape {
        Shape::Handle(_) | Shape::Number(_) | Shape::ScalarPointer(_) => true,
        Shape::Buffer(_)
        | Shape::Callback(_)
        | Shape::CapacityOf(_)
        | Shape::Constant(_)
        | Shape::LengthOf(_)
        | Shape::OutPointer(_)
        | Shape::Record(_)
        | Shape::Text(_)
        | Shape::Wide(_) => false,
    }
}

/// What the arguments are called.
fn names(function: &Function) -> Vec<String> {
    function.arguments().into_iter().map(|index| function.parameters[index].python_name()).collect()
}

/// A name that no other one is: `self`, or `_self` where C has a parameter of that name. It stands in front of the `/`, so
/// that nobody passes it by name.
fn unlike(name: &str, others: &[String]) -> String {
    let mut name = name.to_owned();
    while others.contains(&name) {
        name.insert(0, '_');
    }
    name
}

/// `__call__`, in as many forms as there are.
fn calls(function: &Function, passed: Passed, result: &str, qualified: &Interface) -> String {
    let arguments = function.arguments();
    let short: Vec<_> = arguments.iter().copied().filter(|index| !function.parameters[*index].leading).collect();
    // A first argument that may be left out, as range()'s: Python says that by two forms.
    let forms = if short.len() < arguments.len() { vec![&short, &arguments] } else { vec![&arguments] };
    let overload = if forms.len() > 1 { "    @overload\n" } else { "" };
    let receiver = unlike("self", &names(function));
    let one = |form: &&Vec<usize>| {
        let list = list(function, form, passed, qualified);
        format!("{overload}    def __call__({receiver}, /{list}) -> {result}: ...\n")
    };
    forms.iter().map(one).collect()
}

/// The class of a function's object: called, or mapped over many.
fn callable(function: &Function, interface: &Interface, qualified: &Interface) -> String {
    let arguments = function.arguments();
    let result = python(function.result_type(qualified));
    let mut text = format!("\nclass _{}_function(Protocol):\n", function.name);
    text += &docstring(&function.docstring(interface), 1);
    text += "    __name__: str\n    __qualname__: str\n";
    text += &calls(function, Passed::Now, &result, qualified);
    if !arguments.is_empty() {
        let items = match &arguments[..] {
            [only] => python(function.parameters[*only].annotation(qualified)),
            _ => "Any".to_owned(),
        };
        let by_name = list(function, &arguments, Passed::ToAll, qualified);
        let names = names(function);
        let (receiver, many) = (unlike("self", &names), unlike("items", &names));
        let _ =
            writeln!(text, "    def map({receiver}, {many}: Iterable[{items}], /, *{by_name}) -> list[{result}]: ...");
    }
    text
}

/// The class of a batch, and of its functions' objects.
fn batch(interface: &Interface, qualified: &Interface) -> String {
    let (mut noted, mut names) = (String::new(), String::new());
    for function in offered(interface) {
        let result = format!("cloison.Pending[{}]", python(function.result_type(qualified)));
        let _ = write!(noted, "\nclass _{}_noted(Protocol):\n    __name__: str\n", function.name);
        noted += &calls(function, Passed::Later, &result, qualified);
        let _ = writeln!(names, "    {0}: _{0}_noted", function.name);
    }
    format!(
        "{noted}\n@final\nclass _Batch:\n{}{names}    def __enter__(self) -> Self: ...\n    \
         def __exit__(self, *raised: object) -> None: ...\n",
        docstring("Calls that are noted, and made together when the `with` block ends.", 1)
    )
}

/// An annotation as type checkers take it: `array` has no truth values.
fn python(annotation: String) -> String {
    annotation.replace("array[bool]", "array[int]")
}

fn constant(name: &str, value: &Constant) -> String {
    let value = match value {
        Constant::Number(Literal::Integer(value)) => value.to_string(),
        Constant::Number(Literal::Float(_)) => return format!("    {name}: Final[float]\n"),
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
    if IMPORTED.contains(&name.as_str()) || is_python_keyword(&name) {
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
