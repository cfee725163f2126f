//! The interpreter of a template: RustPython without `host_env`, native modules from [`crate::modules`], the standard
//! library frozen in, and `cloison` on top.
//!
//! It is built once in a template. Microprocesses are forks of it, so whatever is imported here is shared copy-on-write.

use crate::call::callback_timeout;
use crate::interrupt::{self, InterruptHandlers};
use crate::{corrections, failure, memory, modules, native, package};
use rustpython_vm::builtins::{PyListRef, PyModuleDef};
use rustpython_vm::common::rc::PyRc;
use rustpython_vm::{Context, Interpreter, PyObjectRef, PyResult, Settings, VirtualMachine};

/// Native modules that a test binary adds to the allow-list.
pub type ExtraModules = fn(&Context) -> Vec<&'static PyModuleDef>;

/// Nothing on top of the allow-list: what the real microprocess has.
pub fn no_extra_modules(_: &Context) -> Vec<&'static PyModuleDef> {
    Vec::new()
}

/// Build the interpreter, with the streams, finders and common modules in place.
pub fn build(extra: ExtraModules, hash_seed: Option<u32>) -> Result<Interpreter, String> {
    let builder = Interpreter::builder(settings(hash_seed));
    let mut definitions = rustpython_stdlib::stdlib_module_defs(&builder.ctx);
    definitions.push(native::module_def(&builder.ctx));
    let extra = extra(&builder.ctx);
    definitions.extend(&extra);
    let interpreter = builder
        .add_native_modules(&definitions)
        .add_frozen_modules(rustpython_pylib::FROZEN_STDLIB.decode().filter(|(name, _)| modules::kept_frozen(name)))
        .add_frozen_modules(rustpython_vm::py_freeze!(dir = "../Lib"))
        .init_hook(move |vm| keep_allowed(vm, &extra))
        .init_hook(|vm| vm.set_user_signal_channel(interrupt::receiver(interrupt_handlers())))
        .build();
    interpreter.enter(|vm| start(vm).map_err(|error| failure::describe(vm, &error)))?;
    Ok(interpreter)
}

fn interrupt_handlers() -> InterruptHandlers {
    InterruptHandlers {
        stack: failure::tell_stack,
        over_budget: memory::over_budget,
        callback_timeout: callback_timeout::due,
    }
}

fn settings(hash_seed: Option<u32>) -> Settings {
    let mut settings = Settings::default();
    settings.isolated = true;
    settings.ignore_environment = true;
    settings.import_site = false;
    settings.user_site_directory = false;
    settings.install_signal_handlers = false;
    settings.write_bytecode = false;
    settings.safe_path = true;
    settings.hash_seed = hash_seed; // without one it is random, once in a template
    settings.utf8_mode = 1;
    settings
}

/// Drop every native module that is not in the table. The builder puts RustPython's own in by itself, so they are taken
/// out again, before any of them can be imported and before `sys.builtin_module_names` is made.
fn keep_allowed(vm: &mut VirtualMachine, extra: &[&'static PyModuleDef]) {
    let state = PyRc::get_mut(&mut vm.state).expect("nobody else holds the state while hooks run");
    state.module_defs.retain(|name, _| modules::allowed(name) || extra.iter().any(|def| def.name.as_str() == *name));
}

fn start(vm: &VirtualMachine) -> PyResult<()> {
    package::boot_function("start", vm)?.call((), vm)?;
    corrections::apply(vm)
}

/// What a microprocess calls, looked up in the template: after the fork every object that is touched has to be copied.
#[derive(Clone)]
pub(crate) struct Entries {
    pub(crate) after_fork: PyObjectRef,
    pub(crate) main_module: PyObjectRef,
    pub(crate) finish: PyObjectRef,
    /// What modules have registered by `os.register_at_fork`.
    pub(crate) fork_handlers: PyListRef,
}

impl Entries {
    pub(crate) fn new(vm: &VirtualMachine) -> PyResult<Self> {
        Ok(Self {
            after_fork: package::boot_function("after_fork", vm)?,
            main_module: package::cloison_module("_importer", vm)?.get_attr("main_module", vm)?,
            finish: package::boot_function("finish", vm)?,
            fork_handlers: vm.import("posix", 0)?.get_attr("_fork_handlers", vm)?.call((), vm)?.try_into_value(vm)?,
        })
    }
}
