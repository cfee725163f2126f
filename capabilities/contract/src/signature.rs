//! What Python sees of a function: its signature and its docstring. Stubs and pages of documentation say the same.
//!
//! | C | argument | result |
//! |---|---|---|
//! | integers | `int` | `int` |
//! | `bool` | `bool` | `bool` |
//! | `float`, `double`, `long double` | `float` | `float` |
//! | complex numbers | `complex` | `complex` |
//! | enumeration | `color \| int` | `color` |
//! | string | `str \| bytes`, or `bytes` if `bytes = true` | `str` or `bytes` |
//! | buffer of bytes | `Buffer` (anything with the buffer protocol) | `bytes`, or `str` if `text = true` |
//! | buffer of numbers | `Buffer \| Sequence[…]` | `array[…]` |
//! | text of `wchar_t` | `str` | `str` |
//! | array of structs | `Iterable[point \| Mapping[str, object]]` | `list[point]` |
//! | array of strings | `Iterable[str \| bytes \| None]` | `list[str \| None]` |
//! | struct, union | `point \| Mapping[str, object]` | `point` |
//! | object of the zone | `sqlite3` | `sqlite3` |
//! | function | `Callable[[int, int], int]` | |
//! | output with `view` | | `View` |
//! | output with `retain` | | `RegisteredBuffer` |
//!
//! What may be `None` says so. No result is `None`, one is itself, several are a `tuple`. A callable is given what a function
//! would have as results, and gives what a function would take as arguments.
//!
//! All types are written here and nowhere else: [`Parameter::annotation`], [`Function::result_type`],
//! [`Member::annotation`](crate::types::Member::annotation). `Buffer`, `Callable`, `Iterable`, `Mapping` and `Sequence` are those of `collections.abc`,
//! `array` is `array.array`; `RegisteredBuffer` and `View` are Cloison's.

#![deny(clippy::wildcard_enum_match_arm)]

mod annotation;
mod keyword;
mod literal;
mod shape;

pub use keyword::is_python_keyword;

use crate::interface::{Parameter, Raises};
use crate::{Function, Interface};

impl Function {
    /// `compress2(source: Buffer, level: int = -1) -> bytes`
    ///
    /// A parameter that may be left out although it stands before required ones ([`Parameter::leading`]) stands here without
    /// its default, because Python cannot write that; [`Self::short_signature`] is the other form.
    pub fn signature(&self, interface: &Interface) -> String {
        self.form(interface, &self.arguments())
    }

    /// The signature without the leading parameter, if there is one.
    pub fn short_signature(&self, interface: &Interface) -> Option<String> {
        let arguments = self.arguments();
        let short: Vec<_> = arguments.iter().copied().filter(|index| !self.parameters[*index].leading).collect();
        (short.len() < arguments.len()).then(|| self.form(interface, &short))
    }

    /// The signature, `doc`, ranges, what it does to handles, what it raises, and the C declaration.
    pub fn docstring(&self, interface: &Interface) -> String {
        let mut parts = vec![self.signature(interface)];
        if let Some(short) = self.short_signature(interface) {
            parts[0] = format!("{}\n{short}", parts[0]);
        }
        parts.extend(self.doc.as_ref().map(|doc| doc.trim().to_owned()));
        let notes: Vec<_> = self.arguments().into_iter().filter_map(|index| self.parameters[index].note()).collect();
        if !notes.is_empty() {
            parts.push(notes.join("\n"));
        }
        if self.returns.error_unless.is_some() || self.returns.error_if.is_some() {
            parts.push(format!("Raises {} if the library reports a failure.", self.raised(interface)));
        }
        parts.push(format!("C: {}", self.declaration.split_whitespace().collect::<Vec<_>>().join(" ")));
        parts.join("\n\n")
    }

    /// The classes of what a failure raises: `Busy or NativeError`.
    fn raised(&self, interface: &Interface) -> String {
        let (codes, otherwise) = match &self.returns.raises {
            Raises::Native => return "NativeError".to_owned(),
            Raises::Os => return "OSError".to_owned(),
            Raises::Declared { codes, otherwise } => (codes, otherwise),
        };
        let name = |index: usize| interface.exceptions.get(index).map_or("?", |exception| &exception.name);
        let mut names: Vec<&str> = Vec::new();
        let last = otherwise.map_or("NativeError", name);
        for class in codes.iter().map(|(_, class)| name(*class)) {
            if !names.contains(&class) && class != last {
                names.push(class);
            }
        }
        match &names[..] {
            [] => last.to_owned(),
            names => format!("{} or {last}", names.join(", ")),
        }
    }

    fn form(&self, interface: &Interface, arguments: &[usize]) -> String {
        let arguments: Vec<_> = arguments.iter().map(|index| self.parameters[*index].argument(interface)).collect();
        format!("{}({}) -> {}", self.name, arguments.join(", "), self.result_type(interface))
    }
}

impl Parameter {
    /// The name that Python uses: one that Python reserves gets an underscore behind it.
    pub fn python_name(&self) -> String {
        named(&self.name)
    }

    /// The default as Python writes it, if there is one: `-1`, `None`, `color.GREEN`.
    pub fn default(&self, interface: &Interface) -> Option<String> {
        self.shape.python().default(interface)
    }

    /// `level: int = -1`
    fn argument(&self, interface: &Interface) -> String {
        let default = self.default(interface).filter(|_| !self.leading);
        let default = default.map_or(String::new(), |default| format!(" = {default}"));
        format!("{}: {}{default}", self.python_name(), self.annotation(interface))
    }

    /// `level: -1 to 9`, if there is something to say.
    fn note(&self) -> Option<String> {
        Some(format!("{}: {}", self.python_name(), self.shape.python().note()?))
    }
}

/// A name of C in Python.
fn named(name: &str) -> String {
    let suffix = if is_python_keyword(name) { "_" } else { "" };
    format!("{name}{suffix}")
}
