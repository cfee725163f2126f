//! A pointer of which nothing is said: the line that would most probably make it right.

use super::{Context, Pointee};
use crate::document::DocumentReader;
use cloison_contract::types::CType;

pub(super) fn unmarked(reader: &mut DocumentReader, context: &Context<'_, '_>, index: usize) {
    let name = context.name(index);
    let Some((pointee, constant)) = context.pointee(index) else { return };
    let message = format!("`{name}` is a pointer, and nothing says what it points to");
    let hint = if context.internal && context.count() == 1 && !constant {
        let function = context.head.trim_start_matches("[functions.").trim_end_matches(']');
        format!("nothing frees with it: some function would have to say `returns = {{ free = \"{function}\" }}`")
    } else {
        format!("add to {}, for example: {}", context.head, example(context, index, pointee, constant))
    };
    context.error_in_c(reader, index, message, hint);
}

fn example(context: &Context<'_, '_>, index: usize, pointee: Pointee, constant: bool) -> String {
    let name = context.name(index);
    match pointee {
        Pointee::Pointer => return to_pointer(context, index),
        Pointee::Record(..) if constant => {
            return format!("`{name} = {{ in = true }}`; an array of them has a `length`");
        }
        Pointee::Record(..) => {
            return format!(
                "`{name} = {{ out = true }}`, or `in = true`, or both; an array of them has a `length` or a `capacity`"
            );
        }
        Pointee::Bytes if user_data(context, index) => {
            return format!("`{name} = {{ user_data = true }}`, if it is what the library hands to the callback");
        }
        Pointee::Bytes
        | Pointee::Character
        | Pointee::Function
        | Pointee::Number(..)
        | Pointee::Object(_)
        | Pointee::Wide(_)
        | Pointee::WideCharacter => {}
    }
    let count = context.likely_count(index).unwrap_or("…");
    let text = pointee == Pointee::WideCharacter;
    let one_number = !pointee.is_byte() && count == "…" && pointee != Pointee::Bytes && !text;
    let keys = match (constant, one_number) {
        (true, true) => "in = true".to_owned(),
        (false, true) => "out = true".to_owned(),
        (true, false) => format!("in = true, length = \"{count}\""),
        (false, false) if context.is_callback() && count == "…" => "user_data = true".to_owned(),
        (false, false) if context.is_callback() => format!("in = true, length = \"{count}\""),
        (false, false) => format!("out = true, capacity = \"{count}\", max = \"64 KiB\""),
    };
    format!("`{name} = {{ {keys} }}`")
}

/// `T **`
fn to_pointer(context: &Context<'_, '_>, index: usize) -> String {
    let name = context.name(index);
    let CType::Pointer { to, .. } = context.c_type(index) else { return String::new() };
    let pointed = if let CType::Pointer { to, .. } = &**to { Pointee::of(to) } else { None };
    let count = context.likely_count(index).unwrap_or("…");
    match pointed {
        _ if context.is_callback() => format!("`{name} = {{ in = true, length = \"{count}\" }}` for an array"),
        Some(Pointee::Object(_)) => format!("`{name} = {{ out = true }}`, if the library fills in a new object"),
        Some(Pointee::Character) => format!(
            "`{name} = {{ out = true, text = true }}` if the library fills in a string, `{name} = {{ in = true, \
                length = \"{count}\" }}` for an array of strings"
        ),
        Some(Pointee::Record(..)) => format!("`{name} = {{ out = true }}`, if the library fills it in"),
        _ => format!(
            "`{name} = {{ out = true, length = \"*n\" }}`, with the parameter that is its length after the call"
        ),
    }
}

/// Whether it is most probably what a callback is given.
fn user_data(context: &Context<'_, '_>, index: usize) -> bool {
    let callback = |index: usize| matches!(context.pointee(index), Some((Pointee::Function, _)));
    let counted = context.likely_count(index).is_some();
    !counted && (context.is_callback() || (0..context.count()).any(callback))
}
