//! A library, what its manifest says, and the calls that are compared.

use super::native::{PROGRAM, RUNTIME};
use super::types::{Function, Type, Types};
use super::values::Value;
use crate::compiler::{Kind, compile};
use crate::project::Project;
use std::process::Command;

/// How Python evaluates the lines.
const HARNESS: &str = include_str!("../../python/conformance.py");

const GRANT: &str = "[capabilities.library]\nzone = \"library.zone.toml\"\nallow = \"*\"\n";

const HEAD: &str = r#"
[zone]
name = "library"
version = "1.0.0"
library = { path = "library.so" }

[sandbox]
deadline = "10 s"

[functions.heard]
c = "const char *heard(void)"
returns = { text = true }
"#;

/// Both sides of a comparison.
pub struct Suite {
    /// Types with names.
    pub types: Types,
    /// The library's functions, in C.
    pub library: String,
    /// More functions of the native program.
    native: String,
    /// `main` of the native program.
    calls: String,
    /// The manifest's tables.
    pub manifest: String,
    /// What Python evaluates.
    lines: Vec<String>,
}

impl Suite {
    /// With these types, and no functions yet.
    pub fn new(types: Types) -> Self {
        let definitions = types.definitions();
        Self::of_source(types, &definitions)
    }

    /// With these types, which the source defines.
    pub fn of_source(types: Types, source: &str) -> Self {
        let mut suite = Self {
            library: source.to_owned() + &types.showers(),
            native: String::new(),
            calls: String::new(),
            manifest: HEAD.to_owned() + &types.manifest(),
            types,
            lines: Vec::new(),
        };
        suite.manifest.push('\n');
        suite
    }

    /// How many calls are compared.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Compare what an expression in Python gives with what statements in C show.
    pub fn compare(&mut self, python: String, native: &str) {
        self.lines.push(python);
        self.calls += native;
    }

    /// Bind a function that the library has.
    pub fn bind(&mut self, function: &Function) {
        self.manifest += &self.types.entry(function);
    }

    /// Add a function that says what it was given, and returns `value`.
    pub fn speaking(&mut self, function: &Function, value: &Value) {
        self.library += &self.types.speaking(function, value);
        self.bind(function);
    }

    /// Call it with these arguments.
    pub fn call(&mut self, function: &Function, symbol: &str, arguments: &[Value]) {
        let python = format!("n.{}({})", function.name, self.python(function, arguments));
        let call = format!("{symbol}({})", self.c(function, arguments));
        let native = self.types.call(&function.result, &call);
        self.compare(python, &native);
    }

    /// Add a function that takes such a function and calls it, and call that with these arguments: Python calls the
    /// function itself from inside of its callable.
    pub fn relay(&mut self, function: &Function, arguments: &[Vec<Value>]) {
        self.library += &self.types.relay(function);
        self.native += &self.types.native_callback(function);
        self.manifest += &self.types.relay_entry(function);
        let name = &function.name;
        for arguments in arguments {
            let comma = if arguments.is_empty() { "" } else { ", " };
            let python = format!("n.relay_{name}(passes(n.{name}){comma}{})", self.python(function, arguments));
            let call = format!("relay_{name}(callback_{name}{comma}{})", self.c(function, arguments));
            let native = self.types.call(&function.result, &call);
            self.compare(python, &native);
        }
    }

    fn python(&self, function: &Function, arguments: &[Value]) -> String {
        join(function.parameters.iter().zip(arguments).map(|(of, value)| self.types.in_python(of, value)))
    }

    fn c(&self, function: &Function, arguments: &[Value]) -> String {
        join(function.parameters.iter().zip(arguments).map(|(of, value)| {
            // A compound literal has the type; anything else behind `...` needs to be told.
            match of {
                Type::Record(_) => self.types.in_c(of, value),
                _ => format!("({}){}", self.types.c(of), self.types.in_c(of, value)),
            }
        }))
    }

    /// Make every call natively and through a zone. How many there were, if all of them gave the same.
    #[track_caller]
    pub fn run(&self) {
        let library = format!("{RUNTIME}{}", self.library);
        let program = format!("{library}{PROGRAM}{}int main(void) {{\n{}}}\n", self.native, self.calls);
        if let Some(folder) = std::env::var_os("CLOISON_KEEP_CONFORMANCE") {
            self.keep(std::path::Path::new(&folder), &library, &program);
        }
        let native = Command::new(compile(Kind::Program, &program, &[])).output().expect("the native program runs");
        assert!(native.status.success(), "the native program ended with {}", native.status);
        let expected = String::from_utf8(native.stdout).expect("text");
        let project = Project::script(HARNESS)
            .file("cloison.toml", GRANT)
            .file("library.zone.toml", &self.manifest)
            .library("library.so", &library);
        let output = project.main(&[]).stdin(self.lines.join("\n")).output().ends_with(0);
        self.same(&expected, &output.stdout);
    }

    /// Leave everything where somebody can look at it.
    fn keep(&self, folder: &std::path::Path, library: &str, program: &str) {
        let files = [
            ("library.c", library),
            ("native.c", program),
            ("library.zone.toml", &self.manifest),
            ("lines.txt", &self.lines.join("\n")),
            ("main.py", HARNESS),
            ("cloison.toml", GRANT),
        ];
        std::fs::create_dir_all(folder).expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.join(name), text).expect("a file");
        }
    }

    #[track_caller]
    fn same(&self, expected: &str, found: &str) {
        let (expected, found): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
        assert_eq!(expected.len(), self.lines.len(), "the native program's lines");
        assert_eq!(found.len(), self.lines.len(), "Python's lines");
        let differ = |index: &usize| expected[*index] != found[*index];
        let wrong: Vec<_> = (0..self.lines.len()).filter(differ).collect();
        let shown: Vec<_> = wrong
            .iter()
            .take(20)
            .map(|index| format!("{}\n  C      {}\n  Python {}\n", self.lines[*index], expected[*index], found[*index]))
            .collect();
        assert!(wrong.is_empty(), "{} of {} calls differ:\n{}", wrong.len(), self.lines.len(), shown.concat());
    }
}

fn join(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(", ")
}
