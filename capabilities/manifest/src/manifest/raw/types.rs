//! `[types.NAME]` as it is written.

use super::super::names::identifier;
use super::parameter::{Parameter, parameters};
use super::{Key, Keys};
use crate::diagnostic::Written;
use crate::document::{DocumentReader, TableEntry};
use crate::keys::TableName;
use std::ops::Range;
use std::time::Duration;
use toml::de::DeValue;

/// The most types a manifest may have.
const MAX_TYPES: usize = 1024;

/// `[types.NAME]`
pub(in crate::manifest) struct Type<'d> {
    pub(in crate::manifest) name: Written,
    pub(in crate::manifest) c: Written,
    pub(in crate::manifest) c_key: Range<usize>,
    pub(in crate::manifest) doc: Option<Written>,
    /// The keys that are there and not `false`, and where they stand; not those of members.
    pub(in crate::manifest) present: Vec<(&'static str, Range<usize>)>,
    pub(in crate::manifest) handle: Option<Key<bool>>,
    pub(in crate::manifest) free: Option<Key<Written>>,
    pub(in crate::manifest) owner: Option<Key<Written>>,
    pub(in crate::manifest) max_live: Option<Key<u32>>,
    pub(in crate::manifest) refcounted: Option<Key<bool>>,
    pub(in crate::manifest) thread_affine: Option<Key<bool>>,
    pub(in crate::manifest) flags: Option<Key<bool>>,
    pub(in crate::manifest) live: Option<Key<Written>>,
    pub(in crate::manifest) error: Option<Key<TableEntry<'d>>>,
    pub(in crate::manifest) deadline: Option<Key<Duration>>,
    pub(in crate::manifest) parameters: Option<Key<Vec<Parameter<'d>>>>,
    pub(in crate::manifest) members: Vec<Member>,
}

/// What a type says of one of its members.
pub(in crate::manifest) struct Member {
    pub(in crate::manifest) name: Written,
    pub(in crate::manifest) present: Vec<(&'static str, Range<usize>)>,
    /// A key is unknown or its value is of the wrong kind, which has been noted.
    pub(in crate::manifest) flawed: bool,
    pub(in crate::manifest) text: Option<Key<bool>>,
    pub(in crate::manifest) bytes: Option<Key<bool>>,
    pub(in crate::manifest) null: Option<Key<bool>>,
    pub(in crate::manifest) hidden: Option<Key<bool>>,
    pub(in crate::manifest) live: Option<Key<Live>>,
}

/// `live = { by = "kind", cases = { 0 = "i", 1 = "d" } }`
pub(in crate::manifest) struct Live {
    pub(in crate::manifest) by: Written,
    pub(in crate::manifest) cases: Vec<(Written, Written)>,
}

impl Type<'_> {
    /// Notes each key that has no meaning for such a type.
    pub(in crate::manifest) fn only(&self, reader: &mut DocumentReader, what: &str, allowed: &[&str]) -> Option<()> {
        let before = reader.mistakes();
        for (word, span) in self.present.iter().filter(|(word, _)| !allowed.contains(word)) {
            reader.error(span.clone(), format!("`{word}` has no meaning for `{}`, which is {what}", self.name.text));
        }
        for member in self.members.iter().filter(|_| !allowed.contains(&"members")) {
            let message = format!("`{}` has no members: it is {what}", self.name.text);
            reader.error(member.name.span.clone(), message);
        }
        (reader.mistakes() == before).then_some(())
    }
}

/// `[types]`
pub(in crate::manifest) fn types<'d>(reader: &mut DocumentReader, value: &TableEntry<'d>) -> Option<Vec<Type<'d>>> {
    let mut table = reader.table(value, "[types]", "{ … }")?;
    let mut entries = table.take_all();
    if let Some(entry) = entries.get(MAX_TYPES) {
        reader.error(entry.key_span.clone(), format!("a manifest has at most {MAX_TYPES} types"));
        entries.truncate(MAX_TYPES);
    }
    Some(entries.iter().filter_map(|entry| one(reader, entry)).collect())
}

fn one<'d>(reader: &mut DocumentReader, entry: &TableEntry<'d>) -> Option<Type<'d>> {
    let name = Written { text: entry.key.to_owned(), span: entry.key_span.clone() };
    let good_name = identifier(reader, &name, "a type");
    if let DeValue::String(text) = entry.value {
        let hint = format!("write `[types.{}]` and below it `c = \"{text}\"`", name.text);
        reader.error_with_hint(entry.span.clone(), format!("[types.{}] is a table", name.text), hint);
        return None;
    }
    let mut table = reader.table(entry, format!("[types.{}]", name.text), "{ c = \"…\" }")?.of(TableName::Type);
    let c_value = table.take("c");
    if c_value.is_none() {
        let hint = format!("add the C declaration: `c = \"struct {0} {{ int a; }};\"`", name.text);
        reader.missing(&table, "c", &hint);
    }
    let doc = table.take("doc").and_then(|value| reader.string(&value));
    let mut keys = Keys::new(&mut table);
    let mut found = Type {
        name,
        c: Written { text: String::new(), span: 0..0 },
        c_key: 0..0,
        doc,
        present: Vec::new(),
        handle: keys.switch(reader, "handle"),
        free: keys.key(reader, "free", DocumentReader::string),
        owner: keys.key(reader, "owner", DocumentReader::string),
        max_live: keys.key(reader, "max_live", |reader, value| Some(reader.count(value)? as u32)),
        refcounted: keys.switch(reader, "refcounted"),
        thread_affine: keys.switch(reader, "thread_affine"),
        flags: keys.switch(reader, "flags"),
        live: keys.key(reader, "live", DocumentReader::string),
        error: keys.key(reader, "error", |_, value| Some(value.clone())),
        deadline: keys.key(reader, "deadline", DocumentReader::duration),
        parameters: keys.key(reader, "parameters", parameters),
        members: Vec::new(),
    };
    keys.undecided(reader, &format!("`{}`", entry.key));
    (_, found.present) = keys.end();
    let mut members = table.take("members").and_then(|value| reader.table(&value, "`members`", "{ NAME = { … } }"));
    let listed = members.as_mut().map(|members| members.take_all()).unwrap_or_default();
    let members = listed.into_iter().chain(table.take_tables());
    found.members = members.filter_map(|entry| member(reader, &entry)).collect();
    reader.finish(table);
    let c_value = c_value?;
    found.c_key = c_value.key_span.clone();
    found.c = reader.string(&c_value)?;
    good_name.then_some(found)
}

fn member(reader: &mut DocumentReader, entry: &TableEntry<'_>) -> Option<Member> {
    let mut table =
        reader.table(entry, format!("the member `{}`", entry.key), "{ text = true }")?.of(TableName::Member);
    let mut keys = Keys::new(&mut table);
    let mut member = Member {
        name: Written { text: entry.key.to_owned(), span: entry.key_span.clone() },
        present: Vec::new(),
        flawed: false,
        text: keys.switch(reader, "text"),
        bytes: keys.switch(reader, "bytes"),
        null: keys.switch(reader, "null"),
        hidden: keys.switch(reader, "hidden"),
        live: keys.key(reader, "live", live),
    };
    keys.undecided(reader, &format!("`{}`", entry.key));
    (member.flawed, member.present) = keys.end();
    reader.finish(table);
    Some(member)
}

fn live(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<Live> {
    let example = "{ by = \"kind\", cases = { 0 = \"a\", 1 = \"b\" } }";
    let mut table = reader.table(value, "`live`", example)?.of(TableName::Live);
    let by = table.take("by");
    let cases = table.take("cases");
    for (key, there) in [("by", by.is_some()), ("cases", cases.is_some())] {
        if !there {
            reader.missing(&table, key, &format!("write `live = {example}`"));
        }
    }
    reader.finish(table);
    let by = by.and_then(|value| reader.string(&value));
    let cases = cases.and_then(|value| reader.table(&value, "`cases`", "{ 0 = \"a\", 1 = \"b\" }"));
    let entries = cases?.take_all();
    let case = |entry: &TableEntry<'_>| {
        let member = reader.string(entry)?;
        Some((Written { text: entry.key.to_owned(), span: entry.key_span.clone() }, member))
    };
    let cases = entries.iter().map(case).collect::<Option<Vec<_>>>();
    Some(Live { by: by?, cases: cases? })
}
