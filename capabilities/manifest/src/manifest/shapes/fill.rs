//! Which parameters we fill in, and with what.

use super::draft::{BufferDraft, ParameterDraft};
use super::unmarked::unmarked;
use super::{Context, Fills};
use crate::document::DocumentReader;
use cloison_contract::expression::Expression;
use cloison_contract::shape::Direction;

/// What a parameter (or the number it points to) is filled in with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum FillSource {
    CapacityOf(usize),
    LengthOf(Vec<usize>),
    /// Nothing: the other side leaves a length there, and may find there (`read`) what Python or C has put.
    Written {
        read: bool,
    },
}

/// The parameter that an expression is just the name of, as in `n` or `*n`.
pub(super) fn bare(expression: Option<&Expression>) -> Option<usize> {
    match expression {
        Some(Expression::Parameter(index) | Expression::Dereference(index)) => Some(*index),
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

/// The buffers among the parameters, and where they stand.
fn buffers(drafts: &[ParameterDraft]) -> impl Iterator<Item = (usize, &BufferDraft)> {
    drafts.iter().enumerate().filter_map(|(index, draft)| {
        let ParameterDraft::Buffer(buffer) = draft else { return None };
        Some((index, buffer))
    })
}

pub(super) fn fills(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    drafts: &[ParameterDraft],
) -> Option<Fills> {
    let mut fills: Fills = vec![None; drafts.len()];
    let mut fine = true;
    for (index, buffer) in buffers(drafts) {
        let Some(target) = bare(buffer.argument_length()).filter(|target| context.is_free(*target)) else { continue };
        match &mut fills[target] {
            Some(FillSource::LengthOf(of)) if matches!(drafts[target], ParameterDraft::Number { .. }) => of.push(index),
            Some(_) => fine = twice(reader, context, index, target),
            none => *none = Some(FillSource::LengthOf(vec![index])),
        }
    }
    if context.is_callback() {
        written_by_callable(context, drafts, &mut fills);
    } else {
        fine &= capacities(reader, context, drafts, &mut fills);
    }
    let lengths = drafts
        .iter()
        .filter_map(|draft| if let ParameterDraft::OutPointer(pointer) = draft { pointer.length() } else { None });
    for length in lengths.chain(context.value_length.as_ref()) {
        claim(context, drafts, &mut fills, length, false);
    }
    for (index, draft) in drafts.iter().enumerate() {
        if matches!(draft, ParameterDraft::Unmarked) && fills[index].is_none() {
            unmarked(reader, context, index);
            fine = false;
        }
    }
    fine.then_some(fills)
}

/// The capacities of a function's outputs: what nobody passes is filled in from `max`.
fn capacities(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    drafts: &[ParameterDraft],
    fills: &mut Fills,
) -> bool {
    let mut fine = true;
    for (index, buffer) in buffers(drafts).filter(|(_, buffer)| buffer.direction == Direction::Out) {
        if let Some(target) = bare(buffer.capacity.as_ref()).filter(|target| context.is_free(*target)) {
            match &fills[target] {
                Some(FillSource::LengthOf(_)) => {}
                Some(_) => fine = twice(reader, context, index, target),
                None => fills[target] = Some(FillSource::CapacityOf(index)),
            }
        }
        // `length = "*n"`: by convention the library finds in `*n` how much room there is.
        if let Some(Expression::Dereference(target)) = buffer.length
            && context.is_free(target)
        {
            match &fills[target] {
                Some(FillSource::CapacityOf(of)) if *of == index => {}
                Some(FillSource::LengthOf(_)) => {}
                Some(_) => fine = twice(reader, context, index, target),
                None => fills[target] = Some(FillSource::CapacityOf(index)),
            }
        }
    }
    fine
}

/// In a callback C says how much room there is, which Python is told, and Python how much of it has been used.
fn written_by_callable(context: &Context<'_, '_>, drafts: &[ParameterDraft], fills: &mut Fills) {
    for (_, buffer) in buffers(drafts) {
        if buffer.direction != Direction::Out {
            continue;
        }
        if let Some(capacity) = &buffer.capacity {
            claim(context, drafts, fills, capacity, true);
        }
        if let Some(length) = &buffer.length {
            claim(context, drafts, fills, length, false);
        }
    }
}

/// The scalar pointers without tables that an expression names hold a length, before the call or after it.
fn claim(context: &Context<'_, '_>, drafts: &[ParameterDraft], fills: &mut Fills, expression: &Expression, read: bool) {
    expression.walk(&mut |part| {
        if let Expression::Dereference(pointer) = part
            && context.is_free(*pointer)
            && matches!(drafts[*pointer], ParameterDraft::Unmarked)
            && fills[*pointer].is_none()
        {
            fills[*pointer] = Some(FillSource::Written { read });
        }
    });
}

fn twice(reader: &mut DocumentReader, context: &Context<'_, '_>, buffer: usize, target: usize) -> bool {
    let name = context.name(target);
    let message = format!("`{name}` cannot be filled in from two buffers");
    let hint = format!("give it a table of its own, then Python passes it: `{name} = {{ in = true }}`");
    let span = context.table(buffer).map_or(0..0, |table| table.span.clone());
    reader.error_with_hint(span, message, hint);
    false
}
