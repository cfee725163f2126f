//! A draft and what fills it in → a shape.

use super::draft::Draft;
use super::{Context, Fills, buffer, callback, handle, number, out_pointer, record, scalar_pointer, text, wide};
use crate::document::Reader;
use cloison_contract::shape::Shape;

pub(super) fn shape(
    reader: &mut Reader,
    context: &Context<'_, '_>,
    drafts: &[Draft],
    fills: &Fills,
    index: usize,
) -> Option<Shape> {
    let fill = fills[index].as_ref();
    match &drafts[index] {
        Draft::Buffer(draft) => buffer::buffer(reader, context, drafts, fills, index, draft),
        Draft::Callback => callback::shape(reader, context, index),
        Draft::Constant(fixed) => Some(Shape::Constant(fixed.clone())),
        Draft::Handle(id) => handle::shape(reader, context, index, *id),
        Draft::Number { scalar, enumeration } => number::shape(reader, context, index, (*scalar, *enumeration), fill),
        Draft::OutPointer(draft) => Some(out_pointer::shape(draft, context.table(index))),
        Draft::Owned => Some(number::owned()),
        Draft::Record { id, layout, direction, by_value } => {
            record::shape(reader, context, index, (*id, *layout), *direction, *by_value)
        }
        Draft::ScalarPointer { direction, scalar, enumeration } => {
            scalar_pointer::passed(reader, context, drafts, index, *direction, (*scalar, *enumeration))
        }
        Draft::Text => text::shape(reader, context, index),
        // One that nothing fills in was reported when the fills were found.
        Draft::Unmarked => scalar_pointer::filled(reader, context, drafts, index, fill?),
        Draft::Wide(wide) => wide::shape(reader, context, index, *wide),
    }
}
