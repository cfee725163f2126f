//! Elements behind a pointer: offset and length, or NULL.

use super::{elements, text};
use crate::errors::place::ArgumentPlace;
use crate::marshal::arguments::Prepared;
use crate::marshal::pieces::Source;
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
        Element::Scalar(_) if buffer.is_wide_text() => {
            let text = text::wide(value, buffer.terminated, buffer.max_bytes, place, vm)?;
            prepared.place(word, Source::Owned(text));
        }
        Element::Scalar(element) => {
            let mut source = elements::numbers(value, element, buffer.max_bytes, place, vm)?;
            if buffer.terminated {
                // What is looked at must be what is sent.
                let bytes = source.copied();
                elements::check_end(bytes.chunks_exact(element.size()).map(is_zero), place, vm)?;
                source = Source::Owned(bytes);
            }
            prepared.place(word, source);
        }
        Element::Record { id, layout } => {
            let kind = (id, layout.size);
            let packed = elements::records(prepared.session, kind, buffer.max_bytes, value, place, vm)?;
            if buffer.terminated {
                let size = layout.size.max(1) as usize;
                let texts: Vec<_> = packed.texts.iter().map(|(at, _)| at / size).collect();
                let elements = packed.bytes.chunks_exact(size).enumerate();
                let ends = elements.map(|(index, bytes)| is_zero(bytes) && texts.binary_search(&index).is_err());
                elements::check_end(ends, place, vm)?;
            }
            prepared.place_packed(word, packed);
        }
        Element::Text { bytes } => {
            let packed = elements::texts(bytes, buffer.max_bytes, value, place, vm)?;
            if buffer.terminated {
                let texts: Vec<_> = packed.texts.iter().map(|(at, _)| *at).collect();
                let ends = (0..packed.bytes.len()).step_by(8).map(|at| texts.binary_search(&at).is_err());
                elements::check_end(ends, place, vm)?;
            }
            prepared.place_packed(word, packed);
        }
        // Callables are given these, and no plan has them.
        Element::Handle { .. } => return Err(place.value_error("has handles as elements and cannot be passed", vm)),
    }
    Ok(())
}

fn is_zero(element: &[u8]) -> bool {
    element.iter().all(|byte| *byte == 0)
}
