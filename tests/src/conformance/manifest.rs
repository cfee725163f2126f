//! The manifest's tables for types and functions.

use super::types::{Function, Types};

impl Types {
    /// `[types.…]` of all of them.
    pub fn manifest(&self) -> String {
        let mut text = String::new();
        for enumeration in &self.enumerations {
            let values: Vec<_> = enumeration.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            let (name, values) = (&enumeration.name, values.join(", "));
            text += &format!("\n[types.{name}]\nc = \"enum {name} {{ {values} }};\"\n");
        }
        for record in &self.records {
            text += &format!("\n[types.{}]\nc = \"{}\"\n", record.name, self.definition(record));
            if record.union {
                text += &format!("live = \"{}\"\n", record.members[record.live].name);
            }
        }
        text
    }

    /// `[functions.…]` of one whose parameters need no words.
    pub fn entry(&self, function: &Function) -> String {
        let name = &function.name;
        let mut text = format!("\n[functions.{name}]\nc = \"{}\"\n", self.prototype(function));
        if let Some(fixed) = function.variadic {
            let form = self.parameters(&function.parameters[fixed..], fixed);
            text += &format!("variadic = \"{form}\"\n");
        }
        text
    }

    /// `[functions.relay_…]`
    pub fn relay_entry(&self, function: &Function) -> String {
        format!("\n[functions.relay_{}]\nc = \"{}\"\n", function.name, self.relay_prototype(function))
    }
}
