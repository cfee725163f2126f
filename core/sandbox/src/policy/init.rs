//! Process 1 of a namespace: it waits, looks whether it is alone, and ends.

use super::Verdict;
use super::row::{Row, allow, allow_when, is, is_long};

/// All that init may do.
pub const ROWS: &[Row] = &[
    allow(libc::SYS_poll, "waits for the broker or the worker to go"),
    allow(libc::SYS_ppoll, "the same, where poll is made of it"),
    allow(libc::SYS_restart_syscall, "waits on after it was stopped and continued"),
    allow(libc::SYS_exit_group, "ends, and the namespace with it"),
    allow_when(libc::SYS_kill, &[&[is(0, -1), is_long(1, 0)]], Verdict::Kill, "looks whether any process is left"),
];
