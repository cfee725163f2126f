//! What the keys of a parameter's table have in common, whatever the parameter is.

use super::super::raw::{self, Key, Max, on};
use super::Context;
use crate::document::Reader;
use std::ops::Range;

/// The most bytes that a buffer or a string may have.
pub(super) fn max_bytes(reader: &mut Reader, context: &Context<'_, '_>, table: &raw::Parameter<'_>) -> Option<u64> {
    match &table.max {
        Some(Key { span, value: Max::Bytes(bytes) }) if *bytes > context.call_bytes => {
            let hint = "raise `call_size` in [sandbox] (its default is \"80 MiB\")";
            reader.error_with_hint(span.clone(), "`max` is more than a call may carry", hint);
            None
        }
        Some(Key { value: Max::Bytes(bytes), .. }) => Some(*bytes),
        Some(Key { value: Max::Expression(_), .. }) | None => Some(context.call_bytes),
    }
}

/// Notes a `max` that is computed where nothing is filled in with it.
pub(super) fn size_only(reader: &mut Reader, table: &raw::Parameter<'_>) -> Option<()> {
    let Some(Key { value: Max::Expression(written), .. }) = &table.max else { return Some(()) };
    let hint = "only where `capacity` names a parameter that nobody passes can `max` be computed";
    reader.error_with_hint(written.span.clone(), "`max` must be a size here, as in \"64 KiB\"", hint);
    None
}

/// Notes that a table wants both `text` and `bytes`.
pub(super) fn both_kinds(reader: &mut Reader, table: &raw::Parameter<'_>) -> Option<()> {
    if on(&table.text) && on(&table.bytes) {
        let span = place(&table.bytes).unwrap_or_default();
        reader.error_with_hint(span, "both `text` and `bytes`", "keep one of them");
        return None;
    }
    Some(())
}

/// Notes a key that has no meaning where it stands.
pub(super) fn refuse<T>(reader: &mut Reader, key: Option<&Key<T>>, word: &str, name: &str, what: &str) -> Option<()> {
    let Some(key) = key else { return Some(()) };
    reader.error(key.span.clone(), format!("`{word}` has no meaning for `{name}`, which is {what}"));
    None
}

/// Where a key stands.
pub(super) fn place<T>(key: &Option<Key<T>>) -> Option<Range<usize>> {
    key.as_ref().map(|key| key.span.clone())
}
