//! Pointers to pointers: what the library fills in, or an array of strings or of handles.

use super::super::raw::{self, Key, on};
use super::draft::{self, ParameterDraft};
use super::keys::{both_kinds, ends_at_null, expression, max_bytes, no_string, place, size_only};
use super::{Context, Pointee, record};
use crate::diagnostic::Written;
use crate::document::DocumentReader;
use cloison_contract::expression::Expression;
use cloison_contract::interface::FunctionId;
use cloison_contract::shape::{Direction, Element, OutPointer, Pointed, ReturnedString, Shape};
use cloison_contract::types::{CType, TypeId};
use std::ops::Range;

/// A pointer that the library fills in, half understood: `owner` needs the other parameters' shapes.
pub(super) struct OutPointerDraft {
    pointed: PointedDraft,
    free_on_error: bool,
}

enum PointedDraft {
    Handle(TypeId),
    Known(Pointed),
}

pub(super) fn draft(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    constant: bool,
    table: &raw::Parameter<'_>,
) -> Option<ParameterDraft> {
    let CType::Pointer { to, .. } = context.c_type(index) else { return None };
    let CType::Pointer { to: pointed, .. } = &**to else { return None };
    let name = context.name(index);
    match draft::direction(reader, context, index, constant, table)? {
        None => {
            draft::neither(reader, context, index, table);
            None
        }
        Some(Direction::In) => array(reader, context, index, pointed, table),
        Some(Direction::InOut) => {
            let message =
                format!("`{name}` points to a pointer that is both read and written, and addresses stay in the zone");
            let ends = match matches!(Pointee::of(pointed), Some(Pointee::Object(_))) {
                true => " if it ends the object there, `consumed = true`;",
                false => "",
            };
            let hint =
                format!("if the library only fills it in, it is `out = true`;{ends} else a wrapper in C is needed");
            reader.error_with_hint(table.span.clone(), message, hint);
            None
        }
        Some(Direction::Out) if context.is_callback() => {
            let message = format!("`{name}` would be a pointer that Python gives, and addresses stay in the zone");
            let hint = format!(
                "if C can do without it, write `{name} = {{ user_data = true }}`; else a wrapper in C is needed"
            );
            reader.error_with_hint(table.span.clone(), message, hint);
            None
        }
        Some(Direction::Out) => filled_in(reader, context, index, pointed, table).map(ParameterDraft::OutPointer),
    }
}

/// `const char *const *names`, and in callbacks `sqlite3_value **argv`.
fn array(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    pointed: &CType,
    table: &raw::Parameter<'_>,
) -> Option<ParameterDraft> {
    let name = context.name(index);
    let element = match Pointee::of(pointed) {
        Some(Pointee::Character) => Element::Text { bytes: on(&table.bytes) },
        Some(Pointee::Object(id)) if context.is_callback() => Element::Handle { id },
        Some(Pointee::Object(id)) => {
            let of = context.world.types.name(id);
            let message = format!("`{name}` is an array of handles of `{of}`, which only callbacks can be given");
            let hint = "if it is one, which the function ends, write `consumed = true`; else call the function once for each, or write a wrapper in C";
            reader.error_with_hint(table.span.clone(), message, hint);
            return None;
        }
        _ => {
            let message = format!("`{name}` is an array of pointers, and only strings and handles can be behind them");
            let hint = "write a wrapper in C with one flat buffer";
            reader.error_with_hint(table.span.clone(), message, hint);
            return None;
        }
    };
    if table.length.is_none() && context.array(index).is_none() {
        let count = context.likely_count(index).unwrap_or("…");
        let hint = format!(
            "write `{name} = {{ in = true, length = \"{count}\" }}`, with the parameter that counts them, or \
             `length = \"NULL\"` if the last one is followed by NULL"
        );
        reader.error_with_hint(table.span.clone(), format!("how many are there in `{name}`? It needs `length`"), hint);
        return None;
    }
    draft::buffer(reader, context, index, table, Direction::In, (Pointee::Pointer, element))
}

fn filled_in(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    pointed: &CType,
    table: &raw::Parameter<'_>,
) -> Option<OutPointerDraft> {
    let null = on(&table.null);
    let free = match &table.free {
        Some(key) => Some(context.world.free(reader, key, pointed)?),
        None => None,
    };
    let pointee = Pointee::of(pointed);
    let counted = table.length.is_some();
    let pointed = match pointee {
        Some(Pointee::Object(id)) => {
            table.only(reader, "a pointer that becomes a handle", &["out", "owner", "borrowed", "null", "on_error"])?;
            PointedDraft::Handle(id)
        }
        Some(Pointee::Record(id, layout)) if !counted => {
            table.only(reader, "a pointer that becomes a struct or union", &["out", "null", "free", "on_error"])?;
            record::live(reader, context, index, id)?;
            PointedDraft::Known(Pointed::Record { id, layout, null, free })
        }
        // `char ***`
        Some(Pointee::Pointer) if counted && strings(pointed, table).is_some() => {
            let known = data(reader, context, index, (Pointee::Pointer, strings(pointed, table)?), table, free)?;
            PointedDraft::Known(known)
        }
        Some(pointee)
            if pointee.element().is_some()
                && (counted || matches!(pointee, Pointee::Character | Pointee::WideCharacter)) =>
        {
            let known = data(reader, context, index, (pointee, pointee.element()?), table, free)?;
            PointedDraft::Known(known)
        }
        Some(pointee) if pointee.element().is_some() => {
            let name = context.name(index);
            let hint = format!(
                "as in `{name} = {{ out = true, length = \"*n\" }}`, with the parameter that is its length after the call"
            );
            reader.error_with_hint(table.span.clone(), format!("how long is what `{name}` then points to?"), hint);
            return None;
        }
        _ => {
            let message = format!("what `{}` then points to cannot be given to Python", context.name(index));
            let hint = "it can be a handle, a string, a buffer of numbers or structs, or one struct; else a wrapper in C is needed";
            reader.error_with_hint(table.span.clone(), message, hint);
            return None;
        }
    };
    let free_on_error = table.on_error.is_some();
    let freed = free.is_some() || matches!(pointed, PointedDraft::Handle(_));
    if free_on_error && !freed {
        let span = place(&table.on_error).unwrap_or_default();
        reader.error_with_hint(span, "`on_error` says to free it, and nothing says how", "add `free = \"…\"`");
        return None;
    }
    Some(OutPointerDraft { pointed, free_on_error })
}

/// The strings that the pointers of an array lead to, if they do.
fn strings(pointed: &CType, table: &raw::Parameter<'_>) -> Option<Element> {
    let CType::Pointer { to, .. } = pointed else { return None };
    to.is_char().then(|| Element::Text { bytes: on(&table.bytes) })
}

/// Elements that are counted or end at one that is all zero, or a string.
fn data(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    (pointee, element): (Pointee, Element),
    table: &raw::Parameter<'_>,
    free: Option<FunctionId>,
) -> Option<Pointed> {
    let mut allowed = vec!["out", "length", "null", "free", "on_error"];
    if pointee.is_byte() || pointee == Pointee::Pointer {
        allowed.extend(["text", "bytes"]);
    }
    if pointee == Pointee::WideCharacter {
        allowed.push("text");
    }
    if table.length.is_some() || pointee == Pointee::WideCharacter {
        allowed.push("max");
    }
    table.only(reader, "a pointer that the library fills in", &allowed)?;
    both_kinds(reader, table)?;
    if let Pointee::Record(id, _) = pointee {
        record::live(reader, context, index, id)?;
    }
    let (text, bytes, null) = (on(&table.text), on(&table.bytes), on(&table.null));
    no_string(reader, &table.length, pointee)?;
    let ends = ends_at_null(table.length.as_ref());
    let length = expression(reader, context, table.length.as_ref().filter(|_| !ends), true)?;
    if ends || length.is_some() || (text && pointee == Pointee::WideCharacter) {
        size_only(reader, table)?;
        let max_bytes = max_bytes(reader, context, table)?;
        let text = text && element.scalar().is_some();
        return Some(Pointed::Buffer { element, length, max_bytes, text, null, free });
    }
    if pointee == Pointee::WideCharacter {
        let name = context.name(index);
        let hint = format!(
            "write `{name} = {{ out = true, text = true }}` if it is a string, or add `length`, with what says how many `wchar_t` there are"
        );
        reader.error_with_hint(table.span.clone(), format!("how long is what `{name}` then points to?"), hint);
        return None;
    }
    if !text && !bytes {
        let name = context.name(index);
        let hint = format!(
            "write `{name} = {{ out = true, text = true }}` if it is UTF-8, else `bytes = true`; with `length` it is no string but data"
        );
        reader.error_with_hint(table.span.clone(), format!("`{name}` becomes a string: as `str` or as `bytes`?"), hint);
        return None;
    }
    Some(Pointed::String(ReturnedString { text, null, free }))
}

/// The shape, but for who owns a handle.
pub(super) fn shape(draft: &OutPointerDraft, table: Option<&raw::Parameter<'_>>) -> Shape {
    let pointed = match &draft.pointed {
        PointedDraft::Handle(id) => Pointed::Handle {
            id: *id,
            null: table.is_some_and(|table| on(&table.null)),
            owner: None,
            borrowed: table.is_some_and(|table| on(&table.borrowed)),
        },
        PointedDraft::Known(known) => known.clone(),
    };
    Shape::OutPointer(OutPointer { pointed, free_on_error: draft.free_on_error })
}

impl OutPointerDraft {
    /// How much the library has filled in.
    pub(super) fn length(&self) -> Option<&Expression> {
        match &self.pointed {
            PointedDraft::Known(Pointed::Buffer { length, .. }) => length.as_ref(),
            PointedDraft::Known(Pointed::Handle { .. } | Pointed::Record { .. } | Pointed::String(_))
            | PointedDraft::Handle(_) => None,
        }
    }
}

/// Where a key stands, or else the whole table.
pub(super) fn at(key: &Option<Key<Written>>, table: &raw::Parameter<'_>) -> Range<usize> {
    key.as_ref().map_or(table.span.clone(), |key| key.value.span.clone())
}
