//! This process's mailbox: what it sends to others and gets from them and from the router.
//!
//! | module | subject |
//! |---|---|
//! | `arguments` | those of a new process that are too long for what starts it |
//! | `post` | the mailbox, what has arrived and waits to be received, whom not to send to |
//! | [`reason`] | why a process has ended, as a Python object |
//!
//! There is one mailbox for each process, so it stands in a thread-local cell. It is borrowed for moments only, and never while
//! Python code can run.

mod arguments;
mod post;
pub mod reason;

use arguments::Arguments;
pub(crate) use arguments::await_arguments;

use crate::call::connection;
use crate::message::envelope::{self, Envelope};
use crate::objects::process::{Process, Reference};
use crate::{errors, interrupt, link, message};
use cloison_contract::message::{FromMicroprocess, ParcelAnswer, Spawn, ToMicroprocess};
use cloison_contract::process::{NAME_BYTES, Priority, ProcessNumber, ProcessRef, Reason, TIES, ToRouter};
use cloison_transport::mailbox::{Mailbox, ParcelView, RingError, Waited, fill_parcel, needs_parcel};
use post::{Mail, Post, PostError, new_reference as random_reference};
use rustix::io::Errno;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyTuple, PyTupleRef, PyType};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine};
use std::cell::{Cell, RefCell};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

thread_local! {
    static POST: RefCell<Option<Post>> = const { RefCell::new(None) };
    static PREPARING: Cell<bool> = const { Cell::new(false) };
}

/// After how long a message is fetched again that could not be handed over.
const IN_FLIGHT: Duration = Duration::from_millis(1);

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
        PostError::Random(error) => crate::native::os_error(error, vm),
        PostError::Ring(error) => vm.new_runtime_error(format!("the mailbox is broken: {error}")),
        PostError::Full(full) => {
            let text = format!("the mailbox of process {} has no room for more messages of this process", full.number);
            mailbox_full(full, 0, &text, vm)
        }
        PostError::Lost(full, lost) => {
            let text = format!(
                "{lost} messages to process {} did not arrive: too many processes had filled its mailbox at once",
                full.number
            );
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

fn process(reference: ProcessRef, vm: &VirtualMachine) -> PyRef<Process> {
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
    let bytes = message::encode(value, vm)?;
    deliver(to.reference(), &bytes, vm)
}

/// Send what is encoded.
fn deliver(to: ProcessRef, bytes: &[u8], vm: &VirtualMachine) -> PyResult<()> {
    with(vm, |post| post.may_send(to, bytes.len()))?;
    if with(vm, |post| Ok(post.lost_to(to)))? {
        let lost = count_lost(to, vm).inspect_err(|_| {
            let _ = with(vm, |post| {
                post.note_lost(to);
                Ok(())
            });
        })?;
        return with(vm, |_| Err(PostError::Lost(to, lost)));
    }
    if !needs_parcel(bytes.len(), ProcessRef::BYTES) {
        return put(vm, |post| post.send(to, Some(bytes)));
    }
    settle(vm)?;
    say(&ToRouter::Reserve { process: to, bytes: bytes.len() as u64 }, vm)?;
    match parcel(vm)? {
        (ParcelAnswer::Here, Some(memory)) => {
            fill_parcel(&memory, bytes).map_err(|error| broken_parcel(&error, vm))?;
            drop(memory);
            put(vm, |post| post.send(to, None))
        }
        (ParcelAnswer::Full, _) => with(vm, |_| Err(PostError::Full(to))),
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

/// Fetch the memory of a long message.
fn fetch(number: u64, vm: &VirtualMachine) -> PyResult<OwnedFd> {
    settle(vm)?;
    loop {
        // Whoever is interrupted here would lose the message.
        while !with(vm, |post| post.say(&ToRouter::Fetch(number)))? {
            with(vm, |post| Ok(post.wait_for_room()))?;
        }
        match parcel(vm)? {
            (ParcelAnswer::Here, Some(memory)) => return Ok(memory),
            // Too much is on its way to processes of this user, for a moment.
            (ParcelAnswer::Full, _) => std::thread::sleep(IN_FLIGHT),
            _ => return Err(vm.new_runtime_error("a long message is not there any more")),
        }
    }
}

/// What becomes of a message that cannot be read here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unreadable {
    /// It is taken out, and that is an exception.
    Raise,
    /// It stays, for whoever takes any message: it is no answer to what the runtime itself waits for.
    Leave,
}

fn is_message_error(error: &PyBaseExceptionRef, vm: &VirtualMachine) -> bool {
    let class = errors::class("MessageError", vm).ok().and_then(|class| class.downcast::<PyType>().ok());
    class.is_some_and(|class| error.fast_isinstance(&class))
}

/// The next message, or the next that matches.
pub(crate) fn receive(
    until: Option<Instant>,
    matches: Option<&PyObject>,
    from: u64,
    unreadable: Unreadable,
    vm: &VirtualMachine,
) -> PyResult<Option<PyObjectRef>> {
    let mut at = from;
    loop {
        while let Some((position, item)) = with(vm, |post| post.next(at))? {
            at = position + 1;
            let value = match item {
                Mail::Decoded(value) => value,
                undecoded => match decode(undecoded, vm) {
                    Ok(value) => value,
                    Err(error) if unreadable == Unreadable::Leave && is_message_error(&error, vm) => {
                        let text = error.as_object().str(vm)?.to_string();
                        with(vm, |post| post.keep(position, Mail::Unreadable(text)))?;
                        continue;
                    }
                    Err(error) => {
                        with(vm, |post| post.take(position))?;
                        return Err(error);
                    }
                },
            };
            with(vm, |post| post.keep(position, Mail::Decoded(value.clone())))?;
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
        Mail::Unreadable(text) => Err(errors::new("MessageError", &text, &[], vm)),
        Mail::Message { sender, bytes } => read(sender, &bytes, vm),
        Mail::Parcel { sender, number } => {
            let memory = fetch(number, vm)?;
            let view = ParcelView::open(&memory).map_err(|error| broken_parcel(&error, vm))?;
            read(sender, view.bytes(), vm)
        }
        Mail::Down { reference, process: ended, reason } => {
            let myself = with(vm, |post| Ok(post.myself().number))?;
            let reference = Reference::new(myself, reference).into_ref(&vm.ctx);
            let arguments = (process(ended, vm), reason::to_python(&reason, vm)?, reference);
            class("Down", vm)?.call(arguments, vm)
        }
        Mail::Exit { process: ended, reason } => {
            class("Exit", vm)?.call((process(ended, vm), reason::to_python(&reason, vm)?), vm)
        }
    }
}

/// A message of that process's.
fn read(sender: ProcessNumber, bytes: &[u8], vm: &VirtualMachine) -> PyResult {
    match message::decode(bytes, vm) {
        Ok(value) => refuse_claims(sender, &value, vm).map(|()| value),
        Err(error) if is_message_error(&error, vm) => match envelope::open(bytes) {
            // Whoever waits for it hears what is wrong with it.
            Some(Envelope::Answer(reference)) => {
                let reference = reference.into_ref(&vm.ctx);
                class("_Reply", vm)?.call((reference, error, true), vm)
            }
            Some(Envelope::Question { sender: asker, reference }) if asker.number() == sender => {
                let (asker, reference) = (asker.into_ref(&vm.ctx), reference.into_ref(&vm.ctx));
                class("_not_understood", vm)?.call((asker, reference, error.clone()), vm)?;
                Err(error)
            }
            _ => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// What the router alone says is true because nobody else can say it; and who asks is who has sent the question.
fn refuse_claims(sender: ProcessNumber, value: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
    let name = value.class().name().to_string();
    if !matches!(name.as_str(), "Call" | "Down" | "Exit") || !value.class().is(&class(&name, vm)?) {
        return Ok(());
    }
    let text = if name != "Call" {
        format!("process {sender} has sent a {name} as if it came from the router")
    } else if value.get_attr("sender", vm)?.downcast_ref::<Process>().map(|process| process.number()) == Some(sender) {
        return Ok(());
    } else {
        format!("process {sender} has sent a Call in another one's name\nhint: pass a Call on inside of a tuple")
    };
    Err(errors::new("MessageError", &text, &[], vm))
}

/// `Call`, `Down`, `Exit`, `Reason`, or another of the names there.
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
pub(crate) fn abandon(process: ProcessRef) {
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

/// What Python says of a new process.
pub(crate) struct Wanted {
    pub module: String,
    pub qualname: String,
    pub arguments: PyTupleRef,
    pub register: Option<String>,
    pub main: bool,
    pub name: Option<String>,
    pub link: bool,
    pub may_link: bool,
    pub monitor: Option<PyRef<Reference>>,
    pub capabilities: Vec<String>,
    pub memory_bytes: Option<u64>,
    pub cpu_seconds: Option<u64>,
    pub deadline_ms: Option<u64>,
    pub children: Option<u32>,
    pub channels: Option<u32>,
    pub priority: Option<Priority>,
    pub nice: Option<u8>,
}

/// Start a process.
pub(crate) fn spawn(wanted: Wanted, vm: &VirtualMachine) -> PyResult<PyRef<Process>> {
    if PREPARING.get() {
        crate::program::give_up("it starts a process");
        return Err(vm.new_runtime_error(
            "a new process imports the program first, and the program would start another one while it is imported\n\
             hint: put what only the program itself does below `if __name__ == \"__main__\":`",
        ));
    }
    with(vm, |_| Ok(()))?;
    let arguments = Arguments::new(&wanted.arguments, vm)?;
    let monitor = wanted.monitor.map(|reference| own_reference(&reference, vm)).transpose()?;
    // Its `Down` may be there before the answer is.
    if let Some(reference) = monitor {
        watch(reference, vm)?;
    }
    let spawn = Spawn {
        module: wanted.module,
        qualname: wanted.qualname,
        arguments: arguments.along(),
        register: wanted.register,
        main: wanted.main,
        name: wanted.name,
        link: wanted.link,
        may_link: wanted.may_link,
        monitor,
        capabilities: wanted.capabilities,
        memory_bytes: wanted.memory_bytes,
        cpu_seconds: wanted.cpu_seconds,
        deadline_ms: wanted.deadline_ms,
        children: wanted.children,
        channels: wanted.channels,
        priority: wanted.priority,
        nice: wanted.nice,
    };
    let (answer, _) = connection::ask(&FromMicroprocess::Spawn(Box::new(spawn)), vm)?;
    if let (Some(monitor), false) = (monitor, matches!(answer, ToMicroprocess::Spawned(_))) {
        with(vm, |post| post.forget_down(monitor))?;
    }
    match answer {
        ToMicroprocess::Spawned(reference) => {
            with(vm, |post| {
                post.know(reference);
                Ok(())
            })?;
            if let Err(error) = arguments.follow(reference, vm) {
                if let Some(monitor) = monitor {
                    say(&ToRouter::Demonitor(monitor), vm)?;
                    with(vm, |post| post.forget_down(monitor))?;
                }
                return Err(error);
            }
            Ok(process(reference, vm))
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
