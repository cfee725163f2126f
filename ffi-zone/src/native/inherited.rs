//! The one descriptor that this process is started with besides its output.
//!
//! One of the modules of this crate that contain `unsafe`.

use cloison_transport::control::Control;
use rustix::fs::{FileType, fstat};
use rustix::io::{FdFlags, fcntl_setfd};
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

/// Descriptor 0 has an owner.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Takes descriptor 0, which must be a socket. There is one, so whoever comes second gets an error.
pub fn control() -> io::Result<Control> {
    if TAKEN.swap(true, Ordering::Relaxed) {
        return Err(io::Error::other("descriptor 0 has been taken"));
    }
    // SAFETY: descriptor 0 is open (the runtime sees to that), nobody else has taken it (just checked), and nothing in this
    // program uses standard input.
    let socket = unsafe { OwnedFd::from_raw_fd(0) };
    if FileType::from_raw_mode(fstat(&socket)?.st_mode) != FileType::Socket {
        // Not ours to close.
        std::mem::forget(socket);
        return Err(io::Error::other("descriptor 0 is no control socket"));
    }
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    Ok(Control::from_descriptor(socket))
}
