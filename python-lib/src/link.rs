//! This process's line to the broker: the template's first, the microprocess's own after the fork.
//!
//! There is one per process, and one question at a time is under way on it, so it stands in a thread-local cell. The
//! answers are the broker's, which is trusted; a wrong kind of answer is still an error and no panic.
//!
//! A microprocess that waits for an answer hears signals. If one raises, the question is abandoned and its answer **owed**: it is
//! received before the next question is put, and what it brings is given back. So answers never pile up.

use cloison_contract::message::{
    Begin, CapabilityRef, FromMicroprocess, FromTemplate, Look, Looked, Module, ParcelAnswer, ToMicroprocess,
    ToTemplate,
};
use cloison_contract::process::ProcessRef;
use cloison_transport::control::{Control, ControlError};
use cloison_transport::wait;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

/// Why the broker could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The socket does not work, or nothing is at the other end.
    #[error("the broker does not answer: {0}")]
    Control(#[from] ControlError),
    /// There is no socket: only before the template is set up, and in tests.
    #[error("there is no broker")]
    Missing,
    /// A signal has arrived. The same again goes on.
    #[error("interrupted by a signal")]
    Interrupted,
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
    /// An answer is to come.
    static OWED: Cell<bool> = const { Cell::new(false) };
    /// What is done with a process that was started for nobody: the mailbox, which knows how, says it.
    static ABANDON: Cell<fn(ProcessRef)> = const { Cell::new(|_| ()) };
    /// Grants that nothing here names any more, and how often this process was given them.
    static RELEASED: RefCell<Vec<(CapabilityRef, u32)>> = const { RefCell::new(Vec::new()) };
    /// What was called here and is not granted, and how often, as far as the broker has not been told.
    static REFUSED: RefCell<BTreeMap<(CapabilityRef, Box<str>), u32>> = const { RefCell::new(BTreeMap::new()) };
}

/// Have that done with a process that was started for a question which was abandoned.
pub fn on_abandoned(abandon: fn(ProcessRef)) {
    ABANDON.set(abandon);
}

/// Use `control` as a template does.
pub fn become_template(control: Control) {
    LINK.set(Link::Template(control));
}

/// Use `control` as a microprocess does. The template's is closed.
pub fn become_microprocess(control: Control) {
    crate::seen::over(&control);
    LINK.set(Link::Microprocess(control));
}

/// Lend the template's socket to the sandbox, for which its far end is the sign of life.
pub fn lifeline<T>(borrow: impl FnOnce(std::os::fd::BorrowedFd<'_>) -> T) -> Result<T, LinkError> {
    LINK.with_borrow(|link| match link {
        Link::Template(control) => Ok(borrow(control.as_fd())),
        _ => Err(LinkError::Missing),
    })
}

/// How often is tried to send descriptors while too many of this user's are on their way elsewhere, and how long apart.
const TRIES: u32 = 10_000;
const APART: Timespec = Timespec { tv_sec: 0, tv_nsec: 1_000_000 };

/// Tell the broker something as the template.
pub fn tell(message: &FromTemplate, descriptors: &[std::os::fd::BorrowedFd<'_>]) -> Result<(), LinkError> {
    LINK.with_borrow(|link| {
        let Link::Template(control) = link else { return Err(LinkError::Missing) };
        for _ in 0..TRIES {
            match control.send(message, descriptors) {
                // The kernel counts them for the user, and not for a process. Others take theirs in the meantime.
                Err(ControlError::System(Errno::TOOMANYREFS)) => drop(poll(&mut [], Some(&APART))),
                sent => return Ok(sent?),
            }
        }
        Err(ControlError::System(Errno::TOOMANYREFS).into())
    })
}

/// Wait for what the broker wants of the template.
pub fn listen() -> Result<(ToTemplate, Vec<OwnedFd>), LinkError> {
    LINK.with_borrow(|link| match link {
        Link::Template(control) => Ok(control.receive()?),
        _ => Err(LinkError::Missing),
    })
}

/// Whether the broker wants nothing for so long.
pub fn is_quiet(patience: Duration) -> Result<bool, LinkError> {
    let patience = Timespec { tv_sec: 0, tv_nsec: patience.subsec_nanos().into() };
    LINK.with_borrow(|link| match link {
        Link::Template(control) | Link::Microprocess(control) => {
            match poll(&mut [PollFd::new(control, PollFlags::IN)], Some(&patience)) {
                Ok(ready) => Ok(ready == 0),
                Err(error) => Err(ControlError::System(error).into()),
            }
        }
        _ => Err(LinkError::Missing),
    })
}

/// Wait for what this microprocess is to run. Its streams come along if it was forked without them.
pub fn begin() -> Result<(Begin, Vec<OwnedFd>), LinkError> {
    LINK.with_borrow(|link| match link {
        Link::Microprocess(control) => match control.receive()? {
            (ToMicroprocess::Run(begin), streams) => Ok((*begin, streams)),
            _ => Err(LinkError::Unexpected),
        },
        _ => Err(LinkError::Missing),
    })
}

/// Tell the broker something as a microprocess, without an answer.
pub fn notify(message: &FromMicroprocess) -> Result<(), LinkError> {
    crate::contact::note();
    LINK.with_borrow(|link| match link {
        Link::Microprocess(control) => Ok(control.send(message, &[])?),
        _ => Err(LinkError::Missing),
    })
}

/// An answer and what came with it.
pub type BrokerAnswer = (ToMicroprocess, Vec<OwnedFd>);

/// Ask the broker something as a microprocess. [`LinkError::Interrupted`]: nothing has been asked yet.
pub fn ask(message: &FromMicroprocess) -> Result<(), LinkError> {
    crate::contact::note();
    if OWED.get() {
        give_back(answer()?)?;
    }
    release()?;
    notify(message)?;
    OWED.set(true);
    Ok(())
}

/// Give a grant back as soon as nothing else is under way.
pub fn release_later(capability: CapabilityRef, times: u32) {
    // While the thread ends nobody needs to hear of it.
    let _ =
        RELEASED.try_with(|released| released.try_borrow_mut().map(|mut released| released.push((capability, times))));
}

/// Tell the broker that a function was called that is not granted: at once, or as soon as no answer is owed.
pub fn refused(capability: CapabilityRef, function: &str) {
    REFUSED.with_borrow_mut(|refused| {
        let times = refused.entry((capability, function.into())).or_default();
        *times = times.saturating_add(1);
    });
    // Who has no broker is about to end.
    let _ = release();
}

/// Say what was refused, and give back what is to be given back. Not while an answer is owed: the broker takes no other word before it is read.
pub fn release() -> Result<(), LinkError> {
    if OWED.get() {
        return Ok(());
    }
    while let Some(((capability, function), times)) = REFUSED.with_borrow_mut(BTreeMap::pop_first) {
        notify(&FromMicroprocess::Refused { capability, function: function.into(), times })?;
    }
    while let Some((capability, times)) = RELEASED.with_borrow_mut(Vec::pop) {
        notify(&FromMicroprocess::Release { capability, times })?;
    }
    Ok(())
}

/// Wait for the answer to what was asked last.
pub fn answer() -> Result<BrokerAnswer, LinkError> {
    crate::contact::note();
    LINK.with_borrow(|link| match link {
        Link::Microprocess(control) => {
            match wait::readable(control) {
                Err(Errno::INTR) => return Err(LinkError::Interrupted),
                Err(error) => return Err(ControlError::System(error).into()),
                Ok(()) => {}
            }
            // Nobody else reads from this socket: this does not wait.
            let answer = control.receive()?;
            OWED.set(false);
            Ok(answer)
        }
        _ => Err(LinkError::Missing),
    })
}

/// Receive what is owed, whatever signals come: the next thing that comes is the answer to the next question.
pub fn settle() -> Result<(), LinkError> {
    while OWED.get() {
        give_back(answer_whatever_comes()?)?;
    }
    Ok(())
}

/// Wait for an answer, and let signals wait: whoever asks for this looks at them afterwards.
fn answer_whatever_comes() -> Result<BrokerAnswer, LinkError> {
    LINK.with_borrow(|link| match link {
        Link::Microprocess(control) => {
            let answer = control.receive()?;
            OWED.set(false);
            Ok(answer)
        }
        _ => Err(LinkError::Missing),
    })
}

/// Wait for the router's answer about a parcel, and for its memory. The router does nothing but answer, so this goes on to the end
/// whatever signals come. [`settle`] goes before the question.
pub fn parcel() -> Result<(ParcelAnswer, Option<OwnedFd>), LinkError> {
    match answer_whatever_comes()? {
        (ToMicroprocess::Parcel(parcel), memory) => Ok((parcel, memory.into_iter().next())),
        _ => Err(LinkError::Unexpected),
    }
}

/// Nobody wants it any more.
fn give_back((answer, _): BrokerAnswer) -> Result<(), LinkError> {
    match answer {
        ToMicroprocess::Opened { channel } => notify(&FromMicroprocess::Overdue { channel }),
        ToMicroprocess::Spawned(process) => {
            ABANDON.get()(process);
            Ok(())
        }
        ToMicroprocess::Narrowed { capability, .. } | ToMicroprocess::Offered(capability) => {
            notify(&FromMicroprocess::Release { capability, times: 1 })
        }
        _ => Ok(()),
    }
}

/// Whether capabilities can be used: not in a template.
pub fn in_microprocess() -> bool {
    LINK.with_borrow(|link| matches!(link, Link::Microprocess(_)))
}

/// Ask for a module of the application, as a template.
pub fn find(name: &str) -> Result<Option<Module>, LinkError> {
    match ask_as_template(&FromTemplate::Find { name: name.to_owned() })? {
        None => Ok(None),
        Some(ToTemplate::Found(module)) => Ok(module),
        Some(_) => Err(LinkError::Unexpected),
    }
}

/// Ask which of these modules the application has, as a template.
pub fn which(names: Vec<String>) -> Result<Vec<String>, LinkError> {
    match ask_as_template(&FromTemplate::Which { names })? {
        None => Ok(Vec::new()),
        Some(ToTemplate::These(names)) => Ok(names),
        Some(_) => Err(LinkError::Unexpected),
    }
}

fn ask_as_template(question: &FromTemplate) -> Result<Option<ToTemplate>, LinkError> {
    LINK.with_borrow(|link| match link {
        Link::Missing => Ok(None),
        Link::Microprocess(_) => Err(LinkError::Unexpected),
        Link::Template(control) => {
            control.send(question, &[])?;
            Ok(Some(control.receive()?.0))
        }
    })
}

/// Look at a file of the application's own folders, as a template.
pub fn look(look: &Look) -> Result<Result<Looked, i32>, LinkError> {
    LINK.with_borrow(|link| match link {
        Link::Missing | Link::Microprocess(_) => Err(LinkError::Unexpected),
        Link::Template(control) => {
            control.send(&FromTemplate::Look(look.clone()), &[])?;
            match control.receive()?.0 {
                ToTemplate::Looked(looked) => Ok(looked),
                _ => Err(LinkError::Unexpected),
            }
        }
    })
}
