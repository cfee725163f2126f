//! The whole draft: every entry tried on the reader of manifests, then written down.

use super::entry::{Entry, Keys, quoted};
use super::handles::Handles;
use super::infer;
use super::library::{Found, Named};
use super::types::{Needs, Types};
use crate::header::{Header, Value};
use cloison_manifest::manifest;
use std::collections::BTreeSet;
use std::fmt::Write;

/// A draft and what became of the header.
pub struct Draft {
    pub text: String,
    /// Functions that need nothing more.
    pub through: usize,
    /// Functions in which something has to be decided.
    pub undecided: usize,
    /// Functions that are comments.
    pub cannot: usize,
}

impl Draft {
    /// One line for people.
    pub fn summary(&self, header: &str) -> String {
        let all = self.through + self.undecided + self.cannot;
        let (want, be) = (if self.undecided == 1 { "wants" } else { "want" }, self.cannot);
        format!(
            "{header}: {} of {all} functions came through, {} {want} a decision, {be} cannot be expressed",
            self.through, self.undecided
        )
    }
}

/// The draft for a header.
pub fn draft(header: &Header, library: &Found) -> Draft {
    write(header, library, false)
}

/// The draft as an author might have answered it: it has to go through.
#[cfg(test)]
pub fn answered(header: &Header, library: &Found) -> Draft {
    write(header, library, true)
}

fn write(header: &Header, library: &Found, trial: bool) -> Draft {
    let mut handles = Handles::of(header);
    if let Some(symbols) = &library.symbols {
        let missing = |free: &mut String| !symbols.contains(free);
        handles.0.values_mut().for_each(|handle| drop(handle.free.take_if(missing)));
    }
    let types = Types { header, handles: &handles };
    let mut work = Work { types: &types, library, needs: Needs::new(), trial };
    let wanted = work.wanted();
    let entries = header.functions.iter().filter(|function| wanted.contains(&*function.name));
    let entries: Vec<_> = entries.map(|one| (one, work.judged(infer::entry(&types, one)))).collect();
    let mut draft = Draft { text: work.head(), through: 0, undecided: 0, cannot: 0 };
    let mut body = String::new();
    for (function, entry) in &entries {
        let mut needs = Needs::new();
        types.collect(&function_type(&types, function), &mut needs);
        let open = entry.questions() + needs.iter().map(|need| types.questions(need)).sum::<usize>();
        match &entry.cannot {
            Some(reason) => {
                draft.cannot += 1;
                let _ = write!(body, "\n# [functions.{}]: {reason}\n# c = {}\n", entry.name, quoted(&entry.c));
            }
            None => {
                if open == 0 {
                    draft.through += 1
                } else {
                    draft.undecided += 1
                }
                let _ = write!(body, "\n{}", entry.toml(trial));
            }
        }
    }
    for (_, entry) in entries.iter().filter(|(_, entry)| entry.cannot.is_none()) {
        work.need(entry);
    }
    draft.text += &work.constants();
    let there = entries.iter().filter(|(_, entry)| entry.cannot.is_none()).map(|(_, entry)| &*entry.name).collect();
    draft.text += &work.types_in_order(&there);
    draft.text += &body;
    for name in &header.inline {
        let _ = write!(draft.text, "\n# `{name}` has its body in the header, so the library has no such function\n");
    }
    for text in &header.unread {
        let short: String = text.chars().take(120).collect();
        let _ = write!(draft.text, "\n# could not be read: {short}\n");
    }
    draft
}

fn function_type(types: &Types<'_>, function: &crate::header::Function) -> crate::header::Type {
    types.written(&crate::header::Type::Function {
        returns: Box::new(function.returns.clone()),
        parameters: function.parameters.clone(),
        variadic: function.variadic,
    })
}

struct Work<'w> {
    types: &'w Types<'w>,
    library: &'w Found,
    needs: Needs,
    /// Plausible answers stand in the place of the questions.
    trial: bool,
}

impl Work<'_> {
    /// The functions that are asked for, and those that end the handles of these.
    fn wanted(&self) -> BTreeSet<&str> {
        let header = self.types.header;
        let mut names: BTreeSet<_> = header.functions.iter().filter(|one| one.wanted).map(|one| &*one.name).collect();
        let mut needs = Needs::new();
        for function in header.functions.iter().filter(|one| one.wanted) {
            self.types.collect(&function_type(self.types, function), &mut needs);
        }
        let handles = needs.iter().filter_map(|need| self.types.handles.0.get(need));
        names.extend(handles.filter_map(|handle| handle.free.as_deref()));
        names
    }

    /// The entry, with the reason if it cannot be expressed.
    fn judged(&self, mut entry: Entry) -> Entry {
        if let Some(symbols) = self.library.symbols.as_ref().filter(|symbols| !symbols.contains(&entry.name)) {
            let lack =
                symbols.old(&entry.name).map_or_else(|| "has no such function".into(), |_| symbols.lack(&entry.name));
            entry.cannot = Some(format!("{} {lack}", self.library.named.name()));
        }
        if self.frees().any(|free| free == entry.name) {
            entry.own.push(("internal".to_owned(), "true".to_owned()));
        }
        if entry.cannot.is_none() {
            entry.cannot = self.refused(&entry);
        }
        entry
    }

    /// The functions that end handles.
    fn frees(&self) -> impl Iterator<Item = &str> {
        self.types.handles.0.values().filter_map(|handle| handle.free.as_deref())
    }

    /// What the reader says of a manifest that has this function alone, and what that needs.
    fn refused(&self, entry: &Entry) -> Option<String> {
        let header = self.types.header;
        let function = header.functions.iter().find(|function| function.name == entry.name)?;
        let mut needs = Needs::new();
        self.types.collect(&function_type(self.types, function), &mut needs);
        let mut text = self.zone(true);
        let mut functions = vec![entry.clone()];
        for need in &needs {
            let free = self.types.handles.0.get(need).and_then(|handle| handle.free.as_deref());
            text += &self.types.toml(need, free, true);
            let free = free.and_then(|free| header.functions.iter().find(|function| function.name == free));
            if let Some(free) = free.filter(|free| functions.iter().all(|known| known.name != free.name)) {
                let mut free = infer::entry(self.types, free);
                free.own.push(("internal".to_owned(), "true".to_owned()));
                functions.push(free);
            }
        }
        for function in &functions {
            text += &function.toml(true);
        }
        let mistakes = manifest::parse("draft", &text).err()?;
        let first = mistakes.iter().next()?;
        let hint = first.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        Some(format!("{}{hint}", first.message).replace('\n', " "))
    }

    fn zone(&self, trial: bool) -> String {
        let stem =
            self.types.header.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let name: String =
            stem.chars().map(|one| if one.is_ascii_alphanumeric() || one == '-' { one } else { '_' }).collect();
        let name =
            if name.starts_with(|first: char| first.is_ascii_alphanumeric()) { name } else { format!("lib{name}") };
        let library = match &self.library.named {
            Named::Path(path) => Keys::plain(&[("path", &quoted(path))]),
            Named::Soname(soname) => Keys::plain(&[("soname", &quoted(soname))]),
            Named::Unknown => Keys::decide(
                "which library has these functions? soname = \"…\", or path = \"…\" for a file of your own",
                &[("soname", "\"lib.so\"")],
            ),
        };
        let library = library.toml(trial);
        format!("[zone]\nname = {}\nversion = \"1.0.0\"\nlibrary = {library}\n", quoted(&name))
    }

    fn head(&self) -> String {
        let file =
            self.types.header.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        format!(
            "# Drafted by `cloison bind` from {file}.\n#\n\
             # `decide = \"…\"` stands where C does not say what a pointer is for. Replace it by the keys that are right;\n\
             # `cloison check` lists what is left. Then delete what you do not need, and add `doc`, `range`, `default` and\n\
             # `returns` where you know more than the header.\n{}",
            self.zone(self.trial)
        )
    }

    fn need(&mut self, entry: &Entry) {
        if let Some(function) = self.types.header.functions.iter().find(|function| function.name == entry.name) {
            self.types.collect(&function_type(self.types, function), &mut self.needs);
        }
    }

    fn constants(&self) -> String {
        let mut text = String::new();
        let mut seen = BTreeSet::new();
        for (name, value) in &self.types.header.constants {
            let taken = self.types.header.functions.iter().any(|function| function.name == *name)
                || self.needs.iter().any(|need| self.types.key(need) == *name);
            let value = match value {
                Value::Float(value) if value.is_finite() => format!("{value:?}"),
                Value::Integer(value) if i64::try_from(*value).is_ok() => value.to_string(),
                Value::Text(value) if !value.contains('\0') => quoted(value),
                _ => continue,
            };
            let line = format!("{name} = {value}\n");
            let fits = || manifest::parse("draft", &format!("{}[constants]\n{line}", self.zone(true))).is_ok();
            if !taken && fits() && seen.insert(name.as_str()) {
                text += &line;
            }
        }
        if text.is_empty() { text } else { format!("\n[constants]\n{text}") }
    }

    /// Types in the order of their names, plain ones first.
    fn types_in_order(&self, there: &BTreeSet<&str>) -> String {
        let mut text = String::new();
        let (tagged, plain): (Vec<_>, Vec<_>) = self.needs.iter().partition(|need| need.contains(' '));
        for need in plain.into_iter().chain(tagged) {
            let free = self.types.handles.0.get(need).and_then(|handle| handle.free.as_deref());
            let written = self.types.toml(need, free.filter(|free| there.contains(free)), self.trial);
            if !written.is_empty() {
                let _ = write!(text, "\n{written}");
            }
        }
        text
    }
}
