//! This process's mailbox: what it sends to others and gets from them and from the router.
//!
//! | module | subject |
//! |---|---|
//! | `arguments` | those of a new process that are too long for what starts it |
//! | `incoming` | what has arrived: read, and handed to the program |
//! | `post` | the mailbox, what has arrived and waits to be received, whom not to send to |
//! | [`reason`] | why a process has ended, as a Python object |
//! | `spawning` | new processes: what Python wants of one, and the question to the broker |
//!
//! There is one mailbox for each process, so it stands in a thread-local cell. It is borrowed for moments only, and never while
//! Python code can run.

mod arguments;
mod incoming;
mod post;
pub mod reason;
mod spawning;

pub(crate) use arguments::await_arguments;
pub(crate) use incoming::{Unreadable, receive};
pub(crate) use spawning::{Wanted, spawn};

use crate::call::connection;
use crate::objects::process::{Process, Reference};
use crate::{errors, interrupt, link, message};
use cloison_contract::message::ParcelAnswer;
use cloison_contract::process::{NAME_BYTES, ProcessNumber, ProcessRef, Reason, TIES, ToRouter};
use cloison_transport::mailbox::{Mailbox, RingError, Waited, fill_parcel, needs_parcel};
use post::{Post, PostError, new_reference as random_reference};
use rustix::io::Errno;
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{PyObject, PyPayload, PyRef, PyResult, VirtualMachine};
use std::cell::{Cell, RefCell};
use std::os::fd::OwnedFd;
use std::time::Duration;

thread_local! {
    static POST: RefCell<Option<Post>> = const { RefCell::new(None) };
    static PREPARING: Cell<bool> = const { Cell::new(false) };
}

/// Note whether the program is being imported for what it defines. It starts no processes then: each of them would do the same.
pub(crate) fn prepare(preparing: bool) {
    PREPARING.set(preparing);
}

/// Make the cells of this thread. In a template: its forks have them then.
pub(crate) fn set_up() {
    POST.with_borrow(|_| {});
}

/// Have a mailbox.
pub(crate) fn attach(mailbox: Mailbox) {
    POST.set(Some(Post::new(mailbox)));
    link::on_abandoned(abandon);
}

/// Be that process.
pub(crate) fn become_process(myself: ProcessRef, parent: Option<ProcessRef>, mailbox_bytes: u64, memory_bytes: u64) {
    POST.with_borrow_mut(|post| {
        if let Some(post) = post {
            post.begin(myself, parent, mailbox_bytes, memory_bytes);
        }
    });
}

/// Whether this is the program itself: nobody has spawned it.
pub(crate) fn is_program() -> bool {
    POST.with_borrow(|post| post.as_ref().is_some_and(|post| post.begun() && post.parent.is_none()))
}

/// Before this process sleeps: what nothing here names any more goes back.
fn release() {
    // Who has no broker is about to end.
    let _ = link::release();
}

/// Do something with the mailbox that runs no Python code.
fn with<T>(vm: &VirtualMachine, work: impl FnOnce(&mut Post) -> Result<T, PostError>) -> PyResult<T> {
    crate::contact::note();
    let result = POST.with_borrow_mut(|post| match post {
        Some(post) if post.begun() => work(post),
        _ => Err(PostError::Missing),
    });
    result.map_err(|error| match error {
        PostError::Missing => {
            crate::held_back::give_up("it uses the mailbox");
            vm.new_runtime_error("there are no processes while modules are imported: call this from a function")
        }
        PostError::Random(error) => errors::os_error(error, vm),
        PostError::Ring(error) => vm.new_runtime_error(format!("the mailbox is broken: {error}")),
        PostError::Full(full) => {
            let text = format!("the mailbox of process {} has no room for more messages of this process", full.number);
            mailbox_full(full, 0, &text, vm)
        }
        PostError::TooMuch(full, memory) => {
            let text = format!(
                "what this process has sent and nobody has received takes as much memory as the process may have, {} MiB\n\
                 hint: `memory` of its spawn, or [limits] memory in cloison.toml",
                memory >> 20
            );
            mailbox_full(full, 0, &text, vm)
        }
        PostError::Lost(full, lost, of_all) => {
            let why = match of_all {
                true => "what this process has sent and nobody has received took more memory than the process may have",
                false => "too many processes had filled its mailbox at once",
            };
            let text = format!("{lost} messages to process {} did not arrive: {why}", full.number);
            mailbox_full(full, lost, &text, vm)
        }
        PostError::TooLong { bytes, most } => vm.new_value_error(format!(
            "a message of {bytes} bytes is too long: half of a mailbox, {most} bytes, is the most\nhint: [limits] mailbox in cloison.toml"
        )),
    })
}

/// It names the receiver without control: exceptions travel.
fn mailbox_full(full: ProcessRef, lost: u64, text: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let attributes = [("process", process(full.send_only(), vm).into()), ("lost", vm.ctx.new_int(lost).into())];
    errors::new("MailboxFull", text, &attributes, vm)
}

/// A process, as a Python object.
pub(crate) fn process(reference: ProcessRef, vm: &VirtualMachine) -> PyRef<Process> {
    Process::new(reference.number, reference.token).into_ref(&vm.ctx)
}

/// The reference, if it is enough to link to the process and to end it.
fn controlled(process: &Process, vm: &VirtualMachine) -> PyResult<ProcessRef> {
    let reference = process.reference();
    let number = reference.number;
    if !reference.has_control() && with(vm, |post| Ok(post.myself().number))? != number {
        return Err(vm.new_exception_msg(
            vm.ctx.exceptions.permission_error.to_owned(),
            format!("process {number} can be sent to and monitored through this reference, not linked to or ended\nhint: `spawn` returns one that can, and so does `cloison.self(control=True)` in that process").into(),
        ));
    }
    Ok(reference)
}

/// Put a record into the outbox; while it is full, wait for the router.
fn put(vm: &VirtualMachine, mut work: impl FnMut(&mut Post) -> Result<bool, PostError>) -> PyResult<()> {
    while !with(vm, &mut work)? {
        if with(vm, |post| Ok(post.wait_for_room()))? == Waited::Interrupted {
            interrupt::look(vm)?;
        }
    }
    Ok(())
}

/// Tell the router something.
pub(crate) fn say(said: &ToRouter, vm: &VirtualMachine) -> PyResult<()> {
    put(vm, |post| post.say(said))
}

/// Send a message.
pub(crate) fn send(to: &Process, value: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
    let message = message::encode_for_one(value, vm)?;
    deliver(to.reference(), &message.bytes, || connection::give(&message.capabilities, to.reference(), vm), vm)?;
    with(vm, |post| {
        post.sent_bytes = message.bytes.len() as u64;
        Ok(())
    })
}

/// Send what is encoded. As soon as there is room for it, `give` lets the receiver hold what it names: a message that is not sent leaves nothing
/// there.
fn deliver(to: ProcessRef, bytes: &[u8], give: impl FnOnce() -> PyResult<()>, vm: &VirtualMachine) -> PyResult<()> {
    with(vm, |post| post.may_send(to, bytes.len()))?;
    if let Some(of_all) = with(vm, |post| Ok(post.lost_to(to)))? {
        let lost = count_lost(to, vm).inspect_err(|_| {
            let _ = with(vm, |post| {
                post.note_lost(to, of_all);
                Ok(())
            });
        })?;
        return with(vm, |_| Err(PostError::Lost(to, lost, of_all)));
    }
    if !needs_parcel(bytes.len(), ProcessRef::BYTES) {
        give()?;
        return put(vm, |post| post.send(to, Some(bytes)));
    }
    settle(vm)?;
    say(&ToRouter::Reserve { process: to, bytes: bytes.len() as u64 }, vm)?;
    match parcel(vm)? {
        (ParcelAnswer::Here, Some(memory)) => {
            give()?;
            fill_parcel(&memory, bytes).map_err(|error| broken_parcel(&error, vm))?;
            drop(memory);
            put(vm, |post| post.send(to, None))
        }
        (ParcelAnswer::Full, _) => with(vm, |_| Err(PostError::Full(to))),
        (ParcelAnswer::TooMuch, _) => with(vm, |post| Err(post.too_much(to))),
        // As with every message to a process that has ended.
        (ParcelAnswer::Missing, _) | (ParcelAnswer::Here, None) => Ok(()),
    }
}

/// How many messages to that process were lost. From now on they may arrive again.
fn count_lost(to: ProcessRef, vm: &VirtualMachine) -> PyResult<u64> {
    let question = with(vm, |_| random_reference())?;
    say(&ToRouter::CountLost { number: to.number, question }, vm)?;
    answered(vm, |post| post.lost_count(question))
}

/// Before a question about a parcel.
fn settle(vm: &VirtualMachine) -> PyResult<()> {
    link::settle().map_err(|error| vm.new_runtime_error(error.to_string()))
}

/// The answer to it.
fn parcel(vm: &VirtualMachine) -> PyResult<(ParcelAnswer, Option<OwnedFd>)> {
    link::parcel().map_err(|error| vm.new_runtime_error(error.to_string()))
}

fn broken_parcel(error: &Errno, vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_runtime_error(format!("the memory of a long message cannot be used: {error}"))
}

/// The position behind everything that has arrived so far: what comes later stands there or behind it.
pub(crate) fn mark(vm: &VirtualMachine) -> PyResult<u64> {
    with(vm, |post| post.mark())
}

/// Who has sent what was received last; `None` for news of the router.
pub(crate) fn sender(vm: &VirtualMachine) -> PyResult<Option<ProcessNumber>> {
    with(vm, |post| Ok(post.sender))
}

/// How many bytes what was received last had.
pub(crate) fn received_bytes(vm: &VirtualMachine) -> PyResult<u64> {
    with(vm, |post| Ok(post.received_bytes))
}

/// How many bytes what was sent last had.
pub(crate) fn sent_bytes(vm: &VirtualMachine) -> PyResult<u64> {
    with(vm, |post| Ok(post.sent_bytes))
}

/// How many messages wait.
pub(crate) fn waiting(vm: &VirtualMachine) -> PyResult<usize> {
    with(vm, |post| post.waiting())
}

/// This process.
pub(crate) fn myself(control: bool, vm: &VirtualMachine) -> PyResult<PyRef<Process>> {
    let myself = with(vm, |post| Ok(post.myself()))?;
    Ok(process(if control { myself } else { myself.send_only() }, vm))
}

/// The same process without control over it.
pub(crate) fn send_only(of: &Process, vm: &VirtualMachine) -> PyRef<Process> {
    process(of.reference().send_only(), vm)
}

/// Who has spawned it.
pub(crate) fn parent(vm: &VirtualMachine) -> PyResult<Option<PyRef<Process>>> {
    Ok(with(vm, |post| Ok(post.parent))?.map(|parent| process(parent, vm)))
}

/// A reference that nobody else has.
pub(crate) fn new_reference(vm: &VirtualMachine) -> PyResult<PyRef<Reference>> {
    let (myself, count) = with(vm, |post| Ok((post.myself().number, random_reference()?)))?;
    Ok(Reference::new(myself, count).into_ref(&vm.ctx))
}

/// Monitor a process.
pub(crate) fn monitor(other: &Process, vm: &VirtualMachine) -> PyResult<PyRef<Reference>> {
    let reference = new_reference(vm)?;
    let other = other.reference();
    with(vm, |post| {
        post.know(other);
        Ok(())
    })?;
    let count = reference.words().1;
    watch(count, vm)?;
    say(&ToRouter::Monitor { process: other, reference: count }, vm)?;
    Ok(reference)
}

/// Before the router is told.
fn watch(reference: u64, vm: &VirtualMachine) -> PyResult<()> {
    if with(vm, |post| Ok(post.watch(reference)))? {
        return Ok(());
    }
    let text =
        format!("this process monitors {TIES} processes already, which is the most\nhint: `demonitor` undoes one");
    Err(errors::new("Error", &text, &[], vm))
}

/// Undo that. A `Down` that is there already goes too.
pub(crate) fn demonitor(reference: &Reference, vm: &VirtualMachine) -> PyResult<()> {
    let count = own_reference(reference, vm)?;
    say(&ToRouter::Demonitor(count), vm)?;
    with(vm, |post| post.forget_down(count))
}

/// What the router knows a reference of this process's by.
fn own_reference(reference: &Reference, vm: &VirtualMachine) -> PyResult<u64> {
    let (maker, count) = reference.words();
    if with(vm, |post| Ok(post.myself().number))? != maker {
        return Err(vm.new_value_error("another process's reference"));
    }
    Ok(count)
}

/// Link this process with another one.
pub(crate) fn link(other: &Process, vm: &VirtualMachine) -> PyResult<()> {
    let other = controlled(other, vm)?;
    with(vm, |post| {
        post.know(other);
        Ok(())
    })?;
    say(&ToRouter::Link(other), vm)
}

/// Link this process with its parent, who has let it do so once.
pub(crate) fn link_to_parent(vm: &VirtualMachine) -> PyResult<()> {
    match with(vm, |post| Ok(post.parent))? {
        Some(parent) => say(&ToRouter::Link(parent), vm),
        None => Ok(()),
    }
}

/// End a process that was started for a call of `spawn` that was interrupted: nobody will ever know it.
fn abandon(process: ProcessRef) {
    POST.with_borrow_mut(|post| {
        let Some(post) = post.as_mut().filter(|post| post.begun()) else { return };
        let Ok(question) = random_reference() else { return };
        // Without the link: its end is no failure.
        for said in [ToRouter::Unlink { process: process.number, question }, ToRouter::Kill(process)] {
            while matches!(post.say(&said), Ok(false)) {
                post.wait_for_room();
            }
        }
    });
}

/// Undo that. When this returns, the link does nothing any more.
pub(crate) fn unlink(other: &Process, vm: &VirtualMachine) -> PyResult<()> {
    ask(|question| ToRouter::Unlink { process: other.number(), question }, vm).map(drop)
}

/// End another process, whatever it does.
pub(crate) fn kill(other: &Process, vm: &VirtualMachine) -> PyResult<()> {
    let process = controlled(other, vm)?;
    say(&ToRouter::Kill(process), vm)?;
    if with(vm, |post| Ok(post.myself().number))? == process.number {
        wait_for_end();
    }
    Ok(())
}

/// This process has had itself ended: nothing of its program runs any more.
fn wait_for_end() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Send an exit signal.
pub(crate) fn exit(other: &Process, reason: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
    let process = controlled(other, vm)?;
    let reason = reason::from_python(reason, vm)?;
    say(&ToRouter::Exit { process, reason }, vm)?;
    if with(vm, |post| Ok(post.myself().number == process.number && !post.traps_exits))? {
        wait_for_end();
    }
    Ok(())
}

/// Whether exit signals are messages from now on.
pub(crate) fn trap_exits(trap: bool, vm: &VirtualMachine) -> PyResult<()> {
    say(&ToRouter::TrapExits(trap), vm)?;
    with(vm, |post| {
        post.traps_exits = trap;
        Ok(())
    })
}

/// What to do with a name.
pub(crate) enum Naming {
    Register,
    Unregister,
    WhereIs,
}

/// Do it; who has the name.
pub(crate) fn name(naming: &Naming, name: &str, vm: &VirtualMachine) -> PyResult<Option<PyRef<Process>>> {
    if name.len() > NAME_BYTES {
        return match naming {
            Naming::WhereIs => Ok(None),
            Naming::Register | Naming::Unregister => {
                Err(vm
                    .new_value_error(format!("a name of {} bytes is too long: {NAME_BYTES} are the most", name.len())))
            }
        };
    }
    let name = name.to_owned();
    let said = |question| match naming {
        Naming::Register => ToRouter::Register { name, question },
        Naming::Unregister => ToRouter::Unregister { name, question },
        Naming::WhereIs => ToRouter::WhereIs { name, question },
    };
    Ok(ask(said, vm)?.map(|found| process(found, vm)))
}

/// Ask the router for a process, and wait for its answer.
fn ask(said: impl FnOnce(u64) -> ToRouter, vm: &VirtualMachine) -> PyResult<Option<ProcessRef>> {
    let question = with(vm, |_| random_reference())?;
    say(&said(question), vm)?;
    answered(vm, |post| post.answer(question))
}

/// Wait for the router's answer to a question.
fn answered<T>(vm: &VirtualMachine, mut look: impl FnMut(&mut Post) -> Result<Option<T>, PostError>) -> PyResult<T> {
    loop {
        if let Some(answer) = with(vm, &mut look)? {
            return Ok(answer);
        }
        if with(vm, |post| Ok(post.wait(None)))? == Waited::Interrupted {
            interrupt::look(vm)?;
        }
    }
}

/// Say why this process is about to end. If that cannot be said, the router knows what the kernel knows.
pub(crate) fn last(reason: Reason) {
    let said = ToRouter::Last(reason.shortened());
    POST.with_borrow_mut(|post| {
        if let Some(post) = post.as_mut().filter(|post| post.begun()) {
            while matches!(post.say(&said), Ok(false)) {
                post.wait_for_room();
            }
        }
    });
}

impl From<RingError> for PostError {
    fn from(error: RingError) -> Self {
        Self::Ring(error)
    }
}
