//! Values as Python writes them.

use super::named;
use crate::Interface;
use crate::interface::Parameter;
use crate::shape::{Literal, NumberArgument, Shape, Text, WideArgument};
use crate::types::{Scalar, TypeId, TypeKind, Wide};

impl Parameter {
    /// The default as Python writes it, if there is one: `-1`, `None`, `color.GREEN`.
    pub fn default(&self, interface: &Interface) -> Option<String> {
        match &self.shape {
            Shape::ScalarPointer(cell) => {
                cell.default.map(|value| number(interface, value, cell.scalar, cell.enumeration))
            }
            Shape::Number(NumberArgument { scalar, enumeration, default, .. }) => {
                default.map(|value| number(interface, value, *scalar, *enumeration))
            }
            Shape::Text(text) => text.default.as_ref().map(|default| string(text, default.as_deref())),
            Shape::Wide(WideArgument { wide, default }) => default.map(|(real, imaginary)| match wide {
                Wide::LongDouble => literal(Literal::Float(real), Scalar::F64),
                _ => format!("complex({real:?}, {imaginary:?})"),
            }),
            role => role.has_default().then(|| "None".to_owned()),
        }
    }
}

/// A number, or the name of an enumeration's value.
fn number(interface: &Interface, value: Literal, scalar: Scalar, enumeration: Option<TypeId>) -> String {
    let definition = enumeration.and_then(|id| interface.definition(id));
    let (Some(definition), Literal::Integer(integer)) = (definition, value) else { return literal(value, scalar) };
    let TypeKind::Enum(kind) = &definition.kind else { return literal(value, scalar) };
    match kind.values.iter().find(|(_, known)| *known == integer) {
        Some((name, _)) => format!("{}.{}", definition.name, named(name)),
        None => literal(value, scalar),
    }
}

fn string(text: &Text, default: Option<&str>) -> String {
    match (default, text.bytes) {
        (None, _) => "None".to_owned(),
        (Some(default), true) => format!("b{}", quoted(default, true)),
        (Some(default), false) => quoted(default, false),
    }
}

/// A number as Python writes it.
pub(super) fn literal(value: Literal, scalar: Scalar) -> String {
    match value {
        Literal::Integer(value) if scalar == Scalar::Bool => if value == 0 { "False" } else { "True" }.to_owned(),
        Literal::Integer(value) => value.to_string(),
        Literal::Float(value) if value.is_infinite() => {
            format!("float(\"{}\")", if value > 0.0 { "inf" } else { "-inf" })
        }
        Literal::Float(value) => format!("{value:?}"),
    }
}

/// A string as Python writes it.
pub(super) fn quoted(text: &str, bytes: bool) -> String {
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
