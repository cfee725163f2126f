//! A draft and what fills it in → a shape.

use super::draft::ParameterDraft;
use super::{
    Context, Fills, buffer, callback, handle, number, out_pointer, record, scalar_pointer, text, wide, wide_text,
};
use crate::document::DocumentReader;
use cloison_contract::shape::Shape;

pub(super) fn shape(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    drafts: &[ParameterDraft],
    fills: &Fills,
    index: usize,
) -> Option<Shape> {
    let fill = fills[index].as_ref();
    match &drafts[index] {
        ParameterDraft::Buffer(draft) => buffer::buffer(reader, context, drafts, fills, index, draft),
        ParameterDraft::Callback => callback::shape(reader, context, index),
        ParameterDraft::Constant(fixed) => Some(Shape::Constant(fixed.clone())),
        ParameterDraft::Handle(id) => handle::shape(reader, context, index, *id),
        ParameterDraft::Number { scalar, enumeration } => {
            number::shape(reader, context, index, (*scalar, *enumeration), fill)
        }
        ParameterDraft::OutPointer(draft) => Some(out_pointer::shape(draft, context.table(index))),
        ParameterDraft::Owned => Some(number::owned()),
        ParameterDraft::Record { id, layout, direction, by_value } => {
            record::shape(reader, context, index, (*id, *layout), *direction, *by_value)
        }
        ParameterDraft::ScalarPointer { direction, scalar, enumeration } => {
            scalar_pointer::passed(reader, context, drafts, index, *direction, (*scalar, *enumeration))
        }
        ParameterDraft::Text => text::shape(reader, context, index),
        // One that nothing fills in was reported when the fills were found.
        ParameterDraft::Unmarked => scalar_pointer::filled(reader, context, drafts, index, fill?),
        ParameterDraft::Wide(wide) => wide::shape(reader, context, index, *wide),
        ParameterDraft::WideText => wide_text::shape(reader, context, index),
    }
}
