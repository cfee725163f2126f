//! A clock that the application's manifest sets, and randomness out of its seed: `Lib/cloison/_deterministic.py` does it, and what is
//! here is what only Rust can.

use crate::package::{self, cloison_module};
use cloison_contract::deterministic::{Clock, Deterministic};
use rustpython_vm::builtins::{PyDictRef, PyType};
use rustpython_vm::{PyResult, VirtualMachine};
use std::sync::OnceLock;

/// What this template and its forks have; nothing until a template says so.
static SEED: OnceLock<u64> = OnceLock::new();

/// The seed of the hashes of texts, on which the order of sets depends.
pub(crate) fn hash_seed(deterministic: &Deterministic) -> Option<u32> {
    // Its lower half: another one in either half is another order in nearly all cases, which is all that anybody asks of it.
    deterministic.seed.map(|seed| (seed ^ (seed >> 32)) as u32)
}

/// In a template, before it imports anything of the application.
pub(crate) fn apply(deterministic: &Deterministic, vm: &VirtualMachine) -> PyResult<()> {
    if let Some(clock) = deterministic.clock {
        set_clock(clock, vm)?;
    }
    if let Some(seed) = deterministic.seed {
        // A template is told once.
        let _ = SEED.set(seed);
    }
    seed(0, vm)
}

/// In a microprocess that has its number, before it runs anything; in a program template as number 0.
pub(crate) fn seed(number: u64, vm: &VirtualMachine) -> PyResult<()> {
    let Some(seed) = SEED.get() else { return Ok(()) };
    cloison_module("_deterministic", vm)?.get_attr("randomness", vm)?.call((*seed, number), vm).map(drop)
}

/// Run what imports the program's own module in a microprocess, as its template would have: what that draws is the same either way.
pub(crate) fn importing<T>(number: u64, vm: &VirtualMachine, import: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    if SEED.get().is_none() {
        return import();
    }
    // What seeds itself by chance is noted, and seeded anew behind it.
    package::boot_function("before_program", vm)?.call((), vm)?;
    seed(0, vm)?;
    let imported = import()?;
    seed(number, vm)?;
    Ok(imported)
}

fn set_clock(clock: Clock, vm: &VirtualMachine) -> PyResult<()> {
    let set = cloison_module("_deterministic", vm)?.get_attr("clock", vm)?;
    let methods = set.call((clock.start_ns, clock.origin_ns, clock.rate_millionths), vm)?;
    let methods: PyDictRef = methods.try_into_value(vm)?;
    let datetime = vm.import("datetime", 0)?;
    // Builtin types take no attributes from Python.
    for (class, names) in [("datetime", ["now", "utcnow", "today"].as_slice()), ("date", &["today"])] {
        let class = datetime.get_attr(class, vm)?;
        let class = class.downcast_ref::<PyType>().ok_or_else(|| vm.new_type_error("datetime has no such type"))?;
        for name in names {
            class.set_attr(vm.ctx.intern_str(*name), methods.get_item(*name, vm)?);
        }
    }
    Ok(())
}
