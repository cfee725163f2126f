//! `[constants]` and `[exceptions]`.

use super::names::{Attributes, identifier};
use crate::diagnostic::Written;
use crate::document::{DocumentReader, TableEntry};
use crate::expression;
use crate::keys::TableName;
use cloison_contract::interface::{Constant, Exception};
use cloison_contract::shape::Literal;
use cloison_contract::spelling::did_you_mean;
use toml::de::DeValue;

/// The most constants a manifest may have.
const MAX_CONSTANTS: usize = 16_384;

/// The most exceptions a manifest may have.
const MAX_EXCEPTIONS: usize = 1024;

/// `[constants.NAME]`, read.
pub(super) struct NamedConstant {
    pub(super) name: Written,
    pub(super) value: Constant,
}

/// `[exceptions.NAME]`, read, before bases are looked up.
pub(super) struct RawException {
    pub(super) name: Written,
    doc: Option<String>,
    base: Option<Written>,
}

pub(super) fn constants(reader: &mut DocumentReader, value: Option<TableEntry<'_>>) -> Vec<NamedConstant> {
    let entries = entries(reader, value, "[constants]", "{ LIMIT = 100 }", MAX_CONSTANTS);
    let one = |entry: &TableEntry<'_>| {
        let name = Written { text: entry.key.to_owned(), span: entry.key_span.clone() };
        let good_name = identifier(reader, &name, "a constant") && is_free(reader, &name);
        let value = constant(reader, entry)?;
        good_name.then_some(NamedConstant { name, value })
    };
    entries.iter().filter_map(one).collect()
}

/// A constant can stand in expressions, so that its name must not mean something there already.
fn is_free(reader: &mut DocumentReader, name: &Written) -> bool {
    let Some(meaning) = expression::meaning(&name.text) else { return true };
    let message = format!("`{}` cannot be the name of a constant: in expressions it is {meaning}", name.text);
    reader.error_with_hint(name.span.clone(), message, "choose another name: it exists in Python only");
    false
}

fn constant(reader: &mut DocumentReader, entry: &TableEntry<'_>) -> Option<Constant> {
    match entry.value {
        DeValue::Integer(number) => {
            let number = i128::from_str_radix(number.as_str(), number.radix()).ok();
            let fits = number.filter(|number| (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(number));
            if fits.is_none() {
                reader.error(entry.span.clone(), "no number in C is that large");
            }
            fits.map(|number| Constant::Number(Literal::Integer(number)))
        }
        DeValue::Float(number) => {
            let number = number.as_str().parse().ok().filter(|float: &f64| !float.is_nan());
            if number.is_none() {
                reader.error(entry.span.clone(), "this is not a number");
            }
            number.map(|number| Constant::Number(Literal::Float(number)))
        }
        DeValue::Boolean(value) => Some(Constant::Number(Literal::Integer(i128::from(*value)))),
        DeValue::String(text) if text.is_empty() => Some(Constant::Text(String::new())),
        DeValue::String(_) => reader.string(entry).map(|text| Constant::Text(text.text)),
        _ => {
            reader.wrong_kind(entry, "a number or a string", "100");
            None
        }
    }
}

pub(super) fn exceptions(reader: &mut DocumentReader, value: Option<TableEntry<'_>>) -> Vec<RawException> {
    let entries = entries(reader, value, "[exceptions]", "{ Busy = {} }", MAX_EXCEPTIONS);
    let one = |entry: &TableEntry<'_>| {
        let name = Written { text: entry.key.to_owned(), span: entry.key_span.clone() };
        let good_name = identifier(reader, &name, "an exception");
        let mut table =
            reader.table(entry, format!("[exceptions.{}]", name.text), "{ base = \"…\" }")?.of(TableName::Exception);
        let doc = table.take("doc").and_then(|value| reader.string(&value)).map(|doc| doc.text);
        let base = table.take("base").and_then(|value| reader.string(&value));
        reader.finish(table);
        good_name.then_some(RawException { name, doc, base })
    };
    entries.iter().filter_map(one).collect()
}

/// The classes, each behind the one it is derived from.
pub(super) fn sorted(reader: &mut DocumentReader, raw: &[RawException]) -> Vec<Exception> {
    let position = |name: &str| raw.iter().position(|one| one.name.text == name);
    let bases: Vec<Option<usize>> = raw.iter().map(|one| base(reader, one, raw)).collect();
    let mut order: Vec<usize> = Vec::new();
    for (index, one) in raw.iter().enumerate() {
        // From the class up to one that is placed already; more steps than there are classes mean a circle.
        let mut chain = Vec::new();
        let mut next = Some(index);
        while let Some(class) = next.filter(|class| !order.contains(class)) {
            if chain.contains(&class) {
                let hint = "leave `base` out for one of them: it is then derived from `cloison.NativeError`";
                let message = format!("`{}` would be derived from itself", one.name.text);
                reader.error_with_hint(one.name.span.clone(), message, hint);
                return Vec::new();
            }
            chain.push(class);
            next = bases[class];
        }
        order.extend(chain.into_iter().rev());
    }
    let place = |index: usize| order.iter().position(|one| *one == index);
    let exception = |index: &usize| Exception {
        name: raw[*index].name.text.clone(),
        doc: raw[*index].doc.clone(),
        base: raw[*index].base.as_ref().and_then(|base| position(&base.text)).and_then(place),
    };
    order.iter().map(exception).collect()
}

fn base(reader: &mut DocumentReader, one: &RawException, raw: &[RawException]) -> Option<usize> {
    let base = one.base.as_ref()?;
    if base.text == "NativeError" {
        let hint = "leave `base` out: `cloison.NativeError` is what they are all derived from";
        reader.error_with_hint(base.span.clone(), "`NativeError` is the default", hint);
        return None;
    }
    let found = raw.iter().position(|other| other.name.text == base.text);
    if found.is_none() {
        let meant = did_you_mean(&base.text, raw.iter().map(|other| other.name.text.as_str()));
        let hint = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("a base is one of this manifest's own: add [exceptions.{}]", base.text),
        };
        reader.error_with_hint(base.span.clone(), format!("there is no exception `{}`", base.text), hint);
    }
    found
}

/// Gives their names out as attributes.
pub(super) fn take_names(
    reader: &mut DocumentReader,
    attributes: &mut Attributes,
    constants: &[NamedConstant],
    exceptions: &[RawException],
) {
    for constant in constants {
        attributes.take(reader, &constant.name, "a constant");
    }
    for exception in exceptions {
        attributes.take(reader, &exception.name, "an exception");
    }
}

fn entries<'d>(
    reader: &mut DocumentReader,
    value: Option<TableEntry<'d>>,
    name: &str,
    example: &str,
    most: usize,
) -> Vec<TableEntry<'d>> {
    let Some(value) = value else { return Vec::new() };
    let Some(mut table) = reader.table(&value, name, example) else { return Vec::new() };
    let mut entries = table.take_all();
    if let Some(entry) = entries.get(most) {
        reader.error(entry.key_span.clone(), format!("{name} has at most {most} entries"));
        entries.truncate(most);
    }
    entries
}
