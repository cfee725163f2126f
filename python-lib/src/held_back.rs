//! What a program template holds back while it imports the program's own module ([`crate::program`]): what is printed, and whatever
//! needs what only a microprocess has, which ends it.

use crate::link;
use cloison_contract::message::{FromTemplate, Gives};
use rustix::io::Errno;
use std::cell::RefCell;
use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process;

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

/// Keep the outputs aside. In their place is what can't be written to.
pub(crate) fn hold(stdin: &OwnedFd, outputs: [OwnedFd; 2], gives: Gives) -> Result<(), Errno> {
    rustix::stdio::dup2_stdin(stdin)?;
    rustix::stdio::dup2_stdout(stdin)?;
    rustix::stdio::dup2_stderr(stdin)?;
    HELD.set(Some(Held { outputs, written: Vec::new(), bytes: 0, gives }));
    Ok(())
}

/// Put the outputs in their places, and show what was held back. Nobody hears of an output that does not work: its users will.
pub(crate) fn show() -> Result<(), Errno> {
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
pub(crate) fn take(descriptor: i32, data: &[u8]) -> bool {
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
        assert!(!take(1, b"text"));
        assert!(at_output(1, |_| ()).is_none());
        give_up("this process lives on");
    }
}
