//! What a child of the template gives up, on top of what the template never had.
//!
//! As little as that: this filter is put on at every start of a microprocess, and its length is part of that time.

use super::Verdict::Refuse;
use super::row::{Row, allow_when, kill, own_pid, refuse};

/// Taken away; everything else stays as the template's filter has it.
pub const ROWS: &[Row] = &[
    refuse(libc::SYS_clone, libc::EPERM, "processes are the broker's to make; libraries that want a thread do without"),
    kill(libc::SYS_seccomp, "the last filter is on"),
    refuse(libc::SYS_memfd_create, libc::EACCES, "memory that no limit counts; what it tells the broker is short"),
    allow_when(
        libc::SYS_tgkill,
        &[&[own_pid(0)]],
        Refuse(libc::EPERM),
        "abort() is for oneself: siblings have numbers in here too",
    ),
];
