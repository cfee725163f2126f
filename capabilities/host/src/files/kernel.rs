//! System calls for which there is no safe wrapper.
//!
//! One of the modules of this crate that contain `unsafe`.

use rustix::fs::{Access, Mode, Stat};
use rustix::io::Errno;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Whether that could be done with what is open, by its mode and owner.
pub(super) fn access(file: BorrowedFd<'_>, wanted: Access) -> Result<(), Errno> {
    // SAFETY: numbers, and a constant with its terminator.
    check(unsafe {
        libc::syscall(
            libc::SYS_faccessat2,
            file.as_raw_fd(),
            c"".as_ptr(),
            wanted.bits() as libc::c_int,
            libc::AT_EMPTY_PATH,
        )
    })
}

/// Sets the mode of what is open only to be looked at. Linux 6.6 has that.
pub(super) fn set_mode(file: BorrowedFd<'_>, mode: Mode) -> Result<(), Errno> {
    // SAFETY: numbers, and a constant with its terminator.
    check(unsafe {
        libc::syscall(libc::SYS_fchmodat2, file.as_raw_fd(), c"".as_ptr(), mode.bits(), libc::AT_EMPTY_PATH)
    })
}

/// A status that says nothing.
pub(super) fn no_status() -> Stat {
    // SAFETY: it consists of numbers, for which zero is a value.
    unsafe { std::mem::zeroed() }
}

/// Closes a descriptor, and says what the disk says.
pub(super) fn close(file: std::os::fd::OwnedFd) -> Result<(), Errno> {
    use std::os::fd::IntoRawFd;
    // SAFETY: it is open, and from now on owned by nobody.
    check(unsafe { libc::close(file.into_raw_fd()) }.into())
}

fn check(result: libc::c_long) -> Result<(), Errno> {
    if result >= 0 {
        return Ok(());
    }
    let number = std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO);
    Err(Errno::from_raw_os_error(number))
}
