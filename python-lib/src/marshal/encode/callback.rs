//! A callable: its number; 0 for `None`.

use crate::call::callback::{MOST, Registration};
use crate::errors::place::ArgumentPlace;
use crate::marshal::arguments::Prepared;
use crate::marshal::plan::Argument;
use cloison_contract::shape::Callback;
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

#[inline(never)]
pub(super) fn encode(
    prepared: &mut Prepared<'_>,
    argument: &Argument,
    callback: &Callback,
    value: &PyObject,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    if callback.null && vm.is_none(value) {
        return Ok(());
    }
    let Some(plan) = argument.callback.as_ref().filter(|_| value.is_callable()) else {
        return Err(place.type_error("callable", value, vm));
    };
    let Some(registration) = Registration::new(&prepared.session.callables, value.to_owned(), plan.clone()) else {
        let name = &prepared.session.description.name;
        return Err(vm.new_runtime_error(format!("capability '{name}' holds {MOST} callables already")));
    };
    prepared.put(&argument.slot, registration.number());
    prepared.extra.get_or_insert_default().callables.push((registration, callback.retain));
    Ok(())
}
