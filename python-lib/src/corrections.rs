//! What RustPython 0.6 gets wrong, ordinary programs meet, and can be put right without changing it. What takes no more than
//! Python is put right by `Lib/cloison/_corrections.py` alone. `tests/stdlib.rs` has a test for each, `tests/limits.rs` for what concerns
//! Ctrl-C.

use crate::documentation;
use crate::interrupt;
use crate::package::cloison_module;
use rustpython_vm::builtins::{PyByteArray, PyBytes, PyStr, PyType, PyTypeRef};
use rustpython_vm::function::{ArgBytesLike, ItemDoc, OptionalOption, PyMethodFlags};
use rustpython_vm::protocol::{BufferFlags, PyBuffer};
use rustpython_vm::{AsObject, Py, PyObjectRef, PyPayload, PyResult, VirtualMachine};
use std::ops::Range;

/// Corrects the types of an interpreter.
pub fn apply(vm: &VirtualMachine) -> PyResult<()> {
    // A builtin type takes no attribute from Python.
    let corrections = cloison_module("_corrections", vm)?;
    let str = corrections.get_attr("mapping_proxy_str", vm)?;
    vm.ctx.types.mappingproxy_type.set_attr(vm.ctx.intern_str("__str__"), str);
    // A class derived from `property` later takes this `__init__`; `property` itself keeps the one in its slot.
    let property = vm.ctx.types.property_type;
    property.set_attr(vm.ctx.intern_str("__init__"), corrections.get_attr("property_init", vm)?);
    property.set_attr(vm.ctx.intern_str("fget"), corrections.get_attr("property_fget", vm)?);
    for class in [vm.ctx.types.bytes_type, vm.ctx.types.bytearray_type] {
        set_strip(class, "strip", "Strip leading and trailing bytes contained in the argument.", both, vm);
        set_strip(class, "lstrip", "Strip leading bytes contained in the argument.", leading, vm);
        set_strip(class, "rstrip", "Strip trailing bytes contained in the argument.", trailing, vm);
    }
    for (class, methods) in BUFFERED {
        for &(method, parameters) in methods {
            set_byte_buffers(class, method, parameters, vm)?;
        }
    }
    set_exception_str(vm)?;
    set_text_write(vm)
}

const READINTO: (&str, &str) = ("readinto", "($self, buffer, /)");
const READINTO1: (&str, &str) = ("readinto1", "($self, buffer, /)");
const WRITE: (&str, &str) = ("write", "($self, buffer, /)");

/// The classes of `_io` that have a buffer of their own, and the methods of theirs that take another one, with their parameters.
const BUFFERED: [(&str, &[(&str, &str)]); 4] = [
    ("BufferedReader", &[READINTO, READINTO1]),
    ("BufferedWriter", &[WRITE]),
    ("BufferedRandom", &[READINTO, READINTO1, WRITE]),
    ("BufferedRWPair", &[READINTO, READINTO1, WRITE]),
];

/// What is left of some bytes, of which the second argument says which are stripped.
type Left = fn(&[u8], &dyn Fn(u8) -> bool) -> Range<usize>;

fn leading(bytes: &[u8], goes: &dyn Fn(u8) -> bool) -> Range<usize> {
    bytes.iter().position(|byte| !goes(*byte)).unwrap_or(bytes.len())..bytes.len()
}

fn trailing(bytes: &[u8], goes: &dyn Fn(u8) -> bool) -> Range<usize> {
    0..bytes.iter().rposition(|byte| !goes(*byte)).map_or(0, |last| last + 1)
}

fn both(bytes: &[u8], goes: &dyn Fn(u8) -> bool) -> Range<usize> {
    let end = trailing(bytes, goes).end;
    leading(&bytes[..end], goes).start..end
}

/// RustPython's takes bytes for characters of UTF-8, and finds none above 0x7f.
fn set_strip(class: &'static Py<PyType>, name: &'static str, doc: &'static str, left: Left, vm: &VirtualMachine) {
    let strip = move |zelf: PyObjectRef, bytes: OptionalOption<ArgBytesLike>, vm: &VirtualMachine| -> PyResult {
        let range = zelf.try_bytes_like(vm, |own| match bytes.flatten() {
            Some(stripped) => stripped.with_ref(|stripped| left(own, &|byte| stripped.contains(&byte))),
            None => left(own, &|byte| matches!(byte, b' ' | b'\t'..=b'\r')),
        })?;
        if let Some(own) = zelf.downcast_ref::<PyBytes>() {
            // As CPython does, and a slice of a whole.
            if range.len() == own.as_bytes().len() && zelf.class().is(vm.ctx.types.bytes_type) {
                return Ok(zelf);
            }
            return Ok(vm.ctx.new_bytes(own.as_bytes()[range].to_vec()).into());
        }
        // What its length is cannot have changed: nothing of Python's has run.
        let rest = zelf.try_bytes_like(vm, |own| own.get(range).unwrap_or_default().to_vec())?;
        Ok(PyByteArray::from(rest).into_ref(&vm.ctx).into())
    };
    let doc = ItemDoc { text: Some(doc), ..ItemDoc::NONE };
    let definition = vm.ctx.new_method_def(name, strip, PyMethodFlags::METHOD, doc);
    class.set_attr(vm.ctx.intern_str(name), definition.build_method(class, vm).into());
}

/// RustPython's takes a part of a buffer that is larger than its own by counting elements where it means bytes, and panics when an element
/// is wider than a byte. It is given a view of the same bytes.
fn set_byte_buffers(class: &str, name: &'static str, parameters: &str, vm: &VirtualMachine) -> PyResult<()> {
    let class: PyTypeRef = vm.import("_io", 0)?.get_attr(vm.ctx.intern_str(class), vm)?.try_into_value(vm)?;
    // Types of the interpreter live as long as it does.
    let class: &'static PyTypeRef = Box::leak(Box::new(class));
    let interned = vm.ctx.intern_str(name);
    let Some(of_bytes) = class.get_attr(interned) else { return Ok(()) };
    let doc = documentation::of_function(name, parameters, &of_bytes, vm)?;
    let method = move |zelf: PyObjectRef, buffer: PyObjectRef, vm: &VirtualMachine| -> PyResult {
        match has_wide_elements(&buffer, vm) {
            true => {
                let view = vm.ctx.types.memoryview_type.as_object().call((buffer,), vm)?;
                of_bytes.call((zelf, vm.call_method(&view, "cast", ("B",))?), vm)
            }
            false => of_bytes.call((zelf, buffer), vm),
        }
    };
    let definition = vm.ctx.new_method_def(name, method, PyMethodFlags::METHOD, doc);
    class.set_attr(interned, definition.build_method(class, vm).into());
    Ok(())
}

/// Whether it is a buffer of elements that are not one byte long. What is none, or cannot be used as one, is not: whoever takes it says so.
fn has_wide_elements(buffer: &PyObjectRef, vm: &VirtualMachine) -> bool {
    let is_bytes = buffer.downcast_ref_if_exact::<PyBytes>(vm).is_some();
    !is_bytes
        && buffer.check_buffer()
        && PyBuffer::from_object(vm, buffer, BufferFlags::SIMPLE).is_ok_and(|buffer| buffer.desc.itemsize != 1)
}

/// RustPython's asks for the texts of what an exception has, which may be the exception itself, and never whether there is room for one
/// call more, as its `repr()` does.
fn set_exception_str(vm: &VirtualMachine) -> PyResult<()> {
    let (known, name) = (&vm.ctx.exceptions, vm.ctx.intern_str("__str__"));
    // Those that have one of their own.
    let classes = [
        known.base_exception_type,
        known.base_exception_group,
        known.import_error,
        known.key_error,
        known.os_error,
        known.syntax_error,
        known.unicode_decode_error,
        known.unicode_encode_error,
        known.unicode_translate_error,
    ];
    for class in classes {
        let Some(endless) = class.get_attr(name) else { continue };
        let doc = documentation::of_function("__str__", "($self, /)", &endless, vm)?;
        let str = move |zelf: PyObjectRef, vm: &VirtualMachine| -> PyResult {
            vm.with_recursion("while getting the str of an object", || endless.call((zelf,), vm))
        };
        let definition = vm.ctx.new_method_def("__str__", str, PyMethodFlags::METHOD, doc);
        class.set_attr(name, definition.build_method(class, vm).into());
    }
    Ok(())
}

/// RustPython's drops what the flush behind a line raises: that the reader is gone, that there is no room, and a KeyboardInterrupt.
fn set_text_write(vm: &VirtualMachine) -> PyResult<()> {
    let class: PyTypeRef = vm.import("_io", 0)?.get_attr("TextIOWrapper", vm)?.try_into_value(vm)?;
    // Types of the interpreter live as long as it does.
    let class: &'static PyTypeRef = Box::leak(Box::new(class));
    let name = vm.ctx.intern_str("write");
    let Some(without_errors) = class.get_attr(name) else { return Ok(()) };
    let write = move |zelf: PyObjectRef, text: PyObjectRef, vm: &VirtualMachine| -> PyResult {
        interrupt::take_raised();
        let written = without_errors.call((zelf.clone(), text.clone()), vm)?;
        if interrupt::take_raised() {
            return Err(interrupt::keyboard_interrupt(vm));
        }
        let has_line =
            text.downcast_ref::<PyStr>().is_some_and(|text| text.as_bytes().iter().any(|byte| b"\n\r".contains(byte)));
        if has_line && zelf.get_attr("line_buffering", vm)?.try_to_bool(vm)? {
            // What could not be written is still there, and fails again.
            let buffer = zelf.get_attr("buffer", vm)?;
            vm.call_method(&buffer, "flush", ())?;
        }
        Ok(written)
    };
    let doc = ItemDoc { text: Some("Write string to stream, and return the number of characters."), ..ItemDoc::NONE };
    let definition = vm.ctx.new_method_def("write", write, PyMethodFlags::METHOD, doc);
    class.set_attr(name, definition.build_method(class, vm).into());
    Ok(())
}
