//! What is compared, each as one line of C.

use super::names::{c_name, forward, line_of_constant, texts};
use crate::header;
use cloison_contract::Interface;
use cloison_contract::interface::Constant;
use cloison_contract::shape::Literal;
use cloison_contract::types::{Bits, Definition, Member, TypeKind};
use std::collections::BTreeMap;

/// Types that manifests know without being told, without the functions of their headers.
const SYSTEM: &str =
    "#include <stddef.h>\n#include <stdint.h>\n#include <stdbool.h>\n#include <sys/types.h>\n#include <wchar.h>\n";

/// A probe.
pub struct Source {
    /// What stands before the lines.
    pub prelude: String,
    pub items: Vec<Item>,
}

/// One comparison.
pub struct Item {
    /// The line in the manifest.
    pub line: u32,
    /// What is compared, as sentences begin.
    pub what: String,
    /// The line of C. What it defines is called `cloison_INDEX`.
    pub c: String,
    pub expected: Expected,
    /// The headers may well not have it: a constant of the manifest's own, a function that is not offered to Python.
    pub optional: bool,
}

/// What the compiler should say.
pub enum Expected {
    /// The object's bytes.
    Bytes(Vec<u8>),
    /// That the line is right C.
    Compiles,
    /// That a prototype is the header's.
    Prototype,
    /// Numbers, each with what it is.
    Numbers(Vec<(&'static str, i128)>),
    /// A number.
    Float(f64),
}

impl Source {
    pub fn new(interface: &Interface, manifest: &str, headers: &[String]) -> anyhow::Result<Self> {
        let texts = &texts(manifest);
        let mut prelude = String::from(SYSTEM);
        let mut list = List { items: Vec::new() };
        if headers.is_empty() {
            prelude += &format!("{}\n", forward(texts));
            for text in texts {
                let line =
                    interface.types.iter().find(|found| found.name == text.key).map_or(1, |found| found.declared.line);
                list.add(line, format!("`{}`", text.key), text.c.clone(), Expected::Compiles);
            }
        } else {
            for header in headers {
                prelude += &format!("{}\n", header::include(header)?);
            }
        }
        let by_key: BTreeMap<_, _> = texts.iter().map(|text| (text.key.as_str(), text)).collect();
        for definition in &interface.types {
            list.definition(definition, &c_name(definition, &by_key));
        }
        if !headers.is_empty() {
            list.constants(interface, manifest);
            let handles = texts.iter().filter(|text| text.c == format!("typedef void *{};", text.key));
            list.functions(interface, &handles.map(|text| text.key.as_str()).collect::<Vec<_>>());
        }
        Ok(Self { prelude, items: list.items })
    }

    /// What the compiler makes of pairs of integer expressions.
    pub fn numbers(prelude: &str, pairs: impl Iterator<Item = [String; 2]>) -> Self {
        let mut list = List { items: Vec::new() };
        for [one, other] in pairs {
            list.numbers(1, one.clone(), vec![("", 0, one), ("", 0, other)]);
        }
        Self { prelude: prelude.to_owned(), items: list.items }
    }
}

struct List {
    items: Vec<Item>,
}

impl List {
    fn add(&mut self, line: u32, what: String, c: String, expected: Expected) {
        self.items.push(Item { line, what, c, expected, optional: false });
    }

    fn name(&self) -> String {
        format!("cloison_{}", self.items.len())
    }

    fn numbers(&mut self, line: u32, what: String, values: Vec<(&'static str, i128, String)>) {
        let list: Vec<_> = values.iter().map(|(.., c)| format!("(long long)({c})")).collect();
        let c = format!("const long long {}[] = {{ {} }};", self.name(), list.join(", "));
        let expected = values.into_iter().map(|(label, value, _)| (label, value)).collect();
        self.add(line, what, c, Expected::Numbers(expected));
    }

    fn definition(&mut self, definition: &Definition, c_name: &str) {
        let line = definition.declared.line;
        match &definition.kind {
            TypeKind::Handle(_) => {}
            TypeKind::Enum(found) => {
                let size = vec![("size", found.scalar.size() as i128, format!("sizeof({c_name})"))];
                self.numbers(line, format!("`{}`", definition.name), size);
                for (name, value) in &found.values {
                    self.numbers(line, format!("`{name}`"), vec![("value", *value, name.clone())]);
                }
            }
            TypeKind::Record(record) => {
                let whole = vec![
                    ("size", i128::from(record.layout.size), format!("sizeof({c_name})")),
                    ("alignment", i128::from(record.layout.align), format!("_Alignof({c_name})")),
                ];
                self.numbers(line, format!("`{}`", definition.name), whole);
                for member in &record.members {
                    self.member(line, definition, c_name, member, record.layout.size);
                }
            }
        }
    }

    fn member(&mut self, line: u32, definition: &Definition, c_name: &str, member: &Member, size: u64) {
        let what = format!("`{}.{}`", definition.name, member.name);
        let name = &member.name;
        let Some(bits) = member.bits else {
            let mut values = vec![("offset", i128::from(member.offset), format!("offsetof({c_name}, {name})"))];
            if let Some(layout) = member.c_type.layout() {
                values.push(("size", i128::from(layout.size), format!("sizeof((({c_name} *)0)->{name})")));
            }
            return self.numbers(line, what, values);
        };
        // The address of a bit-field cannot be asked for; but one with all bits set shows where they are.
        let c = format!("const {c_name} {} = {{ .{name} = -1 }};", self.name());
        self.add(line, what, c, Expected::Bytes(bytes(member.offset, bits, size)));
    }

    fn constants(&mut self, interface: &Interface, manifest: &str) {
        let first = self.items.len();
        for (name, value) in &interface.constants {
            let what = format!("`{name}`");
            let line = line_of_constant(manifest, name);
            match value {
                Constant::Number(Literal::Integer(value)) => {
                    self.numbers(line, what, vec![("value", *value, name.clone())])
                }
                Constant::Number(Literal::Float(value)) => {
                    let c = format!("const double {} = {name};", self.name());
                    self.add(line, what, c, Expected::Float(*value));
                }
                Constant::Text(text) => {
                    let c = format!("const char {}[] = {name};", self.name());
                    let bytes = text.bytes().chain([0]).collect();
                    self.add(line, what, c, Expected::Bytes(bytes));
                }
            }
        }
        self.items[first..].iter_mut().for_each(|item| item.optional = true);
    }

    /// `pointers` are types that are `void *` here. In the header such a name may be another thing: `typedef void BZFILE;`.
    fn functions(&mut self, interface: &Interface, pointers: &[&str]) {
        for function in &interface.functions {
            let text = function.declaration.split_whitespace().collect::<Vec<_>>().join(" ");
            let text = replaced(text.trim_end_matches([';', ' ']), pointers, "__typeof__(void *)");
            let c = format!("__typeof__(&{}) {} = 0; {text};", function.symbol, self.name());
            self.add(function.declared.line, format!("`{}`", function.symbol), c, Expected::Prototype);
            self.items.last_mut().into_iter().for_each(|item| item.optional = function.internal);
        }
    }
}

/// `text` with another word in the place of each of `words`.
fn replaced(text: &str, words: &[&str], by: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let is_word = |one: char| one.is_ascii_alphanumeric() || one == '_';
        let other = rest.find(|one| is_word(one) != rest.starts_with(is_word)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(other);
        out += if words.contains(&word) { by } else { word };
        rest = behind;
    }
    out
}

fn bytes(offset: u64, bits: Bits, size: u64) -> Vec<u8> {
    let mut bytes = vec![0; size as usize];
    let first = offset * 8 + u64::from(bits.shift);
    for bit in first..first + u64::from(bits.width) {
        if let Some(byte) = bytes.get_mut((bit / 8) as usize) {
            *byte |= 1 << (bit % 8);
        }
    }
    bytes
}
