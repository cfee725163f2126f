//! What Python sees of a function: its signature and its docstring. Stubs and pages of documentation say the same.
//!
//! | C | argument | result |
//! |---|---|---|
//! | integers | `int` | `int` |
//! | `bool` | `bool` | `bool` |
//! | `float`, `double` | `float` | `float` |
//! | string | `str`, or `bytes` if `bytes = true` | `str` or `bytes` |
//! | buffer of bytes | `Buffer` (anything with the buffer protocol) | `bytes`, or `str` if `text = true` |
//! | buffer of numbers | `Buffer \| Sequence[…]` | `array` |
//!
//! What may be `None` says so. No result is `None`, one is itself, several are a `tuple`.

use crate::Function;
use crate::interface::{Buffer, Number, Parameter, Pointed, Role};
use crate::manifest::is_python_keyword;
use crate::types::{CType, Scalar};

impl Function {
    /// `compress2(source: Buffer, level: int = -1) -> bytes`
    pub fn signature(&self) -> String {
        let arguments: Vec<_> = self.arguments().into_iter().map(|index| self.parameters[index].argument()).collect();
        format!("{}({}) -> {}", self.name, arguments.join(", "), self.result_type())
    }

    /// The signature, `doc`, ranges, and the C declaration.
    pub fn docstring(&self) -> String {
        let mut parts = vec![self.signature()];
        parts.extend(self.doc.as_ref().map(|doc| doc.trim().to_owned()));
        let limits: Vec<_> = self.arguments().into_iter().filter_map(|index| self.parameters[index].limits()).collect();
        if !limits.is_empty() {
            parts.push(limits.join("\n"));
        }
        if self.returns.error_unless.is_some() || self.returns.error_if.is_some() {
            parts.push("Raises NativeError if the library reports a failure.".to_owned());
        }
        parts.push(format!("C: {}", self.declaration.split_whitespace().collect::<Vec<_>>().join(" ")));
        parts.join("\n\n")
    }

    /// The type of what Python gets: `None`, `bytes`, `tuple[float, int]`.
    pub fn result_type(&self) -> String {
        let value = self.returns.kept.then(|| self.value_type());
        let results = self.parameters.iter().filter(|parameter| parameter.role.is_result()).map(Parameter::result);
        let all: Vec<_> = value.into_iter().chain(results).collect();
        match &all[..] {
            [] => "None".to_owned(),
            [one] => one.clone(),
            several => format!("tuple[{}]", several.join(", ")),
        }
    }

    fn value_type(&self) -> String {
        match (&self.returns.pointer, &self.result) {
            (Some(Pointed::String(string)), _) => optional(if string.text { "str" } else { "bytes" }, string.null),
            (None, CType::Scalar { scalar, .. }) => number(*scalar).to_owned(),
            _ => "int".to_owned(),
        }
    }
}

impl Parameter {
    /// The name that Python uses: one that Python reserves gets an underscore behind it.
    pub fn python_name(&self) -> String {
        let suffix = if is_python_keyword(&self.name) { "_" } else { "" };
        format!("{}{suffix}", self.name)
    }

    fn argument(&self) -> String {
        let (annotation, default) = match &self.role {
            Role::Buffer(buffer) => {
                (optional(&argument_buffer(buffer), buffer.null), buffer.default_none.then(|| "None".to_owned()))
            }
            Role::Cell(cell) => {
                (optional(number(cell.scalar), cell.null), cell.default.map(|value| literal(value, cell.scalar)))
            }
            Role::Callback(_)
            | Role::Constant { .. }
            | Role::Handle(_)
            | Role::Place(_)
            | Role::Record(_)
            | Role::Wide { .. } => ("object".to_owned(), None),
            Role::CapacityOf { scalar, .. } | Role::LengthOf { scalar, .. } => (number(*scalar).to_owned(), None),
            Role::Number { scalar, default, .. } => {
                (number(*scalar).to_owned(), default.map(|value| literal(value, *scalar)))
            }
            Role::Text(text) => {
                let default = text.default.as_ref().map(|default| match (default, text.bytes) {
                    (None, _) => "None".to_owned(),
                    (Some(default), true) => format!("b{}", quoted(default, true)),
                    (Some(default), false) => quoted(default, false),
                });
                (optional(if text.bytes { "bytes" } else { "str | bytes" }, text.null), default)
            }
        };
        let default = default.map_or(String::new(), |default| format!(" = {default}"));
        format!("{}: {annotation}{default}", self.python_name())
    }

    fn result(&self) -> String {
        match &self.role {
            Role::Buffer(buffer) if buffer.text => "str".to_owned(),
            Role::Buffer(buffer) if buffer.element.size() == 1 => "bytes".to_owned(),
            Role::Buffer(_) => "array".to_owned(),
            Role::Cell(cell) => number(cell.scalar).to_owned(),
            _ => "int".to_owned(),
        }
    }

    /// `level: -1 to 9`, if there is something to say.
    fn limits(&self) -> Option<String> {
        let (range, scalar) = match &self.role {
            Role::Number { range, scalar, .. } => (*range, *scalar),
            Role::Cell(cell) => (cell.range, cell.scalar),
            _ => return None,
        };
        let (least, most) = range?;
        Some(format!("{}: {} to {}", self.python_name(), literal(least, scalar), literal(most, scalar)))
    }
}

fn argument_buffer(buffer: &Buffer) -> String {
    if buffer.element.size() == 1 {
        return "Buffer".to_owned();
    }
    format!("Buffer | Sequence[{}]", buffer.element.scalar().map_or("Mapping", number))
}

fn optional(annotation: &str, null: bool) -> String {
    if null { format!("{annotation} | None") } else { annotation.to_owned() }
}

fn number(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Bool => "bool",
        Scalar::F32 | Scalar::F64 => "float",
        _ => "int",
    }
}

/// A number as Python writes it.
fn literal(value: Number, scalar: Scalar) -> String {
    match value {
        Number::Integer(value) if scalar == Scalar::Bool => if value == 0 { "False" } else { "True" }.to_owned(),
        Number::Integer(value) => value.to_string(),
        Number::Float(value) if value.is_infinite() => {
            format!("float(\"{}\")", if value > 0.0 { "inf" } else { "-inf" })
        }
        Number::Float(value) => format!("{value:?}"),
    }
}

/// A string as Python writes it.
fn quoted(text: &str, bytes: bool) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            ' '..='~' => quoted.push(character),
            _ if bytes => {
                let mut buffer = [0; 4];
                let encoded = character.encode_utf8(&mut buffer).bytes();
                encoded.for_each(|byte| quoted.push_str(&format!("\\x{byte:02x}")));
            }
            _ if character.is_control() => quoted.push_str(&format!("\\x{:02x}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use crate::manifest;

    fn function(table: &str) -> crate::Function {
        let text = format!(
            "[zone]\nname = \"t\"\nversion = \"1.0.0\"\nlibrary = {{ soname = \"libt.so\" }}\n[functions.f]\n{table}\n"
        );
        let mut interface = manifest::parse("t.zone.toml", &text).unwrap_or_else(|wrong| panic!("{wrong}"));
        interface.functions.remove(0)
    }

    #[test]
    fn signatures() {
        for (table, expected) in [
            ("c = \"void f(void)\"", "f() -> None"),
            ("c = \"double f(double x, float y)\"", "f(x: float, y: float) -> float"),
            (
                "c = \"bool f(const char *name)\"\nname = { null = true, default = \"NULL\" }",
                "f(name: str | bytes | None = None) -> bool",
            ),
            (
                "c = \"int f(int level, int lambda)\"\nlevel = { default = -1 }",
                "f(lambda_: int, level: int = -1) -> int",
            ),
            ("c = \"double f(double x, int *e)\"\ne = { out = true }", "f(x: float) -> tuple[float, int]"),
            (
                "c = \"void f(const double *x, size_t n, float *y)\"\nx = { in = true, length = \"n\" }\ny = { out = true, capacity = \"n\" }",
                "f(x: Buffer | Sequence[float]) -> array",
            ),
            ("c = \"const char *f(int a)\"\nreturns = { text = true, null = true }", "f(a: int) -> str | None"),
            (
                "c = \"char *f(const char *s)\"\ns = { bytes = true, default = \"é\\\"\" }\nreturns = { bytes = true }",
                "f(s: bytes = b\"\\xc3\\xa9\\\"\") -> bytes",
            ),
            ("c = \"void f(double x)\"\nx = { default = inf }", "f(x: float = float(\"inf\")) -> None"),
        ] {
            assert_eq!(function(table).signature(), expected);
        }
    }

    #[test]
    fn docstrings_say_what_can_go_wrong() {
        let function = function(
            "c = \"int  f(int level)\"\ndoc = \"Sets the level.\"\nlevel = { range = [0, 9] }\nreturns = { error_unless = \"== 0\" }",
        );
        assert_eq!(
            function.docstring(),
            "f(level: int) -> None\n\nSets the level.\n\nlevel: 0 to 9\n\n\
             Raises NativeError if the library reports a failure.\n\nC: int f(int level)"
        );
    }
}
