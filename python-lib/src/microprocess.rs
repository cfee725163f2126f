//! A microprocess: from the fork to the exit status.
//!
//! The steps stand in one line: descriptors, line to the broker, signals, seal, and only then Python.

use crate::interpreter::Entries;
use crate::{failure, interpreter, link, memory, process, signals};
use cloison_contract::message::Run;
use cloison_sandbox::{MicroprocessLimits, MicroprocessSeal};
use cloison_transport::control::Control;
use rustix::io::Errno;
use rustpython_vm::builtins::PyDictRef;
use rustpython_vm::compiler::Mode;
use rustpython_vm::scope::Scope;
use rustpython_vm::{PyResult, VirtualMachine};
use std::os::fd::OwnedFd;

/// The exit status of a microprocess that could not be sealed. Nothing of the application has run.
const NOT_SEALED: i32 = 125;
/// The exit status when what was printed could not be written, as in CPython.
const NOT_FLUSHED: i32 = 120;
/// How often an instruction has to run before the interpreter has made up its mind about it, generously.
const REHEARSALS: u32 = 64;
/// What the allocator may map beyond the budget before the kernel objects: whole arenas, and what fragmentation takes.
const MAPPED_BEYOND_BYTES: u64 = 128 << 20;
/// What channels may take, which are no private memory, and the program's text. Finite, because page tables of what is
/// mapped only to be read are memory that no limit counts.
const CHANNELS_BYTES: u64 = 8 << 30;

/// What one microprocess may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Memory, what came from the template included.
    pub memory_bytes: u64,
    /// Processor time.
    pub cpu_seconds: u64,
    /// Descriptors.
    pub descriptors: u32,
}

impl Limits {
    /// How much memory the kernel lets a process map, the budget and what goes with it.
    pub fn mapped_bytes(&self) -> u64 {
        self.memory_bytes.saturating_add(MAPPED_BEYOND_BYTES)
    }

    /// How much address space, whatever lies behind it.
    pub fn address_space_bytes(&self) -> u64 {
        self.mapped_bytes().saturating_add(CHANNELS_BYTES)
    }
}

/// Be one. This is the child's side of the fork, so nothing of the caller is returned to.
pub(crate) fn start(
    vm: &VirtualMachine,
    entries: &Entries,
    seal: &MicroprocessSeal,
    limits: &Limits,
    run: Run,
    seed: [u8; 32],
    [control, stdin, stdout, stderr]: [OwnedFd; 4],
) -> ! {
    if let Err(error) = take_streams(&stdin, &stdout, &stderr) {
        eprintln!("cloison-microprocess: cannot take the standard streams: {error}");
        process::exit(NOT_SEALED);
    }
    drop((stdin, stdout, stderr));
    link::become_microprocess(Control::from_descriptor(control));
    signals::catch_interrupts();
    signals::explain_aborts();
    if let Err(error) = seal.apply(&kernel_limits(limits)) {
        eprintln!("cloison-microprocess: cannot close the sandbox: {error}");
        process::exit(NOT_SEALED);
    }
    memory::limit(limits.memory_bytes);
    process::exit(whole_run(vm, entries, run, seed))
}

fn take_streams(stdin: &OwnedFd, stdout: &OwnedFd, stderr: &OwnedFd) -> Result<(), Errno> {
    rustix::stdio::dup2_stdin(stdin)?;
    rustix::stdio::dup2_stdout(stdout)?;
    rustix::stdio::dup2_stderr(stderr)
}

fn kernel_limits(limits: &Limits) -> MicroprocessLimits {
    MicroprocessLimits {
        data_bytes: Some(limits.mapped_bytes()),
        address_space_bytes: Some(limits.address_space_bytes()),
        cpu_seconds: Some(limits.cpu_seconds),
        descriptors: Some(limits.descriptors),
    }
}

/// Run it, report what went wrong, run exit handlers, flush.
fn whole_run(vm: &VirtualMachine, entries: &Entries, run: Run, seed: [u8; 32]) -> i32 {
    let status = match prepare(vm, entries, &run, seed).and_then(|()| execute(vm, entries, run)) {
        Ok(status) => status,
        Err(error) => failure::report(vm, error),
    };
    rustpython_vm::stdlib::atexit::_run_exitfuncs(vm);
    match entries.finish.call((), vm).and_then(|flushed| flushed.try_to_bool(vm)) {
        Ok(true) => status,
        Ok(false) | Err(_) if status == 0 => NOT_FLUSHED,
        Ok(false) | Err(_) => status,
    }
}

/// Go the way of every microprocess a few times in the template. The interpreter rewrites instructions as it gets to know
/// them, and fills caches: done here, that is shared; done after the fork, each microprocess pays for copying the pages.
pub(crate) fn rehearse(vm: &VirtualMachine, entries: &Entries) -> PyResult<()> {
    for _ in 0..REHEARSALS {
        let run = Run::Script { path: String::new(), source: "import sys\n".to_owned(), argv: Vec::new() };
        prepare(vm, entries, &run, [0; 32])?;
        execute(vm, entries, run)?;
        entries.finish.call((), vm)?;
    }
    vm.sys_module.get_attr("modules", vm)?.del_item("__main__", vm)
}

fn prepare(vm: &VirtualMachine, entries: &Entries, run: &Run, seed: [u8; 32]) -> PyResult<()> {
    let (Run::Function { argv, .. } | Run::Module { argv, .. } | Run::Script { argv, .. }) = run;
    let argv = argv.iter().map(|argument| vm.ctx.new_str(argument.as_str()).into()).collect();
    let seed =
        seed.chunks_exact(16).fold(0, |sum, half| sum ^ u128::from_le_bytes(half.try_into().unwrap_or_default()));
    let terminal = rustix::termios::isatty(rustix::stdio::stdout());
    entries.after_fork.call((vm.ctx.new_list(argv), vm.ctx.new_int(seed), terminal), vm).map(drop)
}

fn execute(vm: &VirtualMachine, entries: &Entries, run: Run) -> PyResult<i32> {
    match run {
        Run::Function { module, qualname, .. } => call(vm, &module, &qualname),
        Run::Module { name, .. } => interpreter::boot_function("run_module", vm)?.call((name,), vm).map(|_| 0),
        Run::Script { path, source, .. } => script(vm, entries, &path, &source).map(|()| 0),
    }
}

/// Call a function as `sys.exit(function())` does.
fn call(vm: &VirtualMachine, module: &str, qualname: &str) -> PyResult<i32> {
    vm.import(vm.ctx.intern_str(module), 0)?;
    let mut object = vm.sys_module.get_attr("modules", vm)?.get_item(module, vm)?;
    for name in qualname.split('.') {
        object = object.get_attr(vm.ctx.intern_str(name), vm)?;
    }
    let value = object.call((), vm)?;
    Ok(failure::status_of(vm, &value))
}

/// Run a source as `__main__`.
fn script(vm: &VirtualMachine, entries: &Entries, path: &str, source: &str) -> PyResult<()> {
    let namespace: PyDictRef = entries.main_module.call((path, source), vm)?.try_into_value(vm)?;
    // As Python's `compile` has it: millions of them end the parser for want of memory.
    if source.contains('\0') {
        let what = format!("source code cannot contain null bytes ({path})");
        return Err(vm.new_exception_msg(vm.ctx.exceptions.syntax_error.to_owned(), what.into()));
    }
    let code = vm.compile(source, Mode::Exec, path).map_err(|error| error.into_pyexception(vm, Some(source)))?;
    vm.run_code_obj(code, Scope::with_builtins(None, namespace, vm)).map(drop)
}
