//! Whether the library is told how much memory stands behind a pointer.
//!
//! `capacity = "bound(n)"` says how much room there is, but tells it to nobody. If the C function takes a size as well, and no
//! key names it, it would be a Python argument like any other: a larger number than the room, and the library writes (or
//! reads) beyond the end. So an integer right behind such a buffer, or one that is called as a size, has to be decided.

use super::super::raw::Max;
use super::draft::{BufferDraft, ParameterDraft};
use super::fill::{FillSource, bare};
use super::out_pointer::at;
use super::{Context, Fills};
use crate::document::DocumentReader;
use cloison_contract::expression::Expression;
use cloison_contract::shape::Direction;
use cloison_contract::types::Scalar;

pub(super) fn check(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    drafts: &[ParameterDraft],
    fills: &Fills,
) -> Option<()> {
    let mut fine = true;
    for (index, draft) in drafts.iter().enumerate() {
        let ParameterDraft::Buffer(buffer) = draft else { continue };
        if is_told(context, fills, index, buffer) {
            continue;
        }
        let open = |number: usize| {
            is_number(&drafts[number])
                && context.is_free(number)
                && fills[number].is_none()
                && !is_named(context, drafts, number)
        };
        let behind = Some(index + 1).filter(|next| *next < drafts.len() && open(*next));
        let called = || (0..drafts.len()).find(|one| open(*one) && is_size(context.name(*one), context.name(index)));
        if let Some(size) = behind.or_else(called) {
            refuse(reader, context, index, buffer, size);
            fine = false;
        }
    }
    fine.then_some(())
}

fn is_number(draft: &ParameterDraft) -> bool {
    matches!(draft, ParameterDraft::Number { scalar, enumeration: None } if !scalar.is_float() && *scalar != Scalar::Bool)
}

/// Whether a number is called as the size of something is, or after the buffer: `dstCapacity` of `dst`.
fn is_size(number: &str, buffer: &str) -> bool {
    let (number, buffer) = (number.to_ascii_lowercase(), buffer.to_ascii_lowercase());
    let after = buffer.len() > 1 && number != buffer && number.starts_with(&buffer);
    after || ["size", "len", "length", "capacity", "bytes"].iter().any(|end| number.ends_with(end))
}

/// Whether C or Python puts the number of elements into a parameter: then the library has it.
fn is_told(context: &Context<'_, '_>, fills: &Fills, index: usize, buffer: &BufferDraft) -> bool {
    let filled = fills.iter().flatten().any(|fill| match fill {
        FillSource::CapacityOf(of) => *of == index,
        FillSource::LengthOf(of) => of.contains(&index),
        FillSource::Written { .. } => false,
    });
    let Some(extent) = extent(buffer) else {
        // `char digest[16]`, or an array that ends at its NULL.
        return true;
    };
    filled || bare(Some(extent)).is_some_and(|target| !context.is_free(target))
}

fn extent(buffer: &BufferDraft) -> Option<&Expression> {
    match buffer.direction {
        Direction::Out => buffer.capacity.as_ref(),
        Direction::In | Direction::InOut => buffer.argument_length(),
    }
}

/// Whether any key of the function counts with it.
fn is_named(context: &Context<'_, '_>, drafts: &[ParameterDraft], number: usize) -> bool {
    let names = |expression: &Expression| expression.any(|part| *part == Expression::Parameter(number));
    context.value_length.as_ref().is_some_and(names)
        || drafts.iter().any(|draft| match draft {
            ParameterDraft::Buffer(buffer) => {
                [&buffer.length, &buffer.capacity, &buffer.max].into_iter().flatten().any(names)
            }
            ParameterDraft::OutPointer(pointer) => pointer.length().is_some_and(names),
            ParameterDraft::Callback
            | ParameterDraft::Constant(_)
            | ParameterDraft::Handle(_)
            | ParameterDraft::Number { .. }
            | ParameterDraft::Owned
            | ParameterDraft::Record { .. }
            | ParameterDraft::ScalarPointer { .. }
            | ParameterDraft::Text
            | ParameterDraft::Unmarked
            | ParameterDraft::Wide(_)
            | ParameterDraft::WideText => false,
        })
}

fn refuse(reader: &mut DocumentReader, context: &Context<'_, '_>, index: usize, buffer: &BufferDraft, size: usize) {
    let Some(table) = context.table(index) else { return };
    let (name, size) = (context.name(index), context.name(size));
    let out = buffer.direction == Direction::Out;
    let (key, what) = if out { (&table.capacity, "room there is in") } else { (&table.length, "there is of") };
    let tied = match (out, key, &table.max) {
        (false, ..) => format!("`{name} = {{ …, length = \"{size}\" }}`"),
        (true, Some(key), None) => {
            let bytes = match buffer.element.size() {
                1 => key.value.text.clone(),
                bytes => format!("{bytes} * ({})", key.value.text),
            };
            format!("`{name} = {{ …, capacity = \"{size}\", max = \"{bytes}\" }}`")
        }
        (true, _, Some(max)) if matches!(max.value, Max::Bytes(_)) => {
            format!("`{name} = {{ …, capacity = \"{size}\" }}` with this `max`")
        }
        _ => format!("`{name} = {{ …, capacity = \"{size}\" }}`"),
    };
    let hint =
        format!("{tied} fills it in; if it is no size, say so with a table of its own: `{size} = {{ in = true }}`");
    let message = format!("nobody tells the library how much {what} `{name}`: should `{size}`?");
    reader.error_with_hint(at(key, table), message, hint);
}
