//! This process's mailbox: what it sends to others and gets from them and from the router.
//!
//! | module | subject |
//! |---|---|
//! | `post` | the mailbox, what has arrived and waits to be received, whom not to send to |
//! | [`reason`] | why a process has ended, as a Python object |
//!
//! There is one mailbox for each process, so it stands in a thread-local cell. It is borrowed for moments only, and never while
//! Python code can run.

mod post;
pub mod reason;

use crate::call::connection;
use crate::objects::process::{Process, Reference};
use crate::{errors, interrupt, message};
use cloison_contract::message::{FromMicroprocess, Spawn, ToMicroprocess};
use cloison_contract::process::{NAME_BYTES, ProcessNumber, ProcessRef, Reason, ToRouter};
use cloison_transport::mailbox::{Mailbox, RingError, Waited};
use post::{Mail, Post, PostError};
use rustpython_vm::builtins::{PyTuple, PyTupleRef, PyType};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine};
use std::cell::{Cell, RefCell};
use std::time::Instant;

thread_local! {
    static POST: RefCell<Option<Post>> = const { RefCell::new(None) };
    static PREPARING: Cell<bool> = const { Cell::new(false) };
}

/// The longest tuple of arguments that a new process can be started with, encoded, in bytes. What is longer can be sent to it.
const ARGUMENTS_BYTES: usize = 24 << 10;

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
}

/// Be that process.
pub(crate) fn become_process(myself: ProcessRef, parent: Option<ProcessRef>, mailbox_bytes: u64) {
    POST.with_borrow_mut(|post| {
        if let Some(post) = post {
            post.begin(myself, parent, mailbox_bytes);
        }
    });
}

/// Whether this is the program itself: nobody has spawned it.
pub(crate) fn is_program() -> bool {
    POST.with_borrow(|post| post.as_ref().is_some_and(|post| post.begun() && post.parent.is_none()))
}

/// Do something with the mailbox that runs no Python code.
fn with<T>(vm: &VirtualMachine, work: impl FnOnce(&mut Post) -> Result<T, PostError>) -> PyResult<T> {
    let result = POST.with_borrow_mut(|post| match post {
        Some(post) if post.begun() => work(post),
        _ => Err(PostError::Missing),
    });
    result.map_err(|error| match error {
        PostError::Missing => {
            crate::program::give_up("it uses the mailbox");
            vm.new_runtime_error("there are no processes while modules are imported: call this from a function")
        }
        PostError::Ring(error) => vm.new_runtime_error(format!("the mailbox is broken: {error}")),
        PostError::Full(full) => {
            let (number, process) = (full.number, process(full, vm));
            let text = format!("the mailbox of process {number} is full of messages of this process");
            errors::new("MailboxFull", &text, &[("process", process.into())], vm)
        }
        PostError::TooLong { bytes, most } => vm.new_value_error(format!(
            "a message of {bytes} bytes is too long: half of a mailbox, {most} bytes, is the most\nhint: [limits] mailbox in cloison.toml"
        )),
    })
}

fn process(reference: ProcessRef, vm: &VirtualMachine) -> PyRef<Process> {
    Process::new(reference.number, reference.token).into_ref(&vm.ctx)
}

fn reference_of(process: &Process) -> ProcessRef {
    ProcessRef { number: process.number(), token: *process.token() }
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
    let bytes = message::encode(value, vm)?;
    let to = reference_of(to);
    with(vm, |post| post.may_send(to, bytes.len()))?;
    let (mut sent, mut raised) = (0, None);
    while !with(vm, |post| post.send(to, &bytes, &mut sent))? {
        if with(vm, |post| Ok(post.wait_for_room()))? == Waited::Interrupted {
            let looked = interrupt::look(vm);
            // What has been begun is sent to its end: the receiver would take the next message for the rest of this one.
            if sent == 0 {
                looked?;
            } else if let Err(error) = looked {
                raised.get_or_insert(error);
            }
        }
    }
    raised.map_or(Ok(()), Err)
}

/// The next message, or the next that matches.
pub(crate) fn receive(
    until: Option<Instant>,
    matches: Option<&PyObject>,
    from: u64,
    vm: &VirtualMachine,
) -> PyResult<Option<PyObjectRef>> {
    let mut at = from;
    loop {
        while let Some((position, item)) = with(vm, |post| post.next(at))? {
            at = position + 1;
            let value = match item {
                Mail::Decoded(value) => value,
                undecoded => {
                    let decoded = decode(undecoded, vm);
                    if decoded.is_err() {
                        with(vm, |post| post.take(position))?;
                    }
                    decoded?
                }
            };
            with(vm, |post| post.keep(position, value.clone()))?;
            let wanted = match matches {
                None => true,
                Some(matches) => is_wanted(matches, &value, vm)?,
            };
            // A predicate may have received it itself.
            if wanted && with(vm, |post| post.take(position))? {
                return Ok(Some(value));
            }
        }
        match with(vm, |post| Ok(post.wait(until)))? {
            Waited::Maybe => {}
            Waited::Interrupted => interrupt::look(vm)?,
            Waited::TimedOut => return Ok(None),
        }
    }
}

/// Whether a message is of the type, or one of the types, or satisfies the predicate.
fn is_wanted(matches: &PyObject, value: &PyObject, vm: &VirtualMachine) -> PyResult<bool> {
    if matches.downcastable::<PyType>() || matches.downcastable::<PyTuple>() {
        return value.is_instance(matches, vm);
    }
    matches.call((value.to_owned(),), vm)?.try_to_bool(vm)
}

fn decode(item: Mail, vm: &VirtualMachine) -> PyResult {
    match item {
        Mail::Decoded(value) => Ok(value),
        Mail::Message { bytes, .. } => {
            let value = message::decode(&bytes, vm)?;
            // What the router alone says is true because nobody else can say it.
            let name = value.class().name().to_string();
            if matches!(name.as_str(), "Down" | "Exit") && value.class().is(&class(&name, vm)?) {
                let text = format!("a process has sent a {name} as if it came from the router");
                return Err(errors::new("MessageError", &text, &[], vm));
            }
            Ok(value)
        }
        Mail::Down { reference, process: ended, reason } => {
            let myself = myself(vm)?.number();
            let reference = Reference::new(myself, reference).into_ref(&vm.ctx);
            let arguments = (process(ended, vm), reason::to_python(&reason, vm)?, reference);
            class("Down", vm)?.call(arguments, vm)
        }
        Mail::Exit { process: ended, reason } => {
            class("Exit", vm)?.call((process(ended, vm), reason::to_python(&reason, vm)?), vm)
        }
    }
}

/// `Down`, `Exit` or `Reason`.
fn class(name: &str, vm: &VirtualMachine) -> PyResult {
    crate::interpreter::cloison_module("_processes", vm)?.get_attr(vm.ctx.intern_str(name), vm)
}

/// The position behind everything that has arrived so far: what comes later stands there or behind it.
pub(crate) fn mark(vm: &VirtualMachine) -> PyResult<u64> {
    with(vm, |post| post.mark())
}

/// Who has sent what was received last; `None` for news of the router.
pub(crate) fn sender(vm: &VirtualMachine) -> PyResult<Option<ProcessNumber>> {
    with(vm, |post| Ok(post.sender))
}

/// How many messages wait.
pub(crate) fn waiting(vm: &VirtualMachine) -> PyResult<usize> {
    with(vm, |post| post.waiting())
}

/// This process.
pub(crate) fn myself(vm: &VirtualMachine) -> PyResult<PyRef<Process>> {
    Ok(process(with(vm, |post| Ok(post.myself()))?, vm))
}

/// Who has spawned it.
pub(crate) fn parent(vm: &VirtualMachine) -> PyResult<Option<PyRef<Process>>> {
    Ok(with(vm, |post| Ok(post.parent))?.map(|parent| process(parent, vm)))
}

/// A reference that nobody else has.
pub(crate) fn new_reference(vm: &VirtualMachine) -> PyResult<PyRef<Reference>> {
    let (myself, count) = with(vm, |post| Ok((post.myself().number, post.new_reference())))?;
    Ok(Reference::new(myself, count).into_ref(&vm.ctx))
}

/// Monitor a process.
pub(crate) fn monitor(other: &Process, vm: &VirtualMachine) -> PyResult<PyRef<Reference>> {
    let reference = new_reference(vm)?;
    let other = reference_of(other);
    with(vm, |post| {
        post.know(other);
        Ok(())
    })?;
    let count = reference.words().1;
    with(vm, |post| {
        post.watch(count);
        Ok(())
    })?;
    say(&ToRouter::Monitor { process: other, reference: count }, vm)?;
    Ok(reference)
}

/// Undo that. A `Down` that is there already goes too.
pub(crate) fn demonitor(reference: &Reference, vm: &VirtualMachine) -> PyResult<()> {
    let (myself, count) = reference.words();
    if with(vm, |post| Ok(post.myself().number))? != myself {
        return Err(vm.new_value_error("another process's reference"));
    }
    say(&ToRouter::Demonitor(count), vm)?;
    with(vm, |post| post.forget_down(count))
}

/// Link this process with another one.
pub(crate) fn link(other: &Process, vm: &VirtualMachine) -> PyResult<()> {
    let other = reference_of(other);
    with(vm, |post| {
        post.know(other);
        Ok(())
    })?;
    say(&ToRouter::Link(other), vm)
}

/// Undo that.
pub(crate) fn unlink(other: &Process, vm: &VirtualMachine) -> PyResult<()> {
    say(&ToRouter::Unlink(other.number()), vm)
}

/// End another process, whatever it does.
pub(crate) fn kill(other: &Process, vm: &VirtualMachine) -> PyResult<()> {
    say(&ToRouter::Kill(reference_of(other)), vm)
}

/// Send an exit signal.
pub(crate) fn exit(other: &Process, reason: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
    let reason = reason::from_python(reason, vm)?;
    say(&ToRouter::Exit { process: reference_of(other), reason }, vm)
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
    let question = with(vm, |post| Ok(post.new_reference()))?;
    let name = name.to_owned();
    let said = match naming {
        Naming::Register => ToRouter::Register { name, question },
        Naming::Unregister => ToRouter::Unregister { name, question },
        Naming::WhereIs => ToRouter::WhereIs { name, question },
    };
    say(&said, vm)?;
    loop {
        if let Some(found) = with(vm, |post| post.answer(question))? {
            return Ok(found.map(|found| process(found, vm)));
        }
        if with(vm, |post| Ok(post.wait(None)))? == Waited::Interrupted {
            interrupt::look(vm)?;
        }
    }
}

/// What Python says of a new process.
pub(crate) struct Wanted {
    pub module: String,
    pub qualname: String,
    pub arguments: PyTupleRef,
    pub main: bool,
    pub name: Option<String>,
    pub link: bool,
    pub monitor: bool,
    pub capabilities: Vec<String>,
    pub memory_bytes: Option<u64>,
    pub cpu_seconds: Option<u64>,
    pub nice: u8,
}

/// Start a process; the process, and the reference of its monitor.
pub(crate) fn spawn(wanted: Wanted, vm: &VirtualMachine) -> PyResult<(PyRef<Process>, Option<PyRef<Reference>>)> {
    if PREPARING.get() {
        crate::program::give_up("it starts a process");
        return Err(vm.new_runtime_error(
            "a new process imports the program first, and the program would start another one while it is imported\n\
             hint: put what only the program itself does below `if __name__ == \"__main__\":`",
        ));
    }
    with(vm, |_| Ok(()))?;
    let arguments = message::encode(wanted.arguments.as_object(), vm)?;
    if arguments.len() > ARGUMENTS_BYTES {
        return Err(vm.new_value_error(format!(
            "arguments of {} bytes are too long to start a process with: {ARGUMENTS_BYTES} are the most\nhint: send them to it as a message",
            arguments.len()
        )));
    }
    let monitor = wanted.monitor.then(|| new_reference(vm)).transpose()?;
    // Its `Down` may be there before the answer is.
    if let Some(reference) = &monitor {
        with(vm, |post| {
            post.watch(reference.words().1);
            Ok(())
        })?;
    }
    let spawn = Spawn {
        module: wanted.module,
        qualname: wanted.qualname,
        arguments,
        main: wanted.main,
        name: wanted.name,
        link: wanted.link,
        monitor: monitor.as_ref().map(|reference| reference.words().1),
        capabilities: wanted.capabilities,
        memory_bytes: wanted.memory_bytes,
        cpu_seconds: wanted.cpu_seconds,
        nice: wanted.nice,
    };
    let (answer, _) = connection::ask(&FromMicroprocess::Spawn(Box::new(spawn)), vm)?;
    if let (Some(monitor), false) = (&monitor, matches!(answer, ToMicroprocess::Spawned(_))) {
        with(vm, |post| post.forget_down(monitor.words().1))?;
    }
    match answer {
        ToMicroprocess::Spawned(reference) => {
            with(vm, |post| {
                post.know(reference);
                Ok(())
            })?;
            Ok((process(reference, vm), monitor))
        }
        ToMicroprocess::Denied { message } | ToMicroprocess::Unavailable { message } => {
            Err(errors::new("SpawnError", &message, &[], vm))
        }
        _ => Err(vm.new_runtime_error("the broker gave an answer to another question")),
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
