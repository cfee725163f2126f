//! The template: from `exec` to waiting for forks.
//!
//! ```text
//!  exec ─▶ Boot? ─▶ Split ─▶ jail ─▶ Jailed ─▶ interpreter ─▶ import (Find …) ─▶ Ready ─▶ Fork? ─▶ Forked ─▶ Fork? …
//!                                                                                           └──▶ microprocess, or program template
//! ```
//!
//! One that is kept warm for whoever comes does all it can before it waits:
//!
//! ```text
//!  … ─▶ interpreter ─▶ what most programs import ─▶ Preloaded ─▶ Import? ─▶ import (Find …) ─▶ Ready ─▶ Fork? …
//! ```
//!
//! Descriptor 0 is the control socket when the process starts. It is moved away before anything else, and its place
//! is taken by an empty pipe: what modules read from standard input while they are imported is the end of it.

use crate::interpreter::{self, Entries, ExtraModules};
use crate::link::{self, LinkError};
use crate::microprocess::{self, Forks, Inherited, Limits};
use crate::process::{self, Side};
use crate::program::{self, ProgramDescriptors};
use crate::{deterministic, failure, immortal, mail, memory, package, signal_mask, signals};
use cloison_contract::deterministic::Deterministic;
use cloison_contract::message::{FromTemplate, ToTemplate};
use cloison_contract::printable;
use cloison_sandbox::{Jail, Spec, Template};
use cloison_transport::control::{Control, ControlError};
use rustix::io::Errno;
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{AsObject, PyResult, VirtualMachine};
use std::convert::Infallible;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// Descriptors of a template: the control socket, three streams, and those of a child that is being made. The kernel lets it send
/// another one only while no more than that are on their way to processes of its user, in whatever application.
const DESCRIPTORS: u32 = 1024;

/// Why a template ended before it was told to.
#[derive(Debug, thiserror::Error)]
enum TemplateError {
    /// The broker is gone, or says what it should not.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The modules could not be imported.
    #[error("{message}")]
    Import { message: String, status: i32 },
    /// The interpreter could not be built: a defect of ours.
    #[error("the interpreter does not start:\n{0}")]
    Interpreter(String),
    /// The sandbox could not be closed.
    #[error("{0}{hint}", hint = .0.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default())]
    Jail(#[from] cloison_sandbox::Error),
    /// The descriptors could not be put in their places.
    #[error("cannot arrange the descriptors: {0}")]
    Streams(#[from] Errno),
}

/// Be a template. `extra` adds native modules to the allow-list, for tests.
pub fn main_with(extra: ExtraModules) -> ! {
    let status = match start(extra) {
        // The broker has hung up: that is how a template ends.
        Err(TemplateError::Link(LinkError::Control(ControlError::Closed))) => 0,
        Err(error) => fail(&error),
    };
    process::exit(status)
}

fn fail(error: &TemplateError) -> i32 {
    let status = match error {
        TemplateError::Import { status, .. } => *status,
        _ => 1,
    };
    let told = link::tell(&FromTemplate::Failed { message: error.to_string(), status }, &[]);
    if told.is_err() {
        eprintln!("cloison-microprocess: {}", printable::lines(&error.to_string()));
    }
    status
}

/// What the broker says first.
struct Boot {
    preload: Vec<String>,
    limits: Limits,
    processes: u32,
    may_be_missing: Vec<String>,
    folders: Vec<String>,
    deterministic: Deterministic,
    warm: bool,
}

fn start(extra: ExtraModules) -> Result<Infallible, TemplateError> {
    signals::ignore_interrupts();
    signals::ignore_broken_pipes();
    link::become_template(move_control_socket()?);
    let Boot { preload, limits, processes, may_be_missing, folders, deterministic, warm } = boot()?;
    if !warm {
        crate::mounts::set_folders(folders);
    }
    crate::process::processors();
    // Later `/proc` is not there, and the parser would make itself a new stack for each text.
    let _ = stacker::remaining_stack();
    mail::set_up();
    let jail = link::lifeline(|lifeline| enter(&limits, processes, may_be_missing, lifeline))??;
    link::tell(&FromTemplate::Jailed(jail.jailed()), &[])?;
    memory::limit(limits.memory_bytes);
    let seal = jail.microprocess_seal();
    let interpreter =
        interpreter::build(extra, deterministic::hash_seed(&deterministic)).map_err(TemplateError::Interpreter)?;
    interpreter.enter(|vm| {
        deterministic::apply(&deterministic, vm).map_err(|error| import_error(vm, &error))?;
        import(vm, preload).map_err(|error| import_error(vm, &error))?;
        let entries = Entries::new(vm).map_err(|error| import_error(vm, &error))?;
        let forks = Forks { entries, seal, limits, has_program: false };
        if warm {
            return Ok(serve_warm(vm, &forks)?);
        }
        link::tell(&FromTemplate::Ready, &[])?;
        // The program comes first. What later ones share is imported once it is there, and before any of them.
        Ok(serve(vm, &forks, Preload::AfterTheProgram)?)
    })
}

/// Free descriptor 0 of the control socket, and make it an empty input.
fn move_control_socket() -> Result<Control, Errno> {
    let control = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    let (empty, _) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
    rustix::stdio::dup2_stdin(&empty)?;
    Ok(Control::from_descriptor(control))
}

fn boot() -> Result<Boot, TemplateError> {
    let (message, _) = link::listen()?;
    let ToTemplate::Boot {
        preload,
        memory_bytes,
        cpu_seconds,
        descriptors,
        processes,
        may_be_missing,
        folders,
        deterministic,
        warm,
    } = message
    else {
        return Err(LinkError::Unexpected.into());
    };
    let limits = Limits { memory_bytes, cpu_seconds, descriptors };
    Ok(Boot { preload, limits, processes, may_be_missing, folders, deterministic, warm })
}

fn enter(
    limits: &Limits,
    processes: u32,
    may_be_missing: Vec<String>,
    lifeline: BorrowedFd<'_>,
) -> Result<Jail<Template>, cloison_sandbox::Error> {
    let mut spec = Spec::template(cloison_sandbox::ResourceLimits {
        address_space_bytes: Some(limits.address_space_bytes()),
        data_bytes: Some(limits.mapped_bytes()),
        descriptors: DESCRIPTORS.max(limits.descriptors),
        // Python code nests deeper than most C.
        stack_bytes: 16 << 20,
        // Microprocesses are forks of the template, and the kernel counts them together. The broker asks for no more.
        processes: Some(processes),
        // Nothing can be opened, and standard output may be a file of any size.
        file_size_bytes: None,
        ..Default::default()
    });
    spec.may_be_missing = may_be_missing;
    // If the broker does not hear it, it is gone.
    let announce = |worker, init| drop(link::tell(&FromTemplate::Split { worker, init }, &[]));
    cloison_sandbox::enter(spec, lifeline, &announce)
}

/// After how long without a message the template goes on with what it does for itself.
const QUIET: Duration = Duration::from_millis(2);
/// The same, right after the program has been forked: many programs have ended by then, and nothing was done in vain.
const QUIET_AT_FIRST: Duration = Duration::from_millis(8);

/// When the template imports what most programs do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Preload {
    /// Once the program has been forked.
    AfterTheProgram,
    /// While nothing else is wanted, and before the next fork.
    Now,
    /// It has.
    Done,
    /// It has, and what the application has of its own may still be imported.
    Warm,
}

/// Import one more module, and after the last one make all that is there as shareable as it can be. That one cannot be shared is no
/// reason to end.
fn preload_next(vm: &VirtualMachine, entries: &Entries) -> Preload {
    let more = package::boot_function("preload", vm).and_then(|preload| preload.call((), vm)?.try_to_bool(vm));
    let settled = more.and_then(|more| match more {
        true => Ok(Preload::Now),
        false => settle(vm, entries).map(|()| Preload::Done),
    });
    match settled {
        Ok(preload) => preload,
        Err(error) => {
            eprintln!("cloison-microprocess: a module cannot be shared: {}", failure::describe(vm, &error));
            Preload::Done
        }
    }
}

/// What is written to for the first time in a microprocess is a page that it has to copy. So that is done here, or not at all.
fn settle(vm: &VirtualMachine, entries: &Entries) -> PyResult<()> {
    microprocess::rehearse(vm, entries)?;
    settle_objects(vm)
}

/// The part of it that concerns what has been imported.
pub(crate) fn settle_objects(vm: &VirtualMachine) -> PyResult<()> {
    immortal::make_immortal(vm)?;
    memory::collect();
    Ok(())
}

/// Import what each process needs sooner or later.
fn preload_first(vm: &VirtualMachine, entries: &Entries, mut preload: Preload) -> Preload {
    let has_first = || package::boot_function("has_first", vm)?.call((), vm)?.try_to_bool(vm);
    while preload == Preload::Now && matches!(has_first(), Ok(false)) {
        preload = preload_next(vm, entries);
    }
    preload
}

/// Do first what else is done while nothing is wanted, and say so. Then wait for whoever wants this template.
fn serve_warm(vm: &VirtualMachine, forks: &Forks) -> Result<Infallible, LinkError> {
    let mut preload = Preload::Now;
    while preload == Preload::Now {
        preload = preload_next(vm, &forks.entries);
    }
    let modules = package::boot_function("preloaded", vm).and_then(|names| names.call((), vm)?.try_to_value(vm));
    // Without that list nobody could tell whether an application has modules of these names.
    let Ok(modules) = modules else { return Err(LinkError::Unexpected) };
    link::tell(&FromTemplate::Preloaded { modules }, &[])?;
    serve(vm, forks, Preload::Warm)
}

/// Import the modules of the application that has got this template.
fn import_more(vm: &VirtualMachine, modules: Vec<String>) -> PyResult<()> {
    package::boot_function("before_program", vm)?.call((), vm)?;
    import_all(vm, modules)?;
    package::boot_function("before_fork", vm)?.call((), vm).map(drop)
}

/// Fork what is asked for, for ever.
pub(crate) fn serve(vm: &VirtualMachine, forks: &Forks, mut preload: Preload) -> Result<Infallible, LinkError> {
    let mut quiet = QUIET_AT_FIRST;
    loop {
        if preload == Preload::Now && link::is_quiet(quiet)? {
            preload = preload_next(vm, &forks.entries);
            quiet = QUIET;
            continue;
        }
        let (wanted, descriptors) = link::listen()?;
        match wanted {
            ToTemplate::Fork { seed, rehearse } => {
                while preload == Preload::Now {
                    preload = preload_next(vm, &forks.entries);
                }
                let descriptors = Inherited::new(descriptors).ok_or(LinkError::Unexpected)?;
                fork(|| microprocess::start(vm, forks, seed, rehearse, descriptors))?;
            }
            ToTemplate::ForkTemplate { seed, main, gives } if !forks.has_program => {
                let descriptors = ProgramDescriptors::new(descriptors).ok_or(LinkError::Unexpected)?;
                preload = preload_first(vm, &forks.entries, preload);
                fork(|| program::start(vm, forks, seed, *main, gives, descriptors))?;
            }
            ToTemplate::Import { modules, folders } if preload == Preload::Warm => {
                crate::mounts::set_folders(folders);
                take_outputs(descriptors)?;
                if let Err(error) = import_more(vm, modules) {
                    process::exit(fail(&import_error(vm, &error)));
                }
                preload = Preload::Done;
                link::tell(&FromTemplate::Ready, &[])?;
            }
            ToTemplate::Boot { .. }
            | ToTemplate::ForkTemplate { .. }
            | ToTemplate::Found(_)
            | ToTemplate::These(_)
            | ToTemplate::Looked(_)
            | ToTemplate::Import { .. } => {
                return Err(LinkError::Unexpected);
            }
        }
        if preload == Preload::AfterTheProgram {
            preload = Preload::Now;
        }
    }
}

fn import(vm: &VirtualMachine, preload: Vec<String>) -> PyResult<()> {
    package::boot_function("before_import", vm)?.call((), vm)?;
    let collect = !preload.is_empty();
    import_all(vm, preload)?;
    package::boot_function("before_fork", vm)?.call((collect,), vm).map(drop)
}

fn import_all(vm: &VirtualMachine, modules: Vec<String>) -> PyResult<()> {
    modules.into_iter().try_for_each(|name| vm.import(vm.ctx.intern_str(name), 0).map(drop))
}

/// What modules print while they are imported goes where the command's own output goes.
fn take_outputs(descriptors: Vec<OwnedFd>) -> Result<(), LinkError> {
    let Ok([stdout, stderr]) = <[OwnedFd; 2]>::try_from(descriptors) else { return Err(LinkError::Unexpected) };
    let taken = rustix::stdio::dup2_stdout(&stdout).and_then(|()| rustix::stdio::dup2_stderr(&stderr));
    taken.map_err(|error| ControlError::System(error).into())
}

fn import_error(vm: &VirtualMachine, error: &PyBaseExceptionRef) -> TemplateError {
    if !error.as_object().fast_isinstance(vm.ctx.exceptions.system_exit) {
        return TemplateError::Import { message: failure::describe(vm, error), status: 1 };
    }
    match failure::exit_status(vm, error) {
        Ok(status) => TemplateError::Import { message: String::new(), status },
        Err(message) => TemplateError::Import { message, status: 1 },
    }
}

/// Fork a process that runs `child` and does not come back.
fn fork(child: impl FnOnce()) -> Result<(), LinkError> {
    signal_mask::hold_interrupts();
    // SAFETY: nothing in this process makes threads: the sandbox forbids it, and RustPython is built without them.
    let forked = match unsafe { process::fork() } {
        Ok(Side::Child) => {
            child();
            Ok(()) // it does not come here
        }
        Ok(Side::Parent(pidfd)) => link::tell(&FromTemplate::Forked, &[pidfd.as_fd()]),
        Err(error) => link::tell(&FromTemplate::ForkFailed { message: format!("cannot fork: {error}") }, &[]),
    };
    signal_mask::release_interrupts();
    forked
}
