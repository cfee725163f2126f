//! Signals of a microprocess. Ctrl-C is a soft interrupt, and so is SIGURG, which says that a callable has timed out; everything else
//! keeps its default.
//!
//! This is one of the crate's three modules with `unsafe`: there is no safe way to install a handler.

use crate::interrupt;
use std::mem::MaybeUninit;

/// Let SIGINT raise `KeyboardInterrupt`. System calls that wait return `EINTR` (no `SA_RESTART`), so that whoever waits
/// lets the interpreter look.
pub fn catch_interrupts() {
    extern "C" fn on_interrupt(_: libc::c_int) {
        interrupt::raise(interrupt::INTERRUPT);
    }
    extern "C" fn on_callback_timeout(_: libc::c_int) {
        interrupt::raise(interrupt::CALLBACK_TIMEOUT);
    }
    set_handler(libc::SIGINT, on_interrupt as extern "C" fn(libc::c_int) as libc::sighandler_t);
    set_handler(libc::SIGURG, on_callback_timeout as extern "C" fn(libc::c_int) as libc::sighandler_t);
}

/// A template does not end by Ctrl-C: the broker ends it when the time has come.
pub fn ignore_interrupts() {
    set_handler(libc::SIGINT, libc::SIG_IGN);
}

/// A write to a closed pipe is an error (`BrokenPipeError`) and no signal, as in every Python.
pub fn ignore_broken_pipes() {
    set_handler(libc::SIGPIPE, libc::SIG_IGN);
}

/// Say what happened when the process aborts because it may not have more memory.
pub fn explain_aborts() {
    extern "C" fn on_abort(_: libc::c_int) {
        crate::memory::exit_if_exhausted();
        set_handler(libc::SIGABRT, libc::SIG_DFL);
    }
    set_handler(libc::SIGABRT, on_abort as extern "C" fn(libc::c_int) as libc::sighandler_t);
}

fn set_handler(signal: libc::c_int, handler: libc::sighandler_t) {
    // SAFETY: an all-zero sigaction is a valid value; the handlers passed are `extern "C" fn(c_int)`, SIG_IGN or SIG_DFL,
    // and they do only what is async-signal-safe. The old action is not asked for.
    unsafe {
        let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
        action.sa_sigaction = handler;
        libc::sigaction(signal, &action, std::ptr::null_mut());
    }
}

/// Run `work` with both held back.
pub fn without_interrupts(work: impl FnOnce()) {
    // SAFETY: both sets are initialised by the calls that are given them, and outlive these calls.
    unsafe {
        let mut held = MaybeUninit::uninit();
        let mut before = MaybeUninit::uninit();
        libc::sigemptyset(held.as_mut_ptr());
        libc::sigaddset(held.as_mut_ptr(), libc::SIGINT);
        libc::sigaddset(held.as_mut_ptr(), libc::SIGURG);
        libc::pthread_sigmask(libc::SIG_BLOCK, held.as_ptr(), before.as_mut_ptr());
        work();
        libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut());
    }
}
