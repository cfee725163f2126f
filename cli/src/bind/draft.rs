//! The whole draft: every entry tried on the reader of manifests, then written down.

use super::entry::{DraftKeys, FunctionEntry, quoted};
use super::handles::HandleTypes;
use super::infer;
use super::library::{FoundLibrary, LibraryName};
use super::types::{HeaderTypes, NeededTypes};
use crate::header::{ConstantValue, Header, HeaderFunction};
use cloison_contract::printable;
use cloison_manifest::manifest;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// How many entries are tried together at most: what reading a manifest takes may grow faster than the manifest.
const TOGETHER: usize = 128;

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
pub fn draft(header: &Header, library: &FoundLibrary) -> Draft {
    write(header, library, false)
}

/// The draft as an author might have answered it: it has to go through.
#[cfg(test)]
pub fn answered(header: &Header, library: &FoundLibrary) -> Draft {
    write(header, library, true)
}

fn write(header: &Header, library: &FoundLibrary, trial: bool) -> Draft {
    let mut handles = HandleTypes::of(header);
    if let Some(symbols) = &library.symbols {
        let missing = |free: &mut String| !symbols.contains(free);
        handles.by_tag.values_mut().for_each(|handle| drop(handle.free.take_if(missing)));
    }
    let functions = header.functions.iter().map(|one| &*one.name).collect();
    let types = HeaderTypes { header, handles: &handles, functions };
    let frees = handles.by_tag.values().filter_map(|handle| handle.free.as_deref()).collect();
    let by_name = header.functions.iter().map(|one| (&*one.name, one)).collect();
    let mut work = Work { types: &types, library, frees, by_name, needs: NeededTypes::new(), trial };
    let wanted = work.wanted();
    let functions = header.functions.iter().filter(|function| wanted.contains(&*function.name));
    let mut entries: Vec<_> = functions.map(|one| work.drafted(one)).collect();
    work.judge(&mut entries);
    let mut draft = Draft { text: work.head(), through: 0, undecided: 0, cannot: 0 };
    let mut body = String::new();
    for Drafted { entry, needs } in &entries {
        match &entry.cannot {
            Some(reason) => {
                draft.cannot += 1;
                let (reason, name) = (printable::line(reason), &entry.symbol);
                let _ = write!(body, "\n# [functions.{name}]: {reason}\n# c = {}\n", quoted(&entry.c));
            }
            None => {
                let open = entry.questions() + needs.iter().map(|need| types.questions(need)).sum::<usize>();
                if open == 0 {
                    draft.through += 1
                } else {
                    draft.undecided += 1
                }
                let _ = write!(body, "\n{}", entry.toml(trial));
            }
        }
    }
    let mut there = BTreeSet::new();
    for Drafted { entry, needs } in entries.iter().filter(|one| one.entry.cannot.is_none()) {
        work.needs.extend(needs.iter().cloned());
        there.insert(&*entry.symbol);
    }
    draft.text += &work.constants();
    draft.text += &work.types_in_order(&there);
    draft.text += &body;
    for name in &header.inline {
        let _ = write!(draft.text, "\n# `{name}` has its body in the header, so the library has no such function\n");
    }
    for text in &header.unread {
        let _ = write!(draft.text, "\n# could not be read: {}\n", printable::line(text));
    }
    draft
}

/// A function's entry, and the types that it needs.
struct Drafted {
    entry: FunctionEntry,
    needs: NeededTypes,
}

fn function_type(types: &HeaderTypes<'_>, function: &HeaderFunction) -> crate::header::HeaderType {
    types.written(&crate::header::HeaderType::Function {
        returns: Box::new(function.returns.clone()),
        parameters: function.parameters.clone(),
        variadic: function.variadic,
    })
}

struct Work<'w> {
    types: &'w HeaderTypes<'w>,
    library: &'w FoundLibrary,
    /// The functions that end handles.
    frees: BTreeSet<&'w str>,
    by_name: BTreeMap<&'w str, &'w HeaderFunction>,
    needs: NeededTypes,
    /// Plausible answers stand in the place of the questions.
    trial: bool,
}

impl Work<'_> {
    /// The functions that are asked for, and those that end the handles of these.
    fn wanted(&self) -> BTreeSet<&str> {
        let header = self.types.header;
        let mut names: BTreeSet<_> = header.functions.iter().filter(|one| one.wanted).map(|one| &*one.name).collect();
        let mut needs = NeededTypes::new();
        for function in header.functions.iter().filter(|one| one.wanted) {
            self.types.collect(&function_type(self.types, function), &mut needs);
        }
        let handles = needs.iter().filter_map(|need| self.types.handles.by_tag.get(need));
        names.extend(handles.filter_map(|handle| handle.free.as_deref()));
        names
    }

    fn drafted(&self, function: &HeaderFunction) -> Drafted {
        let mut entry = infer::entry(self.types, function);
        let mut needs = NeededTypes::new();
        self.types.collect(&function_type(self.types, function), &mut needs);
        if let Some(symbols) = self.library.symbols.as_ref().filter(|symbols| !symbols.contains(&entry.symbol)) {
            let old = symbols.old(&entry.symbol);
            let lack = old.map_or_else(|| "has no such function".into(), |_| symbols.lack(&entry.symbol));
            entry.cannot = Some(format!("{} {lack}", self.library.named.name()));
        }
        if self.frees.contains(entry.symbol.as_str()) {
            entry.own.push(("internal".to_owned(), "true".to_owned()));
        }
        Drafted { entry, needs }
    }

    /// Notes why entries cannot be expressed. They are tried many together, then in halves, so that few trials do for many.
    fn judge(&self, entries: &mut [Drafted]) {
        let mut open: Vec<_> = entries.iter_mut().filter(|one| one.entry.cannot.is_none()).collect();
        open.chunks_mut(TOGETHER).for_each(|some| self.judge_open(some));
    }

    fn judge_open(&self, open: &mut [&mut Drafted]) {
        let refused = match &open[..] {
            [] => return,
            some => self.refused(some),
        };
        match (open, refused) {
            (_, None) => {}
            ([one], refused) => one.entry.cannot = refused,
            (open, Some(_)) => {
                let (left, right) = open.split_at_mut(open.len() / 2);
                self.judge_open(left);
                self.judge_open(right);
            }
        }
    }

    /// What the reader says of a manifest that has these functions alone, and what they need.
    fn refused(&self, entries: &[&mut Drafted]) -> Option<String> {
        let mut needs: NeededTypes = entries.iter().flat_map(|one| one.needs.iter().cloned()).collect();
        let names: BTreeSet<_> = entries.iter().map(|one| &*one.entry.symbol).collect();
        let free_of = |need: &String| self.types.handles.by_tag.get(need).and_then(|handle| handle.free.as_deref());
        // What ends the handles needs types of its own.
        let frees: BTreeSet<_> = needs.iter().filter_map(free_of).filter(|free| !names.contains(free)).collect();
        let frees: Vec<_> = frees.iter().filter_map(|free| self.by_name.get(free)).collect();
        for free in &frees {
            self.types.collect(&function_type(self.types, free), &mut needs);
        }
        let mut text = self.zone(true);
        for need in &needs {
            text += &self.types.toml(need, free_of(need), true);
        }
        for free in frees {
            let mut free = infer::entry(self.types, free);
            free.own.push(("internal".to_owned(), "true".to_owned()));
            text += &free.toml(true);
        }
        for one in entries {
            text += &one.entry.toml(true);
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
            LibraryName::Path(path) => DraftKeys::plain(&[("path", &quoted(path))]),
            LibraryName::Soname(soname) => DraftKeys::plain(&[("soname", &quoted(soname))]),
            LibraryName::Unknown => DraftKeys::decide(
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
            "# Drafted by `cloison bind` from {}.\n#\n\
             # `decide = \"…\"` stands where C does not say what a pointer is for. Replace it by the keys that are right;\n\
             # `cloison check` lists what is left. Then delete what you do not need, and add `doc`, `range`, `default` and\n\
             # `returns` where you know more than the header.\n{}",
            printable::line(&file),
            self.zone(self.trial)
        )
    }

    fn constants(&self) -> String {
        let mut taken: BTreeSet<_> = self.by_name.keys().map(|name| (*name).to_owned()).collect();
        taken.extend(self.needs.iter().map(|need| self.types.key(need)));
        let mut lines = Vec::new();
        for (name, value) in &self.types.header.constants {
            let value = match value {
                ConstantValue::Float(value) if value.is_finite() => format!("{value:?}"),
                ConstantValue::Integer(value) if i64::try_from(*value).is_ok() => value.to_string(),
                ConstantValue::Text(value) if !value.contains('\0') => quoted(value),
                _ => continue,
            };
            if taken.insert(name.clone()) {
                lines.push(format!("{name} = {value}\n"));
            }
        }
        let mut text = String::new();
        lines.chunks(TOGETHER).for_each(|some| self.fitting(some, &mut text));
        if text.is_empty() { text } else { format!("\n[constants]\n{text}") }
    }

    /// The constants that the reader takes, found as [`Self::judge`] finds functions.
    fn fitting(&self, lines: &[String], text: &mut String) {
        let all = lines.concat();
        if manifest::parse("draft", &format!("{}[constants]\n{all}", self.zone(true))).is_ok() {
            text.push_str(&all);
        } else if lines.len() > 1 {
            let (left, right) = lines.split_at(lines.len() / 2);
            self.fitting(left, text);
            self.fitting(right, text);
        }
    }

    /// Types in the order of their names, plain ones first.
    fn types_in_order(&self, there: &BTreeSet<&str>) -> String {
        let mut text = String::new();
        let (tagged, plain): (Vec<_>, Vec<_>) = self.needs.iter().partition(|need| need.contains(' '));
        for need in plain.into_iter().chain(tagged) {
            let free = self.types.handles.by_tag.get(need).and_then(|handle| handle.free.as_deref());
            let written = self.types.toml(need, free.filter(|free| there.contains(free)), self.trial);
            if !written.is_empty() {
                let _ = write!(text, "\n{written}");
            }
        }
        text
    }
}
