//! The C side: a library whose functions say what they were given, and a program that makes the same calls as Python.

use super::types::{Function, Kind, Record, Scalar, Type, Types, Wide};
use super::values::{Value, is_text};

/// What both begin with.
pub const RUNTIME: &str = include_str!("show.c");

/// The end of a line of the native program; `result` is shown before.
pub const LINE: &str = "page = &heard_by_c; end_of_line();";

/// Of the native program: a line is the result, what C heard, and what the callback heard.
pub const PROGRAM: &str = r#"
static void end_of_line(void) {
    printf("%.*s | %s | %.*s\n", (int)result.used, result.text, heard(), (int)heard_by_callback.used, heard_by_callback.text);
    result.used = heard_by_callback.used = 0;
}
"#;

impl Types {
    /// All definitions.
    pub fn definitions(&self) -> String {
        let mut text = String::new();
        for enumeration in &self.enumerations {
            let values: Vec<_> = enumeration.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            text += &format!("enum {} {{ {} }};\n", enumeration.name, values.join(", "));
        }
        for record in &self.records {
            text += &format!("{}\n", self.definition(record));
        }
        text
    }

    /// For each record a function that shows one.
    pub fn showers(&self) -> String {
        let shower = |record: &Record| {
            let members: Vec<_> =
                record.valued().iter().map(|member| self.show(&member.of, &format!("value.{}", member.name))).collect();
            let body = members.join(r#" put(","); "#);
            format!("static void show_{}({} value) {{ put(\"{{\"); {body} put(\"}}\"); }}\n", record.name, record.c)
        };
        self.records.iter().map(shower).collect()
    }

    /// Statements that show what an expression in C gives.
    pub fn show(&self, of: &Type, expression: &str) -> String {
        match of {
            Type::Array(element, length) if is_text(element) => format!("show_bytes({expression}, {length});"),
            Type::Array(of, length) => {
                let elements: Vec<_> =
                    (0..*length).map(|index| self.show(of, &format!("{expression}[{index}]"))).collect();
                format!(r#"put("["); {} put("]");"#, elements.join(r#" put(","); "#))
            }
            Type::Enumeration(_) => format!("show_integer((long long){expression});"),
            Type::Record(index) => format!("show_{}({expression});", self.records[*index].name),
            Type::Scalar(Scalar { kind: Kind::Bool, .. }) => format!("show_bool({expression});"),
            Type::Scalar(Scalar { kind: Kind::Signed(_), .. }) => format!("show_integer({expression});"),
            Type::Scalar(Scalar { kind: Kind::Unsigned(_), .. }) => format!("show_natural({expression});"),
            Type::Scalar(_) | Type::Wide(Wide::LongDouble) => format!("show_double({expression});"),
            Type::Wide(_) => format!("show_complex({expression});"),
            Type::Void => r#"put("none");"#.to_owned(),
        }
    }

    /// Statements that show the parameters `a{first}`, … as a list.
    pub fn show_parameters(&self, parameters: &[Type]) -> String {
        let shown: Vec<_> =
            parameters.iter().enumerate().map(|(index, of)| self.show(of, &format!("a{index}"))).collect();
        format!(r#"put("["); {} put("]");"#, shown.join(r#" put(","); "#))
    }

    /// A function that shows its arguments and returns `value`.
    pub fn speaking(&self, function: &Function, value: &Value) -> String {
        let fetch = self.fetch(function);
        let shown = self.show_parameters(&function.parameters);
        let back = self.back(&function.result, value);
        format!("{} {{ {fetch}{shown} {back} }}\n", self.prototype(function))
    }

    /// What stands behind `...` as variables.
    fn fetch(&self, function: &Function) -> String {
        let Some(fixed) = function.variadic else { return String::new() };
        let mut text = format!("va_list rest; va_start(rest, a{}); ", fixed - 1);
        for (index, of) in function.parameters.iter().enumerate().skip(fixed) {
            text += &format!("{} = va_arg(rest, {}); ", self.declare(of, &format!("a{index}")), self.c(of));
        }
        text + "va_end(rest); "
    }

    fn back(&self, of: &Type, value: &Value) -> String {
        match of {
            Type::Void => String::new(),
            _ => format!("return {};", self.in_c(of, value)),
        }
    }

    /// The type of a pointer to such a function, with a name.
    pub fn pointer(&self, function: &Function, name: &str) -> String {
        let parameters = self.parameters(&function.parameters, 0);
        let parameters = if parameters.is_empty() { "void" } else { &parameters };
        format!("{} (*{name})({parameters})", self.c(&function.result))
    }

    /// The prototype of a function that calls the callable it is given with the other arguments.
    pub fn relay_prototype(&self, function: &Function) -> String {
        let parameters = self.parameters(&function.parameters, 0);
        let comma = if parameters.is_empty() { "" } else { ", " };
        let pointer = self.pointer(function, "callback");
        format!("{} relay_{}({pointer}{comma}{parameters})", self.c(&function.result), function.name)
    }

    /// That function.
    pub fn relay(&self, function: &Function) -> String {
        let names: Vec<_> = (0..function.parameters.len()).map(|index| format!("a{index}")).collect();
        let back = if function.result == Type::Void { "" } else { "return " };
        format!("{} {{ {back}callback({}); }}\n", self.relay_prototype(function), names.join(", "))
    }

    /// A callback in C that shows what it is given, and returns what `function` does.
    pub fn native_callback(&self, function: &Function) -> String {
        let callback = Function { name: format!("callback_{}", function.name), variadic: None, ..function.clone() };
        let names: Vec<_> = (0..function.parameters.len()).map(|index| format!("a{index}")).collect();
        let back = if function.result == Type::Void { "" } else { "return " };
        format!(
            "static {} {{ page = &heard_by_callback; {} page = &heard_by_c; {back}{}({}); }}\n",
            self.prototype(&callback),
            self.show_parameters(&function.parameters),
            function.name,
            names.join(", ")
        )
    }

    /// Statements of the native program that call and show the value.
    pub fn call(&self, result: &Type, call: &str) -> String {
        match result {
            Type::Void => format!("{{ {call}; page = &result; {} {LINE} }}\n", self.show(result, "")),
            _ => format!(
                "{{ {} = {call}; page = &result; {} {LINE} }}\n",
                self.declare(result, "value"),
                self.show(result, "value")
            ),
        }
    }
}
