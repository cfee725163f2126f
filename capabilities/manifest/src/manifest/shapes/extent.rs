//! How long a function's buffer is, and how much room it has.

use super::super::raw::{self, Key, Max};
use super::draft::{BufferDraft, ParameterDraft};
use super::fill::{FillSource, bare};
use super::keys::{place, size_only};
use super::{Context, Fills, Pointee};
use crate::document::DocumentReader;
use cloison_contract::expression::{Expression, Operator};
use cloison_contract::shape::Direction;

/// The buffer's `length` and `capacity` as a [buffer](cloison_contract::shape::Buffer) has them.
#[allow(clippy::too_many_arguments, reason = "one step of `buffer`, in a file of its own")]
pub(super) fn extent(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    drafts: &[ParameterDraft],
    fills: &Fills,
    index: usize,
    draft: &BufferDraft,
    table: &raw::Parameter<'_>,
    max_bytes: u64,
) -> Option<(Option<Expression>, Option<Expression>)> {
    check_filled_pointer(reader, context, drafts, index, draft, table)?;
    let name = context.name(index);
    let filled_from_this = |target: usize| match &fills[target] {
        Some(FillSource::LengthOf(of)) => of.contains(&index),
        Some(FillSource::CapacityOf(of)) => *of == index,
        Some(FillSource::Written { .. }) | None => false,
    };
    let fixed = draft.array.map(|length| Expression::Integer(i128::from(length)));
    let fills_something = bare(draft.argument_length()).is_some_and(filled_from_this);
    match draft.direction {
        Direction::In if draft.capacity.is_some() => {
            let hint = "a buffer that is only `in` has a `length`";
            reader.error_with_hint(
                place(&table.capacity).unwrap_or_default(),
                format!("`capacity` has no meaning for `{name}`"),
                hint,
            );
            None
        }
        Direction::In if fills_something => Some((None, None)),
        Direction::In => Some((draft.length.clone().or(fixed), None)),
        Direction::InOut if draft.capacity.is_some() && !fills_something => {
            let hint = format!(
                "name the parameter that is filled in with the argument's length: `{name} = {{ in = true, out = true, capacity = \"n\" }}`"
            );
            let message = format!("the capacity of `{name}`, which is `in` and `out`, is the length of the argument");
            reader.error_with_hint(place(&table.capacity).unwrap_or_default(), message, hint);
            None
        }
        // `length = "n"` alone: the argument keeps its length. `*n` comes back with what was written.
        Direction::InOut if draft.capacity.is_none() && fills_something => {
            let written = draft.length.clone().filter(|length| matches!(length, Expression::Dereference(_)));
            Some((written, None))
        }
        Direction::InOut => Some((draft.length.clone().or(fixed), None)),
        Direction::Out => {
            let Some(capacity) = draft.capacity.clone().or(fixed) else {
                let hint = format!(
                    "how much room does the library need? As in `{name} = {{ out = true, capacity = \"n\", length = … }}`"
                );
                reader.error_with_hint(table.span.clone(), format!("`{name}` is `out` and needs `capacity`"), hint);
                return None;
            };
            match bare(Some(&capacity))
                .filter(|target| matches!(&fills[*target], Some(FillSource::CapacityOf(of)) if *of == index))
            {
                None => {
                    size_only(reader, table)?;
                    Some((draft.length.clone(), Some(capacity)))
                }
                Some(target) => {
                    Some((draft.length.clone(), Some(room(reader, context, table, draft, target, max_bytes)?)))
                }
            }
        }
    }
}

/// How many elements there is room for, when nobody passes the capacity.
fn room(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    table: &raw::Parameter<'_>,
    draft: &BufferDraft,
    target: usize,
    max_bytes: u64,
) -> Option<Expression> {
    let size = draft.element.size();
    match (&table.max, &draft.max) {
        (Some(Key { value: Max::Bytes(_), .. }), _) => {
            // No more than the parameter itself can say.
            let most = context.scalar(target)?.bounds().map_or(i128::MAX, |(_, most)| most);
            Some(Expression::Integer((i128::from(max_bytes) / size.max(1) as i128).min(most)))
        }
        (_, Some(bytes)) if size == 1 => Some(bytes.clone()),
        (_, Some(bytes)) => {
            let size = Expression::Integer(size as i128);
            Some(Expression::Binary(Operator::Divide, Box::new(bytes.clone()), Box::new(size)))
        }
        (_, None) => {
            let name = context.name(target);
            let message = format!("how large is `{}` at most?", table.name.text);
            let hint = format!(
                "add `max = \"64 KiB\"` or `max = \"bound(n)\"` here, or let Python pass `{name}`: `{name} = {{ default = 4096 }}`"
            );
            reader.error_with_hint(table.span.clone(), message, hint);
            None
        }
    }
}

/// A scalar pointer that only tells the library the capacity would come back unread: then the length is most probably missing.
fn check_filled_pointer(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    drafts: &[ParameterDraft],
    index: usize,
    draft: &BufferDraft,
    table: &raw::Parameter<'_>,
) -> Option<()> {
    let Some(Expression::Dereference(pointer)) = draft.capacity else { return Some(()) };
    let written = context.pointee(pointer).is_some_and(|(_, constant)| !constant)
        && matches!(drafts[pointer], ParameterDraft::Unmarked);
    let terminated = draft.ends_at_null || matches!(draft.pointee, Pointee::Character | Pointee::WideCharacter);
    if draft.length.is_none() && !terminated && written {
        let (name, pointer) = (context.name(index), context.name(pointer));
        let hint = format!("add `length = \"*{pointer}\"` if the library leaves there how much it wrote");
        reader.error_with_hint(table.span.clone(), format!("how much of `{name}` does the library write?"), hint);
        return None;
    }
    Some(())
}
