//! Signals of a microprocess. Ctrl-C is a soft interrupt; so are SIGURG, which says that a callable has timed out, and SIGUSR1, by which
//! the broker asks for the Python stack. Everything else keeps its default.
//!
//! This is one of the crate's modules with `unsafe`: there is no safe way to install a handler.

use crate::signal_mask::release_interrupts;
use crate::{interrupt, seen};
use cloison_transport::wait::skip_wait;
use std::ffi::c_void;
use std::mem::MaybeUninit;

/// Let SIGINT raise `KeyboardInterrupt`, one that has been held back as well. System calls that wait return `EINTR` (no
/// `SA_RESTART`), so that whoever waits lets the interpreter look; so do those that are about to wait.
pub fn catch_interrupts() {
    extern "C" fn on_interrupt(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
        interrupt::raise(interrupt::INTERRUPT);
        // SAFETY: the third argument of a handler that `set_wait_handler` has installed.
        unsafe { skip_wait(context) };
    }
    extern "C" fn on_callback_timeout(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
        interrupt::raise(interrupt::CALLBACK_TIMEOUT);
        // SAFETY: as above.
        unsafe { skip_wait(context) };
    }
    extern "C" fn on_question(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
        // Asked before, and no instruction has begun since.
        if interrupt::raise(interrupt::STACK) {
            seen::tell();
        }
        // SAFETY: as above.
        unsafe { skip_wait(context) };
    }
    set_wait_handler(libc::SIGINT, on_interrupt);
    set_wait_handler(libc::SIGUSR1, on_question);
    set_wait_handler(libc::SIGURG, on_callback_timeout);
    release_interrupts();
}

/// A template does not end by Ctrl-C: the broker ends it when the time has come.
pub fn ignore_interrupts() {
    set_handler(libc::SIGINT, libc::SIG_IGN);
    set_handler(libc::SIGUSR1, libc::SIG_IGN);
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

/// A handler that moves on from a wait.
type WaitHandler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut c_void);

fn set_wait_handler(signal: libc::c_int, handler: WaitHandler) {
    set_action(signal, handler as libc::sighandler_t, libc::SA_SIGINFO);
}

fn set_handler(signal: libc::c_int, handler: libc::sighandler_t) {
    set_action(signal, handler, 0);
}

fn set_action(signal: libc::c_int, handler: libc::sighandler_t, flags: libc::c_int) {
    // SAFETY: an all-zero sigaction is a valid value; the handlers passed are a `WaitHandler` with SA_SIGINFO, and
    // `extern "C" fn(c_int)`, SIG_IGN or SIG_DFL without it; they do only what is async-signal-safe. The old action is not
    // asked for.
    unsafe {
        let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
        action.sa_sigaction = handler;
        action.sa_flags = flags;
        libc::sigaction(signal, &action, std::ptr::null_mut());
    }
}
