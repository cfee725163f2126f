//! Which parameters we fill in, and with what.

use super::draft::{BufferDraft, Draft};
use super::{Context, Fills};
use crate::document::Reader;
use crate::expression::Expression;
use crate::interface::Direction;

/// What a parameter (or the number it points to) is filled in with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Fill {
    CapacityOf(usize),
    LengthOf(Vec<usize>),
}

/// The parameter that an expression is just the name of, as in `n` or `*n`.
pub(super) fn bare(expression: Option<&Expression>) -> Option<usize> {
    match expression {
        Some(Expression::Parameter(index) | Expression::Cell(index)) => Some(*index),
        _ => None,
    }
}

impl BufferDraft {
    /// The expression that says how long the argument is: an in-out buffer's argument is as long as its capacity.
    pub(super) fn argument_length(&self) -> Option<&Expression> {
        match self.direction {
            Direction::In => self.length.as_ref(),
            Direction::InOut => self.capacity.as_ref().or(self.length.as_ref()),
            Direction::Out => None,
        }
    }
}

pub(super) fn fills(reader: &mut Reader, context: &Context<'_, '_>, drafts: &[Draft]) -> Option<Fills> {
    let mut fills: Fills = vec![None; drafts.len()];
    let mut fine = true;
    let buffers = || {
        drafts.iter().enumerate().filter_map(|(index, draft)| match draft {
            Draft::Buffer(buffer) => Some((index, buffer)),
            _ => None,
        })
    };
    for (index, buffer) in buffers() {
        let Some(target) = bare(buffer.argument_length()).filter(|target| context.is_free(*target)) else { continue };
        match &mut fills[target] {
            Some(Fill::LengthOf(of)) if matches!(drafts[target], Draft::Number(_)) => of.push(index),
            Some(_) => fine = twice(reader, context, index, target),
            none => *none = Some(Fill::LengthOf(vec![index])),
        }
    }
    for (index, buffer) in buffers().filter(|(_, buffer)| buffer.direction == Direction::Out) {
        if let Some(target) = bare(buffer.capacity.as_ref()).filter(|target| context.is_free(*target)) {
            match &fills[target] {
                Some(Fill::LengthOf(_)) => {}
                Some(_) => fine = twice(reader, context, index, target),
                None => fills[target] = Some(Fill::CapacityOf(index)),
            }
        }
        // `length = "*n"`: by convention the library finds in `*n` how much room there is.
        if let Some(Expression::Cell(target)) = buffer.length
            && context.is_free(target)
        {
            match &fills[target] {
                Some(Fill::CapacityOf(of)) if *of == index => {}
                Some(Fill::LengthOf(_)) => {}
                Some(_) => fine = twice(reader, context, index, target),
                None => fills[target] = Some(Fill::CapacityOf(index)),
            }
        }
    }
    for (index, draft) in drafts.iter().enumerate() {
        if matches!(draft, Draft::Unmarked) && fills[index].is_none() {
            unmarked(reader, context, index);
            fine = false;
        }
    }
    fine.then_some(fills)
}

fn twice(reader: &mut Reader, context: &Context<'_, '_>, buffer: usize, target: usize) -> bool {
    let name = context.name(target);
    let message = format!("`{name}` cannot be filled in from two buffers");
    let hint = format!("give it a table of its own, then Python passes it: `{name} = {{ in = true }}`");
    let span = context.table(buffer).map_or(0..0, |table| table.span.clone());
    reader.error_with_hint(span, message, hint);
    false
}

/// An error with the line that would most probably make it right.
fn unmarked(reader: &mut Reader, context: &Context<'_, '_>, index: usize) {
    let name = context.name(index);
    let Some((pointee, constant)) = context.pointee(index) else { return };
    let count = context.likely_count(index).unwrap_or("…");
    let one_number = !pointee.is_byte() && count == "…";
    let table = match (constant, one_number) {
        (true, true) => "{ in = true }".to_owned(),
        (true, false) => format!("{{ in = true, length = \"{count}\" }}"),
        (false, true) => "{ out = true }".to_owned(),
        (false, false) => format!("{{ out = true, capacity = \"{count}\", max = \"64 KiB\" }}"),
    };
    let message = format!("`{name}` is a pointer, and nothing says what it points to");
    let function = &context.declared.raw.name.text;
    let hint = if context.declared.raw.internal && context.count() == 1 && !constant {
        format!("nothing frees with it: some function would have to say `returns = {{ free = \"{function}\" }}`")
    } else {
        format!("add to [functions.{function}], for example: `{name} = {table}`")
    };
    context.error_in_c(reader, index, message, hint);
}
