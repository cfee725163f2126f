//! What is needed before the call must be known before the call.
//!
//! A capacity or an input's length may name arguments and what is filled in from them, but not what only the library
//! knows, and not itself by a detour.

use super::super::raw::{Key, Max};
use super::Context;
use super::out_pointer::at;
use crate::document::DocumentReader;
use cloison_contract::expression::Expression;
use cloison_contract::shape::{CapacityOf, OutPointer, Pointed, PointerFill, ScalarPointer, Shape};
use std::ops::Range;

pub(super) fn check(reader: &mut DocumentReader, context: &Context<'_, '_>, shapes: &[Shape]) -> Option<()> {
    let mut fine = true;
    for (index, shape) in shapes.iter().enumerate() {
        let Some(table) = context.table(index) else { continue };
        if let Some(OutPointer { pointed: Pointed::Buffer { length: Some(length), .. }, .. }) = shape.out_pointer() {
            fine &= known_after(reader, context, shapes, length, at(&table.length, table));
        }
        let Some(buffer) = shape.buffer() else { continue };
        let place = |key: &Option<Key<crate::diagnostic::Written>>| at(key, table);
        if let Some(capacity) = &buffer.capacity {
            let at = match &table.max {
                Some(Key { value: Max::Expression(written), .. }) => written.span.clone(),
                _ => place(&table.capacity),
            };
            fine &= known_before(reader, context, shapes, capacity, at.clone());
            if fine && depends_on_itself(shapes, index) {
                let hint = "give the parameter it names a table of its own, then Python passes it";
                reader.error_with_hint(at, "this capacity depends on itself", hint);
                fine = false;
            }
        }
        match (&buffer.length, buffer.direction.is_out()) {
            (Some(length), false) => fine &= known_before(reader, context, shapes, length, place(&table.length)),
            (Some(length), true) => fine &= known_after(reader, context, shapes, length, place(&table.length)),
            (None, _) => {}
        }
    }
    fine.then_some(())
}

fn known_before(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    shapes: &[Shape],
    expression: &Expression,
    at: Range<usize>,
) -> bool {
    let mut fine = true;
    expression.walk(&mut |part| {
        let Expression::Dereference(pointer) = part else { return };
        let known =
            matches!(&shapes[*pointer], Shape::ScalarPointer(one) if one.fill.is_some() || one.direction.is_in());
        if !known {
            let name = context.name(*pointer);
            let hint = format!("`{name} = {{ in = true, out = true }}` makes it an argument");
            reader.error_with_hint(at.clone(), format!("`*{name}` is not known before the call"), hint);
            fine = false;
        }
    });
    fine
}

fn known_after(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    shapes: &[Shape],
    expression: &Expression,
    at: Range<usize>,
) -> bool {
    let mut fine = true;
    expression.walk(&mut |part| {
        let Expression::Dereference(pointer) = part else { return };
        if shapes[*pointer].pointed_scalar().is_none() {
            let name = context.name(*pointer);
            reader.error(at.clone(), format!("`*{name}` is not one number but a whole buffer"));
            fine = false;
        }
    });
    fine
}

/// Whether the capacity of the buffer needs itself.
fn depends_on_itself(shapes: &[Shape], buffer: usize) -> bool {
    let mut seen = vec![false; shapes.len()];
    let mut open = vec![buffer];
    while let Some(next) = open.pop() {
        for needed in needs(shapes, next) {
            if needed == buffer {
                return true;
            }
            if !std::mem::replace(&mut seen[needed], true) {
                open.push(needed);
            }
        }
    }
    false
}

/// The buffers whose capacity must be known for that of `buffer`.
fn needs(shapes: &[Shape], buffer: usize) -> Vec<usize> {
    let mut found = Vec::new();
    let Some(buffer) = shapes[buffer].buffer() else { return found };
    let Some(capacity) = &buffer.capacity else { return found };
    capacity.walk(&mut |part| {
        let (Expression::Parameter(index) | Expression::Dereference(index)) = part else { return };
        match &shapes[*index] {
            Shape::CapacityOf(CapacityOf { of, .. }) => found.push(*of),
            Shape::ScalarPointer(ScalarPointer { fill: Some(PointerFill::CapacityOf(of)), .. }) => found.push(*of),
            Shape::Buffer(_)
            | Shape::Callback(_)
            | Shape::Constant(_)
            | Shape::Handle(_)
            | Shape::LengthOf(_)
            | Shape::Number(_)
            | Shape::OutPointer(_)
            | Shape::Record(_)
            | Shape::ScalarPointer(_)
            | Shape::Text(_)
            | Shape::Wide(_) => {}
        }
    });
    found
}
