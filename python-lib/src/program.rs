//! The program template: a fork of the template that imports the program's own module once, for all microprocesses that need it.
//!
//! ```text
//!  template ─fork─▶ streams, line to the broker, fresh state ─▶ import as `__mp_main__` (Find …) ─▶ Ready ─▶ Fork? ─▶ Forked …
//!                                                                └── give_up, or anything else than an ordinary end: Failed
//! ```
//!
//! It is in the template's sandbox and has no more than the template: no mailbox, no capability. A module that needs one of them at its
//! top level, or looks where one of the application's gives something (files, a network), is not shared: [`held_back::give_up`] ends this process,
//! whatever the module would have made of a refusal, and each microprocess imports the module for itself. So a program does not see which way it was imported.
//!
//! For the same reason, what it prints meanwhile is held back, and shown only if the module can be shared. What this process says
//! in other ways (a panic, memory that has run out) is not shown: the microprocess that imports the module will say it.

use crate::link::{self, LinkError};
use crate::microprocess::{self, Forks};
use crate::{deterministic, failure, held_back, mail, package, process, signal_mask, template};
use cloison_contract::message::{FromTemplate, Gives, Run};
use cloison_transport::control::Control;
use rustpython_vm::{PyResult, VirtualMachine};
use std::convert::Infallible;
use std::os::fd::OwnedFd;
use std::panic::AssertUnwindSafe;

/// What the broker sends along with the fork.
pub(crate) struct ProgramDescriptors {
    control: OwnedFd,
    stdin: OwnedFd,
    outputs: [OwnedFd; 2],
}

impl ProgramDescriptors {
    /// In the order of the contract; `None` if there are more or fewer.
    pub(crate) fn new(descriptors: Vec<OwnedFd>) -> Option<Self> {
        let [control, stdin, stdout, stderr] = <[OwnedFd; 4]>::try_from(descriptors).ok()?;
        Some(Self { control, stdin, outputs: [stdout, stderr] })
    }
}

/// Be one. This is the child's side of the fork, so nothing of the caller is returned to.
pub(crate) fn start(
    vm: &VirtualMachine,
    forks: &Forks,
    seed: [u8; 32],
    main: Run,
    gives: Gives,
    descriptors: ProgramDescriptors,
) -> ! {
    let ProgramDescriptors { control, stdin, outputs } = descriptors;
    link::become_template(Control::from_descriptor(control));
    signal_mask::release_interrupts();
    // Nothing is shown of a panic, here or by the hook of Rust.
    std::panic::set_hook(Box::new(|_| {}));
    let run = AssertUnwindSafe(|| be(vm, forks, seed, main, gives, &stdin, outputs));
    let message = match std::panic::catch_unwind(run) {
        Ok(Ok(never)) => match never {},
        Ok(Err(message)) => message,
        Err(_) => "a panic".to_owned(),
    };
    // If the broker does not hear it, it is gone.
    let _ = link::tell(&FromTemplate::Failed { message, status: 1 }, &[]);
    process::exit(1)
}

fn be(
    vm: &VirtualMachine,
    forks: &Forks,
    seed: [u8; 32],
    main: Run,
    gives: Gives,
    stdin: &OwnedFd,
    outputs: [OwnedFd; 2],
) -> Result<Infallible, String> {
    cloison_sandbox::end_with_parent().map_err(|error| error.to_string())?;
    held_back::hold(stdin, outputs, gives).map_err(|error| error.to_string())?;
    rand::rng().reseed().map_err(|error| error.to_string())?;
    import(vm, forks, seed, main).map_err(|error| failure::describe(vm, &error))?;
    held_back::show().map_err(|error| error.to_string())?;
    drop(std::panic::take_hook());
    let forks = Forks { has_program: true, ..forks.clone() };
    let serve = || {
        link::tell(&FromTemplate::Ready, &[])?;
        template::serve(vm, &forks, template::Preload::Done)
    };
    match serve() {
        Ok(never) => match never {},
        // The broker has hung up: that is how a template ends.
        Err(LinkError::Control(_)) => process::exit(0),
        Err(error) => Err(error.to_string()),
    }
}

/// The module is ready to be shared: nothing buffered, no garbage, and what it has seeded by chance is noted.
fn import(vm: &VirtualMachine, forks: &Forks, seed: [u8; 32], main: Run) -> PyResult<()> {
    microprocess::rehearse(vm, &forks.entries)?;
    microprocess::prepare(vm, &forks.entries, seed)?;
    deterministic::seed(0, vm)?;
    package::boot_function("before_program", vm)?.call((), vm)?;
    mail::prepare(true);
    microprocess::set_arguments(vm, main.argv())?;
    microprocess::import_main(vm, &forks.entries, main)?;
    mail::prepare(false);
    package::boot_function("before_fork", vm)?.call((), vm)?;
    template::settle_objects(vm)
}
