//! A pointer to one number: the number, or a word in front of it that says whether it is there.

use super::number;
use crate::errors::place::ArgumentPlace;
use crate::marshal::arguments::Prepared;
use crate::marshal::plan::Argument;
use cloison_contract::shape::ScalarPointer;
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

#[inline(never)]
pub(super) fn encode(
    prepared: &mut Prepared<'_>,
    argument: &Argument,
    pointer: &ScalarPointer,
    value: &PyObject,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    if argument.slot.words == 2 && vm.is_none(value) {
        return Ok(());
    }
    number::encode(prepared, argument, pointer.enumeration, value, place, vm)
}
