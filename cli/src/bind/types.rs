//! The `[types]` of a draft: those that its functions need, and what they are called.

use super::entry::{DraftKeys, quoted};
use super::handles::{HandleTypes, is_system};
use crate::header::{Header, HeaderParameter, HeaderType, is_known};
use cloison_manifest::manifest;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// What is known of a header's types.
pub struct HeaderTypes<'h> {
    pub header: &'h Header,
    pub handles: &'h HandleTypes,
    /// The names of the header's functions.
    pub functions: BTreeSet<&'h str>,
}

/// The deepest type that is written, and of how many parts one may be made.
const MAX_DEPTH: usize = 40;
const MAX_NODES: usize = 2000;
/// The most members that a struct may have, those of structs in it included.
const MAX_PARTS: usize = 4096;
/// The longest name that a manifest may have; what has a longer one is refused all the same.
const MAX_NAME: usize = 128;
/// The most types that one function may need.
const MAX_NEEDS: usize = 2000;

/// Names of types: a typedef's, or what [`HeaderType::Tagged`] has.
pub type NeededTypes = BTreeSet<String>;

impl HeaderTypes<'_> {
    /// The type as a draft writes it: typedefs of pointers and functions have become what they stand for.
    pub fn written(&self, c_type: &HeaderType) -> HeaderType {
        self.written_within(c_type, 0, &mut MAX_NODES.clone())
    }

    /// Typedefs of typedefs can stand for a type of any size, so it has an end.
    fn written_within(&self, c_type: &HeaderType, depth: usize, left: &mut usize) -> HeaderType {
        if depth > MAX_DEPTH || *left == 0 {
            return HeaderType::Other("a type that is nested too deep".to_owned());
        }
        *left -= 1;
        let depth = depth + 1;
        match c_type {
            HeaderType::Named(name) if is_known(name) || self.is_handle_pointer(name) => c_type.clone(),
            HeaderType::Named(name) => match self.header.typedefs.get(name) {
                None => HeaderType::Other(name.clone()),
                Some(_) => match self.header.resolve(c_type) {
                    HeaderType::Number(word) if word == "void" => HeaderType::Number(word.clone()),
                    // A name of the compiler's or the C library's own, which Python could not have.
                    HeaderType::Number(word) if name.starts_with("__") => HeaderType::Number(word.clone()),
                    HeaderType::Number(_) | HeaderType::Named(_) => c_type.clone(),
                    other => self.written_within(other, depth, left),
                },
            },
            HeaderType::Tagged(tag) => match self.alias(tag) {
                Some(alias) => HeaderType::Named(alias.to_owned()),
                None => c_type.clone(),
            },
            HeaderType::Pointer { to, constant } => {
                HeaderType::Pointer { to: Box::new(self.written_within(to, depth, left)), constant: *constant }
            }
            HeaderType::Array { of, length, constant } => HeaderType::Array {
                of: Box::new(self.written_within(of, depth, left)),
                length: *length,
                constant: *constant,
            },
            HeaderType::Function { returns, parameters, variadic } => HeaderType::Function {
                returns: Box::new(self.written_within(returns, depth, left)),
                parameters: self.named_within(parameters, depth, left),
                variadic: *variadic,
            },
            HeaderType::Number(_) | HeaderType::Other(_) => c_type.clone(),
        }
    }

    /// The parameters as a draft writes them, each with a name.
    pub fn named(&self, parameters: &[HeaderParameter]) -> Vec<HeaderParameter> {
        self.named_within(parameters, 0, &mut MAX_NODES.clone())
    }

    fn named_within(&self, parameters: &[HeaderParameter], depth: usize, left: &mut usize) -> Vec<HeaderParameter> {
        let mut names = BTreeSet::new();
        let mut named = Vec::new();
        for (index, parameter) in parameters.iter().enumerate() {
            let handle = self.handles.pointed(self.header, &parameter.c_type).map(|tag| self.key(tag));
            // What the type is called, without a number that a macro has put behind it: `code` of `pcre2_code_8`.
            let short = handle.and_then(|key| {
                let segment = key.rsplit('_').find(|part| part.starts_with(|first: char| first.is_ascii_alphabetic()));
                segment.map(str::to_ascii_lowercase).filter(|short| short.len() > 1)
            });
            let own = parameter.name.as_deref().map(|name| name.trim_start_matches("__").to_owned());
            let wanted = own.filter(|own| is_name(own)).or(short).unwrap_or_else(|| format!("arg{}", index + 1));
            let name = if names.contains(&wanted) { format!("arg{}", index + 1) } else { wanted };
            names.insert(name.clone());
            named.push(HeaderParameter {
                name: Some(name),
                c_type: self.written_within(&parameter.c_type, depth, left),
            });
        }
        named
    }

    /// What a function is called in Python: as in C, but for names that Python keeps for itself.
    pub fn python_name(&self, name: &str) -> String {
        let taken = |name: &str| self.functions.contains(name);
        python_name(name, &taken)
    }

    /// What the manifest calls a struct, a union or an enum.
    pub fn key(&self, tag: &str) -> String {
        let pointer = self.handles.by_tag.get(tag).and_then(|handle| handle.pointer.as_deref());
        let name = pointer.or_else(|| self.alias(tag)).unwrap_or_else(|| bare(tag));
        let taken = |name: &str| self.header.typedefs.contains_key(name);
        python_name(name, &taken)
    }

    fn alias(&self, tag: &str) -> Option<&str> {
        let record = self.header.records.get(tag).or_else(|| self.header.enums.get(tag))?;
        record.alias.as_deref()
    }

    fn is_handle_pointer(&self, name: &str) -> bool {
        self.handles.by_tag.values().any(|handle| handle.pointer.as_deref() == Some(name))
    }

    /// Everything that a type, as [`Self::written`], needs to be declared.
    pub fn collect<'s>(&'s self, c_type: &'s HeaderType, needs: &mut NeededTypes) {
        let mut work = vec![c_type];
        while let Some(c_type) = work.pop() {
            match c_type {
                HeaderType::Named(name) if is_known(name) => {}
                HeaderType::Named(name) => match self.header.resolve(c_type) {
                    HeaderType::Tagged(tag) => self.collect_tag(tag, needs, &mut work),
                    HeaderType::Number(_) | HeaderType::Named(_) => drop(needs.insert(name.clone())),
                    other => match self.header.pointee(c_type) {
                        Some((HeaderType::Tagged(tag), _)) if self.is_handle_pointer(name) => {
                            self.collect_tag(tag, needs, &mut work);
                        }
                        _ if needs.insert(name.clone()) => work.push(other),
                        _ => {}
                    },
                },
                HeaderType::Tagged(tag) => self.collect_tag(tag, needs, &mut work),
                HeaderType::Pointer { to: of, .. } | HeaderType::Array { of, .. } => work.push(of),
                HeaderType::Function { returns, parameters, .. } => {
                    work.push(returns);
                    work.extend(parameters.iter().map(|one| &one.c_type));
                }
                HeaderType::Number(_) | HeaderType::Other(_) => {}
            }
        }
    }

    fn collect_tag<'s>(&'s self, tag: &str, needs: &mut NeededTypes, work: &mut Vec<&'s HeaderType>) {
        let mut tag = Some(tag);
        while let Some(next) = tag.take().filter(|tag| needs.len() < MAX_NEEDS && needs.insert((*tag).to_owned())) {
            if let Some(handle) = self.handles.by_tag.get(next) {
                tag = handle.owner.as_deref();
            } else if let Some(record) = self.header.records.get(next) {
                work.extend(record.members.iter().map(|(_, c_type)| c_type));
            }
        }
    }

    /// `[types.NAME]`
    pub fn toml(&self, need: &str, free: Option<&str>, trial: bool) -> String {
        let Some((key, c)) = self.text(need) else { return String::new() };
        let mut text = format!("[types.{key}]\nc = {}\n", quoted(&c));
        if let Some(handle) = self.handles.by_tag.get(need) {
            text += "handle = true\n";
            if let (false, Some(ask)) = (trial, &handle.ask) {
                let _ = writeln!(text, "decide = {}", quoted(ask));
            }
            if let Some(free) = free {
                let _ = writeln!(text, "free = {}", quoted(free));
            }
            if let Some(owner) = &handle.owner {
                let _ = writeln!(text, "owner = {}", quoted(&self.key(owner)));
            }
            return text;
        }
        for (name, keys) in self.members(need) {
            let _ = writeln!(text, "{name} = {}", keys.toml(trial));
        }
        if let (true, Some(record)) = (need.starts_with("union "), self.header.records.get(need)) {
            let first = record.members.first().map(|(name, _)| name.clone()).unwrap_or_default();
            let names: Vec<_> = record.members.iter().map(|(name, _)| format!("live = \\\"{name}\\\"")).collect();
            let _ = match trial {
                true => writeln!(text, "live = {}", quoted(&first)),
                false => writeln!(text, "decide = \"which member is live? {}\"", names.join(", or ")),
            };
        }
        text
    }

    /// How many questions `[types.NAME]` has.
    pub fn questions(&self, need: &str) -> usize {
        if let Some(handle) = self.handles.by_tag.get(need) {
            return usize::from(handle.ask.is_some());
        }
        self.members(need).iter().map(|(_, keys)| keys.questions()).sum::<usize>()
            + usize::from(need.starts_with("union "))
    }

    fn text(&self, need: &str) -> Option<(String, String)> {
        let keyword = need.split_once(' ').map(|(keyword, _)| keyword);
        let key = self.key(need);
        if let Some(handle) = self.handles.by_tag.get(need) {
            let tag = if need.contains('<') { "struct".to_owned() + " " + &key + "_" } else { need.to_owned() };
            let c = match (&handle.pointer, self.alias(need)) {
                (_, Some(alias)) if keyword == Some("void") => format!("typedef void {alias};"),
                (Some(pointer), _) => format!("typedef {tag} *{pointer};"),
                (None, Some(alias)) => format!("typedef {tag} {alias};"),
                (None, None) => format!("{tag};"),
            };
            return Some((key, c));
        }
        if keyword.is_none() {
            let c_type = self.header.resolve(self.header.typedefs.get(need)?);
            let written = self.written(c_type).declare(need);
            let taken = |name: &str| self.header.typedefs.contains_key(name);
            return Some((python_name(need, &taken), format!("typedef {written};")));
        }
        let record = self.header.records.get(need).or_else(|| self.header.enums.get(need))?;
        let body = record.body.clone()?;
        let c = match &record.alias {
            Some(alias) => format!("typedef {body} {alias};"),
            None => format!("{body};"),
        };
        Some((key, c))
    }

    /// What has to be said of a record's members.
    fn members(&self, tag: &str) -> Vec<(String, DraftKeys)> {
        let Some(record) = self.header.records.get(tag) else { return Vec::new() };
        let mut members = Vec::new();
        for (name, c_type) in &record.members {
            if let (Some((to, _)), HeaderType::Pointer { .. }) =
                (self.header.pointee(c_type), self.header.resolve(c_type))
                && to.is_char()
            {
                let question =
                    "a string (text = true, with null = true if it may be NULL; or bytes = true), or hidden = true?";
                members.push((name.clone(), DraftKeys::decide(question, &[("hidden", "true")])));
            }
        }
        members
    }

    /// A member whose struct, union or enumeration is declared there and has no name.
    pub fn nameless_member(&self, tag: &str) -> Option<String> {
        let (mut work, mut seen) = (vec![tag], BTreeSet::new());
        while let Some(record) = work.pop().and_then(|tag| self.header.records.get(tag).filter(|_| seen.insert(tag))) {
            for (name, c_type) in &record.members {
                let mut inner = self.header.resolve(c_type);
                while let HeaderType::Array { of, .. } = inner {
                    inner = self.header.resolve(of);
                }
                match inner {
                    HeaderType::Tagged(inner) if inner.contains('<') && self.alias(inner).is_none() => {
                        return Some(name.clone());
                    }
                    HeaderType::Tagged(inner) => work.push(inner),
                    _ => {}
                }
            }
        }
        None
    }

    /// A member that Python can neither read nor write, and that the library may want.
    pub fn private_member(&self, tag: &str) -> Option<String> {
        let (mut work, mut seen) = (vec![tag], BTreeSet::new());
        while let Some(record) = work.pop().and_then(|tag| self.header.records.get(tag).filter(|_| seen.insert(tag))) {
            for (name, c_type) in &record.members {
                if self.handles.pointed(self.header, c_type).is_some() {
                    continue;
                }
                match self.header.resolve(c_type) {
                    HeaderType::Pointer { to, .. } if !self.header.resolve(to).is_char() => return Some(name.clone()),
                    HeaderType::Function { .. } | HeaderType::Other(_) => return Some(name.clone()),
                    HeaderType::Tagged(inner) => work.push(inner),
                    _ => {}
                }
            }
        }
        None
    }

    /// Of how many numbers and pointers a struct is made, those in it included. Structs in structs can double that each time.
    pub fn is_too_large(&self, tag: &str) -> bool {
        self.parts(tag, 0, &mut BTreeMap::new()) > MAX_PARTS
    }

    fn parts<'s>(&'s self, tag: &'s str, depth: usize, known: &mut BTreeMap<&'s str, usize>) -> usize {
        if let Some(parts) = known.get(tag) {
            return *parts;
        }
        if depth > MAX_DEPTH {
            return MAX_PARTS + 1;
        }
        let mut parts = 1usize;
        for (_, c_type) in self.header.records.get(tag).iter().flat_map(|record| &record.members) {
            let (mut inner, mut arrays) = (self.header.resolve(c_type), 0);
            while let HeaderType::Array { of, .. } = inner
                && arrays <= MAX_DEPTH
            {
                (inner, arrays) = (self.header.resolve(of), arrays + 1);
            }
            parts = parts.saturating_add(match inner {
                HeaderType::Tagged(inner) => self.parts(inner, depth + 1, known),
                _ => 1,
            });
        }
        known.insert(tag, parts);
        parts
    }

    /// Whether the header says what is in it.
    pub fn has_members(&self, tag: &str) -> bool {
        !is_system(tag) && self.header.records.get(tag).is_some_and(|record| record.body.is_some())
    }
}

/// What something is called in Python: as in C, without the underscores at the beginning and not as Python's own words are.
fn python_name(name: &str, taken: &dyn Fn(&str) -> bool) -> String {
    let short = if name.starts_with("__") { name.trim_start_matches('_') } else { name };
    let mut own = if is_name(short) { short.to_owned() } else { format!("c_{short}") };
    while (own != name && taken(&own)) || !is_free_in_python(&own) {
        own.push('_');
    }
    own
}

/// Whether something can be called so in C.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

/// Whether the reader of manifests takes a name for something in Python.
fn is_free_in_python(name: &str) -> bool {
    let soname = "[zone]\nname = \"draft\"\nversion = \"1.0.0\"\nlibrary = { soname = \"lib.so\" }";
    name.len() > MAX_NAME || manifest::parse("draft", &format!("{soname}\n[constants]\n{name} = 1\n")).is_ok()
}

/// The name without its keyword.
pub fn bare(tag: &str) -> &str {
    tag.split_once(' ').map_or(tag, |(_, name)| name)
}
