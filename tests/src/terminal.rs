//! Terminals that nobody sits at.

use std::io::Read;
use std::os::fd::{FromRawFd, OwnedFd};

/// Both ends of a new terminal: the far one, where somebody would sit, and the one for a program.
pub fn terminal() -> (OwnedFd, OwnedFd) {
    let (mut far, mut near) = (-1, -1);
    let null = std::ptr::null_mut();
    // SAFETY: the two descriptors are written to locals; name, settings and size are not asked for.
    let made = unsafe { libc::openpty(&raw mut far, &raw mut near, null, null.cast(), null.cast()) };
    assert_eq!(made, 0, "a terminal");
    // SAFETY: both are new and nobody else's.
    let (far, near) = unsafe { (OwnedFd::from_raw_fd(far), OwnedFd::from_raw_fd(near)) };
    for end in [&far, &near] {
        // Or programs of other tests would keep it open.
        rustix::io::fcntl_setfd(end, rustix::io::FdFlags::CLOEXEC).expect("a descriptor");
    }
    (far, near)
}

/// What has been shown on a terminal that no program has any more.
pub fn shown(far: OwnedFd) -> String {
    let (mut screen, mut bytes) = (std::fs::File::from(far), Vec::new());
    let _ = screen.read_to_end(&mut bytes); // its end is an error, EIO
    String::from_utf8_lossy(&bytes).into_owned()
}
