//! What a returned pointer leads to.

use super::super::declare::Declared;
use super::super::raw::{self, on};
use super::super::shapes::{Owning, ends_at_null, owned, too_aligned, within_call};
use super::super::world::World;
use crate::diagnostic::Mistake;
use crate::document::DocumentReader;
use cloison_contract::expression::Expression;
use cloison_contract::interface::{FunctionId, Parameter};
use cloison_contract::shape::{Element, Pointed, ReturnedString, Shape};
use cloison_contract::types::{CType, Scalar};

/// The keys that are about what a pointer leads to.
const KEYS: [&str; 8] = ["text", "bytes", "null", "free", "length", "max", "owner", "borrowed"];

/// `Some(None)` if there is nothing to follow, `None` if nothing can be made of the pointer.
pub(super) fn pointed(
    reader: &mut DocumentReader,
    world: &World<'_, '_>,
    declared: &Declared<'_, '_>,
    parameters: &[Parameter],
    raw: Option<&raw::Returns>,
    (kept, length): (bool, Option<Expression>),
) -> Option<Option<Pointed>> {
    let result = &declared.prototype.result;
    let CType::Pointer { to, .. } = result else {
        by_value(reader, world, declared)?;
        aligned(reader, world, declared)?;
        let what = if kept { "the function does not return a pointer" } else { "there is no result" };
        only(reader, raw, what, &[])?;
        return Some(None);
    };
    if !kept {
        let keys: &[_] = match &**to {
            to if to.is_char() => &["text", "bytes", "null"],
            to if to.is_wide_char() => &["text", "null"],
            _ => &[],
        };
        only(reader, raw, "there is no result", keys)?;
        return Some(None);
    }
    let free = free(reader, world, raw, to)?;
    let null = raw.is_some_and(|raw| on(&raw.null));
    let (text, bytes) = raw.map_or((false, false), |raw| (on(&raw.text), on(&raw.bytes)));
    let ends = ends_at_null(raw.and_then(|raw| raw.length.as_ref()));
    let byte =
        element(to, bytes).is_some_and(|element| element.size() == 1 && element != Element::Scalar(Scalar::Bool));
    if text && bytes {
        let span = raw.and_then(|raw| raw.place("bytes")).unwrap_or_default();
        reader.error_with_hint(span, "both `text` and `bytes`", "keep one of them");
        return None;
    }
    let pointed = match (&**to, length) {
        (CType::Opaque(id), None) => {
            only(reader, raw, "the function returns a handle", &["null", "owner", "borrowed"])?;
            let known: Vec<_> =
                parameters.iter().map(|one| (one.name.as_str(), &one.shape)).collect::<Vec<(&str, &Shape)>>();
            let name = declared.prototype.name.span.clone();
            let owning = Owning {
                owner: raw.and_then(|raw| raw.owner.as_ref()),
                borrowed: raw.is_some_and(|raw| on(&raw.borrowed)),
                null,
                span: reader.place_in(&declared.raw.c, name),
            };
            owned(reader, world, &known, *id, &owning)?
        }
        (_, None) if ends && byte => {
            let span = raw.and_then(|raw| raw.place("length")).unwrap_or_default();
            let hint = "leave `length` out, and say `text = true` or `bytes = true`";
            reader.error_with_hint(span, "bytes that end at a zero are a string", hint);
            return None;
        }
        (to, length) if element(to, bytes).is_some() && (ends || length.is_some() || (text && to.is_wide_char())) => {
            let element = element(to, bytes)?;
            let mut allowed = vec!["length", "max", "null", "free"];
            if byte || matches!(element, Element::Text { .. }) {
                allowed.extend(["text", "bytes"]);
            }
            if to.is_wide_char() {
                allowed.push("text");
            }
            only(reader, raw, "the function returns a buffer", &allowed)?;
            by_value(reader, world, declared)?;
            let max = raw.and_then(|raw| raw.max.as_ref()).map(|key| (key.span.clone(), key.value));
            let max_bytes = within_call(reader, world, max)?;
            Pointed::Buffer { element, length, max_bytes, text: text && element.scalar().is_some(), null, free }
        }
        (CType::Record { id, layout }, None) => {
            only(reader, raw, "the function returns a struct or union", &["null", "free"])?;
            by_value(reader, world, declared)?;
            Pointed::Record { id: *id, layout: *layout, null, free }
        }
        (to, None) if to.is_wide_char() => {
            only(reader, raw, "the function returns wide text", &["null", "free", "max", "text"])?;
            let name = &declared.prototype.name;
            let message = format!("`{}` returns wide text, or numbers: which?", name.text);
            let hint = "add `returns = { text = true }` if it ends at a zero, else `returns = { length = \"…\" }`";
            reader.mistake_in(&declared.raw.c, Mistake::new(name.span.clone(), message).hint(hint));
            return None;
        }
        (to @ CType::Scalar { .. }, None) if to.is_char() || (byte && (text || bytes)) => {
            only(reader, raw, "the function returns a string", &["null", "free", "text", "bytes"])?;
            if !text && !bytes && !declared.raw.internal {
                let name = &declared.prototype.name;
                let message = format!("`{}` returns a string: as `str` or as `bytes`?", name.text);
                let hint = "add `returns = { text = true }` if it is UTF-8, else `returns = { bytes = true }`";
                reader.mistake_in(&declared.raw.c, Mistake::new(name.span.clone(), message).hint(hint));
                return None;
            }
            Pointed::String(ReturnedString { text: !bytes, null, free })
        }
        _ => {
            unknown(reader, declared, to);
            return None;
        }
    };
    Some(Some(pointed))
}

/// What a pointer can lead to many of.
fn element(to: &CType, bytes: bool) -> Option<Element> {
    match to {
        CType::Pointer { to, .. } if to.is_char() => Some(Element::Text { bytes }),
        CType::Record { id, layout } => Some(Element::Record { id: *id, layout: *layout }),
        CType::Void => Some(Element::Scalar(Scalar::U8)),
        CType::Array { .. }
        | CType::Enum { .. }
        | CType::Function(_)
        | CType::Opaque(_)
        | CType::Pointer { .. }
        | CType::Scalar { .. }
        | CType::Wide(_) => to.scalar().map(Element::Scalar),
    }
}

fn free(
    reader: &mut DocumentReader,
    world: &World<'_, '_>,
    raw: Option<&raw::Returns>,
    pointee: &CType,
) -> Option<Option<FunctionId>> {
    match raw.and_then(|raw| raw.free.as_ref()) {
        Some(key) if !matches!(pointee, CType::Opaque(_)) => world.free(reader, key, pointee).map(Some),
        _ => Some(None),
    }
}

/// Of a union, something must say which member is live.
fn by_value(reader: &mut DocumentReader, world: &World<'_, '_>, declared: &Declared<'_, '_>) -> Option<()> {
    let result = &declared.prototype.result;
    let whole = if let CType::Pointer { to, .. } = result { &**to } else { result };
    let CType::Record { id, .. } = *whole else { return Some(()) };
    if !world.types.lacks_live(id) {
        return Some(());
    }
    let union = world.types.name(id);
    let message = format!("which member of the union `{union}` does it return?");
    let mistake = Mistake::new(declared.prototype.name.span.clone(), message);
    reader.mistake_in(&declared.raw.c, mistake.hint(format!("add `live = \"…\"` to [types.{union}]")));
    None
}

/// A value that is returned has a place of ours.
fn aligned(reader: &mut DocumentReader, world: &World<'_, '_>, declared: &Declared<'_, '_>) -> Option<()> {
    let (CType::Record { id, .. }, name) = (&declared.prototype.result, &declared.prototype.name) else {
        return Some(());
    };
    let Some((text, hint)) = too_aligned(world.types, *id) else { return Some(()) };
    let mistake = Mistake::new(name.span.clone(), format!("`{}`: {text}", name.text));
    reader.mistake_in(&declared.raw.c, mistake.hint(hint));
    None
}

/// Notes keys that have no meaning for this pointer.
fn only(reader: &mut DocumentReader, raw: Option<&raw::Returns>, what: &str, allowed: &[&str]) -> Option<()> {
    let Some(raw) = raw else { return Some(()) };
    let before = reader.mistakes();
    for (word, span) in raw.present.iter().filter(|(word, _)| KEYS.contains(word) && !allowed.contains(word)) {
        reader.error(span.clone(), format!("`{word}` has no meaning here: {what}"));
    }
    (reader.mistakes() == before).then_some(())
}

fn unknown(reader: &mut DocumentReader, declared: &Declared<'_, '_>, to: &CType) {
    let name = &declared.prototype.name;
    let hint = match to {
        CType::Pointer { .. } | CType::Function(_) => {
            "addresses stay in the zone: if the value is of no interest, add `returns = { value = false }`, else write a wrapper in C"
        }
        CType::Array { .. }
        | CType::Enum { .. }
        | CType::Opaque(_)
        | CType::Record { .. }
        | CType::Scalar { .. }
        | CType::Void
        | CType::Wide(_) => {
            "if it is data, add `returns = { length = \"…\" }`; if it is an object, give it a type with `handle = \
                true`; if it is of no interest, add `returns = { value = false }`"
        }
    };
    let message = format!("`{}` returns a pointer, and nothing says what it points to", name.text);
    reader.mistake_in(&declared.raw.c, Mistake::new(name.span.clone(), message).hint(hint));
}
