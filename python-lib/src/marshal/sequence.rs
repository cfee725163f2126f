//! Buffers: whatever has bytes, and sequences of numbers for elements wider than a byte.

use crate::errors::place::Place;
use crate::marshal::kind::{Bulk, Floats, Integers};
use crate::marshal::number;
use crate::objects::buffers::View;
use cloison_contract::types::Scalar;
use rustpython_vm::builtins::{PyBytes, PyStr};
use rustpython_vm::protocol::{BufferFlags, PyBuffer};
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

/// Bytes that will be copied into the arena once all arguments have been looked at. Until then nothing can change how
/// many they are: a buffer that is exported cannot be resized.
#[derive(Debug)]
pub enum Source<'a> {
    /// Of an immutable object that the call holds.
    Borrowed(&'a [u8]),
    /// Of an object that lends its bytes.
    Exported(PyBuffer),
    /// Made from a sequence.
    Owned(Vec<u8>),
}

impl Source<'_> {
    /// A copy of them.
    pub fn copied(&self) -> Vec<u8> {
        match self {
            Self::Borrowed(bytes) => bytes.to_vec(),
            Self::Exported(buffer) => buffer.contiguous_or_collect(<[u8]>::to_vec),
            Self::Owned(bytes) => bytes.clone(),
        }
    }

    /// How many bytes.
    #[inline]
    pub fn len(&self) -> u64 {
        match self {
            Self::Borrowed(bytes) => bytes.len() as u64,
            Self::Exported(buffer) => buffer.desc.len as u64,
            Self::Owned(bytes) => bytes.len() as u64,
        }
    }
}

/// The bytes of an argument.
#[inline]
pub fn source<'a>(value: &'a PyObject, wanted: &Bulk, place: Place<'_>, vm: &VirtualMachine) -> PyResult<Source<'a>> {
    let source = match value.downcast_ref::<PyBytes>() {
        Some(bytes) => Source::Borrowed(bytes.as_bytes()),
        None => other(value, wanted, place, vm)?,
    };
    let (length, size) = (source.len(), wanted.element.size() as u64);
    if length > wanted.max_bytes {
        return Err(place.value_error(&format!("has {length} bytes, and may have {} at most", wanted.max_bytes), vm));
    }
    if size > 1 && length % size != 0 {
        return Err(place.value_error(&format!("has {length} bytes, which is no multiple of {size}"), vm));
    }
    Ok(source)
}

fn other<'a>(value: &'a PyObject, wanted: &Bulk, place: Place<'_>, vm: &VirtualMachine) -> PyResult<Source<'a>> {
    let name = expected(wanted.element);
    if value.downcast_ref::<PyStr>().is_some() {
        return Err(place.type_error(name, value, vm));
    }
    if let Some(view) = value.downcast_ref::<View>() {
        return view.bytes(vm).map(Source::Owned);
    }
    if !value.check_buffer() {
        return if wanted.element.size() == 1 {
            Err(place.type_error(name, value, vm))
        } else {
            numbers(value, wanted, place, vm).map(Source::Owned)
        };
    }
    let buffer = PyBuffer::from_object(vm, value, BufferFlags::FULL_RO)?;
    if !fits(&buffer, wanted.element) {
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
        _ => matches!(format, "H" | "I" | "L" | "Q" | "N"),
    };
    bytes || (same_kind && buffer.desc.itemsize == element.size())
}

fn numbers(value: &PyObject, wanted: &Bulk, place: Place<'_>, vm: &VirtualMachine) -> PyResult<Vec<u8>> {
    let Ok(items) = value.try_to_value::<Vec<rustpython_vm::PyObjectRef>>(vm) else {
        return Err(place.type_error(expected(wanted.element), value, vm));
    };
    let size = wanted.element.size();
    let mut bytes = Vec::with_capacity(items.len().min(wanted.max_bytes as usize / size) * size);
    for item in &items {
        let word = match wanted.element.bounds() {
            Some(bounds) => {
                let integers = Integers { scalar: wanted.element, bounds, range: None };
                number::integer(item, &integers, place, vm)?.to_le_bytes()
            }
            None => {
                let single = wanted.element == Scalar::F32;
                let bits = number::float(item, &Floats { single, range: None }, place, vm)?;
                if single {
                    u64::from((f64::from_bits(bits) as f32).to_bits()).to_le_bytes()
                } else {
                    bits.to_le_bytes()
                }
            }
        };
        bytes.extend_from_slice(&word[..size]);
    }
    Ok(bytes)
}

fn expected(element: Scalar) -> &'static str {
    match element {
        Scalar::Bool | Scalar::I8 | Scalar::U8 => "a bytes-like object",
        Scalar::F32 | Scalar::F64 => "a sequence of floats",
        _ => "a sequence of ints",
    }
}
