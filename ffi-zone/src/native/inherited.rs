//! The one descriptor that this process is started with besides its output.
//!
//! One of the modules of this crate that contain `unsafe`.

use cloison_transport::control::Control;
use rustix::fs::{FileType, fstat};
use rustix::io::{FdFlags, fcntl_setfd};
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

/// Takes descriptor 0, which must be a socket. To be called once, first thing.
pub fn control() -> io::Result<Control> {
    // SAFETY: descriptor 0 is open (the runtime sees to that) and nothing else in this program uses standard input.
    let socket = unsafe { OwnedFd::from_raw_fd(0) };
    if FileType::from_raw_mode(fstat(&socket)?.st_mode) != FileType::Socket {
        // Not ours to close.
        std::mem::forget(socket);
        return Err(io::Error::other("descriptor 0 is no control socket"));
    }
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    Ok(Control::from_descriptor(socket))
}
