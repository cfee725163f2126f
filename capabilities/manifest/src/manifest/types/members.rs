//! What becomes of each member of a struct or a union.

use super::super::raw::{self, Key, on};
use super::{Origin, Types, UNKNOWN};
use crate::declaration::{MemberShape, Name};
use crate::diagnostic::{Mistake, Written};
use crate::document::DocumentReader;
use cloison_contract::spelling::did_you_mean;
use cloison_contract::types::{CType, Member, MemberRole, TypeId, TypeKind};
use std::collections::BTreeSet;

/// Gives each member of a record its role.
pub(super) fn decide(reader: &mut DocumentReader, types: &mut Types<'_, '_>, index: usize, shapes: Vec<MemberShape>) {
    let Origin { raw, inner, .. } = types.origins[index];
    if !matches!(types.definitions[index].kind, TypeKind::Record(_)) {
        return;
    }
    let tables = if inner { &[] } else { &raw.members[..] };
    for (position, table) in tables.iter().enumerate() {
        let twice = tables[..position].iter().any(|other| other.name.text == table.name.text);
        if twice {
            let message = format!("the member `{}` has two tables", table.name.text);
            reader.error(table.name.span.clone(), message);
        } else if !shapes.iter().any(|shape| shape.name.text == table.name.text) {
            unknown(reader, &shapes, raw, &table.name);
        }
    }
    let role = |shape: &MemberShape| {
        let table = tables.iter().find(|table| table.name.text == shape.name.text);
        match table {
            Some(table) if table.flawed => None,
            _ => role(reader, types, &Record { raw, inner, shapes: &shapes }, shape, table),
        }
    };
    let roles: Vec<_> = shapes.iter().map(role).collect();
    let live = raw.live.as_ref().filter(|_| !inner).and_then(|key| live_member(reader, raw, &shapes, &roles, key));
    let member = |(shape, role): (MemberShape, Option<MemberRole>)| Member {
        name: shape.name.text,
        c_type: shape.c_type,
        offset: shape.offset,
        bits: shape.bits,
        role: role.unwrap_or(MemberRole::Hidden),
    };
    let decided = shapes.into_iter().zip(roles).map(member).collect();
    if let TypeKind::Record(record) = &mut types.definitions[index].kind {
        record.members = decided;
        record.live = live;
    }
}

fn unknown(reader: &mut DocumentReader, shapes: &[MemberShape], raw: &raw::Type<'_>, name: &Written) {
    let hint = match did_you_mean(&name.text, shapes.iter().map(|shape| shape.name.text.as_str())) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => {
            let list: Vec<_> = shapes.iter().map(|shape| format!("`{}`", shape.name.text)).collect();
            format!("the members are {}", list.join(", "))
        }
    };
    reader.error_with_hint(name.span.clone(), format!("`{}` is no member of `{}`", name.text, raw.name.text), hint);
}

/// The record that a member belongs to.
struct Record<'a, 'd> {
    raw: &'a raw::Type<'d>,
    inner: bool,
    shapes: &'a [MemberShape],
}

fn role(
    reader: &mut DocumentReader,
    types: &Types<'_, '_>,
    record: &Record<'_, '_>,
    shape: &MemberShape,
    table: Option<&raw::Member>,
) -> Option<MemberRole> {
    if table.is_some_and(|table| on(&table.hidden)) {
        only(reader, table, "hidden", &["hidden"])?;
        return Some(MemberRole::Hidden);
    }
    let null = table.is_some_and(|table| on(&table.null));
    match &shape.c_type {
        CType::Pointer { to, constant } => match **to {
            ref to if to.is_char() && (*constant || table.is_some()) => {
                only(reader, table, "a string", &["text", "bytes", "null"])?;
                table.map_or(Some(()), |table| both_kinds(reader, table))?;
                Some(MemberRole::Text { bytes: table.is_some_and(|table| on(&table.bytes)), null })
            }
            CType::Opaque(id) => {
                only(reader, table, "a handle", &["null"])?;
                Some(MemberRole::Handle { id, null })
            }
            _ => undecided(reader, record, shape, table),
        },
        CType::Array { .. } if has_pointer(&shape.c_type) => undecided(reader, record, shape, table),
        CType::Array { of, .. } if is_byte(of) => {
            only(reader, table, "an array of bytes", &["text", "bytes"])?;
            table.map_or(Some(()), |table| both_kinds(reader, table))?;
            let text = table.is_some_and(|table| on(&table.text));
            Some(if text { MemberRole::TextArray } else { MemberRole::Value })
        }
        CType::Record { id, .. } if types.record(*id).is_some_and(|record| record.union) => {
            only(reader, table, "a union", &["live"])?;
            match table.and_then(|table| table.live.as_ref()) {
                Some(key) => union(reader, types, record, *id, key),
                None => Some(MemberRole::Value),
            }
        }
        _ => {
            only(reader, table, "a value", &[])?;
            Some(MemberRole::Value)
        }
    }
}

/// A pointer of which nothing is said, or nothing that makes sense.
fn undecided(
    reader: &mut DocumentReader,
    record: &Record<'_, '_>,
    shape: &MemberShape,
    table: Option<&raw::Member>,
) -> Option<MemberRole> {
    let name = &shape.name.text;
    only(reader, table, "a pointer that Python cannot see", &["hidden"])?;
    let raw = record.raw;
    let hint = if record.inner {
        "give the struct that it is in a table of its own, [types.NAME], which can say what the pointer is".to_owned()
    } else {
        way_around(&shape.c_type, name, &raw.name.text)
    };
    let mistake =
        Mistake::new(shape.name.span.clone(), format!("`{name}` is a pointer, and addresses stay in the zone"));
    reader.mistake_in(&raw.c, mistake.hint(hint));
    None
}

/// How what a member leads to crosses the wall all the same. A NULL instead of it is right only where nobody looks.
fn way_around(c_type: &CType, name: &str, record: &str) -> String {
    let to = match c_type {
        CType::Pointer { to, .. } => Some(&**to),
        _ => None,
    };
    let hidden = format!("`{name} = {{ hidden = true }}` in [types.{record}]");
    match to {
        Some(CType::Function(_)) => format!(
            "write a C function that takes the functions as parameters and fills in the struct; {hidden} gives C NULL \
             there, which is right only for what it never calls"
        ),
        Some(to) if to.is_char() => format!(
            "for a string write `{name} = {{ text = true }}` in [types.{record}]; for other memory write a C function that \
             takes or gives it as a parameter; `{name} = {{ hidden = true }}` leaves it out, and gives C NULL"
        ),
        _ => format!(
            "what it leads to is not copied with the struct: write a C function that takes or gives it as a parameter; \
             {hidden} leaves it out, and gives C NULL"
        ),
    }
}

/// `live = { by = "kind", cases = { 0 = "i", 1 = "d" } }`
fn union(
    reader: &mut DocumentReader,
    types: &Types<'_, '_>,
    record: &Record<'_, '_>,
    id: TypeId,
    key: &Key<raw::Live>,
) -> Option<MemberRole> {
    let (live, raw, shapes) = (&key.value, record.raw, record.shapes);
    let Some(by) = shapes.iter().position(|shape| shape.name.text == live.by.text) else {
        unknown(reader, shapes, raw, &live.by);
        return None;
    };
    let Some((least, most)) = shapes[by].c_type.scalar().and_then(|scalar| scalar.bounds()) else {
        let message = format!("`{}` is not a whole number, so it cannot choose a member", live.by.text);
        reader.error(live.by.span.clone(), message);
        return None;
    };
    let members = &types.origins.get(id.0 as usize)?.members;
    let mut seen = BTreeSet::new();
    let mut cases = Vec::new();
    for (code, member) in &live.cases {
        let value = integer(reader, types, code)?;
        if !(least..=most).contains(&value) {
            reader.error(code.span.clone(), format!("`{}` can never be {value}", live.by.text));
            return None;
        }
        if !seen.insert(value) {
            reader.error(code.span.clone(), format!("there are two cases for {value}"));
            return None;
        }
        let Some(position) = members.iter().position(|name| name.text == member.text) else {
            let hint = format!("the members are {}", list(members));
            let message = format!("`{}` is no member of `{}`", member.text, types.name(id));
            reader.error_with_hint(member.span.clone(), message, hint);
            return None;
        };
        cases.push((value, position));
    }
    if cases.is_empty() {
        reader.error(key.span.clone(), "no case is given, so no member could ever be live");
        return None;
    }
    Some(MemberRole::Union { by, cases })
}

/// A number as a key: in digits, or the name of a constant or of an enumeration's value.
pub(in crate::manifest) fn integer(reader: &mut DocumentReader, types: &Types<'_, '_>, key: &Written) -> Option<i128> {
    let number = match key.text.strip_prefix("0x") {
        Some(digits) => i128::from_str_radix(digits, 16).ok(),
        None => key.text.parse().ok(),
    };
    let found = number.or_else(|| types.integer(&key.text));
    if found.is_none() {
        let hint = match did_you_mean(&key.text, types.integers.iter().map(|(name, _)| name.as_str())) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "a whole number, a name in [constants], or an enumeration's value".to_owned(),
        };
        reader.error_with_hint(key.span.clone(), format!("`{}` stands for no whole number", key.text), hint);
    }
    found
}

/// `live` of the union itself.
fn live_member(
    reader: &mut DocumentReader,
    raw: &raw::Type<'_>,
    shapes: &[MemberShape],
    roles: &[Option<MemberRole>],
    key: &Key<Written>,
) -> Option<usize> {
    let Some(index) = shapes.iter().position(|shape| shape.name.text == key.value.text) else {
        unknown(reader, shapes, raw, &key.value);
        return None;
    };
    if matches!(roles[index], Some(MemberRole::Hidden)) {
        reader
            .error(key.value.span.clone(), format!("`{}` is hidden, so there would be nothing to see", key.value.text));
        return None;
    }
    Some(index)
}

/// Where a union stands in a record, something says which member is live.
pub(super) fn check_unions(reader: &mut DocumentReader, types: &Types<'_, '_>) {
    for (index, definition) in types.definitions.iter().enumerate() {
        let TypeKind::Record(record) = &definition.kind else { continue };
        for member in record.members.iter().filter(|member| member.role == MemberRole::Value) {
            let Some(id) = record_of(&member.c_type) else { continue };
            if types.lacks_live(id) {
                let (name, raw) = (types.name(id), types.origins[index].raw);
                let hint = format!(
                    "add `live = \"…\"` to [types.{name}], or to [types.{}]: `{} = {{ live = {{ by = \"…\", cases = {{ 0 = \"…\" }} }} }}`",
                    raw.name.text, member.name
                );
                let message = format!("which member of the union `{name}` is live in `{}`?", member.name);
                let place = types.origins[index].members.iter().find(|one| one.text == member.name);
                let span = place.map_or(0..0, |name| name.span.clone());
                reader.mistake_in(&raw.c, Mistake::new(span, message).hint(hint));
            }
        }
    }
}

/// The record that a value is, or is made of many of.
fn record_of(c_type: &CType) -> Option<TypeId> {
    match c_type {
        CType::Array { of, .. } => record_of(of),
        CType::Record { id, .. } => Some(*id),
        _ => None,
    }
}

impl Types<'_, '_> {
    /// Whether it is a union of which nothing says what is live.
    pub(in crate::manifest) fn lacks_live(&self, id: TypeId) -> bool {
        let said = self.origins.get(id.0 as usize).is_some_and(|one| !one.inner && one.raw.live.is_some());
        !said && self.record(id).is_some_and(|record| record.union)
    }
}

/// Notes keys that have no meaning for a member.
fn only(reader: &mut DocumentReader, table: Option<&raw::Member>, what: &str, allowed: &[&str]) -> Option<()> {
    let Some(table) = table else { return Some(()) };
    let before = reader.mistakes();
    for (word, span) in table.present.iter().filter(|(word, _)| !allowed.contains(word)) {
        reader.error(span.clone(), format!("`{word}` has no meaning for `{}`, which is {what}", table.name.text));
    }
    (reader.mistakes() == before).then_some(())
}

fn both_kinds(reader: &mut DocumentReader, table: &raw::Member) -> Option<()> {
    match &table.bytes {
        Some(key) if key.value && on(&table.text) => {
            reader.error_with_hint(key.span.clone(), "both `text` and `bytes`", "keep one of them");
            None
        }
        _ => Some(()),
    }
}

fn has_pointer(c_type: &CType) -> bool {
    match c_type {
        CType::Array { of, .. } => has_pointer(of),
        CType::Pointer { .. } => true,
        _ => false,
    }
}

fn is_byte(c_type: &CType) -> bool {
    c_type.layout().unwrap_or(UNKNOWN).size == 1 && matches!(c_type, CType::Scalar { .. })
}

fn list(names: &[Name]) -> String {
    names.iter().map(|name| format!("`{}`", name.text)).collect::<Vec<_>>().join(", ")
}
