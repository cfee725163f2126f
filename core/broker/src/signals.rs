//! SIGINT, SIGTERM and SIGHUP as events of the reactor.
#![allow(unsafe_code, reason = "signalfd and sigprocmask have no safe wrapper")]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

/// The three signals, blocked and readable. They stay blocked for the life of the process: a signal that arrives while
/// the broker closes down must not cut that short.
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
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: sigemptyset initialises the set before anything reads it; the others get pointers to it only for the
        // call; the descriptor is new and nobody else's.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGTERM] {
                libc::sigaddset(set.as_mut_ptr(), signal);
            }
            match libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut()) {
                0 => {}
                error => return Err(io::Error::from_raw_os_error(error)),
            }
            let descriptor = libc::signalfd(-1, set.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
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
