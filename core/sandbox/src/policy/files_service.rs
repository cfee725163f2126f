//! What the host service for files needs. Which files is for the mounts and Landlock to say.

use super::row::{Row, allow};

/// To serve the folders that it was given.
pub const ROWS: &[Row] = &[
    // The arguments are behind a pointer, which no filter can see: that it asks to stay beneath a root is the service's part,
    // and what is not in its root directory cannot be reached either way. `openat` cannot ask that, and stays refused.
    allow(libc::SYS_openat2, "opens what is below a root, and never leaves it on the way"),
    allow(libc::SYS_read, "reads"),
    allow(libc::SYS_pwrite64, "writes at an offset"),
    allow(libc::SYS_lseek, "moves in a file"),
    allow(libc::SYS_ftruncate, "sets a length"),
    allow(libc::SYS_fsync, "waits for the disk"),
    allow(libc::SYS_fdatasync, "the same"),
    allow(libc::SYS_newfstatat, "looks at what is open"),
    allow(libc::SYS_statx, "the same"),
    allow(libc::SYS_fstatfs, "how much room there is"),
    allow(libc::SYS_faccessat2, "what could be done with what is open"),
    allow(libc::SYS_readlinkat, "what a link says"),
    allow(libc::SYS_getdents64, "lists a folder"),
    allow(libc::SYS_mkdirat, "makes a folder in one that is open"),
    allow(libc::SYS_unlinkat, "removes a name from one"),
    allow(libc::SYS_renameat2, "moves a name from one to another"),
    allow(libc::SYS_linkat, "gives a file one more name"),
    allow(libc::SYS_symlinkat, "makes a link"),
    allow(libc::SYS_fchmod, "who may read, write, execute"),
    allow(libc::SYS_fchmodat2, "the same, of what it may only look at"),
    allow(libc::SYS_utimensat, "when it was read and changed"),
];
