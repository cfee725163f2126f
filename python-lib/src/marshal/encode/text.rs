//! A string: offset and length, which does not count the NUL; or NULL.

use super::elements::within;
use crate::errors::place::ArgumentPlace;
use crate::marshal::arguments::Prepared;
use cloison_contract::call::NULL;
use cloison_contract::shape::Text;
use rustpython_vm::builtins::{PyBytes, PyStr};
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

#[inline]
pub(super) fn encode<'a>(
    prepared: &mut Prepared<'a>,
    word: usize,
    text: &Text,
    value: &'a PyObject,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    if text.null && vm.is_none(value) {
        prepared.request.words[word] = NULL;
    } else {
        prepared.place_text(word, bytes(value, text.bytes, text.max_bytes, place, vm)?);
    }
    Ok(())
}

/// Text as numbers of `wchar_t`, one for each character.
#[inline(never)]
pub(super) fn wide(
    value: &PyObject,
    terminated: bool,
    max: u64,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<Vec<u8>> {
    let Some(value) = value.downcast_ref::<PyStr>() else { return Err(place.type_error("a str", value, vm)) };
    let Some(text) = value.to_str() else {
        return Err(place.value_error("has a lone surrogate, which is no character", vm));
    };
    if terminated && text.contains('\0') {
        return Err(place.value_error("has an embedded NUL", vm));
    }
    within(text.chars().count() as u64 * 4, max, place, vm)?;
    Ok(text.chars().flat_map(|character| u32::from(character).to_le_bytes()).collect())
}

/// The bytes of a text, which has no NUL in it.
pub(super) fn bytes<'a>(
    value: &'a PyObject,
    only_bytes: bool,
    max: u64,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<&'a [u8]> {
    let text = if let Some(value) = value.downcast_ref::<PyBytes>() {
        value.as_bytes()
    } else if let Some(value) = value.downcast_ref::<PyStr>().filter(|_| !only_bytes) {
        match value.to_str() {
            Some(text) => text.as_bytes(),
            None => return Err(place.value_error("has a lone surrogate, which UTF-8 cannot say", vm)),
        }
    } else {
        return Err(place.type_error(if only_bytes { "bytes" } else { "a str or bytes" }, value, vm));
    };
    if text.len() as u64 > max {
        return Err(place.value_error(&format!("has {} bytes, and may have {max} at most", text.len()), vm));
    }
    if text.contains(&0) {
        return Err(place.value_error("has an embedded NUL", vm));
    }
    Ok(text)
}
