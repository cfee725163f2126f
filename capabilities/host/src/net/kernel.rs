//! Options of sockets that are numbers: `getsockopt` and `setsockopt`.
//!
//! One of the modules of this crate that contain `unsafe`.

use rustix::io::Errno;
use std::ffi::{c_int, c_void};
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd};

fn check(result: c_int) -> Result<(), Errno> {
    match result {
        0 => Ok(()),
        _ => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)),
    }
}

/// The option as so many bytes; of how many of them the kernel has said something.
pub(super) fn option<const N: usize>(socket: BorrowedFd<'_>, level: c_int, option: c_int) -> Result<[c_int; N], Errno> {
    let mut values = [0; N];
    let mut length = size_of::<[c_int; N]>() as libc::socklen_t;
    let at = values.as_mut_ptr().cast::<c_void>();
    // SAFETY: the kernel writes at most `length` bytes, which are there.
    check(unsafe { libc::getsockopt(socket.as_raw_fd(), level, option, at, &raw mut length) })?;
    Ok(values)
}

/// Sets it.
pub(super) fn set_option<const N: usize>(
    socket: BorrowedFd<'_>,
    level: c_int,
    option: c_int,
    values: [c_int; N],
) -> Result<(), Errno> {
    let (at, length) = (values.as_ptr().cast::<c_void>(), size_of::<[c_int; N]>() as libc::socklen_t);
    // SAFETY: the kernel reads so many bytes, which are there.
    check(unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, at, length) })
}
