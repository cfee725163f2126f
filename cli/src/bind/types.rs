//! The `[types]` of a draft: those that its functions need, and what they are called.

use super::entry::{Keys, quoted};
use super::handles::{Handles, is_system};
use crate::header::{Header, Parameter, Type, is_known};
use std::collections::BTreeSet;
use std::fmt::Write;

/// What is known of a header's types.
pub struct Types<'h> {
    pub header: &'h Header,
    pub handles: &'h Handles,
}

/// Names of types: a typedef's, or what [`Type::Tagged`] has.
pub type Needs = BTreeSet<String>;

impl Types<'_> {
    /// The type as a draft writes it: typedefs of pointers and functions have become what they stand for.
    pub fn written(&self, c_type: &Type) -> Type {
        match c_type {
            Type::Named(name) if is_known(name) || self.is_handle_pointer(name) => c_type.clone(),
            Type::Named(name) => match self.header.typedefs.get(name) {
                None => Type::Other(name.clone()),
                Some(_) => match self.header.resolve(c_type) {
                    Type::Number(word) if word == "void" => Type::Number(word.clone()),
                    Type::Number(_) | Type::Named(_) => c_type.clone(),
                    other => self.written(&other.clone()),
                },
            },
            Type::Tagged(tag) => match self.alias(tag) {
                Some(alias) => Type::Named(alias.to_owned()),
                None => c_type.clone(),
            },
            Type::Pointer { to, constant } => Type::Pointer { to: Box::new(self.written(to)), constant: *constant },
            Type::Array { of, length, constant } => {
                Type::Array { of: Box::new(self.written(of)), length: *length, constant: *constant }
            }
            Type::Function { returns, parameters, variadic } => Type::Function {
                returns: Box::new(self.written(returns)),
                parameters: self.named(parameters),
                variadic: *variadic,
            },
            Type::Number(_) | Type::Other(_) => c_type.clone(),
        }
    }

    /// The parameters as a draft writes them, each with a name.
    pub fn named(&self, parameters: &[Parameter]) -> Vec<Parameter> {
        let mut names = BTreeSet::new();
        let mut named = Vec::new();
        for (index, parameter) in parameters.iter().enumerate() {
            let handle = self.handles.pointed(self.header, &parameter.c_type).map(|tag| self.key(tag));
            let short = handle.and_then(|key| key.rsplit('_').next().map(str::to_ascii_lowercase));
            let wanted = parameter.name.clone().or(short).unwrap_or_else(|| format!("arg{}", index + 1));
            let name = if names.contains(&wanted) { format!("arg{}", index + 1) } else { wanted };
            names.insert(name.clone());
            named.push(Parameter { name: Some(name), c_type: self.written(&parameter.c_type) });
        }
        named
    }

    /// What the manifest calls a struct, a union or an enum.
    pub fn key(&self, tag: &str) -> String {
        let pointer = self.handles.0.get(tag).and_then(|handle| handle.pointer.clone());
        pointer.or_else(|| self.alias(tag).map(str::to_owned)).unwrap_or_else(|| bare(tag).to_owned())
    }

    fn alias(&self, tag: &str) -> Option<&str> {
        let record = self.header.records.get(tag).or_else(|| self.header.enums.get(tag))?;
        record.alias.as_deref()
    }

    fn is_handle_pointer(&self, name: &str) -> bool {
        self.handles.0.values().any(|handle| handle.pointer.as_deref() == Some(name))
    }

    /// Everything that a type, as [`Self::written`], needs to be declared.
    pub fn collect(&self, c_type: &Type, needs: &mut Needs) {
        match c_type {
            Type::Named(name) if is_known(name) => {}
            Type::Named(name) => match self.header.resolve(c_type) {
                Type::Tagged(tag) => self.collect_tag(tag, needs),
                Type::Number(_) | Type::Named(_) => drop(needs.insert(name.clone())),
                other => {
                    match self.header.pointee(c_type) {
                        Some((Type::Tagged(tag), _)) if self.is_handle_pointer(name) => self.collect_tag(tag, needs),
                        _ if needs.insert(name.clone()) => self.collect(other, needs),
                        _ => {}
                    };
                }
            },
            Type::Tagged(tag) => self.collect_tag(tag, needs),
            Type::Pointer { to: of, .. } | Type::Array { of, .. } => self.collect(of, needs),
            Type::Function { returns, parameters, .. } => {
                self.collect(returns, needs);
                parameters.iter().for_each(|one| self.collect(&one.c_type, needs));
            }
            Type::Number(_) | Type::Other(_) => {}
        }
    }

    fn collect_tag(&self, tag: &str, needs: &mut Needs) {
        if !needs.insert(tag.to_owned()) {
            return;
        }
        if let Some(handle) = self.handles.0.get(tag) {
            if let Some(owner) = &handle.owner {
                self.collect_tag(owner, needs);
            }
        } else if let Some(record) = self.header.records.get(tag) {
            record.members.iter().for_each(|(_, c_type)| self.collect(c_type, needs));
        }
    }

    /// `[types.NAME]`
    pub fn toml(&self, need: &str, free: Option<&str>, trial: bool) -> String {
        let Some((key, c)) = self.text(need) else { return String::new() };
        let mut text = format!("[types.{key}]\nc = {}\n", quoted(&c));
        if let Some(handle) = self.handles.0.get(need) {
            text += "handle = true\n";
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
        if self.handles.0.contains_key(need) {
            return 0;
        }
        self.members(need).iter().map(|(_, keys)| keys.questions()).sum::<usize>()
            + usize::from(need.starts_with("union "))
    }

    fn text(&self, need: &str) -> Option<(String, String)> {
        let keyword = need.split_once(' ').map(|(keyword, _)| keyword);
        let key = self.key(need);
        if let Some(handle) = self.handles.0.get(need) {
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
            return Some((need.to_owned(), format!("typedef {written};")));
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
    fn members(&self, tag: &str) -> Vec<(String, Keys)> {
        let Some(record) = self.header.records.get(tag) else { return Vec::new() };
        let mut members = Vec::new();
        for (name, c_type) in &record.members {
            if let (Some((to, _)), Type::Pointer { .. }) = (self.header.pointee(c_type), self.header.resolve(c_type))
                && to.is_char()
            {
                let question =
                    "a string (text = true, with null = true if it may be NULL; or bytes = true), or hidden = true?";
                members.push((name.clone(), Keys::decide(question, &[("hidden", "true")])));
            }
        }
        members
    }

    /// A member that Python can neither read nor write, and that the library may want.
    pub fn private_member(&self, tag: &str) -> Option<String> {
        self.private(tag, 0)
    }

    fn private(&self, tag: &str, depth: usize) -> Option<String> {
        let record = self.header.records.get(tag)?;
        record.members.iter().find_map(|(name, c_type)| {
            if self.handles.pointed(self.header, c_type).is_some() {
                return None;
            }
            match self.header.resolve(c_type) {
                Type::Pointer { to, .. } if !self.header.resolve(to).is_char() => Some(name.clone()),
                Type::Function { .. } | Type::Other(_) => Some(name.clone()),
                Type::Tagged(inner) if depth < 8 => self.private(inner, depth + 1),
                _ => None,
            }
        })
    }

    /// Whether the header says what is in it.
    pub fn has_members(&self, tag: &str) -> bool {
        !is_system(tag) && self.header.records.get(tag).is_some_and(|record| record.body.is_some())
    }
}

/// The name without its keyword.
pub fn bare(tag: &str) -> &str {
    tag.split_once(' ').map_or(tag, |(_, name)| name)
}
