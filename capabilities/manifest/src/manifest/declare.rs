//! Second step: each function's C text becomes a prototype, and each table finds its parameter.

use super::raw;
use crate::declaration::{Names, Prototype, PrototypeParameter};
use crate::diagnostic::Written;
use crate::document::DocumentReader;
use crate::expression::{ExpressionFunction, Taken, Takes};
use crate::keys::{self, TableName};
use cloison_contract::interface::FunctionId;
use cloison_contract::spelling::did_you_mean;
use cloison_contract::types::CType;

/// All functions of a manifest.
pub(super) struct Declarations<'a, 'd> {
    /// Those whose C text has been understood.
    pub(super) functions: Vec<Declared<'a, 'd>>,
    /// What expressions can call, the others included, so that one mistake does not bring about a second one.
    pub(super) callees: Vec<ExpressionFunction<'a>>,
}

/// A function whose C text has been understood.
pub(super) struct Declared<'a, 'd> {
    pub(super) raw: &'a raw::Function<'d>,
    pub(super) prototype: Prototype,
    /// For each parameter in C order, its table if it has one.
    pub(super) tables: Vec<Option<&'a raw::Parameter<'d>>>,
}

/// What a function takes, as far as expressions care.
pub(crate) fn takes<'a>(parameters: impl Iterator<Item = &'a CType>, result: &CType) -> Takes {
    let taken = |c_type: &CType| match c_type.object() {
        Some(id) => Some(Taken::Object(id)),
        None => c_type.is_integer().then_some(Taken::Integer),
    };
    match parameters.map(taken).collect() {
        Some(these) if result.is_integer() => Takes::These(these),
        _ => Takes::Others,
    }
}

impl<'a, 'd> Declarations<'a, 'd> {
    /// The function of that name, if there is one whose C text has been understood.
    pub(super) fn named(&self, reader: &mut DocumentReader, name: &Written) -> Option<(FunctionId, &Declared<'a, 'd>)> {
        let Some(callee) = self.callees.iter().find(|callee| callee.name == name.text) else {
            let hint = match did_you_mean(&name.text, self.callees.iter().map(|callee| callee.name)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("declare it: [functions.{}] c = \"…\", internal = true", name.text),
            };
            let message = format!("there is no function `{}` in this manifest", name.text);
            reader.error_with_hint(name.span.clone(), message, hint);
            return None;
        };
        let declared = self.functions.iter().find(|one| one.raw.name.text == name.text)?;
        Some((callee.id, declared))
    }
}

pub(super) fn declare<'a, 'd>(
    reader: &mut DocumentReader,
    functions: &'a [raw::Function<'d>],
    names: &Names,
) -> Declarations<'a, 'd> {
    let mut declarations = Declarations { functions: Vec::new(), callees: Vec::new() };
    for (index, function) in functions.iter().enumerate() {
        let declared = declare_one(reader, function, names);
        let takes = declared.as_ref().map_or(Takes::Unknown, |declared| {
            let prototype = &declared.prototype;
            takes(prototype.parameters.iter().map(|one| &one.c_type), &prototype.result)
        });
        declarations.callees.push(ExpressionFunction {
            name: &function.name.text,
            id: FunctionId(index as u32),
            takes,
        });
        declarations.functions.extend(declared);
    }
    declarations
}

fn declare_one<'a, 'd>(
    reader: &mut DocumentReader,
    raw: &'a raw::Function<'d>,
    names: &Names,
) -> Option<Declared<'a, 'd>> {
    let prototype = prototype(reader, raw, names)?;
    let owner = format!("`{}`", prototype.name.text);
    let tables = tables(reader, &prototype.parameters, &raw.parameters, &owner, &keys::names(TableName::Function));
    Some(Declared { raw, prototype, tables })
}

fn prototype(reader: &mut DocumentReader, raw: &raw::Function<'_>, names: &Names) -> Option<Prototype> {
    let Some(form) = &raw.variadic else {
        let report = |mistakes: Vec<_>| mistakes.into_iter().for_each(|mistake| reader.mistake_in(&raw.c, mistake));
        return Prototype::parse(&raw.c.text, names).map_err(report).ok();
    };
    let wrong = match Prototype::parse_form(&raw.c.text, &form.text, names) {
        Ok(prototype) => return Some(prototype),
        Err(wrong) => wrong,
    };
    wrong.in_text.into_iter().for_each(|mistake| reader.mistake_in(&raw.c, mistake));
    wrong.in_form.into_iter().for_each(|mistake| reader.mistake_in(form, mistake));
    None
}

/// For each parameter in C order, its table if it has one.
pub(super) fn tables<'a, 'd>(
    reader: &mut DocumentReader,
    parameters: &[PrototypeParameter],
    written: &'a [raw::Parameter<'d>],
    owner: &str,
    reserved: &[&str],
) -> Vec<Option<&'a raw::Parameter<'d>>> {
    let mut tables = vec![None; parameters.len()];
    for table in written {
        match parameters.iter().position(|parameter| parameter.name.text == table.name.text) {
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
            None => unknown_parameter(reader, parameters, table, owner, reserved),
        }
    }
    tables
}

fn unknown_parameter(
    reader: &mut DocumentReader,
    parameters: &[PrototypeParameter],
    table: &raw::Parameter<'_>,
    owner: &str,
    reserved: &[&str],
) {
    let names: Vec<_> = parameters.iter().map(|parameter| parameter.name.text.as_str()).collect();
    let hint = match did_you_mean(&table.name.text, names.iter().chain(reserved).copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if names.is_empty() => "the function has no parameters".to_owned(),
        None => {
            let list: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("the parameters are {}", list.join(", "))
        }
    };
    let message = format!("`{}` is no parameter of {owner}", table.name.text);
    reader.error_with_hint(table.span.clone(), message, hint);
}
