//! A handle's word; 0 for `None`.

use crate::errors::place::ArgumentPlace;
use crate::marshal::arguments::Prepared;
use crate::marshal::plan::Argument;
use crate::objects::handle::{self, Core};
use cloison_contract::shape::{HandleArgument, Position};
use rustpython_vm::{PyObject, PyResult, VirtualMachine};
use std::rc::Rc;

#[inline]
pub(super) fn encode(
    prepared: &mut Prepared<'_>,
    argument: &Argument,
    wanted: &HandleArgument,
    value: &PyObject,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let core = handle::passed(&prepared.session.home, wanted.id, wanted.null, value, place, vm)?;
    prepared.request.words[argument.slot.word] = core.map_or(0, |core| core.word());
    if (wanted.consumed || argument.keeps)
        && let (Some(core), Position::Parameter(position)) = (core, argument.slot.position)
    {
        keep(prepared, position, core, wanted.consumed);
    }
    Ok(())
}

#[cold]
fn keep(prepared: &mut Prepared<'_>, position: usize, core: &Rc<Core>, consumed: bool) {
    let extra = prepared.extra.get_or_insert_default();
    extra.handles.push((position, core.clone()));
    if consumed {
        extra.consumed.push(core.clone());
    }
}
