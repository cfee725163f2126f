//! Rows, parameters and arguments of SQLite, for module `_sqlite3`: bytes ⇄ Python's values, many at a time.
//!
//! The bytes are `cloison_contract::sqlite`'s. What a zone says is checked; what Python passes is taken as it is, or left to Python.

use crate::memory;
use cloison_contract::sqlite::SqlValue;
use rustpython_vm::builtins::{
    PyBaseExceptionRef, PyByteArray, PyBytes, PyBytesRef, PyFloat, PyInt, PyList, PyListRef, PyStr, PyTuple,
};
use rustpython_vm::protocol::{PyIter, PyIterReturn};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};

/// What becomes of text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Text {
    /// `str`; what is no UTF-8 is left to Python.
    Str,
    /// `bytes`
    Bytes,
    /// `bytearray`, so that Python can tell it from blobs.
    Marked,
}

/// How many values are made before it is asked whether there is memory for more.
const ASK_EVERY: usize = 4096;
/// As much has to be left.
const SPARE_BYTES: u64 = 1 << 20;

/// The rows in these bytes, each a tuple of so many columns; all values as one row if that is 0. `None` if a text is no UTF-8 and should be a
/// `str`.
pub fn rows(data: &[u8], columns: usize, text: u32, vm: &VirtualMachine) -> PyResult<Option<PyListRef>> {
    let text = [Text::Str, Text::Bytes, Text::Marked].get(text as usize).copied().unwrap_or(Text::Str);
    let (mut rest, mut rows, mut row, mut made) = (data, Vec::new(), Vec::with_capacity(columns), 0);
    while !rest.is_empty() {
        let value = SqlValue::take(&mut rest).ok_or_else(|| nonsense(vm))?;
        let Some(value) = object(value, text, vm) else { return Ok(None) };
        row.push(value);
        if row.len() == columns {
            rows.push(vm.ctx.new_tuple(std::mem::replace(&mut row, Vec::with_capacity(columns))).into());
        }
        made += 1;
        if made % ASK_EVERY == 0 && memory::free_bytes() < SPARE_BYTES {
            return Err(vm.new_memory_error("no memory for more rows"));
        }
    }
    if columns == 0 {
        rows.push(vm.ctx.new_tuple(row).into());
    } else if !row.is_empty() {
        return Err(nonsense(vm));
    }
    Ok(Some(vm.ctx.new_list(rows)))
}

fn nonsense(vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_runtime_error("the zone of SQLite has answered nonsense")
}

fn object(value: SqlValue<'_>, text: Text, vm: &VirtualMachine) -> Option<PyObjectRef> {
    Some(match value {
        SqlValue::Null => vm.ctx.none(),
        SqlValue::Integer(number) => vm.ctx.new_int(number).into(),
        SqlValue::Real(number) => vm.ctx.new_float(number).into(),
        SqlValue::Blob(bytes) => vm.ctx.new_bytes(bytes.to_vec()).into(),
        SqlValue::Text(bytes) => match text {
            Text::Str => vm.ctx.new_str(std::str::from_utf8(bytes).ok()?).into(),
            Text::Bytes => vm.ctx.new_bytes(bytes.to_vec()).into(),
            Text::Marked => PyByteArray::from(bytes.to_vec()).into_ref(&vm.ctx).into(),
        },
    })
}

/// These values as bytes; or the place of the first one that is for Python to adapt. With `loose`, of subclasses as well.
pub fn pack(values: &PyObject, loose: bool, vm: &VirtualMachine) -> PyResult {
    let mut packed = Vec::new();
    let place = match items(values, vm) {
        Some(items) => put_all(&items, loose, &mut packed, vm)?,
        None => Some(0),
    };
    Ok(match place {
        None => vm.ctx.new_bytes(packed).into(),
        Some(place) => vm.ctx.new_int(place).into(),
    })
}

/// The items of what is exactly a tuple or a list.
fn items(values: &PyObject, vm: &VirtualMachine) -> Option<Vec<PyObjectRef>> {
    if let Some(tuple) = values.downcast_ref_if_exact::<PyTuple>(vm) {
        return Some(tuple.as_slice().to_vec());
    }
    values.downcast_ref_if_exact::<PyList>(vm).map(|list| list.borrow_vec().to_vec())
}

/// Puts all of them, or gives the place of the first one that is none of SQLite's.
fn put_all(items: &[PyObjectRef], loose: bool, into: &mut Vec<u8>, vm: &VirtualMachine) -> PyResult<Option<usize>> {
    for (place, item) in items.iter().enumerate() {
        if !put(item, loose, into, vm)? {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// Whether it was one of SQLite's, and so put.
fn put(item: &PyObject, loose: bool, into: &mut Vec<u8>, vm: &VirtualMachine) -> PyResult<bool> {
    let class = item.class();
    let kinds = &vm.ctx.types;
    let is = |kind| class.is(kind) || loose && class.fast_issubclass(kind);
    if vm.is_none(item) {
        SqlValue::Null.put(into);
    } else if is(kinds.int_type) || class.is(kinds.bool_type) {
        let Some(number) = item.downcast_ref::<PyInt>() else { return Ok(false) };
        let number = number.as_bigint();
        let number = i64::try_from(number)
            .map_err(|_| vm.new_overflow_error("Python int too large to convert to SQLite INTEGER"))?;
        SqlValue::Integer(number).put(into);
    } else if is(kinds.float_type) {
        let Some(number) = item.downcast_ref::<PyFloat>() else { return Ok(false) };
        SqlValue::Real(number.to_f64()).put(into);
    } else if is(kinds.str_type) {
        let Some(text) = item.downcast_ref::<PyStr>() else { return Ok(false) };
        match text.to_str() {
            Some(text) => SqlValue::Text(text.as_bytes()).put(into),
            // The codec says what is wrong.
            None => drop(vm.call_method(item, "encode", ())?),
        }
    } else if is(kinds.bytes_type) {
        let Some(bytes) = item.downcast_ref::<PyBytes>() else { return Ok(false) };
        SqlValue::Blob(bytes.as_bytes()).put(into);
    } else if is(kinds.bytearray_type) {
        let Some(bytes) = item.downcast_ref::<PyByteArray>() else { return Ok(false) };
        SqlValue::Blob(&bytes.borrow_buf()).put(into);
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// How an iterator of sets of parameters has been left.
#[derive(Clone, Copy, Debug)]
#[repr(i32)]
enum Left {
    /// There may be more.
    More = 0,
    /// It has ended.
    Ended = 1,
    /// It has given what is for Python to adapt.
    Item = 2,
    /// It has raised.
    Raised = 3,
}

/// Sets of parameters of an iterator as bytes: at most so many, and about so many bytes; how many there are, how the iterator was left, and what
/// it has given or raised that is not among the bytes.
pub fn pack_rows(
    iterator: PyObjectRef,
    parameters: usize,
    most: usize,
    most_bytes: usize,
    vm: &VirtualMachine,
) -> PyResult<(PyBytesRef, usize, i32, PyObjectRef)> {
    let iterator = PyIter::new(iterator);
    let (mut packed, mut count) = (Vec::new(), 0);
    let (left, rest) = loop {
        if count == most || packed.len() >= most_bytes {
            break (Left::More, vm.ctx.none());
        }
        match iterator.next(vm) {
            Ok(PyIterReturn::Return(item)) => {
                let before = packed.len();
                let plain = match items(&item, vm) {
                    Some(items) if items.len() == parameters => put_all(&items, false, &mut packed, vm),
                    _ => Ok(Some(0)),
                };
                match plain {
                    Ok(None) => count += 1,
                    // What is wrong with it, Python will find again.
                    Ok(Some(_)) | Err(_) => {
                        packed.truncate(before);
                        break (Left::Item, item);
                    }
                }
            }
            Ok(PyIterReturn::StopIteration(_)) => break (Left::Ended, vm.ctx.none()),
            Err(error) => break (Left::Raised, error.into()),
        }
    };
    Ok((vm.ctx.new_bytes(packed), count, left as i32, rest))
}
