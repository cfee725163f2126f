//! Holding back the signals that this process means something by: Ctrl-C, SIGURG and SIGUSR1 ([`crate::signals`]).

use std::mem::MaybeUninit;

/// Hold them back, until [`release_interrupts`], or in a new process [`crate::signals::catch_interrupts`]: a signal that arrives there before it
/// has its handlers must not be lost.
pub fn hold_interrupts() {
    mask(libc::SIG_BLOCK);
}

/// Let them in again.
pub fn release_interrupts() {
    mask(libc::SIG_UNBLOCK);
}

/// Run `work` with them held back.
pub fn without_interrupts(work: impl FnOnce()) {
    // SAFETY: both sets are initialised by the calls that are given them, and outlive these calls.
    unsafe {
        let mut before = MaybeUninit::uninit();
        libc::pthread_sigmask(libc::SIG_BLOCK, ours().as_ptr(), before.as_mut_ptr());
        work();
        libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut());
    }
}

/// Hold them back, or do not any more.
fn mask(how: libc::c_int) {
    // SAFETY: the set is initialised by the call that is given it, and outlives both calls.
    unsafe { libc::pthread_sigmask(how, ours().as_ptr(), std::ptr::null_mut()) };
}

fn ours() -> MaybeUninit<libc::sigset_t> {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset initialises the set, which outlives the calls.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), libc::SIGINT);
        libc::sigaddset(set.as_mut_ptr(), libc::SIGURG);
        libc::sigaddset(set.as_mut_ptr(), libc::SIGUSR1);
    }
    set
}
