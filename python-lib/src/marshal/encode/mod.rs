//! One Python argument → its words in a request, and its bytes in the arena, by the [`Slot`](cloison_contract::shape::Slot) that
//! both sides have worked out from the same interface. A callable's results go into its answer the same way.
//!
//! One file for each shape. No match on a shape has a `_` arm: a new shape is asked about here. What the other side does with the
//! words is in `ffi-zone/src/marshal/shape/`; [`cloison_codec::decode`] is the way back.

#![deny(clippy::wildcard_enum_match_arm)]

mod buffer;
mod callback;
mod elements;
mod handle;
pub mod number;
mod record;
mod scalar_pointer;
mod text;
mod wide;

use crate::errors::place::ArgumentPlace;
use crate::marshal::arguments::Prepared;
use crate::marshal::pieces::Source;
use crate::marshal::plan::{Argument, Preset};
use cloison_contract::call::NULL;
use cloison_contract::shape::{Element, Shape};
use rustpython_vm::builtins::{PyBytes, PyStr};
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

impl<'a> Prepared<'a> {
    /// Convert and check one argument. What most calls have comes first.
    #[inline]
    pub fn convert(
        &mut self,
        argument: &'a Argument,
        value: &'a PyObject,
        place: ArgumentPlace<'_>,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let word = argument.slot.word;
        match &argument.slot.shape {
            Shape::Number(number) => number::encode(self, argument, number.enumeration, value, place, vm),
            Shape::Buffer(buffer) => buffer::encode(self, word, buffer, value, place, vm),
            Shape::Text(text) => text::encode(self, word, text, value, place, vm),
            Shape::Handle(handle) => handle::encode(self, argument, handle, value, place, vm),
            Shape::ScalarPointer(pointer) => scalar_pointer::encode(self, argument, pointer, value, place, vm),
            Shape::Callback(callback) => callback::encode(self, argument, callback, value, place, vm),
            Shape::Record(record) => record::encode(self, word, record, value, place, vm),
            Shape::Wide(wide) => wide::encode(self, word, wide.wide, value, place, vm),
            // Nobody passes these, and no plan has them.
            Shape::CapacityOf(_) | Shape::Constant(_) | Shape::LengthOf(_) | Shape::OutPointer(_) => {
                Err(place.value_error("is filled in and cannot be passed", vm))
            }
        }
    }

    /// Put what stands for an argument that is not passed.
    pub fn preset(&mut self, argument: &'a Argument) -> Option<()> {
        let slot = &argument.slot;
        match argument.default.as_ref()? {
            Preset::Bytes(bytes) => self.place(slot.word, Source::Borrowed(bytes)),
            Preset::Null => self.request.words[slot.word] = NULL,
            Preset::Text(text) => self.place_text(slot.word, text),
            Preset::Word(word) => self.put(slot, *word),
        }
        Some(())
    }
}

impl Argument {
    /// Whether a value is converted without any Python code: it is of the very type that is wanted.
    #[inline]
    pub fn is_plain(&self, value: &PyObject) -> bool {
        match &self.slot.shape {
            Shape::Buffer(buffer) => match buffer.element {
                Element::Scalar(_) if buffer.is_wide_text() => value.downcast_ref::<PyStr>().is_some(),
                Element::Scalar(_) => value.downcast_ref::<PyBytes>().is_some(),
                Element::Handle { .. } | Element::Record { .. } | Element::Text { .. } => false,
            },
            Shape::Number(number) => number.enumeration.is_none() && number::is_plain(self, value),
            Shape::ScalarPointer(pointer) => {
                !pointer.null && pointer.enumeration.is_none() && number::is_plain(self, value)
            }
            Shape::Text(_) => value.downcast_ref::<PyBytes>().is_some() || value.downcast_ref::<PyStr>().is_some(),
            Shape::Callback(_)
            | Shape::CapacityOf(_)
            | Shape::Constant(_)
            | Shape::Handle(_)
            | Shape::LengthOf(_)
            | Shape::OutPointer(_)
            | Shape::Record(_)
            | Shape::Wide(_) => false,
        }
    }
}
