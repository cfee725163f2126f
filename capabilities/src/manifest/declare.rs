//! Second step: each function's C text becomes a prototype, and each table finds its parameter.

use super::raw::{self, RESERVED};
use crate::declaration::{Names, Prototype};
use crate::diagnostic::did_you_mean;
use crate::document::Reader;
use crate::expression::{Callee, Takes};
use crate::interface::FunctionId;
use crate::types::CType;

/// All functions of a manifest.
pub(super) struct Declarations<'a, 'd> {
    /// Those whose C text has been understood.
    pub(super) functions: Vec<Declared<'a, 'd>>,
    /// What expressions can call, the others included, so that one mistake does not bring about a second one.
    pub(super) callees: Vec<Callee<'a>>,
}

/// A function whose C text has been understood.
pub(super) struct Declared<'a, 'd> {
    pub(super) raw: &'a raw::Function<'d>,
    pub(super) prototype: Prototype,
    /// For each parameter in C order, its table if it has one.
    pub(super) tables: Vec<Option<&'a raw::Parameter<'d>>>,
}

/// What a function takes, as far as expressions care.
pub(crate) fn takes<'a>(mut parameters: impl ExactSizeIterator<Item = &'a CType>, result: &CType) -> Takes {
    let count = parameters.len();
    if parameters.all(is_integer) && is_integer(result) { Takes::Integers(count) } else { Takes::Others }
}

/// Whether it is a number without a fraction.
pub(super) fn is_integer(c_type: &CType) -> bool {
    matches!(c_type, CType::Scalar { scalar, .. } if !scalar.is_float())
}

pub(super) fn declare<'a, 'd>(reader: &mut Reader, functions: &'a [raw::Function<'d>]) -> Declarations<'a, 'd> {
    let mut declarations = Declarations { functions: Vec::new(), callees: Vec::new() };
    for (index, function) in functions.iter().enumerate() {
        let declared = declare_one(reader, function);
        let takes = declared.as_ref().map_or(Takes::Unknown, |declared| {
            let prototype = &declared.prototype;
            takes(prototype.parameters.iter().map(|one| &one.c_type), &prototype.result)
        });
        declarations.callees.push(Callee { name: &function.name.text, id: FunctionId(index as u32), takes });
        declarations.functions.extend(declared);
    }
    declarations
}

fn declare_one<'a, 'd>(reader: &mut Reader, raw: &'a raw::Function<'d>) -> Option<Declared<'a, 'd>> {
    let prototype = match Prototype::parse(&raw.c.text, &Names::new()) {
        Ok(prototype) => prototype,
        Err(mistakes) => {
            mistakes.into_iter().for_each(|mistake| reader.mistake_in(&raw.c, mistake));
            return None;
        }
    };
    let mut tables = vec![None; prototype.parameters.len()];
    for table in &raw.parameters {
        match prototype.parameters.iter().position(|parameter| parameter.name.text == table.name.text) {
            Some(index) if tables[index].is_some() => {
                let message = format!("the parameter `{}` has two tables", table.name.text);
                reader.error(table.span.clone(), message);
            }
            Some(index) => {
                tables[index] = Some(table);
                for (span, message, hint) in &table.unknown {
                    reader.error_with_hint(span.clone(), message, hint);
                }
            }
            None => unknown_parameter(reader, &prototype, table),
        }
    }
    Some(Declared { raw, prototype, tables })
}

fn unknown_parameter(reader: &mut Reader, prototype: &Prototype, table: &raw::Parameter<'_>) {
    let names: Vec<_> = prototype.parameters.iter().map(|parameter| parameter.name.text.as_str()).collect();
    let hint = match did_you_mean(&table.name.text, names.iter().copied().chain(RESERVED)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if names.is_empty() => "the function has no parameters".to_owned(),
        None => {
            let list: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("the parameters are {}", list.join(", "))
        }
    };
    let message = format!("`{}` is no parameter of `{}`", table.name.text, prototype.name.text);
    reader.error_with_hint(table.span.clone(), message, hint);
}
