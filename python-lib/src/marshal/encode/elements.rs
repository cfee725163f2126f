//! What a buffer has many of: numbers (whatever has bytes, and sequences for elements wider than a byte), records, texts.

use super::number::{self, Numbers};
use super::{record, text};
use crate::call::session::Session;
use crate::errors::place::{ArgumentPlace, Part};
use crate::marshal::pieces::Source;
use crate::objects::buffers::View;
use cloison_codec::records::Packed;
use cloison_contract::types::{Scalar, TypeId};
use rustpython_vm::builtins::{PyBytes, PyStr};
use rustpython_vm::protocol::{BufferFlags, PyBuffer};
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

/// The bytes of numbers.
#[inline]
pub(super) fn numbers<'a>(
    value: &'a PyObject,
    element: Scalar,
    max_bytes: u64,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<Source<'a>> {
    let source = match value.downcast_ref::<PyBytes>() {
        Some(bytes) => Source::Borrowed(bytes.as_bytes()),
        None => other(value, element, max_bytes, place, vm)?,
    };
    let (length, size) = (source.len(), element.size() as u64);
    within(length, max_bytes, place, vm)?;
    if size > 1 && length % size != 0 {
        return Err(place.value_error(&format!("has {length} bytes, which is no multiple of {size}"), vm));
    }
    Ok(source)
}

fn other<'a>(
    value: &'a PyObject,
    element: Scalar,
    max_bytes: u64,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<Source<'a>> {
    let name = expected(element);
    if value.downcast_ref::<PyStr>().is_some() {
        return Err(place.type_error(name, value, vm));
    }
    if let Some(view) = value.downcast_ref::<View>() {
        return view.bytes(vm).map(Source::Owned);
    }
    if !value.check_buffer() {
        return if element.size() == 1 {
            Err(place.type_error(name, value, vm))
        } else {
            sequence(value, element, max_bytes, place, vm).map(Source::Owned)
        };
    }
    let buffer = PyBuffer::from_object(vm, value, BufferFlags::FULL_RO)?;
    if !fits(&buffer, element) {
        return Err(
            place.value_error(&format!("has elements of format {:?}, which are not {}", buffer.desc.format, name), vm)
        );
    }
    if buffer.desc.is_contiguous() {
        return Ok(Source::Exported(buffer));
    }
    let mut bytes = Vec::new();
    buffer.append_to(&mut bytes);
    Ok(Source::Owned(bytes))
}

/// Bytes go for everything; other formats must be the element's.
fn fits(buffer: &PyBuffer, element: Scalar) -> bool {
    let format = buffer.desc.format.trim_start_matches(['@', '=', '<']);
    let bytes = matches!(format, "B" | "b" | "c");
    if element.size() == 1 {
        return bytes || format == "?";
    }
    let same_kind = match element {
        Scalar::F32 | Scalar::F64 => matches!(format, "f" | "d"),
        Scalar::I16 | Scalar::I32 | Scalar::I64 => matches!(format, "h" | "i" | "l" | "q" | "n"),
        Scalar::Bool | Scalar::I8 | Scalar::U8 | Scalar::U16 | Scalar::U32 | Scalar::U64 => {
            matches!(format, "H" | "I" | "L" | "Q" | "N")
        }
    };
    bytes || (same_kind && buffer.desc.itemsize == element.size())
}

fn sequence(
    value: &PyObject,
    element: Scalar,
    max_bytes: u64,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<Vec<u8>> {
    let Ok(items) = value.try_to_value::<Vec<PyObjectRef>>(vm) else {
        return Err(place.type_error(expected(element), value, vm));
    };
    let size = element.size();
    let numbers = Numbers::new(element, None);
    let mut bytes = Vec::with_capacity(items.len().min(max_bytes as usize / size) * size);
    for item in &items {
        let word = match &numbers {
            Numbers::Integers(integers) => number::integer(item, integers, place, vm)?,
            Numbers::Floats(floats) => {
                let bits = number::float(item, floats, place, vm)?;
                if floats.single { u64::from((f64::from_bits(bits) as f32).to_bits()) } else { bits }
            }
        };
        bytes.extend_from_slice(&word.to_le_bytes()[..size]);
    }
    Ok(bytes)
}

fn expected(element: Scalar) -> &'static str {
    match element {
        Scalar::Bool | Scalar::I8 | Scalar::U8 => "a bytes-like object",
        Scalar::F32 | Scalar::F64 => "a sequence of floats",
        Scalar::I16 | Scalar::I32 | Scalar::I64 | Scalar::U16 | Scalar::U32 | Scalar::U64 => "a sequence of ints",
    }
}

/// The elements of a sequence or any other iterable, but not of a text.
pub(super) fn items(
    value: &PyObject,
    expected: &str,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<Vec<PyObjectRef>> {
    let wrong = value.downcast_ref::<PyStr>().is_some() || value.downcast_ref::<PyBytes>().is_some();
    if wrong || value.get_iter(vm).is_err() {
        return Err(place.type_error(expected, value, vm));
    }
    value.try_to_value(vm)
}

/// An array of records.
pub(super) fn records(
    session: &Session,
    (id, size): (TypeId, u64),
    max_bytes: u64,
    value: &PyObject,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<Packed> {
    let name = &session.description.interface.types[id.0 as usize].name;
    let parts = items(value, &format!("a sequence of {name}"), place, vm)?;
    within(parts.len() as u64 * size, max_bytes, place, vm)?;
    let mut packed = Packed::default();
    for (index, part) in parts.iter().enumerate() {
        let step = place.step(Part::Index(index));
        let record = record::record(session, id, part, place.at(&step), vm)?;
        packed.push_record(&session.description.interface.types, id, &record);
    }
    Ok(packed)
}

/// An array of texts, each of which may be `None`.
pub(super) fn texts(
    only_bytes: bool,
    max_bytes: u64,
    value: &PyObject,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<Packed> {
    let parts = items(value, if only_bytes { "a sequence of bytes" } else { "a sequence of str or bytes" }, place, vm)?;
    within(parts.len() as u64 * 8, max_bytes, place, vm)?;
    let mut packed = Packed::default();
    for (index, part) in parts.iter().enumerate() {
        let step = place.step(Part::Index(index));
        packed.push_text(match vm.is_none(part) {
            true => None,
            false => Some(text::bytes(part, only_bytes, max_bytes, place.at(&step), vm)?.to_vec()),
        });
    }
    Ok(packed)
}

/// An element that is all zero ends what C reads, so it may only be the last one.
pub(super) fn check_end(
    ends: impl Iterator<Item = bool>,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let mut before = None;
    for (index, is_end) in ends.enumerate() {
        if let Some(before) = before {
            let what = format!("has an element that would end it at {before}, and further ones behind that");
            return Err(place.value_error(&what, vm));
        }
        before = is_end.then_some(index);
    }
    Ok(())
}

#[inline]
pub(super) fn within(bytes: u64, max_bytes: u64, place: ArgumentPlace<'_>, vm: &VirtualMachine) -> PyResult<()> {
    if bytes <= max_bytes {
        return Ok(());
    }
    Err(place.value_error(&format!("has {bytes} bytes, and may have {max_bytes} at most"), vm))
}
