//! Signals as C expects them.
//!
//! Rust's runtime catches SIGSEGV and SIGBUS to tell a stack overflow from other faults, prints something and aborts:
//! the broker would see SIGABRT for what was a stack overflow. It also ignores SIGPIPE. A library expects neither, and
//! the broker wants the true signal.
//!
//! What we catch ourselves is SIGSEGV, once: the handler notes which room a library has written beyond, if that is what has
//! happened, and then the default action ends the process. A library that has a handler of its own has that instead.
//!
//! One of the modules of this crate that contain `unsafe`.

/// Puts the defaults back.
pub fn restore() {
    for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGPIPE] {
        // SAFETY: sets the default action, which needs no handler to exist; no other thread runs yet.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// From now on, a write to the inaccessible page behind a room is explained ([`crate::native::fences`]) before it ends the process.
pub fn explain_faults() {
    // SAFETY: a set of zeroes is a valid one, and so are an empty mask and no restorer.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = fault as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESETHAND;
    // SAFETY: the handler has the type that SA_SIGINFO asks for, and does nothing that a handler must not do.
    unsafe { libc::sigaction(libc::SIGSEGV, &action, std::ptr::null_mut()) };
}

extern "C" fn fault(signal: libc::c_int, information: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the kernel passes its information about this signal.
    let (code, address) = unsafe { ((*information).si_code, (*information).si_addr().addr()) };
    if code > 0 {
        // When this returns, the instruction fails again, and the default action is in force.
        crate::native::fences::explain(address);
    } else {
        // Somebody has sent it, so that nothing would fail again.
        // SAFETY: sends this thread the signal, which is blocked until this returns.
        unsafe { libc::raise(signal) };
    }
}
