//! A microprocess: from the fork to the exit status.
//!
//! The steps stand in one line: descriptors, line to the broker, signals, seal, and only then Python.

use crate::interpreter::Entries;
use crate::objects::process::Process;
use crate::{deterministic, errors, failure, link, mail, memory, message, mounts, package, process, signals};
use cloison_contract::message::{Begin, Run, ServiceOffer};
use cloison_contract::process::{NOT_FRESH_STATUS, NOT_SEALED_STATUS as NOT_SEALED, Reason};
use cloison_sandbox::{MicroprocessLimits, MicroprocessSeal};
use cloison_transport::control::Control;
use cloison_transport::mailbox::Mailbox;
use rustix::io::Errno;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyDictRef, PyTupleRef};
use rustpython_vm::compiler::Mode;
use rustpython_vm::scope::Scope;
use rustpython_vm::{AsObject, PyPayload, PyResult, VirtualMachine};
use std::os::fd::OwnedFd;
use std::time::Duration;

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

/// What the broker sends along with a fork.
pub(crate) struct Inherited {
    control: OwnedFd,
    streams: [OwnedFd; 3],
    mailbox: OwnedFd,
    bell: OwnedFd,
}

impl Inherited {
    /// In the order of the contract; `None` if there are more or fewer.
    pub(crate) fn new(descriptors: Vec<OwnedFd>) -> Option<Self> {
        let [control, stdin, stdout, stderr, mailbox, bell] = <[OwnedFd; 6]>::try_from(descriptors).ok()?;
        Some(Self { control, streams: [stdin, stdout, stderr], mailbox, bell })
    }
}

/// What a template makes its forks with.
#[derive(Clone)]
pub(crate) struct Forks {
    pub(crate) entries: Entries,
    pub(crate) seal: MicroprocessSeal,
    pub(crate) limits: Limits,
    /// The program's own module is imported.
    pub(crate) has_program: bool,
}

/// Be one. This is the child's side of the fork, so nothing of the caller is returned to.
///
/// All that does not depend on what it is to run is done before it waits for that: the broker keeps such blanks ready.
///
/// With `rehearse` it goes the way of a program before that, too.
pub(crate) fn start(vm: &VirtualMachine, forks: &Forks, seed: [u8; 32], rehearse: bool, descriptors: Inherited) -> ! {
    let Forks { entries, seal, limits, has_program } = forks;
    memory::nursery::open();
    let Inherited { control, streams, mailbox, bell } = descriptors;
    if let Err(error) = take_streams(&streams) {
        eprintln!("cloison-microprocess: cannot take the standard streams: {error}");
        process::exit(NOT_SEALED);
    }
    drop(streams);
    link::become_microprocess(Control::from_descriptor(control));
    // The interpreter seeds from it what Python seeds from nothing.
    if let Err(error) = rand::rng().reseed() {
        eprintln!("cloison-microprocess: no random bytes: {error}");
        process::exit(NOT_FRESH_STATUS);
    }
    signals::catch_interrupts();
    signals::explain_aborts();
    match Mailbox::attach(&mailbox, bell) {
        Ok(mailbox) => mail::attach(mailbox),
        Err(error) => {
            eprintln!("cloison-microprocess: cannot take the mailbox: {error}");
            process::exit(NOT_SEALED);
        }
    }
    drop(mailbox);
    if let Err(error) = seal.apply(&kernel_limits(limits)) {
        eprintln!("cloison-microprocess: cannot close the sandbox: {error}");
        process::exit(NOT_SEALED);
    }
    memory::limit(limits.memory_bytes);
    let prepared = if rehearse { rehearse_program(vm, entries) } else { Ok(()) };
    let prepared = prepared.and_then(|()| prepare(vm, entries, seed));
    // Goes the way to a function once, if nobody waits for it yet.
    let prepared = match link::is_quiet(Duration::ZERO) {
        Ok(true) => prepared.and_then(|()| call_own(vm, entries, "warm_up")),
        _ => prepared,
    };
    // The broker hangs up when nobody wants this process any more.
    let Ok((begin, streams)) = link::begin() else { process::exit(0) };
    let prepared = prepared.and_then(|()| take_late_streams(vm, streams));
    // What the program's own module has made of its arguments stays.
    let prepared = match has_program {
        true => prepared,
        false => prepared.and_then(|()| set_arguments(vm, begin.run.argv())),
    };
    let run = std::panic::AssertUnwindSafe(|| whole_run(vm, entries, prepared, begin));
    process::exit(std::panic::catch_unwind(run).unwrap_or_else(|panic| status_of_panic(&*panic)))
}

/// The exit status of a process whose interpreter has panicked, which standard error says.
fn status_of_panic(panic: &(dyn std::any::Any + Send)) -> i32 {
    const PANICKED: i32 = 101;
    // `stacker` has no other way to say that there is no memory for more stack.
    let no_stack = panic.downcast_ref::<String>().is_some_and(|text| text.contains("mprotect/mmap failed"));
    if no_stack { memory::EXHAUSTED } else { PANICKED }
}

fn take_streams([stdin, stdout, stderr]: &[OwnedFd; 3]) -> Result<(), Errno> {
    rustix::stdio::dup2_stdin(stdin)?;
    rustix::stdio::dup2_stdout(stdout)?;
    rustix::stdio::dup2_stderr(stderr)
}

/// The streams of a process that was forked before they were known.
fn take_late_streams(vm: &VirtualMachine, streams: Vec<OwnedFd>) -> PyResult<()> {
    let streams = match <[OwnedFd; 3]>::try_from(streams) {
        Ok(streams) => streams,
        Err(streams) if streams.is_empty() => return Ok(()),
        Err(_) => return Err(vm.new_runtime_error("the standard streams are missing")),
    };
    take_streams(&streams)
        .map_err(|error| vm.new_runtime_error(format!("cannot take the standard streams: {error}")))?;
    if rustix::termios::isatty(rustix::stdio::stdout()) {
        package::boot_function("use_terminal", vm)?.call((), vm)?;
    }
    Ok(())
}

fn kernel_limits(limits: &Limits) -> MicroprocessLimits {
    MicroprocessLimits {
        data_bytes: Some(limits.mapped_bytes()),
        address_space_bytes: Some(limits.address_space_bytes()),
        cpu_seconds: Some(limits.cpu_seconds),
        descriptors: Some(limits.descriptors),
    }
}

/// Run it, report what went wrong, run exit handlers, flush, and say why it ends.
fn whole_run(vm: &VirtualMachine, entries: &Entries, prepared: PyResult<()>, begin: Begin) -> i32 {
    let Begin { run, myself, parent, name: _, memory_bytes, cpu_seconds, mailbox_bytes, .. } = begin;
    let Begin { mounts, folders, services, recorded, .. } = begin;
    let environment: Vec<_> = services.iter().filter(|offer| offer.service == ENV).cloned().collect();
    mounts::set(mounts, folders, services, recorded);
    mail::become_process(myself, parent, mailbox_bytes, memory_bytes);
    memory::limit(memory_bytes);
    let (status, reason) = match prepared
        .and_then(|()| lower_limits(cpu_seconds, vm))
        .and_then(|()| take_environment(&environment, vm))
        .and_then(|()| deterministic::seed(myself.number, vm))
        .and_then(|()| call_fork_handlers(vm, entries))
        .and_then(|()| execute(vm, entries, run, myself.number))
    {
        Ok(status) => (status, reason_of_status(status)),
        Err(error) => failure::report_with_reason(vm, error),
    };
    run_exit_handlers(vm);
    let (status, reason) = match entries.finish.call((), vm).and_then(|flushed| flushed.try_to_bool(vm)) {
        Ok(true) => (status, reason),
        Ok(false) | Err(_) if status == 0 => (NOT_FLUSHED, Reason::Exited { status: NOT_FLUSHED }),
        Ok(false) | Err(_) => (status, reason),
    };
    mail::last(reason);
    status
}

/// What modules have asked for, to make what they keep fresh: no part of a blank, of which nobody knows yet who it will be. If one
/// fails, nothing else is run.
fn call_fork_handlers(vm: &VirtualMachine, entries: &Entries) -> PyResult<()> {
    let handlers = entries.fork_handlers.borrow_vec().to_vec();
    handlers.into_iter().try_for_each(|handler| package::call(&handler, (), vm).map(drop))
}

/// The service that gives variables.
const ENV: &str = "env";

/// Variables that capabilities give.
fn take_environment(offers: &[ServiceOffer], vm: &VirtualMachine) -> PyResult<()> {
    for offer in offers {
        let grants = offer.grants.iter().map(|grant| vm.ctx.new_str(grant.as_str()).into()).collect();
        package::boot_function("take_environment", vm)?.call((vm.ctx.new_list(grants),), vm)?;
    }
    Ok(())
}

/// What they raise is shown where they are called.
fn run_exit_handlers(vm: &VirtualMachine) {
    let run =
        vm.new_function("run_exit_handlers", |vm: &VirtualMachine| rustpython_vm::stdlib::atexit::_run_exitfuncs(vm));
    if package::call(run.as_object(), (), vm).is_err() {
        // There is no memory for that frame.
        rustpython_vm::stdlib::atexit::_run_exitfuncs(vm);
    }
}

fn reason_of_status(status: i32) -> Reason {
    if status == 0 { Reason::Normal } else { Reason::Exited { status } }
}

/// The kernel's limit on processor time, which only goes down.
fn lower_limits(cpu_seconds: u64, vm: &VirtualMachine) -> PyResult<()> {
    cloison_sandbox::lower_cpu_seconds(cpu_seconds).map_err(|error| vm.new_runtime_error(error.to_string()))
}

/// Go the way of every microprocess a few times in the template. The interpreter rewrites instructions as it gets to know
/// them, and fills caches: done here, that is shared; done after the fork, each microprocess pays for copying the pages.
pub(crate) fn rehearse(vm: &VirtualMachine, entries: &Entries) -> PyResult<()> {
    for _ in 0..REHEARSALS {
        let run = Run::Script { path: String::new(), source: "import sys\n".to_owned(), argv: Vec::new() };
        prepare(vm, entries, [0; 32])?;
        set_arguments(vm, run.argv())?;
        execute(vm, entries, run, 0)?;
        call_own(vm, entries, "rehearse")?;
        call_own(vm, entries, "warm_up")?;
        entries.finish.call((), vm)?;
    }
    vm.sys_module.get_attr("modules", vm)?.del_item("__main__", vm)
}

/// Go the way of a program once: what that touches for the first time is touched then.
fn rehearse_program(vm: &VirtualMachine, entries: &Entries) -> PyResult<()> {
    let source = "import sys\nprint(end='')\n".to_owned();
    set_arguments(vm, &[])?;
    execute(vm, entries, Run::Script { path: String::new(), source, argv: Vec::new() }, 0)?;
    entries.finish.call((), vm)?;
    vm.sys_module.get_attr("modules", vm)?.del_item("__main__", vm)
}

/// Call a function of `cloison._boot` as a spawned process calls its own, with arguments of several kinds.
fn call_own(vm: &VirtualMachine, entries: &Entries, function: &str) -> PyResult<()> {
    let process = Process::new(0, [0; 16]).into_ref(&vm.ctx);
    let number = vm.ctx.new_int(1_i64 << 40);
    let arguments = vec![process.into(), vm.ctx.new_str("text").into(), number.into(), vm.ctx.new_float(1.5).into()];
    let arguments = message::encode(vm.ctx.new_tuple(arguments).as_object(), vm)?;
    let run = Run::Spawned {
        module: "cloison._boot".to_owned(),
        qualname: function.to_owned(),
        arguments: Some(arguments),
        register: None,
        main: None,
        argv: Vec::new(),
    };
    execute(vm, entries, run, 0).map(drop)
}

/// What does not depend on what is run.
pub(crate) fn prepare(vm: &VirtualMachine, entries: &Entries, seed: [u8; 32]) -> PyResult<()> {
    let seed =
        seed.chunks_exact(16).fold(0, |sum, half| sum ^ u128::from_le_bytes(half.try_into().unwrap_or_default()));
    let terminal = rustix::termios::isatty(rustix::stdio::stdout());
    entries.after_fork.call((vm.ctx.new_int(seed), terminal), vm).map(drop)
}

pub(crate) fn set_arguments(vm: &VirtualMachine, argv: &[String]) -> PyResult<()> {
    let argv = argv.iter().map(|argument| vm.ctx.new_str(argument.as_str()).into()).collect();
    vm.sys_module.set_attr("argv", vm.ctx.new_list(argv), vm)
}

fn execute(vm: &VirtualMachine, entries: &Entries, run: Run, number: u64) -> PyResult<i32> {
    match run {
        Run::Function { module, qualname, .. } => {
            let entry = function(vm, &module, &qualname)?;
            let value = package::call(&entry, (), vm)?;
            Ok(failure::status_of(vm, &value))
        }
        Run::Module { name, .. } => module(vm, &name, MAIN).map(|()| 0),
        Run::Script { path, source, .. } => script(vm, entries, &path, &source, MAIN).map(|()| 0),
        Run::Spawned { module, qualname, arguments, register, main, .. } => {
            if let Some(main) = main {
                mail::prepare(true);
                let import = || import_main(vm, entries, *main).inspect_err(|error| explain_denial(vm, error));
                deterministic::importing(number, vm, import)?;
                mail::prepare(false);
            }
            let function = match module.as_str() {
                MAIN => function(vm, SPAWNED_MAIN, &qualname).inspect_err(|error| explain_missing(vm, error))?,
                module => function(vm, module, &qualname)?,
            };
            let arguments = match arguments {
                Some(arguments) => message::decode(&arguments, vm)?,
                None => mail::await_arguments(vm)?,
            };
            let arguments = arguments.try_into_value::<PyTupleRef>(vm)?;
            // Nobody finds it before it has its arguments: they are the first message that comes.
            if let Some(name) = register {
                package::cloison_module("_processes", vm)?.get_attr("register", vm)?.call((name,), vm)?;
            }
            package::call(&function, arguments.as_slice().to_vec(), vm).map(|_| 0)
        }
    }
}

/// The module that a program is.
const MAIN: &str = "__main__";
/// The same in a microprocess that runs a function of it, as `multiprocessing` has it: its `if __name__ == "__main__"` is no
/// part of that.
const SPAWNED_MAIN: &str = "__mp_main__";

/// Run the program's own module under its other name, for what it defines.
pub(crate) fn import_main(vm: &VirtualMachine, entries: &Entries, main: Run) -> PyResult<()> {
    match main {
        Run::Script { path, source, .. } => script(vm, entries, &path, &source, SPAWNED_MAIN)?,
        Run::Module { name, .. } => module(vm, &name, SPAWNED_MAIN)?,
        Run::Function { .. } | Run::Spawned { .. } => {}
    }
    Ok(())
}

/// A program that asks for a capability at its top level can have no children without it, and its author sees that line alone.
fn explain_denial(vm: &VirtualMachine, error: &PyBaseExceptionRef) {
    let denied = errors::class("CapabilityDenied", vm).and_then(|class| error.as_object().is_instance(&class, vm));
    if matches!(denied, Ok(true)) {
        let hint = "hint: it imports the program first, which asks for the capability at its top level: ask in a function, or below \
                    `if __name__ == \"__main__\":`";
        let _ = vm.call_method(error.as_object(), "add_note", (hint,));
    }
}

/// A function that the program has, and what is imported of it has not.
fn explain_missing(vm: &VirtualMachine, error: &PyBaseExceptionRef) {
    if error.fast_isinstance(vm.ctx.exceptions.attribute_error) {
        let hint = "hint: define it above `if __name__ == \"__main__\":`, which is for the program itself alone";
        let _ = vm.call_method(error.as_object(), "add_note", (hint,));
    }
}

fn module(vm: &VirtualMachine, name: &str, as_name: &str) -> PyResult<()> {
    package::boot_function("run_module", vm)?.call((name, as_name), vm).map(drop)
}

/// A function of an importable module.
fn function(vm: &VirtualMachine, module: &str, qualname: &str) -> PyResult {
    let modules = vm.sys_module.get_attr("modules", vm)?;
    // It is imported as a rule, and then the import system has no part in this.
    let mut object = match modules.get_item(module, vm) {
        Ok(object) if !vm.is_none(&object) => object,
        _ => {
            vm.import(vm.ctx.intern_str(module), 0)?;
            modules.get_item(module, vm)?
        }
    };
    for name in qualname.split('.') {
        object = object.get_attr(vm.ctx.intern_str(name), vm)?;
    }
    Ok(object)
}

/// Run a source as `__main__`, or under another name.
fn script(vm: &VirtualMachine, entries: &Entries, path: &str, source: &str, name: &str) -> PyResult<()> {
    let namespace: PyDictRef = entries.main_module.call((path, source, name), vm)?.try_into_value(vm)?;
    // As Python's `compile` has it: millions of them end the parser for want of memory.
    if source.contains('\0') {
        let what = format!("source code cannot contain null bytes ({path})");
        return Err(vm.new_exception_msg(vm.ctx.exceptions.syntax_error.to_owned(), what.into()));
    }
    let code = vm.compile(source, Mode::Exec, path).map_err(|error| error.into_pyexception(vm, Some(source)))?;
    vm.run_code_obj(code, Scope::with_builtins(None, namespace, vm)).map(drop)
}
