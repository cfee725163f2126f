//! A manifest's C texts of types, and what the types are called in C.

use cloison_broker::application::ZoneSpecification;
use cloison_contract::types;
use cloison_manifest::bundled;
use std::collections::{BTreeMap, BTreeSet};

/// One `[types.KEY] c`.
#[derive(Clone, Debug)]
pub struct TypeSource {
    pub key: String,
    pub c: String,
    /// The names that it declares: typedef and tag.
    declares: Vec<String>,
    /// What its own type is called: `point` or `struct point`.
    pub c_name: String,
}

/// The manifest's own text.
pub fn manifest(zone: &ZoneSpecification) -> String {
    let name = &zone.interface.source;
    let bundled =
        || bundled::find(&zone.interface.name).filter(|(file, _)| file == name).map(|(_, text)| text.to_owned());
    std::fs::read_to_string(name).ok().or_else(bundled).unwrap_or_default()
}

/// The line of a constant's key; 1 if it stands where nobody would write it.
pub fn line_of_constant(manifest: &str, name: &str) -> u32 {
    let lines = manifest.lines().zip(1..).skip_while(|(line, _)| line.trim() != "[constants]");
    let key = |line: &str| line.split('=').next().is_some_and(|key| key.trim().trim_matches('"') == name);
    lines.into_iter().find(|(line, _)| line.contains('=') && key(line)).map_or(1, |(_, at)| at)
}

/// All `[types]` of a manifest, plain typedefs included, which an interface no longer has; in an order in which C can read
/// them.
pub fn texts(text: &str) -> Vec<TypeSource> {
    let table: toml::Table = text.parse().unwrap_or_default();
    let types = table.get("types").and_then(|types| types.as_table());
    let mut texts = Vec::new();
    for (key, value) in types.into_iter().flatten() {
        if let Some(c) = value.get("c").and_then(|c| c.as_str()) {
            texts.push(one(key, c));
        }
    }
    in_order(texts)
}

fn one(key: &str, c: &str) -> TypeSource {
    let c = c.split_whitespace().collect::<Vec<_>>().join(" ");
    let c = format!("{};", c.trim_end_matches([';', ' ']));
    let tagged = tag(&c).map(|(keyword, tag)| (keyword.to_owned(), tag.to_owned()));
    let mut declares = vec![key.to_owned()];
    declares.extend(tagged.iter().map(|(_, tag)| tag.clone()));
    let c_name = match (typedef_name(&c).map(str::to_owned), tagged) {
        (Some(name), _) => name,
        (None, Some((keyword, tag))) => format!("{keyword} {tag}"),
        (None, None) => key.to_owned(),
    };
    declares.push(c_name.clone());
    TypeSource { key: key.to_owned(), c, declares, c_name }
}

/// The keyword and the tag that the text begins with, behind `typedef` and attributes.
fn tag(c: &str) -> Option<(&str, &str)> {
    let mut rest = c.trim_start_matches("typedef ").trim_start();
    let keyword = ["struct", "union", "enum"].into_iter().find(|keyword| {
        rest.strip_prefix(keyword)
            .is_some_and(|behind| !behind.starts_with(|one: char| one.is_ascii_alphanumeric() || one == '_'))
    })?;
    rest = rest[keyword.len()..].trim_start();
    while let Some(behind) = rest.strip_prefix("__attribute") {
        rest = behind[closing(behind)?..].trim_start();
    }
    words(rest).next().filter(|tag| rest.starts_with(tag)).map(|tag| (keyword, tag))
}

/// Behind the parenthesis that closes the first one.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, one) in text.char_indices() {
        match one {
            '(' => depth += 1,
            ')' if depth == 1 => return Some(at + 1),
            ')' => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

/// `point` of `typedef struct { … } point;`, `compare` of `typedef int (*compare)(…);`.
fn typedef_name(c: &str) -> Option<&str> {
    let c = c.strip_prefix("typedef ")?;
    let behind = &c[c.rfind('}').map_or(0, |brace| brace + 1)..];
    let declarator = behind.find("(*").map_or(behind, |star| &behind[star..]);
    let end = if declarator.starts_with("(*") { declarator.find(')')? } else { declarator.find(['[', ';'])? };
    words(&declarator[..end]).last()
}

/// Manifests may name types in any order, C may not: a text stands behind those whose names it mentions.
fn in_order(mut left: Vec<TypeSource>) -> Vec<TypeSource> {
    let mut ordered: Vec<TypeSource> = Vec::new();
    while !left.is_empty() {
        let ready = |text: &TypeSource| {
            let words: BTreeSet<_> = words(&text.c).collect();
            !left.iter().any(|other| {
                other.key != text.key
                    && other.declares.iter().any(|name| words.contains(name.as_str()) && !text.declares.contains(name))
            })
        };
        // Two that need each other can only do so through pointers, for which tags have been declared before.
        let index = left.iter().position(ready).unwrap_or(0);
        ordered.push(left.remove(index));
    }
    ordered
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|one: char| !one.is_ascii_alphanumeric() && one != '_').filter(|word| !word.is_empty())
}

/// `struct a; struct b;` for all tags of structs and unions, so that pointers to them can stand anywhere.
pub fn forward(texts: &[TypeSource]) -> String {
    let mut forward = String::new();
    for (keyword, tag) in texts.iter().filter_map(|text| tag(&text.c)).filter(|(keyword, _)| *keyword != "enum") {
        forward += &format!("{keyword} {tag}; ");
    }
    forward
}

/// What a definition's type is called in C. Those that are declared inside another's text are called by their tags.
pub fn c_name(definition: &types::Definition, texts: &BTreeMap<&str, &TypeSource>) -> String {
    match texts.get(definition.name.as_str()) {
        Some(text) => text.c_name.clone(),
        None => {
            let keyword = match &definition.kind {
                types::TypeKind::Enum(_) => "enum",
                types::TypeKind::Record(record) if record.union => "union",
                _ => "struct",
            };
            format!("{keyword} {}", definition.name)
        }
    }
}

/// What others may call a definition's type in C: its own name, and its tag.
pub fn c_names(definition: &types::Definition, texts: &BTreeMap<&str, &TypeSource>) -> Vec<String> {
    let mut names = vec![c_name(definition, texts)];
    let tagged = texts.get(definition.name.as_str()).and_then(|text| tag(&text.c));
    names.extend(tagged.map(|(keyword, tag)| format!("{keyword} {tag}")));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_types_are_called_in_c() {
        for (c, expected) in [
            ("struct point { double x, y; };", "struct point"),
            ("typedef struct point { double x, y; } point_t;", "point_t"),
            ("typedef struct { struct { int a; } b; } outer", "outer"),
            ("struct __attribute__((packed)) p { char a; };", "struct p"),
            ("struct p { char a; } __attribute__((packed));", "struct p"),
            ("typedef int (*compare)(const void *a, const void *b);", "compare"),
            ("typedef unsigned long uLong;", "uLong"),
            ("typedef char name[16];", "name"),
            ("enum color { RED }", "enum color"),
        ] {
            assert_eq!(one("key", c).c_name, expected, "{c}");
        }
    }
}
