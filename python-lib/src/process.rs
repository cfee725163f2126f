//! What has no safe wrapper among our dependencies: forking with chosen flags, ending at once, random bytes.

use rustix::io::Errno;
use std::num::NonZeroUsize;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::sync::OnceLock;

/// Which side of a fork this is.
pub enum Side {
    /// The new process.
    Child,
    /// The old one, with a pidfd for the new one.
    Parent(OwnedFd),
}

/// Fork with `CLONE_PARENT`, so that the child is the broker's and not the template's.
///
/// # Safety
///
/// The process must have a single thread: a child has only the thread that forked, and whatever lock another one held
/// would stay locked for ever.
pub unsafe fn fork() -> Result<Side, Errno> {
    let mut pidfd: RawFd = -1;
    let flags = (libc::CLONE_PARENT | libc::CLONE_PIDFD | libc::SIGCHLD) as libc::c_ulong;
    // SAFETY: without CLONE_VM this is a fork: no stack is passed, the child goes on with a copy of everything. The
    // pidfd is written into a local of ours. The two last arguments are null,
    // for no flag asks for them. The caller promises that there is one thread.
    let pid = unsafe {
        libc::syscall(
            libc::SYS_clone,
            flags,
            std::ptr::null_mut::<u8>(),
            &raw mut pidfd,
            std::ptr::null_mut::<u8>(),
            std::ptr::null_mut::<u8>(),
        )
    };
    match pid {
        0 => Ok(Side::Child),
        // SAFETY: the kernel has just made this descriptor for us.
        1.. => Ok(Side::Parent(unsafe { OwnedFd::from_raw_fd(pidfd) })),
        _ => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::NOSYS)),
    }
}

/// End at once: nothing is flushed and no destructor runs.
pub fn exit(status: i32) -> ! {
    // SAFETY: _exit takes any number and does not return.
    unsafe { libc::_exit(status) }
}

/// Fill `bytes` from the kernel's random generator.
pub fn random(bytes: &mut [u8]) -> Result<(), Errno> {
    let mut filled = 0;
    while filled < bytes.len() {
        let rest = &mut bytes[filled..];
        // SAFETY: the pointer and the length are those of a slice that we may write.
        let count = unsafe { libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), 0) };
        match usize::try_from(count) {
            Ok(count) => filled += count,
            Err(_) => match Errno::from_io_error(&std::io::Error::last_os_error()) {
                Some(Errno::INTR) => {}
                error => return Err(error.unwrap_or(Errno::IO)),
            },
        }
    }
    Ok(())
}

static PROCESSORS: OnceLock<usize> = OnceLock::new();

/// How many processors this process and those it forks may use. The first to ask must be outside of the sandbox.
pub fn processors() -> usize {
    *PROCESSORS.get_or_init(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get))
}
