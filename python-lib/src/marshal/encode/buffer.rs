//! Elements behind a pointer: offset and length, or NULL.

use super::elements;
use crate::errors::place::ArgumentPlace;
use crate::marshal::arguments::Prepared;
use cloison_contract::call::NULL;
use cloison_contract::shape::{Buffer, Element};
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

#[inline]
pub(super) fn encode<'a>(
    prepared: &mut Prepared<'a>,
    word: usize,
    buffer: &Buffer,
    value: &'a PyObject,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    if buffer.null && vm.is_none(value) {
        prepared.request.words[word] = NULL;
        return Ok(());
    }
    match buffer.element {
        Element::Scalar(element) => {
            prepared.place(word, elements::numbers(value, element, buffer.max_bytes, place, vm)?);
        }
        Element::Record { id, layout } => {
            let kind = (id, layout.size);
            let packed = elements::records(prepared.session, kind, buffer.max_bytes, value, place, vm)?;
            prepared.place_packed(word, packed);
        }
        Element::Text { bytes } => {
            prepared.place_packed(word, elements::texts(bytes, buffer.max_bytes, value, place, vm)?);
        }
        // Callables are given these, and no plan has them.
        Element::Handle { .. } => return Err(place.value_error("has handles as elements and cannot be passed", vm)),
    }
    Ok(())
}
