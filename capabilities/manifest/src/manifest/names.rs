//! Names in Python: each is an identifier, and stands for one thing.

use super::raw;
use crate::diagnostic::Written;
use crate::document::DocumentReader;
use cloison_contract::signature::is_python_keyword;
use std::collections::BTreeMap;

/// The attributes that every capability has.
const OWN: [&str; 5] = ["batch", "describe", "lend", "narrow", "revoke"];

/// Whether a text has the form of a name, in Python and in C.
pub(super) fn is_identifier(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|one| one.is_ascii_alphanumeric() || one == '_')
}

/// Whether something can have that name in Python; `what` says what, with an article.
pub(super) fn identifier(reader: &mut DocumentReader, name: &Written, what: &str) -> bool {
    let text = &name.text;
    let message = if !is_identifier(text) {
        format!("`{text}` cannot be the name of {what} in Python")
    } else if is_python_keyword(text) {
        format!("`{text}` is a word that Python reserves")
    } else if text.starts_with("__") {
        format!("`{text}` begins with two underscores, which Python keeps for itself")
    } else if OWN.contains(&text.as_str()) {
        format!("`{text}` is what each capability has itself")
    } else {
        return true;
    };
    let hint = match what {
        "a function" => "the key is the name in Python and may be another one; the name in C comes from `c`",
        "a type" => "the key is the name in Python; the name in C comes from `c`",
        _ => "choose another name: it exists in Python only",
    };
    reader.error_with_hint(name.span.clone(), message, hint);
    false
}

/// The attributes of the capability, as they are given out.
#[derive(Default)]
pub(super) struct Attributes {
    taken: BTreeMap<String, &'static str>,
}

impl Attributes {
    /// Notes that something has that name, and a mistake if something else has it already.
    pub(super) fn take(&mut self, reader: &mut DocumentReader, name: &Written, what: &'static str) {
        if let Some(other) = self.taken.insert(name.text.clone(), what)
            && (other != what || what == "a type")
        {
            let message = match other == what {
                true => format!("`{}` is the name of two types", name.text),
                false => format!("`{}` is {what} and {other}", name.text),
            };
            let hint = "both would be the same attribute of the capability; rename one of them";
            reader.error_with_hint(name.span.clone(), message, hint);
        }
    }

    /// Notes the functions' names; Python does not see internal ones.
    pub(super) fn functions(&mut self, reader: &mut DocumentReader, functions: &[raw::Function<'_>]) {
        for function in functions.iter().filter(|function| !function.internal) {
            self.take(reader, &function.name, "a function");
        }
    }
}
