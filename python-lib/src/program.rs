//! The program template: a fork of the template that imports the program's own module once, for all microprocesses that need it.
//!
//! ```text
//!  template ─fork─▶ streams, line to the broker, fresh state ─▶ import as `__mp_main__` (Find …) ─▶ Ready ─▶ Fork? ─▶ Forked …
//!                                                                └── give_up, or anything else than an ordinary end: Failed
//! ```
//!
//! It is in the template's sandbox and has no more than the template: no mailbox, no capability. A module that needs one of them at its
//! top level, or looks where one of the application's gives something (files, a network), is not shared: [`give_up`] ends this process,
//! whatever the module would have made of a refusal, and each microprocess imports the module for itself. So a program does not see which way it was imported.
//!
//! For the same reason, what it prints meanwhile is held back, and shown only if the module can be shared. What this process says
//! in other ways (a panic, memory that has run out) is not shown: the microprocess that imports the module will say it.

use crate::link::{self, LinkError};
use crate::microprocess::{self, Forks};
use crate::{deterministic, failure, interpreter, mail, process, signals, template};
use cloison_contract::message::{FromTemplate, Gives, Run};
use cloison_transport::control::Control;
use rustix::io::Errno;
use rustpython_vm::{PyResult, VirtualMachine};
use std::cell::RefCell;
use std::convert::Infallible;
use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::panic::AssertUnwindSafe;
use std::path::Path;

/// How much output is held back. A module that prints more is not shared.
const HELD_BYTES: usize = 256 << 10;

thread_local! {
    static HELD: RefCell<Option<Held>> = const { RefCell::new(None) };
}

/// The outputs while the module is imported, and what has been written to them.
struct Held {
    outputs: [OwnedFd; 2],
    written: Vec<(i32, Vec<u8>)>,
    bytes: usize,
    gives: Gives,
}

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
    signals::release_interrupts();
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
    hold(stdin, outputs, gives).map_err(|error| error.to_string())?;
    rand::rng().reseed().map_err(|error| error.to_string())?;
    import(vm, forks, seed, main).map_err(|error| failure::describe(vm, &error))?;
    show().map_err(|error| error.to_string())?;
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
    interpreter::boot_function("before_program", vm)?.call((), vm)?;
    mail::prepare(true);
    microprocess::set_arguments(vm, main.argv())?;
    microprocess::import_main(vm, &forks.entries, main)?;
    mail::prepare(false);
    interpreter::boot_function("before_fork", vm)?.call((), vm)?;
    template::settle_objects(vm)
}

/// Keep the outputs aside. In their place is what can't be written to.
fn hold(stdin: &OwnedFd, outputs: [OwnedFd; 2], gives: Gives) -> Result<(), Errno> {
    rustix::stdio::dup2_stdin(stdin)?;
    rustix::stdio::dup2_stdout(stdin)?;
    rustix::stdio::dup2_stderr(stdin)?;
    HELD.set(Some(Held { outputs, written: Vec::new(), bytes: 0, gives }));
    Ok(())
}

/// Put the outputs in their places, and show what was held back. Nobody hears of an output that does not work: its users will.
fn show() -> Result<(), Errno> {
    let Some(Held { outputs: [stdout, stderr], written, .. }) = HELD.take() else { return Ok(()) };
    rustix::stdio::dup2_stdout(&stdout)?;
    rustix::stdio::dup2_stderr(&stderr)?;
    for (descriptor, data) in written {
        let output = if descriptor == 1 { &stdout } else { &stderr };
        let mut left = &data[..];
        while !left.is_empty() {
            match rustix::io::retry_on_intr(|| rustix::io::write(output, left)) {
                Ok(count) if count > 0 => left = &left[count..],
                _ => break,
            }
        }
    }
    Ok(())
}

/// Take what is written to an output, if outputs are held back; whether they are.
pub(crate) fn held_back(descriptor: i32, data: &[u8]) -> bool {
    let taken = HELD.with_borrow_mut(|held| {
        let held = held.as_mut()?;
        held.bytes += data.len();
        let fits = held.bytes <= HELD_BYTES;
        if fits {
            match held.written.last_mut() {
                Some((last, text)) if *last == descriptor => text.extend_from_slice(data),
                _ => held.written.push((descriptor, data.to_vec())),
            }
        }
        Some(fits)
    });
    if taken == Some(false) {
        give_up("it prints much");
    }
    taken.is_some()
}

/// Look at an output that is held back.
pub(crate) fn at_output<T>(descriptor: i32, look: impl FnOnce(BorrowedFd<'_>) -> T) -> Option<T> {
    HELD.with_borrow(|held| match (held, descriptor) {
        (Some(held), 1) => Some(look(held.outputs[0].as_fd())),
        (Some(held), 2) => Some(look(held.outputs[1].as_fd())),
        _ => None,
    })
}

/// The module needs what only a microprocess has. Elsewhere than in a program template that imports, nothing happens.
pub(crate) fn give_up(why: &str) {
    if HELD.with_borrow(Option::is_some) {
        let _ = link::tell(&FromTemplate::Failed { message: why.to_owned(), status: 1 }, &[]);
        process::exit(1)
    }
}

/// As [`give_up`] if there may be files at this path or below it, or it is below where there are some: a process that holds the
/// capability finds what this one does not.
pub(crate) fn give_up_at(path: &[u8]) {
    let path = Path::new(OsStr::from_bytes(path));
    let near = |place: &String| path.starts_with(place) || Path::new(place).starts_with(path);
    if HELD.with_borrow(|held| held.as_ref().is_some_and(|held| held.gives.places.iter().any(near))) {
        give_up("it looks for files that a capability gives");
    }
}

/// As [`give_up`] if a capability gives services that the standard library uses.
pub(crate) fn give_up_services() {
    if HELD.with_borrow(|held| held.as_ref().is_some_and(|held| held.gives.services)) {
        give_up("it looks for a service that a capability gives");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_microprocess_holds_nothing_back() {
        assert!(!held_back(1, b"text"));
        assert!(at_output(1, |_| ()).is_none());
        give_up("this process lives on");
    }
}
