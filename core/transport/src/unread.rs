//! Whether a peer has read what was sent to it.

use std::os::fd::{AsRawFd, BorrowedFd};

/// Whether something sent on this socket waits for its receiver. On an error the answer is no: sending then reports the error.
pub fn has_unread(socket: BorrowedFd<'_>) -> bool {
    let mut bytes: libc::c_int = 0;
    // SAFETY: TIOCOUTQ writes one int, which the pointer is of, and the descriptor is open for as long as it is borrowed.
    let answered = unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    answered == 0 && bytes > 0
}
