//! One `[functions.NAME]` of a draft, and TOML text.

use cloison_manifest::keys::{self, TableName};
use std::fmt::Write;

/// The keys of one table, in order, with what is undecided.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DraftKeys {
    /// Keys and TOML values.
    pub keys: Vec<(String, String)>,
    /// Tables inside, such as a callback's `parameters`.
    pub inner: Vec<(String, DraftKeys)>,
    /// What the author has to say.
    pub decide: Option<String>,
    /// What stands in its place when the entry is tried. Without a question: keys for that alone, as another's question is
    /// about this too.
    pub instead: Vec<(String, String)>,
}

impl DraftKeys {
    /// Keys that follow from C.
    pub fn plain(keys: &[(&str, &str)]) -> Self {
        Self { keys: owned(keys), ..Self::default() }
    }

    /// A question, and a plausible answer.
    pub fn decide(question: impl Into<String>, instead: &[(&str, &str)]) -> Self {
        Self { decide: Some(question.into()), instead: owned(instead), ..Self::default() }
    }

    /// What goes with the plausible answer to another's question.
    pub fn answered(instead: &[(&str, &str)]) -> Self {
        Self { instead: owned(instead), ..Self::default() }
    }

    /// A question about what the keys leave open; they are its plausible answer.
    #[must_use]
    pub fn asked(self, question: impl Into<String>) -> Self {
        Self { instead: self.keys, keys: Vec::new(), decide: Some(question.into()), ..self }
    }

    /// The same with one more key.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.keys.push((key.to_owned(), value.to_owned()));
        self
    }

    pub fn is_empty(&self) -> bool {
        self.is_silent(false)
    }

    /// Nothing would be written of it.
    fn is_silent(&self, trial: bool) -> bool {
        self.keys.is_empty()
            && self.decide.is_none()
            && (!trial || self.instead.is_empty())
            && self.inner.iter().all(|(_, keys)| keys.is_silent(trial))
    }

    /// How many questions are in it.
    pub fn questions(&self) -> usize {
        usize::from(self.decide.is_some()) + self.inner.iter().map(|(_, keys)| keys.questions()).sum::<usize>()
    }

    /// As an inline table. `trial` puts the plausible answers in the place of the questions.
    pub fn toml(&self, trial: bool) -> String {
        let mut parts: Vec<_> = self.keys.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        match &self.decide {
            _ if trial => parts.extend(self.instead.iter().map(|(key, value)| format!("{key} = {value}"))),
            Some(question) => parts.push(format!("decide = {}", quoted(question))),
            None => {}
        }
        let inner = self.inner.iter().filter(|(_, keys)| !keys.is_silent(trial));
        parts.extend(inner.map(|(key, keys)| format!("{key} = {}", keys.toml(trial))));
        if parts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", parts.join(", ")) }
    }
}

/// A function of the header.
#[derive(Clone, Debug)]
pub struct FunctionEntry {
    /// Its name in Python.
    pub name: String,
    /// Its name in C.
    pub symbol: String,
    /// Its prototype, with the names that the draft's `[types]` have.
    pub c: String,
    /// Keys of the function itself.
    pub own: Vec<(String, String)>,
    /// Tables of parameters, and `returns`.
    pub tables: Vec<(String, DraftKeys)>,
    /// Remarks.
    pub comments: Vec<String>,
    /// Why it cannot be expressed.
    pub cannot: Option<String>,
}

impl FunctionEntry {
    /// How many questions are in it.
    pub fn questions(&self) -> usize {
        self.tables.iter().map(|(_, keys)| keys.questions()).sum()
    }

    /// `[functions.NAME]`
    pub fn toml(&self, trial: bool) -> String {
        let mut text = format!("[functions.{}]\nc = {}\n", self.name, quoted(&self.c));
        for (key, value) in &self.own {
            let _ = writeln!(text, "{key} = {value}");
        }
        let mut boxed = Vec::new();
        for (name, table) in self.tables.iter().filter(|(_, table)| !table.is_silent(trial)) {
            // `returns` of a function is its own key; a parameter of such a name stands in a table of its own.
            let own = name.strip_prefix('.');
            if own.is_none() && keys::find(TableName::Function, name).is_some() {
                boxed.push((name.clone(), table.clone()));
                continue;
            }
            let _ = writeln!(text, "{} = {}", own.unwrap_or(name), table.toml(trial));
        }
        if !boxed.is_empty() {
            let _ = writeln!(text, "parameters = {}", DraftKeys { inner: boxed, ..DraftKeys::default() }.toml(trial));
        }
        for comment in &self.comments {
            let _ = writeln!(text, "# {comment}");
        }
        text
    }
}

/// A TOML string.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            character if character.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(character));
            }
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

fn owned(keys: &[(&str, &str)]) -> Vec<(String, String)> {
    keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
