//! Soft interrupts: Ctrl-C becomes `KeyboardInterrupt`, an exhausted memory budget becomes `MemoryError`, a callable that nobody
//! waits for any more gets `DeadlineExceeded`. The broker's question for the Python stack is answered at the same points.
//!
//! A wait that fails with `EINTR` looks as well ([`look`]), and goes on if there is nothing to raise. None is lost on the way into
//! a wait ([`cloison_transport::wait`]).
//!
//! All arise where almost nothing may be done: in a signal handler, inside the allocator. They set a bit and wake the
//! interpreter, which looks between two instructions. Waking it is one send over RustPython's user-signal channel, a
//! `std::sync::mpsc` list of blocks of 31 messages that allocates when a block is used up. So the channel is
//! warmed up, at most two messages are under way for each bit, and `deliver`, which runs as ordinary code, moves on to
//! the next block in time.

use crate::signal_mask;
use cloison_transport::wait::PENDING;
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::signal::{UserSignalReceiver, UserSignalSender, user_signal_channel};
use rustpython_vm::{PyResult, VirtualMachine};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Ctrl-C.
pub use cloison_transport::wait::INTERRUPT;

/// The memory budget is used up.
pub const MEMORY: u8 = 2;
/// A zone has given up a callable: its time is over.
pub const CALLBACK_TIMEOUT: u8 = 4;
/// The broker asks for the Python stack.
pub const STACK: u8 = 8;

/// How many messages one block of the channel holds, and how many of them are used before the next block is begun.
const BLOCK: u64 = 31;
const USED_UP: u64 = 20;

static TOLD: AtomicBool = AtomicBool::new(false);
/// A `KeyboardInterrupt` has been raised since [`take_raised`].
static RAISED: AtomicBool = AtomicBool::new(false);
static SENT: AtomicU64 = AtomicU64::new(0);
static SENDER: OnceLock<UserSignalSender> = OnceLock::new();

/// Who knows what is to be done about each: modules that stand above this one, and ask for interrupts themselves.
pub struct InterruptHandlers {
    /// Answers the question for the Python stack.
    pub stack: fn(&VirtualMachine) -> PyResult<()>,
    /// Whether there is less memory than is to be had.
    pub over_budget: fn() -> bool,
    /// What the callable is told whose time is over, if there is one.
    pub callback_timeout: fn(&VirtualMachine) -> Option<PyBaseExceptionRef>,
}

static HANDLERS: OnceLock<InterruptHandlers> = OnceLock::new();

/// The interpreter's end of the channel, its first block already there. To be called once.
pub fn receiver(handlers: InterruptHandlers) -> UserSignalReceiver {
    HANDLERS.get_or_init(|| handlers);
    let (sender, receiver) = user_signal_channel();
    if SENDER.set(sender).is_ok() {
        wake();
    }
    receiver
}

/// Ask for an exception at the next instruction. Allocates nothing and takes no lock, so it may be called from a signal
/// handler and from the allocator. Whether it had been asked for already, and not been looked at since.
pub fn raise(what: u8) -> bool {
    if what & MEMORY != 0 {
        TOLD.store(false, Ordering::Relaxed);
    }
    let asked = PENDING.fetch_or(what, Ordering::Relaxed) & what != 0;
    if !asked {
        wake();
    }
    asked
}

/// The program learns of its memory in another way: a request has just been refused, which is a `MemoryError` already. A
/// second one, at the next instruction, would hit the handler of the first.
pub fn memory_error_is_told() {
    TOLD.store(true, Ordering::Relaxed);
}

/// Whether all that is asked for concerns a callable: a call that waits for its end goes on, and it is raised after that.
pub fn is_callback_timeout_only() -> bool {
    PENDING.load(Ordering::Relaxed) == CALLBACK_TIMEOUT
}

fn wake() {
    if let Some(sender) = SENDER.get() {
        SENT.fetch_add(1, Ordering::Relaxed);
        // A closure without captures: boxing it does not allocate.
        let _ = sender.send(Box::new(deliver));
    }
}

fn deliver(vm: &VirtualMachine) -> PyResult<()> {
    if SENT.load(Ordering::Relaxed) % BLOCK >= USED_UP {
        next_block();
    }
    look(vm)
}

/// Raise what has been asked for, if it is still to be raised. What else has been asked for is raised at a later instruction.
pub fn look(vm: &VirtualMachine) -> PyResult<()> {
    let looked = look_at_each(vm);
    // The interpreter forgets what it was woken for once something is raised, so it is woken again for what is left.
    if looked.is_err() && PENDING.load(Ordering::Relaxed) != 0 {
        signal_mask::without_interrupts(wake);
    }
    looked
}

fn look_at_each(vm: &VirtualMachine) -> PyResult<()> {
    let Some(handlers) = HANDLERS.get() else { return Ok(()) };
    if take(STACK) {
        (handlers.stack)(vm)?;
    }
    if take(INTERRUPT) {
        RAISED.store(true, Ordering::Relaxed);
        return Err(keyboard_interrupt(vm));
    }
    // What was freed since is no reason to complain any more.
    if take(MEMORY) && !TOLD.load(Ordering::Relaxed) && (handlers.over_budget)() {
        return Err(vm.no_memory_error());
    }
    match take(CALLBACK_TIMEOUT) {
        true => (handlers.callback_timeout)(vm).map_or(Ok(()), Err),
        false => Ok(()),
    }
}

/// Whether it has been asked for. It is not any more.
fn take(what: u8) -> bool {
    PENDING.fetch_and(!what, Ordering::Relaxed) & what != 0
}

/// Whether a `KeyboardInterrupt` has been raised since this was asked last: for who finds out whether one was dropped on its way.
pub fn take_raised() -> bool {
    RAISED.swap(false, Ordering::Relaxed)
}

/// What Ctrl-C is in Python.
pub fn keyboard_interrupt(vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_exception_empty(vm.ctx.exceptions.keyboard_interrupt.to_owned())
}

/// Use up the rest of the block, so that it is this code and no signal handler that allocates the next.
fn next_block() {
    signal_mask::without_interrupts(|| {
        while SENT.load(Ordering::Relaxed) % BLOCK != 1 {
            wake();
        }
    });
}
