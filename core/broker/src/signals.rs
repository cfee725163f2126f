//! SIGINT, SIGTERM and SIGHUP as events of the reactor.
#![allow(unsafe_code, reason = "signalfd and sigprocmask have no safe wrapper")]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

/// The three signals, blocked and readable, until this is dropped: a signal that arrives while the broker closes down must
/// not cut that short, and one that arrives afterwards ends the process as it ends any other.
#[derive(Debug)]
pub struct Signals {
    descriptor: OwnedFd,
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl Signals {
    /// Block them, in this thread and those it starts, and open the descriptor.
    pub fn block() -> io::Result<Self> {
        let set = ours();
        // SAFETY: the calls get pointers to an initialised set, only for the call; the descriptor is new and nobody else's.
        unsafe {
            match libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) {
                0 => {}
                error => return Err(io::Error::from_raw_os_error(error)),
            }
            let descriptor = libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
            if descriptor < 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(Self { descriptor: OwnedFd::from_raw_fd(descriptor) })
        }
    }

    /// The number of the next pending signal.
    pub fn next(&self) -> Option<i32> {
        let mut information = [0u8; size_of::<libc::signalfd_siginfo>()];
        match rustix::io::read(&self.descriptor, &mut information) {
            // `ssi_signo` is the structure's first field.
            Ok(length) if length == information.len() => {
                Some(i32::from_ne_bytes([information[0], information[1], information[2], information[3]]))
            }
            _ => None,
        }
    }
}

impl Drop for Signals {
    /// Discards signals that have arrived until now: the end of the broker is the answer to them.
    fn drop(&mut self) {
        while self.next().is_some() {}
        let set = ours();
        // SAFETY: the call gets a pointer to an initialised set, only for the call.
        unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut()) };
    }
}

fn ours() -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset initialises the set before anything reads it; sigaddset gets a pointer to it only for the call.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGTERM] {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        set.assume_init()
    }
}

/// Run `start` with all signals blocked. A thread that it starts keeps them blocked for its life, so that signals for the
/// process go to the thread that waits for them, and writing to a terminal does not stop the process (SIGTTOU).
pub fn without_signals<T>(start: impl FnOnce() -> T) -> T {
    let (mut all, mut before) = (MaybeUninit::<libc::sigset_t>::uninit(), MaybeUninit::<libc::sigset_t>::uninit());
    // SAFETY: sigfillset initialises the set that pthread_sigmask reads; pthread_sigmask initialises `before`, and does not
    // fail with SIG_SETMASK and valid pointers.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
    }
    let started = start();
    // SAFETY: the call above has initialised `before`.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    started
}
