//! The interpreter of a template: RustPython without `host_env`, native modules from [`crate::modules`], the standard
//! library frozen in, and `cloison` on top.
//!
//! It is built once in a template. Microprocesses are forks of it, so whatever is imported here is shared copy-on-write.

use crate::{corrections, interrupt, modules, native};
use rustpython_vm::builtins::{PyBoundMethod, PyFunction, PyListRef, PyModuleDef};
use rustpython_vm::common::rc::PyRc;
use rustpython_vm::function::IntoFuncArgs;
use rustpython_vm::{AsObject, Context, Interpreter, PyObject, PyObjectRef, PyResult, Settings, VirtualMachine};

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
        .init_hook(|vm| vm.set_user_signal_channel(interrupt::receiver()))
        .build();
    interpreter.enter(|vm| start(vm).map_err(|error| crate::failure::describe(vm, &error)))?;
    Ok(interpreter)
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
    boot_function("start", vm)?.call((), vm)?;
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
            after_fork: boot_function("after_fork", vm)?,
            main_module: cloison_module("_importer", vm)?.get_attr("main_module", vm)?,
            finish: boot_function("finish", vm)?,
            fork_handlers: vm.import("posix", 0)?.get_attr("_fork_handlers", vm)?.call((), vm)?.try_into_value(vm)?,
        })
    }
}

/// Call something of the program's when no Python code is running. Some builtins (`exec`, `globals`, `super`) look at their
/// caller's frame, and would find none.
pub(crate) fn call(callable: &PyObject, arguments: impl IntoFuncArgs, vm: &VirtualMachine) -> PyResult {
    if callable.downcastable::<PyFunction>() || callable.downcastable::<PyBoundMethod>() {
        return callable.call(arguments, vm);
    }
    let arguments = vm.ctx.new_tuple(arguments.into_args(vm).args);
    boot_function("call", vm)?.call((callable.to_owned(), arguments), vm).inspect_err(|error| {
        // Without the two frames that were made for it.
        let trace = ["__traceback__", "tb_next", "tb_next"];
        let inner = trace.into_iter().try_fold(error.as_object().to_owned(), |outer, next| outer.get_attr(next, vm));
        if let Ok(inner) = inner {
            let _ = error.as_object().set_attr("__traceback__", inner, vm);
        }
    })
}

/// A function of `cloison._boot`.
pub(crate) fn boot_function(name: &'static str, vm: &VirtualMachine) -> PyResult {
    cloison_module("_boot", vm)?.get_attr(name, vm)
}

/// A submodule of package `cloison`.
pub(crate) fn cloison_module(name: &'static str, vm: &VirtualMachine) -> PyResult {
    let full = format!("cloison.{name}");
    vm.import(vm.ctx.intern_str(full.as_str()), 0)?;
    vm.sys_module.get_attr("modules", vm)?.get_item(full.as_str(), vm)
}
