//! Signals as C expects them.
//!
//! Rust's runtime catches SIGSEGV and SIGBUS to tell a stack overflow from other faults, prints something and aborts:
//! the broker would see SIGABRT for what was a stack overflow. It also ignores SIGPIPE. A library expects neither, and
//! the broker wants the true signal.
//!
//! One of the modules of this crate that contain `unsafe`.

/// Puts the defaults back.
pub fn restore() {
    for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGPIPE] {
        // SAFETY: sets the default action, which needs no handler to exist and is right at any time, on any thread.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}
