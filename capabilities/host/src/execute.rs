//! From the broker's first message to a program of the machine: this process becomes it.
//!
//! ```text
//!  receive ───────▶ jail ───────────▶ folder ─────▶ execute
//!  Execute, its      root, Landlock,   where it      the program, from its descriptor,
//!  streams, files    limits, filter     begins        with three streams and nothing else
//! ```
//!
//! `Ready` is sent between the last two. When the program runs, nobody can speak by the control socket any more; if it cannot, the broker
//! hears why after `Ready`, by a copy of the socket that would have been closed with the program's beginning.
//!
//! What the program is, and what arguments it may have, the broker has looked at.

use cloison_contract::message::{Execution, FromZone, ToZone};
use cloison_sandbox::{CommandContents, Confined, Execute, Jail, PlacedFolder, ResourceLimits, ServedFolder, Spec};
use cloison_transport::control::Control;
use cloison_zone::start::failure::{Failure, StartStep};
use std::ffi::CString;
use std::fmt::Display;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// What a program maps without writing to it, libraries above all.
const TEXT_BYTES: u64 = 1 << 30;
/// How many descriptors a program may have.
const DESCRIPTORS: u32 = 256;
/// Below are the places of its streams.
const FIRST_FREE: i32 = 3;

struct Received {
    execution: Execution,
    program: OwnedFd,
    streams: [OwnedFd; 3],
    others: Vec<OwnedFd>,
    folders: Vec<OwnedFd>,
}

/// Becomes the program. Only failures return.
pub(crate) fn run(control: &Control, execution: Execution, descriptors: Vec<OwnedFd>) -> Failure {
    match prepare(control, execution, descriptors) {
        Ok((jail, received)) => start(control, jail, &received),
        Err(failure) => failure,
    }
}

fn prepare(
    control: &Control,
    execution: Execution,
    descriptors: Vec<OwnedFd>,
) -> Result<(Jail<Confined>, Received), Failure> {
    let received = receive(control, execution, descriptors)?;
    let jail = jail(control, &received)?;
    control.send(&FromZone::Jailed(jail.jailed()), &[]).map_err(failed(StartStep::Jail))?;
    Ok((jail, received))
}

fn receive(control: &Control, execution: Execution, descriptors: Vec<OwnedFd>) -> Result<Received, Failure> {
    let wrong = || failed(StartStep::Receive)("`Execute` comes with a program and three streams");
    let [program, stdin, stdout, stderr] = <[OwnedFd; 4]>::try_from(descriptors).map_err(|_| wrong())?;
    let several = |count: usize, is: fn(&ToZone) -> bool| -> Result<Vec<OwnedFd>, Failure> {
        let one = |_| match control.receive::<ToZone>().map_err(failed(StartStep::Receive))? {
            (message, descriptors) if is(&message) => {
                let [file] = <[OwnedFd; 1]>::try_from(descriptors).map_err(|_| wrong())?;
                Ok(file)
            }
            _ => Err(wrong()),
        };
        (0..count).map(one).collect()
    };
    let others = several(execution.command.programs.len(), |message| matches!(message, ToZone::Program))?;
    let folders = several(execution.roots.len(), |message| matches!(message, ToZone::Folder))?;
    Ok(Received { execution, program, streams: [stdin, stdout, stderr], others, folders })
}

/// Enters the sandbox. Of the processes that this makes, only the worker returns.
fn jail(control: &Control, received: &Received) -> Result<Jail<Confined>, Failure> {
    let Received { execution, program, streams, others, folders } = received;
    let command = &execution.command;
    let limits = ResourceLimits {
        address_space_bytes: Some(command.memory_bytes.saturating_add(TEXT_BYTES)),
        data_bytes: Some(command.memory_bytes),
        cpu_seconds: Some(command.cpu_seconds),
        descriptors: DESCRIPTORS,
        file_size_bytes: Some(command.file_bytes),
        processes: Some(command.processes),
        ..ResourceLimits::default()
    };
    let placed = execution.roots.iter().zip(folders).map(|(root, folder)| PlacedFolder {
        at: &root.at,
        folder: ServedFolder { descriptor: folder.as_fd(), rights: root.rights },
    });
    let others = others.iter().map(AsFd::as_fd);
    let contents = CommandContents::new(program.as_fd(), others, placed.collect(), command.scratch_bytes);
    let mut spec = Spec::command(limits, contents);
    spec.descriptors = streams.iter().map(AsFd::as_fd).collect();
    // If the broker does not hear it, it is gone.
    let announce = |worker, init| drop(control.send(&FromZone::Split { worker, init }, &[]));
    cloison_sandbox::enter(spec, control.as_fd(), &announce).map_err(|error| {
        let short = error.is_shortage().then_some(libc::EAGAIN);
        Failure::new(StartStep::Jail, &error).hint(error.hint()).errno(short)
    })
}

fn start(control: &Control, jail: Jail<Confined>, received: &Received) -> Failure {
    let Received { execution, program, streams, .. } = received;
    let command = &execution.command;
    let text = |bytes: &[u8]| CString::new(bytes).map_err(failed(StartStep::Load));
    let names = std::iter::once(command.name.as_bytes());
    let arguments = names.chain(execution.arguments.iter().map(Vec::as_slice)).map(text).collect::<Result<Vec<_>, _>>();
    let environment = command.environment.iter().map(|(name, value)| text(format!("{name}={value}").as_bytes()));
    let environment = environment.collect::<Result<Vec<_>, _>>();
    let (arguments, environment, folder) = match (arguments, environment, text(execution.folder.as_bytes())) {
        (Ok(arguments), Ok(environment), Ok(folder)) => (arguments, environment, folder),
        (Err(failure), ..) | (_, Err(failure), _) | (.., Err(failure)) => return failure,
    };
    if let Err(error) = jail.enter_folder(&folder) {
        return of_kernel(StartStep::Folder, &error);
    }
    // The program's input takes the place of the socket. This copy is closed when the program begins.
    let copy = match rustix::io::fcntl_dupfd_cloexec(control.as_fd(), FIRST_FREE) {
        Ok(copy) => Control::from_descriptor(copy),
        Err(error) => return of_kernel(StartStep::Load, &error.into()),
    };
    // The next thing that is heard of it is how it has ended.
    if let Err(error) = control.send(&FromZone::Ready { layers: jail.layers().to_vec() }, &[]) {
        return failed(StartStep::Load)(error);
    }
    let streams = streams.each_ref().map(AsFd::as_fd);
    let error = jail.execute(&Execute { program: program.as_fd(), streams, arguments, environment });
    // If the broker does not hear it, it is gone.
    let _ = copy.send(&of_kernel(StartStep::Execute, &error).into_message(), &[]);
    // Not by `main`: what that would say by descriptors 0 and 2 would go to the program's streams.
    cloison_sandbox::end(1)
}

/// What the kernel has refused, with its number.
fn of_kernel(step: StartStep, error: &io::Error) -> Failure {
    Failure::new(step, error).errno(error.raw_os_error())
}

fn failed<E: Display>(step: StartStep) -> impl Fn(E) -> Failure {
    move |error| Failure::new(step, error)
}
