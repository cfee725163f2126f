//! Values as Python writes them.

use super::named;
use crate::Interface;
use crate::shape::Literal;
use crate::types::{Scalar, TypeId, TypeKind};

/// A number, or the name of an enumeration's value.
pub(super) fn numeral(interface: &Interface, value: Literal, scalar: Scalar, enumeration: Option<TypeId>) -> String {
    let definition = enumeration.and_then(|id| interface.definition(id));
    let (Some(definition), Literal::Integer(integer)) = (definition, value) else { return literal(value, scalar) };
    let TypeKind::Enum(kind) = &definition.kind else { return literal(value, scalar) };
    match kind.values.iter().find(|(_, known)| *known == integer) {
        Some((name, _)) => format!("{}.{}", definition.name, named(name)),
        None => literal(value, scalar),
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
