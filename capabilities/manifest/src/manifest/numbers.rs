//! `range` and `default`: numbers that must fit a C type.

use super::raw::Key;
use super::types::Types;
use crate::document::{DocumentReader, TableEntry, kind};
use crate::units;
use cloison_contract::shape::Literal;
use cloison_contract::spelling::did_you_mean;
use cloison_contract::types::{Scalar, Wide};
use std::ops::Range;
use toml::de::DeValue;

/// `range = [least, most]`
pub(super) fn range(
    reader: &mut DocumentReader,
    types: &Types<'_, '_>,
    key: &Key<TableEntry<'_>>,
    scalar: Scalar,
) -> Option<(Literal, Literal)> {
    let value = &key.value;
    let wrong = "`range` is the smallest and the largest value allowed";
    let DeValue::Array(array) = value.value else {
        reader.error_with_hint(value.span.clone(), wrong, "write `range = [0, 9]`");
        return None;
    };
    let [least, most] = array.iter().collect::<Vec<_>>()[..] else {
        reader.error_with_hint(value.span.clone(), wrong, "write `range = [0, 9]`");
        return None;
    };
    if scalar == Scalar::Bool {
        reader.error(key.span.clone(), "`range` has no meaning for a bool");
        return None;
    }
    let least = number(reader, types, &value.element(least), scalar);
    let most = number(reader, types, &value.element(most), scalar);
    let (least, most) = (least?, most?);
    if !at_most(least, most) {
        let hint = "the smaller one stands first";
        reader.error_with_hint(value.span.clone(), "no number is in this range", hint);
        return None;
    }
    Some((least, most))
}

/// `default = …`
pub(super) fn default(
    reader: &mut DocumentReader,
    types: &Types<'_, '_>,
    key: &Key<TableEntry<'_>>,
    scalar: Scalar,
    range: Option<(Literal, Literal)>,
) -> Option<Literal> {
    let default = number(reader, types, &key.value, scalar)?;
    if let Some((least, most)) = range
        && !(at_most(least, default) && at_most(default, most))
    {
        reader.error(key.value.span.clone(), "the default is outside the range");
        return None;
    }
    Some(default)
}

/// `default = 1.5` or `default = [1.0, -2.0]`: the real and the imaginary part.
pub(super) fn wide(
    reader: &mut DocumentReader,
    types: &Types<'_, '_>,
    key: &Key<TableEntry<'_>>,
    wide: Wide,
) -> Option<(f64, f64)> {
    let mut float = |value: &TableEntry<'_>| match number(reader, types, value, Scalar::F64)? {
        Literal::Float(value) => Some(value),
        Literal::Integer(_) => None,
    };
    let value = &key.value;
    if let (DeValue::Array(array), true) = (value.value, wide.is_complex()) {
        let parts: Vec<_> = array.iter().collect();
        let [real, imaginary] = parts[..] else {
            let hint = "write `default = [1.0, 0.0]`";
            reader.error_with_hint(value.span.clone(), "a complex number has two parts", hint);
            return None;
        };
        let (real, imaginary) = (float(&value.element(real)), float(&value.element(imaginary)));
        return Some((real?, imaginary?));
    }
    float(value).map(|real| (real, 0.0))
}

fn number(
    reader: &mut DocumentReader,
    types: &Types<'_, '_>,
    value: &TableEntry<'_>,
    scalar: Scalar,
) -> Option<Literal> {
    let span = value.span.clone();
    match (value.value, scalar.bounds()) {
        (DeValue::Integer(number), None) => {
            let float = number.as_str().parse::<f64>().ok().filter(|_| number.radix() == 10);
            if float.is_none() {
                reader.error(span, "write this number in decimal");
            }
            float.map(Literal::Float)
        }
        (DeValue::Float(number), None) => {
            number.as_str().parse().ok().filter(|float: &f64| !float.is_nan()).map(Literal::Float).or_else(|| {
                reader.error(span, "this is not a number");
                None
            })
        }
        (DeValue::Boolean(value), Some(_)) if scalar == Scalar::Bool => Some(Literal::Integer(i128::from(*value))),
        (DeValue::Integer(number), Some(bounds)) => {
            let number = i128::from_str_radix(number.as_str(), number.radix()).ok();
            fitting(reader, span, number, bounds, scalar)
        }
        // `value = "sizeof(entry)"`
        (DeValue::String(text), Some(bounds)) if let Some(c_type) = sized(text) => match types.size(c_type) {
            Some(size) => fitting(reader, span, Some(i128::from(size)), bounds, scalar),
            None => {
                let hint = "name a type of C or one of this manifest's [types], as in `sizeof(struct entry)`";
                reader.error_with_hint(span, format!("`{c_type}` is no type whose size is known"), hint);
                None
            }
        },
        (DeValue::String(text), Some(_)) if text.contains("sizeof") => {
            let hint = "write the number that it comes to, or give the whole a type: `struct pair { entry both[2]; };` \
                        and `sizeof(pair)`";
            reader.error_with_hint(span, "`sizeof(type)` stands alone: nothing is computed with it here", hint);
            None
        }
        // `default = "16 MiB"` for a length or a capacity.
        (DeValue::String(text), Some(bounds))
            if scalar != Scalar::Bool && text.starts_with(|first: char| first.is_ascii_digit()) =>
        {
            let size = reader.parsed(value, units::size)?;
            fitting(reader, span, Some(i128::from(size)), bounds, scalar)
        }
        // `default = "GREEN"`
        (DeValue::String(text), Some(bounds)) if types.integer(text).is_some() => {
            fitting(reader, span, types.integer(text), bounds, scalar)
        }
        (other, _) => {
            let message = format!("{} does not fit: {} was expected", kind(other), wanted(scalar));
            let names = types.integers.iter().map(|(name, _)| name.as_str());
            match other {
                DeValue::String(text) if let Some(meant) = did_you_mean(text, names) => {
                    reader.error_with_hint(span, message, format!("did you mean `{meant}`?"));
                }
                _ => reader.error(span, message),
            }
            None
        }
    }
}

/// The type in `sizeof(type)`.
fn sized(text: &str) -> Option<&str> {
    text.trim().strip_prefix("sizeof")?.trim_start().strip_prefix('(')?.strip_suffix(')').map(str::trim)
}

fn fitting(
    reader: &mut DocumentReader,
    span: Range<usize>,
    number: Option<i128>,
    (least, most): (i128, i128),
    scalar: Scalar,
) -> Option<Literal> {
    let fits = number.filter(|number| (least..=most).contains(number));
    if fits.is_none() {
        reader.error(span, format!("this does not fit into {}: {least} to {most}", c_name(scalar)));
    }
    fits.map(Literal::Integer)
}

fn at_most(least: Literal, most: Literal) -> bool {
    match (least, most) {
        (Literal::Integer(least), Literal::Integer(most)) => least <= most,
        (Literal::Float(least), Literal::Float(most)) => least <= most,
        _ => false,
    }
}

fn wanted(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Bool => "true or false",
        Scalar::F32 | Scalar::F64 => "a number",
        _ => "a whole number",
    }
}

/// The type's name in C, by its width.
fn c_name(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Bool => "`bool`",
        Scalar::F32 => "`float`",
        Scalar::F64 => "`double`",
        Scalar::I8 => "8 bits with a sign",
        Scalar::I16 => "16 bits with a sign",
        Scalar::I32 => "32 bits with a sign",
        Scalar::I64 => "64 bits with a sign",
        Scalar::U8 => "8 bits without a sign",
        Scalar::U16 => "16 bits without a sign",
        Scalar::U32 => "32 bits without a sign",
        Scalar::U64 => "64 bits without a sign",
    }
}
