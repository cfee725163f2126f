//! What a zone needs that declares more than one thread.

use super::Verdict::Refuse;
use super::row::{Row, allow, allow_when, is_long};

/// Exactly what `pthread_create` asks for.
pub const THREAD: u64 = (libc::CLONE_VM
    | libc::CLONE_FS
    | libc::CLONE_FILES
    | libc::CLONE_SIGHAND
    | libc::CLONE_THREAD
    | libc::CLONE_SYSVSEM
    | libc::CLONE_SETTLS
    | libc::CLONE_PARENT_SETTID
    | libc::CLONE_CHILD_CLEARTID) as u64;

/// Allowed from loading on.
pub const ROWS: &[Row] = &[
    allow_when(
        libc::SYS_clone,
        &[&[is_long(0, THREAD)]],
        Refuse(libc::EPERM),
        "threads of this process, as many as RLIMIT_NPROC lets it have; never a process",
    ),
    allow(libc::SYS_set_robust_list, "each new thread"),
    allow(libc::SYS_rseq, "each new thread"),
    allow(libc::SYS_membarrier, "libraries with lock-free structures"),
];
