//! What is compared, each as one line of C.

use super::names::{c_name, forward, line_of_constant, texts};
use crate::header;
use cloison_contract::Interface;
use cloison_contract::interface::Constant;
use cloison_contract::shape::Literal;
use cloison_contract::types::TypeKind;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Types that manifests know without being told, without the functions of their headers.
const SYSTEM: &str =
    "#include <stddef.h>\n#include <stdint.h>\n#include <stdbool.h>\n#include <sys/types.h>\n#include <wchar.h>\n";

/// A probe.
pub struct ProbeSource {
    /// What stands before the lines.
    pub prelude: String,
    pub items: Vec<Item>,
    /// Who says otherwise, as sentences need it.
    pub by: &'static str,
}

/// One comparison.
pub struct Item {
    /// The line in the manifest.
    pub line: u32,
    /// What is compared, as sentences begin.
    pub what: String,
    /// The line of C. What it defines is called `object``(INDEX)`.
    pub c: String,
    pub expected: Expected,
    /// The headers may well not have it: a constant of the manifest's own, a function that is not offered to Python.
    pub optional: bool,
}

/// What the manifest says of an item.
#[derive(Debug, PartialEq)]
pub enum Expected {
    /// The line is right C.
    Compiles,
    /// The object is a number of this value.
    Float(f64),
    /// The object is a pointer to that function of the interface, which the debug information describes.
    Function(usize),
    /// The object is a number of this value.
    Integer(i128),
    /// The object is this text.
    Text(String),
    /// The object has a member of that type of the interface, which the debug information describes.
    Type(usize),
}

/// The name of the object that an item defines.
pub fn object(index: usize) -> String {
    format!("cloison_{index}")
}

/// The name of an object that is there if the headers define a macro of an item's name.
pub fn macro_object(index: usize) -> String {
    format!("cloison_macro_{index}")
}

impl ProbeSource {
    pub fn new(interface: &Interface, manifest: &str, headers: &[String]) -> anyhow::Result<Self> {
        let texts = &texts(manifest);
        let mut prelude = String::from(SYSTEM);
        let mut list = List { items: Vec::new() };
        if headers.is_empty() {
            prelude += &format!("{}\n", forward(texts));
            for text in texts {
                let line =
                    interface.types.iter().find(|found| found.name == text.key).map_or(1, |found| found.declared.line);
                list.add(line, &text.key, text.c.clone(), Expected::Compiles);
            }
        } else {
            for header in headers {
                prelude += &format!("{}\n", header::include(header)?);
            }
        }
        let by_key: BTreeMap<_, _> = texts.iter().map(|text| (text.key.as_str(), text)).collect();
        for (index, definition) in interface.types.iter().enumerate() {
            let line = definition.declared.line;
            if !matches!(definition.kind, TypeKind::Handle(_)) {
                // Where the second member stands says how the type is aligned.
                let c = format!("struct {{ char c; {} t; }} {};", c_name(definition, &by_key), list.object());
                list.add(line, &definition.name, c, Expected::Type(index));
            }
            if let TypeKind::Enum(found) = &definition.kind {
                found.values.iter().for_each(|(name, value)| list.integer(line, name, *value));
            }
        }
        if !headers.is_empty() {
            list.constants(interface, manifest);
            list.functions(interface);
        }
        let by = if headers.is_empty() { "by the compiler" } else { "by the headers" };
        Ok(Self { prelude, items: list.items, by })
    }

    /// The C of all items that are not left out, each on its line behind the prelude.
    pub fn text(&self, with: impl Fn(usize) -> bool) -> String {
        let mut text = self.prelude.clone();
        for (index, item) in self.items.iter().enumerate() {
            let _ = writeln!(text, "{}", if with(index) { &item.c } else { "" });
        }
        for (index, item) in self.items.iter().enumerate().filter(|(_, item)| item.optional) {
            let _ = writeln!(text, "#ifdef {}\nconst char {} = 1;\n#endif", item.name(), macro_object(index));
        }
        text
    }
}

impl Item {
    /// `what` without its backticks.
    pub fn name(&self) -> &str {
        self.what.trim_matches('`')
    }
}

struct List {
    items: Vec<Item>,
}

impl List {
    fn add(&mut self, line: u32, name: &str, c: String, expected: Expected) {
        self.items.push(Item { line, what: format!("`{name}`"), c, expected, optional: false });
    }

    /// The name of the next item's object.
    fn object(&self) -> String {
        object(self.items.len())
    }

    /// Text and addresses would be numbers too, which are known when the library is loaded.
    fn integer(&mut self, line: u32, name: &str, value: i128) {
        let is_number = format!("_Generic(({name}), char *: 0, default: __builtin_constant_p((long long)({name})))");
        let c = format!(
            "const long long {} = __builtin_choose_expr({is_number}, (long long)({name}), (void)0);",
            self.object()
        );
        self.add(line, name, c, Expected::Integer(value));
    }

    fn constants(&mut self, interface: &Interface, manifest: &str) {
        let first = self.items.len();
        for (name, value) in &interface.constants {
            let line = line_of_constant(manifest, name);
            match value {
                Constant::Number(Literal::Integer(value)) => self.integer(line, name, *value),
                Constant::Number(Literal::Float(value)) => {
                    let c = format!("const double {} = {name};", self.object());
                    self.add(line, name, c, Expected::Float(*value));
                }
                Constant::Text(text) => {
                    let c = format!("const char {}[] = {name};", self.object());
                    self.add(line, name, c, Expected::Text(text.clone()));
                }
            }
        }
        self.items[first..].iter_mut().for_each(|item| item.optional = true);
    }

    fn functions(&mut self, interface: &Interface) {
        for (index, function) in interface.functions.iter().enumerate() {
            // Nothing refers to the function itself, so it need not be in what the linker sees.
            let c = format!("__typeof__({}) *{};", function.symbol, self.object());
            self.add(function.declared.line, &function.symbol, c, Expected::Function(index));
            self.items.last_mut().into_iter().for_each(|item| item.optional = function.internal);
        }
    }
}
