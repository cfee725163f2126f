//! One value of the kind that is wanted, or an error that says which kind that is.

use super::{DocumentReader, Table, TableEntry};
use crate::diagnostic::{Diagnostic, Mistake, Written};
use crate::keys::{self, Kind};
use crate::units;
use std::time::Duration;
use toml::de::DeValue;

/// The longest string a file may hold.
const MAX_STRING_BYTES: usize = 16 << 10;

impl DocumentReader {
    /// Notes that a value is of the wrong kind.
    pub fn wrong_kind(&mut self, value: &TableEntry<'_>, wanted: &str, example: &str) {
        let (subject, hint) = match value.element {
            true => (format!("each entry of `{}`", value.key), format!("write `{example}`")),
            false => (format!("`{}`", value.key), format!("write `{} = {example}`", value.key)),
        };
        let message = format!("{subject} must be {wanted}, not {}", kind(value.value));
        self.error_with_hint(value.span.clone(), message, hint);
    }

    /// A string, not empty.
    pub fn string(&mut self, value: &TableEntry<'_>) -> Option<Written> {
        let DeValue::String(text) = value.value else {
            self.wrong_kind(value, "a string", "\"…\"");
            return None;
        };
        if text.is_empty() {
            self.error(value.span.clone(), format!("`{}` is empty", value.key));
            return None;
        }
        self.text(value)
    }

    /// The same, which may be empty.
    pub fn text(&mut self, value: &TableEntry<'_>) -> Option<Written> {
        let DeValue::String(text) = value.value else {
            self.wrong_kind(value, "a string", "\"…\"");
            return None;
        };
        if text.len() > MAX_STRING_BYTES {
            self.error(value.span.clone(), format!("`{}` is longer than {MAX_STRING_BYTES} bytes", value.key));
            return None;
        }
        if text.contains('\0') {
            self.error(value.span.clone(), format!("`{}` has a NUL character in it", value.key));
            return None;
        }
        Some(Written { text: text.to_string(), span: value.span.clone() })
    }

    /// An expression; a plain number is one too.
    pub fn expression(&mut self, value: &TableEntry<'_>) -> Option<Written> {
        match value.value {
            DeValue::Integer(_) => {
                Some(Written { text: self.source.text[value.span.clone()].to_owned(), span: value.span.clone() })
            }
            DeValue::String(_) => self.string(value),
            _ => {
                self.wrong_kind(value, "an expression", "\"…\"");
                None
            }
        }
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, value: &TableEntry<'_>) -> Option<bool> {
        match value.value {
            DeValue::Boolean(value) => Some(*value),
            _ => {
                self.wrong_kind(value, "true or false", "true");
                None
            }
        }
    }

    /// A whole number, within the bounds of its key.
    pub fn count(&mut self, value: &TableEntry<'_>) -> Option<u64> {
        let (least, most) = bounds(value);
        let number = match value.value {
            DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => {
                self.wrong_kind(value, "a whole number", &least.max(1).to_string());
                return None;
            }
        };
        let number = number.and_then(|number| u64::try_from(number).ok());
        let fits = number.filter(|number| (least..=most).contains(number));
        if fits.is_none() {
            self.error(value.span.clone(), format!("`{}` must be from {least} to {most}", value.key));
        }
        fits
    }

    /// A size in bytes, within the bounds of its key: a number, or a string like `"128 MiB"`.
    pub fn size(&mut self, value: &TableEntry<'_>) -> Option<u64> {
        let (least, most) = bounds(value);
        if !matches!(value.value, DeValue::String(_) | DeValue::Integer(_)) {
            self.wrong_kind(value, "a size", "\"64 MiB\"");
            return None;
        }
        if matches!(value.value, DeValue::String(text) if matches!(text.as_ref(), "unlimited" | "none" | "infinite" | "inf"))
        {
            let hint = format!("the largest is \"{}\"", units::show_size(most));
            self.error_with_hint(
                value.span.clone(),
                format!("`{}` has no end; every limit is finite", value.key),
                hint,
            );
            return None;
        }
        let size = match value.value {
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => Some(self.parsed(value, units::size)?),
        };
        let fits = size.filter(|size| (least..=most).contains(size));
        if fits.is_none() {
            let (least, most) = (units::show_size(least), units::show_size(most));
            self.error(value.span.clone(), format!("`{}` must be from {least} to {most}", value.key));
        }
        fits
    }

    /// A duration: a string like `"500 ms"`.
    pub fn duration(&mut self, value: &TableEntry<'_>) -> Option<Duration> {
        if let DeValue::Integer(number) = value.value {
            let hint = format!("write `{0} = \"{1} s\"` or `{0} = \"{1} ms\"`", value.key, number.as_str());
            self.error_with_hint(value.span.clone(), format!("`{}` needs a unit", value.key), hint);
            return None;
        }
        if !matches!(value.value, DeValue::String(_)) {
            self.wrong_kind(value, "a duration", "\"2 s\"");
            return None;
        }
        let duration = self.parsed(value, units::duration)?;
        let fits = (Duration::from_millis(1)..=Duration::from_secs(86_400)).contains(&duration);
        if !fits {
            self.error(value.span.clone(), format!("`{}` must be from 1 ms to 24 h", value.key));
        }
        fits.then_some(duration)
    }

    /// A string that `parse` understands.
    pub fn parsed<T>(&mut self, value: &TableEntry<'_>, parse: impl FnOnce(&str) -> Result<T, Mistake>) -> Option<T> {
        let written = self.string(value)?;
        parse(&written.text).map_err(|mistake| self.mistake_in(&written, mistake)).ok()
    }

    /// An array of strings.
    pub fn strings(&mut self, value: &TableEntry<'_>) -> Option<Vec<Written>> {
        let DeValue::Array(array) = value.value else {
            self.wrong_kind(value, "an array of strings", "[\"…\"]");
            return None;
        };
        array.iter().map(|element| self.string(&value.element(element))).collect()
    }

    /// `decide = "in or out?"`, which `cloison bind` writes where C does not say: refused, and the question asked.
    /// It is not listed among the keys that are known.
    pub fn undecided(&mut self, table: &mut Table<'_>, what: &str) -> bool {
        let Some(value) = table.take_if(keys::DECIDE, |_| true) else { return false };
        let question = self.string(&value).map(|written| written.text).unwrap_or_default();
        let message = format!("{what} is not decided yet: {question}");
        self.push(Diagnostic::error(&self.source, value.key_span, message).brief());
        true
    }

    /// A table.
    pub fn table<'d>(&mut self, value: &TableEntry<'d>, name: impl Into<String>, example: &str) -> Option<Table<'d>> {
        match value.value {
            DeValue::Table(table) => Some(Table::new(name, value.span.clone(), table)),
            _ => {
                self.wrong_kind(value, "a table", example);
                None
            }
        }
    }
}

/// The smallest and the largest number that a key can have; none at all of a key that is no number.
fn bounds(value: &TableEntry<'_>) -> (u64, u64) {
    match value.kind {
        Some(
            Kind::Count(least, most)
            | Kind::CountOrEntries(least, most, _)
            | Kind::Max(least, most)
            | Kind::Size(least, most),
        ) => (least, most),
        _ => (1, 0),
    }
}

/// What a value is, with an article.
pub fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::Array(_) => "an array",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Integer(_) => "a whole number",
        DeValue::String(_) => "a string",
        DeValue::Table(_) => "a table",
    }
}
