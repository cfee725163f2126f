//! This process's line to the broker: the template's first, the microprocess's own after the fork.
//!
//! There is one per process, and one question at a time is under way on it, so it stands in a thread-local cell. The
//! answers are the broker's, which is trusted; a wrong kind of answer is still an error and no panic.

use cloison_contract::message::{Begin, FromMicroprocess, FromTemplate, Module, ToMicroprocess, ToTemplate};
use cloison_transport::control::{Control, ControlError};
use std::cell::RefCell;
use std::os::fd::{AsFd, OwnedFd};

/// Why the broker could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The socket does not work, or nothing is at the other end.
    #[error("the broker does not answer: {0}")]
    Control(#[from] ControlError),
    /// There is no socket: only before the template is set up, and in tests.
    #[error("there is no broker")]
    Missing,
    /// Not an answer to this question.
    #[error("the broker gave an answer to another question")]
    Unexpected,
}

enum Link {
    Microprocess(Control),
    Missing,
    Template(Control),
}

thread_local! {
    static LINK: RefCell<Link> = const { RefCell::new(Link::Missing) };
}

/// Use `control` as a template does.
pub fn become_template(control: Control) {
    LINK.set(Link::Template(control));
}

/// Use `control` as a microprocess does. The template's is closed.
pub fn become_microprocess(control: Control) {
    LINK.set(Link::Microprocess(control));
}

/// Lend the template's socket to the sandbox, for which its far end is the sign of life.
pub fn lifeline<T>(borrow: impl FnOnce(std::os::fd::BorrowedFd<'_>) -> T) -> Result<T, LinkError> {
    LINK.with_borrow(|link| match link {
        Link::Template(control) => Ok(borrow(control.as_fd())),
        _ => Err(LinkError::Missing),
    })
}

/// Tell the broker something as the template.
pub fn tell(message: &FromTemplate, descriptors: &[std::os::fd::BorrowedFd<'_>]) -> Result<(), LinkError> {
    LINK.with_borrow(|link| match link {
        Link::Template(control) => Ok(control.send(message, descriptors)?),
        _ => Err(LinkError::Missing),
    })
}

/// Wait for what the broker wants of the template.
pub fn listen() -> Result<(ToTemplate, Vec<OwnedFd>), LinkError> {
    LINK.with_borrow(|link| match link {
        Link::Template(control) => Ok(control.receive()?),
        _ => Err(LinkError::Missing),
    })
}

/// Wait for what this microprocess is to run.
pub fn begin() -> Result<Begin, LinkError> {
    LINK.with_borrow(|link| match link {
        Link::Microprocess(control) => match control.receive()?.0 {
            ToMicroprocess::Run(begin) => Ok(*begin),
            _ => Err(LinkError::Unexpected),
        },
        _ => Err(LinkError::Missing),
    })
}

/// Tell the broker something as a microprocess, without an answer.
pub fn notify(message: &FromMicroprocess) -> Result<(), LinkError> {
    LINK.with_borrow(|link| match link {
        Link::Microprocess(control) => Ok(control.send(message, &[])?),
        _ => Err(LinkError::Missing),
    })
}

/// Ask the broker something as a microprocess.
pub fn ask(message: &FromMicroprocess) -> Result<(ToMicroprocess, Vec<OwnedFd>), LinkError> {
    LINK.with_borrow(|link| match link {
        Link::Microprocess(control) => {
            control.send(message, &[])?;
            Ok(control.receive()?)
        }
        _ => Err(LinkError::Missing),
    })
}

/// Whether capabilities can be used: not in a template.
pub fn in_microprocess() -> bool {
    LINK.with_borrow(|link| matches!(link, Link::Microprocess(_)))
}

/// Ask for a module of the application.
pub fn find(name: &str) -> Result<Option<Module>, LinkError> {
    LINK.with_borrow(|link| match link {
        Link::Microprocess(control) => {
            control.send(&FromMicroprocess::Find { name: name.to_owned() }, &[])?;
            match control.receive()?.0 {
                ToMicroprocess::Found(module) => Ok(module),
                _ => Err(LinkError::Unexpected),
            }
        }
        Link::Missing => Ok(None),
        Link::Template(control) => {
            control.send(&FromTemplate::Find { name: name.to_owned() }, &[])?;
            match control.receive()?.0 {
                ToTemplate::Found(module) => Ok(module),
                _ => Err(LinkError::Unexpected),
            }
        }
    })
}
